"""A whole class, step by step: release, collect, grade, feedback.

One student is one task (`grader.grade.one_student`), so one bad notebook never stops another. What nbgrader
logs goes to ``.nbgrader.log`` in the course folder; the screen shows one progress bar.
"""

from __future__ import annotations

import traceback
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment, ExchangeSubmit

from grader.course.course_folder import (
    LOG,
    CourseError,
    asked_for,
    folder,
    open_course,
    open_gradebook,
    require_release,
    students_with,
)
from grader.grade.cluster import StoppedError, connect, crew_of, for_each, local_cluster
from grader.grade.fingerprint import inputs_of
from grader.grade.late import renew_penalties
from grader.grade.one_student import grade_student, write_feedback
from grader.grade.outages import with_patience
from grader.grade.outcomes import Outcome, is_complete, keep, outcomes_of
from grader.marks.gradebook import auto_marks

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
        _run(GenerateAssignment(coursedir=app.coursedir, parent=app, force=True))
        _run(_exchange(ExchangeReleaseAssignment, app, force=True))


def submit(lesson: str, student: str, work: str | Path, *, root: str | Path = ".") -> None:
    """Hand in ``work/LESSON`` for `student`, as JupyterLab's nbgrader menu does."""
    app = open_course(root)
    with asked_for(app, lesson, student):
        _run(_exchange(ExchangeSubmit, app, assignment_dir=str(work)))


def collect(lesson: str, *, root: str | Path = ".") -> list[str]:
    """Fetch what students handed in; a newer submission replaces an older one.

    Returns
    -------
    list of str
        All students with a submission of `lesson`.
    """
    app = open_course(root)
    with asked_for(app, lesson):
        _run(_exchange(ExchangeCollect, app, update=True))
    return students_with(app, "submitted", lesson)


def grade(
    lesson: str,
    *,
    root: str | Path = ".",
    workers: int = 2,
    scheduler: str | None = None,
    students: list[str] | None = None,
    client=None,
    force: bool = False,
) -> list[Outcome]:
    """Run and judge the submissions of `lesson` that are not graded yet, or have changed since.

    A run may be stopped or killed at any moment: what was finished is kept, and the next run does the rest.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    root : path
        The course folder.
    workers : int
        Processes that grade at the same time on this machine.
    scheduler : str, optional
        Address of a dask scheduler, such as ``tcp://host:8786``, whose workers grade instead. They have
        to see the course folder under the same path, and to have this package installed.
    students : list of str, optional
        Only these; default: all who have handed in.
    client : dask.distributed.Client, optional
        A connection to a cluster that is there already.
    force : bool
        Grade also what is graded and unchanged.

    Returns
    -------
    list of Outcome
        One per student, in the order of `students`; ``kept`` where there was nothing to do.

    Raises
    ------
    CourseError
        If the lesson was not released, nobody has handed in, there is no scheduler at the address, the
        disk is full, or the gradebook's database stays away.
    StoppedError
        When Ctrl-C is pressed. Its text says how many are done.
    """
    app = open_course(root)
    with_patience(partial(require_release, app, lesson))
    everybody = students_with(app, "submitted", lesson)
    unknown = sorted(set(students or []) - set(everybody))
    if unknown:
        raise CourseError(f"Nothing of {lesson!r} was handed in by: {', '.join(unknown)}.")
    students = students or everybody
    if not students:
        raise CourseError(
            f"Nobody has handed in {lesson!r} yet: {folder(app, 'submitted', '*', lesson)} is empty. "
            f"First run: python -m grader collect {lesson}"
        )
    with_patience(partial(_enter, app, lesson, students))
    done = {} if force else with_patience(partial(_complete, app, lesson, students))
    to_do = [student for student in students if student not in done]
    if to_do:
        task = partial(grade_student, lesson, str(Path(root).resolve()), force=force)
        with crew_of(workers, scheduler, client) as crew:
            done |= for_each(to_do, task, crew, "Grading ", before=len(done))
    for student in to_do:
        if done[student].status == "failed":  # also when its process could not write this down itself
            keep(app, lesson, done[student])
    with_patience(partial(renew_penalties, app, lesson))
    return [done[student] for student in students]


def feedback(
    lesson: str, *, root: str | Path = ".", workers: int = 2, scheduler: str | None = None, client=None
) -> list[Outcome]:
    """Write the feedback page of every student whose submission of `lesson` is graded.

    The parameters are those of `grade`.
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


def warm_up() -> None:
    """Import what grading needs, so that a process is ready before its first submission."""


def _enter(app, lesson: str, students: list[str]) -> None:
    """Enter everybody into the gradebook before the first notebook runs: nobody goes missing later."""
    with open_gradebook(app) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about nbgrader's own code; nothing for an instructor's screen
        known = {student.id for student in gradebook.students}
        have = {entry.student.id for entry in gradebook.assignment_submissions(lesson)}
        for student in students:
            if student not in known:
                gradebook.add_student(student)
            if student not in have:
                gradebook.add_submission(lesson, student)


def _complete(app, lesson: str, students: list[str]) -> dict[str, Outcome]:
    """Return the outcomes of those for whom there is nothing to do."""
    before, marks = outcomes_of(app, lesson), auto_marks(app, lesson)
    return {
        student: replace(before[student], kept=True)
        for student in students
        if student in before
        and is_complete(app, lesson, before[student], inputs_of(app, lesson, student), marks.get(student))
    }


def _exchange(exchange_class, app, **traits):
    return exchange_class(
        coursedir=app.coursedir, authenticator=Authenticator(parent=app), parent=app, **traits
    )


def _run(step) -> None:
    """Run one step of nbgrader; a failure becomes a sentence, the details are in the log."""
    try:
        step.start()
    except Exception as error:
        step.log.error(traceback.format_exc())
        raise CourseError(f"{type(step).__name__} failed: {error} ({LOG} has the details.)") from error
