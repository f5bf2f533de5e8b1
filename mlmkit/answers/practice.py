"""Practice questions: answered at once, with hints in steps and, after three tries, a worked solution."""

import html
import json
from collections import defaultdict
from dataclasses import dataclass

from mlmkit.answers.kinds import from_key, verdict

TRIES = 3  # different wrong answers, after which the worked solution can be opened
_wrong: dict[str, set] = defaultdict(set)  # of this session: a question's different wrong answers
_shown: dict[str, int] = defaultdict(int)  # and how many of its hints were shown


@dataclass(frozen=True)
class Reply:
    """What a student is told.

    Attributes
    ----------
    mood : {"good", "bad", "plain"}
    says : str
        Plain text.
    more : str
        HTML that follows it on a page.
    """

    mood: str
    says: str
    more: str = ""


def practised(question, entry, encoded):
    """Judge an answer to a practice question.

    Parameters
    ----------
    question : str
        Its id.
    entry : dict
        From the key file: ``answer``, ``revisit``, ``hints``, ``idea``, ``solution``.
    encoded : dict
        The answer.

    Returns
    -------
    Reply
        A wrong answer gets the next hint each time that it is another one.
    """
    result = verdict(
        from_key(entry["answer"]), encoded, max_points=1, revisit=entry["revisit"], idea=entry.get("idea", "")
    )
    if result.status not in ("wrong", "mistake"):
        return Reply("good" if result.status == "right" else "bad", result.message)
    answer = json.dumps(encoded, sort_keys=True)
    if answer not in _wrong[question]:
        _wrong[question].add(answer)
        _shown[question] = min(_shown[question] + 1, len(_hints_of(entry)))
    says = " ".join([result.message, _shown_hint(question, entry)]).strip()
    return Reply("bad", says, _beside(result) + _solution(question, entry))


def next_hint(question, entry):
    """Show the next hint to a practice question; after the last one, the last one again."""
    if not _hints_of(entry):
        return Reply("plain", f"there is no hint to this question. Read again: {entry['revisit']}.")
    last = _shown[question] == len(_hints_of(entry))
    _shown[question] = min(_shown[question] + 1, len(_hints_of(entry)))
    says = _shown_hint(question, entry)
    if last and len(_wrong[question]) < TRIES:
        says += f" This was the last hint. After {TRIES} different tries you can open the worked solution."
    return Reply("plain", says, _solution(question, entry))


def forget():
    """Forget what was tried and hinted at, as a new session does."""
    _wrong.clear()
    _shown.clear()


def _hints_of(entry):
    return entry.get("hints", [])  # key files of older lessons have none


def _shown_hint(question, entry):
    number, hints = _shown[question], _hints_of(entry)
    return f"Hint {number} of {len(hints)}: {hints[number - 1]}" if number else ""


def _beside(result):
    """Lay what was recognised beside what is asked for. Notebooks typeset what stands between dollars."""
    if not result.did:
        return ""
    columns = {"Your answer": result.did, "What is asked": result.idea}
    cells = [
        f'<div style="flex: 1 1 12em"><b>{title}</b><br>${html.escape(tex)}$</div>'
        for title, tex in columns.items()
    ]
    style = "display: flex; flex-wrap: wrap; gap: 0.5em 2em; margin-top: 0.4em"
    return f'<div style="{style}">{"".join(cells)}</div>'


def _solution(question, entry):
    if len(_wrong[question]) < TRIES or not entry.get("solution"):
        return ""
    return (
        '<details style="margin-top: 0.4em"><summary>Show the worked solution</summary>'
        f"<pre>{html.escape(entry['solution'])}</pre></details>"
    )
