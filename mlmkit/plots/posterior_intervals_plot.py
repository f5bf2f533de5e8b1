"""Posterior intervals of groups or of any parameters."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.style import PARTIAL, in_words, label_axis, label_slopes, new_axes, tidy


def plot_posterior_intervals(fit, *, what="coef", term=INTERCEPT, group=None, probs=(0.5, 0.95), ax=None):
    """Plot the posterior of every group's effect: the median, a thick and a thin interval, in order.

    Parameters
    ----------
    fit : StanFit
        From `stan_lmer` or `stan_glmer`.
    what : {"coef", "ranef"}
        Coefficients (fixed effect plus group effect) or group effects alone.
    term : str
        ``"(Intercept)"`` or a predictor whose slope varies.
    group : str, optional
        The grouping factor. Default: the first one.
    probs : pair of float
        Probability that the thick and the thin interval hold.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If ``what``, term or group is none that the fit has, or a probability isn't between 0 and 1.

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_posterior_intervals, stan_lmer
    >>> ax = plot_posterior_intervals(stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1))
    >>> ax.get_yticklabels()[-1].get_text()
    '98039'
    """
    if what not in ("coef", "ranef"):
        raise ValueError(f'what={what!r} is not possible. Choose "coef" or "ranef".')
    if len(probs) != 2 or not 0 < probs[0] < probs[1] < 1:
        raise ValueError(f"probs is {probs!r}. Give two probabilities, the smaller first: (0.5, 0.95).")
    group, y = grouping(fit, group), outcome(fit)
    column(getattr(fit, what)[group], term, fit)  # says which terms there are
    draws = getattr(fit.sim(), what)[group][term]
    draws = draws[draws.median().sort_values().index]
    thick, thin = ([(1 - p) / 2, (1 + p) / 2] for p in probs)
    q = np.quantile(draws.to_numpy(), [thin[0], thick[0], 0.5, thick[1], thin[1]], axis=0)

    ax = new_axes(ax, figsize=(7.2, 0.34 * draws.shape[1] + 1.3))
    rows = np.arange(draws.shape[1])
    ax.hlines(rows, q[0], q[4], color=PARTIAL, linewidth=1.4, label=f"{probs[1]:.0%} of the draws")
    ax.hlines(rows, q[1], q[3], color=PARTIAL, linewidth=4.5, label=f"{probs[0]:.0%} of the draws")
    ax.plot(q[2], rows, "o", color="white", markeredgecolor=PARTIAL, markersize=6, label="median")
    if what == "ranef":
        ax.axvline(0, color="#4D4D4D", linewidth=1.2, linestyle="--")
    ax.set_yticks(rows, [str(label) for label in draws.columns])
    label_axis(ax.yaxis, group)
    kind = "Coefficient of" if what == "coef" else "Group effect on"
    if term == INTERCEPT:
        label_axis(ax.xaxis, y, kind)
    else:
        label_slopes(ax.xaxis, y, f"{'Slope' if what == 'coef' else 'Group effect on the slope'} of {term}")
    ax.legend(frameon=False, loc="lower right", fontsize=9)
    tidy(ax, grid="x")
    widths = q[4] - q[0]
    set_alt_text(
        ax,
        f"Posterior {probs[0]:.0%} and {probs[1]:.0%} intervals of {draws.shape[1]} groups of {group} for "
        f"{term}, in order of their medians, from {in_words(q[2][0], y)} in {draws.columns[0]} to "
        f"{in_words(q[2][-1], y)} in {draws.columns[-1]}. The widest {probs[1]:.0%} interval belongs to "
        f"{draws.columns[widths.argmax()]}, the narrowest to {draws.columns[widths.argmin()]}.",
    )
    return ax
