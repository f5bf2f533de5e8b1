"""What a submission can't do, in forks of a warm process and in new ones. Real kernels, real attacks."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from ordinary_user import BECOME, room_for
from traitlets.config import Config

import mlmkit
from grader.course.course_folder import CourseError
from grader.sandbox import jail, rungs, trunk
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.execute import SturdyExecute
from grader.sandbox.jail import JailError, why_not
from grader.sandbox.limits import MB, Limits
from grader.sandbox.provisioner import warm_jail
from grader.sandbox.run_notes import isolation_of, way_of
from grader.sandbox.rungs import ISOLATED

REPOSITORY = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.long(60),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

# One cell an attack; each prints what came of it.
ATTEMPT = """
def attempt(what, *arguments):
    try:
        return what(*arguments)
    except BaseException as error:
        return type(error).__name__
"""
ATTACKS = {
    "grader": "import importlib; print(attempt(importlib.import_module, 'grader'))",
    "mlmkit": "import mlmkit; print(mlmkit.lmer.__name__)",
    "course": "import os; print([attempt(os.listdir, place) for place in PLACES])",
    "environment": "print(os.environ.get('SECRET'), 'SECRET' in open('/proc/self/environ').read())",
    "keeper": (
        "print([attempt(open, f'/proc/1/{name}') for name in ('environ', 'mem', 'maps')],"
        " attempt(os.kill, 1, 9))"
    ),
    "processes": "print(len([name for name in os.listdir('/proc') if name.isdigit()]) < 5)",
    "siblings": "print(attempt(os.listdir, '/spool') in ([], 'FileNotFoundError', 'PermissionError'))",
    "network": "import socket; print(attempt(socket.create_connection, ('192.0.2.1', 80), 2))",
    "write": (
        "places = ['/', '/usr', '/dev', '/run/sockets', os.path.dirname(mlmkit.__file__)]\n"
        "print([attempt(open, os.path.join(place, 'x'), 'w') for place in places])"
    ),
    "own folder": "print(open('data.txt').read(), open('new.txt', 'w').write('fine'))",
    "privileges": (
        "calls = [(os.setuid, 0), (os.chroot, '/'), (os.unshare, os.CLONE_NEWNET)]\n"
        "print([attempt(*call) for call in calls])"
    ),
    "memory": "print(attempt(bytearray, 6 * 2**30))",
    "large file": "with open('big', 'wb') as f: print(attempt(f.write, bytes(100 * 2**20)))",
    "forks": (
        "import time, signal\n"
        "children = []\n"
        "def fork():\n"
        "    for _ in range(500):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            time.sleep(60); os._exit(0)\n"
        "        children.append(pid)\n"
        "print(attempt(fork), len(children) < 130)\n"
        "for pid in children: os.kill(pid, signal.SIGKILL)"
    ),
    "alive": "print(1 + 1)",
}
SAFE = {
    "grader": "ModuleNotFoundError",
    "mlmkit": "lmer",
    "course": "['FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError']",
    "environment": "None False",
    "keeper": "['PermissionError', 'PermissionError', 'PermissionError'] PermissionError",
    "processes": "True",
    "siblings": "True",
    "network": "OSError",
    "write": str(["OSError"] * 5),
    "own folder": "given 4",
    "privileges": str(["PermissionError"] * 3),
    "memory": "MemoryError",
    "large file": "OSError",
    "forks": "BlockingIOError True",
    "alive": "2",
}
MANY_CHILDREN = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        held = b'x' * (200 * 2**20)
        time.sleep(20)
        os._exit(0)
time.sleep(3)
try:
    while True: print("ended:", os.WTERMSIG(os.waitpid(-1, os.WNOHANG)[1]) or 1 / 0)
except Exception:
    print("done")
"""


def run(*sources, folder, **settings):
    """Execute cells in the sandbox that `settings` ask for; return the notebook."""
    execute = settings.pop("execute", {})
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    config = Config({"SandboxProvisioner": settings})
    executed, _ = SturdyExecute(config=config, **execute).preprocess(
        notebook, {"metadata": {"path": str(folder)}}
    )
    return executed


def printed(cell):
    return "".join(
        output.get("text", "") for output in cell.outputs if output.get("name") == "stdout"
    ).strip()


def isolation(notebook):
    return notebook.metadata.mlmkit["isolation"]


@pytest.fixture
def nothing_works(monkeypatch):
    """Make this a machine that has none of it."""
    for name in ISOLATED:
        monkeypatch.setitem(rungs.RUNGS, name, lambda heavy=(), name=name: f"no {name}")


@pytest.fixture
def submission(tmp_path):
    (tmp_path / "data.txt").write_text("given")
    (tmp_path / "secret-link").symlink_to(REPOSITORY / "course")
    return tmp_path


def run_behind_trunk(*sources, folder, lesson):
    """Execute cells in a kernel that begins behind a lesson's own cell, though their text forbids it."""
    notebook = new_notebook(cells=[new_code_cell("lecture = [1]"), *map(new_code_cell, sources)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=notebook.cells[:1]), lesson / "lesson.ipynb")
    resources = {"metadata": {"path": str(folder)}, "nbgrader": {"released": str(lesson / "lesson.ipynb")}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trunk, "require_ordinary", lambda source: None)
        executed, _ = SturdyExecute(config=Config()).preprocess(notebook, resources)
    assert way_of(executed) is None
    executed.cells = executed.cells[1:]
    return executed


@pytest.fixture(scope="module", params=["warm", "cold", "behind the trunk"])
def attacked(request, tmp_path_factory):
    """All attacks in one kernel, each kind of jail in turn: name of the attack to what it printed."""
    folder = tmp_path_factory.mktemp("submission")
    (folder / "data.txt").write_text("given")
    places = [REPOSITORY / "course", REPOSITORY / "grader", REPOSITORY / "solutions", folder]
    first = f"{ATTEMPT}\nPLACES = {list(map(str, places))}"
    os.environ["SECRET"] = "a password of the gradebook"
    try:
        if request.param == "behind the trunk":
            lesson = tmp_path_factory.mktemp("lesson")
            notebook = run_behind_trunk(first, *ATTACKS.values(), folder=folder, lesson=lesson)
        else:
            notebook = run(first, *ATTACKS.values(), folder=folder, warm=request.param == "warm")
    finally:
        del os.environ["SECRET"]
    assert isolation(notebook)["kind"] == ("cold" if request.param == "cold" else "warm")
    assert sorted(path.name for path in folder.iterdir()) == ["data.txt"]  # it worked on a copy
    return dict(zip(ATTACKS, map(printed, notebook.cells[1:]), strict=True))


@pytest.mark.needs_bwrap
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.skipif(os.getuid() != 0, reason="An ordinary user's sandbox has its own test below.")
def test_an_attack_reaches_nothing(attacked, attack):
    assert attacked[attack] == SAFE[attack]


@pytest.mark.needs_bwrap
def test_random_numbers_of_two_forks_differ(tmp_path):
    source = "import random, numpy.random as r; print(random.random(), r.rand(), r.default_rng().random())"
    first, second = (printed(run(source, folder=tmp_path).cells[0]).split() for _ in range(2))
    assert len({*first, *second}) == 6


@pytest.mark.needs_bwrap
def test_a_fork_shows_the_same_as_a_new_process(tmp_path):
    sources = [
        "import sys, os; print(sys.argv[0].endswith('.py'), os.getcwd(), sys.path[-1], __name__)",
        "from mlmkit import load_seattle, lmer\nfit = lmer('price ~ (1 | zipcode)', load_seattle())\nfit",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "plt.plot([1, 2]); plt.show()",
        "import numpy as np; print(np.random.default_rng(1).normal(size=3)); np.linalg.inv(np.ones((2, 2)))",
        "import pandas as pd; pd.DataFrame({'a': [1.5, 2]})",
        "pd.DataFrame({f'a wide column {number}': [1.5] for number in range(15)})",
        "%timeit -n 1 -r 1 pass",
        "fit.fixef",
    ]
    warm, cold = (run(*sources, folder=tmp_path, warm=warm) for warm in (True, False))
    assert (isolation(warm)["kind"], isolation(cold)["kind"]) == ("warm", "cold")
    for one, other in zip(warm.cells, cold.cells, strict=True):
        if "timeit" not in one.source:
            assert without_names(one.outputs) == without_names(other.outputs), one.source


def without_names(outputs):
    """Outputs as text, without what differs from run to run: numbers of processes and addresses."""
    return re.sub(r"0x[0-9a-f]+|ipykernel_\d+/\d+", "", json.dumps(outputs))


@pytest.mark.needs_bwrap
@pytest.mark.parametrize("warm", [True, False])
def test_a_hung_cell_is_interrupted_and_everything_ends_with_the_notebook(tmp_path, warm):
    sources = ["import subprocess; subprocess.Popen(['sleep', '4321'])", "while True: pass", "print(1 + 1)"]
    notebook = run(*sources, folder=tmp_path, warm=warm, execute={"timeout": 1})
    assert printed(notebook.cells[2]) == "2"
    assert not processes("sleep\0" + "4321")
    assert not [place for place in rooms(os.getpid()) if list(Path(place).glob("*/sockets"))]


@pytest.mark.needs_bwrap
def test_memory_is_counted_for_all_processes_together(tmp_path):
    limits = {"memory": 512, "home": 16, "warm": False}
    notebook = run(MANY_CHILDREN, "print('the grader lives')", folder=tmp_path, **limits)
    if isolation(notebook)["memory"] != "together":
        pytest.skip("This machine lets the grader make no control group.")
    killed = printed(notebook.cells[0]).count("ended: 9")
    lost = bool(notebook.cells[1].metadata.get("mlmkit"))  # or the kernel itself was chosen
    assert killed or lost


@pytest.mark.needs_bwrap
def test_nothing_is_left_when_the_grader_is_killed(tmp_path):
    code = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1].rpartition('/')[0]]\n"
        "from test_sandbox import run\n"
        "run('import time; time.sleep(987)', folder=sys.argv[2], modules=['ipykernel.kernelapp'])"
    )
    grader = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: any(list(Path(place).glob("*/sockets/k-5")) for place in rooms(grader.pid)), 300)
    grader.kill()
    grader.wait()
    until(lambda: not rooms(grader.pid))
    until(lambda: not groups(grader.pid))


USER_RUN = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1].rpartition("/")[0]]
from test_sandbox import ATTEMPT, USER_ATTACKS, ATTACKS, isolation, printed, run
from grader.sandbox import skeleton
skeleton.CODE[skeleton.KERNELS] = ""  # a new user would compile for a minute
cells = [ATTEMPT + "import os", *(ATTACKS[name] for name in USER_ATTACKS)]
settings = {"warm": sys.argv[3] == "warm", "modules": ["ipykernel.kernelapp"]}
notebook = run(*cells, folder=sys.argv[2], **settings)
print(isolation(notebook)["kind"], *map(printed, notebook.cells[1:]))
"""
USER_ATTACKS = ("grader", "network", "memory", "siblings", "alive")


@pytest.mark.needs_bwrap
@pytest.mark.skipif(os.getuid() != 0, reason="Only root can become another user.")
@pytest.mark.parametrize("kind", ["warm", "cold"])
def test_an_ordinary_user_has_the_sandbox_too(tmp_path, kind):
    with room_for(*BECOME) as (python, folder):
        able = python("-c", "from grader.sandbox.jail import why_not; print(why_not())")
        if able.stdout.strip() != "None":
            pytest.skip(f"No sandbox for an ordinary user here: {able.stdout} {able.stderr[-300:]}")
        done = python("-c", USER_RUN, Path(__file__).parent, folder, kind)
    assert done.stdout.strip() == " ".join([kind, *(SAFE[name] for name in USER_ATTACKS)]), done.stderr


def test_with_no_isolation_the_limits_hold_and_the_notebook_says_why(tmp_path, nothing_works):
    attacks = [ATTACKS[name] for name in ("memory", "large file", "alive")]
    notebook = run(ATTEMPT, *attacks, folder=tmp_path, isolation=[*ISOLATED, "none"])
    assert list(map(printed, notebook.cells[1:])) == ["MemoryError", "OSError", "2"]
    assert isolation_of(notebook) == ("none", "no bubblewrap; no namespaces; no Landlock; no guest")


def test_without_isolation_nothing_is_graded_and_a_sentence_says_what_to_do(tmp_path, nothing_works):
    with pytest.raises(CourseError, match="No code of students was run") as told:
        run("1 + 1", folder=tmp_path)
    for part in (
        "no bubblewrap; no namespaces; no Landlock; no guest",
        "apt install bubblewrap",
        "--without-sandbox",
    ):
        assert part in str(told.value)


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_elsewhere_a_container_or_a_linux_machine_is_named(monkeypatch, platform, name):
    monkeypatch.setattr(rungs.sys, "platform", platform)
    says = rungs.refusal(["something"])
    assert name in says and "Linux container" in says and "Linux machine" in says and "apt" not in says


def test_the_strongest_rung_that_works_is_taken(monkeypatch):
    monkeypatch.setitem(rungs.RUNGS, "bubblewrap", lambda heavy=(): "no bubblewrap")
    monkeypatch.setitem(rungs.RUNGS, "namespaces", lambda heavy=(): None)
    assert rungs.choose(["none", "Landlock", "namespaces", "bubblewrap"]) == ("namespaces", "no bubblewrap")
    monkeypatch.setitem(rungs.RUNGS, "Landlock", lambda heavy=(): None)
    rung, why = rungs.choose(["Landlock", "bubblewrap"])
    assert rung == "Landlock" and "leave namespaces out" in why


def test_a_missing_bubblewrap_is_noticed(monkeypatch):
    monkeypatch.setattr(jail.shutil, "which", lambda name: None)
    assert "bubblewrap is not installed" in why_not.__wrapped__()


@pytest.mark.needs_bwrap
def test_a_submission_too_large_for_its_home_is_refused_with_its_size(tmp_path):
    (tmp_path / "large").write_bytes(bytes(2 * MB))
    with pytest.raises(JailError, match="larger than 1 MB together"):
        run("1 + 1", folder=tmp_path, home=1)


def test_control_groups_of_version_2_are_written_where_they_are_handed_down(tmp_path):
    # This machine may have version 1, so the tree is one of plain files.
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    (tmp_path / "cgroup.procs").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.sandbox.cgroups._own_group", lambda controller: "/")
        made = Path.mkdir

        def mkdir(self, *arguments, **options):
            made(self, *arguments, **options)
            (self / "cgroup.procs").write_text("")

        patch.setattr(Path, "mkdir", mkdir)
        (folder,) = Cgroup(100, 7, tmp_path).folders
    assert (folder / "memory.max").read_text() == "100"
    assert (folder / "pids.max").read_text() == "7"


def test_no_control_group_is_no_error(tmp_path):
    group = Cgroup(100, 7, tmp_path)
    assert group.folders == [] and group.open() == []


def test_users_without_a_user_of_their_own_have_no_limit_of_processes():
    limits = Limits(memory=1, processes=2, cpu_seconds=3, file_size=4, open_files=5, home=6)
    assert "NPROC" not in limits.for_process(own_user=False)
    assert limits.for_process(own_user=True)["NPROC"] == 2


def test_mlmkit_is_all_of_the_project_that_a_kernel_sees():
    mounted = [place for place in jail._python_folders() if place.is_relative_to(REPOSITORY)]
    environment = Path(sys.prefix)
    allowed = {Path(mlmkit.__file__).parent}
    assert {place for place in mounted if not place.is_relative_to(environment)} <= allowed


def rooms(grader):
    return {str(path) for path in Path("/tmp").glob(f"mlm-{grader}-*")}


def groups(pid):
    return list(Path("/sys/fs/cgroup").glob(f"*/**/mlmkit-{pid}-*"))


def processes(start):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path] if path.read_text().startswith(start) else []
        except OSError:
            continue
    return found


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


@pytest.mark.needs_bwrap
def test_a_warm_jail_that_was_killed_leaves_no_folder_behind():
    limits = Limits(3000 * MB, 64, 60, 100 * MB, 256, 200 * MB)
    first = warm_jail(limits, "bubblewrap", ("json",))
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended with the one that was killed
            if str(first.spool) in process.cmdline():  # the janitor, which would have tidied up
                process.kill()
                psutil.wait_procs([process], timeout=10)
    second = warm_jail(limits, "bubblewrap", ("json",))
    assert second is not first
    assert not first.spool.exists()
    assert second.spool.exists()
