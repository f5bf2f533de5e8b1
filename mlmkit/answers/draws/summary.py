"""Simulation draws that are handed in: the summary that travels from the student's kernel to the grader.

A summary travels, not the draws: 4,000 draws for nine zip codes are 36,000 numbers, which would make
every saved notebook a megabyte larger and show nothing more. Count, mean, standard deviation, effective
sample size, R-hat and the quantiles at `PROBABILITIES` are enough for every comparison. A summary is no
easier to forge than draws are: who can make up the right mean can as well hand in ``normal(mean, sd, 1000)``.
"""

import math
from dataclasses import dataclass

import numpy as np

from mlmkit.answers.draws.rhat import rhat
from mlmkit.answers.text import count_of

SINGLE = ""  # the label of draws of one quantity
PIECES = 4  # that a long column is cut into for R-hat: a multiple of most numbers of chains
LEAST_FOR_RHAT = 2_000  # draws; with fewer, R-hat of independent draws passes 1.01 now and then
_TAIL = [0.0, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.08]
_MIDDLE = [share / 100 for share in range(10, 51, 5)]
_LOWER = [*_TAIL, *_MIDDLE]
PROBABILITIES = (*_LOWER, *(round(1 - share, 6) for share in reversed(_LOWER[:-1])))


@dataclass(frozen=True)
class DrawsSummary:
    """Draws of one quantity.

    Attributes
    ----------
    count : float
        Number of draws.
    not_finite : float
        How many of them are NaN or infinite; if any, the rest is NaN.
    mean, sd : float
        Mean, and standard deviation with divisor n - 1.
    ess : float
        Effective sample size, at most `count`.
    rhat : float
        Whether chains agree: see `split_rhat`. NaN where there are too few draws to tell.
    quantiles : tuple of float
        At `PROBABILITIES`, from the smallest draw to the largest.
    """

    count: float
    not_finite: float
    mean: float
    sd: float
    ess: float
    rhat: float
    quantiles: tuple


@dataclass(frozen=True)
class DrawsAnswer:
    """Draws that were handed in: label to `DrawsSummary`; the one label `SINGLE` for one quantity."""

    columns: dict

    def described(self):
        """Say what it is: "4,000 numbers", "a data frame with 4,000 rows and nine columns"."""
        rows = int(next(iter(self.columns.values())).count)
        if list(self.columns) == [SINGLE]:
            return f"{rows:,} numbers"
        return f"a data frame with {rows:,} rows and {count_of(len(self.columns), 'column')}"


def effective_size(draws):
    """Estimate how many independent draws a sequence is worth, by its autocorrelation.

    Parameters
    ----------
    draws : array of shape (n,)
        In the order in which they were drawn. Chains may follow one another.

    Returns
    -------
    float
        At most n. Sorted draws are worth next to nothing.

    Notes
    -----
    Geyer (1992, Statistical Science 7, 473-483): sums of two neighbouring autocorrelations, added as
    long as they are positive and made non-increasing.

    Examples
    --------
    >>> import numpy as np
    >>> effective_size(np.random.default_rng(1).normal(size=4000)) > 3500
    True
    """
    draws = np.asarray(draws, dtype=float)
    count = len(draws)
    centred = draws - draws.mean()
    if count < 4 or not np.any(centred):
        return float(count)
    centred /= np.abs(centred).max()  # squares of very large numbers would overflow
    spectrum = np.fft.rfft(centred, 2 * count)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), 2 * count)[:count]
    correlation = covariance / covariance[0]
    pairs = correlation[0 : count - 1 : 2] + correlation[1:count:2]
    negative = np.flatnonzero(pairs <= 0)
    pairs = np.minimum.accumulate(pairs[: negative[0]] if len(negative) else pairs)
    return float(count / max(1.0, 2 * pairs.sum() - 1))


def split_rhat(draws):
    """Compare the parts of a sequence of draws with one another, as R-hat compares chains.

    Parameters
    ----------
    draws : array of shape (n,)
        In the order in which they were drawn. Chains may follow one another.

    Returns
    -------
    float
        Rank-normalised split R-hat (Vehtari et al. 2021, Bayesian Analysis 16, 667-718) of `PIECES` parts
        of equal length. Near 1 when all parts look alike; NaN below `LEAST_FOR_RHAT` draws.

    Examples
    --------
    >>> import numpy as np
    >>> chains = np.random.default_rng(1).normal(size=(4, 1000))
    >>> split_rhat(chains.ravel()) < 1.01 < split_rhat((chains + [[0], [0], [0], [1]]).ravel())
    True
    """
    length = len(draws) // PIECES
    if len(draws) < LEAST_FOR_RHAT or np.ptp(draws) == 0:
        return math.nan
    return rhat(np.asarray(draws, dtype=float)[: PIECES * length].reshape(PIECES, length))


def summarise(draws):
    """Summarise the draws of one quantity.

    Parameters
    ----------
    draws : sequence of float, shape (n,)

    Returns
    -------
    DrawsSummary
    """
    draws = np.asarray(draws, dtype=float)
    bad = int(np.sum(~np.isfinite(draws)))
    if bad or not len(draws):
        nothing = (math.nan,) * len(PROBABILITIES)
        return DrawsSummary(float(len(draws)), float(bad), math.nan, math.nan, math.nan, math.nan, nothing)
    with np.errstate(all="ignore"):  # draws near the largest number of the computer
        sd = float(np.std(draws, ddof=1)) if len(draws) > 1 else 0.0
        return DrawsSummary(
            float(len(draws)),
            0.0,
            float(np.mean(draws)),
            sd,
            effective_size(draws),
            split_rhat(draws),
            tuple(np.quantile(draws, PROBABILITIES).tolist()),
        )
