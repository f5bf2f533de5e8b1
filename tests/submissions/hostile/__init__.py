"""Hostile submissions: what a student could try against the grader, and what each attempt must get.

`ATTACKS` holds all of them, in the order of the modules below. Each is a small function that makes a
notebook; its docstring says in plain words what it does.
``python -m pytest tests/grader/sandbox/test_hostile.py`` grades them all in one
course, with honest classmates beside them.
"""

from hostile import answering, exhausting, reaching_out, reading, reshaping, showing, tampering  # noqa: F401
from hostile.attack import ATTACKS, Attack
from hostile.lesson import HONEST, LESSON, QUESTIONS, Bank, hand_in, hand_in_honest, make_course, register

__all__ = [
    "ATTACKS",
    "HONEST",
    "LESSON",
    "QUESTIONS",
    "Attack",
    "Bank",
    "hand_in",
    "hand_in_honest",
    "make_course",
    "register",
]
