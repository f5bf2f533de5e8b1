"""The size of residuals against fitted values, to see whether the spread stays the same."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.residuals_plot import linear_residuals, scatter_with_averages
from mlmkit.plots.style import in_words, label_axis, new_axes


def plot_scale_location(fit, *, ax=None):
    """Plot the square root of the size of standardised residuals against fitted values.

    A linear model assumes one residual standard deviation for all observations. Then the line of averages is
    level; where it rises, outcomes spread more the larger they are.

    Parameters
    ----------
    fit : fit
        From `lmer`, `complete_pooling` or `no_pooling`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        For a fit of `glmer`, whose spread follows from its mean.

    Notes
    -----
    The square root makes the sizes' distribution less skew, as in R's ``plot(fit, which = 3)``. Weights
    are taken into account.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_scale_location
    >>> ax = plot_scale_location(lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle()))
    >>> ax.get_xlabel()
    'Fitted price (US dollars)'
    """
    fitted, _ = linear_residuals(fit, "plot_scale_location")
    size, y = np.sqrt(np.abs(fit.resid("pearson", scaled=True))), outcome(fit)
    ax = new_axes(ax, figsize=(6.8, 4.2))
    places, averages = scatter_with_averages(ax, fitted, size)
    label_axis(ax.xaxis, y, "Fitted")
    ax.set_ylabel("Root of the size of the standardised residual")
    ax.set_ylim(0)
    set_alt_text(ax, _in_words(places, averages, y))
    return ax


def _in_words(places, averages, y):
    ratio = averages[-1] / averages[0] if averages[0] > 0 else np.inf
    trend = "stays level" if 0.8 < ratio < 1.25 else "rises" if ratio > 1 else "falls"
    return (
        f"The root of the size of the standardised residuals of {y} against fitted values. "
        f"From the lowest fitted values, about {in_words(places[0], y)}, to the highest, about "
        f"{in_words(places[-1], y)}, the average {trend}, from {averages[0]:.2f} to {averages[-1]:.2f}."
    )
