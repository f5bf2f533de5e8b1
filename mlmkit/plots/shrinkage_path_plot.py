"""Where the estimates go when the standard deviation between groups changes."""

import numpy as np
import pandas as pd

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.pooled_means import pooled_means
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import group_means, grouping, outcome
from mlmkit.plots.labels import spread
from mlmkit.plots.style import (
    COMPLETE,
    DATA,
    NONE,
    PARTIAL,
    in_dollars,
    in_words,
    label_axis,
    new_axes,
    tidy,
    unit,
)

_FAR = 0.01  # at the ends of the plot no weight is farther than this from 0 or 1


def plot_shrinkage_path(fit, *, group=None, ax=None):
    """Plot the estimate of every group against the standard deviation between groups.

    The standard deviation within groups stays as estimated. On the left the groups are treated as equal:
    complete pooling. On the right each stands alone: no pooling. A vertical line marks the estimated
    standard deviation, where the diamonds are the estimates of the fit.

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
        The plot. Its lines are the groups in the order of their names, then the centre.

    Raises
    ------
    ValueError
        If the fit has predictors, or no grouping factor ``group``.

    Notes
    -----
    For each standard deviation the centre is estimated again, as ``lmer`` does: it moves from the mean of
    all observations to the mean of the groups' means.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_shrinkage_path
    >>> ax = plot_shrinkage_path(lmer("price ~ (1 | zipcode)", load_seattle()))
    >>> ax.get_xscale()
    'log'
    """
    sizes, means = group_means(fit, group, plot="plot_shrinkage_path")
    group, y = grouping(fit, group), outcome(fit)
    estimated = fit.varcorr[group].sd[INTERCEPT]
    grid = _grid(sizes, estimated, fit.sigma)
    pooled = [pooled_means(sizes, means, sd, fit.sigma) for sd in grid]
    paths = pd.DataFrame([point.estimate for point in pooled], index=grid)
    centre = [point.centre for point in pooled]

    ax = new_axes(ax, figsize=(8.0, 4.8))
    for name in paths.columns:
        ax.plot(grid, paths[name], color=DATA, linewidth=1.6)
    ax.plot(grid, centre, color="#4D4D4D", linewidth=1.8, linestyle="--", label="centre")
    ax.plot(grid[0], centre[0], "s", color=COMPLETE, markersize=9, label="complete pooling", clip_on=False)
    ends = [grid[-1]] * len(means)
    ax.plot(
        ends,
        means,
        "o",
        color=NONE,
        markersize=7,
        fillstyle="none",
        label="no pooling",
        clip_on=False,
        zorder=5,
    )
    marked = estimated > grid[0]
    if marked:
        ax.axvline(estimated, color=PARTIAL, linewidth=1.2)
        marks = pooled_means(sizes, means, estimated, fit.sigma).estimate
        ax.plot(
            [estimated] * len(marks), marks, "D", color=PARTIAL, markersize=5.5, label="estimated by lmer"
        )
    _label(ax, grid, means, y, group)
    set_alt_text(ax, _in_words(sizes, means, centre, estimated, marked, y, group))
    return ax


def _grid(sizes, sd_between, sd_within):
    """Choose standard deviations from complete to no pooling, evenly on a log scale, around the estimate."""
    odds = np.sqrt(_FAR / (1 - _FAR))
    low = odds * sd_within / np.sqrt(sizes.max())
    high = sd_within / np.sqrt(sizes.min()) / odds
    if sd_between > low:
        high = max(high, 4 * sd_between)
    return np.geomspace(low, high, 200)


def _label(ax, grid, means, y, group):
    ax.set_xscale("log")
    ax.set_xlim(grid[0], grid[-1])
    in_dollars(y, ax.xaxis)
    ax.set_xlabel(f"Standard deviation between groups ({unit(y) or 'units of the outcome'}, log scale)")
    label_axis(ax.yaxis, y, "Estimated mean")
    tidy(ax, grid="y")
    low, high = ax.get_ylim()
    for name, place in spread(means, 0.045 * (high - low)).items():
        ax.annotate(
            name,
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    ax.legend(loc="upper left", frameon=False)


def _in_words(sizes, means, centre, estimated, marked, y, group):
    low, high = means.idxmin(), means.idxmax()
    where = f"A vertical line marks the estimated standard deviation, {in_words(estimated, y)}."
    if not marked:
        where = "The estimated standard deviation is 0 or nearly so, left of the plot."
    return (
        f"A line for each of the {len(means)} groups of {group}: its estimated mean {y} against the "
        f"standard deviation between groups. On the left all lines meet at {in_words(centre[0], y)}, "
        f"complete pooling. To the right they fan out to the groups' own means, no pooling, from "
        f"{in_words(means[low], y)} in {low} to {in_words(means[high], y)} in {high}. Groups with more "
        f"observations leave the common line earlier: the first is {sizes.idxmax()}, the last "
        f"{sizes.idxmin()}. A dashed line, the centre, moves from {in_words(centre[0], y)} to "
        f"{in_words(centre[-1], y)}. {where}"
    )
