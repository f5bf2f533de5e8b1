"""The feedback page on a phone, in a real browser: nothing is wider than it, and the keyboard reaches all."""

import base64
import io
import sys
from pathlib import Path

import nbformat
import pytest
from PIL import Image

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import chromium  # noqa: E402
from test_browser import config, feedback_of, graded  # noqa: E402, F401 (config is a fixture)

from mlmkit.answers.kinds import Verdict  # noqa: E402

pytestmark = [pytest.mark.long(10), pytest.mark.needs_chromium]
ANSWER = {"grade": False, "grade_id": "q-a-answer", "solution": True, "locked": False}
LONG = "averylongwordwithoutanyplacetobreak" * 6


def picture(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def wide_notebook():
    """Whatever could be wider than a phone: a table, a formula, code, print-outs, a picture, words."""
    table = "<table><tr>" + "".join(f"<td>column {number}</td>" for number in range(40)) + "</tr></table>"
    formula = "$$" + " + ".join(f"x_{{{number}}}" for number in range(60)) + "$$"
    outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": table}),
        nbformat.v4.new_output("stream", text="1234567890 " * 40),
        nbformat.v4.new_output("display_data", data={"image/png": picture(2400, 300)}),
    ]
    says = Verdict("mistake", 0.0, 2.0, f"This is {LONG}.", f"This is {LONG}.", "q-a")
    question = "**Question 1** (2 points). How much?"
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# Lesson\n\n## {LONG}\n\n{formula}\n\n{LONG}"),
            nbformat.v4.new_code_cell(f"x = '{LONG}'", outputs=outputs),
            nbformat.v4.new_markdown_cell(question),
            nbformat.v4.new_code_cell(f"answer = '{LONG}'", outputs=outputs, metadata={"nbgrader": ANSWER}),
            graded("q-a", says),
        ]
    )


@pytest.fixture(scope="module")
def page(config, tmp_path_factory):  # noqa: F811
    path = tmp_path_factory.mktemp("phone") / "page.html"
    path.write_text(feedback_of(wide_notebook(), config), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [320, 390, 768, 1400])
def test_nothing_is_wider_than_the_screen(page, width):
    with chromium.Tab(width, 844, mobile=width < 700) as tab:
        tab.open(page)
        assert tab.value("document.documentElement.scrollWidth") <= width
        tab.value("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert tab.value("document.documentElement.scrollWidth") <= width
        assert tab.value("innerWidth") == width  # a phone would make the page smaller instead


def test_every_folded_part_opens_by_keyboard(page):
    with chromium.Tab(390, 844) as tab:
        tab.open(page)
        folded = tab.value("document.querySelectorAll('details').length")
        assert folded >= 1
        for _ in range(60):
            tab.press("Tab", 9)
            if tab.value(
                "document.activeElement.tagName == 'SUMMARY' && !document.activeElement.parentNode.open"
            ):
                tab.press("Enter", 13)
        assert tab.value("document.querySelectorAll('details[open]').length") == folded


def test_a_question_is_a_card_with_answer_and_sentence(page):
    with chromium.Tab(390, 844) as tab:
        tab.open(page)
        assert tab.value("document.querySelectorAll('.card').length") == 1
        card = tab.value("document.querySelector('.card').innerText")
        for text in ("Question 1", "How much?", "answer =", "This is averylongword"):
            assert text in card
