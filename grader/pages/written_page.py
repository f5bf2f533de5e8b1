"""The page on which a person reads all answers to a written question, one after the other, and marks them.

It works from a file, without a server: what is marked is kept by the browser, and a button saves it to a file
for ``python -m grader written LESSON --marks FILE``. It holds right answers: it is for instructors only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode

from grader.course.notebooks import lesson_title
from grader.marks.alike import ALIKE, alike
from grader.marks.hand_marks import FORMAT, LONGEST
from grader.marks.written_answers import WrittenQuestion
from grader.pages.cards import NUMBER, Card, cards_of
from grader.pages.feedback_page import TEMPLATES, page_css
from grader.pages.policy import policy
from grader.pages.right_figures import RightFigure, needed, right_figures
from grader.pages.safe_html import inline, markdown2html, shortened

LONGEST_ANSWER = 20_000  # characters that are shown; a report of two pages has 5,000


def render_written(
    lesson: str,
    released: NotebookNode,
    written: list[WrittenQuestion],
    figures: Callable[..., list[RightFigure]] = right_figures,
) -> str:
    """Write the page.

    Parameters
    ----------
    lesson : str
    released : NotebookNode
        The lesson as students get it: numbers and wordings of its questions.
    written : list of WrittenQuestion
    figures : callable
        Gives a student's right answers: `grader.pages.right_figures.right_figures`.
    """
    cards = cards_of(released.cells)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "written"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(inline=inline, points=lambda points: f"{points:g}")
    script = (TEMPLATES / "written" / "written.js").read_text(encoding="utf-8")
    page = environment.get_template("written.html.j2").render(
        alike=ALIKE,
        count=sum(len(question.answers) for question in written),
        css=Markup(page_css("written/written.css")),
        data=_data(lesson, written),
        lesson=lesson,
        longest=LONGEST,
        made=datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC"),
        policy=policy(script_policy(script), "style-src 'unsafe-inline'", "img-src data:"),
        questions=[_section(question, cards, figures) for question in written],
        script=Markup(script),
        title=lesson_title(released),
    )
    return page.encode("utf-8", "replace").decode("utf-8")


def script_policy(script: str) -> str:
    """Let a browser run this script and no other one: by its SHA-256, as nobody can write another with it.

    >>> script_policy("")
    "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _section(question: WrittenQuestion, cards: dict[str, Card], figures) -> dict:
    """Say what the page shows of a question: its wording, the answers, who wrote nearly the same."""
    card = cards.get(question.id)
    wording = NUMBER.sub("", card.wording) if card else ""
    ids = needed(question.id, cards, question.rubric)
    groups = alike([answer.text for answer in question.answers])
    codes = [[question.answers[place].code for place in group] for group in groups]
    rows = []
    for answer in question.answers:
        near = next((group for group in codes if answer.code in group), [])
        rows.append(
            {
                "answer": answer,
                "alike": [code for code in near if code != answer.code],
                "figures": figures(answer.student, ids, answer.verdicts),
                "text": shortened(answer.text, LONGEST_ANSWER),
                "words": len(answer.text.split()),
            }
        )
    return {
        "question": question,
        "number": card.number if card else "",
        "wording": Markup(markdown2html({}, wording)),
        "alike": codes,
        "rows": rows,
    }


def _data(lesson: str, written: list[WrittenQuestion]) -> Markup:
    """Write what the script has to know, as JSON that can't end the element that it stands in."""
    data = {
        "format": FORMAT,
        "lesson": lesson,
        "longest": LONGEST,
        "questions": {
            question.id: {
                "points": question.points,
                "items": {item.title: item.points for item in question.rubric.items},
                "comments": list(question.rubric.comments),
                "prints": {answer.code: answer.print for answer in question.answers},
            }
            for question in written
        },
    }
    text = json.dumps(data, ensure_ascii=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
