"""What an instructor does with a class, as functions: the way of Python code to the storeys below."""

from grader.grade.cluster import StoppedError, connect, local_cluster
from grader.grade.outcomes import Outcome
from grader.grade.whole_class import (
    collect,
    feedback,
    grade,
    grade_student,
    release,
    submit,
    warm_up,
    write_feedback,
)

__all__ = [
    "Outcome",
    "StoppedError",
    "collect",
    "connect",
    "feedback",
    "grade",
    "grade_student",
    "local_cluster",
    "release",
    "submit",
    "warm_up",
    "write_feedback",
]
