"""The class list: who is in the course. It is one file, ``class.csv`` in the course folder.

The gradebook gets names and addresses from it. Where there is no such file, everybody who hands in is in
the class.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields
from pathlib import Path

from grader.course.course_folder import CourseError, open_gradebook
from grader.course.files import write_atomically
from grader.intake.inbound import is_student
from grader.intake.people_files import Person, read_people

NAME = "class.csv"


def class_list(app) -> dict[str, Person] | None:
    """Return the people of the class by user name; None where there is no list."""
    path = Path(app.coursedir.root) / NAME
    if not path.is_file():
        return None
    return {person.user: person for person in read_people(path).people.values()}


def import_class(
    app, path: str | Path, user_column: str | None = None
) -> tuple[list[str], list[str], list[str]]:
    """Make a file of the learning platform the class list.

    Returns
    -------
    tuple of three lists of user names
        Who is new, who stays, and who is no longer in the list. Nobody's work or marks are removed.

    Raises
    ------
    CourseError
        If the file can't be read, or holds a user name that can't be one. Then nothing is changed.
    """
    people = {person.user: person for person in read_people(path, user_column).people.values()}
    bad = [user for user in people if not is_student(user)]
    if bad:
        shown = ", ".join(map(repr, bad[:5]))
        raise CourseError(
            f"These can't be user names: {shown}. A user name has up to 64 letters, digits and . _ @ + -, "
            "and begins with a letter or digit. Is it the right column? Say which one: --user COLUMN."
        )
    before = class_list(app) or {}
    _save(app, people)
    new, stay = [[user for user in people if (user in before) == known] for known in (False, True)]
    return new, stay, [user for user in before if user not in people]


def add_person(app, person: Person) -> None:
    """Add one student, or change what is known about one."""
    if not is_student(person.user):
        raise CourseError(
            f"{person.user!r} can't be a user name: letters, digits and . _ @ + - only, up to 64."
        )
    _save(app, {**(class_list(app) or _from_gradebook(app)), person.user: person})


def drop_person(app, user: str) -> None:
    """Take one student from the list. Submissions and marks stay where they are.

    Raises
    ------
    CourseError
        If nobody has this name; the text lists those who are in the class.
    """
    people = class_list(app) or _from_gradebook(app)
    if user not in people:
        raise CourseError(
            f"Nobody in the class is called {user!r}. There are: {', '.join(people) or 'none'}."
        )
    _save(app, {name: person for name, person in people.items() if name != user})


def not_listed(app, students: list[str]) -> list[str]:
    """Return those of `students` who are not in the class list; nobody where there is none."""
    people = class_list(app)
    return [] if people is None else [student for student in students if student not in people]


def _from_gradebook(app) -> dict[str, Person]:
    with open_gradebook(app) as gradebook:
        return {
            student.id: Person(
                student.id,
                student.first_name or "",
                student.last_name or "",
                student.email or "",
                student.lms_user_id or "",
            )
            for student in sorted(gradebook.students, key=lambda student: student.id)
        }


def _save(app, people: dict[str, Person]) -> None:
    """Write the list, then enter everybody into the gradebook."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([item.name for item in fields(Person)])
    writer.writerows(astuple(people[user]) for user in sorted(people))
    write_atomically(Path(app.coursedir.root) / NAME, text.getvalue())
    with open_gradebook(app) as gradebook:
        for person in people.values():
            gradebook.update_or_create_student(
                person.user,
                first_name=person.first or None,
                last_name=person.last or None,
                email=person.email or None,
                lms_user_id=person.lms_id or None,
            )
