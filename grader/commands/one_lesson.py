"""One lesson and one class, from release to the marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from grader.commands.options import add, course, for_lesson, scheduler, tell, workers
from grader.course.screen import plain

MANY = 5  # faults of the bank that are printed


def describe(commands):
    """Describe the commands, in the order in which a lesson goes through them."""
    for_lesson(
        commands,
        "release",
        _release,
        "give a lesson to the class: into the exchange folder",
        says="Releasing {lesson}.",
    )
    gather = for_lesson(
        commands,
        "collect",
        _collect,
        "fetch what students handed in; newer replaces older",
        says="Collecting {lesson}.",
    )
    gather.add_argument(
        "--from",
        type=Path,
        metavar="PATH",
        dest="source",
        help="not from the exchange: the ZIP archive from Canvas or Moodle, or a folder with a folder "
        "NAME for each student",
    )
    _describe_grading(commands)
    give = for_lesson(
        commands,
        "release-feedback",
        _release_feedback,
        "let the students fetch their feedback pages",
        says="Giving the feedback pages of {lesson} to the students.",
    )
    give.add_argument(
        "--zip", action="store_true", help="one archive for your LMS instead, with a folder for each student"
    )
    for_lesson(
        commands,
        "report",
        _report,
        "write the class report of a lesson: one HTML page, and its answers as CSV and JSON",
        says="Writing the class report of {lesson}.",
    )
    book = add(
        commands,
        "gradebook",
        _gradebook,
        "write the marks over all lessons: an HTML page and a CSV file",
        says="Putting the lessons together. A dot means: still at work.",
    )
    course(book)
    _describe_export(commands)
    again = for_lesson(
        commands,
        "review",
        _review,
        "make a review up to a lesson, on fresh data, ungraded",
        says="Choosing questions of the lessons up to {lesson}.",
    )
    whose = again.add_mutually_exclusive_group()
    whose.add_argument("--student", metavar="NAME", help="for this student (default: for everybody)")
    whose.add_argument(
        "--class", action="store_true", dest="as_class", help="ask everybody what the class got wrong"
    )


def _describe_grading(commands):
    grade = for_lesson(
        commands,
        "grade",
        _grade,
        "run and judge the submissions of a lesson",
        says="Grading {lesson} with {crew}. A dot means: still at work.",
    )
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
    feedback = for_lesson(
        commands,
        "feedback",
        _feedback,
        "write a feedback page for each graded student",
        says="Writing the feedback pages of {lesson} with {crew}. A dot means: still at work.",
    )
    for command in (grade, feedback):
        workers(command)
        scheduler(command)


def _describe_export(commands):
    export = for_lesson(
        commands,
        "export",
        _export,
        "write the marks of a lesson as CSV for your LMS",
        says="Reading the marks of {lesson} for {to}.",
    )
    export.add_argument(
        "--to", choices=["canvas", "moodle"], required=True, help="the LMS that reads the file"
    )
    export.add_argument(
        "--into", type=Path, metavar="CSV", help="the gradebook that your LMS exports: its columns come back"
    )
    export.add_argument("--user", metavar="COLUMN", help="the column of it that holds the user names")
    export.add_argument("--absent", type=float, metavar="POINTS", help="mark of those who handed in nothing")
    export.add_argument("--dry-run", action="store_true", help="say who would be left out, and write nothing")


def _release(options):
    from grader import classroom
    from grader.author import build
    from grader.course.course_folder import open_course, open_gradebook

    if options.lesson in build.lesson_names():
        build.write_source(options.lesson, options.course)
    classroom.release(options.lesson, root=options.course)
    print(f"{options.lesson} is released. Students fetch it in JupyterLab: Nbgrader, Assignment List.")
    with open_gradebook(open_course(options.course)) as gradebook:
        students = [student.id for student in gradebook.students]
    _compute_ahead(options.lesson, students)


def _collect(options):
    from grader import classroom
    from grader.course.course_folder import open_course, students_with

    if options.source is None:
        arrivals, notes = classroom.collect(options.lesson, root=options.course)
    else:
        arrivals, notes = classroom.collect_files(options.lesson, options.source, root=options.course)
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
    _tell_requests(options)
    _compute_ahead(options.lesson, students)


def _compute_ahead(lesson, students):
    """Compute what is right for these students, so that grading need not; a fault there ends no command."""
    from grader.judge import ahead

    if not students or not ahead.is_possible(lesson):
        return
    print(
        f"Computing what is right for {len(students)} students, so that grading need not. "
        "Ctrl-C is safe here: grading computes what is missing."
    )
    left = ahead.waiting(lesson, students)
    failures = ahead.compute(left) if left else []
    for failure in failures[:MANY]:
        print(plain(failure))
    if len(failures) > MANY:
        print(f"{len(failures) - MANY} more could not be computed.")
    print(f"Computed for {len(left)}, there already for {len(students) - len(left)}.")


def _tell_requests(options):
    from grader.intake.request_log import requests_of

    if asked := sum(request.is_open for request in requests_of(options.course, options.lesson)):
        print(f"Open requests for another look: {asked}. See: python -m grader requests {options.lesson}")


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
    tell(outcomes, "graded")
    print(_told_apart(outcomes))
    if late := str(classroom.lateness(open_course(options.course), options.lesson)):
        print(plain(late))
    _tell_requests(options)


def _feedback(options):
    from grader import classroom

    outcomes = classroom.feedback(
        options.lesson, root=options.course, workers=options.workers, scheduler=options.scheduler
    )
    tell(outcomes, "feedback pages written")


def _release_feedback(options):
    from grader import classroom

    if options.zip:
        print(f"Feedback pages: {classroom.feedback_archive(options.lesson, root=options.course)}")
        return
    outcomes = classroom.release_feedback(options.lesson, root=options.course)
    tell(outcomes, "feedback pages released")
    print(
        'Students see them in JupyterLab: Nbgrader, Assignment List, "Fetch Feedback", then "view feedback".'
    )


def _report(options):
    from grader.pages.report import write_report

    print(f"Class report: {write_report(options.lesson, root=options.course)}")


def _gradebook(options):
    from grader.pages.course_gradebook import write_gradebook

    print(f"Course gradebook: {write_gradebook(root=options.course)}")


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
    marks = f"{done.count} {'mark' if done.count == 1 else 'marks'}"
    if options.dry_run:
        print(f"{marks} for {options.to} would be written to {done.path}")
    else:
        print(f"{marks} for {options.to}: {done.path}")


def _review(options):
    from grader import classroom

    written = classroom.review(
        options.lesson, root=options.course, student=options.student, as_class=options.as_class
    )
    for path in written:
        print(f"wrote {plain(str(path))}")
    print("Give each student the folder: the notebook, and the key beside it.")


def _told_apart(outcomes):
    """Say how many had been graded before, and why the others were graded now."""
    counts = Counter("unchanged since they were graded" if item.kept else item.why for item in outcomes)
    counts.pop("", None)
    return "; ".join(f"{count} {why}" for why, count in counts.most_common()) + "."
