"""Files: found, told apart by their contents, and written in one step."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from psutil import pid_exists


def own_files(place: Path, ignore: list[str]) -> dict[str, Path]:
    """Find the ordinary files under `place`, by relative path. Links are not followed: they lead elsewhere.

    Parameters
    ----------
    place : Path
    ignore : list of str
        Names and patterns to leave out, as in nbgrader's ``CourseDirectory.ignore``.
    """

    def wanted(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in ignore)

    found = {}
    for parent, folders, names in os.walk(place):
        folders[:] = filter(wanted, folders)
        for name in filter(wanted, names):
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(place))] = path
    return found


def has_links(place: Path) -> bool:
    """Tell whether there is a symbolic link under `place`, at any depth."""
    return any(
        os.path.islink(os.path.join(parent, name))
        for parent, folders, names in os.walk(place)
        for name in (*folders, *names)
    )


def file_print(path: Path) -> str:
    """Return the SHA-256 of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def print_of(files: dict[str, Path]) -> str:
    """Return one fingerprint for several files: their names and their contents."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{file_print(files[name])}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def write_atomically(path: Path, text: str) -> Path:
    """Write `text` to `path` in one step: a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError:  # a full disk
        draft.unlink(missing_ok=True)
        raise
    return path


def remove_leftovers(place: Path, *names: str) -> None:
    """Remove what processes of this account left at `place` when they were killed.

    Parameters
    ----------
    place : Path
    *names : str
        Beginnings of names, behind which the number of the process stands: ``mlm`` for ``mlm-123-abc``.
    """
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, names))})-(\d+)-")
    for path in place.iterdir():
        owner = pattern.match(path.name)
        with suppress(OSError):  # somebody else removes it in this moment
            if owner and not pid_exists(int(owner[1])) and path.lstat().st_uid == os.getuid():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def put_in_place(draft: Path, place: Path, old: Path) -> None:
    """Put a complete folder where another one lies, which waits at `old` until that is done.

    A run that is killed in between leaves the one before at `old`, and nothing at `place`.

    Parameters
    ----------
    draft, place, old : Path
        The new folder, where it belongs, and where the one before waits; all on one file system.
    """
    from nbgrader.utils import rmtree  # it takes folders that nbgrader made read-only

    place.parent.mkdir(parents=True, exist_ok=True)
    if old.exists():
        rmtree(str(old))
    if place.exists():
        place.rename(old)
    draft.rename(place)
    if old.exists():
        rmtree(str(old))
