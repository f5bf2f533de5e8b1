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
    if pair:
        wins, losses = (_counts(part.strip(), data, formula) for part in pair.groups())
        if not (wins + losses > 0).all():
            raise ValueError(f"In '{text}' some rows have no trials at all. Drop them.")
        return wins, wins + losses
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


def use_trials(model, family):
    """Turn a design's shares with weights into successes and trials; `family` is the name."""
    if family != "binomial":
        raise ValueError("weights of glmer are numbers of trials; a Poisson model has none. Use an offset.")
    model.trials, model.weights = model.trials * model.weights, None
    model.y = model.y * model.trials
    if np.abs(model.y - np.round(model.y)).max() > 1e-6:
        raise ValueError("share times trials must be a whole number of successes in every row.")
    model.y = np.round(model.y)


def shares_without_trials(model):
    """Say that shares without numbers of trials count as one trial a row; R warns of them too."""
    shares = int((model.y != np.round(model.y)).sum())
    if not shares:
        return []
    return [
        f"The outcome '{model.formula.response}' is a share in {shares} of {model.n} rows, and each row "
        "counts as one trial. Give the numbers of trials as weights, or use cbind(successes, failures)."
    ]
