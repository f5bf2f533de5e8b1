"""Making lessons: build them, look at them, hand them out; and checking the bank."""

from __future__ import annotations

from pathlib import Path

from grader.commands.options import add, at_once, workers


def describe(commands):
    """Describe the commands of those who write or try lessons."""
    demo = add(
        commands,
        "demo",
        _demo,
        "grade a class of 12 sample students, from release to report",
        says="A class of 12 sample students hands in lesson 01. A dot means: still at work.",
    )
    demo.add_argument("--folder", type=Path, help="where to work (default: demo/ in the repository)")
    workers(demo)

    lab = add(
        commands,
        "lab",
        _lab,
        "open JupyterLab in your copy of the lessons: workspace/lessons/",
        says="Opening JupyterLab in your copy of the lessons.",
    )
    lab.add_argument("options", nargs="*", metavar="OPTION", help="for JupyterLab, after a --")

    lessons = add(
        commands,
        "lessons",
        _lessons,
        "make the lessons for students from solutions/, and the tables of guide and syllabus",
        says="Making the lessons from solutions/.",
    )
    lessons.add_argument("names", nargs="*", metavar="LESSON", help="such as 01_pooling (default: all)")

    handout = add(
        commands,
        "handout",
        _handout,
        "pack lessons and library for students, as one archive",
        says="Building the library and packing it with the lessons.",
    )
    handout.add_argument(
        "--folder", type=Path, help="write a folder instead, to publish as a repository of its own"
    )

    site = add(
        commands,
        "site",
        _site,
        "build the web pages: lessons with results, reference, gallery, guide",
        says="Running the lessons that have changed, drawing the plots, and writing the pages.",
    )
    site.add_argument("names", nargs="*", metavar="LESSON", help="such as 01_pooling (default: all)")
    site.add_argument("--folder", type=Path, help="where the pages go (default: dist/site/)")

    web = add(
        commands,
        "web",
        _web,
        "build the course that runs in a browser, as a folder of files",
        says="Packing Python, a notebook and the lessons for browsers. It takes one to two minutes.",
    )
    web.add_argument("--folder", type=Path, help="where the files go (default: dist/web/)")

    bank = add(
        commands,
        "check-bank",
        _check_bank,
        "check that each mistake can be told from the answer",
        says="Checking the bank with {students} students. A dot means: still at work.",
    )
    bank.add_argument("lesson", nargs="?", metavar="LESSON", help="such as 01_pooling (default: all)")
    bank.add_argument("--students", type=int, default=20, help="how many students to try (default: 20)")

    simulate = add(
        commands,
        "simulate",
        _simulate,
        "hand in what students answer, and look at the verdicts",
        says="Handing in for {students} students of {lesson}. A dot means: still at work.",
    )
    simulate.add_argument("lesson", metavar="LESSON", help="such as 01_pooling")
    simulate.add_argument("--students", type=int, default=30, help="how many students (default: 30)")
    for command in (bank, simulate):
        at_once(command)


def _demo(options):
    from grader.demo.running import run_demo

    run_demo(options.folder, workers=options.workers)


def _lab(options):
    from grader.course.lab import open_lab

    open_lab(options=options.options)


def _lessons(options):
    from grader.author.build import build_lessons
    from grader.author.course_tables import write_tables

    for path in build_lessons(options.names or None):
        print(f"wrote {path}")
    for path in write_tables():
        print(f"wrote the tables of {path}")


def _handout(options):
    from grader.author.handout import make_handout

    made = make_handout(options.folder, folder=True) if options.folder else make_handout()
    print(f"For students: {made}")


def _site(options):
    from grader.author.site.website import TARGET, make_site

    page = make_site(options.folder or TARGET, names=options.names or None)
    print(f"The site: {page}. It needs no network; publish the folder as it is.")


def _web(options):
    from grader.web.tab_folder import TARGET, make_web

    made = make_web(options.folder or TARGET)
    print(f"The course in a browser: {made.page}. Publish its folder; course/web/README.md says how.")
    print(f"{made.on_disk / 1e6:.0f} MB on disk; a student's browser loads {made.sent / 1e6:.0f} MB, once.")


def _check_bank(options):
    from grader.author import check_bank

    return check_bank.main(options.students, options.lesson, options.workers)


def _simulate(options):
    from grader.author import simulate

    return simulate.main(options.lesson, options.students, options.workers)
