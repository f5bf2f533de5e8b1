"""Comparing nested models by likelihood ratio."""

import numpy as np
import pandas as pd

from mlmkit.inference.ask import ask

COLUMNS = ["npar", "aic", "bic", "loglik", "deviance", "chisq", "df", "p_value"]


def anova(*fits, refit=True):
    """Compare nested models by likelihood ratio, as R's ``anova(fit1, fit2)``.

    Parameters
    ----------
    *fits : two or more fits of lmer, glmer or complete_pooling
        To the same rows. They are ordered by their number of parameters.
    refit : bool
        Refit REML fits by maximum likelihood, since REML criteria of models with different fixed
        effects can't be compared. False compares REML criteria; then all fixed effects must be the same.

    Returns
    -------
    DataFrame
        A row a model: ``npar, aic, bic, loglik, deviance, chisq, df, p_value``; ``chisq`` is the drop in
        deviance from the row above. ``deviance`` is minus twice the log-likelihood.

    Raises
    ------
    ValueError
        If the fits use different rows or outcomes, or their likelihoods can't be compared.

    Notes
    -----
    When the smaller model sets a variance to zero, that value lies on the edge of the possible
    ones and the p-value is too large, about twice for one variance (Self and Liang 1987).

    Examples
    --------
    >>> from mlmkit import anova, lmer, load_seattle
    >>> homes = load_seattle()
    >>> small = lmer("price ~ (1 | zipcode)", homes)
    >>> large = lmer("price ~ scale_sqft + (1 | zipcode)", homes)
    >>> anova(small, large)["chisq"].round(2).tolist()
    [nan, 899.21]
    """
    if len(fits) < 2:
        raise ValueError("anova compares at least two fits: anova(small, large).")
    for fit in fits:
        ask(fit, "loglik", "anova")
    first = fits[0]
    for fit in fits[1:]:
        if fit.nobs != first.nobs or not np.array_equal(fit.design.y, first.design.y):
            raise ValueError(
                f"The fits use different rows or outcomes ({first.nobs} and {fit.nobs} rows), so their "
                "likelihoods can't be compared. Missing values may have been dropped: fit all to "
                "the same complete rows."
            )
    families = {getattr(fit, "family", "gaussian") for fit in fits}
    if len(families) > 1 or len({getattr(fit, "nAGQ", 1) > 1 for fit in fits}) > 1:
        raise ValueError(
            "The fits have different families or approximations; their likelihoods can't be compared."
        )
    fits = [fit.refit_ml() if refit and getattr(fit, "reml", False) else fit for fit in fits]
    if len({getattr(fit, "reml", False) for fit in fits}) > 1:
        raise ValueError("Some fits are REML, some ML. Leave refit=True, or fit all the same way.")
    if not refit and len({tuple(fit.fixef.index) for fit in fits}) > 1:
        raise ValueError(
            "REML criteria of models with different fixed effects can't be compared; use refit=True."
        )
    fits = sorted(fits, key=lambda fit: fit.npar)
    rows, before = [], None
    for fit in fits:
        chisq = df = p_value = np.nan
        if before is not None:
            chisq, df = max(2 * (fit.loglik - before.loglik), 0.0), fit.npar - before.npar
            p_value = _chi_squared_tail(chisq, df) if df else np.nan
        rows.append((fit.npar, fit.aic, fit.bic, fit.loglik, -2 * fit.loglik, chisq, df, p_value))
        before = fit
    return pd.DataFrame(rows, columns=COLUMNS, index=pd.Index([fit.formula for fit in fits], name="model"))


def _chi_squared_tail(chisq, df):
    from scipy.special import chdtrc

    return float(chdtrc(df, chisq))
