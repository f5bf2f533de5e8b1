"""The criterion around a fit as a map, with the places where programs stopped."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.criterion import criterion_at
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.style import COMPLETE, in_dollars, in_words, new_axes, tidy

_LEVELS = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
_STEPS = 36


def plot_valley(fit, stops=None, *, ax=None):
    """Plot a map of the criterion over the standard deviations of intercepts and slopes.

    A fit is the lowest point of a landscape. The numbers at the lines say how much higher the
    criterion is than at the fit. The correlation and the residual standard deviation are those of the
    fit everywhere on the map.

    Parameters
    ----------
    fit : LinearMixedFit
        From `lmer`, with a varying intercept and one varying slope.
    stops : dict, optional
        Name of a program to the pair (sd of the intercepts, sd of the slopes) that it reports.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If not exactly an intercept and one slope vary together.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_valley
    >>> fit = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", load_seattle())
    >>> ax = plot_valley(fit, {"stopped early": (250_000, 190_000)})
    >>> ax.get_xlabel()
    'Standard deviation of the intercepts'
    """
    (term, *more), stops = fit.varcorr.values(), dict(stops or {})
    if more or len(term.sd) != 2 or INTERCEPT not in term.sd:
        raise ValueError(
            "plot_valley needs an intercept and one slope that vary together, such as "
            f'"y ~ x + (1 + x | g)", not "{fit.formula}".'
        )
    slope = next(name for name in term.sd.index if name != INTERCEPT)
    corr, best = term.corr.loc[INTERCEPT, slope], (term.sd[INTERCEPT], term.sd[slope])
    across, up = (_around(values) for values in zip(best, *stops.values(), strict=True))
    above = [[criterion_at(fit, {INTERCEPT: a, slope: b}, corr) - fit.criterion for a in across] for b in up]
    ax = new_axes(ax, figsize=(7.6, 5.0))
    shaded = ax.contourf(across, up, above, levels=[0, *_LEVELS], cmap="Greys", extend="max", alpha=0.55)
    shaded.set_rasterized(True)
    drawn = ax.contour(across, up, above, levels=_LEVELS, colors="#404040", linewidths=0.8)
    ax.clabel(drawn, fmt="%g", fontsize=8)
    ax.plot(*best, "*", color="black", markersize=15, label="the lowest point")
    for (name, place), marker in zip(stops.items(), "osP^v" * len(stops), strict=False):
        ax.plot(*place, marker, color=COMPLETE, markeredgecolor="black", markersize=9, label=name)
    _titles(ax, outcome(fit), slope)
    tidy(ax, grid="both")
    ax.legend(loc="upper left", facecolor="white", framealpha=0.9)
    set_alt_text(ax, _in_words(best, stops, outcome(fit)))
    return ax


def _around(values):
    """Span a range that holds all values of one axis, with space on both sides."""
    low, high = min(values), max(values)
    margin = max(0.35 * (high - low), 0.35 * high)
    return np.linspace(max(low - margin, 0.02 * high), high + margin, _STEPS)


def _titles(ax, y, slope):
    ax.set_xlabel("Standard deviation of the intercepts")
    ax.set_ylabel(f"Standard deviation of the slopes of {slope}")
    in_dollars(y, ax.xaxis, ax.yaxis)


def _in_words(best, stops, y):
    text = (
        "A map with contour lines of the criterion over the standard deviations of intercepts and slopes. "
        f"The lowest point has the standard deviations {in_words(best[0], y)} and {in_words(best[1], y)}."
    )
    for name, place in stops.items():
        text += f" {name} stopped at {in_words(place[0], y)} and {in_words(place[1], y)}."
    return text
