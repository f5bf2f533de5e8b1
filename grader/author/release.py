"""Give a lesson to the class."""

from __future__ import annotations

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.exchange.default import ExchangeReleaseAssignment

from grader.course.course_folder import CourseError, asked_for, folder, open_course
from grader.course.nbgrader_steps import exchange_step, run_step


def release(lesson: str, *, root: str | Path = ".") -> None:
    """Make the students' version of `lesson` from ``source/`` and put it into the exchange.

    Raises
    ------
    CourseError
        If there is no source, or a step fails.
    """
    app = open_course(root)
    source = folder(app, "source", ".", lesson)
    if not list(source.glob("*.ipynb")):
        raise CourseError(
            f"There is no source of the lesson {lesson!r}: neither solutions/{lesson}.md "
            f"nor a notebook in {source}."
        )
    with asked_for(app, lesson):
        run_step(GenerateAssignment(coursedir=app.coursedir, parent=app, force=True))
        run_step(exchange_step(ExchangeReleaseAssignment, app, force=True))
