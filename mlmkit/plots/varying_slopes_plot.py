"""The regression lines of all groups in one picture."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.labels import spread
from mlmkit.plots.lines import coefficients, observations, slope_in_words
from mlmkit.plots.style import DATA, NONE, PARTIAL, label_axis, new_axes, tidy

_MIDDLE = [0.025, 0.975]
_MOST_NAMES = 15  # above this, names of groups would cover the lines


def plot_varying_slopes(fit, *, none=None, group=None, points=True, ax=None):
    """Plot the regression line of every group, and the line of the fixed effects.

    A "spaghetti plot". Each line reaches over the middle 95 in 100 of its group's values: it claims
    nothing about houses that are rare in the group. Observations outside the view aren't drawn; a
    note tells how many.

    Parameters
    ----------
    fit : fit
        From `lmer`, with one predictor, such as ``lmer("price ~ x + (1 + x | g)", data)``. Lines
        are parallel where only the intercept varies.
    none : fit, optional
        From `no_pooling`, the same formula: its lines are drawn dashed.
    group : str, optional
        The grouping factor. Default: the first one.
    points : bool
        Whether to draw the observations, in grey.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If the fit has no predictor or several, or no grouping factor ``group``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_varying_slopes
    >>> ax = plot_varying_slopes(lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle()))
    >>> ax.get_ylabel()
    'Price (US dollars)'
    """
    rows, y, x, group = observations(fit, group)
    lines = coefficients(fit, group)
    reach = rows.groupby(group)[x].quantile(_MIDDLE).unstack().set_axis(["min", "max"], axis=1)
    reach = reach.reindex(lines.index)

    ax = new_axes(ax, figsize=(8.2, 5.0))
    if none is not None:
        _draw(ax, coefficients(none, group), reach, x, color=NONE, linestyle="--", linewidth=1.2)
    _draw(ax, lines, reach, x, color=PARTIAL, linewidth=1.8)
    ends = np.array([reach["min"].min(), reach["max"].max()])
    ax.plot(ends, fit.fixef.get(INTERCEPT, 0.0) + fit.fixef.get(x, 0.0) * ends, color="black", linewidth=3)
    outside = _points(ax, rows, x, y) if points else 0
    if len(lines) <= _MOST_NAMES:
        _name(ax, lines, reach, x)
    _legend(ax, none is not None)
    label_axis(ax.xaxis, x)
    label_axis(ax.yaxis, y)
    tidy(ax, grid="both")
    set_alt_text(ax, _in_words(fit, lines, reach, y, x, group, none is not None, outside))
    return ax


def _points(ax, rows, x, y):
    """Draw the observations that lie in view; return how many don't, and say so below the plot."""
    left, right = ax.get_xlim()
    low, high = ax.get_ylim()
    high = max(high, rows[y].quantile(_MIDDLE[1]))
    inside = rows[x].between(left, right) & rows[y].between(low, high)
    ax.scatter(rows.loc[inside, x], rows.loc[inside, y], s=9, color=DATA, alpha=0.35, linewidths=0, zorder=0)
    ax.set(xlim=(left, right), ylim=(low, high))
    outside = int((~inside).sum())
    if outside:
        note = f"{outside} of {len(rows)} points lie outside this view."
        ax.annotate(
            note,
            (1, 0),
            xycoords="axes fraction",
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color="#5A5A5A",
        )
    return outside


def _draw(ax, lines, reach, x, **style):
    """Draw one line a group, each over the group's own range."""
    for name, ends in reach.iterrows():
        across = ends.to_numpy(dtype=float)
        ax.plot(across, lines.at[name, INTERCEPT] + lines.at[name, x] * across, **style)


def _name(ax, lines, reach, x):
    """Write each group's name beside the right end of its line, names apart from each other."""
    right = reach["max"]
    heights = lines[INTERCEPT] + lines[x] * right
    low, high = ax.get_ylim()
    for name, place in spread(heights, 0.042 * (high - low)).items():
        ax.annotate(
            name,
            (right[name], heights[name]),
            xytext=(1.02, place),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": "#B0B0B0", "linewidth": 0.6},
        )


def _legend(ax, with_none):
    from matplotlib.lines import Line2D

    shown = [
        Line2D([], [], color="black", linewidth=3, label="fixed effects"),
        Line2D([], [], color=PARTIAL, linewidth=1.8, label="partial pooling"),
    ]
    if with_none:
        shown.append(Line2D([], [], color=NONE, linestyle="--", linewidth=1.2, label="no pooling"))
    ax.legend(handles=shown, loc="upper left", frameon=False)


def _in_words(fit, lines, reach, y, x, group, with_none, outside):
    slopes = lines[x]
    flat, steep = slopes.idxmin(), slopes.idxmax()
    text = f"A line of {y} against {x} for each of the {len(lines)} groups of {group}. "
    if np.isclose(slopes[flat], slopes[steep], rtol=1e-9, atol=0):
        text += (
            f"All lines are parallel: each rises by {slope_in_words(slopes[flat], y)} per unit of {x}. "
            f"The highest is {lines[INTERCEPT].idxmax()}, the lowest {lines[INTERCEPT].idxmin()}. "
        )
    else:
        text += (
            f"The flattest line is {flat}, {slope_in_words(slopes[flat], y)} per unit of {x}; "
            f"the steepest {steep}, {slope_in_words(slopes[steep], y)}. "
        )
    text += f"The line of the fixed effects rises by {slope_in_words(fit.fixef.get(x, 0.0), y)}."
    text += " Dashed lines show no pooling." if with_none else ""
    return text + (f" {outside} points lie outside the view." if outside else "")
