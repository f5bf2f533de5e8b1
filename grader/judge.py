"""From one answer to one verdict."""

from grader import references
from grader.bank import BankError, get
from mlmkit.data import data_fingerprint
from mlmkit.encoding import plain
from mlmkit.kinds import Verdict, verdict

__all__ = ["BankError", "judge"]


def judge(question_id, payload, *, student, max_points):
    """Judge what a student's kernel emitted for one question.

    Parameters
    ----------
    question_id : str
        From the locked check cell, so it can be trusted.
    payload : object
        Parsed JSON that `mlmkit.check` emitted, ``{"question", "answer", "data"}``; None if nothing arrived.
        It comes from a student's kernel: it may be anything and never raises.
    student : str
        User name, which chooses the data that the expected value is computed from.
    max_points : float
        Points for a right answer.

    Returns
    -------
    mlmkit.kinds.Verdict

    Raises
    ------
    BankError
        If the question is unknown or its own function fails: our fault, which must not cost the student.

    Examples
    --------
    >>> judge("l01-mean-price", None, student="alice", max_points=2).message
    'This question was not answered.'
    """
    question = get(question_id)
    kind = references.expected(question, student)
    about = {"question": question.id, "topic": question.topic, "revisit": question.revisit}
    refusal = _refusal(question, payload, student)
    if refusal:
        status, says = refusal
        return Verdict(status, 0.0, float(max_points), says, **about)
    answer = payload["answer"] if payload else None
    return verdict(kind, answer, max_points=max_points, **about)


def _refusal(question, payload, student):
    """Say why a payload can't be judged at all: (status, sentence), or None."""
    if payload is None:
        return None
    if not isinstance(payload, dict) or "answer" not in payload:
        return (
            "invalid",
            "The answer arrived in a form that can't be read. Run the check cell again and save.",
        )
    if payload.get("question") != question.id:
        return "invalid", (
            f"The answer that arrived here was given to another question, {plain(payload.get('question'))}. "
            "Don't edit the check cells; get a fresh copy of the lesson if one is damaged."
        )
    if payload["answer"] is None or "homes" not in question.needs:
        return None
    return _other_data(payload.get("data"), student)


def _other_data(fingerprint, student):
    """Compare the data that the answer was computed from with the student's own."""
    own = data_fingerprint(references.homes(student))
    if fingerprint == own:
        return None
    if fingerprint is None:
        return "other_data", (
            "This answer was computed before your own zip codes were loaded. "
            "Type your user name at the top, then restart the kernel and run all cells."
        )
    return "other_data", (
        f"This answer was computed from other data than yours ({plain(fingerprint, 120)}). "
        f"Your user name is {plain(student)}, your data are {own}. "
        "Type your user name exactly so at the top, then restart the kernel and run all cells."
    )
