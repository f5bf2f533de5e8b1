"""Generalised linear mixed models: binary outcomes, shares and counts."""

import pandas as pd
from numpy.typing import ArrayLike

from mlmkit.engine.families import Binomial, Poisson
from mlmkit.engine.negative_binomial import NegativeBinomial
from mlmkit.fits.generalized import GeneralizedFit, fit_design
from mlmkit.frame.design import design
from mlmkit.frame.outcomes import binomial_outcome, binomial_shares, poisson_outcome, use_trials

FITTED = {family.name: family for family in (Binomial, Poisson, NegativeBinomial)}
OTHERS = {
    ("gaussian", "normal", "identity"): "For a Gaussian outcome use lmer.",
    ("nbinom", "nbinom2", "negbin", "nb", "neg_binomial_2", "negativebinomial", "negative.binomial"): (
        "Counts that vary more than Poisson counts have family='negative_binomial' here."
    ),
    ("bernoulli", "logit", "logistic", "quasibinomial"): "For yes or no use family='binomial'.",
    ("quasipoisson",): "For counts that vary more than Poisson counts use family='negative_binomial'.",
}
ELSEWHERE = (
    "Other distributions and links are not offered. In R, glmer itself has Gamma and inverse Gaussian "
    "outcomes and the probit and cloglog links, glmmTMB beta and zero-inflated outcomes, and clmm of the "
    "package ordinal ordered categories; in Python, bambi fits all of these by MCMC."
)


def glmer(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str = "binomial",
    nAGQ: int = 1,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    na_action: str = "drop",
    contrasts: dict | None = None,
) -> GeneralizedFit:
    """Fit a generalised linear mixed model, with the logit or the log link.

    Parameters
    ----------
    formula : str
        lme4's language. A binomial outcome is 0 or 1, True or False, a factor with two levels (the second one
        is success), an expression such as ``price > 1e6``, or ``cbind(successes, failures)``.
    data : pandas.DataFrame
        One row an observation.
    family : {"binomial", "poisson", "negative_binomial"}
        The distribution of the outcome: logit link, or log link for counts. Negative binomial counts have
        variance ``mean + mean**2 / size``, and ``fit.size`` is estimated.
    nAGQ : int
        Nodes of adaptive Gauss-Hermite quadrature: 1 is the Laplace approximation; more are possible
        for a single scalar term such as ``(1 | g)``.
    weights : str or array, optional
        Binomial: number of trials by row, when the outcome is a share; ``cbind`` holds them already.
    offset : str or array, optional
        A known part of the linear predictor, for example the log of an exposure.
    na_action : {"drop", "exclude", "raise"}
        What to do with missing values; see `lmer`.
    contrasts : dict, optional
        How factors are coded, by column: ``{"period": "sum"}``; "treatment" (the first level is the
        reference), "sum", "helmert" or "poly". Default: treatment, and polynomials for ordered
        categories, as in R.

    Returns
    -------
    GeneralizedFit
        With the names that `lmer`'s fits have. Coefficients are log odds or log rates.

    Raises
    ------
    FormulaError, ValueError
        A sentence that says what was wrong and what to do.

    Notes
    -----
    The deviance is that of lme4 (Bates et al. 2015), minimised over theta and beta together with exact
    gradients; standard errors come from its Hessian, as lme4's do. The log-likelihood is complete with
    ``nAGQ > 1``, too, as in lme4 since its version 2.1; before, it was relative to the saturated model. A
    negative binomial fit minimises over the size in the same search (``glmer.nb`` of lme4 does it in turns,
    and stops earlier); the Laplace approximation takes expected curvatures, as lme4 does, where glmmTMB takes
    observed ones.

    Examples
    --------
    >>> from mlmkit import glmer, load_seattle
    >>> fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", load_seattle(), family="binomial")
    >>> fit.fixef.round(2).to_dict()
    {'(Intercept)': -6.93, 'scale_sqft': 3.42}
    """
    if not isinstance(family, str) or family not in FITTED:
        raise ValueError(_no_such_family(family))
    if isinstance(nAGQ, bool) or int(nAGQ) != nAGQ or not 1 <= nAGQ <= 100:
        raise ValueError(f"nAGQ is {nAGQ!r}. It must be a whole number from 1 to 100.")
    if weights is not None and family != "binomial":
        raise ValueError(
            "weights of glmer are numbers of trials; a model of counts has none. Use an offset for exposures."
        )
    outcome = poisson_outcome
    if family == "binomial":
        outcome = binomial_outcome if weights is None else binomial_shares
    model = design(
        formula,
        data,
        weights=weights,
        offset=offset,
        na_action=na_action,
        outcome=outcome,
        contrasts=contrasts,
    )
    if weights is not None:
        use_trials(model)
    return fit_design(model, FITTED[family], int(nAGQ))


def _no_such_family(family):
    """Say what can be fitted, and what fits the rest."""
    name = str(family).lower()
    told = [sentence for names, sentence in OTHERS.items() if name in names] or [ELSEWHERE]
    return f"family is {family!r}. Valid choices: {', '.join(map(repr, FITTED))}. {told[0]}"
