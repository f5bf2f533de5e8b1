"""Fingerprints of what a mark depends on: grading again is needed only where one of them has changed."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from functools import lru_cache
from pathlib import Path

import grader
import mlmkit
from grader.course import folder
from grader.outcomes import file_print

REASONS = {
    "submission": "handed in again",
    "lesson": "the lesson was released again with changes",
    "grader": "the questions or the grader have changed",
}
_GRADER = (
    "judge.py",
    "references.py",
    "preflight.py",
    "repair.py",
    "plugins/*.py",
    "bank/__init__.py",
    "bank/builders/*.py",
    "bank/monte_carlo.py",
    "bank/parts.py",
    "bank/reference_fits.py",
)


def inputs_of(app, lesson: str, student: str) -> dict[str, str]:
    """Return the fingerprints of a student's submission, of the lesson and of what judges it.

    Returns
    -------
    dict
        With the keys of `REASONS`. A file's time stamp and the time of submission are not part of it.
    """
    return {
        "submission": submission_print(app, lesson, student),
        "lesson": lesson_print(app, lesson),
        "grader": grader_print(lesson),
    }


def reason(before: dict[str, str] | None, now: dict[str, str]) -> str:
    """Say why a student is graded: the first of `REASONS` whose fingerprint has changed.

    Parameters
    ----------
    before : dict or None
        The inputs of the last outcome; None where there is none.
    now : dict
        From `inputs_of`.
    """
    if not before:
        return "new"
    changed = [REASONS[name] for name in REASONS if before.get(name) != now[name]]
    return changed[0] if changed else "again"


def submission_print(app, lesson: str, student: str) -> str:
    """Return the fingerprint of everything that a student handed in, notebook and other files."""
    files = own_files(folder(app, "submitted", student, lesson), app.coursedir.ignore)
    return _print_of({name: path for name, path in files.items() if name != "timestamp.txt"})


def lesson_print(app, lesson: str) -> str:
    """Return the fingerprint of the released lesson and of the files that come with it."""
    release = folder(app, "release", ".", lesson)
    return _print_of(own_files(release, app.coursedir.ignore))


@lru_cache(maxsize=8)
def grader_print(lesson: str) -> str:
    """Return the fingerprint of what decides on marks: bank, judge, the students' library and its data."""
    here, library = Path(grader.__file__).parent, Path(mlmkit.__file__).parent
    patterns = [*_GRADER, f"bank/l{lesson.partition('_')[0]}_*.py"]
    paths = [path for pattern in patterns for path in here.glob(pattern)]
    paths += [*library.rglob("*.py"), *library.glob("data/*")]
    packages = (here.parent, library.parent)
    return _print_of({_relative(path, packages): path for path in paths if path.is_file()})


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


def _relative(path: Path, places: tuple[Path, ...]) -> str:
    """Name a file from its package on: the same name on every machine."""
    return next(str(path.relative_to(place)) for place in places if path.is_relative_to(place))


def _print_of(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{file_print(files[name])}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
