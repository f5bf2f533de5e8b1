"""All lessons, solutions included, in the tab and natively: the same answers and the same numbers."""

import json
import os
import re

import nbformat
import pytest
from chromium import Tab
from nbclient import NotebookClient
from notebook_page import Notebook
from same_numbers import answers_differ, differences, texts_differ
from tab_of_python import Python

from grader.author.build import KEY_ENDING, lesson_names
from grader.author.tagged_lesson import role_of, source_notebook
from grader.bank import questions
from grader.course.repository import ROOT
from grader.web.not_in_tab import NOT_IN_TAB

STUDENT = "ada"
LEFT_OUT = "This cell was left out"


def solved(lesson):
    """A lesson's notebook with its solutions, and the student's name in it."""
    notebook = source_notebook(ROOT / "solutions" / f"{lesson}.md", questions(lesson))
    for cell in notebook.cells:
        if role_of(cell) == "student":
            cell.source = cell.source.replace('""', f'"{STUDENT}"')
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


def natively(notebook, folder):
    """Run a notebook in Jupyter's own kernel, as at home; return the outputs by cell."""
    for key in (ROOT / "lessons").glob(f"*{KEY_ENDING}"):
        (folder / key.name).write_bytes(key.read_bytes())
    where = {"metadata": {"path": str(folder)}}
    quiet = os.environ | {"MLMKIT_QUIET": "1"}  # as in the tab, where no sampler has progress to show
    NotebookClient(notebook, kernel_name="python3", resources=where).execute(env=quiet)
    return outputs_of(notebook)


def outputs_of(notebook):
    """The outputs of the code cells, in their order."""
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def in_tab(notebook, address):
    """Run a notebook's cells in the tab's Python; return the outputs, as nbformat writes them."""
    found = []
    with Tab() as tab:
        python = Python(tab, address)
        tab.page.set_default_timeout(600_000)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                _, shown = python.run(cell.source)
                found.append([{"output_type": kind, **content} for kind, content in shown])
    return found


def compare(notebook, native, tab):
    """List cells that differ, and count those that were left out by the section that they stand in."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sections, section = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = (re.findall(r"^## (.+)$", cell.source, re.MULTILINE) or [section])[-1]
        sections[cell.id] = section
    differ, left_out = {}, {}
    for cell, one, other in zip(code, native, tab, strict=True):
        if LEFT_OUT in json.dumps(other):
            left_out[sections[cell.id]] = left_out.get(sections[cell.id], 0) + 1
            assert role_of(cell) not in ("check", "practice"), cell.source
        elif found := differences(one, other):
            differ[cell.source] = found
    return differ, left_out


@pytest.mark.slow
@pytest.mark.needs_chromium
@pytest.mark.parametrize("lesson", lesson_names())
def test_the_solved_lesson_shows_the_same_in_the_tab(lesson, address, tmp_path):
    notebook = solved(lesson)
    tab = in_tab(notebook, address)
    differ, left_out = compare(notebook, natively(notebook, tmp_path), tab)
    assert differ == {}
    assert left_out == NOT_IN_TAB.get(lesson, {})


@pytest.mark.slow
@pytest.mark.needs_chromium
@pytest.mark.parametrize("lesson", ["01_pooling", "08_hierarchical_glms"])
def test_the_solved_lesson_shows_the_same_in_the_notebooks_page(lesson, address, tmp_path):
    notebook = solved(lesson)
    with Tab() as tab:
        # The page gets the solved lesson in the place of the one that students have.
        tab.page.context.route(
            f"**/files/{lesson}.ipynb*", lambda route: route.fulfill(body=nbformat.writes(notebook))
        )
        page = Notebook(tab, address, lesson)
        page.run_all()
        with tab.page.expect_download() as caught:  # nothing is missing, so nothing is asked
            tab.page.get_by_text("Download to hand in").click()
        caught.value.save_as(tmp_path / "given.ipynb")
    given = json.loads((tmp_path / "given.ipynb").read_text(encoding="utf-8"))
    differ, left_out = compare(notebook, natively(notebook, tmp_path), outputs_of(given))
    assert differ == {}
    assert left_out == NOT_IN_TAB.get(lesson, {})


@pytest.mark.parametrize(
    ("native", "tab"),
    [
        ("0.05", "0.06"),
        ("1,234.5 and 7", "1,234.5 and 8"),
        ("sd 3", "se 3"),
        ("1 2", "1 2 3"),
        ("1e-3", "1e-4"),
        ("-0.6", "0.6"),
        ("196377.48897", "196378.48897"),
        ("nan", "0.5"),
    ],
)
def test_other_numbers_and_other_words_are_seen(native, tab):
    assert texts_differ(native, tab)


@pytest.mark.parametrize(
    ("native", "tab"),
    [
        ("-0.00", "0.00"),
        ("0x7fe0a5", "0x99f13a0"),
        ("196377.48897538142", "196377.48897538113"),
        ("98010 3.1e-16 7", "98010 0.0 7"),
        ("id T_fccaf", "id T_6a72b"),
    ],
)
def test_what_is_the_same_but_for_rounding_is_the_same(native, tab):
    assert texts_differ(native, tab) is None


def test_answers_are_compared_whole():
    answer = {"answer": {"98010": 1.0, "98014": 2.0}, "question": "q"}
    assert answers_differ(answer, answer) is None
    assert answers_differ(answer, {**answer, "question": "p"})
    assert answers_differ(answer, {**answer, "answer": {"98010": 1.0}})
    assert answers_differ(answer, {**answer, "answer": {"98010": 1.0, "98014": 2.00001}})
    assert answers_differ({"answer": True}, {"answer": 1.0})
