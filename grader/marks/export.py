"""The marks of a lesson as a CSV file that Canvas or Moodle reads."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from grader.course.course_folder import open_course, require_release
from grader.course.files import write_atomically
from grader.grade.late import renew_penalties
from grader.marks.gradebook import Class, Submission, read_class


def write_marks(lesson: str, to: str, *, root: str | Path = ".") -> tuple[Path, list[Submission]]:
    """Write the marks of everybody whose submission is fully graded.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    to : {"canvas", "moodle"}
        The learning management system (LMS) that reads the file.
    root : path
        The course folder.

    Returns
    -------
    Path
        The file, ``exports/LESSON-canvas.csv`` in the course folder.
    list of Submission
        Who is not in it: nothing handed in, not graded yet, or answers that wait for a person. A
        submission that can't be read is in it, with zero points or what a person gave.

    Raises
    ------
    ValueError
        If `to` is not one of the two.
    """
    if to not in WRITERS:
        raise ValueError(f"Marks can be written for {' or '.join(WRITERS)}, not for {to!r}.")
    app = open_course(root)
    require_release(app, lesson)
    renew_penalties(app, lesson)
    group = read_class(app, lesson)
    path = Path(app.coursedir.root) / "exports" / f"{lesson}-{to}.csv"
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(WRITERS[to](group))
    write_atomically(path, text.getvalue())
    return path, [item for item in group.submissions if not is_complete(item)]


def is_complete(item: Submission) -> bool:
    """Tell whether a submission has all its marks: a mark that still grows is not for the LMS."""
    return item.status in ("graded", "unreadable") and not item.waiting


def canvas_rows(group: Class) -> list[list[str]]:
    """Rows for Canvas: it finds students by the login, and makes an assignment from the last column."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", _text(group.title)]
    possible = ["Points Possible", "", "", "", "", _number(group.max_score)]
    return [header, possible] + [
        [
            _text(item.name or item.student),
            "",
            "",
            _text(item.lms_id or item.student),
            "",
            _number(item.score),
        ]
        for item in group.submissions
        if is_complete(item)
    ]


def moodle_rows(group: Class) -> list[list[str]]:
    """Rows for Moodle's grade import, in which the instructor says what each column is."""
    header = ["Username", "Email address", f"{group.title} (of {_number(group.max_score)} points)"]
    return [header] + [
        [_text(item.lms_id or item.student), _text(item.email), _number(item.score)]
        for item in group.submissions
        if is_complete(item)
    ]


def _text(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula, which it would compute when the file is opened."""
    formula = cell.lstrip().startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r"))
    return f"'{cell}" if formula else cell


def _number(points: float) -> str:
    return f"{points:.4f}".rstrip("0").rstrip(".")


WRITERS = {"canvas": canvas_rows, "moodle": moodle_rows}
