"""Data and fitted lines, one small panel per group."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.lines import coefficients, observations, slope_in_words
from mlmkit.plots.style import COMPLETE, NONE, PARTIAL, axis_title

_STYLES = {
    "complete pooling": {"color": COMPLETE, "linestyle": ":", "linewidth": 1.8},
    "no pooling": {"color": NONE, "linestyle": "--", "linewidth": 1.8},
    "partial pooling": {"color": PARTIAL, "linestyle": "-", "linewidth": 2.2},
}


def plot_lines_by_group(partial, none, complete=None, *, group=None, columns=3):
    """Plot the observations of each group in a panel of its own, with the lines of the poolings.

    All panels have the same scales, as in Gelman and Hill (2007), figure 12.4.

    Parameters
    ----------
    partial : fit
        From `lmer`, with one predictor.
    none : fit
        From `no_pooling`, the same formula.
    complete : fit, optional
        From `complete_pooling`: the same line in every panel.
    group : str, optional
        The grouping factor. Default: the first one.
    columns : int
        How many panels stand side by side.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One per group.

    Raises
    ------
    ValueError
        If the fit has no predictor or several, or no grouping factor ``group``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, no_pooling, plot_lines_by_group
    >>> few = load_seattle().groupby("zipcode", observed=True).head(5)
    >>> model = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
    >>> len(plot_lines_by_group(lmer(model, few), no_pooling(model, few)))
    9
    """
    from mlmkit.plots.facets import scatter_panels

    rows, y, x, group = observations(partial, group)
    fits = {"complete pooling": complete, "no pooling": none, "partial pooling": partial}
    lines = {kind: coefficients(fit, group) for kind, fit in fits.items() if fit is not None}
    names = list(lines["partial pooling"].index)
    grid = scatter_panels(rows, x, y, group, names, columns=columns, s=14, alpha=0.8)
    ends = np.array([rows[x].min(), rows[x].max()])
    for name, ax in grid.axes_dict.items():
        for kind, table in lines.items():
            line = table.at[name, INTERCEPT] + table.at[name, x] * ends
            ax.plot(ends, line, label=kind, **_STYLES[kind])
    ax.set_ylim(*_limits(rows[y]))
    grid.figure.set_layout_engine("constrained")
    grid.figure.supxlabel(axis_title(x), fontsize=10)
    grid.figure.supylabel(axis_title(y), fontsize=10)
    drawn = ax.get_legend_handles_labels()
    grid.figure.legend(*drawn, loc="outside upper center", ncols=len(lines), frameon=False)
    set_alt_text(grid.axes[0], _in_words(lines, y, x, group))
    return grid.axes


def _limits(values):
    """Keep the scale of the data: a wild line without pooling may leave the panel."""
    margin = 0.08 * np.ptp(values)
    return values.min() - margin, values.max() + margin


def _in_words(lines, y, x, group):
    slopes = {kind: table[x] for kind, table in lines.items()}
    own, pooled = slopes["no pooling"], slopes["partial pooling"]
    moved = (pooled - own).abs().idxmax()
    return (
        f"{len(pooled)} panels, one for each {group}, with the points of {y} against {x} and "
        f"{len(lines)} lines: {', '.join(lines)}. The slopes per unit of {x} run from "
        f"{slope_in_words(own.min(), y)} to {slope_in_words(own.max(), y)} without pooling, and from "
        f"{slope_in_words(pooled.min(), y)} to {slope_in_words(pooled.max(), y)} with partial pooling. "
        f"The lines differ most in {moved}: {slope_in_words(own[moved], y)} and "
        f"{slope_in_words(pooled[moved], y)}."
    )
