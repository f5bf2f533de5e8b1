"""The groups as points: intercept against slope."""

import numpy as np
import pandas as pd

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import grouping, outcome
from mlmkit.plots.lines import coefficients, predictor, slope_in_words, slope_title
from mlmkit.plots.style import DATA, NONE, PARTIAL, in_dollars, in_words, new_axes, tidy

_SHARE = 0.95  # of the groups, expected inside the ellipse
_MOST_NAMES = 15


def plot_intercept_slope(fit, *, none=None, group=None, ax=None):
    """Plot every group's slope against its intercept, with the distribution from which the groups come.

    The other view of a spaghetti plot: here a line is a point. The ellipse is the fitted
    distribution of the groups, a bivariate normal; 95 in 100 groups are expected inside. The
    narrower it is, the nearer the correlation of intercepts and slopes is to 1 or −1.

    Parameters
    ----------
    fit : fit
        From `lmer`, with one predictor, whose slope varies, and a varying intercept.
    none : fit, optional
        From `no_pooling`, the same formula: rings, joined to the partial-pooling estimates.
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
        If intercept and slope don't both vary.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_intercept_slope
    >>> fit = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", load_seattle())
    >>> plot_intercept_slope(fit).get_xlabel()
    'Intercept: expected price where scale_sqft = 0 (US dollars)'
    """
    group, y, x = grouping(fit, group), outcome(fit), predictor(fit)
    varying = list(fit.ranef[group].columns)
    if sorted(varying) != sorted([INTERCEPT, x]):
        raise ValueError(
            "plot_intercept_slope needs an intercept and a slope that both vary, as in "
            f'"{y} ~ {x} + (1 + {x} | {group})". In "{fit.formula}" varies: {", ".join(varying)}.'
        )
    table = coefficients(fit, group)
    ax = new_axes(ax, figsize=(7.6, 5.0))
    _ellipse(ax, fit, group, x)
    if none is not None:
        own = coefficients(none, group).reindex(table.index)
        ax.plot([own[INTERCEPT], table[INTERCEPT]], [own[x], table[x]], color=DATA, linewidth=1.5)
        ax.plot(own[INTERCEPT], own[x], "o", color=NONE, fillstyle="none", markersize=8, label="no pooling")
    ax.plot(table[INTERCEPT], table[x], "D", color=PARTIAL, markersize=5.5, label="partial pooling")
    ax.plot(
        fit.fixef[INTERCEPT],
        fit.fixef[x],
        "+",
        color="black",
        markersize=15,
        markeredgewidth=2.5,
        label="fixed effects",
    )
    if len(table) <= _MOST_NAMES:
        _name(ax, table, x, None if none is None else own[x])
    _titles(ax, y, x)
    tidy(ax, grid="both")
    ax.legend(loc="upper left", frameon=False)
    set_alt_text(ax, _in_words(fit, table, y, x, group))
    return ax


def _covariance(fit, group, order):
    """Covariance matrix of intercepts and slopes, also where a double bar split it into two terms."""
    whole = pd.DataFrame(0.0, index=order, columns=order)
    for name, term in fit.varcorr.items():
        if fit.varcorr.factors[name] == group:
            whole.loc[term.cov.index, term.cov.columns] = term.cov
    return whole.to_numpy()


def _ellipse(ax, fit, group, x):
    """Draw the contour that holds `_SHARE` of a bivariate normal distribution."""
    order = [INTERCEPT, x]
    values, vectors = np.linalg.eigh(_covariance(fit, group, order))
    angle = np.linspace(0, 2 * np.pi, 200)
    reach = np.sqrt(-2 * np.log(1 - _SHARE))
    circle = np.stack([np.cos(angle), np.sin(angle)]) * reach
    outline = vectors * np.sqrt(np.clip(values, 0, None)) @ circle + fit.fixef[order].to_numpy()[:, None]
    ax.fill(*outline, color=PARTIAL, alpha=0.15, linewidth=0)
    ax.plot(*outline, color=PARTIAL, linewidth=1, alpha=0.7)


def _name(ax, table, x, own):
    """Write the groups' names: to the left above the trend of the points, to the right below it.

    Where the points lie on a line, away from the rings of no pooling (`own` slopes) or in turn.
    """
    trend = np.polyfit(table[INTERCEPT], table[x], 1) if len(table) > 1 else [0, 0]
    off = table[x] - np.polyval(trend, table[INTERCEPT])
    aside = 8
    if off.abs().max() < 0.01 * np.ptp(
        table[x]
    ):  # all on one line: nearer, so that no name stands at another point
        aside = -6
        off = 0.5 - table[INTERCEPT].rank() % 2 if own is None else table[x] - own
    above = off > 0
    for name, line in table.iterrows():
        ax.annotate(
            name,
            (line[INTERCEPT], line[x]),
            xytext=(-aside, 6) if above[name] else (aside, -13),
            textcoords="offset points",
            ha="right" if above[name] else "left",
            fontsize=9,
        )


def _titles(ax, y, x):
    unit = " (US dollars)" if y == "price" else ""
    ax.set_xlabel(f"Intercept: expected {y} where {x} = 0{unit}")
    ax.set_ylabel(slope_title(y, x))
    in_dollars(y, ax.xaxis, ax.yaxis)


def _in_words(fit, table, y, x, group):
    cov = _covariance(fit, group, [INTERCEPT, x])
    spread = np.sqrt(cov[0, 0] * cov[1, 1])
    corr = cov[0, 1] / spread if spread > 0 else 0.0
    low, high = table[INTERCEPT].idxmin(), table[INTERCEPT].idxmax()
    described = [
        f"{name}, intercept {in_words(table.at[name, INTERCEPT], y)} and slope "
        f"{slope_in_words(table.at[name, x], y)}"
        for name in (low, high)
    ]
    return (
        f"A point for each of the {len(table)} groups of {group}: its slope of {x} against its intercept, "
        f"from {described[0]}, to {described[1]}. The ellipse of the fitted distribution has the "
        f"correlation {corr:.2f}".replace("-", "−")
        + f", around the fixed effects, intercept "
        f"{in_words(fit.fixef[INTERCEPT], y)} and slope {slope_in_words(fit.fixef[x], y)}."
    )
