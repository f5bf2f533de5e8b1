"""Comparing nested models by likelihood ratio."""

import numpy as np
import pandas as pd

from mlmkit.inference.ask import ask

COLUMNS = ["npar", "aic", "bic", "loglik", "deviance", "chisq", "df", "p_value"]
TINY = np.finfo(float).tiny


def anova(*fits, refit: bool = True) -> pd.DataFrame:
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
        If the fits use different rows or outcomes, or their likelihoods can't be compared, or a fixed effect
        of a smaller model is no part of the larger one. Whether group effects are nested is not checked.

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
    models = [fit.refit_ml() if refit and getattr(fit, "reml", False) else fit for fit in fits]
    if len({getattr(fit, "reml", False) for fit in models}) > 1:
        raise ValueError("Some fits are REML, some ML. Leave refit=True, or fit all the same way.")
    if not refit and len({tuple(fit.fixef.index) for fit in models}) > 1:
        raise ValueError(
            "REML criteria of models with different fixed effects can't be compared; use refit=True."
        )
    models = sorted(models, key=lambda fit: fit.npar)
    rows, before = [], None
    for fit in models:
        chisq = df = p_value = np.nan
        if before is not None:
            if fit.npar > before.npar:
                _check_nested(before, fit)
            chisq, df = max(2 * (fit.loglik - before.loglik), 0.0), fit.npar - before.npar
            p_value = _chi_squared_tail(chisq, df) if df else np.nan
        rows.append((fit.npar, fit.aic, fit.bic, fit.loglik, -2 * fit.loglik, chisq, df, p_value))
        before = fit
    return pd.DataFrame(rows, columns=COLUMNS, index=pd.Index([fit.formula for fit in models], name="model"))


def _check_nested(small, large):
    """Refuse a test if a fixed effect of the smaller model is no combination of those of the larger one."""
    if getattr(large, "pooling", None) == "no_pooling":  # its groups have an intercept each, or all columns
        return
    arrays = large.design.fixed.arrays
    X = np.column_stack(arrays) if arrays else np.zeros((large.nobs, 1))
    basis = np.linalg.qr(X / np.maximum(np.abs(X).max(axis=0), TINY))[0]
    for name, column in zip(small.design.fixed.names, small.design.fixed.arrays, strict=True):
        rest = column - basis @ (basis.T @ column)
        if np.linalg.norm(rest) > 1e-6 * np.linalg.norm(column):
            raise ValueError(
                f"'{small.formula}' has the fixed effect {name}, and '{large.formula}', with more "
                "parameters, has not. A likelihood-ratio test compares nested models only. Compare "
                "fit.aic of the two."
            )


def _chi_squared_tail(chisq, df):
    from scipy.special import chdtrc

    return float(chdtrc(df, chisq))
