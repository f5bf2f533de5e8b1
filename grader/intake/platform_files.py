"""Files as a learning platform hands them out: whose they are, and where each notebook lies.

Four layouts are known: Canvas's *Download Submissions*, Moodle's *Download all submissions*, the folder that
``gh teacher download`` of Classroom 50 makes, and plain folders with user names. Nobody is guessed: a name
that is not one person's in the class list is left out, and a sentence says so.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.course.course_folder import CourseError
from grader.intake.inbound import is_student
from grader.intake.people_files import Person

# jonesmary_LATE_4711_98765_01_pooling-1.ipynb: the name as Canvas sorts it, its numbers of user and file.
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_\d+_(?P<file>.+)")
# Mary Jones_98765_assignsubmission_file_: Moodle's number is that of the hand-in, not of the person. It is
# the name of a folder; where "Download submissions in folders" is off, it stands before each file's name.
MOODLE = re.compile(r"(?P<label>(?P<name>.+)_\d+_assignsubmission_(file|onlinetext)(_|$))(?P<file>.*)")
CLASSROOM = "classroom50/result/v1"
REPOSITORY = ".classroom50.yaml"
AGAIN = re.compile(r"-\d+(?=\.ipynb$)")  # Canvas counts the files that were handed in again

MOST = 4_000_000_000  # bytes that an archive may unpack to, and files in it
MOST_FILES = 100_000

LATE = "Canvas marks it as late."
NOBODY = (
    "nobody in the class list is {who}. If it is one of your students, rename it to the user name: "
    "a folder NAME with the notebook in it."
)
SEVERAL = "{who} may be {names}. Rename it to the user name: a folder NAME with the notebook in it."
NO_LIST = (
    "whose is it? {who} can only be found in a class list. Make it first: python -m grader class import "
    "FILE.csv, with the list that Canvas or Moodle exports."
)
NO_NAME = "whose is it? Put it into a folder NAME, with the student's user name."
EMPTY = "there is no notebook in it."


@dataclass
class HandedOut:
    """One person's files.

    Attributes
    ----------
    label : str
        How the platform calls the person, or the folder.
    student : str
        The user name; empty where it is not known.
    files : dict
        Name to path.
    time : datetime or None
        When it was handed in (UTC), where the platform tells.
    says : str
        What there is to know: why the student is not known, or that it is late.
    """

    label: str
    student: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    time: datetime | None = None
    says: str = ""


def of_moodle(name: str) -> re.Match[str] | None:
    """Read a name that Moodle gave to a folder or a file; None where it is none.

    >>> of_moodle("Mary Jones_98765_assignsubmission_file_")["name"]
    'Mary Jones'
    """
    return MOODLE.fullmatch(name)


def unpack(archive: Path, place: Path) -> None:
    """Unpack a ZIP archive into `place`, which must not exist; links in it are left out.

    Raises
    ------
    CourseError
        If it is no ZIP archive, is damaged or encrypted, holds names that can't be files here, does not fit
        on the disk, or unpacks to more than 4 GB or 100,000 files.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not stat.S_ISLNK(entry.external_attr >> 16)]
            if sum(entry.file_size for entry in entries) > MOST or len(entries) > MOST_FILES:
                raise CourseError(
                    f"{archive.name} holds more than {MOST // 10**9} GB or {MOST_FILES:,} files. "
                    "Unpack it yourself, look at it, and name the folder."
                )
            place.mkdir(parents=True)
            packed.extractall(place, entries)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise CourseError(
            f"{archive.name} can't be unpacked ({error}). Name the ZIP archive that your platform gave you, "
            "or a folder with what was in it."
        ) from error


def handed_out(folder: Path, lesson: str, people: dict[str, Person] | None) -> list[HandedOut]:
    """Read a folder that a platform has filled.

    Parameters
    ----------
    folder : Path
        Links in it are not followed.
    lesson : str
        Names the notebook.
    people : dict or None
        The class list, by user name.

    Returns
    -------
    list of HandedOut
        By label; those whose student is not known have an empty `student` and a sentence.
    """
    known = _Known(people)
    entries = _plain(folder)
    if len(entries) == 1 and entries[0].is_dir() and not _is_one(entries[0], lesson, known):
        entries = _plain(entries[0])  # an archive of one folder
    by_label: dict[str, HandedOut] = {}
    for path in entries:
        found = _folder(path, lesson, known) if path.is_dir() else _file(path, lesson, known)
        if found is not None:
            first = by_label.setdefault(found.label, found)
            first.files |= found.files
    return _each_once(sorted(by_label.values(), key=lambda one: one.label))


class _Known:
    """The class list, by all that a platform calls people."""

    def __init__(self, people: dict[str, Person] | None):
        self.people = people
        self._by_user = {user.casefold(): user for user in people or {}}
        self._by_id: dict[str, list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        for user, person in (people or {}).items():
            self._by_id.setdefault(person.lms_id, []).append(user)
            for name in {_key(person.first + person.last), _key(person.last + person.first)}:
                self._by_name.setdefault(name, []).append(user)

    def user(self, name: str) -> str:
        """Return the user name that a folder's name means, with any capitals; empty where it means none."""
        if self.people is None:
            return name if is_student(name) else ""
        return self._by_user.get(name.casefold(), "")

    def user_at_the_end(self, name: str) -> str:
        """Return the user name that ends the name of a repository, ``CLASSROOM-ASSIGNMENT-USER``."""
        parts = name.split("-")
        ends = ("-".join(parts[first:]) for first in range(2, len(parts)))
        return next(filter(None, map(self.user, ends)), "") if self.people else ""

    def person(self, name: str, number: str, who: str) -> tuple[str, str]:
        """Find somebody by the platform's number, else by name: the user name, or why there is none."""
        if self.people is None:
            return "", NO_LIST.format(who=who)
        users = (number and self._by_id.get(number)) or self._by_name.get(_key(name), [])
        if len(users) == 1:
            return users[0], ""
        return "", SEVERAL.format(who=who, names=" or ".join(users)) if users else NOBODY.format(who=who)


def _key(name: str) -> str:
    """Reduce a name to its letters, as Canvas does: without accents, spaces and capitals.

    >>> _key("Núñez, José-María")
    'nunezjosemaria'
    """
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


def _plain(folder: Path) -> list[Path]:
    """List what lies in a folder, without links, hidden files and what macOS adds to archives."""
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.is_symlink() and not path.name.startswith(".") and path.name != "__MACOSX"
    ]


def _is_one(folder: Path, lesson: str, known: _Known) -> bool:
    """Tell whether a folder is one student's, not that of all."""
    name = folder.name
    named = known.people is not None and known.user(name)
    return bool(named or of_moodle(name) or _notebooks(folder, lesson, deep=False))


def _file(path: Path, lesson: str, known: _Known) -> HandedOut | None:
    """Read a file that lies beside all others: Canvas's, Moodle's, or ``NAME.ipynb``."""
    if moodle := of_moodle(path.name):
        student, says = known.person(moodle["name"], "", f"Moodle's {moodle['name']!r}")
        return HandedOut(moodle["label"], student, {moodle["file"]: path}, says=says)
    if found := CANVAS.fullmatch(path.name):
        label = f"{found['name']}_{found['user']}"
        student, says = known.person(found["name"], found["user"], f"Canvas's {found['name']!r}")
        says = says or (LATE if found["late"] else "")
        return HandedOut(label, student, {AGAIN.sub("", found["file"]): path}, says=says)
    if path.suffix != ".ipynb":
        return None  # a list or a log of the platform's own
    if path.stem == lesson:
        return HandedOut(path.name, files={path.name: path}, says=NO_NAME)
    student = known.user(path.stem)
    return HandedOut(
        path.name, student, {path.name: path}, says="" if student else _unknown(path.stem, known)
    )


def _folder(path: Path, lesson: str, known: _Known) -> HandedOut:
    files = _notebooks(path, lesson)
    record = _classroom_record(path)
    moodle = of_moodle(path.name)
    time, says = None, ""
    if record is not None:
        name, time = record
        student = known.user(name)
        says = "" if student else _unknown(name, known)
    elif (path / REPOSITORY).is_file():
        student = known.user_at_the_end(path.name)
        says = "" if student else _unknown(path.name, known)
    elif moodle:
        student, says = known.person(moodle["name"], "", f"Moodle's {moodle['name']!r}")
    else:
        student = known.user(path.name)
        says = "" if student else _unknown(path.name, known)
    if student and not files:
        student, says = "", EMPTY
    return HandedOut(path.name, student, files, time, says)


def _unknown(name: str, known: _Known) -> str:
    if known.people is None:
        return (
            f"{name!r} can't be a user name. Rename it, or make a class list first: python -m grader class."
        )
    return NOBODY.format(who=f"called {name!r}")


def _notebooks(folder: Path, lesson: str, deep: bool = True) -> dict[str, Path]:
    """Find what was handed in: all that lies beside the lesson's notebook, but no other lesson's.

    In a repository the lesson may lie deeper, among all lessons: then it is the notebook alone.
    """
    files = {path.name: path for path in _plain(folder) if path.is_file()}
    if any(name.endswith(".ipynb") for name in files):
        named = f"{lesson}.ipynb" in files
        return {
            name: path
            for name, path in files.items()
            if name != "result.json" and (not named or name == f"{lesson}.ipynb" or path.suffix != ".ipynb")
        }
    inner = [path for path in _plain(folder) if path.is_dir()] if deep else []
    for place in (folder / lesson, folder / "lessons", *inner):
        path = place / f"{lesson}.ipynb"
        if path.is_file() and not place.is_symlink() and not path.is_symlink():
            return {path.name: path}
    return {}


def _classroom_record(folder: Path) -> tuple[str, datetime | None] | None:
    """Read whose a repository is, and when it was handed in, from what Classroom 50 wrote beside it."""
    path = folder / "result.json"
    try:
        if path.is_symlink():
            return None
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["schema"] != CLASSROOM:
            return None
        time = datetime.fromisoformat(record["datetime"])
        return str(record["owner"]), time.astimezone(UTC).replace(tzinfo=None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _each_once(found: Iterable[HandedOut]) -> list[HandedOut]:
    """Leave out whoever is there twice: which of the two counts is the instructor's to say."""
    once: list[HandedOut] = []
    labels: dict[str, list[str]] = {}
    for one in found:
        if one.student:
            labels.setdefault(one.student, []).append(one.label)
    for one in found:
        if len(labels.get(one.student, [])) > 1:
            both = " and ".join(labels[one.student])
            one = HandedOut(
                one.label, "", one.files, None, f"{both} are the same student. Leave one of them there."
            )
        once.append(one)
    return once


def lay_out(one: HandedOut, target: Path) -> None:
    """Copy one person's files into a new folder."""
    target.mkdir(parents=True)
    for name, path in one.files.items():
        shutil.copyfile(path, target / PurePosixPath(name).name, follow_symlinks=False)
