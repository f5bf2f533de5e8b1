"""When a lesson is due, for the class and for single students.

The class's date is nbgrader's own, in the gradebook. nbgrader keeps a student's extension with the
submission, so there is none before somebody has handed in; here they are one file, ``extensions.csv`` in
the course folder.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.api import MissingEntry

from grader.course.course_folder import CourseError, open_gradebook, require_release
from grader.course.files import write_atomically

EXTENSIONS = "extensions.csv"
HEADER = ["lesson", "student", "hours"]
LONGER = re.compile(r"\+\s*(\d+(?:\.\d+)?)\s*(h|hours?|d|days?)", re.IGNORECASE)


def set_due(app, lesson: str, when: str) -> datetime | None:
    """Set the due date of a lesson for the class.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
    lesson : str
    when : str
        As in ``2026-12-05 23:59``, in this machine's time zone; ``2026-12-05 23:59+01:00`` says another one.
        ``none`` takes the date away.

    Returns
    -------
    datetime or None
        With its time zone.

    Raises
    ------
    CourseError
        If it is no date, or the lesson was not released.
    """
    require_release(app, lesson)
    due = None if when.strip().casefold() == "none" else _read_time(when)
    with open_gradebook(app) as gradebook:
        utc = None if due is None else due.astimezone(UTC).replace(tzinfo=None)
        gradebook.find_assignment(lesson).duedate = utc
        gradebook.db.commit()
    return due


def due_date(app, lesson: str) -> datetime | None:
    """Return when a lesson is due for the class, in this machine's time zone."""
    with open_gradebook(app) as gradebook:
        due = gradebook.find_assignment(lesson).duedate
    return None if due is None else due.replace(tzinfo=UTC).astimezone()


def extend(app, lesson: str, student: str, longer: str) -> timedelta:
    """Give one student more time, counted from the class's due date; it replaces what was given before.

    Parameters
    ----------
    longer : str
        Such as ``+48h`` or ``+2d``; ``+0h`` takes it back.

    Raises
    ------
    CourseError
        If it is no such time, the lesson has no due date, or the gradebook does not know the student.
    """
    found = LONGER.fullmatch(longer.strip())
    if not found:
        raise CourseError(f"{longer!r} is no extension. Write it as +48h or +2d.")
    hours = float(found[1]) * (24 if found[2].lower().startswith("d") else 1)
    require_release(app, lesson)
    if due_date(app, lesson) is None:
        raise CourseError(
            f"{lesson} has no due date yet, so nobody can be late. First: python -m grader due {lesson} WHEN"
        )
    _require_student(app, student)
    given = {**extensions(app), (lesson, student): timedelta(hours=hours)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for (one, who), more in sorted(given.items()):
        if more:
            writer.writerow([one, who, f"{more / timedelta(hours=1):g}"])
    write_atomically(Path(app.coursedir.root) / EXTENSIONS, text.getvalue())
    return given[lesson, student]


def extensions(app) -> dict[tuple[str, str], timedelta]:
    """Return all extensions by lesson and student."""
    path = Path(app.coursedir.root) / EXTENSIONS
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if any(row)][1:]
    try:
        return {(lesson, student): timedelta(hours=float(hours)) for lesson, student, hours in rows}
    except ValueError:
        raise CourseError(f"{path} can't be read: each line is LESSON,STUDENT,HOURS.") from None


def _require_student(app, student: str) -> None:
    with open_gradebook(app) as gradebook:
        try:
            gradebook.find_student(student)
        except MissingEntry:
            known = ", ".join(sorted(one.id for one in gradebook.students)) or "nobody yet"
            raise CourseError(f"The gradebook knows no student {student!r}. It knows: {known}.") from None


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).astimezone()  # without a zone: this machine's
    except ValueError:
        raise CourseError(
            f"{text!r} is no date. Write it as 2026-12-05 23:59, or none for no date."
        ) from None
