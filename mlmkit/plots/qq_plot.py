"""Residuals or random effects against a normal distribution, quantile by quantile."""

from typing import Literal, get_args

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.residuals_plot import linear_residuals
from mlmkit.plots.style import DATA, PARTIAL, in_words, label_axis, new_axes, tidy

What = Literal["residuals", "ranef"]
_MOST_NAMES = 12
_INSIDE = (0.025, 0.975)


def plot_qq(fit, *, what: What = "residuals", term=INTERCEPT, group=None, ax=None):
    """Plot residuals or random effects against the quantiles of a normal distribution.

    Points on the line mean that the normal distribution fits. The band holds 95 of 100 points of a normal
    sample of this size, each on its own. Ends that turn away from the line are values farther out (or
    nearer) than a normal distribution has them.

    Parameters
    ----------
    fit : fit
        From `lmer`; for ``what="ranef"`` from `glmer` too.
    what : {"residuals", "ranef"}
        Which of the two.
    term : str
        For random effects, the varying term.
    group : str, optional
        For random effects, the grouping factor. Default: the first one.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If ``what``, ``term`` or ``group`` is none that the fit has.

    Notes
    -----
    The line runs through the quartiles, as R's ``qqline``. Random effects are pulled towards zero, so they
    look more normal than the groups may be.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_qq
    >>> ax = plot_qq(lmer("price ~ (1 | zipcode)", load_seattle()), what="ranef")
    >>> ax.get_xlabel()
    'Quantile of the normal distribution'
    """
    if what not in get_args(What):
        raise ValueError(f'what={what!r} is not possible. Choose "residuals" or "ranef".')
    y, names = outcome(fit), None
    if what == "residuals":
        values = np.sort(linear_residuals(fit, "plot_qq")[1])
        title, unit = "Residual of", y
    else:
        group = grouping(fit, group)
        effects = column(fit.ranef[group], term, fit).sort_values()
        values, names = effects.to_numpy(), effects.index.astype(str)
        title, unit = "Random effect on", y if term == INTERCEPT else term
    line, quantiles, low, high = _normal(values)

    ax = new_axes(ax, figsize=(5.6, 4.6))
    ax.fill_between(quantiles, low, high, color="#E4E4E4", label="95 of 100 normal points")
    ax.plot(quantiles, line, color="#4D4D4D", linewidth=1.2, linestyle="--")
    color = DATA if what == "residuals" else PARTIAL
    ax.plot(
        quantiles, values, "o", color=color, markersize=4, markeredgewidth=0, label=_what_it_is(what, group)
    )
    if names is not None and len(names) <= _MOST_NAMES:
        for name, x, height in zip(names, quantiles, values, strict=True):
            ax.annotate(name, (x, height), xytext=(5, -9), textcoords="offset points", fontsize=8)
    ax.set_xlabel("Quantile of the normal distribution")
    label_axis(ax.yaxis, unit, title)
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    tidy(ax, grid="both")
    set_alt_text(ax, _in_words(values, low, high, what, unit, group, term))
    return ax


def _what_it_is(what, group):
    """Name the points in the legend."""
    return "an observation" if what == "residuals" else f"a group of {group}"


def _normal(values):
    """Return the line through the quartiles, the quantiles, and the band that holds 95 of 100 points."""
    from scipy import special, stats

    n = len(values)
    quantiles = special.ndtri((np.arange(1, n + 1) - 0.5) / n)
    quartiles = np.quantile(values, [0.25, 0.75])
    slope = (quartiles[1] - quartiles[0]) / (2 * special.ndtri(0.75))
    middle = quartiles.mean()
    rank = np.arange(1, n + 1)
    low, high = (
        middle + slope * special.ndtri(stats.beta.ppf(share, rank, n + 1 - rank)) for share in _INSIDE
    )
    return middle + slope * quantiles, quantiles, low, high


def _in_words(values, low, high, what, unit, group, term):
    outside = int(((values < low) | (values > high)).sum())
    name = "residuals" if what == "residuals" else f"random effects of {group} for {term}"
    n = len(values)
    text = (
        f"{n} {name} against the quantiles of a normal distribution. {outside} of {n} lie "
        f"outside the band of a normal sample. The lowest is {in_words(values[0], unit)}, the highest "
        f"{in_words(values[-1], unit)}."
    )
    third = max(n // 100, 1)
    ends = []
    if values[-third] > high[-third]:
        ends.append(
            "The upper end lies above the band: there are larger values than a normal distribution has."
        )
    if values[third - 1] < low[third - 1]:
        ends.append(
            "The lower end lies below the band: there are smaller values than a normal distribution has."
        )
    return " ".join([text, *ends])
