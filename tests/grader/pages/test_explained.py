"""A verdict on a page: formulas beside each other, and a link that leads to the section on the same page."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from grader.grade.verdicts import verdict_output
from grader.pages.explained import beside, says_html
from grader.pages.feedback_page import FeedbackExporter
from grader.pages.safe_html import markdown2html, section_id
from mlmkit.answers.kinds import Verdict

COURSE = Path(__file__).parents[3] / "course"
WHERE = "02: Where the *weights* go: σ & co"
MISTAKE = Verdict(
    "mistake", 0.5, 1.0, f"These are variances. Read again: {WHERE}.", "variance", "q", "weights", WHERE,
    did=r"\frac{n}{n + \sigma_y / \sigma_\alpha}", idea=r"\frac{n}{n + \sigma_y^2 / \sigma_\alpha^2}",
)  # fmt: skip


@pytest.fixture(scope="module")
def page():
    """The feedback page of a notebook with a section and a verdict."""
    app = FormgradeExtension()
    app.initialize([], root=str(COURSE))
    check = new_code_cell("check", outputs=[verdict_output(MISTAKE)])
    check.metadata["nbgrader"] = {
        "grade": True,
        "grade_id": "q",
        "points": 1,
        "solution": False,
        "locked": True,
    }
    cells = [
        new_markdown_cell(f"## {WHERE.partition(': ')[2]}\n\nText."),
        new_markdown_cell("## Other"),
        check,
    ]
    exporter = FeedbackExporter(config=app.config)
    exporter.preprocessors = []
    about = {"student": "ana", "score": 0.5, "late_penalty": 0.0, "max_score": 1.0}
    html, _ = exporter.from_notebook_node(
        new_notebook(cells=cells), resources={"nbgrader": about, "unique_key": "x"}
    )
    return BeautifulSoup(html, "html.parser")


def test_two_formulas_stand_beside_each_other(page):
    did, idea = page.select(".check .mlm-beside > div")
    assert [part.dt.text for part in (did, idea)] == ["Your answer", "What is asked"]
    assert (len(did.select("math msup, math msubsup")), len(idea.select("math msup, math msubsup"))) == (0, 2)
    assert did.select("math mfrac") and idea.select("math mfrac")


def test_the_section_to_read_again_is_a_link_to_its_heading(page):
    links = [link["href"] for link in page.find_all("a", href=True) if "weights" in link["href"]]
    assert len(links) == 1  # on the card of the question
    for href in links:
        (target,) = page.find_all(id=href.removeprefix("#"))
        assert target.name == "h2" and target.text == "Where the weights go: σ & co"


def test_a_section_that_is_not_on_the_page_is_no_link():
    assert says_html(MISTAKE, {"section-other"}).endswith(
        "Read again: 02: Where the *weights* go: σ &amp; co."
    )


def test_nothing_is_written_where_the_bank_has_no_symbols():
    assert beside(Verdict("mistake", 0, 1, "No.", did="x")) == beside(Verdict("wrong", 0, 1, "No.")) == ""
    assert says_html(Verdict("wrong", 0, 1, "Not `this`.")) == "Not <code>this</code>."


@pytest.mark.parametrize(
    "text", ['<h2 id="q">x</h2>', '<h2 id="section-X y">x</h2>', '<p id="section-x">y</p>']
)
def test_a_student_gives_no_ids_but_those_of_headings(text):
    assert " id=" not in markdown2html({}, text)


def test_formulas_and_marks_in_a_heading_do_not_change_its_id():
    assert f'id="{section_id("Where it goes")}"' in markdown2html({}, "## Where *it* goes $x^2$")
