"""The student's side of a second look: `regrade` records a request in the notebook, beside the answers."""

from pathlib import Path

from mlmkit.answers.check import read_keys, show, unknown
from mlmkit.answers.practice import Reply
from mlmkit.answers.text import plain

REQUEST = "application/vnd.mlmkit.regrade+json"  # the type of the output that holds a request
LONGEST = 2_000  # characters of a reason


def regrade(question, why):
    """Ask your instructor to look at a mark again.

    The request is recorded in the notebook. Save the notebook and hand it in again: if nothing else has
    changed, your answers keep the time at which you handed them in. The answer stands on the next
    feedback page.

    Parameters
    ----------
    question : str
        The question's id, as the feedback page gives it: ``"l01-ranef"``.
    why : str
        Your reason, in a sentence or a few: at most 2,000 characters.

    Notes
    -----
    Shows a sentence under the cell, and raises no error.

    Examples
    --------
    >>> from mlmkit import regrade
    >>> regrade("l01-ranef", "")
    l01-ranef: not recorded. Say why, in quotes: regrade("l01-ranef", "I used REML, as asked.")
    """
    question = question if isinstance(question, str) else str(type(question).__name__)
    try:
        keys = read_keys(Path.cwd())
    except Exception:  # a damaged key file must not keep anybody from asking
        keys = None
    fault = _fault(question, why, keys)
    if fault:
        show(question, fault, {})
        return
    says = (
        f'your request is recorded: "{plain(why, 200)}" Save the notebook and hand it in again. If you '
        "change nothing else, your answers keep the time at which you handed them in."
    )
    show(question, Reply("plain", says), {REQUEST: {"question": question, "why": str(why)}})


def _fault(question, why, keys):
    """Say why a request can't be recorded; None where it can."""
    if not isinstance(why, str) or not why.strip():
        example = f'regrade("{plain(question)}", "I used REML, as asked.")'
        return Reply("bad", f"not recorded. Say why, in quotes: {example}")
    if len(why) > LONGEST:
        return Reply(
            "bad", f"not recorded. Your reason has {len(why):,} characters; at most {LONGEST:,} fit."
        )
    if keys is None or question in keys["graded"] or question in keys["by_hand"]:
        return None
    if question in keys["practice"] or question in keys["predict"]:
        return Reply("bad", "not recorded. This question has no mark: nothing of it is graded.")
    return Reply("bad", f"not recorded: {unknown(question, keys).says}")
