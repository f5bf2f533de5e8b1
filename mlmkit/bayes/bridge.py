"""The mean of a density under draws, from draws of both ends: without the data in question, and with them."""

import numpy as np

LARGE = 0.5
FINE = 0.2  # errors above this are worth the time to make them smaller


def bridge(without, given, efficiency=(1.0, 1.0)):
    """Estimate log p(y_new | y_rest): the mean of p(y_new | theta) over the posterior without y_new.

    The plain mean is carried by a few draws where y_new is a surprise. Draws from the posterior given all
    data come from the very region that matters, and the two together have an error that can be told.

    Parameters
    ----------
    without, given : ndarray, shape (S,)
        log p(y_new | theta) at draws from the posterior without y_new, and at draws from the one with it.
    efficiency : tuple of float
        Share of each set of draws that counts as independent.

    Returns
    -------
    value : float
        The logarithm.
    error : float
        Its Monte Carlo standard error. Above `LARGE` the two sets of draws have hardly anything in common,
        and the value is a guess.

    Notes
    -----
    C. H. Bennett (1976), "Efficient estimation of free energy differences from Monte Carlo data", Journal of
    Computational Physics 22, 245-268; X.-L. Meng and W. H. Wong (1996), "Simulating ratios of normalizing
    constants via a simple identity", Statistica Sinica 6, 831-860.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> value, error = bridge(-3 * rng.normal(0, 1, 4000) - 4.5, -3 * rng.normal(-3, 1, 4000) - 4.5)
    >>> abs(value) < 4 * error  # the mean of exp(-3 z - 4.5) is 1
    True
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    sizes = len(without) * efficiency[0], len(given) * efficiency[1]
    shift = np.log(sizes[1] / sizes[0])

    def parts(value):
        return expit(without - value + shift), expit(value - shift - given)

    def gap(value):
        first, second = parts(value)
        return np.log(sizes[0] * first.mean() + 1e-300) - np.log(sizes[1] * second.mean() + 1e-300)

    low, high = min(without.min(), given.min()) - 1, max(without.max(), given.max()) + 1
    if not np.isfinite([low, high]).all():
        return np.nan, np.nan
    value = brentq(gap, low - abs(shift), high + abs(shift))
    with np.errstate(invalid="ignore"):  # nothing in common at all: 0 / 0
        first, second = (part.std() / part.mean() for part in parts(value))
    return value, float(np.hypot(first / np.sqrt(sizes[0]), second / np.sqrt(sizes[1])))
