"""Whose account may hand in for whom: the folder's name says a student, the file system says an account.

- The student has an account on this machine: it must own the folder.
- Otherwise the first account that hands in for a student is the student's, and belongs to no other one.
- One account for most of the class (a server where all students run as one user): nothing can be told apart.
- Folders of the account that collects, and root's, were put there by whoever runs the course.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping

try:
    import pwd
except ImportError:  # Windows has no such accounts, and no exchange
    pwd = None  # type: ignore[assignment]


class Owners:
    """Tells whether a folder belongs to the student in whose name it was handed in.

    Parameters
    ----------
    hand_ins : iterable of (str, int)
        Student and uid of each folder in the exchange, the earliest first.
    known : mapping
        Student to uid, from submissions that were accepted before.
    students : iterable of str
        Who is in the gradebook.
    """

    def __init__(
        self, hand_ins: Iterable[tuple[str, int]], known: Mapping[str, int], students: Iterable[str] = ()
    ):
        hand_ins = [(student, uid) for student, uid in hand_ins if not is_trusted(uid)]
        self._students = {*students, *(student for student, _ in hand_ins)}
        self._shared = _shared(hand_ins)
        self._uid = dict(known)
        self._student = {uid: student for student, uid in known.items()}
        for student, uid in hand_ins:
            if uid_of(student) == uid:
                self._student[uid] = student
        for student, uid in hand_ins:
            free = uid in self._shared or self._student.get(uid, student) == student
            if not free or uid_of(student) is not None or self._other_student(student, uid):
                continue
            if self._uid.setdefault(student, uid) == uid:
                self._student.setdefault(uid, student)

    def fault(self, student: str, uid: int) -> str:
        """Say why a folder of this uid is not the student's; empty where it may be."""
        if is_trusted(uid):
            return ""
        if (account := uid_of(student)) is not None:
            return "" if account == uid else f"It belongs to {_whose(uid)}, not to the account {student!r}."
        if self._other_student(student, uid):
            return f"It belongs to {_whose(uid)}, and that is another student."
        owner = self._uid.get(student)
        if owner == uid:
            return ""
        if owner is not None:
            return f"It belongs to {_whose(uid)}, but earlier ones of {student!r} belong to {_whose(owner)}."
        return f"It belongs to {_whose(uid)}, who hands in as {self._student.get(uid)!r}."

    def is_known(self, student: str, uid: int) -> bool:
        """Tell whether this uid can be told apart from those of other students."""
        return not is_trusted(uid) and (uid_of(student) == uid or uid not in self._shared)

    def _other_student(self, student: str, uid: int) -> bool:
        name = name_of(uid)
        return name is not None and name != student and name in self._students


def is_trusted(uid: int) -> bool:
    """Tell whether a uid is root's or that of the account that collects."""
    return uid in (0, os.geteuid())


def uid_of(name: str) -> int | None:
    """Return the uid of an account; None where there is no such account."""
    try:
        return pwd.getpwnam(name).pw_uid if pwd else None
    except KeyError:
        return None


def name_of(uid: int) -> str | None:
    """Return the name of the account with this uid; None where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name if pwd else None
    except KeyError:
        return None


def _shared(hand_ins: list[tuple[str, int]]) -> set[int]:
    """Find the account that hands in for more than half of at least two students."""
    students = defaultdict(set)
    for student, uid in hand_ins:
        students[uid].add(student)
    everybody = {student for student, _ in hand_ins}
    return {uid for uid, names in students.items() if len(names) > max(1, len(everybody) / 2)}


def _whose(uid: int) -> str:
    name = name_of(uid)
    return f"the account {name!r} (uid {uid})" if name else f"an account without a name (uid {uid})"
