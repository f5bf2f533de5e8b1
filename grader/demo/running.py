"""The demo: a sample class, from the release of a lesson to the class report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import nbformat
from tqdm import tqdm

from grader import classroom
from grader.author.build import write_source
from grader.course.course_folder import folder, open_course
from grader.course.files import write_atomically
from grader.course.repository import ROOT
from grader.course.screen import plain
from grader.demo.sample_class import LESSON, SAMPLE_CLASS, SampleStudent, sample_notebook
from grader.marks.gradebook import read_class
from grader.pages.report import write_report
from grader.sandbox.rungs import NONE

CONFIG = '''"""The demo's course folder: the course's own settings, in another place."""

from pathlib import Path

c = get_config()  # noqa: F821
load_subconfig("nbgrader_config.py", path={course!r})  # noqa: F821
here = Path(__file__).parent
c.CourseDirectory.root = str(here)
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "cache")
# One person hands in for the whole class here, so owner and student are not the same.
c.ExchangeCollect.check_owner = False
'''
OURS = (
    "Nothing on this machine keeps the code of a submission apart. The demo's submissions are our own. "
    "To grade those of students, install bubblewrap, or use a Linux machine or a Linux container."
)
STEPS = ("source", "release", "exchange", "submitted", "autograded", "feedback", "reports")
MADE_HERE = (*STEPS, "exports", "cache", ".cache")


def run_demo(
    root: Path | None = None,
    *,
    workers: int = 2,
    students: list[SampleStudent] = SAMPLE_CLASS,
    say: Callable[[str], None] = print,
) -> Path:
    """Take the sample class through release, submission, grading, feedback and report.

    Parameters
    ----------
    root : Path, optional
        Where the demo's course folder is made; what an earlier demo left there is replaced.
        Default: ``demo/`` in the repository.
    workers : int
        Processes that grade at the same time.
    students : list of SampleStudent
        The class.
    say : callable
        Takes the lines that tell what is going on.

    Returns
    -------
    Path
        The class report.
    """
    root = Path(root or ROOT / "demo").resolve()
    started = monotonic()
    say(f"Releasing {LESSON} in {root}, and starting {workers} grading processes ...")
    with classroom.local_cluster(workers) as client:
        warm = [
            client.submit(classroom.warm_up, workers=[address], pure=False) for address in _processes(client)
        ]
        make_folder(root)
        write_source(LESSON, root)
        classroom.release(LESSON, root=root)
        say(f"  done in {monotonic() - started:.0f} s")
        hand_in(root, students)
        classroom.collect(LESSON, root=root)
        client.gather(warm)
        outcomes = classroom.grade(LESSON, root=root, client=client, without_sandbox=True)
        classroom.feedback(LESSON, root=root, client=client)
    report = write_report(LESSON, root=root)
    for outcome in outcomes:
        if outcome.status != "done":
            say(plain(f"{outcome.student}: {outcome.message}"))
    if any(item.isolation[0] == NONE for item in read_class(open_course(root), LESSON).graded):
        say(OURS)
    say(summary(root, report))
    return report


def make_folder(root: Path) -> None:
    """Make the demo's course folder, without what an earlier demo left in it."""
    root.mkdir(parents=True, exist_ok=True)
    for name in MADE_HERE:
        shutil.rmtree(root / name, ignore_errors=True)
    for database in root.glob("gradebook.db*"):
        database.unlink()
    write_atomically(root / "nbgrader_config.py", CONFIG.format(course=str(ROOT / "course")))


def hand_in(root: Path, students: list[SampleStudent]) -> None:
    """Let every sample student hand in through nbgrader's exchange."""
    app = open_course(root)
    source = nbformat.read(folder(app, "source", ".", LESSON) / f"{LESSON}.ipynb", as_version=4)
    released = folder(app, "release", ".", LESSON)
    lesson = nbformat.read(released / f"{LESSON}.ipynb", as_version=4)
    for student in tqdm(students, desc="Handing in", unit="student"):
        with TemporaryDirectory() as home:
            shutil.copytree(released, Path(home) / LESSON)
            nbformat.write(sample_notebook(student, source, lesson), Path(home) / LESSON / f"{LESSON}.ipynb")
            classroom.submit(LESSON, student.id, home, root=root)


def summary(root: Path, report: Path) -> str:
    """Say in one line what the demo did."""
    group = read_class(open_course(root), LESSON)
    judged = sum(len(item.verdicts) for item in group.graded)
    return (
        f"demo: {len(group.graded)} of {len(group.submissions)} students graded, "
        f"{judged} answers to {len(group.questions)} questions judged; class report: {report}"
    )


def _processes(client) -> list[str]:
    return list(client.scheduler_info()["workers"])
