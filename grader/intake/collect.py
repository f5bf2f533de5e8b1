"""Through nbgrader's exchange: a student hands in, an instructor collects."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect, ExchangeSubmit

from grader.course.course_folder import asked_for, open_course, students_with
from grader.course.nbgrader_steps import exchange_step, run_step


def submit(lesson: str, student: str, work: str | Path, *, root: str | Path = ".") -> None:
    """Hand in ``work/LESSON`` for `student`, as JupyterLab's nbgrader menu does."""
    app = open_course(root)
    with asked_for(app, lesson, student):
        run_step(exchange_step(ExchangeSubmit, app, assignment_dir=str(work)))


def collect(lesson: str, *, root: str | Path = ".") -> list[str]:
    """Fetch what students handed in; a newer submission replaces an older one.

    Returns
    -------
    list of str
        All students with a submission of `lesson`.
    """
    app = open_course(root)
    with asked_for(app, lesson):
        run_step(exchange_step(ExchangeCollect, app, update=True))
    return students_with(app, "submitted", lesson)
