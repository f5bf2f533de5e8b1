"""How hard each question was, and whether it tells good from weak students.

Difficulty of few answers is mostly chance. So in a small class it comes from a hierarchical model, in which
the questions shrink towards each other: Rasch's, with students and questions as crossed random intercepts
(De Boeck 2008, *Psychometrika* 73, 533). It is fitted by the library that the students use.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from statistics import NormalDist, mean

from grader.marks.gradebook import Class

SMALL = 200  # answers to a question: from here on its own share is certain to 0.07, and the model adds little
LEVEL = 0.95
DRAWS = 2_000
ZERO = 1e-3  # a standard deviation on the logit scale that is called none
FORMULA = "right ~ 1 + (1 | student) + (1 | question)"
NO_FIT = "so the table shows the plain shares of right answers"


@dataclass(frozen=True)
class Right:
    """The share of answers that are right, in full: as counted, and as estimated with its 95 % interval."""

    count: int
    answers: int
    share: float
    low: float
    high: float

    @property
    def counted(self) -> float:
        """The plain share."""
        return self.count / self.answers


@dataclass(frozen=True)
class Difficulty:
    """How hard the questions are.

    Attributes
    ----------
    right : dict
        Question id to `Right`; without the questions that nobody's answer counts for.
    says : str
        How it was computed, in sentences.
    by_model : bool
        True if the shares come from the model.
    """

    right: dict[str, Right] = field(default_factory=dict)
    says: str = ""
    by_model: bool = False


def right_answers(group: Class) -> list[tuple[str, str, int]]:
    """List student, question and whether the answer is right: 1 for full points, else 0.

    Half credit counts as not right, and so does a question left blank. Left out are those who handed in
    nothing, questions of which answers still wait for a person, and answers that were not run.
    """
    waiting = {id for item in group.graded for id in item.waiting}
    return [
        (item.student, question.id, int(item.marks[question.id] >= question.max_points - 1e-9))
        for item in group.graded
        for question in group.questions
        if question.id in item.marks and question.id not in waiting
        if question.id not in item.verdicts
        or item.verdicts[question.id].status not in ("not_run", "ungraded")
    ]


def difficulty(answers: list[tuple[str, str, int]]) -> Difficulty:
    """Estimate the share of right answers to each question.

    Parameters
    ----------
    answers : list of tuple
        From `right_answers`.

    Returns
    -------
    Difficulty
        By the model where a question has fewer than 200 answers; else, and where the model can't be fitted,
        the plain shares with Wilson's intervals. ``says`` tells which, and why.
    """
    counts: dict[str, list[int]] = {}
    for _, question, right in answers:
        counts.setdefault(question, []).append(right)
    plain = {
        id: Right(sum(rights), len(rights), mean(rights), *wilson(sum(rights), len(rights)))
        for id, rights in counts.items()
    }
    if not plain:
        return Difficulty()
    if min(map(len, counts.values())) >= SMALL:
        return Difficulty(plain, "Share and Wilson's 95 % interval of the right answers to each question.")
    if why := _too_little(answers, counts):
        return Difficulty(plain, f"There is no model of the difficulties: {why}, {NO_FIT}.")
    return _by_model(answers, plain)


def _too_little(answers, counts) -> str:
    """Say why no model can be fitted; an empty text where one can be tried."""
    if len({student for student, _, _ in answers}) < 3 or len(counts) < 3:
        return "three students and three questions are the least for it"
    if len({right for _, _, right in answers}) < 2:
        return "all answers are the same"
    return ""


def _by_model(answers, plain: dict[str, Right]) -> Difficulty:
    """Fit the model; give the plain shares back, with a sentence, where it has no good fit."""
    import pandas as pd

    from mlmkit import glmer

    table = pd.DataFrame(answers, columns=["student", "question", "right"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is asked for below
        try:
            fit = glmer(FORMULA, table)
        except (ValueError, ArithmeticError) as error:
            return Difficulty(plain, f"The model of the difficulties has no fit ({error}), {NO_FIT}.")
    sds = {factor: float(fit.varcorr[factor].sd.iloc[0]) for factor in ("student", "question")}
    if not fit.converged:
        return Difficulty(plain, f"The fit of the model of the difficulties did not converge, {NO_FIT}.")
    if fit.is_singular:
        which = "s and ".join(factor for factor, sd in sds.items() if sd < ZERO)
        return Difficulty(
            plain,
            f"The fit of the model of the difficulties is singular: {which}s differ no more than chance "
            f"alone would make them, {NO_FIT}.",
        )
    return Difficulty(
        _shares(fit, sds["student"], plain),
        f"Estimated by a hierarchical model, glmer('{FORMULA}'), with 95 % intervals: few answers are pulled "
        "towards those to all questions. On the logit scale students differ by "
        f"{sds['student']:.1f} and questions by {sds['question']:.1f} (standard deviations).",
        by_model=True,
    )


def _shares(fit, sd_student: float, plain: dict[str, Right]) -> dict[str, Right]:
    """Turn logits into shares of right answers in a class of such students, and find the intervals."""
    import numpy as np

    logits = fit.coef["question"]["(Intercept)"]
    draws = fit.sim(DRAWS, seed=1).coef["question"]
    edges = np.quantile(np.asarray(draws).reshape(DRAWS, -1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    found = {}
    for place, (id, logit) in enumerate(logits.items()):
        middle, low, high = (
            float(averaged_share(value, sd_student)) for value in (logit, edges[0, place], edges[1, place])
        )
        found[str(id)] = Right(plain[id].count, plain[id].answers, middle, low, high)
    return found


def averaged_share(logit: float, sd: float) -> float:
    """Average the chance of a right answer over students whose abilities have this standard deviation.

    >>> round(averaged_share(0.0, 2.0), 6)
    0.5
    """
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    chances = 1 / (1 + np.exp(-(logit + sd * nodes)))
    return float(chances @ weights / weights.sum())


def wilson(count: int, answers: int) -> tuple[float, float]:
    """Return Wilson's interval of a share (1927, *JASA* 22, 209).

    >>> [round(edge, 3) for edge in wilson(8, 10)]
    [0.49, 0.943]
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, square = count / answers, z * z / answers
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / answers + square / (4 * answers))
    return max(0.0, centre - half), min(1.0, centre + half)


def correlation(one: list[float], other: list[float]) -> float | None:
    """Pearson's correlation; None for fewer than three pairs, or where one side does not vary.

    >>> round(correlation([0, 1, 2], [0, 2, 4]), 6)
    1.0
    """
    if len(one) < 3:
        return None
    centre_one, centre_other = mean(one), mean(other)
    square = sum((a - centre_one) ** 2 for a in one) * sum((b - centre_other) ** 2 for b in other)
    if square <= 1e-18:
        return None
    product = sum((a - centre_one) * (b - centre_other) for a, b in zip(one, other, strict=True))
    return product / math.sqrt(square)
