"""Grade one student, all or nothing.

nbgrader writes the notebook into ``autograded/`` before it has run it, so a run that is killed leaves
notebooks that look graded. Here a submission is graded in a folder of its own, and the order is fixed:

1. the notebook is repaired, run and judged in ``.cache/grading/STUDENT/LESSON``;
2. all marks go into the gradebook, in one transaction;
3. the folder is renamed to ``autograded/STUDENT/LESSON``;
4. the outcome is written (`grader.grade.outcomes`): only then is the student done.

Killed between any two steps, the next run finds no valid outcome and begins again with step 1. The marks
that a person gave are never touched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic

from nbgrader.converters import Autograde
from nbgrader.utils import rmtree

from grader.course.course_folder import (
    CourseError,
    asked_for,
    folder,
    handed_in_at,
    open_course,
    open_gradebook,
)
from grader.course.files import file_print, own_files, put_in_place
from grader.grade.fingerprint import inputs_of, reason
from grader.grade.outages import no_room, with_patience
from grader.grade.outcomes import Outcome, failure_text, graded_notebook, is_complete, keep, outcome_of
from grader.grade.saved_marks import auto_marks
from grader.intake.mending import unreadable_in
from grader.sandbox.provisioner import allow_none

STAGING = ".cache/grading"
TRUNKS = ".cache/trunks"


class StagedAutograde(Autograde):
    """nbgrader's ``Autograde`` for one student, in a folder that nobody takes for a result."""

    @property
    def _input_directory(self) -> str:
        return self.coursedir.submitted_directory if self._sanitizing else STAGING

    @property
    def _output_directory(self) -> str:
        return STAGING

    lost = False  # True: the notebook is not run, its journal tells what it showed

    def init_notebooks(self) -> None:
        """Expect the lesson's one notebook, whether it is there or not: the exporter looks further."""
        lesson, student = self.coursedir.assignment_id, self.coursedir.student_id
        place = self._format_source(lesson, student)
        self.assignments = {place: [os.path.join(place, f"{lesson}.ipynb")]}

    def init_single_notebook_resources(self, notebook_filename: str) -> dict:
        """Tell the preprocessors also where the notebook lies that was graded before."""
        resources = super().init_single_notebook_resources(notebook_filename)
        about = resources["nbgrader"]
        place = folder(self.parent, "autograded", about["student"], about["assignment"])
        about["graded_before"] = str(place / f"{about['notebook']}.ipynb")
        about["journal"] = str(journal_of(self.parent, about["assignment"], about["student"]))
        about["lost"] = self.lost
        release = folder(self.parent, "release", ".", about["assignment"])
        about["released"] = str(release / f"{about['notebook']}.ipynb")
        about["trunks"] = Path(self.parent.coursedir.root, TRUNKS)
        return resources

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy the files that belong to the notebook, and enter the submission into the gradebook.

        The same as nbgrader's, in one session instead of five.
        """
        handed_in = Path(self._format_source(assignment_id, student_id))
        source = folder(self.parent, "source", ".", assignment_id)
        here = Path(self._format_dest(assignment_id, student_id))
        here.mkdir(parents=True)
        ignore = [*self.coursedir.ignore, "*.ipynb"]
        _copy(own_files(handed_in, ignore), here)
        kept = self.exclude_overwriting.get(assignment_id, [])
        given = own_files(source, ignore)
        _copy({name: path for name, path in given.items() if name not in kept}, here)
        with open_gradebook(self.parent) as gradebook:
            gradebook.update_or_create_student(student_id)
            entries = {}
            if timestamp := handed_in_at(self.coursedir, handed_in):
                entries["timestamp"] = timestamp
            gradebook.update_or_create_submission(assignment_id, student_id, **entries)

    def convert_notebooks(self) -> None:
        """Convert the one notebook; whatever goes wrong is raised as it is."""
        lesson, student = self.coursedir.assignment_id, self.coursedir.student_id
        (self.notebooks,) = self.assignments.values()
        here = Path(self._format_dest(lesson, student))
        if here.exists():  # left by a run that was killed
            rmtree(str(here))
        self.run_pre_convert_hook()
        self.init_assignment(lesson, student)
        for notebook in self.notebooks:
            self.convert_single_notebook(notebook)
        self.set_permissions(lesson, student)
        self.run_post_convert_hook()


def journal_of(app, lesson: str, student: str) -> Path:
    """Return where it is written down, cell by cell, what a notebook shows; there only while it is graded."""
    return Path(app.coursedir.root, STAGING, f"{student}.{lesson}.journal")


def grade_student(
    lesson: str,
    root: str,
    student: str,
    force: bool = True,
    lost: bool = False,
    without_sandbox: bool = False,
    full: bool = False,
) -> Outcome:
    """Grade one submission; whatever goes wrong with it is an `Outcome`, not an exception.

    Parameters
    ----------
    lesson, root, student : str
    force : bool
        Also when everything is graded and nothing has changed.
    lost : bool
        The processes that tried it were killed: run nothing, and judge what was written down until then.
    without_sandbox : bool
        Run it also where nothing can keep it apart.
    full : bool
        Run it from top to bottom, the lecture's own cells included.
    """
    started = monotonic()
    app = open_course(root)
    if full:
        app.config.SturdyExecute.short_way = False
    if without_sandbox:
        allow_none(app.config)
    try:
        with _alone(app, lesson, student):
            outcome = with_patience(partial(_grade, app, lesson, student, force, lost))
    except CourseError as error:
        return Outcome(student, "stop", str(error))
    except Exception as error:
        if says := no_room(error):
            return Outcome(student, "stop", says)
        journal_of(app, lesson, student).unlink(missing_ok=True)
        app.log.error(traceback.format_exc())
        last = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        outcome = Outcome(student, "failed", failure_text(last))
        keep(app, lesson, outcome)
    return replace(outcome, seconds=monotonic() - started)


def _grade(app, lesson: str, student: str, force: bool, lost: bool) -> Outcome:
    started = monotonic()
    final = folder(app, "autograded", student, lesson)
    stage, old = (Path(app.coursedir.format_path(STAGING, student, lesson + end)) for end in ("", ".before"))
    if old.exists() and not final.exists():  # killed in `put_in_place`
        old.rename(final)
    inputs = inputs_of(app, lesson, student)
    before = outcome_of(app, lesson, student)
    if not force:
        marks = auto_marks(app, lesson, student).get(student)
        if is_complete(app, lesson, before, inputs, marks):
            return replace(before, kept=True)
    with asked_for(app, lesson, student), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about nbgrader's own code; nothing for an instructor's screen
        autograde = StagedAutograde(coursedir=app.coursedir, parent=app, force=True)
        autograde.lost = lost
        autograde.start()
    marks = auto_marks(app, lesson, student)[student]
    fault = unreadable_in(stage / f"{lesson}.ipynb")
    put_in_place(stage, final, old)
    outcome = Outcome(
        student,
        "unreadable" if fault else "done",
        fault or "",
        monotonic() - started,
        inputs,
        file_print(graded_notebook(app, lesson, student)),
        marks,
        reason(before and before.inputs, inputs),
    )
    keep(app, lesson, outcome)
    journal_of(app, lesson, student).unlink(missing_ok=True)
    return outcome


@contextmanager
def _alone(app, lesson: str, student: str) -> Iterator[None]:
    """Wait until no other run grades this student; the lock goes away with the process."""
    path = Path(app.coursedir.root, STAGING, f"{student}.{lesson}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(files: dict[str, Path], place: Path) -> None:
    for name, path in files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(path, target)
