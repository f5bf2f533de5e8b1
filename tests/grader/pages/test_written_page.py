"""The page of written answers in a browser: marking by mouse and keys, what it saves, hostile texts."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from grader.marks.hand_marks import FORMAT, read_marks
from grader.marks.rubric import Item, Rubric
from grader.marks.written_answers import WrittenAnswer, WrittenQuestion, print_of_text
from grader.pages.right_figures import RightFigure, named_questions, right_figures, value_text
from grader.pages.written_page import render_written
from mlmkit.answers.kinds import ByGroup, Choice, Draws, Formula, Number, Table

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import chromium  # noqa: E402
from payloads import HTML, MARKDOWN  # noqa: E402

LESSON = "01_pooling"
ITEMS = Item(1.0, "The mean", "Of *houses*."), Item(1.5, "The number", ""), Item(-1.0, "Jargon", "Once.")
COPY = "The intercept is the mean of the zip codes, so each of them counts the same, whatever its size. "
TEXTS = ["A short one.", COPY, COPY + "Indeed.", "x" * 3000, "Two lines.\nAnd <b>tags</b>."]


def question(texts):
    answers = [
        WrittenAnswer(
            f"student-{place}", "" if place else "Ana Lena", f"CODE{place}", text, print_of_text(text)
        )
        for place, text in enumerate(texts)
    ]
    return WrittenQuestion("l01-report", 3.0, Rubric(ITEMS, ("Say which mean.",)), answers, blank=2)


def render(texts=TEXTS, figures=None):
    asked = "**Question 2** (3 points, read by your instructor). Why? See Question 1."
    cell = new_markdown_cell("YOUR ANSWER HERE")
    cell.metadata.nbgrader = {"grade": True, "solution": True, "grade_id": "l01-report", "points": 3}
    released = new_notebook(cells=[new_markdown_cell("# Lesson 1"), new_markdown_cell(asked), cell])
    known = [RightFigure("1", "l01-mean", "the mean price", "98010: 1; 98011: 2 USD", "Not right")]
    return render_written(LESSON, released, [question(texts)], figures or (lambda *_: known))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render())
    return path


def in_browser(test):
    """Mark a test that opens the page in Chromium."""
    missing = pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing() or "")
    return pytest.mark.long(15)(pytest.mark.needs_chromium(missing(test)))


# What a browser would download, as text.
CATCH = """
URL.createObjectURL = blob => { window.saved = blob; return "about:blank"; };
HTMLAnchorElement.prototype.click = function () { window.fileName = this.download; };
"""
DONE = "document.getElementById('progress').textContent"
CARD = "document.querySelectorAll('article.answer')[{}]"


def type_into(tab, selector, text):
    tab.value(
        f"{{ const box = document.querySelector({selector!r}); box.value = {json.dumps(text)};"
        "box.dispatchEvent(new Event('input')); box.dispatchEvent(new Event('change')); }"
    )


def save(tab, tmp_path):
    tab.value(CATCH)
    tab.value("document.getElementById('save').click()")
    path = tmp_path / tab.value("window.fileName")
    path.write_text(tab.value("window.saved.text()"))
    return path


@in_browser
def test_marks_by_mouse_and_keys_are_kept_and_saved(page, tmp_path):
    with chromium.Tab() as tab:
        tab.open(page)
        assert tab.value(DONE) == "0 of 5 with a mark"
        tab.value("document.getElementById('save').click()")
        assert "Type your name first" in tab.value("document.getElementById('says').textContent")
        tab.value(CARD.format(0) + ".querySelector('[name=item]').click()")
        type_into(tab, "#grader", "Gerda / <b>")  # marks that were given before the name stay
        tab.value(CARD.format(1) + ".focus()")
        for key in "123":
            tab.press(key)
        tab.press("n")
        assert tab.value("document.activeElement.id") == "l01-report-CODE2"
        tab.press("0")
        tab.press("p")
        assert tab.value("document.activeElement.id") == "l01-report-CODE1"
        type_into(tab, "#l01-report-CODE3 [name=points]", "2.25")
        type_into(tab, "#l01-report-CODE3 [name=comment]", "Too <long>.")
        tab.value(CARD.format(3) + ".querySelector('[name=keep]').click()")
        tab.open(page)
        assert tab.value(DONE) == "4 of 5 with a mark"
        often = "[...document.querySelectorAll('#l01-report-CODE4 option')].map(one => one.value)"
        assert tab.value(often) == ["", "Say which mean.", "Too <long>."]
        path = save(tab, tmp_path)
        assert path.name == f"written-{LESSON}-Gerda-b-.json"
        read = read_marks(path, LESSON, [question(TEXTS)])
        assert read.refused == []
        assert [(mark.code, mark.points, mark.items, mark.comment) for mark in read.marks] == [
            ("CODE0", 1.0, ("The mean",), ""),
            ("CODE1", 1.5, ("The mean", "The number", "Jargon"), ""),
            ("CODE2", 0.0, (), ""),
            ("CODE3", 2.25, (), "Too <long>."),
        ]
        tab.value(CARD.format(2) + ".querySelector('[name=clear]').click()")
        assert tab.value(DONE) == "3 of 5 with a mark"


@in_browser
def test_another_grader_sees_no_marks_and_a_file_brings_them_to_another_browser(page, tmp_path):
    with chromium.Tab() as tab:
        tab.open(page)
        type_into(tab, "#grader", "gerda")
        tab.value(CARD.format(0) + ".querySelector('[name=item]').click()")
        path = save(tab, tmp_path)
        type_into(tab, "#grader", "hugo")
        assert tab.value(DONE) == "0 of 5 with a mark"
        type_into(tab, "#grader", "Gerda")
        assert tab.value(DONE) == "1 of 5 with a mark"
    load = (
        "{{ const files = new DataTransfer(); files.items.add(new File([{}], 'marks.json'));"
        "const box = document.getElementById('load'); box.files = files.files;"
        "box.dispatchEvent(new Event('change')); }}"
    )
    with chromium.Tab() as tab:
        tab.open(page)
        tab.value(load.format(json.dumps("no JSON")))
        tab.wait("document.getElementById('says').textContent.includes('no file of marks')")
        tab.value(load.format(json.dumps(path.read_text())))
        tab.wait("document.getElementById('says').textContent.startsWith('1 mark read')")
        assert tab.value(DONE) == "1 of 5 with a mark"
        assert tab.value("document.getElementById('grader').value") == "gerda"


@in_browser
def test_a_mark_of_an_answer_that_has_changed_is_said_and_not_saved(page, tmp_path):
    other = page.with_name("later.html")
    with chromium.Tab() as tab:
        tab.open(page)
        type_into(tab, "#grader", "gerda")
        tab.value(CARD.format(0) + ".querySelector('[name=item]').click()")
        other.write_text(render(["Another text.", *TEXTS[1:]]))
        tab.open(other)
        assert tab.value(DONE) == "0 of 5 with a mark"
        assert "it has changed since" in tab.value(CARD.format(0) + ".textContent")
        assert json.loads(save(tab, tmp_path).read_text())["marks"] == []


@in_browser
def test_points_out_of_range_are_not_kept(page):
    with chromium.Tab() as tab:
        tab.open(page)
        for bad in ("3.5", "-1"):
            type_into(tab, "#l01-report-CODE0 [name=points]", bad)
            assert tab.value(DONE) == "0 of 5 with a mark"
            assert "between 0 and 3" in tab.value("document.getElementById('says').textContent")


@in_browser
def test_names_are_hidden_until_they_are_asked_for(page):
    with chromium.Tab() as tab:
        tab.open(page)
        assert "Ana Lena" not in tab.value("document.body.innerText")
        tab.value("document.getElementById('names').click()")
        assert "Ana Lena (student-0)" in tab.value("document.body.innerText")


@in_browser
@pytest.mark.parametrize("width", [390, 768, 1400])
def test_nothing_is_wider_than_the_window_and_axe_finds_nothing(page, width):
    with chromium.Tab(width, 844, mobile=width < 700) as tab:
        tab.open(page)
        tab.value("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
        assert tab.violations() == []


@in_browser
def test_nothing_of_a_student_runs_or_leaves_its_place(tmp_path):
    texts = [*HTML, *MARKDOWN]
    path = tmp_path / "page.html"
    path.write_text(render(texts))
    with chromium.Tab() as tab:
        tab.open(path)
        shown = tab.value("[...document.querySelectorAll('.theirs')].map(part => part.textContent)")
        assert len(shown) == len(texts)
        assert tab.value("document.querySelectorAll('.theirs *').length") == 0
        assert tab.value("document.scripts.length") == 2
        assert "RAN" not in tab.value("document.title")
        assert tab.value(DONE) == f"0 of {len(texts)} with a mark"


@in_browser
def test_no_script_runs_but_the_pages_own(tmp_path):
    path = tmp_path / "page.html"
    theirs = "<main><script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    path.write_text(render().replace("<main>", theirs))
    with chromium.Tab() as tab:
        tab.open(path)
        assert tab.value("window.ran === undefined")
        assert tab.value(DONE) == "0 of 5 with a mark"  # the page's own does


def test_what_the_script_reads_can_not_end_its_element():
    html = render(["</script><script>alert(1)</script>", "]]><!--"])
    data = html.split('id="data">')[1].split("</script>")[0]
    assert json.loads(data)["format"] == FORMAT
    assert not set("<>&") & set(data)


def test_who_wrote_nearly_the_same_is_named_without_an_accusation():
    html = render()
    assert "These 2 answers are nearly alike" in html
    assert "says nothing about how it came about" in html
    assert 'nearly alike: <a href="#l01-report-CODE2">CODE2</a>' in html


def test_the_figures_are_those_of_the_questions_that_the_text_names():
    asked = []
    render(figures=lambda student, ids, verdicts: asked.append((student, ids)) or [])
    assert asked[0] == ("student-0", {})  # Question 1 is not in this lesson: its own number doesn't count
    assert named_questions("Question 2 (3 points); Questions 4, 5 or 6") == ["2", "4", "5", "6"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Number(0.123456), "0.1235"),
        (Number(12.0, unit="sales"), "12 sales"),
        (ByGroup({"98010": 1234567.8, "98014": -2.5}, unit="USD"), "98010: 1,234,568; 98014: -2.5 USD"),
        (Table(pd.DataFrame({"x": [1.0], "y": [2.0]}, index=["a"])), "a, x: 1; a, y: 2"),
        (Choice("b"), "b"),
        (Formula("y ~ (1 | g)"), "y ~ (1 | g)"),
        (Draws(mean=5.0, sd=2.0, quantiles={0.025: 1.0}), "mean: 5; sd: 2; 2.5 %: 1"),
        (Draws(mean={"a": 5.0}, sd={"a": 2.0}), "mean: a: 5; sd: a: 2"),
    ],
)
def test_right_answers_as_text(kind, text):
    assert value_text(kind) == text


def test_a_students_own_figures_come_from_the_reference():
    (figure,) = right_figures("ana", {"l01-mean-price": "1", "l01-report": "11"}, {})
    assert (figure.number, figure.verdict) == ("1", "")
    assert figure.value.endswith(" dollars")
    other = right_figures("ben", {"l01-mean-price": "1"}, {})[0]
    assert other.value != figure.value
