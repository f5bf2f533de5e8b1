"""Outcomes that are more than a number: successes and failures, shares, counts."""

import re

import numpy as np

from mlmkit.frame.columns import one_vector
from mlmkit.frame.formula import FormulaError

CBIND = re.compile(r"cbind\((.+),(.+)\)$")


def outcome_reader(family):
    """Choose how `design` reads the outcome of a family; None stands for a plain number.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson"}
        The distribution of the outcome.

    Returns
    -------
    callable or None
        ``reader(text, data, formula) -> (y, trials)``.

    Raises
    ------
    ValueError
        For another family.
    """
    readers = {"gaussian": None, "binomial": binomial_outcome, "poisson": poisson_outcome}
    if not isinstance(family, str) or family not in readers:
        raise ValueError(f"family is {family!r}. Valid choices: {', '.join(map(repr, readers))}.")
    return readers[family]


def binomial_outcome(text, data, formula):
    """Read a binomial outcome; return successes and trials by row."""
    pair = CBIND.match(text.strip())
    if not pair:
        y, trials = _shares(text, data, formula)
        between = y[y != np.round(y)]
        if len(between):
            raise FormulaError(
                f"The outcome '{text}' holds {len(between)} values between 0 and 1, such as {between[0]:g}: "
                "shares. Of how many? Give the numbers of trials as weights of glmer (weights='trials'), or "
                "write cbind(successes, failures) as the outcome.",
                formula,
            )
        return y, trials
    wins, losses = (_counts(part.strip(), data, formula) for part in pair.groups())
    if not (wins + losses > 0).all():
        raise ValueError(f"In '{text}' some rows have no trials at all. Drop them.")
    return wins, wins + losses


def binomial_shares(text, data, formula):
    """Read a binomial outcome whose numbers of trials are given apart; return shares, and ones as trials."""
    if CBIND.match(text.strip()):
        raise FormulaError(
            f"'{text}' gives the numbers of trials already, so glmer takes no weights beside it. If they are "
            "the same trials, leave weights out. If a row stands for several like it, multiply: "
            "cbind(w * successes, w * failures).",
            formula,
        )
    return _shares(text, data, formula)


def _shares(text, data, formula):
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray):
        levels = sorted(y.dropna().unique(), key=str)
        if hasattr(y.dtype, "categories"):
            levels = [level for level in y.dtype.categories if (y == level).any()]
        if len(levels) != 2:
            raise FormulaError(
                f"The outcome '{text}' has {len(levels)} different values; a binomial outcome has two.",
                formula,
            )
        y = (y == levels[1]).to_numpy().astype(float)
    if not ((y >= 0) & (y <= 1)).all():
        raise FormulaError(
            f"The outcome '{text}' must be 0 or 1 (or a share, with numbers of trials as weights); "
            f"it goes from {y.min():g} to {y.max():g}. For counts use cbind(successes, failures).",
            formula,
        )
    return y, np.ones(len(y))


def poisson_outcome(text, data, formula):
    """Read counts; the second value stands in for trials."""
    y = _counts(text, data, formula)
    return y, np.ones(len(y))


def _counts(text, data, formula):
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray) or not ((y >= 0) & (y == np.floor(y))).all():
        raise FormulaError(f"'{text}' must hold counts: whole numbers of at least 0.", formula)
    return y


def use_trials(model):
    """Turn a design's shares with weights into successes and trials."""
    trials, model.weights = model.weights, None
    if (trials != np.round(trials)).any():
        raise ValueError(
            "weights of a binomial model are numbers of trials, whole numbers; "
            f"one is {trials[trials != np.round(trials)][0]:g}."
        )
    wins = model.y * trials
    if np.abs(wins - np.round(wins)).max() > 1e-6:
        place = int(np.abs(wins - np.round(wins)).argmax())
        raise ValueError(
            "share times trials must be a whole number of successes in every row; in row "
            f"{model.index[place]!r} it is {wins[place]:g}."
        )
    model.y, model.trials = np.round(wins), trials
