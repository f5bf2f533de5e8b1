"""How far a right answer from simulation may be off: its Monte Carlo error.

A student who summarises draws hands in a bare number, so nothing of the chain arrives. Its error is then that
of as many independent draws as the question asks for, from the reference's own distribution: no bad chain
can earn itself a wide tolerance.
"""

import numpy as np

TIMES = 5.0  # standard errors: right answers to a whole lesson are refused less than once in 10,000
SAMPLES, SIZE = 200, 2_000  # of the bootstrap; the standard error is then known to 5 %


def monte_carlo(statistic, *draws, ess, times=TIMES):
    """Give the tolerance of a statistic of simulation draws.

    Parameters
    ----------
    statistic : callable
        Takes as many arrays of draws as `draws` has, each of shape (n,), and gives a number, or an array of
        numbers, shape (k,).
    *draws : arrays of shape (n,)
        Independent draws of the reference, ten times as many as `ess` or more.
    ess : int
        Effective number of draws that the question asks for.
    times : float
        Standard errors that a right answer may be off.

    Returns
    -------
    float or ndarray of shape (k,)
        ``times * sqrt(mcse_student**2 + mcse_reference**2)``, in the units of the statistic.

    Notes
    -----
    The standard error is that of a bootstrap from `draws` (Efron and Tibshirani 1993, An Introduction to the
    Bootstrap, chapter 6), so any statistic will do: a median, the end of an interval, the root of a mean.
    Samples are smaller than `ess` to save time; the error falls with the square root of the size.

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=40_000)
    >>> float(5 * (1 / 10_000 + 1 / 40_000) ** 0.5)  # doctest: +ELLIPSIS
    0.0559...
    >>> float(monte_carlo(np.mean, draws, ess=10_000))  # doctest: +ELLIPSIS
    0.0557...
    """
    columns = [np.asarray(column, dtype=float) for column in draws]
    rng, size = np.random.default_rng(19), min(SIZE, ess)
    samples = rng.integers(len(columns[0]), size=(SAMPLES, size))
    found = [statistic(*(column[rows] for column in columns)) for rows in samples]
    of_one_draw = np.std(found, axis=0, ddof=1) * np.sqrt(size)
    return times * of_one_draw * np.sqrt(1 / ess + 1 / len(columns[0]))
