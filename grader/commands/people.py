"""Who is in the course, and how much time they have."""

from __future__ import annotations

from pathlib import Path

from grader.commands.options import add, course, for_lesson
from grader.course.screen import plain


def describe(commands):
    """Describe ``due`` and the ``class`` commands."""
    due = for_lesson(
        commands,
        "due",
        _due,
        "set or show until when a lesson can be handed in",
        says="Looking up when {lesson} is due.",
    )
    due.add_argument(
        "when",
        nargs="?",
        metavar="WHEN",
        help='such as "2026-12-05 23:59", in the time of this machine; or none',
    )
    due.add_argument(
        "--student",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "LONGER"),
        help="more time for one student, such as: --student ana +48h (or +2d; +0h takes it back)",
    )
    _describe_class(commands)


def _describe_class(commands):
    """Describe ``class import``, ``class add``, ``class drop`` and ``class list``."""
    about, opens = "say who is in the course", "Opening the class list."
    parts = commands.add_parser("class", help=about, description=f"{about[0].upper()}{about[1:]}.")
    actions = parts.add_subparsers(dest="action", required=True, metavar="ACTION")
    take = add(
        actions,
        "import",
        _class_import,
        "make a list of your LMS, or your own CSV, the class list",
        says="Reading {file}.",
    )
    take.add_argument(
        "file", type=Path, metavar="CSV", help="with a header; an export of Canvas or Moodle is fine"
    )
    take.add_argument("--user", metavar="COLUMN", help="the column that holds the user names")
    join = add(actions, "add", _class_add, "add one student, or change what is known about one", says=opens)
    drop = add(actions, "drop", _class_drop, "take one student from the list; marks are kept", says=opens)
    show = add(actions, "list", _class_list, "show the class list", says=opens)
    for action in (join, drop):
        action.add_argument("student", metavar="NAME", help="the user name")
    for name in ("first", "last", "email"):
        join.add_argument(f"--{name}", default="")
    join.add_argument("--lms-id", default="", help="the student's id on the learning platform")
    for action in (take, join, drop, show):
        course(action)


def _due(options):
    from grader.course.course_folder import open_course, require_release
    from grader.grade import due_dates

    app = open_course(options.course)
    require_release(app, options.lesson)
    if options.when:
        due_dates.set_due(app, options.lesson, options.when)
    for student, longer in options.student:
        due_dates.extend(app, options.lesson, student, longer)
    due = due_dates.due_date(app, options.lesson)
    print(
        f"{options.lesson} is due on {due:%A, %Y-%m-%d %H:%M %Z}."
        if due
        else f"{options.lesson} has no due date."
    )
    for (lesson, student), more in due_dates.extensions(app).items():
        if lesson == options.lesson and due:
            print(f"For {student}: {due + more:%A, %Y-%m-%d %H:%M %Z}.")


def _class_import(options):
    from grader.course.course_folder import open_course
    from grader.intake.class_list import import_class

    new, stay, gone = import_class(open_course(options.course), options.file, options.user)
    print(
        f"{len(new) + len(stay)} students in the class list, {len(new)} of them new: "
        f"{plain(', '.join(new)) or 'none'}"
    )
    if gone:
        print(plain(f"No longer in the list (their marks are kept): {', '.join(gone)}"))


def _class_add(options):
    from grader.course.course_folder import open_course
    from grader.intake.class_list import add_person
    from grader.intake.people_files import Person

    person = Person(options.student, options.first, options.last, options.email, options.lms_id)
    add_person(open_course(options.course), person)
    print(f"{plain(options.student)} is in the class list.")


def _class_drop(options):
    from grader.course.course_folder import open_course
    from grader.intake.class_list import drop_person

    drop_person(open_course(options.course), options.student)
    print(f"{options.student} is no longer in the class list. Submissions and marks are kept.")


def _class_list(options):
    from grader.course.course_folder import open_course
    from grader.intake.class_list import class_list

    people = class_list(open_course(options.course))
    if people is None:
        print(
            "There is no class list: everybody who hands in is in the class. Make one by class import or add."
        )
        return
    for person in people.values():
        parts = [person.user, f"{person.first} {person.last}".strip(), person.email]
        print(plain("  ".join(filter(None, parts))))
    print(f"{len(people)} students.")
