"""Grade a whole class: everybody whose submission is new or has changed.

One student is one task (`grader.grade.one_student`), so one bad notebook never stops another. What nbgrader
logs goes to ``.nbgrader.log`` in the course folder; the screen shows one progress bar.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

from grader.course.course_folder import (
    CourseError,
    folder,
    open_course,
    open_gradebook,
    require_release,
)
from grader.grade.cluster import crew_of, for_each
from grader.grade.fingerprint import inputs_of
from grader.grade.late import renew_penalties
from grader.grade.one_student import grade_student, journal_of
from grader.grade.outages import with_patience
from grader.grade.outcomes import Outcome, is_complete, keep, outcomes_of
from grader.grade.saved_marks import auto_marks
from grader.intake.asking import asked_past_collect
from grader.intake.put_there import put_there

FEW = 20  # submissions: for fewer, running the lecture for all costs each process more than it saves


def grade(
    lesson: str,
    *,
    root: str | Path = ".",
    workers: int = 2,
    scheduler: str | None = None,
    students: list[str] | None = None,
    client=None,
    force: bool = False,
    without_sandbox: bool = False,
    full: bool = False,
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
        Address of a dask scheduler, such as ``tls://host:8786``, whose workers grade instead. They have
        to see the course folder under the same path, and to have this package installed.
    students : list of str, optional
        Only these; default: all who have handed in.
    client : dask.distributed.Client, optional
        A connection to a cluster that is there already.
    force : bool
        Grade also what is graded and unchanged.
    without_sandbox : bool
        Grade also where nothing can keep the students' code apart.
    full : bool
        Run every notebook from top to bottom, the lecture's own cells included (`grader.sandbox.trunk`).
        Fewer than twenty submissions are always run so: the short way would cost more than it saves.

    Returns
    -------
    list of Outcome
        One per student, in the order of `students`; ``kept`` where there was nothing to do, ``refused`` where
        a folder's name or a link says that it is nobody's.

    Raises
    ------
    CourseError
        If the lesson was not released, nobody has handed in, there is no scheduler at the address, nothing
        can keep the students' code apart, the disk is full, or the gradebook's database stays silent.
    StoppedError
        When Ctrl-C is pressed. Its text says how many are done.
    """
    app = open_course(root)
    with_patience(partial(require_release, app, lesson))
    everybody = put_there(app, lesson)
    unknown = sorted(set(students or []) - set(everybody))
    if unknown:
        raise CourseError(f"Nothing of {lesson!r} was handed in by: {', '.join(unknown)}.")
    students = students or list(everybody)
    if not students:
        raise CourseError(
            f"Nobody has handed in {lesson!r} yet: {folder(app, 'submitted', '*', lesson)} is empty. "
            f"First run: python -m grader collect {lesson}"
        )
    done = {name: Outcome(name, "refused", everybody[name]) for name in students if everybody[name]}
    good = [student for student in students if student not in done]
    with_patience(partial(_enter, app, lesson, good))
    done |= {} if force else with_patience(partial(_complete, app, lesson, good))
    to_do = [student for student in students if student not in done]
    if to_do:
        task = partial(
            grade_student,
            lesson,
            str(Path(root).resolve()),
            force=force,
            without_sandbox=without_sandbox,
            full=full or len(to_do) < FEW,
        )
        with crew_of(workers, scheduler, client) as crew:
            done |= for_each(to_do, task, crew, "Grading ", before=len(done))
            # Who is left with a journal lost the processes that graded: nothing of theirs runs again.
            lost = [
                student
                for student in to_do
                if done[student].status == "failed" and journal_of(app, lesson, student).is_file()
            ]
            if lost:
                done |= for_each(lost, partial(task, lost=True), crew, "Saving  ")
    for student in to_do:
        if done[student].status == "failed":  # also when its process could not write this down itself
            keep(app, lesson, done[student])
    with_patience(partial(renew_penalties, app, lesson))
    asked_past_collect(app, lesson)
    return [done[student] for student in students]


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
