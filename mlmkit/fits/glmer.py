"""Generalised linear mixed models: binary outcomes, shares and counts."""

import pandas as pd
from numpy.typing import ArrayLike

from mlmkit.engine.families import FAMILIES
from mlmkit.fits.generalized import GeneralizedFit, fit_design
from mlmkit.frame.design import design
from mlmkit.frame.outcomes import binomial_outcome, poisson_outcome, shares_without_trials, use_trials


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
    family : {"binomial", "poisson"}
        The distribution of the outcome.
    nAGQ : int
        Nodes of adaptive Gauss-Hermite quadrature: 1 is the Laplace approximation; more are possible
        for a single scalar term such as ``(1 | g)``.
    weights : str or array, optional
        Binomial: number of trials by row, when the outcome is a share.
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
    gradients; standard errors come from its Hessian, as lme4's do. With ``nAGQ > 1`` the log-likelihood is
    relative to the saturated model, as in lme4.

    Examples
    --------
    >>> from mlmkit import glmer, load_seattle
    >>> fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", load_seattle(), family="binomial")
    >>> fit.fixef.round(2).to_dict()
    {'(Intercept)': -6.93, 'scale_sqft': 3.42}
    """
    if family not in FAMILIES:
        raise ValueError(f"family is {family!r}. Valid choices: {', '.join(map(repr, FAMILIES))}.")
    if isinstance(nAGQ, bool) or int(nAGQ) != nAGQ or not 1 <= nAGQ <= 100:
        raise ValueError(f"nAGQ is {nAGQ!r}. It must be a whole number from 1 to 100.")
    outcome = binomial_outcome if family == "binomial" else poisson_outcome
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
        use_trials(model, family)
    elif family == "binomial":
        model.messages += shares_without_trials(model)
    return fit_design(model, FAMILIES[family], int(nAGQ))
