"""A verdict as pages show it: the sentence with a link to the section, and two formulas beside each other."""

from __future__ import annotations

import html

from grader.grade.verdicts import sentence_html, verdict_html
from grader.pages.mathml import mathml
from grader.pages.safe_html import section_id
from mlmkit.answers.kinds import Verdict


def explained(verdict: Verdict) -> str:
    """Write the frame of a verdict, with symbols where the bank has them for this mistake."""
    return verdict_html(verdict, says_html(verdict) + beside(verdict))


def says_html(verdict: Verdict, sections: set[str] | None = None) -> str:
    """Write the sentence; the section to read again is a link to it, on the same page.

    With `sections`, the ids of those on the page, there is a link only where it leads somewhere.

    >>> says_html(Verdict("wrong", 0, 1, "No. Read again: 02: Your < idea.", revisit="02: Your < idea"))
    'No. Read again: <a href="#section-your-idea">02: Your &lt; idea</a>.'
    """
    return with_link(verdict.message, verdict.revisit, sections)


def with_link(sentence: str, revisit: str, sections: set[str] | None = None) -> str:
    """Write a sentence; where it ends with the name of a section, this is a link, as in `says_html`.

    >>> with_link("To read again: 02: Weights.", "02: Weights", {"section-other"})
    'To read again: 02: Weights.'
    """
    says, where = sentence_html(sentence), html.escape(revisit)
    if not where or not says.endswith(f"{where}."):
        return says
    title = revisit.partition(": ")[2]
    if sections is not None and section_id(title) not in sections:
        return says
    return f'{says.removesuffix(f"{where}.")}<a href="#{section_id(title)}">{where}</a>.'


def beside(verdict: Verdict) -> str:
    """Lay what was computed beside what is asked for, in symbols; nothing where there are none.

    >>> beside(Verdict("right", 1, 1, "Right."))
    ''
    """
    if not (verdict.did and verdict.idea):
        return ""
    return (
        '<dl class="mlm-beside">'
        f"<div><dt>Your answer</dt><dd>{mathml(verdict.did, block=True)}</dd></div>"
        f"<div><dt>What is asked</dt><dd>{mathml(verdict.idea, block=True)}</dd></div></dl>"
    )
