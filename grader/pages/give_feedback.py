"""Write the feedback pages: one student's, and those of everybody whose submission is graded."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from time import monotonic

from nbgrader.converters import GenerateFeedback
from nbgrader.utils import capture_log

from grader.course.course_folder import CourseError, asked_for, open_course, students_with
from grader.grade.cluster import crew_of, for_each
from grader.grade.late import renew_penalties
from grader.grade.outages import with_patience
from grader.grade.outcomes import Outcome, failure_text


def feedback(
    lesson: str, *, root: str | Path = ".", workers: int = 2, scheduler: str | None = None, client=None
) -> list[Outcome]:
    """Write the feedback page of every student whose submission of `lesson` is graded.

    The parameters are those of `grader.grade.whole_class.grade`.
    """
    app = open_course(root)
    students = students_with(app, "autograded", lesson)
    if not students:
        raise CourseError(f"Nothing is graded of {lesson!r}. First run: python -m grader grade {lesson}")
    with_patience(partial(renew_penalties, app, lesson))
    task = partial(write_feedback, lesson, str(Path(root).resolve()))
    with crew_of(workers, scheduler, client) as crew:
        written = for_each(students, task, crew, "Feedback")
    return [written[student] for student in students]


def write_feedback(lesson: str, root: str, student: str) -> Outcome:
    """Write one student's feedback page."""
    started, app = monotonic(), open_course(root)
    with asked_for(app, lesson, student), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = capture_log(GenerateFeedback(coursedir=app.coursedir, parent=app, force=True))
    if result["success"]:
        return Outcome(student, "done", seconds=monotonic() - started)
    last = result["error"].strip().splitlines()[-1]
    return Outcome(student, "failed", failure_text(last), monotonic() - started)
