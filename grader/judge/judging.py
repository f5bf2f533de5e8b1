"""From one answer to one verdict."""

from grader.bank import BankError, get
from grader.judge import references
from mlmkit.answers.kinds import ByGroup, Figure, Number, Table, Verdict, plain, verdict

__all__ = ["BankError", "judge"]

# What is right for this student is right, however its data were loaded. A letter, or draws, may be luck.
_TOO_EXACT_FOR_CHANCE = (Number, ByGroup, Table, Figure)


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
    mlmkit.answers.kinds.Verdict

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
    kind = references.kept(question, student)
    about = {"question": question.id, "topic": question.topic, "revisit": question.revisit}
    unreadable = _unreadable(question, payload)
    if unreadable:
        return Verdict("invalid", 0.0, float(max_points), unreadable, **about)
    answer = payload["answer"] if payload else None
    result = verdict(kind, answer, max_points=max_points, idea=question.idea, **about)
    if answer is None or question.own is None:
        return result
    says = _other_data(payload.get("data"), question.own, student)
    if says is None or (result.status == "right" and isinstance(kind, _TOO_EXACT_FOR_CHANCE)):
        return result
    return Verdict("other_data", 0.0, float(max_points), says, **about)


def _unreadable(question, payload):
    """Say why a payload can't be judged at all, or return None."""
    if payload is None:
        return None
    if not isinstance(payload, dict) or "answer" not in payload:
        return "The answer arrived in a form that can't be read. Run the check cell again and save."
    if payload.get("question") != question.id:
        return (
            f"The answer that arrived here was given to another question, {plain(payload.get('question'))}. "
            "Don't edit the check cells; get a fresh copy of the lesson if one is damaged."
        )
    return None


def _other_data(fingerprint, source, student):
    """Say that an answer was computed from other data than the student's own, or return None."""
    own = references.own_fingerprint(source, student)
    if isinstance(fingerprint, str) and own in fingerprint.split("; "):  # parts of several sources
        return None
    if fingerprint is None:
        return (
            "This answer was computed before your own data were loaded. "
            "Type your user name at the top, then restart the kernel and run all cells."
        )
    return (
        f"This answer was computed from other data than yours ({plain(fingerprint, 120)}). "
        f"Your user name is {plain(student)}, your data are {own}. "
        "Type your user name exactly so at the top, then restart the kernel and run all cells."
    )
