"""Lists of people as platforms write them: Canvas' gradebook, Moodle's participants, or one's own CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from grader.course.course_folder import CourseError

# What the columns are called, by what they mean; the first that a file has counts. Canvas: "SIS Login ID" is
# the login, "ID" a number of Canvas' own. Moodle: "Username" where the site shows it.
COLUMNS = {
    "user": ("user", "username", "user name", "login", "sis login id"),
    "first": ("first", "first name", "first_name", "given name"),
    "last": ("last", "last name", "last_name", "surname"),
    "name": ("student", "name", "full name"),
    "email": ("email", "email address", "e-mail"),
    "lms_id": ("lms_id", "id", "id number", "sis user id"),
}
NOBODY = {"points possible", "student, test"}  # rows of Canvas that are no student


@dataclass(frozen=True)
class Person:
    """A student: user name; first and last name, address, and id on the learning platform, where known."""

    user: str
    first: str = ""
    last: str = ""
    email: str = ""
    lms_id: str = ""


@dataclass(frozen=True)
class PeopleFile:
    """A file as it was read.

    Attributes
    ----------
    header : list of str
        Its columns, as they are written there.
    rows : list of list of str
        All its rows, also those that are no student.
    people : dict
        Row number to `Person`, for the rows that are one.
    """

    header: list[str]
    rows: list[list[str]]
    people: dict[int, Person] = field(default_factory=dict)


def read_people(path: str | Path, user_column: str | None = None) -> PeopleFile:
    """Read a list of people.

    Parameters
    ----------
    path : path
        A CSV file with a header, separated by commas, semicolons or tabs; UTF-8, UTF-16 or Latin-1.
    user_column : str, optional
        The column that holds the user names. Default: the first of those in `COLUMNS`.

    Raises
    ------
    CourseError
        If there is no such file, no column with user names, or a user name twice.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"There is no file {path}.")
    header, *rows = _table(path)
    places = _places(header, user_column, path)
    people, lines = {}, {}
    for number, row in enumerate(rows):
        person = _person([*row, *[""] * (len(header) - len(row))], places)
        if person is None:
            continue
        if person.user in lines:
            raise CourseError(
                f"{path.name}: the user name {person.user!r} stands in lines {lines[person.user]} and "
                f"{number + 2}."
            )
        people[number], lines[person.user] = person, number + 2
    if not people:
        raise CourseError(f"{path.name} has a header and nobody in it.")
    return PeopleFile(header, rows, people)


def _table(path: Path) -> list[list[str]]:
    text = _decoded(path.read_bytes())
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(map(str.strip, row))]
    if not rows:
        raise CourseError(f"{path.name} is empty.")
    return rows


def _decoded(content: bytes) -> str:
    """Read text as spreadsheets write it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _places(header: list[str], user_column: str | None, path: Path) -> dict[str, int]:
    """Say in which column each thing stands."""
    names = [name.strip().casefold() for name in header]
    wanted = dict(COLUMNS)
    if user_column is not None:
        wanted["user"] = (user_column.strip().casefold(),)
    places = {
        meaning: names.index(next(name for name in known if name in names))
        for meaning, known in wanted.items()
        if any(name in names for name in known)
    }
    if "user" not in places:
        shown = ", ".join(name.strip() for name in header[:12])
        raise CourseError(
            f"{path.name} has no column with user names. It has: {shown}. Say which one it is: "
            "--user COLUMN. It must hold the names that students type in the lessons."
        )
    return places


def _person(row: list[str], places: dict[str, int]) -> Person | None:
    """Read one row; None for a row that is no student."""
    cells = {meaning: row[place].strip() for meaning, place in places.items()}
    if not cells["user"] or cells.get("name", "").strip().casefold() in NOBODY:
        return None
    name = cells.pop("name", "")
    if name and not cells.get("last"):
        last, comma, first = name.partition(",")
        if not comma:  # "Ana Maria Alt": the last word is taken for the last name
            first, _, last = name.rpartition(" ")
        cells |= {"first": first.strip(), "last": last.strip()}
    return Person(**cells)
