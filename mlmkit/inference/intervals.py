"""Comparing fits, and confidence intervals."""

from statistics import NormalDist

import numpy as np
import pandas as pd

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
        if not hasattr(fit, "loglik") or not hasattr(fit, "npar"):
            raise TypeError(f"anova compares fits, such as those of lmer, not {type(fit).__name__}.")
    first = fits[0]
    for fit in fits[1:]:
        if fit.nobs != first.nobs or not np.array_equal(fit._model.y, first._model.y):
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


def confint(fit, level=0.95, method="profile", *, n_sims=1000, seed=None):
    """Compute confidence intervals for all parameters.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    level : float
        Confidence level.
    method : {"profile", "wald", "boot"}
        Profile likelihood (by maximum likelihood, as in lme4); estimate plus or minus normal
        quantile times standard error (fixed effects only); or percentiles of a parametric bootstrap.
    n_sims : int
        Bootstrap samples.
    seed : int or Generator, optional
        Makes the bootstrap repeatable.

    Returns
    -------
    DataFrame
        Columns ``estimate, low, high``, indexed by parameter: ``sd__(Intercept)|zipcode``, ``sigma``, and
        the fixed effects. ``estimate`` is by maximum likelihood for profiles.

    Notes
    -----
    The limits are where the deviance has risen by the squared normal quantile, found exactly, with all other
    parameters at their best values. lme4 interpolates between points of its profiles; where a profile bends
    sharply (correlations near one) its limits can be off in the second digit. It also leaves the weights out
    when it profiles fixed effects.

    Examples
    --------
    >>> from mlmkit import confint, lmer, load_seattle
    >>> confint(lmer("price ~ (1 | zipcode)", load_seattle())).round(-2).loc["sigma"].tolist()
    [460900.0, 439900.0, 483600.0]
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}. It must lie between 0 and 1, for example 0.95.")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    if method == "wald":
        table = pd.DataFrame({"estimate": fit.fixef})
        table["low"], table["high"] = fit.fixef - z * fit.se_fixef, fit.fixef + z * fit.se_fixef
        return table
    if method == "profile":
        from mlmkit.inference.profile import parameters

        best, found = parameters(fit)
        rows = [(p.estimate, p.limit(best, z, -1), p.limit(best, z, +1)) for p in found]
        return pd.DataFrame(rows, columns=["estimate", "low", "high"], index=[p.name for p in found])
    if method == "boot":
        from mlmkit.inference.simulations import bootstrap, parameter_values

        draws = bootstrap(fit, n_sims=n_sims, seed=seed)
        tails = draws.quantile([0.5 - level / 2, 0.5 + level / 2])
        table = pd.DataFrame({"estimate": parameter_values(fit)})
        table["low"], table["high"] = tails.iloc[0], tails.iloc[1]
        return table
    raise ValueError(f"method is {method!r}. Valid choices: 'profile', 'wald', 'boot'.")


def profile(fit, parameter, points=25, reach=3.0):
    """Trace the profile likelihood of one parameter.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    parameter : str
        A name from `confint`, such as ``"sigma"``.
    points : int
        Number of values.
    reach : float
        How far to go, as a normal quantile: 3 covers a 99.7 % interval.

    Returns
    -------
    DataFrame
        Columns ``value``, ``deviance`` (its rise above the minimum) and ``zeta``, the signed square root of
        the rise: a straight line where the likelihood is quadratic.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, profile
    >>> table = profile(lmer("price ~ (1 | zipcode)", load_seattle()), "sigma", points=5)
    >>> bool((table["zeta"].diff().dropna() > 0).all())
    True
    """
    from mlmkit.inference.profile import parameters

    best, found = parameters(fit)
    names = [p.name for p in found]
    if parameter not in names:
        raise ValueError(f"The fit has no parameter '{parameter}' to profile. It has: {', '.join(names)}.")
    chosen = found[names.index(parameter)]
    values = np.linspace(chosen.limit(best, reach, -1), chosen.limit(best, reach, +1), points)
    rise = np.array([max(chosen.deviance(value) - best, 0.0) for value in values])
    zeta = np.sign(values - chosen.estimate) * np.sqrt(rise)
    return pd.DataFrame({"value": values, "deviance": rise, "zeta": zeta})
