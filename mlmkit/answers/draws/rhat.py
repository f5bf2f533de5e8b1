"""R-hat: whether chains of draws found the same distribution. NumPy and SciPy do; ArviZ is bayes' own."""

import math

import numpy as np

LEAST_DRAWS = 4  # in each chain


def rhat(chains):
    """Compute the rank-normalised split R-hat.

    Parameters
    ----------
    chains : array of shape (number of chains, number of draws)
        Two chains or more.

    Returns
    -------
    float
        Near 1 when all halves of the chains look alike, in their middle and in their tails. NaN where a draw
        is not finite, all are equal, or chains are shorter than four draws.

    Notes
    -----
    Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021, Bayesian Analysis 16, 667-718): chains are cut in
    halves, and draws are replaced by normal scores of their ranks. The larger of two R-hats counts: that of
    the draws, and that of their distances from the median. A test holds it against ArviZ's.

    Examples
    --------
    >>> import numpy as np
    >>> chains = np.random.default_rng(1).normal(size=(4, 1000))
    >>> rhat(chains) < 1.01 < rhat(chains + [[0], [0], [0], [1]])
    True
    """
    chains = np.asarray(chains, dtype=float)
    if len(chains) < 2 or chains.shape[1] < LEAST_DRAWS or not np.all(np.isfinite(chains)):
        return math.nan
    half = chains.shape[1] // 2
    halves = np.vstack([chains[:, :half], chains[:, -half:]])
    distances = np.abs(halves - np.median(halves))
    return max(_between_and_within(_normal_scores(values)) for values in (halves, distances))


def _normal_scores(values):
    """Replace values by the normal quantiles of their ranks; equal values share the mean of their ranks."""
    from scipy.special import ndtri

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return ndtri((ranks - 3 / 8) / (values.size + 1 / 4))[inverse].reshape(values.shape)


def _between_and_within(chains):
    count = chains.shape[1]
    between = count * np.var(chains.mean(axis=1), ddof=1)
    within = np.mean(np.var(chains, axis=1, ddof=1))
    with np.errstate(divide="ignore", invalid="ignore"):  # chains that stand still
        return float(np.sqrt((between / within + count - 1) / count))
