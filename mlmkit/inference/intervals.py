"""Confidence intervals and profile likelihoods."""

from numbers import Real
from statistics import NormalDist

import numpy as np
import pandas as pd

from mlmkit.inference.ask import ask
from mlmkit.inference.bootstrap import bootstrap, parameter_values
from mlmkit.inference.profile import parameters


def confint(fit, level: float = 0.95, method: str | None = None, **options) -> pd.DataFrame:
    """Compute confidence intervals for all parameters.

    Parameters
    ----------
    fit : fit of lmer, glmer, complete_pooling or no_pooling
        The model.
    level : float
        Confidence level.
    method : {"profile", "wald", "boot"}, optional
        Profile likelihood (by maximum likelihood, as in lme4), the default of mixed models; estimate plus
        or minus normal quantile times standard error (fixed effects only); or percentiles of a
        parametric bootstrap. Regressions have "wald" only, with Student's t where sigma is estimated.
    **options
        ``n_sims``, ``seed``: of the bootstrap.

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
    extra = {} if method is None else {"method": method}
    return ask(fit, "confint")(level, **extra, **options)


def check_level(level, name="level"):
    """Refuse a confidence level outside of 0 to 1."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"{name} is {level!r}. It must lie between 0 and 1, for example 0.95.")


def likelihood_intervals(fit, level, method, n_sims=1000, seed=None):
    """Compute the intervals of a mixed model; see `confint`."""
    check_level(level)
    methods = {"profile": _by_profile, "wald": _by_wald, "boot": _by_bootstrap}
    if method not in methods:
        raise ValueError(f"method is {method!r}. Valid choices: {', '.join(map(repr, methods))}.")
    options = {"n_sims": n_sims, "seed": seed} if method == "boot" else {}
    return methods[method](fit, level, **options)


def _by_profile(fit, level):
    z = NormalDist().inv_cdf(0.5 + level / 2)
    best, found = parameters(fit.solution)
    rows = [(p.estimate, p.limit(best, z, -1), p.limit(best, z, +1)) for p in found]
    return pd.DataFrame(rows, columns=["estimate", "low", "high"], index=[p.name for p in found])


def _by_wald(fit, level):
    z = NormalDist().inv_cdf(0.5 + level / 2)
    low, high = fit.fixef - z * fit.se_fixef, fit.fixef + z * fit.se_fixef
    return pd.DataFrame({"estimate": fit.fixef, "low": low, "high": high})


def _by_bootstrap(fit, level, n_sims, seed):
    tails = bootstrap(fit, n_sims=n_sims, seed=seed).quantile([0.5 - level / 2, 0.5 + level / 2])
    return pd.DataFrame({"estimate": parameter_values(fit), "low": tails.iloc[0], "high": tails.iloc[1]})


def profile(fit, parameter: str, points: int = 25, reach: float = 3.0) -> pd.DataFrame:
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
    return ask(fit, "profile")(parameter, points=points, reach=reach)


def trace_profile(fit, parameter, points=25, reach=3.0):
    """Trace the profile of a mixed model's parameter; see `profile`."""
    best, found = parameters(fit.solution)
    names = [p.name for p in found]
    if parameter not in names:
        raise ValueError(f"The fit has no parameter '{parameter}' to profile. It has: {', '.join(names)}.")
    chosen = found[names.index(parameter)]
    values = np.linspace(chosen.limit(best, reach, -1), chosen.limit(best, reach, +1), points)
    rise = np.array([max(chosen.deviance(value) - best, 0.0) for value in values])
    zeta = np.sign(values - chosen.estimate) * np.sqrt(rise)
    return pd.DataFrame({"value": values, "deviance": rise, "zeta": zeta})
