"""Smooth densities of draws, as curves."""

import numpy as np


def density(values, *, low=None, high=None, points=300):
    """Estimate the density of draws on a grid, for plotting.

    Parameters
    ----------
    values : array of float
        The draws.
    low, high : float, optional
        Where the grid begins and ends. Default: a little beyond all but one draw in two hundred at each end.
    points : int
        Number of grid points.

    Returns
    -------
    x, y : ndarray
        The grid and the density there. All zero where every draw is the same.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = density(np.random.default_rng(1).normal(size=1000))
    >>> bool(abs(x[y.argmax()]) < 0.5)
    True
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    inner = np.quantile(values, [0.005, 0.995])
    reach = 0.15 * (inner[1] - inner[0])
    x = np.linspace(
        inner[0] - reach if low is None else low, inner[1] + reach if high is None else high, points
    )
    middle = values[(values >= inner[0]) & (values <= inner[1])]
    width = _bandwidth(middle)
    if width == 0:
        return x, np.zeros_like(x)
    # counts on a fine grid, then one convolution: the same as a kernel at every draw, and fast
    edges = np.linspace(min(x[0], values.min()), max(x[-1], values.max()), 4_096)
    if (edges[1] - edges[0]) > width / 2:
        edges = np.linspace(x[0] - 4 * width, x[-1] + 4 * width, 4_096)
    counts, _ = np.histogram(values, edges)
    step = edges[1] - edges[0]
    kernel = np.exp(-0.5 * (np.arange(-int(4 * width / step), int(4 * width / step) + 1) * step / width) ** 2)
    smooth = np.convolve(counts, kernel / kernel.sum(), mode="same") / (len(values) * step)
    return x, np.interp(x, (edges[1:] + edges[:-1]) / 2, smooth)


def _bandwidth(values):
    """Silverman's rule with the smaller of standard deviation and scaled interquartile range."""
    if len(values) < 2:
        return 0.0
    quartiles = np.quantile(values, [0.25, 0.75])
    spread = min(values.std(), (quartiles[1] - quartiles[0]) / 1.34) or values.std()
    return 0.9 * spread * len(values) ** -0.2
