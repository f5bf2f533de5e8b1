"""Benchmark: how long a class takes to grade, beside stock nbgrader, on the same submissions in one run.

    python -m tests.bench.grading                   30 submissions: short notebooks, and lesson 01
    python -m tests.bench.grading --students 10     fewer
    python -m tests.bench.grading --growth          classes of 10 to 300, ours only (--only 01_pooling)
    python -m tests.bench.grading --trunks          which cells of each lesson are run once for all

A short notebook imports PyMC and answers two questions, so that almost all of its time is the grader's.
Lesson 01 draws a dozen figures, so most of its time is its own. Stock nbgrader runs the same notebooks with
its own preprocessors and kernels, one after the other, as ``nbgrader autograde`` does; it judges
nothing, because the check cells only record answers. Ours runs them in the sandbox, judges them, and
writes the same gradebook. Every run is a process of its own with a new course folder. Its processor time is
what the whole machine spends meanwhile, start and imports included: so let the machine do nothing else. What
is right for each student is computed before, as `collect` does it, and not counted.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import psutil
from nbformat.v4 import new_code_cell
from nbgrader.apps import NbGraderApp

from grader import classroom
from grader.author.build import lesson_names, write_source
from grader.course.repository import ROOT
from grader.demo.running import make_folder
from grader.demo.sample_class import SampleStudent, sample_notebook
from grader.grade import whole_class
from grader.judge import ahead
from grader.sandbox.trunk import lecture_cells

sys.path.insert(0, str(Path(__file__).parents[1] / "grader"))
import small_lesson

SHORT, LESSON = "short", "01_pooling"
STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.Execute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Execute.timeout = 120
"""
MEASURE = """
import os as _os, re as _re, time as _time
_text = open("/proc/self/smaps_rollup").read()
_kb = {name: int(size) for name, size in _re.findall(r"(\\w+): +(\\d+) kB", _text)}
print("MEASURED", _time.process_time() - _began, (_kb["Private_Clean"] + _kb["Private_Dirty"]) / 1024)
"""


def make_course(root, students, kind, *, measure=True):
    """Make a course folder with a released lesson and right submissions of it.

    With `measure` they tell what their own code took; a lesson's cells then go the long way.
    """
    lesson = lesson_of(kind)
    made = short_class(root, students) if kind == SHORT else lesson_class(root, students, lesson)
    for number, notebook in enumerate(made):
        if measure:
            notebook.cells.insert(0, new_code_cell("import time\n_began = time.process_time()"))
            notebook.cells.append(new_code_cell(MEASURE))
        place = root / "submitted" / f"student{number:03}" / lesson
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{lesson}.ipynb")


def lesson_of(kind):
    """Return the name of the lesson: "short" is the small one of the tests."""
    return small_lesson.LESSON if kind == SHORT else kind


def short_class(root, students):
    """Release a small lesson and give its submissions, which import PyMC."""
    small_lesson.make_course(root)
    config = (
        root / "nbgrader_config.py"
    )  # a test's kernels load little, the course's load all that lessons need
    lines = [line for line in config.read_text().splitlines() if "SandboxProvisioner.modules" not in line]
    config.write_text("\n".join(lines))
    classroom.release(small_lesson.LESSON, root=root)
    for _ in range(students):
        yield small_lesson.lesson(setup=f"import pymc\n{small_lesson.SETUP}")


def lesson_class(root, students, name=LESSON):
    """Release a lesson and give its submissions: the solution, each with another student's data."""
    make_folder(root)
    write_source(name, root)
    classroom.release(name, root=root)
    source, lesson = (
        nbformat.read(root / step / name / f"{name}.ipynb", 4) for step in ("source", "release")
    )
    names = [f"student{number:03}" for number in range(students)]
    if left := ahead.waiting(name, names):  # as `collect` does, which these submissions have not seen
        ahead.compute(left)
    for student in names:
        yield sample_notebook(SampleStudent(student, "right"), source, lesson)


@contextmanager
def stock(root, kind, workers):
    """Give a function that grades with nbgrader's own preprocessors, as its command does."""
    (root / "nbgrader_config.py").write_text(STOCK.format(root=str(root)))
    os.chdir(root)

    def grade(students):
        others = {path.name for path in (root / "submitted").iterdir()} - set(students)
        leave_out = f"--CourseDirectory.student_id_exclude={','.join(others)}"
        NbGraderApp.clear_instance()
        NbGraderApp.launch_instance(
            ["autograde", lesson_of(kind), "--create", "--log-level=CRITICAL", leave_out]
        )

    yield grade


@contextmanager
def ours(root, kind, workers, *, full=False):
    """Give a function that grades with this package; a small class goes the short way, too."""
    whole_class.FEW = 0

    def grade(students):
        outcomes = classroom.grade(lesson_of(kind), root=root, client=client, students=students, full=full)
        assert all(outcome.status == "done" for outcome in outcomes), outcomes

    with classroom.local_cluster(workers) as client:
        client.register_plugin(small_lesson.Bank())
        yield grade


WAYS = {"stock": stock, "ours": ours, "full": partial(ours, full=True)}


def grade_class(how, root, kind, workers):
    """Grade everybody, one of the `WAYS`."""
    with WAYS[how](root, kind, workers) as grade:
        grade(sorted(path.name for path in (root / "submitted").iterdir()))


def run(how, root, kind, workers):
    """Grade in a process of its own; return elapsed seconds and processor seconds of the machine."""
    command = [sys.executable, "-m", __spec__.name, "--run", how, str(root), kind, str(workers)]
    started, used = time.perf_counter(), busy()
    with open(root / "bench.log", "w") as log:
        status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    if status:
        raise SystemExit(f"{how} failed:\n{(root / 'bench.log').read_text()[-2000:]}")
    return time.perf_counter() - started, busy() - used


def busy():
    """Return the processor seconds that this machine has worked since it was started."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def measured(root, name):
    """Read what the notebooks say of themselves: processor seconds of their code, megabytes of their own."""
    found = []
    for path in root.glob(f"autograded/*/{name}/{name}.ipynb"):
        last = nbformat.read(path, as_version=4).cells[-1]
        found += [output.text.split()[1:] for output in last.outputs if output.get("name") == "stdout"]
    return [sorted(map(float, column))[len(column) // 2] for column in zip(*found, strict=True)]


def trunks():
    """Print how many of each lesson's own cells are run once for all, and why the others are not."""
    print("\n| lesson | own cells | run once for all | the others |")
    print("| --- | --- | --- | --- |")
    for lesson in lesson_names():
        cells = lecture_cells(nbformat.read(ROOT / "lessons" / f"{lesson}.ipynb", as_version=4))
        reasons = Counter(why.replace("\n", " ") for _, why in cells if why is not None)
        others = "; ".join(f"{count} {why}" for why, count in reasons.most_common())
        print(f"| {lesson} | {len(cells)} | {len(cells) - reasons.total()} | {others} |", flush=True)


def compare(students, kind, title):
    """Print the table for one kind of notebook."""
    print(f"\n{students} submissions of {title}:\n")
    print("| | elapsed s | per minute | processor s each | own code, s | memory each, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    baseline = None
    for name, how, workers in [
        ("stock nbgrader, one after the other", "stock", 1),
        ("this package, 1 process", "ours", 1),
        ("this package, 2 processes", "ours", 2),
    ]:
        with TemporaryDirectory(prefix="bench-") as folder:
            root = Path(folder)
            measure = kind == SHORT or how == "stock"
            make_course(root, students, kind, measure=measure)
            elapsed, processor = run(how, root, kind, workers)
            own, memory = measured(root, lesson_of(kind)) if measure else (0, 0)
        baseline = baseline or (elapsed, processor)
        rates = f"{60 * students / elapsed:.1f} ({baseline[0] / elapsed:.1f} times)"
        each = f"{processor / students:.2f} ({baseline[1] / processor:.1f} times less)"
        tells = f"{own:.2f} | {memory:.0f}" if measure else "|"
        print(f"| {name} | {elapsed:.0f} | {rates} | {each} | {tells} |", flush=True)


def growth(kind):
    """Print what a submission costs in classes of several sizes."""
    print(f"\n{kind}, 2 processes:")
    print("\n| submissions | elapsed s each | processor s each | each more, processor s |")
    print("| --- | --- | --- | --- |")
    before = None
    for students in (10, 30, 100, 300):
        with TemporaryDirectory(prefix="bench-") as folder:
            make_course(Path(folder), students, kind, measure=False)
            elapsed, processor = run("ours", Path(folder), kind, 2)
        more = f"{(processor - before[1]) / (students - before[0]):.2f}" if before else ""
        print(f"| {students} | {elapsed / students:.2f} | {processor / students:.2f} | {more} |", flush=True)
        before = students, processor


def main():
    """Run what the arguments ask for."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--students", type=int, default=30)
    options.add_argument("--only", choices=[SHORT, LESSON])
    options.add_argument("--growth", action="store_true")
    options.add_argument("--trunks", action="store_true")
    options.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.run:
        how, root, kind, workers = asked.run
        return grade_class(how, Path(root), kind, int(workers))
    if asked.trunks:
        return trunks()
    if asked.growth:
        return growth(asked.only or SHORT)
    if asked.only != LESSON:
        compare(asked.students, SHORT, "a short notebook that imports PyMC")
    if asked.only != SHORT:
        compare(asked.students, LESSON, "lesson 01")


if __name__ == "__main__":
    main()
