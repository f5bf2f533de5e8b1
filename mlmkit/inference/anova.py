"""Comparing nested models by likelihood ratio, and tests of the terms of one model."""

import numpy as np
import pandas as pd

from mlmkit.inference.ask import ask
from mlmkit.inference.f_tests import f_tests
from mlmkit.inference.satterthwaite import check_ddf, fits_exactly

COLUMNS = ["npar", "aic", "bic", "loglik", "deviance", "chisq", "df", "p_value"]
TINY = np.finfo(float).tiny


class Comparison(pd.DataFrame):
    """The table of `anova`; what its numbers can't say stands in sentences beneath, ``attrs["messages"]``."""

    @classmethod
    def of(cls, table, messages):
        """Give a table its sentences."""
        made = cls(table)
        made.attrs["messages"] = messages
        return made

    @property
    def _constructor(self):
        return pd.DataFrame

    @property
    def _sentences(self):
        return self.attrs.get("messages", [])

    def __repr__(self):
        return "\n".join([super().__repr__(), *(f"* {message}" for message in self._sentences)])

    def _repr_html_(self):
        return super()._repr_html_() + "".join(f"<p>{message}</p>" for message in self._sentences)


def anova(*fits, refit: bool = True, ddf: str | None = None) -> pd.DataFrame:
    """Compare nested models by likelihood ratio, or test the terms of one model by F tests.

    As R's ``anova(fit1, fit2)``, and as ``anova(fit)`` of R's package lmerTest.

    Parameters
    ----------
    *fits : two or more fits of lmer, glmer or complete_pooling, or one fit of lmer
        Several: to the same rows. They are ordered by their number of parameters.
    refit : bool
        Refit REML fits by maximum likelihood, since REML criteria of models with different fixed
        effects can't be compared. False compares REML criteria; then all fixed effects must be the same.
    ddf : {"satterthwaite"}, optional
        How the denominator's degrees of freedom of the F tests are computed; for one fit only, and the only
        choice there is. R's name for it.

    Returns
    -------
    DataFrame
        Of several fits a row a model: ``npar, aic, bic, loglik, deviance, chisq, df, p_value``; ``chisq`` is
        the drop in deviance from the row above. ``deviance`` is minus twice the log-likelihood. Of one fit a
        row a term of its fixed part: ``sum_sq, mean_sq, num_df, den_df, f_value, p_value``. Sentences about
        the numbers are printed beneath and are in ``attrs["messages"]``.

    Raises
    ------
    ValueError
        If the fits use different rows or outcomes, or their likelihoods can't be compared; if a fit goes
        through every row exactly, since its likelihood has no bound.
    TypeError
        If one fit is given and it is none of lmer.

    Notes
    -----
    When the smaller model sets a variance to zero, that value lies on the edge of the possible
    ones and the p-value is too large, about twice for one variance (Self and Liang 1987).

    The F tests ask of each term whether the coefficients of all its columns are zero, as the columns are
    coded (lmerTest's ``type = "marginal"``), and use Satterthwaite's degrees of freedom, which allow for few
    groups. For models without interactions, and for the largest interactions themselves, this is lmerTest's
    default, type III. A term inside of an interaction is tested where the other variables of the interaction
    are zero or at their first level; type III averages over the levels of factors.

    References
    ----------
    A. Kuznetsova, P. B. Brockhoff, R. H. B. Christensen (2017), "lmerTest Package: Tests in Linear Mixed
    Effects Models", Journal of Statistical Software 82(13).

    Examples
    --------
    >>> from mlmkit import anova, lmer, load_seattle
    >>> homes = load_seattle()
    >>> small = lmer("price ~ (1 | zipcode)", homes)
    >>> large = lmer("price ~ scale_sqft + (1 | zipcode)", homes)
    >>> anova(small, large)["chisq"].round(2).tolist()
    [nan, 899.21]
    >>> slopes = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", homes)
    >>> anova(slopes).loc["scale_sqft", ["den_df", "f_value"]].round(2).tolist()
    [8.01, 19.87]
    """
    if ddf is not None:
        check_ddf(ddf)
    if not fits:
        raise ValueError(
            "anova needs fits: anova(small, large) compares them, anova(fit) tests the terms of one."
        )
    for fit in fits:
        ask(fit, "design", "anova")
    if len(fits) == 1:
        return Comparison.of(*f_tests(fits[0]))
    if ddf is not None:
        raise ValueError(
            "ddf belongs to the F tests of one fit. Several fits are compared by likelihood ratio: "
            "leave ddf out, or call anova(fit)."
        )
    for fit in fits:
        ask(fit, "loglik", "anova")
        if fits_exactly(fit):
            raise ValueError(
                f"The fit '{fit.formula}' goes through every row exactly: its residual standard deviation is "
                "zero and its likelihood has no bound, so it can't be compared. Does the outcome follow from "
                "the predictors by definition?"
            )
    first = fits[0]
    for fit in fits[1:]:
        if fit.nobs != first.nobs or not np.array_equal(fit.design.y, first.design.y):
            raise ValueError(
                f"The fits use different rows or outcomes ({first.nobs} and {fit.nobs} rows), so their "
                "likelihoods can't be compared. Missing values may have been dropped: fit all to "
                "the same complete rows."
            )
    families = {getattr(fit, "family", "gaussian") for fit in fits}
    approximations = {fit.nAGQ > 1 for fit in fits if hasattr(fit, "nAGQ")}  # a regression has none
    if len(families) > 1 or len(approximations) > 1:
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
    rows, before, messages = [], None, []
    for fit in models:
        chisq = df = p_value = np.nan
        if before is not None:
            chisq, df = max(2 * (fit.loglik - before.loglik), 0.0), fit.npar - before.npar
            why_not = _not_nested(before, fit) if df else _as_many(before, fit)
            p_value = np.nan if why_not else _chi_squared_tail(chisq, df)
            messages += [why_not] if why_not else []
        rows.append((fit.npar, fit.aic, fit.bic, fit.loglik, -2 * fit.loglik, chisq, df, p_value))
        before = fit
    index = pd.Index([fit.formula for fit in models], name="model")
    return Comparison.of(pd.DataFrame(rows, columns=COLUMNS, index=index), messages)


def _as_many(one, other):
    """Say why two models with the same number of parameters have no p-value."""
    return (
        f"'{one.formula}' and '{other.formula}' have {one.npar} parameters each. A likelihood ratio test "
        "compares a model with a larger one that contains it, so there is no p-value here (df is 0). Compare "
        "aic or bic: smaller is better."
    )


def _not_nested(small, large):
    """Say it if a fixed effect of the smaller model is no combination of those of the larger one."""
    if getattr(large, "pooling", None) == "no_pooling":  # its groups have an intercept each, or all columns
        return None
    arrays = large.design.fixed.arrays
    X = np.column_stack(arrays) if arrays else np.zeros((large.nobs, 1))
    basis = np.linalg.qr(X / np.maximum(np.abs(X).max(axis=0), TINY))[0]
    for name, column in zip(small.design.fixed.names, small.design.fixed.arrays, strict=True):
        rest = column - basis @ (basis.T @ column)
        if np.linalg.norm(rest) > 1e-6 * np.linalg.norm(column):
            return (
                f"'{small.formula}' has the fixed effect {name}, and '{large.formula}', with more "
                "parameters, has not. A likelihood ratio test compares nested models only, so there is no "
                "p-value here (R prints one). Compare aic or bic: smaller is better."
            )
    return None


def _chi_squared_tail(chisq, df):
    from scipy.special import chdtrc

    return float(chdtrc(df, chisq))
