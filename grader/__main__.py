"""The instructor's command line: ``python -m grader COMMAND``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from grader.course.repository import ROOT
from grader.course.screen import plain, plain_lines, signs_of_life

DESCRIPTION = """Release lessons, collect and grade what students hand in, and report on the class.

A lesson goes through these commands, in this order:
  lessons       make the lessons from solutions/
  handout       pack the lessons with the library, for students without an exchange folder
  release       give a lesson to the class
  collect       fetch what the students handed in
  grade         run and judge the submissions
  feedback      write a page for each student
  release-feedback  let the students fetch their pages
  report        write a page about the class
  export        write the marks for Canvas or Moodle
  review        after some lessons: again what was got wrong, on fresh data

Around it: class (who is in the course), due (until when a lesson can be handed in).
"""

# What each command says at once, before the imports, which take seconds. A dot later on means: still at work.
FIRST_WORDS = {
    "demo": "A class of 12 sample students hands in lesson 01. A dot means: still at work.",
    "lab": "Opening JupyterLab in your copy of the lessons.",
    "lessons": "Making the lessons from solutions/.",
    "handout": "Building the library and packing it with the lessons.",
    "release": "Releasing {lesson}.",
    "collect": "Collecting {lesson} from the exchange.",
    "grade": "Grading {lesson} with {workers} processes. A dot means: still at work.",
    "feedback": (
        "Writing the feedback pages of {lesson} with {workers} processes. A dot means: still at work."
    ),
    "release-feedback": "Giving the feedback pages of {lesson} to the students.",
    "report": "Writing the class report of {lesson}.",
    "export": "Reading the marks of {lesson} for {to}.",
    "review": "Choosing questions of the lessons up to {lesson}.",
    "due": "Looking up when {lesson} is due.",
    "import": "Reading {file}.",
    "add": "Opening the class list.",
    "drop": "Opening the class list.",
    "list": "Opening the class list.",
    "check-bank": "Checking the bank with {students} students. A dot means: still at work.",
    "simulate": "Handing in for {students} students of {lesson}. A dot means: still at work.",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0, or 1 after a sentence about what went wrong."""
    options = parser().parse_args(arguments)
    name = options.action if options.command == "class" else options.command
    print(FIRST_WORDS[name].format(**vars(options)), flush=True)
    from grader.author.tagged_lesson import LessonError
    from grader.bank import BankError
    from grader.course.course_folder import CourseError
    from grader.grade.outages import explained

    try:
        with explained():
            return options.run(options) or 0
    except (CourseError, LessonError, BankError) as error:
        print(f"{options.command}: {plain_lines(str(error))}", file=sys.stderr)
    except KeyboardInterrupt as stopped:
        print(f"\n{options.command}: stopped. {stopped or 'What was finished is kept.'}", file=sys.stderr)
        return 130  # what a shell gives a command that Ctrl-C has ended
    return 1


def parser() -> argparse.ArgumentParser:
    """Describe all commands."""
    top = argparse.ArgumentParser(
        "python -m grader", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = _add(commands, "demo", _demo, "grade a class of 12 sample students, from release to report")
    demo.add_argument("--folder", type=Path, help="where to work (default: demo/ in the repository)")
    _workers(demo)

    lab = _add(commands, "lab", _lab, "open JupyterLab in your copy of the lessons: workspace/lessons/")
    lab.add_argument("options", nargs="*", metavar="OPTION", help="for JupyterLab, after a --")

    lessons = _add(commands, "lessons", _lessons, "make the lessons for students from solutions/")
    lessons.add_argument("names", nargs="*", metavar="LESSON", help="such as 01_pooling (default: all)")

    handout = _add(commands, "handout", _handout, "pack lessons and library for students, as one archive")
    handout.add_argument(
        "--folder", type=Path, help="write a folder instead, to publish as a repository of its own"
    )

    _for_lesson(commands, "release", _release, "give a lesson to the class: into the exchange folder")
    _for_lesson(commands, "collect", _collect, "fetch what students handed in; newer replaces older")
    grade = _for_lesson(commands, "grade", _grade, "run and judge the submissions of a lesson")
    grade.add_argument(
        "--student", action="append", help="this student, again and only (may be given several times)"
    )
    grade.add_argument("--force", action="store_true", help="also what is graded and has not changed")
    grade.add_argument(
        "--without-sandbox",
        action="store_true",
        help="grade also where nothing can keep the students' code from your files",
    )
    grade.add_argument(
        "--full", action="store_true", help="run the lecture's own cells again for each student, to compare"
    )
    feedback = _for_lesson(commands, "feedback", _feedback, "write a feedback page for each graded student")
    for command in (grade, feedback):
        _workers(command)
        _scheduler(command)
    give = _for_lesson(
        commands, "release-feedback", _release_feedback, "let the students fetch their feedback pages"
    )
    give.add_argument(
        "--zip", action="store_true", help="one archive for your LMS instead, with a folder for each student"
    )
    _for_lesson(commands, "report", _report, "write the class report of a lesson: one HTML page")

    export = _for_lesson(commands, "export", _export, "write the marks of a lesson as CSV for your LMS")
    export.add_argument(
        "--to", choices=["canvas", "moodle"], required=True, help="the LMS that reads the file"
    )
    export.add_argument(
        "--into", type=Path, metavar="CSV", help="the gradebook that your LMS exports: its columns come back"
    )
    export.add_argument("--user", metavar="COLUMN", help="the column of it that holds the user names")
    export.add_argument("--absent", type=float, metavar="POINTS", help="mark of those who handed in nothing")
    export.add_argument("--dry-run", action="store_true", help="say who would be left out, and write nothing")

    again = _for_lesson(commands, "review", _review, "make a review up to a lesson, on fresh data, ungraded")
    whose = again.add_mutually_exclusive_group()
    whose.add_argument("--student", metavar="NAME", help="for this student (default: for everybody)")
    whose.add_argument(
        "--class", action="store_true", dest="as_class", help="ask everybody what the class got wrong"
    )

    due = _for_lesson(commands, "due", _due, "set or show until when a lesson can be handed in")
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
    _class_commands(commands)

    bank = _add(commands, "check-bank", _check_bank, "check that each mistake can be told from the answer")
    bank.add_argument("lesson", nargs="?", metavar="LESSON", help="such as 01_pooling (default: all)")
    bank.add_argument("--students", type=int, default=20, help="how many students to try (default: 20)")
    bank.add_argument(
        "--workers", type=int, help="processes that work at the same time (default: one per core)"
    )

    simulate = _add(commands, "simulate", _simulate, "hand in what students answer, and look at the verdicts")
    simulate.add_argument("lesson", metavar="LESSON", help="such as 01_pooling")
    simulate.add_argument("--students", type=int, default=30, help="how many students (default: 30)")
    simulate.add_argument(
        "--workers", type=int, help="processes that work at the same time (default: one per core)"
    )
    return top


def _class_commands(commands):
    """Describe ``class import``, ``class add``, ``class drop`` and ``class list``."""
    about = "say who is in the course"
    parts = commands.add_parser("class", help=about, description=f"{about[0].upper()}{about[1:]}.")
    actions = parts.add_subparsers(dest="action", required=True, metavar="ACTION")
    take = _add(actions, "import", _class_import, "make a list of your LMS, or your own CSV, the class list")
    take.add_argument(
        "file", type=Path, metavar="CSV", help="with a header; an export of Canvas or Moodle is fine"
    )
    take.add_argument("--user", metavar="COLUMN", help="the column that holds the user names")
    add = _add(actions, "add", _class_add, "add one student, or change what is known about one")
    drop = _add(actions, "drop", _class_drop, "take one student from the list; marks are kept")
    show = _add(actions, "list", _class_list, "show the class list")
    for action in (add, drop):
        action.add_argument("student", metavar="NAME", help="the user name")
    for name in ("first", "last", "email"):
        add.add_argument(f"--{name}", default="")
    add.add_argument("--lms-id", default="", help="the student's id on the learning platform")
    for action in (take, add, drop, show):
        _course(action)


def _course(command):
    command.add_argument(
        "--course",
        type=Path,
        default=ROOT / "course",
        help="the folder with nbgrader_config.py (default: course/ in the repository)",
    )


def _add(commands, name, run, about):
    """Add a command."""
    command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.set_defaults(run=run)
    return command


def _for_lesson(commands, name, run, about):
    command = _add(commands, name, run, about)
    command.add_argument("lesson", metavar="LESSON", help="such as 01_pooling")
    _course(command)
    return command


def _workers(command):
    command.add_argument(
        "--workers", type=int, default=2, metavar="N", help="processes at the same time (default: 2)"
    )


def _scheduler(command):
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="use the workers of this dask scheduler, such as tls://host:8786, instead of processes here",
    )


def _demo(options):
    from grader.demo.running import run_demo

    run_demo(options.folder, workers=options.workers)


def _lab(options):
    from grader.course.lab import open_lab

    open_lab(options=options.options)


def _lessons(options):
    from grader.author.build import build_lessons

    for path in build_lessons(options.names or None):
        print(f"wrote {path}")


def _handout(options):
    from grader.author.handout import make_handout

    made = make_handout(options.folder, folder=True) if options.folder else make_handout()
    print(f"For students: {made}")


def _release(options):
    from grader import classroom
    from grader.author import build

    if options.lesson in build.lesson_names():
        build.write_source(options.lesson, options.course)
    classroom.release(options.lesson, root=options.course)
    print(f"{options.lesson} is released. Students fetch it in JupyterLab: Nbgrader, Assignment List.")


def _collect(options):
    from grader import classroom
    from grader.course.course_folder import open_course, students_with

    arrivals, notes = classroom.collect(options.lesson, root=options.course)
    for arrival in arrivals:
        if arrival.message:
            print(f"{classroom.shown(arrival.student)}: {plain(arrival.message)}")
    for note in notes:
        print(note)
    counts = Counter(arrival.status for arrival in arrivals)
    if counts:
        print(
            "; ".join(f"{counts[status]} {status}" for status in classroom.STATUSES if counts[status]) + "."
        )
    students = students_with(open_course(options.course), "submitted", options.lesson)
    print(f"{len(students)} submissions of {options.lesson}: {plain(', '.join(students)) or 'none'}")


def _grade(options):
    from grader import classroom
    from grader.course.course_folder import open_course

    outcomes = classroom.grade(
        options.lesson,
        root=options.course,
        workers=options.workers,
        scheduler=options.scheduler,
        students=options.student,
        force=options.force or bool(options.student),
        without_sandbox=options.without_sandbox,
        full=options.full,
    )
    _tell(outcomes, "graded")
    print(_told_apart(outcomes))
    if late := str(classroom.lateness(open_course(options.course), options.lesson)):
        print(plain(late))


def _feedback(options):
    from grader import classroom

    outcomes = classroom.feedback(
        options.lesson, root=options.course, workers=options.workers, scheduler=options.scheduler
    )
    _tell(outcomes, "feedback pages written")


def _release_feedback(options):
    from grader import classroom

    if options.zip:
        print(f"Feedback pages: {classroom.feedback_archive(options.lesson, root=options.course)}")
        return
    outcomes = classroom.release_feedback(options.lesson, root=options.course)
    _tell(outcomes, "feedback pages released")
    print(
        'Students see them in JupyterLab: Nbgrader, Assignment List, "Fetch Feedback", then "view feedback".'
    )


def _report(options):
    from grader.pages.report import write_report

    print(f"Class report: {write_report(options.lesson, root=options.course)}")


def _export(options):
    from grader.marks.export import write_marks

    done = write_marks(
        options.lesson,
        options.to,
        root=options.course,
        platform_file=options.into,
        user_column=options.user,
        absent=options.absent,
        dry_run=options.dry_run,
    )
    for who in done.left_out:
        print(plain(f"not in the file: {who}"))
    if options.dry_run:
        print(f"{done.count} marks for {options.to} would be written to {done.path}")
    else:
        print(f"{done.count} marks for {options.to}: {done.path}")


def _review(options):
    from grader import classroom

    written = classroom.review(
        options.lesson, root=options.course, student=options.student, as_class=options.as_class
    )
    for path in written:
        print(f"wrote {plain(str(path))}")
    print("Give each student the folder: the notebook, and the key beside it.")


def _due(options):
    from grader.course.course_folder import open_course
    from grader.grade import due_dates

    app = open_course(options.course)
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


def _check_bank(options):
    from grader.author import check_bank

    return check_bank.main(options.students, options.lesson, options.workers)


def _simulate(options):
    from grader.author import simulate

    return simulate.main(options.lesson, options.students, options.workers)


def _tell(outcomes, what):
    """Print what did not work, then how much did."""
    from grader.classroom import shown

    for outcome in outcomes:
        if outcome.status != "done":
            print(f"{shown(outcome.student)}: {plain(outcome.message)}")
    print(f"{sum(outcome.status == 'done' for outcome in outcomes)} of {len(outcomes)} {what}.")


def _told_apart(outcomes):
    """Say how many had been graded before, and why the others were graded now."""
    counts = Counter("unchanged since they were graded" if item.kept else item.why for item in outcomes)
    counts.pop("", None)
    return "; ".join(f"{count} {why}" for why, count in counts.most_common()) + "."


if __name__ == "__main__":
    with signs_of_life():
        code = main()
    sys.exit(code)
