"""What one answer is worth, and the sentence that says why."""

import math
from dataclasses import asdict, dataclass, fields

from mlmkit.answers.encoding import decode
from mlmkit.answers.kind import Outcome
from mlmkit.answers.text import BadAnswerError

STATUSES = ("right", "mistake", "wrong", "missing", "invalid", "other_data", "not_run", "ungraded")


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth and why. Texts are plain: escape them before they go into HTML.

    Attributes
    ----------
    status : {"right", "mistake", "wrong", "missing", "invalid", "other_data", "not_run", "ungraded"}
        How the answer was taken. "ungraded": the grader itself failed, and a person has to look.
    score, max_points : float
        Points; ``0 <= score <= max_points``.
    message : str
        What the student reads. Every score below the maximum has a reason.
    mistake : str or None
        Short name of the known mistake.
    question, topic, revisit : str
        The question's id, what it is about, and where to read again.
    did, idea : str
        Of a known mistake: what was computed and what is asked for, in symbols (TeX without dollar signs);
        both empty where the bank has no symbols for it.
    """

    status: str
    score: float
    max_points: float
    message: str
    mistake: str | None = None
    question: str = ""
    topic: str = ""
    revisit: str = ""
    did: str = ""
    idea: str = ""

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"Status {self.status!r} is unknown. Choose from {', '.join(STATUSES)}.")
        if not (math.isfinite(self.score) and 0 <= self.score <= self.max_points):
            raise ValueError(f"The score {self.score} is not between 0 and {self.max_points}.")
        if not self.message:
            raise ValueError("A verdict needs a message.")

    def as_dict(self):
        """Return the verdict as a plain dict, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries):
        """Make a verdict from `as_dict`'s result."""
        return cls(**{item.name: entries[item.name] for item in fields(cls) if item.name in entries})


def verdict(kind, encoded, *, max_points, question="", topic="", revisit="", idea=""):
    """Judge an encoded answer and word the verdict.

    Parameters
    ----------
    kind : Kind
        What is right.
    encoded : object
        The answer as JSON values. It may be anything: hostile values are "invalid", never an exception.
    max_points : float
        Points for a right answer.
    question, topic, revisit, idea : str
        Id of the question, its topic, where to read again, and what it asks for in symbols.

    Returns
    -------
    Verdict
    """
    try:
        outcome = kind.grade(decode(encoded))
    except BadAnswerError as error:
        outcome = Outcome("invalid", 0.0, str(error))
    says = outcome.says
    beside = bool(outcome.did and idea)
    if outcome.status in ("wrong", "mistake") and revisit:
        says = f"{says} Read again: {revisit}."
    return Verdict(
        outcome.status,
        outcome.credit * max_points,
        float(max_points),
        says,
        mistake=outcome.mistake,
        question=question,
        topic=topic,
        revisit=revisit,
        did=outcome.did if beside else "",
        idea=idea if beside else "",
    )
