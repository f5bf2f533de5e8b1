"""What the formgrader shows beside an answer: what is right on this student's data, and the rubric of a text.

nbgrader's page for grading by hand shows the answer alone. Whoever grades there needs what the page of
written answers has. It holds right answers, so only the formgrader's template asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets import Bool

from grader.grade.verdicts import read_verdicts
from grader.marks.rubric import Rubric, read_rubric
from grader.pages.cards import cards_of, grade_id
from grader.pages.right_figures import needed, right_figures
from grader.pages.safe_html import inline

TEMPLATES = Path(__file__).parent / "templates"


class BesideAnswer(Preprocessor):
    """Gives the template ``resources.beside(cell)``; named in ``course/nbgrader_config.py``, after `Tame`."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict):
        """Change nothing; what is asked for is looked up then."""
        names = [resources.get(name) for name in ("student", "assignment_id", "notebook_id")]
        if all(names):
            resources["beside"] = self._looker(nb, *map(unescape, names))
        return nb, resources

    def _looker(self, nb: NotebookNode, student: str, lesson: str, notebook: str) -> Callable:
        """Return the function that gives the HTML beside a graded cell; empty for other cells."""
        course = CourseDirectory(config=self.config)

        def cells(step: str) -> list[NotebookNode]:
            directory = getattr(course, f"{step}_directory")
            path = Path(course.format_path(directory, ".", lesson)) / f"{notebook}.ipynb"
            return nbformat.read(path, as_version=4).cells if path.is_file() else []

        def beside(cell: NotebookNode) -> Markup:
            about = cell.metadata.get("nbgrader", {})
            if not about.get("grade"):
                return Markup("")
            id, rubric, ids = about["grade_id"], Rubric(), {about["grade_id"]: ""}
            if about.get("solution"):  # a text
                rubric = _rubric(cells("source"), id)
                ids = needed(id, cards_of(cells("release")), rubric)
            return _html(rubric, right_figures(student, ids, read_verdicts(nb)))

        return beside


def _rubric(source: list[NotebookNode], id: str) -> Rubric:
    found = (cell for cell in source if grade_id(cell) == id)
    return next((read_rubric(cell.source) for cell in found), Rubric())


def _html(rubric: Rubric, figures: list) -> Markup:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "formgrade_page"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(inline=inline)
    return Markup(environment.get_template("beside.html.j2").render(rubric=rubric, figures=figures))
