"""Summaries of draws and what can be said about their quality."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.bayes.text import PosteriorSummary

RHAT_LIMIT = 1.01
ESS_LIMIT = 400
FEW_GROUPS = 5
MOST_NUMBERS = 200_000_000  # 1.6 GB


def _percent(prob):
    return f"{100 * prob:.4g}%"


def _check_prob(prob):
    if isinstance(prob, bool) or not 0 < prob < 1:
        raise ValueError(f"A probability lies between 0 and 1, for example 0.9, and this one is {prob!r}.")


def mean_ppd(fit):
    """Draw the mean of a replicated outcome, once for each posterior draw.

    Gaussian models need no replicated data for it: the mean of n outcomes is normal itself.
    """
    draws, model, rng = fit._posterior, fit._model, np.random.default_rng(20)
    if fit.family == "gaussian":
        mean = draws.beta @ np.array([array.mean() for array in model.fixed.arrays])
        for factor, effects in zip(model.factors, draws.effects, strict=True):
            for k, array in enumerate(factor.arrays):
                sums = np.bincount(factor.codes, array, len(factor.levels))
                mean += effects[:, :, k] @ sums / model.n
        if model.offset is not None:
            mean += model.offset.mean()
        return mean + draws.sigma / np.sqrt(model.n) * rng.standard_normal(draws.size)
    means = np.empty(draws.size)
    for rows in row_blocks(fit):
        part = draws.pick(rows)
        outcome = fit._draw_outcome(fit._inverse_link(linear_predictor(fit, part)), part.sigma, rng)
        means[rows] = outcome.mean(axis=1)
    return means


def too_large(fit, rows, draws=None):
    """Say in a sentence that a table of draws by rows wouldn't fit into memory; empty if it does."""
    draws = fit._posterior.size if draws is None else draws
    if draws * rows <= MOST_NUMBERS:
        return ""
    return (
        f"{draws:,} draws for {rows:,} rows are {draws * rows:.2g} numbers, more than fit into memory. Use "
        f"fewer draws (at most {MOST_NUMBERS // rows:,} for these rows) or fewer rows."
    )


def row_blocks(fit, cells=4_000_000):
    """Split the draws so that a block of draws times rows fits into memory."""
    size = max(1, cells // fit.nobs)
    return [slice(start, start + size) for start in range(0, fit._posterior.size, size)]


def linear_predictor(fit, draws):
    """Compute the linear predictor of every row for some draws, shape (S, n)."""
    model = fit._model
    eta = draws.beta @ np.array([np.asarray(array) for array in model.fixed.arrays])
    for factor, effects in zip(model.factors, draws.effects, strict=True):
        for k, array in enumerate(factor.arrays):
            eta += effects[:, factor.codes, k] * array
    return eta if model.offset is None else eta + model.offset


def quality(fit):
    """Compute R-hat and effective sample size of every parameter and of mean_PPD.

    Returns
    -------
    DataFrame
        Columns ``Rhat, n_eff, ess_tail``. Exact draws are independent by construction: Rhat is 1 and
        n_eff the importance ESS.
    """
    table = fit.draws.assign(mean_PPD=fit.mean_ppd)
    if fit.method != "nuts":
        ess = fit._posterior.report.get("importance_ess", fit._posterior.size)
        frame = pd.DataFrame(index=table.columns)
        frame["Rhat"], frame["n_eff"], frame["ess_tail"] = 1.0, ess, ess
        return frame
    from arviz_stats.base import array_stats

    chains = fit._posterior.chains
    values = table.to_numpy().reshape(chains, -1, table.shape[1]).transpose(2, 0, 1)
    if values.shape[2] < 4:
        return pd.DataFrame(np.nan, index=table.columns, columns=["Rhat", "n_eff", "ess_tail"])
    rhat = array_stats.rhat(values, chain_axis=1, draw_axis=2) if chains > 1 else np.full(len(values), np.nan)
    bulk = array_stats.ess(values, chain_axis=1, draw_axis=2, method="bulk")
    tail = array_stats.ess(values, chain_axis=1, draw_axis=2, method="tail", prob=(0.05, 0.95))
    return pd.DataFrame({"Rhat": rhat, "n_eff": bulk, "ess_tail": tail}, index=table.columns)


def summary(fit, probs):
    """Build the table of ``StanFit.summary``."""
    for prob in probs:
        _check_prob(prob)
    table = fit.draws.assign(mean_PPD=fit.mean_ppd)
    found = pd.DataFrame({"mean": table.mean(), "sd": table.std(ddof=1)})
    quantiles = np.quantile(table.to_numpy(), list(probs), axis=0)
    for prob, values in zip(probs, quantiles, strict=True):
        found[_percent(prob)] = values
    checked = quality(fit)
    found["mcse"] = found["sd"] / np.sqrt(checked["n_eff"])
    found["Rhat"], found["n_eff"] = checked["Rhat"], checked["n_eff"].round()
    return PosteriorSummary.of(fit, found)


def posterior_interval(fit, prob, pars):
    """Build the table of ``StanFit.posterior_interval``."""
    _check_prob(prob)
    names = list(fit.draws.columns) if pars is None else [pars] if isinstance(pars, str) else list(pars)
    unknown = [name for name in names if name not in fit.draws.columns]
    if unknown:
        raise ValueError(f"There is no parameter {unknown[0]!r}. There are: {', '.join(fit.draws.columns)}.")
    probs = [(1 - prob) / 2, (1 + prob) / 2]
    values = np.quantile(fit.draws[names].to_numpy(), probs, axis=0).T
    return pd.DataFrame(values, index=names, columns=[_percent(prob) for prob in probs])


def tidy(fit, conf_level):
    """Build the table of ``StanFit.tidy``, in the order and the columns of ``lmer``'s fits."""
    _check_prob(conf_level)
    probs = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    rows = []

    def add(term, values, group, level, estimate=None):
        middle = np.median(values)
        low, high = np.quantile(values, probs)
        error = 1.4826 * np.median(np.abs(values - middle))
        rows.append((term, middle if estimate is None else estimate, error, low, high, group, level))

    draws = fit._posterior
    for k, name in enumerate(fit._model.fixed.names):
        add(name, draws.beta[:, k], None, None)
    for factor, matrix in zip(fit._model.factors, draws.covariance, strict=True):
        for term in factor.terms:
            places = range(term.first, term.first + term.size)
            sds = {k: np.sqrt(matrix[:, k, k]) for k in places}
            for k in places:
                add(f"sd__{factor.names[k]}", sds[k], term.label, None)
            for row in places:
                for column in range(term.first, row):
                    name = f"cor__{factor.names[column]}.{factor.names[row]}"
                    add(name, matrix[:, row, column] / (sds[row] * sds[column]), term.label, None)
    if draws.sigma is not None:
        add("sd__Observation", draws.sigma, "Residual", None)
    for factor, effects in zip(fit._model.factors, draws.effects, strict=True):
        for j, level in enumerate(factor.levels):
            for k, name in enumerate(factor.names):
                add(name, effects[:, j, k], factor.label, level)
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high", "group", "level"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, repr=False)
class Diagnostics:
    """Whether draws can be trusted.

    Attributes
    ----------
    ok : bool
        True if nothing speaks against them.
    messages : tuple of str
        What was found, in sentences.
    table : DataFrame
        ``Rhat, n_eff, ess_tail, mcse`` by parameter.
    report : dict
        What the sampler said: divergences for NUTS; importance ESS and Pareto k for exact draws.
    """

    ok: bool
    messages: tuple
    table: pd.DataFrame
    report: dict

    def __repr__(self):
        head = "The draws look fine." if self.ok else "Look into this before you use the draws:"
        return "\n".join([head, *(f"* {message}" for message in self.messages)])


def diagnose(fit):
    """Build the ``Diagnostics`` of a fit."""
    table = quality(fit)
    spread = fit.draws.assign(mean_PPD=fit.mean_ppd).std(ddof=1)
    table["mcse"] = spread / np.sqrt(table["n_eff"])
    report = dict(fit._posterior.report)
    if fit.method == "prior":
        found = [(True, f"{fit._posterior.size} independent draws from the prior.")]
    else:
        found = _exact_messages(fit, report) if fit.method == "exact" else _nuts_messages(fit, table, report)
    ok = all(good for good, _ in found)
    return Diagnostics(ok, tuple(message for _, message in found), table, report)


def _exact_messages(fit, report):
    ess, k, size = report["importance_ess"], report["pareto_k"], fit._posterior.size
    verdict = "good (below 0.7)" if k < 0.7 else "poor (0.7 or more): a few draws carry too much weight"
    return [
        (True, f"Exact draws: independent of each other, so there are no chains to mix and R-hat is 1. "
               f"{size} draws are worth {ess:.0f} (importance ESS)."),
        (k < 0.7, f"The Pareto k of the importance weights is {max(k, -9):.2f}, which is {verdict}."),
    ]  # fmt: skip


def _nuts_messages(fit, table, report):
    found, size = [], fit._posterior.size
    divergent = report.get("divergences", 0)
    found.append(
        (True, "No divergent transitions.")
        if not divergent
        else (
            False,
            f"{divergent} of {size} transitions diverged: the sampler met a region too curved for its steps, "
            "so the draws may leave it out. Look at the group standard deviations (plot_funnel), try the "
            "other form (to_pymc(form=…)), a stronger prior, or a simpler model.",
        )
    )
    worst = table["Rhat"].idxmax() if table["Rhat"].notna().any() else None
    if worst is None:
        found.append(
            (False, "R-hat needs at least two chains and four draws in each, so mixing wasn't checked.")
        )
    else:
        high = table.at[worst, "Rhat"]
        good = high < RHAT_LIMIT
        what = "the chains agree" if good else "the chains don't agree yet: draw more"
        found.append(
            (good, f"The largest R-hat is {high:.3f} ({worst}): {what} (the limit is {RHAT_LIMIT}).")
        )
    if table["n_eff"].notna().any():
        lowest = table[["n_eff", "ess_tail"]].min(axis=1)
        ess, name = lowest.min(), lowest.idxmin()
        good = ess >= ESS_LIMIT
        advice = "enough for medians and intervals" if good else "too few for stable intervals: draw more"
        found.append((good, f"The smallest effective sample size is {ess:.0f} of {size} ({name}): {advice}."))
    return found


def few_groups(fit):
    """Warn where the prior, not the data, decides how much the groups differ."""
    found = []
    for factor in fit._model.factors:
        groups, advice = len(factor.levels), "See prior_summary() and try other values of decov(scale=…)."
        if groups < FEW_GROUPS:
            found.append(
                f"'{factor.label}' has only {groups} groups, so the data say little about how much groups "
                f"differ; the prior decides much of it. {advice}"
            )
        if groups == fit.nobs and fit.family == "gaussian":
            found.append(
                f"Every group of '{factor.label}' has one row only, so differences between groups can't be "
                f"told from differences within them; the prior decides. {advice}"
            )
    return found
