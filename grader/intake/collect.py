"""Through nbgrader's exchange: a student hands in, an instructor collects.

`CollectOneByOne` takes the place of nbgrader's ``ExchangeCollect``, for ``nbgrader collect``, the formgrader
and ``python -m grader collect``. Each student has an outcome of his own, and nobody's folder ends the
collection. A submission is copied to a folder of its own and renamed when it is complete, so a run that is
killed leaves no half of one.
"""

from __future__ import annotations

import errno
import fcntl
import fnmatch
import os
import secrets
import shutil
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect, ExchangeSubmit
from nbgrader.utils import check_mode, rmtree
from traitlets import Integer

from grader.course.course_folder import asked_for, handed_in_at, open_course
from grader.course.files import own_files, print_of, put_in_place
from grader.course.nbgrader_steps import exchange_step, run_step
from grader.course.screen import plain
from grader.intake.arrivals import PLACE, Arrival, arrival_of, keep_arrival, owners_before
from grader.intake.asking import asking
from grader.intake.inbound import HandIn, hand_ins, is_student, looked_into
from grader.intake.owners import Owners, is_trusted
from grader.intake.safe_copy import SECRET, TIME, Limits, RefusedError, copy_folder, open_folder

MANY = 3  # refused folders that are named for one student


def submit(lesson: str, student: str, work: str | Path, *, root: str | Path = ".") -> None:
    """Hand in ``work/LESSON`` for `student`, as JupyterLab's nbgrader menu does."""
    app = open_course(root)
    with asked_for(app, lesson, student):
        run_step(exchange_step(ExchangeSubmit, app, assignment_dir=str(work)))


class Collected(NamedTuple):
    """What became of each student's hand-in, by name, and what there is to know about all of them."""

    arrivals: list[Arrival]
    notes: list[str]


def collect(lesson: str, *, root: str | Path = ".") -> Collected:
    """Fetch what students handed in; a newer submission replaces an older one."""
    app = open_course(root)
    with asked_for(app, lesson):
        step = exchange_step(CollectOneByOne, app, update=True)
        run_step(step)
    return Collected(step.arrivals, step.notes)


class CollectOneByOne(ExchangeCollect):
    """nbgrader's ``ExchangeCollect``, for an exchange in which students may have put anything.

    Attributes
    ----------
    arrivals : list of Arrival
        One for each student with a hand-in, by name.
    notes : list of str
        What an instructor should know about all of them.
    """

    max_files = Integer(
        1000, help="How many files and folders one submission may hold; a larger one is refused."
    ).tag(config=True)
    max_depth = Integer(
        10, help="How many folders inside each other a submission may have; a deeper one is refused."
    ).tag(config=True)

    def init_src(self) -> None:
        """Find the folder in which students hand in."""
        if self.coursedir.course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        self.course_path = os.path.join(self.root, self.coursedir.course_id)
        self.inbound_path = os.path.join(self.course_path, "inbound")
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        if not check_mode(self.inbound_path, read=True, execute=True):
            self.fail(f"You don't have read permissions for the directory: {self.inbound_path}")

    def copy_files(self) -> None:
        """Fetch each student's newest submission that can be taken."""
        self.arrivals: list[Arrival] = []
        self.notes: list[str] = []
        course, lesson = self.coursedir, self.coursedir.assignment_id
        self._asking = asking(course, lesson)
        inbound = os.open(self.inbound_path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with self._alone():
                for student, items in sorted(self._checked(inbound).items()):
                    self._tell(self._student(student, items, inbound))
        finally:
            os.close(inbound)
        for note in self.notes:
            self.log.warning(note)

    def _checked(self, inbound: int) -> dict[str, list[HandIn]]:
        """Group the folders by student, those in a wrong name with the fault; nothing in them is read."""
        found = hand_ins(inbound, self.coursedir.assignment_id)
        if self.check_owner:
            found = self._owned(found)
        students = defaultdict(list)
        for item in found:
            if fnmatch.fnmatchcase(item.student, self.coursedir.student_id or "*"):
                students[item.student].append(item)
        return students

    def _owned(self, found: list[HandIn]) -> list[HandIn]:
        good = [item for item in found if not item.fault]
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            students = [student.id for student in gradebook.students]
        claims = [(item.student, item.uid) for item in good]
        self._owners = Owners(claims, owners_before(self.coursedir.root), students)
        found = [
            item if item.fault else replace(item, fault=self._owners.fault(item.student, item.uid))
            for item in found
        ]
        unknown = {
            (item.student, item.uid)
            for item in found
            if not item.fault and not self._owners.is_known(item.student, item.uid)
        }
        for uid, count in sorted(Counter(uid for _, uid in unknown).items()):
            whose = (
                "root or the account that collects" if is_trusted(uid) else "one account for many students"
            )
            noun = "submission belongs" if count == 1 else "submissions belong"
            self.notes.append(f"{count} {noun} to {whose} (uid {uid}): who handed in can't be checked.")
        return found

    def _student(self, student: str, items: list[HandIn], inbound: int) -> Arrival:
        """Fetch one student's submission; whatever goes wrong with it is an `Arrival`."""
        if not is_student(student):
            return Arrival(student, "refused", _all_refused(items))
        lesson, root = self.coursedir.assignment_id, self.coursedir.root
        before = arrival_of(root, lesson, student)
        try:
            arrival = self._newest(student, items, inbound, before)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise  # nobody can be collected now
            self.log.error(plain(traceback.format_exc()))
            arrival = Arrival(student, "failed", f"The collector failed ({type(error).__name__}: {error}).")
        if before and not arrival.folder:  # the receipt of what lies there stays
            arrival = replace(before, status=arrival.status, message=arrival.message)
        keep_arrival(root, lesson, arrival)
        return arrival

    def _newest(self, student: str, items: list[HandIn], inbound: int, before: Arrival | None) -> Arrival:
        place = Path(
            self.coursedir.format_path(
                self.coursedir.submitted_directory, student, self.coursedir.assignment_id
            )
        )
        _, old = self._drafts(student)
        if old.exists() and not place.exists():  # killed in `put_in_place`
            old.rename(place)
        items = [looked_into(item, inbound, self._limits) for item in items]
        refused = [item for item in items if item.fault]
        good, asked = self._asking.sift(
            [item for item in items if not item.fault],
            before.changed if before else 0,
            place,
            lambda item: self._copied(item, inbound),
        )
        for item in self._in_order(good):
            try:
                arrival = self._take(item, place, inbound, before, {other.folder for other in refused})
            except RefusedError as fault:
                refused.append(replace(item, fault=str(fault)))
                continue
            says = [_all_refused(refused), arrival.message, *asked]
            return replace(arrival, message=" ".join(filter(None, says)))
        if place.is_dir() and not refused:  # what lies there is no longer in the exchange; the rest only asks
            return Arrival(student, "already there", " ".join(asked))
        there = f" What lies in {place.parent.name}/{place.name} was left as it is." if place.is_dir() else ""
        return Arrival(student, "refused", " ".join([_all_refused(refused) + there, *asked]))

    @contextmanager
    def _copied(self, item: HandIn, inbound: int) -> Iterator[Path]:
        """Copy a hand-in to a folder that goes away afterwards."""
        draft, _ = self._drafts(item.student)
        if draft.exists():  # left by a run that was killed
            rmtree(str(draft))
        try:
            with open_folder(item.folder, inbound) as folder:
                copy_folder(folder, draft, self._limits)
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _in_order(self, items: list[HandIn]) -> list[HandIn]:
        """Sort what may be taken: the newest first; with ``--before-duedate`` the last that was in time."""
        newest = sorted(items, key=lambda item: item.changed, reverse=True)
        due = self._due() if self.before_duedate else None
        if due is None:
            return newest
        return [item for item in newest if item.time <= due] + [item for item in newest if item.time > due]

    def _due(self) -> datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                return gradebook.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None

    def _take(
        self, item: HandIn, place: Path, inbound: int, before: Arrival | None, refused: set[str]
    ) -> Arrival:
        """Copy a folder to its place, unless it is there already."""
        there = place.is_dir()
        if there and not self._replaces(item, place, before, refused):
            same = before is not None and before.folder == item.folder and before.changed == item.changed
            return Arrival(item.student, "already there", _about_time(item) if same else "")
        draft, old = self._drafts(item.student)
        if draft.exists():  # left by a run that was killed
            rmtree(str(draft))
        try:
            with open_folder(item.folder, inbound) as folder:
                item = replace(item, changed=copy_folder(folder, draft, self._limits))
            if item.claim or not item.brought:  # a platform may not tell the time
                (draft / TIME).write_text(f"{item.time:%Y-%m-%d %H:%M:%S.%f} UTC")
            content = _content(draft)
            if there and before and (before.folder, before.content) == (item.folder, content):
                # Only moved, or given other permissions: it was there when it was collected first.
                return Arrival(
                    item.student, "already there", _about_time(replace(item, changed=before.changed))
                )
            _mend_secret(draft / SECRET)
            self._share(draft)
            put_in_place(draft, place, old)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        known = self.check_owner and self._owners.is_known(item.student, item.uid)
        return Arrival(
            item.student,
            "updated" if there else "collected",
            _about_time(item),
            f"{item.time:%Y-%m-%d %H:%M:%S} UTC",
            item.folder,
            item.changed,
            item.uid if known else None,
            content,
        )

    def _replaces(self, item: HandIn, place: Path, before: Arrival | None, refused: set[str]) -> bool:
        """Tell whether a hand-in is to replace what lies in ``submitted/``."""
        if before is not None and before.folder:
            if before.folder in refused:  # what lies there should not have been taken
                return self.update
            if self.before_duedate:
                return (item.folder, item.changed) != (before.folder, before.changed)
            return self.update and item.changed > before.changed
        # Put there by hand, or by nbgrader's own `collect`.
        time = handed_in_at(self.coursedir, place) or _newest_file(place)
        return item.time != time if self.before_duedate else self.update and item.time > time

    @property
    def _limits(self) -> Limits:
        course = self.coursedir
        return Limits(
            self.max_files,
            self.max_depth,
            1000 * course.max_file_size,
            1000 * course.max_dir_size,
            tuple(course.ignore),
            tuple(course.include),
            self.check_owner,
        )

    def _drafts(self, student: str) -> tuple[Path, Path]:
        """Name the folders for a copy that is not complete, and for what it replaces."""
        place = Path(self.coursedir.root, PLACE, self.coursedir.assignment_id)
        return place / f"{student}.new", place / f"{student}.before"

    def _share(self, draft: Path) -> None:
        """Let other instructors write, where the course says so."""
        if self.coursedir.groupshared:
            for parent, _, names in os.walk(draft):
                os.chmod(parent, 0o2775)
                for name in names:
                    os.chmod(os.path.join(parent, name), 0o664)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until nobody else collects this lesson; the lock goes away with the process."""
        path = Path(self.coursedir.root, PLACE, f"{self.coursedir.assignment_id}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            with suppress(OSError):  # some network file systems have no locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _tell(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        tell = self.log.warning if arrival.message else self.log.info
        tell("%s: %s. %s", shown(arrival.student), arrival.status, plain(arrival.message))


def shown(student: str) -> str:
    r"""Write a student's name for a screen: a name that nobody should have stands in quotes, escaped.

    >>> print(shown("ana"), shown("a\nb"))
    ana 'a\nb'
    """
    return student if is_student(student) else repr(student)


def _content(place: Path) -> str:
    """Return the fingerprint of a submission: its files, but not when they were handed in."""
    return print_of({name: path for name, path in own_files(place, []).items() if name != TIME})


def _mend_secret(path: Path) -> None:
    """Make a new secret where there is none or no text: ``nbgrader release_feedback`` would end for all."""
    try:
        path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        path.write_text(secrets.token_hex(64))


def _all_refused(refused: list[HandIn]) -> str:
    """Say what was refused and why, the latest first."""
    latest = sorted(refused, key=lambda item: item.changed, reverse=True)
    said = [
        f"Refused what was handed in at {item.file_time:%Y-%m-%d %H:%M} UTC: {item.fault}" for item in latest
    ]
    more = len(said) - MANY
    return " ".join(said[:MANY] + ([f"{more} more were refused."] if more > 0 else []))


def _about_time(item: HandIn) -> str:
    """Say that a student's clock, or claim, is wrong."""
    if item.believed:
        return ""
    return (
        f"The submission says that it is from {item.claim:%Y-%m-%d %H:%M:%S} UTC; "
        f"its files were last changed at {item.file_time:%Y-%m-%d %H:%M:%S} UTC, and that counts."
    )


def _newest_file(place: Path) -> datetime:
    """Return when a file of a submission was written last (UTC)."""
    times = [path.stat().st_mtime for path in own_files(place, []).values()]
    return datetime.fromtimestamp(max([place.stat().st_mtime, *times]), UTC).replace(tzinfo=None)
