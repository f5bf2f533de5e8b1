"""How far partial pooling moves the estimate of each group."""

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.ask import ask
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, group_means, grouping, outcome
from mlmkit.plots.style import DATA, NONE, PARTIAL, in_words, label_axis, new_axes, tidy


def plot_shrinkage(fit, *, group=None, ax=None):
    """Plot how each group moves from its no-pooling to its partial-pooling estimate.

    Groups are sorted by their own mean. The line down the plot is the fixed intercept, towards which
    all groups move.

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
        If the fit has predictors, or no grouping factor ``group``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_shrinkage
    >>> few = load_seattle().groupby("zipcode", observed=True).head(5)
    >>> ax = plot_shrinkage(lmer("price ~ (1 | zipcode)", few))
    >>> ax.get_xlabel()
    'Mean price (US dollars)'
    """
    ask(fit, "ranef", "plot_shrinkage")
    sizes, own = group_means(fit, group, plot="plot_shrinkage")
    group, y = grouping(fit, group), outcome(fit)
    pooled = column(fit.coef[group], INTERCEPT, fit).rename(index=str)  # as in `group_means`
    return draw_shrinkage(sizes, own, pooled, fit.fixef[INTERCEPT], y=y, group=group, ax=ax)


def draw_shrinkage(sizes, own, pooled, centre, *, y, group, ax=None):
    """Draw the plot from the numbers themselves.

    Parameters
    ----------
    sizes, own, pooled : Series
        By group: number of observations, own mean, partial-pooling estimate.
    centre : float
        Where the line down the plot stands.
    y, group : str
        Names of the outcome and of the grouping factor.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.
    """
    own = own.sort_values()
    pooled = pooled.reindex(own.index)
    ax = new_axes(ax, figsize=(7.2, 0.36 * len(own) + 1.5))
    ax.axvline(centre, color=PARTIAL, linewidth=1.2, label="fixed intercept")
    rows = list(range(len(own)))
    ax.hlines(rows, own, pooled, color=DATA, linewidth=2.5)
    ax.plot(
        own, rows, "o", color=NONE, markersize=8, fillstyle="none", markeredgewidth=1.5, label="no pooling"
    )
    ax.plot(pooled, rows, "D", color=PARTIAL, markersize=5, label="partial pooling")
    ax.set_yticks(rows, [f"{name}  (n = {sizes[name]})" for name in own.index])
    label_axis(ax.xaxis, y, "Mean")
    label_axis(ax.yaxis, group)
    tidy(ax, grid="x")
    ax.legend(loc="lower right", frameon=False)
    set_alt_text(ax, _in_words(own, pooled, centre, y, group))
    return ax


def _in_words(own, pooled, centre, y, group):
    moved = (pooled - own).abs()
    most, least = moved.idxmax(), moved.idxmin()
    return (
        f"A short line for each of the {len(own)} groups of {group}, from the no-pooling to the "
        f"partial-pooling estimate of the mean {y}. "
        f"All of them run towards the fixed intercept, {in_words(centre, y)}. "
        f"The longest is in {most}, from {in_words(own[most], y)} to {in_words(pooled[most], y)}; "
        f"the shortest in {least}, {in_words(moved[least], y)} long."
    )
