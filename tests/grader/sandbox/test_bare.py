"""Without the sandbox: whom a submission that kills can reach, and what it costs whom."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_lesson
from distributed import WorkerPlugin
from nbformat.v4 import new_code_cell, new_notebook
from small_lesson import LESSON
from traitlets.config import Config

from grader import classroom
from grader.course.course_folder import open_course
from grader.marks.gradebook import read_class
from grader.sandbox import bare
from grader.sandbox.execute import SturdyExecute
from grader.sandbox.run_notes import not_run_reason

pytestmark = [
    pytest.mark.long(60),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
KILLS_PARENT = "import os, signal; os.kill(os.getppid(), signal.SIGKILL); import time; time.sleep(1)"
# The folder of the kernel's sockets has the number of the grading process in its name.
KILLS_GRADER = r"""
import os, re, signal
from ipykernel.connect import get_connection_info
grader = int(re.search(r"mlm-(\d+)-", get_connection_info(unpack=True)["ip"])[1])
os.kill(grader, signal.SIGKILL)
"""


@pytest.fixture(params=[True, False], ids=["own processes", "common processes"])
def namespace(request, monkeypatch):
    """Both states of a machine without bubblewrap: with PID namespaces and without."""
    if request.param and not bare.has_own_processes():
        pytest.skip("This machine gives no PID namespace to ordinary programs.")
    monkeypatch.setattr(bare, "has_own_processes", lambda: request.param)
    return request.param


def run(*sources, folder=".", **limits):
    """Execute cells with these sources, without the sandbox, and return them."""
    config = Config({"SandboxProvisioner": {"isolation": ["none"]}})
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    execute = SturdyExecute(config=config, **limits)
    executed, _ = execute.preprocess(notebook, {"metadata": {"path": str(folder)}})
    return executed.cells


def shown(cell):
    return "".join(output.get("text") or output.get("evalue", "") for output in cell.outputs)


def test_a_kernel_that_kills_its_parent_harms_itself_at_most(tmp_path, namespace):
    before, kills, after = run("print(1)", KILLS_PARENT, "print(2)", folder=tmp_path)
    assert shown(before) == "1\n"
    if namespace:  # process 1 of a namespace is safe from what is in it
        assert shown(after) == "2\n"
    else:
        assert "the kernel died" in not_run_reason(kills)
        assert "was stopped" not in not_run_reason(after)


def test_with_processes_of_its_own_a_kernel_sees_no_other(tmp_path, namespace):
    (cell,) = run("import os; print(sum(name.isdigit() for name in os.listdir('/proc')))", folder=tmp_path)
    assert (int(shown(cell)) < 5) == namespace


def test_with_processes_of_its_own_a_kernel_finds_no_grader_to_kill(tmp_path, namespace):
    if namespace:  # else it would kill this very process
        kills, after = run(KILLS_GRADER, "print(2)", folder=tmp_path)
        assert "No such process" in shown(kills)
        assert shown(after) == "2\n"


def test_an_interrupt_reaches_the_kernel_alone(tmp_path, namespace):
    hangs, after = run("while True: pass", "print(2)", folder=tmp_path, timeout=2)
    assert "it ran too long" in shown(hangs)
    assert shown(after) == "2\n"


LEAVES = """
import subprocess, sys
start = "import subprocess as s; s.Popen(['sleep', 'NUMBER'], start_new_session=True)"
for _ in range(2):  # one child, and one in a session of its own whose parent ends
    subprocess.Popen(["sleep", "NUMBER"])
    subprocess.run([sys.executable, "-c", start])
"""


def test_what_a_notebook_started_ends_with_it(tmp_path, namespace):
    number = str(10_000_000 + os.getpid() * 2 + namespace)
    _, cell = run(LEAVES.replace("NUMBER", number), "print('here')", folder=tmp_path)
    assert shown(cell) == "here\n"
    assert sleepers(number) == []
    assert not list(Path("/tmp").glob(f"mlm-{os.getpid()}-*/k-*"))


GRADER = """
import sys
folder, work, namespace, source = sys.argv[1:]
sys.path[:0] = [folder, folder.rpartition("/")[0]]  # this file, and small_lesson beside its folder
import test_bare
test_bare.bare.has_own_processes = lambda: namespace == "True"
test_bare.run(source, folder=work)
"""


def test_what_a_notebook_started_ends_when_the_grader_is_killed(tmp_path, namespace):
    number = str(20_000_000 + os.getpid() * 2 + namespace)
    source = LEAVES.replace("NUMBER", number) + "import time; time.sleep(900)"
    arguments = [str(Path(__file__).parent), str(tmp_path), str(namespace), source]
    grader = subprocess.Popen([sys.executable, "-W", "ignore", "-c", GRADER, *arguments])
    until(lambda: len(sleepers(number)) == 4 or grader.poll() is not None, 300)
    assert grader.poll() is None, "The grader ended before it was killed."
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    until(lambda: sleepers(number) == [], 60)


def sleepers(number):
    """Return the processes that sleep for this number of seconds."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == f"sleep\0{number}\0".encode():
                found.append(path)
        except OSError:
            continue
    return found


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


class CommonProcesses(WorkerPlugin):
    """Makes a grading process believe that this machine has no PID namespaces."""

    def setup(self, worker):
        bare.has_own_processes = lambda: False


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """A class that was graded with no protection but the keeper: student to what the report says."""
    small_lesson.register()
    root = tmp_path_factory.mktemp("bare")
    small_lesson.make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.SandboxProvisioner.isolation = ["none"]\n')
    classroom.release(LESSON, root=root)
    for student, second in {
        "ana": "four = 4.0",
        "kills-parent": KILLS_PARENT,
        "kills-grader": KILLS_GRADER,
        "zoe": "four = 4.0",
    }.items():
        small_lesson.hand_in(root, student, small_lesson.lesson(second=second))
    with classroom.local_cluster(1) as client:
        client.register_plugin(small_lesson.Bank())
        client.register_plugin(CommonProcesses())
        classroom.grade(LESSON, root=root, client=client)
    return {item.student: item for item in read_class(open_course(root), LESSON).submissions}


def test_a_grading_process_that_is_killed_costs_what_had_not_run(group):
    lost = group["kills-grader"]
    assert (lost.status, lost.marks["t00-two"], lost.marks["t00-four"]) == ("graded", 2.0, 0.0)
    assert "The grading process was killed while this notebook ran, twice." in lost.note
    assert lost.verdicts["t00-four"].status == "not_run"
    assert "the grading process was killed" in lost.verdicts["t00-four"].message


def test_classmates_before_and_after_keep_their_marks(group):
    for student in ("ana", "zoe"):
        assert (group[student].status, group[student].score) == ("graded", 5.0)


def test_a_lost_keeper_costs_what_had_not_run(group):
    found = group["kills-parent"]
    assert (found.marks["t00-two"], found.marks["t00-four"]) == (2.0, 0.0)
    assert found.verdicts["t00-four"].status == "not_run"
