"""How the pages for instructors are made: their style, their one script, how numbers stand on them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.grade.verdicts import sentence_html
from grader.pages.feedback_page import TEMPLATES, page_css
from grader.pages.policy import policy, with_script


def rendered(name: str, place: Path, **values) -> str:
    """Write a page for instructors from the template `name`, with a style of its own and sortable tables."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / name, TEMPLATES]), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(percent=percent, points=points, sentence=_sentence)
    script = (TEMPLATES / "sorting.js").read_text(encoding="utf-8")
    page = environment.get_template(f"{name}.html.j2").render(
        css=Markup(page_css("tables.css", f"{name}/{name}.css")),
        link=lambda page: quote(os.fsencode(os.path.relpath(page, place))) if page else None,
        made=datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC"),
        policy=policy(*with_script(script)),
        script=Markup(script),
        **values,
    )
    return page.encode("utf-8", "replace").decode("utf-8")  # a name may hold what is no character


def percent(share: float | None) -> str:
    """Write a share as a percentage.

    >>> percent(0.256), percent(None)
    ('26 %', '–')
    """
    return "–" if share is None else f"{100 * share:.0f} %"


def points(number: float | None) -> str:
    """Write points with at most one decimal.

    >>> points(2.0), points(1.54), points(None)
    ('2', '1.5', '–')
    """
    return "–" if number is None else f"{number:.1f}".removesuffix(".0")


def _sentence(text: str) -> Markup:
    return Markup(sentence_html(text))
