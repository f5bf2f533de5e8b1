"""The feedback page on a phone, a tablet and a screen: cards, folded text, nothing wider than the window."""

import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from grader.grade.verdicts import verdict_output
from grader.pages.boxes import in_boxes
from grader.pages.cards import Card, Fold, blocks, lay_out
from grader.pages.feedback_page import FeedbackExporter
from mlmkit.answers.kinds import Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))

import chromium

COURSE = Path(__file__).parents[3] / "course"
WIDE_TABLE = "<table>" + "<tr>" + "".join(f"<td>column_{n}</td>" for n in range(40)) + "</tr></table>"
WIDE_PICTURE = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='1600' height='40'><rect width='1600' height='40'/></svg>"
)


def named(cell, grade_id, **more):
    about = {"grade": False, "solution": False, "locked": False, "points": 2, "grade_id": grade_id}
    cell.metadata["nbgrader"] = {**about, **more}
    return cell


def lesson():
    """Two questions in one section, one of them with a student's own cell inside, and much that is wide."""
    says = Verdict(
        "mistake", 1.0, 2.0, "This is the variance. Read again: 01: The spread.", "v", "q-a", "spread",
        "01: The spread", did=r"\sigma^2", idea=r"\sigma",
    )  # fmt: skip
    wide = [
        new_output("execute_result", data={"text/html": WIDE_TABLE}),
        new_output("display_data", data={"image/svg+xml": WIDE_PICTURE}),
        new_output("stream", text="x" * 400),
    ]
    formula = " + ".join(f"\\beta_{{{n}}} x_{{{n}}}" for n in range(60))
    return [
        new_markdown_cell(f"# Lesson\n\nText.\n\n## The *spread*\n\n$${formula}$$\n\n|a|b|\n|-|-|\n|1|2|"),
        new_code_cell("fit = " + "y" * 300, outputs=wide),
        new_markdown_cell("More.\n\n**Question 1** (2 points). How `wide`?"),
        named(new_code_cell("sd = 4", outputs=wide), "q-a-answer", solution=True),
        new_code_cell("my_own = 1"),
        named(new_code_cell("check", outputs=[verdict_output(says)]), "q-a", grade=True, locked=True),
        new_markdown_cell("**Question 2** (2 points, read by your instructor). Why?"),
        named(new_markdown_cell("Because."), "q-text", grade=True, solution=True),
        new_markdown_cell("The end.\n\n```\n## no heading\n```"),
    ]


def test_each_question_is_a_card_with_its_number_and_what_lies_inside():
    found = blocks(lesson())
    assert [block.title for block in found if isinstance(block, Fold)] == [
        "Lesson", "The spread", "The spread, continued",
    ]  # fmt: skip
    first, second = (block for block in found if isinstance(block, Card))
    assert (first.number, second.number) == ("1", "2")
    assert first.wording.endswith("How `wide`?")
    assert [cell.source for cell in first.cells] == ["sd = 4", "my_own = 1", "check"]
    assert [cell.source for cell in second.cells] == ["Because."]


def test_nothing_is_lost_or_moved():
    cells = lesson()
    told = []
    for block in blocks(cells):
        told += ([block.wording] if isinstance(block, Card) else []) + [cell.source for cell in block.cells]
    before = "".join("".join(cell.source for cell in cells).split())
    assert "".join("".join(told).split()) == before


def test_a_question_without_a_graded_cell_stays_text_of_the_lesson():
    cells = [new_markdown_cell("**Question 1**. What?"), new_code_cell("x")]
    assert [cell.source for block in blocks(cells) for cell in block.cells] == ["x", "**Question 1**. What?"]


def test_an_answer_that_has_lost_its_check_takes_no_other_questions():
    cells = [cell for cell in lesson() if cell.source != "check"]
    (card,) = (block for block in blocks(cells) if isinstance(block, Card))
    assert [cell.source for cell in card.cells] == ["Because."]


def test_boxes_open_and_close_once_for_tables_in_tables():
    inner = "<table><tr><td><table></table></td></tr></table>"
    assert in_boxes(inner).count("<div") == in_boxes(inner).count("</div>") == 1
    line = '<math display="inline"><mi>x</mi></math>'
    assert in_boxes(line) == line


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The feedback page as a file."""
    app = FormgradeExtension()
    app.initialize([], root=str(COURSE))
    exporter = FeedbackExporter(config=app.config)
    exporter.preprocessors = []
    about = {"student": "ana", "score": 1.0, "late_penalty": 0.0, "max_score": 4.0}
    cells = new_notebook(cells=lesson())
    html, _ = exporter.from_notebook_node(cells, resources={"nbgrader": about, "unique_key": "x"})
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(html)
    return path


@pytest.fixture(params=[390, 768, 1400])
def tab(request, page):
    """The page in a browser, all of it open."""
    if why := chromium.missing():
        pytest.skip(why)
    with chromium.Tab(request.param, 844, mobile=request.param < 700) as tab:
        tab.open(page)
        tab.value("document.querySelectorAll('details').forEach(part => part.open = true)")
        yield tab


@pytest.mark.long(5)
@pytest.mark.needs_chromium
def test_nothing_is_wider_than_the_window(tab):
    assert tab.value("document.documentElement.scrollWidth <= innerWidth")
    # Neither is anything cut off: what sticks out lies in a box that scrolls, or is a drawing of the browser.
    wider = "part.getBoundingClientRect().right > innerWidth && !part.closest('.scroll, svg')"
    parts = f"[...document.querySelectorAll('main *')].filter(part => {wider}).map(part => part.outerHTML)"
    assert tab.value(parts) == []
    assert tab.value("document.querySelectorAll('.scroll').length") >= 3


@pytest.mark.long(5)
@pytest.mark.needs_chromium
def test_axe_finds_no_violation(tab):
    assert tab.violations() == []


@pytest.mark.long(5)
@pytest.mark.needs_chromium
def test_the_lesson_is_folded_until_a_link_or_a_key_opens_it(page):
    with chromium.Tab(390, 844, mobile=True) as tab:
        tab.open(page)
        assert tab.value("document.querySelectorAll('details[open]').length") == 0
        tab.value("document.querySelector('.check a[href^=\"#section\"]').click()")
        tab.wait("document.querySelector('#section-the-spread').closest('details').open")
        reached = set()
        for _ in range(40):
            tab.press("Tab")
            reached.add(
                tab.value("document.activeElement.matches('summary') && document.activeElement.innerText")
            )
        assert reached >= set(
            tab.value("[...document.querySelectorAll('summary')].map(one => one.innerText)")
        )
        tab.value("document.querySelector('details').open = false; document.querySelector('summary').focus()")
        tab.press("Enter")
        tab.wait("document.querySelector('details').open")


@pytest.mark.long(5)
@pytest.mark.needs_chromium
def test_paper_shows_the_cards_and_only_what_was_opened(page):
    with chromium.Tab(794, 1123) as tab:
        tab.open(page)
        tab.page.emulate_media(media="print")
        shown = "[...document.querySelectorAll('{}')].map(part => part.offsetHeight > 0)"
        assert tab.value(shown.format("details")) == [False] * 5  # three of the lesson, two that ask
        assert tab.value(shown.format(".card")) == [True] * 2


def test_marks_of_the_page_are_ours_and_not_the_students():
    cells = lesson()
    cells[1].metadata["page"] = {"card": {"number": "<b>"}}
    assert all("<b>" not in str(cell.metadata) for cell in lay_out(cells))
