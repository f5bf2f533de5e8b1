"""Outcomes that the model invents beside the outcomes that were observed."""

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.density import draw_density, hide_heights
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.style import DATA, PARTIAL, axis_title, in_words, label_axis, new_axes, tidy


def plot_predictive_check(fit, *, draws=50, statistic=None, seed=1, ax=None):
    """Plot replicated outcomes beside the observed ones: a posterior predictive check.

    If the model fits, the observed outcomes look like one more replication. For a prior predictive
    check give it ``fit.prior_only()``: would its outcomes be possible? Counts are shown
    as the share of the rows that have each value, binary outcomes as the share of successes in each group.

    Parameters
    ----------
    fit : StanFit
        From `stan_lmer` or `stan_glmer`, or ``fit.prior_only()``.
    draws : int
        How many replications are drawn as curves; with a `statistic`, 20 times as many.
    statistic : callable, optional
        A number from an array of outcomes, such as ``numpy.max``: its distribution over replications is
        shown with the observed value, instead of the curves.
    seed : int
        For the replications.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_predictive_check, stan_lmer
    >>> ax = plot_predictive_check(stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1))
    >>> ax.get_xlabel()
    'Price (US dollars)'
    """
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ValueError(f"draws is {draws!r}. It must be a whole number of at least 1.")
    y = outcome(fit)
    observed = np.asarray(fit.solution.outcome, dtype=float)
    color, kind = (DATA, "prior") if fit.method == "prior" else (PARTIAL, "posterior")
    ax = new_axes(ax, figsize=(7.2, 3.6))
    count = min(draws * (1 if statistic is None else 20), len(fit.draws))
    replicated = fit.posterior_predict(draws=count, seed=seed).to_numpy(dtype=float)
    if statistic is None and fit.family == "binomial":
        words = _by_group(ax, fit, observed, replicated, color)
    elif statistic is None:
        words = _curves(ax, observed, replicated, color, kind)
    else:
        words = _statistic(ax, observed, replicated, statistic, color)
    if not ax.get_xlabel():
        label_axis(ax.xaxis, y)
    if statistic is not None:
        ax.set_xlabel(f"{_name(statistic)} of {axis_title(y)[0].lower()}{axis_title(y)[1:]}")
    tidy(ax, grid="x")
    ax.legend(frameon=False, fontsize=9)
    set_alt_text(ax, f"A {kind} predictive check of {fit.formula}. " + words(y))
    return ax


def _curves(ax, observed, replicated, color, kind):
    both = np.concatenate([observed, replicated.ravel()])
    low, high = np.quantile(both, [0.002, 0.998])
    if len(np.unique(observed)) <= 30:
        _shares(ax, observed, replicated, color)
    else:
        style = {"palette": [color] * len(replicated), "linewidth": 0.8, "alpha": 0.45, "legend": False}
        draw_density(ax, pd.DataFrame(replicated.T), low, high, common_norm=False, **style)
        ax.lines[0].set_label(f"{len(replicated)} replications from the {kind}")
        peaks = [line.get_ydata().max() for line in ax.lines]
        draw_density(ax, observed, low, high, color="black", linewidth=2.2, label="observed")
        # a few needles from a wide prior must not flatten everything else
        ax.set_ylim(0, 1.15 * max(ax.lines[-1].get_ydata().max(), np.quantile(peaks, 0.75)))
        hide_heights(ax)

    def words(y):
        negative = np.mean(replicated < observed.min())
        ends = [in_words(value, y) for value in (observed.min(), observed.max())]
        return (
            f"The observed outcomes run from {ends[0]} to {ends[1]}; their mean is "
            f"{in_words(observed.mean(), y)}. In {len(replicated)} replications the mean is "
            f"{in_words(replicated.mean(), y)} on average, and {negative:.0%} of the replicated outcomes lie "
            "below the smallest observed one."
        )

    return words


def _shares(ax, observed, replicated, color):
    """Show few different values as points: how often each was observed and replicated."""
    values = np.unique(np.concatenate([observed, replicated.ravel()]))
    counts = np.array([(replicated == value).mean(axis=1) for value in values])
    low, high = np.quantile(counts, [0.025, 0.975], axis=1)
    ax.vlines(values, low, high, color=color, linewidth=5, alpha=0.6, label="95% of the replications")
    share = [(observed == value).mean() for value in values]
    ax.plot(values, share, "o", color="black", markersize=5, label="observed")
    ax.set_ylim(0)
    ax.set_ylabel("Share of the rows")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.get_major_locator().set_params(integer=True)


def _by_group(ax, fit, observed, replicated, color):
    """Show the share of successes in each group: a binary outcome has no other shape to check."""
    factor = fit.design.factors[0]
    trials = np.ones(fit.nobs) if fit.design.trials is None else fit.design.trials
    total = np.bincount(factor.codes, trials)
    seen = np.bincount(factor.codes, trials * observed) / total
    shares = np.array([np.bincount(factor.codes, trials * row) for row in replicated]) / total
    order = np.argsort(seen, kind="stable")
    low, high = np.quantile(shares[:, order], [0.025, 0.975], axis=0)
    places = np.arange(len(order))
    ax.hlines(places, low, high, color=color, linewidth=5, alpha=0.6, label="95% of the replications")
    ax.plot(seen[order], places, "o", color="black", markersize=4, label="observed")
    ax.set_xlabel(f"Share of successes ({axis_title(str(fit.formula).partition('~')[0].strip())})")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylabel(axis_title(factor.label))
    labels = [str(factor.levels[k]) for k in order]
    ax.set_yticks(places if len(order) <= 25 else [], labels if len(order) <= 25 else [])
    outside = [
        label for label, s, a, b in zip(labels, seen[order], low, high, strict=True) if not a <= s <= b
    ]

    def words(_y):
        told = ", ".join(outside[:8]) if outside else "none"
        return (
            f"The share of successes in each of {len(order)} groups of {factor.label} is {seen.min():.1%} to "
            f"{seen.max():.1%}. Groups whose share lies outside 95% of the replications: {told}."
        )

    return words


def _statistic(ax, observed, replicated, statistic, color):
    import seaborn as sns

    values = np.array([float(statistic(row)) for row in replicated])
    seen = float(statistic(observed))
    style = {"color": color, "alpha": 0.6, "linewidth": 0, "label": f"{len(values)} replications"}
    sns.histplot(x=values, bins=40, ax=ax, **style)
    ax.axvline(seen, color="black", linewidth=2.2, label="observed")
    hide_heights(ax)

    def words(y):
        share = np.mean(values >= seen)
        return (
            f"The {_name(statistic)} of the observed outcomes is {in_words(seen, y)}; in replications its "
            f"median is {in_words(np.median(values), y)}, and {share:.0%} of them reach the observed one."
        )

    return words


def _name(statistic):
    return getattr(statistic, "__name__", "statistic").strip("<>")
