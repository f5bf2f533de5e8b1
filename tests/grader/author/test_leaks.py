"""What students get holds no answer; each way in which one could get there on purpose is found."""

import base64
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from grader.author.all_text import text_of
from grader.author.build import build, build_lessons
from grader.author.leaks import (
    Leak,
    expected_numbers,
    leaks_in,
    scan_feedback,
    scan_lesson,
    scan_release,
    solution_code,
)
from grader.author.tagged_lesson import source_notebook
from grader.bank import Choice, Mistake, Question, get
from grader.judge.references import homes

SOURCE = Path(__file__).with_name("fixtures") / "01_pooling.md"


def larger():
    return Choice("b", mistakes=[Mistake("a", says="That one is smaller.")])


KNOWN = {
    "l01-mean-price": get("l01-mean-price"),
    "p01-larger": Question(
        "p01-larger", "sizes", "01: Sizes", "01_pooling", (), True, larger, "", ("Draw both.",)
    ),
}


@pytest.fixture
def only_these_questions(monkeypatch):
    for module in ("build", "leaks"):
        monkeypatch.setattr(f"grader.author.{module}.questions", lambda name=None: KNOWN)


NUMBERS = [("l01-q", 713204.2367)]
CODE = [("l01-q-answer", 'fit.varcorr["zipcode"].sd["(Intercept)"]')]


@pytest.mark.parametrize(
    "text",
    [
        "713,204",
        "713204.24",
        "713.204",
        "7.132042e5",
        "about 0.713204 million",
        'x = fit.varcorr["zipcode"].sd[ "(Intercept)" ]',
    ],
)
def test_an_answer_in_a_text_is_a_leak_unless_the_student_wrote_it(text):
    assert leaks_in(text, NUMBERS, CODE)
    assert not leaks_in(text, NUMBERS, CODE, own=f"print: {text}")


@pytest.mark.parametrize("text", ["713", "713,000", "713,205", "98010", "a713204b", "1713204", "fit.varcorr"])
def test_other_numbers_and_other_code_are_none(text):
    assert leaks_in(text, NUMBERS, CODE) == []


def test_the_lesson_shows_no_answer_and_a_lesson_that_does_is_caught(tmp_path, only_these_questions):
    build_lessons(solutions=SOURCE.parent, lessons=tmp_path)
    assert scan_lesson("01_pooling", tmp_path, solutions=SOURCE.parent) == []
    notebook = tmp_path / "01_pooling.ipynb"
    mean = homes("ada")["price"].mean()
    notebook.write_text(
        notebook.read_text().replace("The end.", f"The end: {mean:,.0f}. homes['price'].mean()")
    )
    assert scan_lesson("01_pooling", tmp_path, solutions=SOURCE.parent) == [
        Leak("01_pooling.ipynb", "l01-mean-price", f"{mean:,.0f}")
    ]


def test_a_value_in_the_key_of_a_graded_question_is_caught(tmp_path, only_these_questions):
    build_lessons(solutions=SOURCE.parent, lessons=tmp_path)
    path = tmp_path / "01_pooling.practice.json"
    key = json.loads(path.read_text())
    key["graded"]["l01-mean-price"]["shape"]["value"] = float(homes("ada")["price"].mean())
    path.write_text(json.dumps(key))
    assert [leak.file for leak in scan_lesson("01_pooling", tmp_path, solutions=SOURCE.parent)] == [path.name]


def test_solution_lines_that_stand_elsewhere_in_the_lesson_are_no_secret():
    code = solution_code(source_notebook(SOURCE))
    assert ("l01-mean-price-answer", 'mean_price=homes["price"].mean()') in code
    assert not any("load_seattle" in line for _, line in code)


def test_feedback_may_show_what_the_student_computed_and_nothing_more(tmp_path, only_these_questions):
    number = expected_numbers("01_pooling", "alice")[0][1]
    notebook = nbformat.reads(build(SOURCE, KNOWN).student, as_version=4)
    graded, page = tmp_path / "graded.ipynb", tmp_path / "feedback.html"
    page.write_text(f"<style>p {{}}</style><p>The expected value is <b>{number:.2f}</b>.</p>")
    nbformat.write(notebook, graded)
    args = (page, graded, "01_pooling", "alice", SOURCE.parent)
    assert [leak.question for leak in scan_feedback(*args)] == ["l01-mean-price"]
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text=f"{number:.2f}\n")]
    nbformat.write(notebook, graded)
    assert scan_feedback(*args) == []


@pytest.fixture
def release(tmp_path, only_these_questions):
    build_lessons(solutions=SOURCE.parent, lessons=tmp_path)
    return tmp_path


def spoil(folder, change):
    """Change the notebook in a release folder."""
    path = folder / "01_pooling.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


MEAN = homes("ada")["price"].mean()
SECRET = f"{MEAN:.3f}"
PACKED = base64.b64encode(f"the answer is {SECRET}".encode()).decode()
HIDDEN_IN_NOTEBOOKS = {
    "metadata": lambda nb: nb.metadata.update(mlmkit={"answers": [MEAN]}),
    "metadata of a cell": lambda nb: nb.cells[1].metadata.update(hint=SECRET),
    "grade_id": lambda nb: nb.cells[-1].metadata.update(nbgrader={"grade_id": f"x {SECRET}"}),
    "an output": lambda nb: nb.cells[2].update(outputs=[new_output("stream", text=SECRET)]),
    "a traceback": lambda nb: nb.cells[2].update(
        outputs=[new_output("error", ename="E", evalue="", traceback=[f"assert x == {SECRET}"])]
    ),
    "the text of an error": lambda nb: nb.cells[2].update(
        outputs=[new_output("error", ename="E", evalue=f"{SECRET} expected", traceback=[])]
    ),
    "a verdict": lambda nb: nb.cells[2].update(
        outputs=[new_output("display_data", data={"application/vnd.mlmkit.verdict+json": {"value": MEAN}})]
    ),
    "an SVG picture": lambda nb: nb.cells[2].update(
        outputs=[new_output("display_data", data={"image/svg+xml": f"<svg><desc>{SECRET}</desc></svg>"})]
    ),
    "an attribute of HTML": lambda nb: nb.cells[2].update(
        outputs=[new_output("display_data", data={"text/html": f'<p title="{SECRET}">Well done</p>'})]
    ),
    "an attachment": lambda nb: nb.cells[0].update(attachments={"a.txt": {"text/plain": SECRET}}),
    "base64": lambda nb: nb.metadata.update(note=PACKED),
    "millions": lambda nb: nb.cells[0].update(source=f"It is {MEAN / 1e6:.5f} million."),
    "grouped digits": lambda nb: nb.cells[0].update(source=f"It is {MEAN:_.0f}."),
    "thin spaces": lambda nb: nb.cells[0].update(source=f"It is {MEAN:,.0f}.".replace(",", "\u202f")),
    "code": lambda nb: nb.cells[0].update(source="`mean_price = homes['price'].mean()`".replace("'", '"')),
}


@pytest.mark.parametrize("place", HIDDEN_IN_NOTEBOOKS)
def test_an_answer_is_found_wherever_it_hides_in_a_notebook(release, place):
    assert scan_release(release, "01_pooling", solutions=SOURCE.parent) == []
    spoil(release, HIDDEN_IN_NOTEBOOKS[place])
    found = scan_release(release, "01_pooling", solutions=SOURCE.parent)
    assert {leak.question for leak in found} & {"l01-mean-price", "l01-mean-price-answer"}, place
    assert found[0].file == "01_pooling.ipynb"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", f"ada: {SECRET}"),
        (".hidden.csv", f"student,answer\nada,{SECRET}\n"),
        ("data/table.json", json.dumps({"ada": MEAN})),
        ("page.html", f"<table><tr><td>98010</td><td>{SECRET}</td></tr></table>"),
        ("solution.py", 'mean_price = homes["price"].mean()'),
        ("other.ipynb", nbformat.writes(nbformat.v4.new_notebook(metadata={"x": SECRET}))),
    ],
)
def test_an_answer_is_found_in_any_file_of_a_release(release, name, content):
    path = release / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert [leak.file for leak in scan_release(release, "01_pooling", solutions=SOURCE.parent)] == [path.name]


@pytest.mark.parametrize(
    "page",
    [
        f"<p>Expected: 7<b>{SECRET}</b></p><!-- {SECRET} -->",
        f'<p data-answer="{SECRET}">Not right.</p>',
        f"<script>const answer = {SECRET};</script>",
        f"<details><summary>More</summary>assert mean == {SECRET}</details>",
        f"<pre>AssertionError: 1.0 != {SECRET}</pre>",
        f"<script>atob('{PACKED}')</script>",
    ],
)
def test_an_answer_is_found_wherever_it_hides_in_a_page(tmp_path, only_these_questions, page):
    notebook = nbformat.reads(build(SOURCE, KNOWN).student, as_version=4)
    graded, feedback = tmp_path / "graded.ipynb", tmp_path / "feedback.html"
    nbformat.write(notebook, graded)
    feedback.write_text(page)
    found = scan_feedback(feedback, graded, "01_pooling", "ada", SOURCE.parent)
    assert "l01-mean-price" in {leak.question for leak in found}


def test_the_digits_of_a_picture_are_no_numbers(tmp_path):
    page = tmp_path / "p.html"
    page.write_text(
        '<img src="data:image/png;base64,iVBO713204+713204/w=="><style>p {width: 713204px}</style>'
    )
    assert "713204" not in text_of(page)
