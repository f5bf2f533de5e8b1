"""Whether draws can be trusted: R-hat, effective sample sizes, divergences, importance weights, in words."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.bayes.priors import Decov

RHAT_LIMIT = 1.01
ESS_LIMIT = 400
FEW_GROUPS = 5
STRAIN = 0.1  # of log sigma: a prior that moves sigma by more than ten percent is told of


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
        ess = fit.solution.posterior.report.get("importance_ess", fit.solution.posterior.size)
        frame = pd.DataFrame(index=table.columns)
        frame["Rhat"], frame["n_eff"], frame["ess_tail"] = 1.0, ess, ess
        return frame
    from arviz_stats.base import array_stats

    chains = fit.solution.posterior.chains
    values = table.to_numpy().reshape(chains, -1, table.shape[1]).transpose(2, 0, 1)
    if values.shape[2] < 4:
        return pd.DataFrame(np.nan, index=table.columns, columns=["Rhat", "n_eff", "ess_tail"])
    rhat = array_stats.rhat(values, chain_axis=1, draw_axis=2) if chains > 1 else np.full(len(values), np.nan)
    bulk = array_stats.ess(values, chain_axis=1, draw_axis=2, method="bulk")
    tail = array_stats.ess(values, chain_axis=1, draw_axis=2, method="tail", prob=(0.05, 0.95))
    return pd.DataFrame({"Rhat": rhat, "n_eff": bulk, "ess_tail": tail}, index=table.columns)


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
    report = dict(fit.solution.posterior.report)
    if fit.method == "prior":
        found = [(True, f"{fit.solution.posterior.size} independent draws from the prior.")]
    else:
        found = _exact_messages(fit, report) if fit.method == "exact" else _nuts_messages(fit, table, report)
    ok = all(good for good, _ in found)
    return Diagnostics(ok, tuple(message for _, message in found), table, report)


def _exact_messages(fit, report):
    ess, k, size = report["importance_ess"], report["pareto_k"], fit.solution.posterior.size
    verdict = "good (below 0.7)" if k < 0.7 else "poor (0.7 or more): a few draws carry too much weight"
    return [
        (True, f"Exact draws: independent of each other, so there are no chains to mix and R-hat is 1. "
               f"{size} draws are worth {ess:.0f} (importance ESS)."),
        (k < 0.7, f"The Pareto k of the importance weights is {max(k, -9):.2f}, which is {verdict}."),
    ]  # fmt: skip


def _nuts_messages(fit, table, report):
    found, size = [], fit.solution.posterior.size
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
    for factor in fit.design.factors:
        groups, advice = len(factor.levels), "See prior_summary() and try another prior_covariance."
        if groups < FEW_GROUPS:
            found.append(
                f"'{factor.label}' has only {groups} groups, so the data say little about how much groups "
                f"differ; the prior decides much of it. {advice}"
            )
        if groups == fit.nobs and fit.solution.model.has_sigma:
            found.append(
                f"Every group of '{factor.label}' has one row only, so differences between groups can't be "
                f"told from differences within them; the prior decides. {advice}"
            )
    return found


def strained(fit):
    """Warn where groups differ so much more than rows that the default prior pulls sigma up.

    `decov` believes in group standard deviations of about `scale` times sigma. Its Gamma density pulls log
    sigma by tau / scale, against the 2 (n - J) of the likelihood's curvature. A nearly perfect fit strains it
    most.
    """
    model, prior, found = fit.solution.model, fit.solution.model.priors.covariance, []
    if not (isinstance(prior, Decov) and model.has_sigma):
        return []
    rows = max(fit.nobs - sum(len(factor.levels) for factor in fit.design.factors), 1)
    for factor in fit.design.factors:
        ratio = np.sqrt((fit.varcorr[factor.label].sd ** 2).mean()) / fit.sigma
        if ratio / prior.scale > STRAIN * 2 * rows:
            found.append(
                f"The groups of '{factor.label}' differ {ratio:,.0f} times as much as the rows within them. "
                f"decov(scale={prior.scale:g}) hardly believes that, so sigma comes out too large. "
                "Is the outcome nearly a sum of the predictors and the groups? If it is meant so, give "
                "prior_covariance in units of the outcome, such as normal(0, …)."
            )
    return found
