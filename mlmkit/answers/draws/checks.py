"""Whether draws have the form that a question asks for: enough of them, finite, and worth their number."""

import math

from mlmkit.answers.draws.summary import SINGLE, DrawsAnswer, summarise
from mlmkit.answers.forms import TableAnswer
from mlmkit.answers.text import BadAnswerError

LEAST_SHARE = 0.25  # of the draws that a question asks for: effective draws below this are refused
MOST_RHAT = 1.01  # above it, chains have not found the same distribution ...
CHANCE = 34.0  # ... unless chance explains it: 8 half chains exceed sqrt(1 + 34 / ess) once in 10,000 times


def columns_of(answer):
    """Return label to summary, also for the few draws that travel as a list or a table; None for no draws."""
    if isinstance(answer, DrawsAnswer):
        return answer.columns
    if isinstance(answer, list):
        lists = {SINGLE: answer}
    elif isinstance(answer, TableAnswer):
        lists = dict(zip(answer.columns, zip(*answer.values, strict=True), strict=False))
    else:
        return None
    if not lists or any(isinstance(x, bool) or not isinstance(x, float) for xs in lists.values() for x in xs):
        return None
    return {label: summarise(values) for label, values in lists.items()}


def check_draws(summary, at_least, where):
    """Refuse draws that are too few, not finite, or worth too little.

    Parameters
    ----------
    summary : DrawsSummary
    at_least : int
        Number of draws that the question asks for.
    where : str
        Follows "draws" in the sentence: " for 98010".

    Raises
    ------
    BadAnswerError
    """
    if summary.count < at_least:
        raise BadAnswerError(
            f"Your answer has {int(summary.count):,} draws{where}. At least {at_least:,} are needed: "
            "with fewer, chance decides what they show."
        )
    if summary.not_finite:
        raise BadAnswerError(
            f"Of your {int(summary.count):,} draws{where}, {int(summary.not_finite):,} are NaN or infinite."
        )
    if summary.ess < at_least * LEAST_SHARE:
        raise BadAnswerError(
            f"Your {int(summary.count):,} draws{where} hang together: they are worth only about "
            f"{summary.ess:,.0f} independent ones. Are they sorted? Hand them in in the order in which they "
            "were drawn. If they come from a sampler, draw more."
        )
    if summary.rhat > max(MOST_RHAT, math.sqrt(1 + CHANCE / summary.ess)):
        raise BadAnswerError(
            f"Your {int(summary.count):,} draws{where} don't agree with one another: R-hat is "
            f"{summary.rhat:.3f}, and it should be below {MOST_RHAT}. Look at the chains, draw more, or "
            "choose another form of the model."
        )
