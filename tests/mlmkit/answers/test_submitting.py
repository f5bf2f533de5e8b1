"""Submit: a lesson without a name is not handed in yet; what else is missing is said beside the hand-in."""

import logging
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.assignment_list import handlers
from nbgrader.utils import compute_checksum, get_username

from mlmkit.answers import server_extension, submitting
from mlmkit.answers.kinds import MIME

LESSON, ME = "01_x", get_username()
EMPTY = "STUDENT is empty, so no answer can be right."
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "multilevel"
c.Exchange.root = {root!r}
c.Exchange.cache = {cache!r}
c.Exchange.assignment_dir = {home!r}
"""


def cell(grade_id, source, kind=new_code_cell, *, solution=False, recorded=...):
    """A graded cell; `recorded` is what its check handed in when it was run."""
    made = kind(source)
    made.metadata.nbgrader = {
        "grade": True, "grade_id": grade_id, "points": 2, "solution": solution, "locked": not solution,
        "schema_version": 3, "task": False, "cell_type": made.cell_type,
    }  # fmt: skip
    made.metadata.nbgrader["checksum"] = compute_checksum(made)
    if recorded is not ...:
        data = {MIME: {"question": grade_id, "answer": recorded}, "text/plain": "• recorded"}
        made.outputs = [new_output("display_data", data)]
    return made


def lesson(student=ME, first="a = ...", recorded=..., text="YOUR ANSWER HERE"):
    """A lesson of two questions and a text."""
    written = cell("x-text", "YOUR ANSWER HERE", new_markdown_cell, solution=True)
    written.source = text
    cells = [new_code_cell(f'STUDENT = "{student}"'), new_code_cell(first)]
    cells += [
        cell("x-a", 'check("x-a", a)', recorded=recorded),
        new_code_cell("b = 2"),
        new_code_cell("%who"),
    ]
    return new_notebook(cells=[*cells, cell("x-b", 'check("x-b", b)', recorded={"number": 2}), written])


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The assignment list of a student's server: hands in a notebook; gives the answer and what is listed."""
    exchange, home = tmp_path / "exchange" / "multilevel", tmp_path / "home"
    for folder in (exchange / "inbound", exchange / "outbound" / LESSON, home / LESSON):
        folder.mkdir(parents=True)
    nbformat.write(lesson(student=""), exchange / "outbound" / LESSON / f"{LESSON}.ipynb")
    places = {"root": tmp_path / "exchange", "cache": tmp_path / "cache", "home": home}
    text = CONFIG.format(**{name: str(place) for name, place in places.items()})
    (home / "nbgrader_config.py").write_text(text)
    monkeypatch.setattr(submitting, "_told", set())
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    server_extension.take_nbgraders_place()
    manager = handlers.AssignmentList(log=logging.getLogger("desk"))
    manager.root_dir = str(home)

    def press(notebook):
        path = home / LESSON / f"{LESSON}.ipynb"
        if isinstance(notebook, bytes):
            path.write_bytes(notebook)
        else:
            nbformat.write(notebook, path)
        answer = manager.submit_assignment("multilevel", LESSON)
        listed = manager.list_submitted_assignments("multilevel")["value"]
        lines = [one["timestamp"].partition(" UTC")[2] for lesson in listed for one in lesson["submissions"]]
        assert len(list((exchange / "inbound").iterdir())) == len(lines)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        for folder in (exchange / "inbound").iterdir():
            shutil.rmtree(folder)
        return answer, lines

    return press


@pytest.mark.parametrize("typed", ["", "  "])
def test_a_lesson_without_a_name_is_not_handed_in_and_the_sentence_says_what_to_do(desk, typed):
    for _ in range(2):
        answer, lines = desk(lesson(student=typed))
        assert (answer["success"], lines) == (False, [])
        assert max(map(len, answer["value"].split("\n"))) <= 70, "the dialog cuts longer lines off"
        assert (
            answer["value"].replace("\n", " ").startswith(f"{EMPTY} Type your user name between its quotes")
        )
        assert answer["value"].endswith("Save the notebook, then press Submit again.")


def test_another_name_is_told_before_and_handed_in_when_one_insists(desk):
    answer, lines = desk(lesson(student="somebody"))
    assert not answer["success"] and not lines
    assert f'STUDENT is "somebody", but you are logged in as "{ME}".' in answer["value"].replace("\n", " ")
    answer, (line,) = desk(lesson(student="somebody"))
    assert answer["success"] and 'STUDENT is "somebody"' in line
    assert not desk(lesson(student="another"))[0]["success"]


def test_unanswered_questions_are_said_and_nothing_is_held_back(desk):
    answer, (line,) = desk(lesson())
    assert answer["success"]
    assert line == ": 1 of 2 answers recorded. 1 not answered: x-a. No text written yet: x-text."


def test_a_complete_lesson_hears_of_nothing_but_the_number(desk):
    done = lesson(first="a = 1", recorded={"number": 1}, text="My text.", student=f" {ME.upper()} ")
    assert desk(done) == ({"success": True}, [": 2 of 2 answers recorded."])


def test_an_answer_that_was_written_after_the_last_run_is_not_called_missing(desk):
    for output in (None, ...):
        _, (line,) = desk(lesson(first="a = 1", recorded=output, text="My text."))
        assert line.endswith("1 not checked, because the check cell was not run: x-a.")


def test_what_has_no_name_cell_or_cannot_be_read_is_handed_in_as_nbgrader_does_it(desk):
    other = new_notebook(cells=[cell("y", "assert y == 1")])
    for notebook in (other, b"{", b""):
        assert desk(notebook) == ({"success": True}, [""])
