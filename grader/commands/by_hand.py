"""What a person reads and marks: written answers, and requests for a second look."""

from __future__ import annotations

from pathlib import Path

from grader.commands.options import for_lesson
from grader.course.screen import plain

LINES, WIDTH = 12, 200  # of each part of a request that are shown


def describe(commands):
    """Describe the commands around marks that a person gives."""
    written = for_lesson(
        commands,
        "written",
        _written,
        "read and mark the written answers: one page for all of them",
        says="Reading the written answers of {lesson}.",
    )
    written.add_argument(
        "--marks",
        type=Path,
        action="append",
        metavar="FILE",
        help="put the marks that the page has saved into the gradebook; given twice, compare two graders",
    )
    written.add_argument(
        "--take",
        type=str.lower,
        choices=["first", "second"],
        default="",
        help="of two graders: whose points count where they differ (default: nothing is written there)",
    )
    written.add_argument("--dry-run", action="store_true", help="check and compare, and write nothing")

    requests = for_lesson(
        commands,
        "requests",
        _requests,
        "list the requests for a second look, or answer one",
        says="Looking for requests of {lesson}.",
    )
    requests.add_argument(
        "--answer",
        nargs=3,
        metavar=("STUDENT", "QUESTION", "TEXT"),
        help="what the student reads on the next feedback page",
    )
    requests.add_argument("--points", type=float, metavar="N", help="with --answer: the new mark")


def _written(options):
    from grader import classroom

    if not options.marks:
        page = classroom.written_page(options.lesson, root=options.course)
        print(f"{page.answers} written answers, {page.waiting} without a mark: {page.path}")
        print("Open it in a browser. It holds right answers: keep it to yourself.")
        return
    done = classroom.take_marks(
        options.lesson, options.marks, root=options.course, take=options.take, dry_run=options.dry_run
    )
    for says in done.refused:
        print(plain(f"not taken: {says}"))
    if done.agreement:
        _tell_agreement(done.agreement, options.take)
    for says in done.changed:
        print(plain(f"another mark than before: {says}"))
    what = "would be written" if options.dry_run else "written"
    print(f"{done.count} {'mark' if done.count == 1 else 'marks'} {what} into the gradebook.")
    for says in done.waiting:
        print(plain(f"no mark yet: {says}"))
    if done.count and not options.dry_run:
        print(f"Students see them after: python -m grader feedback {options.lesson}")


def _tell_agreement(agreement, take):
    """Print how far two graders agree, and where they do not."""
    print(f"{agreement.both} answers have marks of both graders. Cohen's kappa, quadratic weights:")
    for question, what, kappa in agreement.kappas:
        print(plain(f"  {question}, {what}: {'-' if kappa is None else f'{kappa:.2f}'}"))
    if any(kappa is None for *_, kappa in agreement.kappas):
        print("  - : both gave the same to all, so there is no kappa.")
    for says in agreement.differ:
        print(plain(f"they differ: {says}"))
    if agreement.differ and not take:
        print(
            "Where they differ, nothing is written. "
            "Talk about it and save one of the files again, or say --take first or --take second."
        )


def _requests(options):
    from grader import classroom

    if options.answer:
        student, question, text = options.answer
        classroom.answer_request(
            options.lesson, student, question, text, root=options.course, points=options.points
        )
        mark = "" if options.points is None else f" The mark is {options.points:g} now."
        print(plain(f"{student}, {question}: answered.{mark}"))
        print(f"The student sees it after: python -m grader feedback {options.lesson}")
        return
    asked = classroom.list_requests(options.lesson, root=options.course)
    for one in asked:
        _tell_request(one)
    count = sum(one.request.is_open for one in asked)
    print(f"{count} open, {len(asked) - count} answered.")


def _tell_request(asked):
    """Print a request with what one has to know to answer it."""
    request = asked.request
    mark = "no mark yet" if asked.points is None else f"{asked.points:g} of {asked.most:g} points"
    print(f"{plain(request.student)}, question {asked.number or '?'} ({plain(request.question)}), {mark}")
    came = request.came or "handed in through the exchange"
    print(f"  {'came':>8}: {plain(came)}, noticed {request.at}")
    parts = {"asks": request.why, "answer": asked.work, "verdict": asked.says, "you said": request.answer}
    for name, text in parts.items():
        lines = text.strip().split("\n") if text.strip() else []
        for place, line in enumerate(lines[:LINES]):
            print(f"  {'' if place else name:>8}: {plain(line[:WIDTH])}")
        if len(lines) > LINES:
            print(f"{'':>12}[…] {len(lines) - LINES} more lines")
    print()
