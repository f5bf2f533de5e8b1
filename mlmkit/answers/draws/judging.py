"""How far draws are from what they should look like, in tolerances that come from Monte Carlo error."""

import math

import numpy as np

from mlmkit.answers.draws.statistics import KURTOSIS, MEAN, SD, SIZE, probability_of, quantile_names
from mlmkit.answers.draws.summary import PROBABILITIES
from mlmkit.answers.text import a_few

FIRM, LOOSE = 4.0, 5.0  # standard errors that a right answer may be off by


def gaps(summary, row, *, rel, middle):
    """Return the signed distance of each statistic of draws from the expected one, in tolerances.

    Parameters
    ----------
    summary : DrawsSummary
    row : dict
        Expected statistics; see `mlmkit.answers.draws.statistics`.
    rel : float
        Forgiven besides Monte Carlo error, as a share of the sd.
    middle : float
        Standard errors that mean and median may be off by; the others may be by `LOOSE`.

    Returns
    -------
    dict of str to float
    """
    error = math.sqrt(1 / summary.ess + 1 / row[SIZE])
    found = {}
    if MEAN in row:
        found[MEAN] = _ratio(summary.mean - row[MEAN], row[SD] * (middle * error + rel))
        spread = row[SD] * math.sqrt(max(row[KURTOSIS] - 1, 0.0) / 4)
        found[SD] = _ratio(summary.sd - row[SD], LOOSE * error * spread + rel * row[SD])
    for name in quantile_names(row):
        p = probability_of(name)
        times = middle if p == 0.5 else LOOSE
        gap = _share_gap(summary.quantiles, row[name], p)
        # More of the draws below the expected quantile: the draws' own quantile is too low.
        found[name] = -_ratio(gap, math.sqrt(p * (1 - p)) * (times * error + rel))
    return found


def off_words(key, labels, count):
    """Say in words that a mean or a spread is off, and in which columns."""
    name, high = key
    where = "" if count == 1 else " in every column" if len(labels) == count else f" for {a_few(labels)}"
    if name == MEAN:
        return f"Their mean is too {'high' if high else 'low'}{where}."
    return f"They spread too {'much' if high else 'little'}{where}: look at their standard deviation."


def _ratio(gap, tolerance):
    if gap == 0:
        return 0.0
    return gap / tolerance if tolerance > 0 else math.copysign(math.inf, gap)


def share_below(quantiles, value):
    """Return the share of draws below a value, between the quantiles on straight lines."""
    return float(np.interp(value, quantiles, PROBABILITIES, left=0.0, right=1.0))


def _share_gap(quantiles, value, p):
    """Return how far the share of draws below `value` is from p; 0 where a jump of the draws covers p."""
    first = int(np.searchsorted(quantiles, value, side="left"))
    behind = int(np.searchsorted(quantiles, value, side="right"))
    if behind - first > 1:  # many draws are equal to it: the share lies between two ends
        low, high = PROBABILITIES[max(first - 1, 0)], PROBABILITIES[min(behind, len(PROBABILITIES) - 1)]
        return max(low - p, 0.0) - max(p - high, 0.0)
    return share_below(quantiles, value) - p
