"""Complete, no and partial pooling side by side."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome, refuse_predictors
from mlmkit.plots.style import COMPLETE, DATA, NONE, PARTIAL, in_words, label_axis, tidy

_REACH = 2  # standard errors to each side


def plot_poolings(complete, none, partial, *, group=None):
    """Plot the estimated mean of every group with complete, no and partial pooling, in three panels.

    The line through a mark, and the band of complete pooling, reach two standard errors to each
    side. With partial pooling the distribution of the group means stands in a row of its own, below
    the groups.

    Parameters
    ----------
    complete : fit
        From `complete_pooling`, without predictors.
    none : fit
        From `no_pooling`, without predictors.
    partial : fit
        From `lmer`, such as ``lmer("price ~ (1 | zipcode)", data)``.
    group : str, optional
        The grouping factor. Default: the first one of ``partial``.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        The three panels: complete, none, partial.

    Raises
    ------
    ValueError
        If the fit has predictors, or no grouping factor ``group``.

    Notes
    -----
    The intervals of partial pooling are those of the random effects with the fixed intercept held,
    as in the lecture.

    Examples
    --------
    >>> from mlmkit import complete_pooling, lmer, load_seattle, no_pooling, plot_poolings
    >>> fits = [f("price ~ (1 | zipcode)", load_seattle()) for f in (complete_pooling, no_pooling, lmer)]
    >>> panels = plot_poolings(*fits)
    >>> [panel.get_title() for panel in panels]
    ['Complete pooling', 'No pooling', 'Partial pooling']
    """
    import matplotlib.pyplot as plt

    refuse_predictors(partial, "plot_poolings")
    group, y = grouping(partial, group), outcome(partial)
    own = column(none.coef[group], INTERCEPT, none)
    pooled = column(partial.coef[group], INTERCEPT, partial).reindex(own.index)
    _figure, axes = plt.subplots(
        1, 3, figsize=(9.6, 0.32 * len(own) + 2.0), sharex=True, sharey=True, gridspec_kw={"wspace": 0.06}
    )
    _one_mean_for_all(axes[0], own, complete.fixef[INTERCEPT], complete.se_fixef[INTERCEPT])
    se = column(none.se_coef[group], INTERCEPT, none)
    _marks(axes[1], own, se, color=NONE, marker="o", markerfacecolor="white", markersize=7)
    se = column(partial.se_ranef[group], INTERCEPT, partial).reindex(own.index)
    _marks(axes[2], pooled, se, color=PARTIAL, marker="D", markersize=5.5)
    _curve(axes[2], partial.fixef[INTERCEPT], partial.varcorr[group].sd[INTERCEPT], foot=len(own) + 0.5)
    _label(axes, own.index, y, group)
    for ax, text in zip(axes, _in_words(complete, own, pooled, y, group), strict=True):
        set_alt_text(ax, text)
    return axes


def _one_mean_for_all(ax, own, mean, se):
    """Draw the common mean; pale rings show the groups' own means, which complete pooling ignores."""
    ax.plot(own, range(len(own)), "o", color=DATA, fillstyle="none", alpha=0.7)
    ax.axvspan(mean - _REACH * se, mean + _REACH * se, color=COMPLETE, alpha=0.25, linewidth=0)
    ax.axvline(mean, color=COMPLETE, linewidth=2)


def _marks(ax, estimates, errors, *, color, marker, **shape):
    ax.errorbar(
        estimates,
        range(len(estimates)),
        xerr=_REACH * errors,
        fmt=marker,
        color=color,
        markeredgewidth=1.5,
        elinewidth=2,
        **shape,
    )


def _curve(ax, mean, sd, *, foot):
    """Draw the density of the group means as a hill that stands below the last group."""
    x = np.linspace(mean - 2.5 * sd, mean + 2.5 * sd, 200)
    height = 0.9 * np.exp(-0.5 * ((x - mean) / sd) ** 2)
    ax.fill_between(x, foot, foot - height, color=PARTIAL, alpha=0.35, linewidth=0)
    ax.plot([mean, mean], [foot, foot - 0.9], color=PARTIAL, linewidth=1.5)


def _label(axes, names, y, group):
    for ax, title in zip(axes, ("Complete pooling", "No pooling", "Partial pooling"), strict=True):
        ax.set_title(title)
        label_axis(ax.xaxis, y, "Mean")
        tidy(ax, grid="x")
    axes[0].set_yticks([*range(len(names)), len(names)], [*names, "distribution\nof the means"])
    axes[0].set_ylim(len(names) + 0.7, -0.6)
    label_axis(axes[0].yaxis, group)


def _in_words(complete, own, pooled, y, group):
    low, high = own.idxmin(), own.idxmax()
    moved = (pooled - own).abs()
    return [
        f"Three panels show the estimated mean {y} of each {group}. "
        f"Complete pooling: one line for all, at {in_words(complete.fixef[INTERCEPT], y)}.",
        f"No pooling: {len(own)} marks, from {in_words(own[low], y)} in {low} to {in_words(own[high], y)} in "
        f"{high}.",
        f"Partial pooling: {len(pooled)} marks, from {in_words(pooled.min(), y)} to "
        f"{in_words(pooled.max(), y)}. "
        f"The largest difference from no pooling is {in_words(moved.max(), y)}, in {moved.idxmax()}. "
        "Below them a bell curve shows the distribution of the group means.",
    ]
