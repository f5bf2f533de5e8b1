"""What an instructor does with a class, as functions: the way of Python code to the storeys below.

>>> from grader import classroom
>>> classroom.grade("01_pooling", root="course")  # doctest: +SKIP
"""

from grader.author.release import release
from grader.classroom.hand_grading import take_marks, written_page
from grader.classroom.reviews import review
from grader.classroom.second_look import answer_request, list_requests
from grader.grade.cluster import StoppedError, connect, local_cluster
from grader.grade.late import lateness
from grader.grade.one_student import grade_student
from grader.grade.outcomes import Outcome
from grader.grade.whole_class import grade
from grader.intake.arrivals import STATUSES, Arrival
from grader.intake.collect import collect, shown, submit
from grader.intake.collect_files import collect_files
from grader.pages.give_feedback import feedback, write_feedback
from grader.pages.release_feedback import feedback_archive, release_feedback

__all__ = [
    "STATUSES",
    "Arrival",
    "Outcome",
    "StoppedError",
    "answer_request",
    "collect",
    "collect_files",
    "connect",
    "feedback",
    "feedback_archive",
    "grade",
    "grade_student",
    "lateness",
    "list_requests",
    "local_cluster",
    "release",
    "release_feedback",
    "review",
    "shown",
    "submit",
    "take_marks",
    "warm_up",
    "write_feedback",
    "written_page",
]


def warm_up() -> None:
    """Import what grading needs, so that a process is ready before its first submission."""
    import grader.grade.trusted_checks
    import grader.pages.feedback_page  # noqa: F401
