"""The marks of a class: ``gradebook`` reads them, ``export`` writes them for an LMS."""
