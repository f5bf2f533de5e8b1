"""The profile of one parameter: how much worse the fit becomes as it moves away from the estimate."""

from statistics import NormalDist

import numpy as np

from mlmkit.inference.intervals import profile
from mlmkit.inference.profile import parameters
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.style import NONE, PARTIAL, new_axes, tidy


def plot_profile(fit, parameter, *, level=0.95, points=31, ax=None):
    """Plot the profile likelihood of one parameter, as ``xyplot(profile(fit))`` in R.

    The height zeta is the signed square root of the rise of the deviance, with all other parameters at their
    best values. Where the curve crosses plus and minus 1.96, a 95 % interval ends. A straight line means that
    estimate plus or minus two standard errors is a fair interval; a bend means that it isn't.

    Parameters
    ----------
    fit : fit
        From `lmer` or `glmer`.
    parameter : str
        A name from `confint`, such as ``"sigma"`` or ``"sd__(Intercept)|zipcode"``.
    level : float
        Confidence level of the interval that is marked.
    points : int
        Number of values.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If the fit has no such parameter, or the level isn't between 0 and 1.

    References
    ----------
    D. M. Bates and D. G. Watts (1988), "Nonlinear Regression Analysis and Its Applications", chapter 6.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_profile
    >>> ax = plot_profile(lmer("price ~ (1 | zipcode)", load_seattle()), "sigma", points=9)
    >>> ax.get_xlabel()
    'sigma'
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}. It must lie between 0 and 1, for example 0.95.")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    table = profile(fit, parameter, points=points, reach=max(1.3 * z, 2.0))
    best, found = parameters(fit.solution)
    chosen = next(one for one in found if one.name == parameter)
    limits = [chosen.limit(best, z, side) for side in (-1, 1)]

    ax = new_axes(ax, figsize=(6.4, 4.0))
    ax.axhline(0, color="#4D4D4D", linewidth=0.8)
    for height in (-z, z):
        ax.axhline(height, color="#4D4D4D", linewidth=0.8, linestyle=":")
    slope = _slope(table, chosen.estimate)
    ends = np.array([table["value"].min(), table["value"].max()])
    ax.plot(
        ends, slope * (ends - chosen.estimate), "--", color=NONE, linewidth=1.2, label="if it were quadratic"
    )
    ax.plot(table["value"], table["zeta"], color=PARTIAL, linewidth=2.4, label="profile")
    for limit, height in zip(limits, (-z, z), strict=True):
        ax.vlines(limit, min(height, 0), max(height, 0), color=PARTIAL, linewidth=1.2)
    ax.plot(chosen.estimate, 0, "D", color="black", markersize=6, label="estimate")
    ax.set(xlabel=parameter, ylabel="zeta (signed root of the rise of the deviance)")
    ax.set_ylim(-1.45 * z, 1.45 * z)
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    tidy(ax, grid="both")
    set_alt_text(ax, _in_words(parameter, chosen.estimate, limits, level))
    return ax


def _slope(table, estimate):
    """Slope of the profile at the estimate, from a parabola through its neighbours."""
    nearest = (table["value"] - estimate).abs().nsmallest(5).index
    values, heights = table.loc[nearest, "value"] - estimate, table.loc[nearest, "zeta"]
    scale = values.abs().max() or 1.0
    x = values.to_numpy() / scale
    found = np.linalg.lstsq(np.column_stack([x, x**2]), heights.to_numpy(), rcond=None)[0]
    return found[0] / scale


def _in_words(parameter, estimate, limits, level):
    low, high = map(_number, limits)
    text = (
        f"The profile of {parameter} rises from left to right through the estimate, {_number(estimate)}. "
        f"The {level:.0%} interval runs from {low} to {high}."
    )
    left, right = estimate - limits[0], limits[1] - estimate
    if not np.isfinite(left) or not np.isfinite(right):
        return text
    if max(left, right) <= 1.1 * min(left, right):
        return text + " The curve is nearly straight, and the interval nearly symmetric."
    side, other = ("right", "left") if right > left else ("left", "right")
    ratio = max(left, right) / max(min(left, right), 1e-12)
    much = f"{ratio:.1f} times as far to the {side} as to the {other}"
    return text + f" The curve bends: the interval reaches {much if ratio < 100 else f'to the {side} only'}."


def _number(value):
    """Write a number with about four digits."""
    return (f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}").replace("-", "−")
