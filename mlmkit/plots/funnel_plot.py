"""The funnel: why samplers stumble over group effects, and what the non-centred form does about it."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.style import DATA, PARTIAL, money, tidy


def plot_funnel(fit, *, level=None, term=INTERCEPT, group=None, points=2000):
    """Plot one group's effect against the (log) group standard deviation, in two ways.

    Left, centred: the effect itself. Where the standard deviation is small, the effect has to be small
    too, and the cloud narrows to a neck that no step size suits. Right, non-centred: the effect divided
    by the standard deviation. Where the data say little about the group, this cloud has the same width
    everywhere; where they say much, this one narrows.

    Parameters
    ----------
    fit : StanFit
        From `stan_lmer` or `stan_glmer`; or ``fit.prior_only()``, where the funnel is seen best.
    level : str, optional
        Which group. Default: the one with the fewest rows.
    term : str
        Which effect.
    group : str, optional
        The grouping factor. Default: the first one.
    points : int
        How many draws to show.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Centred and non-centred.

    Raises
    ------
    ValueError
        If level, term or group is none that the fit has.

    Notes
    -----
    R. M. Neal (2003), "Slice sampling", Annals of Statistics 31(3), section 8; M. Betancourt and M. Girolami
    (2015), "Hamiltonian Monte Carlo for hierarchical models".

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_funnel, stan_lmer
    >>> fit = stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1)
    >>> [ax.get_title() for ax in plot_funnel(fit)]
    ['centred', 'non-centred']
    """
    import matplotlib.pyplot as plt

    group = grouping(fit, group)
    column(fit.ranef[group], term, fit)
    sims = fit.sim(min(points, len(fit.draws)), seed=1)
    effects = sims.ranef[group][term]
    if level is None:
        factor = next(factor for factor in fit.design.factors if factor.label == group)
        level = factor.levels[np.bincount(factor.codes).argmin()]
    if level not in effects.columns:
        raise ValueError(
            f"There is no group {level!r} of {group}. There are: {', '.join(map(str, effects))}."
        )
    place = list(fit.ranef).index(group)
    k = list(fit.ranef[group].columns).index(term)
    sd = np.sqrt(sims.covariance[place][:, k, k])
    effect = effects[level].to_numpy()
    panels = plt.subplots(1, 2, figsize=(7.6, 3.6), sharey=True, layout="constrained")[1]
    color = DATA if fit.method == "prior" else PARTIAL
    shown = (
        (effect, "centred", f"effect of {level}"),
        (effect / sd, "non-centred", "effect / standard deviation"),
    )
    for ax, (x, title, label) in zip(panels, shown, strict=True):
        ax.scatter(x, np.log(sd), s=7, color=color, alpha=0.4, linewidths=0)
        low, high = np.quantile(x, [0.005, 0.995])
        ax.set_xlim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(label)
        ax.xaxis.get_major_locator().set_params(nbins=5)
        tidy(ax, grid="both")
    if outcome(fit) == "price":
        panels[0].xaxis.set_major_formatter(money)
        panels[0].set_xlabel(f"effect of {level} (US dollars)")
    panels[0].set_ylabel(f"log standard deviation\nbetween groups of {group}")
    set_alt_text(panels[0], _in_words(effect, sd, level, group, fit))
    return panels


def _in_words(effect, sd, level, group, fit):
    small, large = sd <= np.quantile(sd, 0.25), sd >= np.quantile(sd, 0.75)
    centred = effect[large].std() / effect[small].std()
    standard = (effect / sd)[small].std() / (effect / sd)[large].std()
    source = "prior" if fit.method == "prior" else "posterior"
    return (
        f"{len(sd)} {source} draws of the effect of {level} against the log standard deviation between the "
        f"groups of {group}. Left, the effect itself: its spread is {centred:.1f} times as large where the "
        "standard deviation is in its upper quarter as where it is in its lower quarter. Right, the effect "
        f"divided by the standard deviation: its spread in the lower quarter is {standard:.1f} times that in "
        "the upper quarter."
    )
