"""Pages in a real browser: whatever a student, a name or a comment holds, no script runs."""

import re
import sys
from pathlib import Path
from uuid import uuid4

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from grader.grade.verdicts import verdict_output
from grader.marks.course_marks import course_marks
from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages.course_gradebook import render_gradebook
from grader.pages.feedback_page import TEMPLATES, FeedbackExporter
from grader.pages.report import findings, render
from mlmkit.answers.kinds import Verdict

HERE = Path(__file__).parent
COURSE = HERE.parents[2] / "course"
sys.path[:0] = [str(HERE), str(HERE.parent)]

import chromium  # noqa: E402
from payloads import CELL_METADATA, HTML, MARKDOWN, NAMES, NOTEBOOK_METADATA, OUTPUTS, RUN  # noqa: E402

pytestmark = pytest.mark.long(20)
TAGS = f'"><script>{RUN}</script><img src=x onerror={RUN}>'  # in a verdict's symbols and its link
POLICY = re.compile(r'<meta [^>]*http-equiv="Content-Security-Policy"[^>]*>|<meta content="default-src[^>]*>')


def cell(kind, source="", **more):
    """A cell as JSON holds it: nothing checks it."""
    return NotebookNode(
        {"cell_type": kind, "source": source, "metadata": CELL_METADATA, "id": uuid4().hex, **more}
    )


def graded(grade_id, verdict=None, **more):
    nbgrader = {
        "grade": True,
        "grade_id": grade_id,
        "points": 2,
        "solution": verdict is None,
        "locked": False,
    }
    outputs = [verdict_output(verdict)] if verdict else []
    kind, own = ("code", {"outputs": outputs, "execution_count": 1}) if verdict else ("markdown", {})
    return NotebookNode(
        {
            "cell_type": kind,
            "source": "x",
            "metadata": {"nbgrader": {**nbgrader, **more}},
            "id": uuid4().hex,
            **own,
        }
    )


def hostile_notebook():
    attached = {"x.png": {"text/html": f"<script>{RUN}</script>", "image/png": f'AAAA" onerror="{RUN}'}}
    cells = [
        *(cell("markdown", text, attachments={}) for text in HTML + MARKDOWN),
        cell("markdown", f"# </title><script>{RUN}</script>", attachments=attached),
        cell("markdown", "![x](attachment:x.png)", attachments=attached),
        *(cell("raw", text) for text in HTML[:5]),
        *(cell("code", text, outputs=[], execution_count=f"<script>{RUN}</script>") for text in HTML[:5]),
        *(
            cell("code", "x", outputs=[NotebookNode(output)], id=f'{n}"><img src=x onerror={RUN}>')
            for n, output in enumerate(OUTPUTS)
        ),
        graded("q-a", Verdict("wrong", 0.0, 2.0, f"You gave <script>{RUN}</script>.", None, "q-a")),
        graded(
            "q-b", Verdict("mistake", 0.0, 2.0, f"Read again: {TAGS}.", TAGS, "q-b", "t", TAGS, TAGS, TAGS)
        ),
        graded(f'"><img src=x onerror={RUN}>', points=f'1"><img src=x onerror={RUN}>'),
    ]
    return NotebookNode({"cells": cells, "metadata": NOTEBOOK_METADATA, "nbformat": 4, "nbformat_minor": 5})


class HostileComments(Preprocessor):
    """In the place of the gradebook: marks, and comments with markup."""

    def preprocess(self, nb, resources):
        for part in nb.cells:
            if "nbgrader" in part.metadata:
                part.metadata.nbgrader.update(
                    score=1.0, comment=f"</div><script>{RUN}</script>", waiting=False
                )
        return nb, resources


@pytest.fixture(scope="module")
def config():
    """The course's settings as the formgrader reads them."""
    formgrader = FormgradeExtension()
    formgrader.initialize([], root=str(COURSE))
    return formgrader.config


def feedback_of(nb, config, student="ana"):
    exporter = FeedbackExporter(config=config)
    exporter.register_preprocessor(HostileComments, enabled=True)
    about = {"student": student, "score": 1.0, "late_penalty": 0.0, "max_score": 2.0}
    return exporter.from_notebook_node(nb, resources={"nbgrader": about, "unique_key": "x"})[0]


def formgrader_of(nb, config, student="ana", base_url=""):
    resources = {
        "assignment_id": "01_pooling",
        "notebook_id": "01_pooling",
        "submission_id": "5",
        "index": 0,
        "total": 1,
        "base_url": base_url,
        "student": student,
        "first_name": student,
        "last_name": student,
        "notebook_path": f"course/autograded/{student}/x.ipynb",
    }
    return HTMLExporter(config=config).from_notebook_node(nb, resources=resources)[0]


def class_of(student):
    text = f"<script>{RUN}</script>"
    verdict = Verdict("mistake", 0.0, 2.0, text, text, "q-a")
    who = Submission(
        student, text, "graded", text, score=0.0, possible=2.0, marks={"q-a": 0.0}, verdicts={"q-a": verdict},
        feedback=Path("/course/feedback") / student.replace("/", "_") / "x.html",
    )  # fmt: skip
    return Class("01", text, [GradedQuestion("q-a", 2.0, text, text, text)], [who])


def report_of(_nb, _config, student="ana"):
    group = class_of(student)
    return render(group, findings(group, {}), Path("/course/reports"), [(student, "q-a")])


def gradebook_of(_nb, _config, student="ana"):
    return render_gradebook(course_marks([class_of(student)], lambda *_: True), Path("/course/reports"))


PAGES = {
    "feedback": feedback_of,
    "formgrader": formgrader_of,
    "report": report_of,
    "gradebook": gradebook_of,
}


@pytest.fixture(scope="module", params=PAGES)
def hostile_page(request, config):
    """The page of each kind about a hostile submission."""
    return PAGES[request.param](hostile_notebook(), config, " ".join(NAMES))


def without_policy(page):
    """Take the second lock away, to see the first one."""
    found = POLICY.search(page)
    assert found, "There is no policy."
    return page.replace(found[0], "")


def ran(page, tmp_path, click=False):
    """Tell whether RUN ran in the browser. With `click`, everything is clicked, pointed at and focused."""
    if click:
        page += """<script>for (const part of document.querySelectorAll("*")) {
            for (const kind of ["mouseover", "focus", "toggle", "cut", "error", "load"])
                part.dispatchEvent(new Event(kind, {bubbles: true}));
            if (!/^(https?|mailto):/.test(part.href ?? "")) part.click?.();
        }</script>"""
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    return BeautifulSoup(chromium.document(tmp_path / "page.html"), "html.parser").title.text == "RAN"


@pytest.mark.needs_chromium
@pytest.mark.parametrize("policy", ["with policy", "without policy"])
def test_no_script_of_a_student_runs(hostile_page, tmp_path, policy):
    page = hostile_page if policy == "with policy" else without_policy(hostile_page)
    assert not ran(page, tmp_path)
    if policy == "without policy":
        assert not ran(page, tmp_path, click=True)


@pytest.mark.needs_chromium
@pytest.mark.parametrize("kind", PAGES)
def test_the_policy_alone_stops_what_would_run(kind, config, tmp_path):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    page = PAGES[kind](nb, config)
    bad = page.replace("</body>", "".join(HTML[:60]) + "</body>")
    assert not ran(bad, tmp_path)
    assert ran(without_policy(bad), tmp_path)  # so the test can fail


def allowed_scripts(kind, document):
    """Count nbgrader's own scripts, and ours, which sorts tables for instructors."""
    if "formgrader" in kind:
        return len(document.find_all("script", nonce=True))
    ours = (TEMPLATES / "sorting.js").read_text(encoding="utf-8")
    return sum(script.text == ours for script in document.find_all("script")[:1])


@pytest.mark.needs_chromium
def test_nothing_foreign_is_in_the_document_that_the_browser_reads(hostile_page, tmp_path, request):
    (tmp_path / "page.html").write_text(hostile_page, encoding="utf-8")
    document = BeautifulSoup(chromium.document(tmp_path / "page.html"), "html.parser")
    kind = request.node.callspec.params["hostile_page"]
    assert len(document.find_all("script")) == allowed_scripts(kind, document)
    assert not document.find_all(
        ["iframe", "object", "embed", "form", "base", "template", "foreignobject", "a:"]
    )
    for part in document.find_all(True):
        handlers = {name: value for name, value in part.attrs.items() if name.startswith("on")}
        assert set(handlers.values()) <= (
            {"toggle_name(true);", "toggle_name(false);"} if "form" in kind else set()
        )
        address = part.get("src") or ""
        assert address.startswith(("data:image/", "/formgrader/static/")) or not address, part
        link = part.get("href") or "#"
        assert re.match(r"#|https?://|mailto:|/formgrader/|\.\./|(01|gradebook)\.(csv|json)$", link), part


@pytest.mark.needs_chromium
def test_the_scripts_of_the_formgrader_itself_still_run(config, tmp_path):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    extensions = Path(nbgrader.__file__).parent / "server_extensions"
    page = formgrader_of(nb, config, base_url=extensions.as_uri())
    assert 'data-link="' in page
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    document, complaints = chromium.document_and_console(tmp_path / "page.html")
    assert 'data-link="' not in document  # nbgrader's script has taken it away
    assert not [
        line for line in complaints if ("Refused" in line and "script" in line) or "not defined" in line
    ]


@pytest.mark.parametrize("html", HTML)
def test_no_tag_that_could_run_is_left(html):
    from grader.pages.safe_html import clean_html

    document = BeautifulSoup(clean_html(html), "html.parser")
    for part in document.find_all(True):
        assert not [name for name in part.attrs if name.startswith("on") or name in ("style", "id", "srcdoc")]
        assert "script" not in part.name


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_shown_as_they_are(kind, name, config):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    page = PAGES[kind](nb, config, name)
    page.encode("utf-8")
    shown = name.encode("utf-8", "replace").decode()
    assert " ".join(shown.split()) in " ".join(BeautifulSoup(page, "html.parser").get_text().split())


def test_the_page_of_a_good_submission_keeps_what_belongs_there(config):
    picture = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
    sizes = {"image/png": {"width": 300, "height": 200, "alt": "Prices by zip code"}}
    output = nbformat.v4.new_output("display_data", data=picture, metadata=sizes)
    table = nbformat.v4.new_output(
        "execute_result", data={"text/html": "<table class='dataframe'><tr><td>1</td></tr></table>"}
    )
    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title\n\nThe mean is $\\bar y$."),
            nbformat.v4.new_code_cell("x = 1", outputs=[output, table]),
            graded("q-a", Verdict("right", 2.0, 2.0, "Right.", None, "q-a")),
        ]
    )
    for page in (feedback_of(nb, config), formgrader_of(nb, config)):
        assert re.search(
            r'<img alt="Prices by zip code" height="200" src="data:image/png[^"]*" width="300"', page
        )
        assert '<table class="dataframe">' in page
        assert "<math" in page
        assert page.index("From the grader") < page.index("mlm-verdict mlm-right")


def test_no_page_of_the_formgrader_asks_another_host():
    """nbgrader's own pages, and the one for grading as the course's settings make it."""
    templates = sorted(
        (Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates").glob("*.tpl")
    )
    assert len(templates) > 5
    for template in templates:
        assert asked_for(template.read_text(encoding="utf-8")) == []


def test_the_page_for_grading_asks_no_other_host(config):
    formula = nbformat.v4.new_markdown_cell("# Title\n\nThe mean is $\\bar y$.")
    page = formgrader_of(nbformat.v4.new_notebook(cells=[formula]), config)
    assert asked_for(page) == []
    assert asked_for('<script src="https://cdn.example/x.js"></script>') == ["https://cdn.example/x.js"]


def asked_for(page):
    """List what a page loads from other hosts."""
    parts = BeautifulSoup(page, "html.parser").find_all(["script", "link", "img", "iframe"])
    addresses = [part.get("src") or part.get("href") or "" for part in parts]
    return [address for address in addresses if re.match(r"\s*(https?:)?//", address)]
