"""How much a group's own data count, against how many there are."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import SINGULAR, group_means, grouping
from mlmkit.plots.labels import spread
from mlmkit.plots.style import PARTIAL, label_axis, new_axes, tidy

MOST_NAMES = 30  # groups that are named beside the curve; the names of more would lie far from their marks


def plot_weights(fit, *, group=None, ax=None):
    """Plot the weight of each group's own mean against the size of the group.

    All groups lie on one curve, n / (n + sigma_y^2 / sigma_alpha^2): with the two standard deviations
    given, only the size matters (Gelman and Hill 2007, equation 12.1). Up to thirty groups are named.

    Parameters
    ----------
    fit : fit
        From `lmer`, a varying intercept without predictors: ``lmer("price ~ (1 | zipcode)", data)``.
    group : str, optional
        The grouping factor. Default: the first one.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If the fit has predictors, no grouping factor ``group``, or no variance between the groups.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_weights
    >>> ax = plot_weights(lmer("price ~ (1 | zipcode)", load_seattle()))
    >>> ax.get_ylabel()
    "Weight of the group's own mean"
    """
    sizes, _ = group_means(fit, group, plot="plot_weights")
    group = grouping(fit, group)
    sd_between = fit.varcorr[group].sd[INTERCEPT]
    if sd_between < SINGULAR * fit.sigma:
        raise ValueError(
            "This fit found no variance between the groups: every weight is 0, and there is no curve to draw."
        )
    half = fit.sigma**2 / sd_between**2
    weight = sizes / (sizes + half)

    ax = new_axes(ax, figsize=(7.2, 4.0))
    grid = np.append(0, np.geomspace(half / 100, 1.08 * max(sizes.max(), half), 400))  # denser where it bends
    ax.plot(grid, grid / (grid + half), color=PARTIAL, linewidth=2)
    ax.plot(sizes, weight, "D", color=PARTIAL, markersize=6)
    named = sizes if len(sizes) <= MOST_NAMES else sizes[:0]
    for name, place in spread(named, 0.025 * grid[-1]).items():
        ax.annotate(
            name,
            (place, weight[name]),
            xytext=(0, -9),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="top",
            fontsize=8.5,
        )
    ax.set(xlim=(0, grid[-1]), ylim=(0, 1.03), xlabel="Number of observations in the group")
    label_axis(ax.yaxis, "Weight of the group's own mean")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax, grid="y")
    set_alt_text(ax, _in_words(sizes, weight, half, group))
    return ax


def _in_words(sizes, weight, half, group):
    small, large = sizes.idxmin(), sizes.idxmax()
    return (
        f"A curve that rises from 0 and flattens towards 1: the weight of a group's own mean against its "
        f"number of observations. It passes one half at {half:.2g} observations. The {len(sizes)} groups of "
        f"{group} lie on it, from {small} with {sizes[small]} observations and weight {weight[small]:.2f} to "
        f"{large} with {sizes[large]} and {weight[large]:.2f}."
    )
