"""What a study of a given size can find."""

from statistics import NormalDist

import numpy as np
import pandas as pd

from mlmkit.engine.families import FAMILIES
from mlmkit.fits import generalized, linear
from mlmkit.inference.satterthwaite import small_sample, t_quantile
from mlmkit.inference.simulations import Seed, whole
from mlmkit.study.simulate_data import Plan

METHODS = ("wald", "t")


def power(
    formula: str,
    data: pd.DataFrame,
    term: str,
    *,
    fixef,
    sd,
    sigma: float | None = None,
    corr=0.0,
    family: str = "gaussian",
    n_sims: int = 200,
    alpha: float = 0.05,
    method: str = "wald",
    seed: Seed = None,
) -> pd.Series:
    """Estimate by simulation how often a study finds an effect.

    Parameters
    ----------
    formula : str
        The model.
    data : DataFrame
        The planned study: predictors and groups, one row an observation.
    term : str
        The fixed effect in question.
    fixef, sd, sigma, corr, family
        The assumed truth, as for `simulate_data`. A true effect of zero gives the rate of false alarms.
    n_sims : int
        Number of simulated studies.
    alpha : float
        Level of the test: estimate divided by standard error, against a quantile.
    method : {"wald", "t"}
        The quantile, as for `confint`: of the normal distribution, or of Student's t with Satterthwaite's
        degrees of freedom. With few groups choose "t" (Gaussian models only): the other test finds effects
        that aren't there more often than `alpha` says.
    seed : int or Generator, optional
        Makes the draws repeatable.

    Returns
    -------
    Series
        ``power`` (share of studies that find the effect) and its Monte Carlo error ``mcse``; ``mean`` and
        ``sd`` of the estimates, ``mean_se``; ``coverage`` of the interval at level 1 - alpha; shares of
        ``singular`` fits and of fits that did not converge (``failed``), and ``n_sims``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from mlmkit import power
    >>> rows = pd.DataFrame({"g": np.repeat(np.arange(20), 10), "x": np.tile(np.arange(10.0), 20)})
    >>> found = power("y ~ x + (1 | g)", rows, "x", fixef=[0, 0.2], sd=1, sigma=1, n_sims=50, seed=1)
    >>> bool(found["power"] > 0.9)
    True
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}. It must lie between 0 and 1, for example 0.05.")
    if method not in METHODS or (method == "t" and family != "gaussian"):
        valid = METHODS if family == "gaussian" else METHODS[:1]
        raise ValueError(
            f"method is {method!r}. Valid choices for this family: {', '.join(map(repr, valid))}."
        )
    plan = Plan(formula, data, fixef, sd, sigma, corr, family)
    names = list(plan.model.fixed.names)
    if term not in names:
        raise ValueError(f"The model has no fixed effect '{term}'. It has: {', '.join(names)}.")
    place = names.index(term)
    truth, z = plan.beta[place], NormalDist().inv_cdf(1 - alpha / 2)
    contrast = np.eye(len(names))[place]
    rng, rows = np.random.default_rng(seed), []
    model = plan.model
    if family == "binomial":
        model.trials = np.ones(model.n)
    n_sims = whole(n_sims, "n_sims")
    for _ in range(n_sims):
        model.y, model.messages = plan.draw(rng)[0], []
        try:
            fit = _fit(model, family)
            if fit.converged:
                reach = z if method == "wald" else _t_quantile(fit, contrast, alpha)
                rows.append((fit.fixef[term], fit.se_fixef[term], fit.is_singular, reach))
        except (ValueError, np.linalg.LinAlgError):
            continue
    if not rows:
        raise ValueError("None of the simulated studies could be fitted. Look at one with simulate_data.")
    estimate, se, singular, reach = np.array(rows, dtype=float).T
    share = float(np.mean(np.abs(estimate) > reach * se))
    return pd.Series(
        {
            "power": share,
            "mcse": np.sqrt(share * (1 - share) / len(rows)),
            "mean": estimate.mean(),
            "sd": estimate.std(ddof=1) if len(rows) > 1 else np.nan,
            "mean_se": se.mean(),
            "coverage": np.mean(np.abs(estimate - truth) <= reach * se),
            "singular": singular.mean(),
            "failed": 1 - len(rows) / n_sims,
            "n_sims": n_sims,
        },
        name=term,
    )


def _fit(model, family):
    return (
        linear.fit_design(model) if family == "gaussian" else generalized.fit_design(model, FAMILIES[family])
    )


def _t_quantile(fit, contrast, alpha):
    """Return Student's quantile for one fixed effect, with the degrees of freedom of this fit."""
    return t_quantile(1 - alpha / 2, small_sample(fit, "power").of(contrast))
