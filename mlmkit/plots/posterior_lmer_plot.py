"""The lecture's last figure: the groups' coefficients by lmer and by its Bayesian twin."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.style import PARTIAL, in_words, label_axis, label_slopes, new_axes, tidy

_LMER = "#00573F"  # a darker shade of partial pooling's green


def plot_posterior_lmer(stan_fit, lmer_fit, *, term=INTERCEPT, group=None, ax=None):
    """Plot each group's coefficient with its 95% interval, by both fits.

    Parameters
    ----------
    stan_fit : StanFit
        From `stan_lmer` or `stan_glmer`: central 95% of the draws, mark at the median.
    lmer_fit : fit
        From `lmer` or `glmer`, with the same groups: estimate plus or minus two standard errors.
    term : str
        ``"(Intercept)"`` or a predictor whose slope varies.
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
        If term or group is none that the fits have, or their groups differ.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_posterior_lmer, stan_lmer
    >>> data, formula = load_seattle(), "price ~ (1 | zipcode)"
    >>> ax = plot_posterior_lmer(stan_lmer(formula, data, seed=1), lmer(formula, data))
    >>> ax.get_xlabel()
    'Coefficient of price (US dollars)'
    """
    group, y = grouping(stan_fit, group), outcome(stan_fit)
    theirs = column(lmer_fit.coef[group], term, lmer_fit)
    draws = stan_fit.sim().coef[group][term]
    if list(theirs.index) != list(draws.columns):
        raise ValueError(f"The two fits have different groups of {group}. Fit both to the same data.")
    order = theirs.sort_values().index
    low, middle, high = np.quantile(draws[order].to_numpy(), [0.025, 0.5, 0.975], axis=0)
    estimate = theirs[order].to_numpy()
    half = 2 * column(lmer_fit.se_coef[group], term, lmer_fit)[order].to_numpy()

    ax = new_axes(ax, figsize=(7.2, 0.42 * len(order) + 1.4))
    rows = np.arange(len(order))
    name = stan_fit.call[0]
    ax.errorbar(
        middle,
        rows + 0.15,
        xerr=[middle - low, high - middle],
        fmt="o",
        color=PARTIAL,
        elinewidth=2.2,
        label=f"{name}: median, 95% of the draws",
    )
    ax.errorbar(
        estimate,
        rows - 0.15,
        xerr=half,
        fmt="D",
        markersize=4.5,
        color=_LMER,
        elinewidth=1.2,
        capsize=3,
        label=f"{lmer_fit.call[0]}: estimate ± 2 standard errors",
    )
    ax.set_yticks(rows, [str(label) for label in order])
    label_axis(ax.yaxis, group)
    if term == INTERCEPT:
        label_axis(ax.xaxis, y, "Coefficient of")
    else:
        label_slopes(ax.xaxis, y, f"Slope of {term} in each {group}")
    ax.legend(frameon=False, loc="lower right", fontsize=9)
    tidy(ax, grid="x")
    far = np.abs(middle - estimate) / (half / 2)
    set_alt_text(
        ax,
        f"Coefficients of {len(order)} groups of {group} for {term} with 95% intervals, by {name} and by "
        f"{lmer_fit.call[0]}. They run from {in_words(middle[0], y)} in {order[0]} to "
        f"{in_words(middle[-1], y)} in {order[-1]}. The two estimates of a group differ by at most "
        f"{far.max():.2f} standard errors (in {order[far.argmax()]}).",
    )
    return ax
