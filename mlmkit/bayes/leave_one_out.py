"""Leave-one-out cross-validation: how well a fit is expected to predict rows that it hasn't seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.bayes.bridge import FINE, LARGE, bridge
from mlmkit.bayes.fewer_rows import fit_without
from mlmkit.bayes.fit import BayesianFit
from mlmkit.bayes.left_out import left_out_densities, left_out_shares
from mlmkit.bayes.options import check_seed, true_or_false
from mlmkit.bayes.pareto import psis

MOST_NUMBERS = 2_500_000  # draws times rows; with more rows fewer draws are used
LEAST_DRAWS = 1_000
MOST_REFITS = 50
MORE = 4  # times as many draws where those with and without a row have little in common


@dataclass(frozen=True, repr=False)
class Loo:
    """How well a fit is expected to predict new rows, by leaving out one row at a time.

    Attributes
    ----------
    elpd, se : float
        Expected log predictive density, summed over the rows, and its standard error: how far another sample
        of rows might lead to another figure. Larger is better.
    p : float
        Effective number of parameters.
    mcse : float
        Monte Carlo error of `elpd`: how far other draws might lead to another figure. NaN where a row can't
        be trusted.
    pareto_k : Series
        One for each row: how hard it was to leave out by weights. Above `limit`, or NaN, weights don't do.
    limit : float
        0.7, or less for few draws.
    by_row : Series
        Each row's part of `elpd`.
    refitted : list
        Labels of the rows that were left out by fitting the model again.
    guesses : list
        Labels of the rows whose part is a guess: a bad Pareto k, and not refitted.
    outcome : ndarray
        What was predicted, for `compare`.
    """

    elpd: float
    se: float
    p: float
    mcse: float
    pareto_k: pd.Series
    limit: float
    by_row: pd.Series
    refitted: list
    guesses: list
    outcome: np.ndarray
    advice: str = ""

    parts = property(lambda self: self.by_row, doc="What `compare` compares: a figure a row.")
    question = "a new row of a known group"

    @property
    def messages(self):
        """What to know about the figure, in sentences."""
        found = []
        if self.refitted:
            found.append(
                f"{_rows(self.refitted, self.by_row)} a Pareto k above {self.limit:.2g}: the model was "
                "fitted again without each such row, so the figure can be trusted. Look at these rows; such "
                "outliers often mean that the model's tails are too light."
            )
        if self.guesses:
            found.append(
                f"{_rows(self.guesses, self.by_row)} a Pareto k above {self.limit:.2g}, or none: the fit "
                f"changes so much without such a row that its part is a guess. {self.advice} Differences "
                "between models that are far larger than the parts of these rows stand."
            )
        return found or [f"All Pareto k are below {self.limit:.2g}: the figure can be trusted."]

    def __repr__(self):
        lines = [
            f"elpd_loo {self.elpd:10.1f}   standard error {self.se:.1f}",
            f"p_loo    {self.p:10.1f}   (effective number of parameters)",
            f"mcse     {self.mcse:10.2g}   (Monte Carlo error of elpd_loo)",
            *(f"* {message}" for message in self.messages),
        ]
        return "\n".join(lines)


def _rows(labels, all_rows):
    shown = ", ".join(map(str, labels[:5])) + (", …" if len(labels) > 5 else "")
    if len(labels) == 1:
        return f"1 of {len(all_rows)} rows (row {shown}) has"
    return f"{len(labels)} of {len(all_rows)} rows (rows {shown}) have"


def loo(fit: BayesianFit, *, refit: bool | None = None) -> Loo:
    """Estimate how well a Bayesian fit predicts rows that it hasn't seen (leave-one-out).

    Parameters
    ----------
    fit : BayesianFit
        From `stan_lmer` or `stan_glmer`.
    refit : bool, optional
        Whether to fit the model again without each row that weights can't leave out (Pareto k above 0.7), up
        to 50 of them. Default: yes where the draws are exact (a tenth of a second each), else no.

    Returns
    -------
    Loo
        ``elpd``, ``se``, ``p``, the Monte Carlo error ``mcse``, and the Pareto k of every row.

    Raises
    ------
    TypeError, ValueError
        If this is no Bayesian fit, or one to the prior, which has seen no data.

    Notes
    -----
    Pareto-smoothed importance sampling: A. Vehtari, A. Gelman and J. Gabry (2017), "Practical Bayesian model
    evaluation using leave-one-out cross-validation and WAIC", Statistics and Computing 27, 1413-1432. In
    Gaussian models the group effects are integrated out first, so that few rows are difficult: A. Vehtari,
    T. Mononen, V. Tolvanen, T. Sivula and O. Winther (2016), "Bayesian leave-one-out cross-validation
    approximations for Gaussian latent variable models", Journal of Machine Learning Research 17(103). A row
    without which the model was fitted again is estimated from the draws with and without it together.
    For tables of over 625 rows fewer than 4,000 draws are used; ``mcse`` tells what it costs.

    It leaves out rows, not groups: it says how well new rows of known groups are predicted. `kfold` leaves
    out groups.

    Examples
    --------
    >>> from mlmkit import load_seattle, loo, stan_glmer
    >>> found = loo(stan_glmer("price ~ scale_sqft + (1 | zipcode)", load_seattle(), seed=1))
    >>> bool(-12160 < found.elpd < -12110)
    True
    """
    need_posterior(fit, "loo")
    true_or_false("refit", refit, also=[None])
    again = fit.method == "exact" if refit is None else bool(refit)
    kept = fit.__dict__.setdefault("_loo", {})
    if again not in kept:
        kept[again] = _loo(fit, again)
    return kept[again]


def loo_pit(fit: BayesianFit, *, seed: int = 1) -> pd.Series:
    """Find each outcome's place in its prediction from all other rows (probability integral transform).

    Parameters
    ----------
    fit : BayesianFit
        From `stan_lmer` or `stan_glmer`.
    seed : int
        For outcomes that are counts: their place within the step of the distribution is drawn.

    Returns
    -------
    Series
        Probability that a new outcome of that row is below the observed one. If the model's predictions are
        right, these are uniform between 0 and 1: a hump in the middle means that predictions are too wide, a
        valley that they are too narrow.

    Raises
    ------
    TypeError, ValueError
        As `loo`.

    Examples
    --------
    >>> from mlmkit import load_seattle, loo_pit, stan_lmer
    >>> places = loo_pit(stan_lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle(), seed=1))
    >>> bool((places > 0.9).mean() < 0.1)  # far fewer than a tenth: the tails are not normal
    True
    """
    kept = loo(fit)
    check_seed(seed)
    draws, share = thinned(fit)
    found = np.empty(fit.nobs)
    for rows, left_out, below in left_out_shares(fit, draws, seed=seed):
        weight = np.exp(psis(-left_out, share)[0])
        found[rows] = (weight * below).sum(axis=1) / weight.sum(axis=1)
    for row in np.flatnonzero(fit.design.index.isin(kept.refitted)):
        (_, _, below), *_ = left_out_shares(fit, fit_without(fit, [row], seed=1), [row], seed)
        found[row] = below.mean()
    return pd.Series(found, index=fit.design.index, name="PIT")


def need_posterior(fit, asked):
    """Refuse what is no Bayesian fit, and a fit whose draws are the prior's."""
    if not isinstance(fit, BayesianFit):
        raise TypeError(
            f"{asked}() works on fits of stan_lmer, stan_glmer or stan_glm, not on {type(fit).__name__}: it "
            "needs posterior draws."
        )
    if fit.method == "prior":
        raise ValueError(
            f"{asked}() asks how the data change what we believe, and this fit has seen no data: its draws "
            "come from the prior. Fit the model without prior_PD=True. What a prior predicts you can see by "
            "posterior_predict() of this fit."
        )


def efficiency(posterior, fit=None):
    """Return the share of the draws that count as independent."""
    ess = posterior.report.get("importance_ess")
    if ess is None and fit is not None:  # of the worst parameter
        ess = fit.diagnostics().table["n_eff"].min()
    share = posterior.size if ess is None or not np.isfinite(ess) else ess
    return float(np.clip(share / posterior.size, 0.01, 1.0))


def thinned(fit, most=None):
    """Return draws, evenly spaced, few enough for a number for every draw and row; and their efficiency."""
    posterior = fit.solution.posterior
    size = max(LEAST_DRAWS, (most or MOST_NUMBERS) // fit.nobs)
    share = efficiency(posterior, fit)
    if size >= posterior.size:
        return posterior, share
    chosen = np.linspace(0, posterior.size - 1, size).astype(int)
    return posterior.pick(chosen), min(1.0, share * posterior.size / size)


def log_means(values, axis=-1):
    """Compute the logarithm of the mean of exp(values) along an axis."""
    top = values.max(axis=axis, keepdims=True)
    return np.log(np.exp(values - top).mean(axis=axis)) + np.squeeze(top, axis)


def _loo(fit, again):
    draws, share = thinned(fit)
    limit = min(1 - 1 / np.log10(draws.size), 0.7)
    elpd, lppd, k, error = (np.zeros(fit.nobs) for _ in range(4))
    by_draw = np.zeros(draws.size)  # all rows are judged by the same draws, whose errors add up
    for rows, left_out, inside in left_out_densities(fit, draws):
        log_weights, k[rows] = psis(-left_out, share)
        elpd[rows], influence = weighted_log_mean(left_out, log_weights)
        lppd[rows] = log_means(inside)
        by_draw += influence[k[rows] <= limit].sum(axis=0)
    bad = np.flatnonzero(~(k <= limit))  # NaN is bad too
    bad = bad[np.argsort(-np.nan_to_num(k[bad], nan=np.inf), kind="stable")]
    refitted, advice = [], _no_refit(fit)
    if again:
        refitted = [row for row in bad[:MOST_REFITS] if _refit(fit, row, elpd, error)]
        advice = f"The model was fitted again without {len(refitted)} other rows (at most {MOST_REFITS})."
    left = [row for row in bad if row not in set(refitted)]
    index = fit.design.index
    return Loo(
        float(elpd.sum()),
        float(np.sqrt(len(elpd) * np.var(elpd, ddof=1))),
        float((lppd - elpd).sum()),
        float(np.nan if left else np.sqrt(np.sum(by_draw**2) / share + np.sum(error**2))),
        pd.Series(k, index=index, name="pareto_k"),
        float(limit),
        pd.Series(elpd, index=index, name="elpd"),
        list(index[refitted]) if refitted else [],
        list(index[left]) if left else [],
        fit.design.y,
        advice,
    )


def _no_refit(fit):
    if fit.method == "exact":
        return "loo(fit) without refit=False fits the model again without them."
    return "loo(fit, refit=True) fits the model again without each of them, one after the other."


def weighted_log_mean(log_density, log_weights):
    """Average densities with importance weights: the logarithms of the means, and each draw's influence.

    The root of a row's sum of squared influences is its Monte Carlo error, as loo's ``mcse_loo`` for errors
    that are small beside the mean.
    """
    top = log_density.max(axis=1, keepdims=True)
    weight = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    density = np.exp(log_density - top)
    mean = np.einsum("rs,rs->r", weight, density)
    return np.log(mean) + top[:, 0], weight * (density / mean[:, None] - 1)


def _refit(fit, row, elpd, error):
    """Replace one row's figure by that of a fit without it; tell whether it can be trusted."""
    share = efficiency(fit.solution.posterior, fit)

    def between(without, given):
        (_, new, _), (_, old, _) = (next(left_out_densities(fit, some, [row])) for some in (without, given))
        if fit.method == "exact":
            return bridge(new[0], old[0], (efficiency(without), efficiency(given)))
        return bridge(new[0], old[0], (share, share))

    try:
        elpd[row], error[row] = between(fit_without(fit, [row], seed=1), fit.solution.posterior)
        if fit.method == "exact" and not error[row] < FINE:
            elpd[row], error[row] = between(*(fit_without(fit, out, 2, MORE) for out in ([row], [])))
    except ValueError:
        return False
    return error[row] < LARGE
