"""Linear mixed models, fitted as lme4 fits them."""

import pandas as pd
from numpy.typing import ArrayLike

from mlmkit.fits.linear import LinearMixedFit, fit_design
from mlmkit.frame.design import design


def lmer(
    formula: str,
    data: pd.DataFrame,
    *,
    REML: bool = True,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    na_action: str = "drop",
    contrasts: dict | None = None,
) -> LinearMixedFit:
    """Fit a linear mixed (multilevel) model.

    Parameters
    ----------
    formula : str
        lme4's language, such as ``"price ~ scale_sqft + (1 + scale_sqft | zipcode)"``.
    data : pandas.DataFrame
        One row an observation.
    REML : bool
        True for restricted maximum likelihood (variances not biased by the estimation of the
        fixed effects), False for maximum likelihood (needed to compare fixed effects).
    weights : str or array, optional
        Prior weights, a column or one number a row: the residual variance of a row is
        ``sigma**2 / weight``.
    offset : str or array, optional
        A known part of the outcome. ``offset(x)`` in the formula does the same. Predictions for new rows need
        it as a column. Weights and offsets that are a Series go by its index.
    na_action : {"drop", "exclude", "raise"}
        Drop rows with missing values and say so in ``fit.messages``; drop them, and give them missing fitted
        values and residuals (R's ``na.exclude``); or raise an error.
    contrasts : dict, optional
        How factors are coded, by column: ``{"period": "sum"}``; "treatment" (the first level is the
        reference), "sum", "helmert" or "poly". Default: treatment, and polynomials for ordered
        categories, as in R.

    Returns
    -------
    LinearMixedFit
        With R's names: ``fixef``, ``ranef``, ``coef``, ``sigma``, ``varcorr``, … Print it, or
        use ``display(fit)``.

    Raises
    ------
    FormulaError, ValueError
        A sentence that says what was wrong with the formula or the data, and what to do.

    Notes
    -----
    The deviance is profiled over the relative covariance factor theta: D. Bates, M. Mächler,
    B. Bolker and S. Walker (2015), "Fitting linear mixed-effects models using lme4", Journal of
    Statistical Software 67(1), equations 34 and 41. lme4 stops a little before the optimum;
    this function goes on to it, so the last printed digits may differ.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> fit.fixef.round(1).to_dict()
    {'(Intercept)': 713204.2}
    >>> fit.converged, fit.is_singular
    (True, False)
    """
    if REML not in (True, False):  # 0 and 1 are fine, as in R
        raise ValueError(f"REML is {REML!r}. It must be True (restricted maximum likelihood) or False.")
    model = design(formula, data, weights=weights, offset=offset, na_action=na_action, contrasts=contrasts)
    return fit_design(model, REML=bool(REML))
