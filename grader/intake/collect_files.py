"""Collect from an archive or a folder of a learning platform, as `collect` does from nbgrader's exchange."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from grader.course.course_folder import CourseError, asked_for, open_course
from grader.course.nbgrader_steps import exchange_step, run_step
from grader.intake.arrivals import PLACE, Arrival
from grader.intake.class_list import class_list
from grader.intake.collect import Collected, CollectOneByOne
from grader.intake.inbound import HandIn
from grader.intake.platform_files import HandedOut, handed_out, lay_out, unpack

UNPACKED, OLD = "unpacked-", 3600  # seconds: nobody unpacks for so long
NO_TIME = (
    "{count} of these have no time of submission: the files don't tell it. None of them counts as late here; "
    "what your platform says of late work stands there."
)
NOTHING = (
    "{path} holds nothing that looks like hand-ins. What can be read: the ZIP archive of Canvas's Download "
    "Submissions or of Moodle's Download all submissions, the folder of gh teacher download, or a folder "
    "with a folder NAME for each student and the notebook in it."
)


def collect_files(lesson: str, path: str | Path, *, root: str | Path = ".") -> Collected:
    """Take in what a learning platform hands out; it replaces what was collected before.

    Parameters
    ----------
    lesson : str
    path : path
        A ZIP archive, or a folder: see `grader.intake.platform_files`.
    root : path
        The course folder.

    Returns
    -------
    Collected
        One arrival for each student who was found; the notes name everything whose student is not known.

    Raises
    ------
    CourseError
        If there is nothing at `path`, or nothing in it that looks like hand-ins.
    """
    app, path = open_course(root), Path(path)
    if not path.exists():
        raise CourseError(
            f"There is no {path}. Name the ZIP archive that your platform gave you, or a folder."
        )
    intake = Path(app.coursedir.root, PLACE)
    intake.mkdir(parents=True, exist_ok=True)
    _sweep(intake)
    with tempfile.TemporaryDirectory(dir=intake, prefix=UNPACKED) as draft, asked_for(app, lesson):
        folder = path
        if path.is_file():
            folder = Path(draft, "archive")
            unpack(path, folder)
        found = handed_out(folder, lesson, class_list(app))
        if not any(one.files or one.student for one in found):
            raise CourseError(NOTHING.format(path=path))
        inbound = Path(draft, "inbound")
        inbound.mkdir()
        for one in found:
            if one.student:
                lay_out(one, inbound / _name(one, lesson))
        step = exchange_step(CollectHandedOut, app, update=True, check_owner=False)
        step.inbound_path, step.found = str(inbound), found
        run_step(step)
    return Collected(step.arrivals, step.notes)


class CollectHandedOut(CollectOneByOne):
    """`CollectOneByOne` for files that the instructor brings: whose they are is known already.

    Attributes
    ----------
    found : list of HandedOut
        Those with a student are laid out in `inbound_path`.
    """

    found: list[HandedOut]

    def init_src(self) -> None:
        """Nothing to find: the folder was made for this run."""

    def copy_files(self) -> None:
        """Fetch each student's work, and say what was left out."""
        super().copy_files()
        says = {one.student: one.says for one in self.found if one.says}
        self.arrivals = [_with(arrival, says.get(arrival.student, "")) for arrival in self.arrivals]
        self.notes += [f"{one.label}: {one.says}" for one in self.found if not one.student]
        timeless = [one for one in self.found if one.student and one.time is None]
        if timeless:
            self.notes.append(NO_TIME.format(count=len(timeless)))

    def _checked(self, inbound: int) -> dict[str, list[HandIn]]:
        lesson = self.coursedir.assignment_id
        students = defaultdict(list)
        for one in self.found:
            if one.student:
                name = _name(one, lesson)
                about = Path(self.inbound_path, name).stat()
                item = HandIn(name, one.student, one.time, about.st_uid, about.st_ctime_ns, brought=True)
                students[one.student].append(item)
        return students


def _sweep(intake: Path) -> None:
    """Remove what runs have left that were killed."""
    for left in intake.glob(f"{UNPACKED}*"):
        if time.time() - left.stat().st_mtime > OLD:
            shutil.rmtree(left, ignore_errors=True)


def _name(one: HandedOut, lesson: str) -> str:
    """Name the folder of one student as the exchange does; the label is kept to give the feedback back."""
    return f"{one.student}+{lesson}+{one.label}"


def _with(arrival: Arrival, says: str) -> Arrival:
    return replace(arrival, message=" ".join(filter(None, [arrival.message, says])))
