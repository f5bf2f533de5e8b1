"""What became of each hand-in: one small file for each student, written when the submission is in its place.

It is also the receipt: which folder of the exchange was taken, when it was changed last, and whose it was.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from grader.course.files import write_atomically

PLACE = ".cache/intake"
STATUSES = ("collected", "updated", "already there", "refused", "failed")


@dataclass(frozen=True)
class Arrival:
    """What became of one student's hand-in.

    Attributes
    ----------
    student : str
        The name that the folder in the exchange claims.
    status : {"collected", "updated", "already there", "refused", "failed"}
        ``refused``: nothing was taken, and `message` says why. ``failed``: the collector is at fault.
    message : str
        For the instructor: what was refused, whether the student's clock is wrong; empty when all went well.
    handed_in : str
        The time of submission that counts (UTC).
    folder : str
        The folder in the exchange that lies in ``submitted/`` now; empty where none of ours does.
    changed : int
        When that folder was changed last, by the file system, in nanoseconds since 1970.
    owner : int or None
        The uid that it belongs to, where that says who the student is.
    content : str
        Fingerprint of its files.
    """

    student: str
    status: str
    message: str = ""
    handed_in: str = ""
    folder: str = ""
    changed: int = 0
    owner: int | None = None
    content: str = ""


def keep_arrival(app_root: str | Path, lesson: str, arrival: Arrival) -> None:
    """Write down what became of one student's hand-in."""
    path = _path(app_root, lesson, arrival.student)
    write_atomically(path, json.dumps(asdict(arrival), indent=1))


def arrival_of(app_root: str | Path, lesson: str, student: str) -> Arrival | None:
    """Return what became of a student's hand-in when `lesson` was collected last, or None."""
    return _read(_path(app_root, lesson, student))


def owners_before(app_root: str | Path) -> dict[str, int]:
    """Return the uid of each student whose submission was accepted before, of any lesson."""
    found: dict[str, int] = {}
    for path in sorted(Path(app_root, PLACE).glob("*/*.json")):
        arrival = _read(path)
        if arrival is not None and arrival.owner is not None:
            found.setdefault(arrival.student, arrival.owner)
    return found


def _path(app_root, lesson, student) -> Path:
    return Path(app_root, PLACE, lesson, f"{student}.json")


def _read(path: Path) -> Arrival | None:
    """Read a receipt. One that can't be read (another version's, a damaged disk) counts as none."""
    try:
        return Arrival(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
