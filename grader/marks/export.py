"""The marks of a lesson as a CSV file that Canvas or Moodle reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.course.course_folder import open_course, require_release
from grader.course.files import write_atomically
from grader.grade.late import renew_penalties
from grader.intake.people_files import PeopleFile, read_people
from grader.marks.gradebook import Class, Submission, enrolled, read_class
from grader.marks.spreadsheets import csv_text, number_cell, text_cell


@dataclass(frozen=True)
class Exported:
    """What was written, and who is missing on either side.

    Attributes
    ----------
    path : Path
        The file.
    count : int
        How many students have a mark in it.
    left_out : list of str
        A sentence for each student who is not in it.
    """

    path: Path
    count: int
    left_out: list[str]


def write_marks(
    lesson: str,
    to: str,
    *,
    root: str | Path = ".",
    platform_file: str | Path | None = None,
    user_column: str | None = None,
    absent: float | None = None,
    dry_run: bool = False,
) -> Exported:
    """Write the marks of everybody whose submission is fully graded.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    to : {"canvas", "moodle"}
        The learning management system (LMS) that reads the file.
    root : path
        The course folder.
    platform_file : path, optional
        The gradebook that the LMS exports. Its columns and rows come back, with one more column.
    user_column : str, optional
        The column of it that holds the user names.
    absent : float, optional
        The mark of those who handed in nothing. Default: they are left out.
    dry_run : bool
        Write nothing.

    Returns
    -------
    Exported
        Left out are those who handed in nothing, are not graded yet, have handed in again since, or have
        answers that wait for a person. A submission that can't be read is in it, with zero points or
        what a person gave.

    Raises
    ------
    ValueError
        If `to` is not one of the two.
    CourseError
        If `platform_file` can't be read.
    """
    if to not in WRITERS:
        raise ValueError(f"Marks can be written for {' or '.join(WRITERS)}, not for {to!r}.")
    app = open_course(root)
    theirs = None if platform_file is None else read_people(platform_file, user_column)
    require_release(app, lesson)
    renew_penalties(app, lesson)
    group = enrolled(app, read_class(app, lesson))
    marks = {item.student: mark for item in group.submissions if (mark := mark_of(item, absent)) is not None}
    rows = WRITERS[to](group, marks) if theirs is None else platform_rows(group, marks, theirs)
    left_out = [f"{item.student}. {item.note}" for item in group.submissions if item.student not in marks]
    if theirs is not None:
        there, known = (
            {person.user for person in theirs.people.values()},
            {one.student for one in group.submissions},
        )
        left_out += [
            f"{user}. In the class, but not in {Path(platform_file).name}."
            for user in marks
            if user not in there
        ]
        left_out += [
            f"{user}. In {Path(platform_file).name}, but the gradebook does not know this name."
            for user in sorted(there - known)
        ]
        marks = {user: mark for user, mark in marks.items() if user in there}
    path = Path(app.coursedir.root) / "exports" / f"{lesson}-{to}.csv"
    if not dry_run:
        write_atomically(path, csv_text(rows))
    return Exported(path, len(marks), left_out)


def mark_of(item: Submission, absent: float | None = None) -> float | None:
    """Return the mark for the LMS; None where there is none, or it is not final."""
    if item.status == "absent":
        return absent
    final = item.status in ("graded", "unreadable") and not item.waiting and not item.stale
    return item.score if final else None


def canvas_rows(group: Class, marks: dict[str, float]) -> list[list[str]]:
    """Rows for Canvas: it finds students by the login, and makes an assignment from the last column."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", text_cell(group.title)]
    possible = ["Points Possible", "", "", "", "", number_cell(group.max_score)]
    return [header, possible] + [
        [
            text_cell(item.name or item.student),
            text_cell(item.lms_id),
            "",
            text_cell(item.student),
            "",
            number_cell(marks[item.student]),
        ]
        for item in group.submissions
        if item.student in marks
    ]


def moodle_rows(group: Class, marks: dict[str, float]) -> list[list[str]]:
    """Rows for Moodle's grade import, in which the instructor says what each column is."""
    header = [
        "Username",
        "ID number",
        "Email address",
        f"{group.title} (of {number_cell(group.max_score)} points)",
    ]
    return [header] + [
        [
            text_cell(item.student),
            text_cell(item.lms_id),
            text_cell(item.email),
            number_cell(marks[item.student]),
        ]
        for item in group.submissions
        if item.student in marks
    ]


def platform_rows(group: Class, marks: dict[str, float], theirs: PeopleFile) -> list[list[str]]:
    """Rows of the LMS' own export with one more column; only its first columns, which say who it is."""
    width = next(
        (place for place, name in enumerate(theirs.header) if name.strip().casefold() == "section"), None
    )
    width = len(theirs.header) if width is None else width + 1  # behind it Canvas has the other assignments
    rows = [[*map(text_cell, theirs.header[:width]), text_cell(group.title)]]
    for number, row in enumerate(theirs.rows):
        cells = [*row, *[""] * width][:width]
        if number in theirs.people:
            user = theirs.people[number].user
            if user in marks:
                rows.append([*map(text_cell, cells), number_cell(marks[user])])
        elif cells[0].strip().casefold() == "points possible":
            rows.append([*cells, number_cell(group.max_score)])
    return rows


WRITERS = {"canvas": canvas_rows, "moodle": moodle_rows}
