"""A busy machine costs nobody a point: a class gets the same marks while others take all processors."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import nbformat
import psutil
import pytest
import small_lesson
from nbformat.v4 import new_code_cell

from grader import classroom
from grader.author.build import write_source
from grader.course.course_folder import open_course
from grader.demo.running import make_folder
from grader.demo.sample_class import LESSON, SAMPLE_CLASS, sample_notebook
from grader.grade.saved_marks import auto_marks

pytestmark = [
    pytest.mark.long(60),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
HOG = [sys.executable, "-S", "-c", "while True: pass"]
WORKS_TWO_SECONDS = "import time\nwhile time.process_time() < 2: pass\n"  # of three that the course allows
FLOODS = "while True: print('x' * 1000)"
HOSTILE = {
    "loops": "while True: pass",
    "floods": FLOODS,
    "dies": "import os; os.abort()",
    "forks": "import os, time\nfor _ in range(60): os.fork() or time.sleep(10_000)",
    "sleeps": "import time; time.sleep(10_000)",
}


@contextmanager
def busy_machine():
    """Keep every processor busy, one process for each."""
    hogs = [subprocess.Popen(HOG) for _ in range(psutil.cpu_count())]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def marks(root, lesson, crew):
    """Grade everybody, and return all marks and how each was graded."""
    outcomes = classroom.grade(lesson, root=root, client=crew, force=True)
    status = {outcome.student: (outcome.status, outcome.message) for outcome in outcomes}
    return auto_marks(open_course(root), lesson), status


def test_a_small_class_on_a_busy_machine(tmp_path):
    """Two seconds of processor time, of three, are four and more by the clock beside as many processes."""
    small_lesson.register()
    small_lesson.make_course(tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write("c.SturdyExecute.patience = 1000\n")
    classroom.release(small_lesson.LESSON, root=tmp_path)
    for number in range(6):
        second = WORKS_TWO_SECONDS * (number < 3) + "four = 4.0"
        small_lesson.hand_in(tmp_path, f"honest{number}", small_lesson.lesson(second=second))
    for name in ("loops", "floods"):
        small_lesson.hand_in(tmp_path, name, small_lesson.lesson(second=HOSTILE[name]))
    with classroom.local_cluster(2) as crew:
        crew.register_plugin(small_lesson.Bank())
        with busy_machine():
            found, status = marks(tmp_path, small_lesson.LESSON, crew)
    assert set(status.values()) == {("done", "")}
    right = {"t00-two": 2.0, "t00-four": 3.0, "t00-broken": None}
    for student, points in found.items():
        assert points == (right if student.startswith("honest") else right | {"t00-four": 0.0}), student


@pytest.mark.slow
def test_sixty_honest_and_five_hostile_three_times(tmp_path):
    make_folder(tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        # Ten times what a cell of this lesson takes, so that the hostile ones end sooner than with 120 s.
        config.write("c.SturdyExecute.timeout = 20\nc.SturdyExecute.patience = 5\n")
    write_source(LESSON, tmp_path)
    classroom.release(LESSON, root=tmp_path)
    source, lesson = (
        nbformat.read(tmp_path / step / LESSON / f"{LESSON}.ipynb", 4) for step in ("source", "release")
    )
    own = [student for student in SAMPLE_CLASS if student.types is None]
    for number in range(60):
        student = replace(own[number % len(own)], id=f"honest{number:02}")
        small_lesson.hand_in(tmp_path, student.id, sample_notebook(student, source, lesson), LESSON)
    for name, code in HOSTILE.items():
        notebook = sample_notebook(replace(own[0], id=name), source, lesson)
        notebook.cells.insert(len(notebook.cells) // 2, new_code_cell(code))
        small_lesson.hand_in(tmp_path, name, notebook, LESSON)
    with classroom.local_cluster(2) as crew, busy_machine():
        first, second, third = (marks(tmp_path, LESSON, crew) for _ in range(3))
    assert {status for status, _ in first[1].values()} == {"done"}
    assert first == second == third
    assert len(first[0]) == 65
    right = [sum(filter(None, first[0][f"honest{place:02}"].values())) for place in range(0, 60, len(own))]
    assert set(right) == {17.0}  # the first sample student is right everywhere
