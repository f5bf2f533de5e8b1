"""A second search from other places: with few groups a deviance can have two minima."""

from functools import lru_cache

import numpy as np

from mlmkit.engine.optimize import minimise

SINGULAR = 1e-4  # lme4's bound, here for the scaled columns so that units play no part

GAIN = 1e-7  # what counts as lower


def look_elsewhere(problem, optimum, patterns, canonical):
    """Start again where a second optimum may be; return the lower one.

    From a singular fit the search starts at small, medium and large variances, and at places where only the
    first column of each factor varies much, or only the others; from any other fit it looks at places where a
    variance is zero.

    Parameters
    ----------
    problem : callable
        ``problem(parameters) -> (deviance, gradient)``; theta stands first.
    optimum : Optimum
        Where the first search ended.
    patterns : list of (rows, columns)
        Lambda's free entries, factor by factor.
    canonical : callable
        As for `minimise`.

    Returns
    -------
    Optimum
        The lowest one.
    """
    diagonal = np.concatenate([rows == columns for rows, columns in patterns])
    theta, rest = np.split(optimum.theta, [len(diagonal)])
    if theta[diagonal].min() < SINGULAR:
        starts = [diagonal * size for size in (0.3, 2.0, 8.0)]
        first = np.concatenate([np.arange(len(rows)) == 0 for rows, _ in patterns])
        if not first.all():
            starts += [diagonal * np.where(first, 2.0, 0.1), diagonal * np.where(first, 0.1, 2.0)]
    elif len(rest):  # fixed effects among the parameters: those at zero would have to be found first
        starts = [0.1 * theta]
    else:
        places = theta * _zeros(tuple(tuple(map(int, rows)) for rows, _ in patterns))
        values = problem.values(places) if hasattr(problem, "values") else [problem(x)[0] for x in places]
        starts = [place for place, value in zip(places, values, strict=True) if value < optimum.value]
    for start in starts:
        other = minimise(problem, np.concatenate([start, rest]), canonical=canonical)
        if other.value < optimum.value - GAIN:
            optimum = other
    return optimum


@lru_cache(maxsize=256)
def _zeros(rows_by_factor):
    """Return factors (K, k) that set one standard deviation of theta to zero, and at last all of them."""
    whole = np.concatenate([np.array(rows) + 1_000 * k for k, rows in enumerate(rows_by_factor)])
    return np.array([whole != row for row in np.unique(whole)] + [np.zeros(len(whole))], dtype=float)
