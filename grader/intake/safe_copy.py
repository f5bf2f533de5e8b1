"""Copy a folder out of the exchange, in which a student may have put anything.

The copy is made with the instructor's rights, so a link in that folder would lead to files that no student
may read. Everything is therefore opened by its name inside a folder that is open already, and no link is
followed (``openat`` with ``O_NOFOLLOW``). What was looked at and what is read are compared: a student can't
put another file there in between.
"""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TIME, SECRET = "timestamp.txt", "submission_secret.txt"  # nbgrader's own files, which it reads without care
CHUNK = 1 << 20
# O_NONBLOCK: opening a FIFO must not wait for somebody who writes into it.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class RefusedError(Exception):
    """A hand-in is not taken. Its text says why, as a sentence."""


@dataclass(frozen=True)
class Limits:
    """What one submission may hold.

    Attributes
    ----------
    files : int
        Files and folders together.
    depth : int
        Folders inside each other.
    file_bytes, bytes : int
        Size of one file, and of all together.
    ignore, include : tuple of str
        Patterns of names, as in nbgrader's ``CourseDirectory``.
    one_owner : bool
        Whether all must belong to the account that owns the folder.
    """

    files: int = 1000
    depth: int = 10
    file_bytes: int = 100_000_000
    bytes: int = 100_000_000
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ("*",)
    one_owner: bool = True


@dataclass(frozen=True)
class _Entry:
    """A file or folder: its path in the submission, and its name in the open folder where it lies."""

    path: str
    folder: int
    name: str
    stat: os.stat_result

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)


class _Count:
    """Counts what was found against the limits."""

    def __init__(self, limits: Limits):
        self.limits, self.files, self.bytes = limits, 0, 0

    def add_file(self) -> None:
        self.files += 1
        if self.files > self.limits.files:
            raise RefusedError(f"It holds more than {self.limits.files:,} files and folders.")

    def add_bytes(self, path: str, size: int) -> None:
        self.bytes += size
        if size > self.limits.file_bytes:
            raise RefusedError(
                f"{path!r} is too large: {_mb(size)}. A file may have {_mb(self.limits.file_bytes)}."
            )
        if self.bytes > self.limits.bytes:
            raise RefusedError(f"It is too large: together its files may have {_mb(self.limits.bytes)}.")


@contextmanager
def open_folder(name: str, inside: int) -> Iterator[int]:
    """Open a folder that lies in an open folder; a link is not followed.

    Raises
    ------
    RefusedError
        If it is no folder, or can't be opened.
    """
    descriptor = _open(name, name, inside, os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def last_change(folder: int, limits: Limits) -> int:
    """Return when anything in an open folder was changed last, in nanoseconds since 1970.

    This is the largest ``ctime``. The kernel sets it whenever a file is written, renamed or given other
    times; no program can set it, unlike the ``mtime``. A folder's own time is not enough: writing into a file
    that is there already does not change it.

    Raises
    ------
    RefusedError
        If the folder holds what no submission may hold.
    """
    changes = [entry.stat.st_ctime_ns for entry in _entries(folder, limits)]
    return max([os.fstat(folder).st_ctime_ns, *changes])


def copy_folder(folder: int, target: Path, limits: Limits) -> int:
    """Copy what lies in an open folder to `target`, a new folder, but not the time that the student claims.

    Returns
    -------
    int
        When anything was changed last, as `last_change`.

    Raises
    ------
    RefusedError
        If the folder holds what no submission may hold, or changes meanwhile.
    """
    target.mkdir(parents=True)
    changed = os.fstat(folder).st_ctime_ns
    for entry in _entries(folder, limits):
        changed = max(changed, entry.stat.st_ctime_ns)
        if entry.is_folder:
            (target / entry.path).mkdir()
        elif entry.path != TIME:
            _copy_file(entry, target / entry.path)
    return changed


def _entries(folder: int, limits: Limits) -> Iterator[_Entry]:
    """Yield all files and folders below an open folder, each after it was looked at."""
    yield from _below(folder, "", os.fstat(folder).st_uid, 0, _Count(limits))


def _below(folder: int, above: str, owner: int, depth: int, count: _Count) -> Iterator[_Entry]:
    limits = count.limits
    if depth > limits.depth:
        raise RefusedError(f"It has more than {limits.depth} folders inside each other.")
    for name in _names(folder, above, count):
        path = f"{above}{name}"
        entry = _Entry(path, folder, name, _look(name, path, folder))
        _require_plain(entry, owner if limits.one_owner else None)
        if entry.is_folder:
            yield entry
            inner = _open(name, path, folder, os.O_DIRECTORY)
            try:
                _require_same(entry, os.fstat(inner))
                yield from _below(inner, f"{path}/", owner, depth + 1, count)
            finally:
                os.close(inner)
        elif _matches(name, limits.include):
            count.add_bytes(path, entry.stat.st_size)
            yield entry


def _names(folder: int, above: str, count: _Count) -> list[str]:
    """List an open folder, without what the course ignores."""
    names = []
    try:
        with os.scandir(folder) as listing:
            for item in listing:
                count.add_file()
                names.append(item.name)
    except OSError as error:
        raise _unreadable(above or "It", error) from error
    return sorted(name for name in names if not _matches(name, count.limits.ignore))


def _require_plain(entry: _Entry, owner: int | None) -> None:
    """Refuse what no submission needs, and what nbgrader's own way of handing in never makes."""
    kind = _KINDS.get(stat.S_IFMT(entry.stat.st_mode))
    if kind:
        raise RefusedError(f"{entry.path!r} is {kind}. Only ordinary files and folders can be handed in.")
    if not entry.is_folder and entry.stat.st_nlink > 1:
        raise RefusedError(
            f"{entry.path!r} is a hard link: the same file has another name elsewhere. "
            "Only ordinary files and folders can be handed in."
        )
    if entry.is_folder and entry.path in (TIME, SECRET):
        raise RefusedError(f"{entry.path!r} is a folder. nbgrader's file has this name.")
    if owner is not None and entry.stat.st_uid != owner:
        raise RefusedError(
            f"{entry.path!r} belongs to uid {entry.stat.st_uid}, its folder to uid {owner}. "
            "All of a submission must belong to one account."
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in entry.name):
        raise RefusedError(f"The file name {entry.path!r} has characters that are no text.")


def _require_same(entry: _Entry, now: os.stat_result) -> None:
    """Refuse a file that is not the one that was looked at, or was written to since."""
    names = ("st_dev", "st_ino", "st_mode", "st_uid", "st_nlink", "st_size", "st_ctime_ns")
    if any(getattr(entry.stat, name) != getattr(now, name) for name in names):
        raise RefusedError(f"{entry.path!r} was changed while it was read. Collect again.")


def _copy_file(entry: _Entry, target: Path) -> None:
    descriptor = _open(entry.name, entry.path, entry.folder)
    try:
        _require_same(entry, os.fstat(descriptor))
        with target.open("xb") as copy:
            left = entry.stat.st_size
            while left > 0 and (part := _read(descriptor, min(left, CHUNK), entry.path)):
                copy.write(part)
                left -= len(part)
        _require_same(entry, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _open(name: str, path: str, folder: int, flags: int = 0) -> int:
    try:
        return os.open(name, _FLAGS | flags, dir_fd=folder)
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(descriptor: int, size: int, path: str) -> bytes:
    try:
        return os.read(descriptor, size)
    except OSError as error:
        raise _unreadable(path, error) from error


def _look(name: str, path: str, folder: int) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError) -> RefusedError:
    return RefusedError(f"{path!r} can't be read: {error.strerror}.")


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"
