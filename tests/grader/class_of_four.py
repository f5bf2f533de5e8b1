"""Grade the small lesson in a process that a test may kill: ``class_of_four.py COURSE [WORKERS]``."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import grader  # noqa: F401 (before nbformat, as in the instructor's command)

sys.path.insert(0, str(Path(__file__).parent))

import small_lesson
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import CourseError, open_course
from grader.grade.saved_marks import auto_marks
from grader.marks.gradebook import read_class

STUDENTS = {
    "ana": {},
    "ben": {"first": "two = 1.0"},
    "chen": {"second": "four = 1 / 0"},
    "dora": {"second": "import os; os._exit(1)"},
}


def make_class(root, students=None):
    """Make a course in which these students have handed in."""
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    for student in students or STUDENTS:
        small_lesson.hand_in(root, student, small_lesson.lesson(**STUDENTS.get(student, {})))


def copy_class(root, copy):
    """Copy a whole course, which is much faster than making one."""
    shutil.copytree(root, copy, dirs_exist_ok=True)
    config = copy / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(root), str(copy)))


def grade_serially(root):
    """Grade one student after the other in this process, without dask."""
    for student in sorted(path.name for path in (root / "submitted").iterdir()):
        assert classroom.grade_student(LESSON, str(root), student).status == "done"


def results(root):
    """What counts in the end: all marks, verdicts and notes."""
    app = open_course(root)
    rows = read_class(app, LESSON).submissions
    return auto_marks(app, LESSON), [
        (row.student, row.status, row.note, row.score, row.possible, row.marks, row.verdicts, row.waiting)
        for row in rows
    ]


def start(root, *arguments, **environment):
    """Grade in a process of its own; a signal to its group reaches its workers, and no test."""
    return subprocess.Popen(
        [sys.executable, __file__, root, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def finish(root, **environment):
    """Grade what is left; return what the process says."""
    said, errors = start(root, "1", **environment).communicate(timeout=300)
    assert said.startswith("ready\ndone"), said + errors
    return said


def grade_the_rest(root, crew):
    """Grade what is left in processes that run already, cheaper than a run; return who was graded."""
    return [one.student for one in classroom.grade(LESSON, root=root, client=crew) if not one.kept]


def slow_down(notebook, seconds=4):
    """Put a cell that takes some seconds behind all others."""
    content = json.loads(notebook.read_text())
    cell = {"cell_type": "code", "id": "slow", "metadata": {}, "outputs": [], "execution_count": None}
    content["cells"].append(cell | {"source": f"import time\ntime.sleep({seconds})"})
    notebook.write_text(json.dumps(content))


def main(root, workers=2):
    """Grade as ``python -m grader grade`` does; the bank knows the small lesson."""
    try:
        with classroom.local_cluster(workers) as client:
            client.register_plugin(small_lesson.Bank())
            print("ready", flush=True)
            outcomes = classroom.grade(LESSON, root=root, client=client)
        print("done", *sorted(outcome.student for outcome in outcomes if not outcome.kept), flush=True)
    except classroom.StoppedError as stopped:
        print("stopped", stopped, flush=True)
    except CourseError as error:
        print("error", error, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
