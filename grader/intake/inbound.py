"""The folder of the exchange in which students hand in: which folders are there, whose, and from when.

nbgrader names them ``STUDENT+LESSON+TIME+RANDOM``. The name is the student's own claim. Who owns a folder and
when it was changed are known to the file system.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from nbgrader.utils import parse_utc

from grader.intake.safe_copy import Limits, RefusedError, last_change, open_folder

# A name becomes a folder, a row of the gradebook, a cell of a table: nothing in it may mean something there.
STUDENT = re.compile(r"\w[\w.@+-]{0,63}")
NAMES = (
    "A user name has at most 64 letters, digits and the signs . _ @ + - and begins with a letter or a digit."
)
CLAIM = re.compile(r"(\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d\S*) ?(.*)")
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")  # of a time zone without a name; nbgrader takes it for seconds
SLACK = timedelta(seconds=60)  # a claim is made before the files are copied, which takes its time


@dataclass(frozen=True)
class HandIn:
    """One folder in the exchange.

    Attributes
    ----------
    folder : str
        Its name.
    student : str
        The user name in it.
    claim : datetime or None
        The time in it (UTC); None where it can't be read.
    uid : int
        Who owns it.
    changed : int
        When something in it was changed last (``ctime``), in nanoseconds since 1970.
    fault : str
        Why it is refused; empty where it is not.
    brought : bool
        Whether the instructor has brought it from elsewhere: then `claim` is the platform's, and true.
    """

    folder: str
    student: str
    claim: datetime | None
    uid: int
    changed: int
    fault: str = ""
    brought: bool = False

    @property
    def file_time(self) -> datetime:
        """The time of `changed` (UTC)."""
        return datetime.fromtimestamp(self.changed / 1e9, UTC).replace(tzinfo=None)

    @property
    def believed(self) -> bool:
        """Whether the claim is true: the platform's is, the student's where the file system agrees."""
        return self.brought or (self.claim is not None and abs(self.file_time - self.claim) <= SLACK)

    @property
    def time(self) -> datetime:
        """The time that counts: the claim where it is true, else that of the file system."""
        return self.claim if self.believed and self.claim is not None else self.file_time


def is_student(name: str) -> bool:
    """Tell whether a student may have this name.

    >>> is_student("anna.maria@example.org"), is_student("a[b]c"), is_student("..")
    (True, False, False)
    """
    return STUDENT.fullmatch(name) is not None


def hand_ins(inbound: int, lesson: str) -> list[HandIn]:
    """List the folders of a lesson in the open folder `inbound`, the earliest first, unread."""
    with os.scandir(inbound) as listing:
        names = sorted(item.name for item in listing if f"+{lesson}+" in item.name)
    found = []
    for name in names:
        try:
            about = os.stat(name, dir_fd=inbound, follow_symlinks=False)
        except OSError:  # gone in this moment
            continue
        found.append(_hand_in(name, lesson, about))
    return sorted(found, key=lambda item: item.changed)


def looked_into(item: HandIn, inbound: int, limits: Limits) -> HandIn:
    """Return a hand-in with the time of its last change, or with the fault for which it is refused."""
    if item.fault:
        return item
    try:
        with open_folder(item.folder, inbound) as folder:
            return replace(item, changed=last_change(folder, limits))
    except RefusedError as refused:
        return replace(item, fault=str(refused))


def _hand_in(name: str, lesson: str, about: os.stat_result) -> HandIn:
    student, _, rest = name.rpartition(f"+{lesson}+")
    told, plus, _ = rest.rpartition("+")
    claim = _time(told if plus else rest)
    fault = ""
    if not is_student(student):
        fault = NAMES
    elif claim is None:
        fault = f"The folder's name {name!r} has no time of submission in it."
    return HandIn(name, student, claim, about.st_uid, about.st_ctime_ns, fault)


def _time(text: str) -> datetime | None:
    """Read the time that a student claims (UTC); None where there is none.

    >>> _time("2026-11-28 10:00:00.5 UTC"), _time("2026-11-28 14:00:00 +04"), _time("soon")
    (datetime.datetime(2026, 11, 28, 10, 0, 0, 500000), datetime.datetime(2026, 11, 28, 10, 0), None)
    """
    found = CLAIM.fullmatch(text)
    if not found:
        return None
    offset = OFFSET.fullmatch(found[2])
    try:
        if not offset:
            return parse_utc(text)
        sign, hours, minutes = offset.groups(default="0")
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return datetime.fromisoformat(found[1]) + (east if sign == "-" else -east)
    except Exception:  # the parser raises several kinds of errors
        return None
