"""Broken submissions: what goes wrong with students' files, and the marks and the sentence each must get.

`FAULTS` holds all of them. Each is a small function that makes a submission from the good one in
`broken.lesson`; its name says what is wrong. ``python -m pytest tests/grader/intake/test_broken.py`` grades
them all in one course.
"""

from broken import cells, files  # noqa: F401
from broken.fault import FAULTS, Fault
from broken.lesson import GOOD, LESSON, Bank, good, make_course, register

__all__ = ["FAULTS", "GOOD", "LESSON", "Bank", "Fault", "good", "make_course", "register"]
