"""Smooth densities of draws, as curves."""

import numpy as np


def draw_density(ax, values, low, high, **style):
    """Draw the density of draws between two values.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : array of float, or DataFrame with a curve a column
        The draws; where all are the same, nothing is drawn.
    low, high : float
        The view. Draws outside count for the height of the curve.
    **style
        For the curve, as ``seaborn.kdeplot`` takes it.
    """
    import seaborn as sns

    sns.kdeplot(values, bw_method=_bandwidth, clip=(low, high), warn_singular=False, ax=ax, **style)
    ax.set_xlim(low, high)


def hide_heights(ax):
    """Take away the vertical axis: the height of a density has no unit that helps."""
    ax.set_ylabel("")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _bandwidth(kde):
    """Silverman's rule, as R's ``bw.nrd0``, in standard deviations: heavy tails don't widen it."""
    values = kde.dataset[0]
    spread = np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.34
    return 0.9 * min(1.0, spread / values.std() or 1.0) * len(values) ** -0.2
