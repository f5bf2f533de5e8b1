"""What instructors run: build the lessons, release them, grade a class, report on it.

The storeys, lowest first; each uses only those below it.

``course``     one course folder, and its files
``bank``       the questions: what is right, and the mistakes worth naming
``judge``      an answer and a question make a verdict
``author``     lessons are made, checked and released
``intake``     what students hand in is collected, read and repaired
``sandbox``    where their code runs
``grade``      one student; a whole class
``marks``      the gradebook, and its export
``pages``      feedback and class report
``classroom``  all of it as functions
``demo``       a class of sample students
``commands``   what the instructor types
"""

import sys

# jsonschema would take the grammar of a format that no notebook has: a second of every process's start.
sys.modules.setdefault("rfc3987_syntax", None)
