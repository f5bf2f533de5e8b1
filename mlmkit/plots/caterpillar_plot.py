"""The estimates of all groups with their intervals, in order."""

from typing import Literal, get_args

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.style import PARTIAL, in_words, label_axis, new_axes, tidy

What = Literal["ranef", "coef"]


def plot_caterpillar(fit, *, what: What = "ranef", term=INTERCEPT, group=None, reach=2.0, ax=None):
    """Plot the groups' random effects or coefficients, sorted, each with an interval.

    Parameters
    ----------
    fit : fit
        From `lmer`.
    what : {"ranef", "coef"}
        Random effects (differences from the fixed part) or coefficients (fixed part plus random effect).
    term : str
        The varying term: ``"(Intercept)"`` or a predictor whose slope varies.
    group : str, optional
        The grouping factor. Default: the first one.
    reach : float
        How many standard errors the interval reaches to each side. Two, as in the lecture, hold the
        true value about 95 times in 100.
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
    For ``"ranef"`` the standard errors hold the fixed effects, as ``arm::se.ranef`` does; for ``"coef"``
    they are ``fit.se_coef``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_caterpillar
    >>> ax = plot_caterpillar(lmer("price ~ (1 | zipcode)", load_seattle()))
    >>> [tick.get_text() for tick in ax.get_yticklabels()][0]
    '98032'
    """
    if what not in get_args(What):
        raise ValueError(f'what={what!r} is not possible. Choose "ranef" or "coef".')
    group, y = grouping(fit, group), outcome(fit)
    table, errors = (fit.ranef, fit.se_ranef) if what == "ranef" else (fit.coef, fit.se_coef)
    estimates = column(table[group], term, fit).sort_values()
    half = reach * column(errors[group], term, fit).reindex(estimates.index)
    middle = 0.0 if what == "ranef" else fit.fixef.get(term, 0.0)

    ax = new_axes(ax, figsize=(7.2, 0.32 * len(estimates) + 1.3))
    rows = range(len(estimates))
    ax.axvline(middle, color="#4D4D4D", linewidth=1.2, linestyle="--")
    ax.errorbar(estimates, list(rows), xerr=half, fmt="D", color=PARTIAL, markersize=5.5, elinewidth=2)
    ax.set_yticks(list(rows), list(estimates.index.astype(str)))
    label_axis(ax.yaxis, group)
    _label_values(ax, what, term, y, group)
    tidy(ax, grid="x")
    set_alt_text(ax, _in_words(estimates, half, middle, what, term, y, group))
    return ax


def _label_values(ax, what, term, y, group):
    """Name the horizontal axis; only an intercept is surely in the outcome's unit."""
    name = "intercept" if term == INTERCEPT else f"slope of {term}"
    if term == INTERCEPT:
        label_axis(ax.xaxis, y, "Random effect on" if what == "ranef" else "Coefficient of")
    elif what == "ranef":
        ax.set_xlabel(f"Random effect on the {name}")
    else:
        ax.set_xlabel(f"{name[0].upper()}{name[1:]} in each {group}")


def _in_words(estimates, half, middle, what, term, y, group):
    unit = y if term == INTERCEPT else term
    lowest, highest = estimates.index[0], estimates.index[-1]
    apart = int(((estimates - half > middle) | (estimates + half < middle)).sum())
    kind = "random effects" if what == "ranef" else "coefficients"
    centre = "0" if what == "ranef" else f"the fixed effect, {in_words(middle, unit)}"
    return (
        f"The {kind} of the {len(estimates)} groups of {group} for {term}, in order, each with an interval. "
        f"They run from {in_words(estimates[lowest], unit)} in {lowest} to "
        f"{in_words(estimates[highest], unit)} in {highest}. "
        f"{apart} of the {len(estimates)} intervals do not touch {centre}."
    )
