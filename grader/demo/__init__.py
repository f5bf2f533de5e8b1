"""The demo: ``sample_class`` has twelve sample students, ``running`` takes them from release to report."""
