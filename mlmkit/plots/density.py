"""Smooth densities of draws, as curves."""

import numpy as np


def draw_density(ax, values, low, high, *, edge=None, **style):
    """Draw the density of draws between two values.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : array of float, or DataFrame with a curve a column
        The draws; where all are the same, nothing is drawn.
    low, high : float
        The view. Draws outside count for the height of the curve.
    edge : float, optional
        Where the values end on the left, such as 0 for a standard deviation. What the smoothing would
        carry across is reflected, so a density that is highest at the edge is drawn so.
    **style
        For the curve, as ``seaborn.kdeplot`` takes it.
    """
    import seaborn as sns

    width = _bandwidth
    if edge is not None and np.std(values) > 0:
        draws = np.asarray(values, dtype=float)
        smooth = _factor(draws) * draws.std(ddof=1)
        values = np.concatenate([draws, 2 * edge - draws])
        width = smooth / values.std(ddof=1)
    sns.kdeplot(values, bw_method=width, clip=(low, high), warn_singular=False, ax=ax, **style)
    ax.set_xlim(low, high)


def hide_heights(ax):
    """Take away the vertical axis: the height of a density has no unit that helps."""
    ax.set_ylabel("")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _bandwidth(kde):
    """Silverman's rule, as R's ``bw.nrd0``, in standard deviations: heavy tails don't widen it."""
    return _factor(kde.dataset[0])


def _factor(values):
    spread = np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.34
    return 0.9 * min(1.0, spread / values.std() or 1.0) * len(values) ** -0.2
