"""A second search from other places: with few groups a deviance can have two minima."""

import numpy as np

from mlmkit.engine.messages import SINGULAR
from mlmkit.engine.optimize import minimise

GAIN = 1e-7  # what counts as lower


def look_elsewhere(problem, optimum, patterns, canonical):
    """Start again where a second optimum may be; return the lower one.

    From a singular fit the search starts at medium variances; from any other it looks at places where a
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
        starts = [diagonal * size for size in (0.3, 2.0)]
    elif len(rest):  # fixed effects among the parameters: those at zero would have to be found first
        starts = [0.1 * theta]
    else:
        starts = [
            place for place in _without_a_variance(theta, patterns) if problem(place)[0] < optimum.value
        ]
    for start in starts:
        other = minimise(problem, np.concatenate([start, rest]), canonical=canonical)
        if other.value < optimum.value - GAIN:
            optimum = other
    return optimum


def _without_a_variance(theta, patterns):
    """Yield theta with one standard deviation set to zero, then with all of them."""
    used = 0
    for rows, _ in patterns:
        for row in range(max(rows) + 1):
            place = theta.copy()
            place[used : used + len(rows)][rows == row] = 0.0
            yield place
        used += len(rows)
    yield np.zeros_like(theta)
