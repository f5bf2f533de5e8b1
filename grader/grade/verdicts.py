"""How a verdict lies in an autograded notebook: written by the trusted checks, read by everybody else."""

from __future__ import annotations

import html
import re

from nbformat import NotebookNode
from nbformat.v4 import new_output

from mlmkit.answers.kinds import Verdict

MIME = "application/vnd.mlmkit.verdict+json"

HEADINGS = {
    "right": "Right",
    "mistake": "A known mistake",
    "wrong": "Not right",
    "missing": "Not answered",
    "invalid": "Not in the form that was asked for",
    "other_data": "Another student's data",
    "not_run": "Not run",
    "ungraded": "Not graded yet",
}


def verdict_output(verdict: Verdict) -> NotebookNode:
    """Write `verdict` as the one output of a check cell.

    nbgrader takes the mark from the plain text of the first ``execute_result``, so that text is
    a plain float and nothing else. The HTML has classes and no inline styles, because nbconvert's
    ``sanitize_html`` removes styles.
    """
    data = {
        "text/plain": repr(float(verdict.score)),
        "text/html": verdict_html(verdict),
        MIME: verdict.as_dict(),
    }
    return new_output("execute_result", data=data, execution_count=None)


def verdict_html(verdict: Verdict, says: str | None = None) -> str:
    """Write what the student reads in the feedback: points, a heading, the sentence (or `says`, as HTML)."""
    points = "to be graded by hand" if verdict.status == "ungraded" else points_text(verdict)
    return (
        f'<div class="mlm-verdict mlm-{verdict.status}">'
        f'<div class="mlm-head"><strong>{HEADINGS[verdict.status]}</strong> '
        f'<span class="mlm-points">{points}</span></div>'
        f'<div class="mlm-says">{says or sentence_html(verdict.message)}</div></div>'
    )


def sentence_html(sentence: str) -> str:
    """Escape a sentence for HTML; names in backticks become code.

    >>> sentence_html("`a` < b")
    '<code>a</code> &lt; b'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(sentence))


def points_text(verdict: Verdict) -> str:
    """Write ``1.5 of 2 points``.

    >>> points_text(Verdict("right", 2.0, 2.0, "Right."))
    '2 of 2 points'
    """
    unit = "point" if verdict.max_points == 1 else "points"
    return f"{verdict.score:.4g} of {verdict.max_points:.4g} {unit}"


def read_verdict(cell: NotebookNode) -> Verdict | None:
    """Read the verdict in an autograded check cell; None where there is none."""
    for output in cell.get("outputs", []):
        entries = output.get("data", {}).get(MIME)
        if output.output_type == "execute_result" and entries is not None:
            return Verdict.from_dict(entries)
    return None


def read_verdicts(nb: NotebookNode) -> dict[str, Verdict]:
    """Read all verdicts of an autograded notebook, by question id."""
    found = {}
    for cell in nb.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        verdict = read_verdict(cell) if nbgrader.get("grade") else None
        if verdict is not None:
            found[nbgrader["grade_id"]] = verdict
    return found
