"""What a person reads and marks: written answers."""

from __future__ import annotations

from pathlib import Path

from grader.commands.options import for_lesson
from grader.course.screen import plain


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
        choices=["first", "second"],
        default="",
        help="of two graders: whose points count where they differ (default: nothing is written there)",
    )
    written.add_argument("--dry-run", action="store_true", help="check and compare, and write nothing")


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
    print(f"{done.count} marks {'would be written' if options.dry_run else 'written'} into the gradebook.")
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
            f"Nothing is written for these {len(agreement.differ)}. "
            "Talk about them and change a file, or say --take first or --take second."
        )
