"""Residuals against fitted values, to see a pattern that the model missed."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.bins import binned, bins_of
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.style import COMPLETE, DATA, in_words, label_axis, new_axes, tidy


def plot_residuals(fit, *, ax=None):
    """Plot residuals against fitted values, with their averages.

    A model that fits leaves no pattern: averages near zero everywhere, the same spread everywhere. A curve
    means that a predictor is missing or that its effect isn't a straight line; a funnel means that the
    spread grows (try the logarithm).

    Parameters
    ----------
    fit : fit
        From `lmer`, `complete_pooling` or `no_pooling`. For `glmer` use `plot_binned_residuals`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        For a fit of `glmer`.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_residuals
    >>> plot_residuals(lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle())).get_ylabel()
    'Residual of price (US dollars)'
    """
    fitted, residuals = linear_residuals(fit, "plot_residuals")
    y = outcome(fit)
    ax = new_axes(ax, figsize=(6.8, 4.2))
    places, averages = scatter_with_averages(ax, fitted, residuals)
    ax.axhline(0, color="#4D4D4D", linewidth=1.2, linestyle="--")
    label_axis(ax.xaxis, y, "Fitted")
    label_axis(ax.yaxis, y, "Residual of")
    set_alt_text(ax, _in_words(fitted, residuals, places, averages, y))
    return ax


def linear_residuals(fit, plot):
    """Return fitted values and residuals of a linear fit, or say which plot a generalised one needs."""
    if getattr(fit, "family", "gaussian") != "gaussian":
        raise ValueError(
            f"{plot} shows the residuals of a linear model. For {fit.formula} use plot_binned_residuals."
        )
    return np.asarray(fit.fitted, dtype=float), np.asarray(fit.residuals, dtype=float)


def scatter_with_averages(ax, x, y):
    """Draw observations and a line through averages in bins, few enough to be calm; return the averages."""
    ax.scatter(x, y, s=12, color=DATA, alpha=0.5, linewidths=0, label="an observation")
    places, averages, _ = binned(x, y, min(bins_of(len(x)), 12))
    ax.plot(places, averages, color=COMPLETE, linewidth=2, label="average")
    ax.legend(frameon=False, fontsize=9)
    tidy(ax, grid="both")
    return places, averages


def _in_words(fitted, residuals, places, averages, y):
    spread = residuals.std()
    far = places[np.abs(averages).argmax()]
    # Rows of one cell have the same fitted value but for rounding, which must not choose among them.
    order = np.argsort(np.round(fitted / (fitted.std() or 1.0), 9), kind="stable")
    third = max(len(order) // 3, 1)
    low, high = residuals[order[:third]].std(), residuals[order[-third:]].std()
    growth = high / low if low > 0 else np.inf
    return (
        f"{len(residuals)} residuals of {y} against fitted values; their standard deviation is "
        f"{in_words(spread, y)}. The averages along the line lie farthest from zero at a fitted value of "
        f"{in_words(far, y)}: {in_words(averages[np.abs(averages).argmax()], y)}. In the upper third of the "
        f"fitted values the residuals spread {growth:.1f} times as much as in the lower third."
    )
