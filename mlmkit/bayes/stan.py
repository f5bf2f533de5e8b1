"""``stan_lmer``, ``stan_glmer`` and ``stan_glm``: Bayesian fits with rstanarm's priors."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mlmkit.bayes.draws import PosteriorDraws
from mlmkit.bayes.exact import draw_exactly
from mlmkit.bayes.fit import BayesianFit, StanFit, make_fit, prior_fit
from mlmkit.bayes.integrated import GaussianPosterior
from mlmkit.bayes.model import build_model
from mlmkit.bayes.nuts import TARGET, WARM_UP, NutsOptions, draw_by_nuts
from mlmkit.bayes.options import check_method, check_seed, count, r_arguments, true_or_false
from mlmkit.bayes.priors import Decov, Prior

DEFAULT = NutsOptions()


@r_arguments
def stan_lmer(
    formula: str,
    data: pd.DataFrame,
    *,
    method: str = "auto",
    prior: Prior | None = None,
    prior_intercept: Prior | None = None,
    prior_aux: Prior | None = None,
    prior_covariance: Decov | Prior | None = None,
    draws: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    tune: int = WARM_UP,
    target_accept: float = TARGET,
    cores: int | None = None,
    progress: bool | None = None,
    na_action: str = "drop",
    contrasts: dict | None = None,
    weights: str | ArrayLike | None = None,
    sigma: str | ArrayLike | None = None,
    prior_PD: bool = False,
) -> StanFit:
    """Fit a Bayesian linear mixed model; ``stan_glmer`` with ``family="gaussian"``, where arguments are told.

    Examples
    --------
    >>> from mlmkit import load_seattle, stan_lmer
    >>> fit = stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1)
    >>> fit.method, len(fit.draws)
    ('exact', 4000)
    """
    given = _given(prior, prior_intercept, prior_aux, prior_covariance)
    model = build_model(
        formula,
        data,
        "gaussian",
        given,
        function="stan_lmer",
        na_action=na_action,
        contrasts=contrasts,
        weights=weights,
        sigma=sigma,
    )
    options = NutsOptions(tune, target_accept, cores, progress)
    return _fitted(model, prior_PD, method, draws, chains, seed, options)


@r_arguments
def stan_glmer(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str = "gaussian",
    method: str = "auto",
    prior: Prior | None = None,
    prior_intercept: Prior | None = None,
    prior_aux: Prior | None = None,
    prior_covariance: Decov | Prior | None = None,
    draws: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    tune: int = WARM_UP,
    target_accept: float = TARGET,
    cores: int | None = None,
    progress: bool | None = None,
    na_action: str = "drop",
    contrasts: dict | None = None,
    weights: str | ArrayLike | None = None,
    sigma: str | ArrayLike | None = None,
    prior_PD: bool = False,
) -> StanFit:
    """Fit a Bayesian (generalised) linear mixed model, with rstanarm's default priors.

    Parameters
    ----------
    formula : str
        lme4's language, such as ``"price ~ scale_sqft + (1 + scale_sqft | zipcode)"``.
    data : pandas.DataFrame
        One row an observation.
    family : {"gaussian", "binomial", "poisson", "negative_binomial"}
        Distribution of the outcome, with its usual link (identity, logit, log). A binomial outcome is 0/1,
        yes/no, or ``cbind(successes, failures)``. Negative binomial counts have a size (rstanarm:
        ``reciprocal_dispersion``), and their variance is ``mean + mean**2 / size``.
    method : {"auto", "exact", "nuts"}
        ``"exact"`` gives independent draws, for Gaussian models with any grouping factors (up to 300 effects
        beside those of the largest one). ``"nuts"`` is the No-U-Turn sampler, for every model. ``"auto"``
        takes the first where it is possible.
    prior : Prior, optional
        Of the fixed effects besides the intercept: ``normal(0, 2.5)``, ``student_t(…)``, ``cauchy(…)`` or
        ``flat()``. A list of locations or scales gives every coefficient its own. Default: rstanarm's
        ``normal(0, 2.5, autoscale=True)``.
    prior_intercept : Prior, optional
        Of the intercept when all predictors are at their means. Default: in Gaussian models
        ``normal(mean(y), 2.5, autoscale=True)``, else ``normal(0, 2.5)``.
    prior_aux : Prior, optional
        Of sigma. Default: ``exponential(1, autoscale=True)``, whose mean is sd(y). For negative binomial
        counts, of their size: ``exponential(1)``.
    prior_covariance : Decov or Prior, optional
        Of the group effects. Default: ``decov(1, 1, 1, 1)``. A `Prior` is that of each standard deviation
        between groups itself, in units of the outcome (the link): ``normal(0, 5)`` is half-normal,
        ``cauchy(0, 5)`` half-Cauchy, ``student_t(3, 0, 10)`` half-t; correlations are then uniform (LKJ 1).
    draws : int
        Draws from each chain that are kept.
    chains : int
        Number of chains. Exact draws come in as many blocks, so that tables look alike.
    seed : int, optional
        Makes the draws repeatable.
    tune : int
        NUTS: draws that warm a chain up and are not kept.
    target_accept : float
        NUTS: share of steps to accept. Raise it to 0.99 where transitions diverge (R: ``adapt_delta``).
    cores : int, optional
        NUTS: chains that run at the same time. Default: as many as the machine has cores.
    progress : bool, optional
        Show what NUTS is doing. Default: yes in a terminal or a notebook, unless the environment variable
        ``MLMKIT_QUIET`` is set, as it should be where notebooks are graded; no elsewhere.
    na_action : {"drop", "exclude", "raise"}
        What to do with rows that have missing values in the columns used; see `lmer`.
    contrasts : dict, optional
        How factors are coded; see `lmer`.
    weights : str or array, optional
        Gaussian models: the residual variance of a row is ``sigma**2 / weight``, as in `lmer`. (rstanarm's
        weights are another thing: they count a row several times.)
    sigma : str or array, optional
        Gaussian models: the known residual standard deviation of each row, such as the standard error of a
        published estimate; a column's name or one number a row (brms: ``y | se(sigma)``). There is no
        parameter ``sigma`` then, and the default of ``prior_covariance`` is ``exponential`` with mean sd(y).
    prior_PD : bool
        True draws from the prior, as if there were no outcomes: what does the model believe before it
        sees data? Look at ``posterior_predict`` of such a fit.

    Returns
    -------
    StanFit
        Speaks the language of `lmer`'s fits and adds ``draws``, ``summary()``, ``diagnostics()``,
        ``prior_summary()``, ``posterior_interval()``, ``posterior_predict()``, ``idata``, ``to_pymc()``.

    Raises
    ------
    FormulaError, TypeError, ValueError
        A sentence that says what was wrong with formula, data or prior, and what to do.

    Notes
    -----
    Default priors as in B. Goodrich, J. Gabry, I. Ali and S. Brilleman, "rstanarm: Bayesian applied
    regression modeling via Stan", version 2.21 (see its vignette "Prior Distributions for rstanarm Models").

    Examples
    --------
    >>> from mlmkit import load_seattle, stan_glmer
    >>> fit = stan_glmer("price ~ (1 | zipcode)", load_seattle(), seed=1)
    >>> bool(660_000 < fit.fixef["(Intercept)"] < 760_000)
    True
    """
    given = _given(prior, prior_intercept, prior_aux, prior_covariance)
    model = build_model(
        formula,
        data,
        family,
        given,
        function="stan_glmer",
        na_action=na_action,
        contrasts=contrasts,
        weights=weights,
        sigma=sigma,
    )
    options = NutsOptions(tune, target_accept, cores, progress)
    return _fitted(model, prior_PD, method, draws, chains, seed, options)


@r_arguments
def stan_glm(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str = "gaussian",
    method: str = "auto",
    prior: Prior | None = None,
    prior_intercept: Prior | None = None,
    prior_aux: Prior | None = None,
    draws: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    tune: int = WARM_UP,
    target_accept: float = TARGET,
    cores: int | None = None,
    progress: bool | None = None,
    na_action: str = "drop",
    contrasts: dict | None = None,
    weights: str | ArrayLike | None = None,
    sigma: str | ArrayLike | None = None,
    prior_PD: bool = False,
) -> BayesianFit:
    """Fit a Bayesian regression without group effects; arguments are those of ``stan_glmer``.

    ``price ~ 1`` is complete pooling, ``price ~ 0 + zipcode`` no pooling, as Bayesian fits that `loo` and
    `compare` can lay beside partial pooling.

    Returns
    -------
    BayesianFit
        What `stan_glmer` returns, without group effects.

    Examples
    --------
    >>> from mlmkit import load_seattle, stan_glm
    >>> fit = stan_glm("price ~ scale_sqft", load_seattle(), seed=1)
    >>> fit.method, list(fit.draws)
    ('exact', ['(Intercept)', 'scale_sqft', 'sigma'])
    """
    given = _given(prior, prior_intercept, prior_aux, None)
    model = build_model(
        formula,
        data,
        family,
        given,
        function="stan_glm",
        na_action=na_action,
        contrasts=contrasts,
        weights=weights,
        sigma=sigma,
        bars=False,
    )
    options = NutsOptions(tune, target_accept, cores, progress)
    return _fitted(model, prior_PD, method, draws, chains, seed, options)


def _given(prior, prior_intercept, prior_aux, prior_covariance):
    return {
        "prior": prior,
        "prior_intercept": prior_intercept,
        "prior_aux": prior_aux,
        "prior_covariance": prior_covariance,
    }


def _fitted(model, prior_PD, method, draws, chains, seed, options):
    true_or_false("prior_PD", prior_PD)
    if prior_PD:
        return prior_fit(model, count("draws", draws) * count("chains", chains), seed)
    return fit_model(model, method=method, draws=draws, chains=chains, seed=seed, options=options)


def fit_model(model, *, method="auto", draws=1000, chains=4, seed=None, options=DEFAULT):
    """Draw from the posterior of a model that was built already.

    Parameters
    ----------
    model : BayesModel
        From ``build_model``.
    method, draws, chains, seed
        See ``stan_glmer``.
    options : NutsOptions
        How NUTS runs.

    Returns
    -------
    StanFit
        The fit.
    """
    check_method(method)
    draws, chains, seed = count("draws", draws), count("chains", chains), check_seed(seed)
    reason = model.why_not_exact()
    if method == "exact" and reason:
        raise ValueError(f"This model can't be drawn exactly: {reason}. Use method='nuts' (or 'auto').")
    messages = []
    if method != "nuts" and not reason:
        found, poor = _exact(model, draws, chains, seed)
        if found is not None and not poor:
            return make_fit(model, found, [])
        if method == "exact":
            if found is None:
                raise ValueError(f"This model can't be drawn exactly: {poor}. Use method='nuts' (or 'auto').")
            return make_fit(model, found, [f"Don't trust these draws: {poor}. Use method='nuts'."])
        messages.append(f"NUTS drew instead of the exact sampler: {poor}.")
    return make_fit(model, draw_by_nuts(model, draws, chains, seed, options), messages)


def _exact(model, draws, chains, seed):
    """Return exact draws (None where they can't be computed) and what is wrong with them, if anything."""
    posterior = GaussianPosterior(model)
    try:
        found = draw_exactly(posterior, draws * chains, np.random.default_rng(seed))
    except (np.linalg.LinAlgError, FloatingPointError):
        return None, "no proposal was found that comes near the posterior"
    poor = ""
    if not found.trustworthy:
        poor = (
            f"the importance weights are poor (Pareto k {found.pareto_k:.2f}; "
            f"{100 * found.efficiency:.2g}% of the proposals count)"
        )
    report = {
        "trustworthy": found.trustworthy,
        "pareto_k": found.pareto_k,
        "importance_ess": found.importance_ess,
        "efficiency": found.efficiency,
        "proposals": found.proposals,
    }
    parts = found.beta, found.effects, found.sigma, found.covariance
    return PosteriorDraws("exact", chains, *parts, report), poor
