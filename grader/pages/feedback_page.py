"""The HTML page that a student gets back: verdicts first, then the notebook with them in place."""

from __future__ import annotations

import html
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbgrader.preprocessors import GetGrades

from grader.course.notebooks import lesson_title
from grader.grade.saved_marks import waits_for_person
from grader.grade.verdicts import HEADINGS, points_text, read_verdict, sentence_html
from grader.intake.mending import notices_in
from grader.pages.boxes import in_boxes
from grader.pages.cards import is_graded, lay_out, section_ids
from grader.pages.explained import beside, says_html
from mlmkit.answers.kinds import Verdict

TEMPLATES = Path(__file__).parent / "templates"


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter for the template ``feedback_page``, chosen in ``nbgrader_config.py``.

    It reads the verdicts from the notebook, not from their HTML: a student's cell that looks like a
    verdict stays a student's cell.
    """

    def default_filters(self):
        """Add the filter that keeps wide parts inside the screen."""
        yield from super().default_filters()
        yield "in_boxes", in_boxes

    def _preprocess(self, nb, resources):
        """Let the preprocessors fetch the marks, then add what the template shows."""
        nb, resources = super()._preprocess(nb, resources)
        nb.cells = lay_out(nb.cells)
        sections = section_ids(nb.cells)
        asked = resources["nbgrader"].get("requests", [])
        rows, card = [], None
        for cell in nb.cells:
            card = cell.metadata.page.get("card", card)
            if is_graded(cell):  # the last one of its card
                row = _row(cell, sections)
                mine = [request for request in asked if request.question == row["id"]]
                rows.append({"number": card.number, **row, "requests": mine})
                card["row"] = cell.metadata.page["row"] = rows[-1]
        resources["questions"] = rows
        resources["possible"] = sum(row["points"] for row in rows if not row["waiting"])
        resources["waiting"] = sum(row["waiting"] for row in rows)
        resources["notices"] = [sentence_html(says) for says in notices_in(nb)]
        resources["who"] = resources["nbgrader"]["student"].encode("utf-8", "replace").decode("utf-8")
        resources["title"] = lesson_title(nb)
        resources["css"] = page_css("feedback_page/feedback.css")
        return nb, resources


class GetMarks(GetGrades):
    """nbgrader's ``GetGrades``; each graded cell also learns whether it still waits for a person."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        cell.metadata.nbgrader["waiting"] = waits_for_person(grade)


def page_css(*names: str) -> str:
    """Return the style that all pages share, followed by a page's own."""
    return "\n".join((TEMPLATES / part).read_text(encoding="utf-8") for part in ("page.css", *names))


def _row(cell, sections) -> dict:
    """Say of a question what its card and the summary show; a person or a check has graded it."""
    nbgrader = cell.metadata["nbgrader"]
    verdict = read_verdict(cell) if cell.cell_type == "code" else None
    row = {
        "id": nbgrader["grade_id"],
        "score": nbgrader.get("score") or 0,
        "points": nbgrader["points"],
        "waiting": nbgrader.get("waiting", False),
    }
    return {**row, **(_by_hand(nbgrader, row) if verdict is None else _judged(verdict, row, sections))}


def _by_hand(nbgrader: dict, row: dict) -> dict:
    says = nbgrader.get("comment") or ""
    if row["waiting"]:
        says = "Your instructor reads this answer. It is not counted yet."
    elif says == "No response.":
        says = "This question was not answered."
    return {
        "status": "by_hand",
        "heading": "Graded by hand",
        "topic": "",
        "says": html.escape(says),
        "beside": "",
    }


def _judged(verdict: Verdict, row: dict, sections: set[str]) -> dict:
    says = "" if verdict.status == "right" else says_html(verdict, sections)
    if row["score"] != verdict.score and not row["waiting"]:
        says += f" <em>Your instructor changed this mark. It was {points_text(verdict)}.</em>"
    return {
        "status": verdict.status,
        "heading": HEADINGS[verdict.status],
        "topic": verdict.topic,
        "says": says,
        "beside": beside(verdict),
    }
