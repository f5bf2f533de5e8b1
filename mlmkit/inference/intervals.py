"""Confidence intervals and profile likelihoods."""

from collections.abc import Iterable
from numbers import Real
from statistics import NormalDist

import numpy as np
import pandas as pd

from mlmkit.inference.ask import ask
from mlmkit.inference.bootstrap import bootstrap, parameter_values
from mlmkit.inference.profile import parameters
from mlmkit.inference.satterthwaite import degrees_of_freedom, t_quantile

BETA, THETA = "beta_", "theta_"  # lme4's words for all fixed effects, and for all of the random part


def confint(
    fit,
    parm: str | Iterable[str] | None = None,
    level: float = 0.95,
    method: str | None = None,
    **options,
) -> pd.DataFrame:
    """Compute confidence intervals for all parameters, or for those that are named.

    Parameters
    ----------
    fit : fit of lmer, glmer, complete_pooling or no_pooling
        The model.
    parm : str or list of str, optional
        Names of parameters, as the whole table has them. As in lme4 ``"beta_"`` stands for all fixed
        effects and ``"theta_"`` for all standard deviations and correlations, sigma included. Default: all.
        Only what is asked for is computed.
    level : float
        Confidence level.
    method : {"profile", "wald", "t", "boot"}, optional
        Profile likelihood (by maximum likelihood, as in lme4), the default of mixed models; estimate plus
        or minus a normal quantile times the standard error; the same with Student's t and Satterthwaite's
        degrees of freedom, for fits of lmer; or percentiles of a parametric bootstrap. ``"wald"`` and ``"t"``
        have rows for the fixed effects only. Regressions have "wald" only, with Student's t where sigma is
        estimated.
    **options
        ``n_sims``, ``seed``: of the bootstrap.

    Returns
    -------
    DataFrame
        Columns ``estimate, low, high``, indexed by parameter: ``sd__(Intercept)|zipcode``, ``sigma``, and
        the fixed effects. ``estimate`` is by maximum likelihood for profiles.

    Raises
    ------
    ValueError
        For a name that the table doesn't have, with those that it has; for an unknown method, and for a
        level that isn't between 0 and 1.

    Notes
    -----
    The limits are where the deviance has risen by the squared normal quantile, found exactly, with all other
    parameters at their best values. lme4 interpolates between points of its profiles; where a profile bends
    sharply (correlations near one) its limits can be off in the second digit. It also leaves the weights out
    when it profiles fixed effects.

    With few groups choose ``"t"`` for fixed effects: with nine groups the interval ``"wald"`` of a mean at
    level 0.95 covers it in 91 or 92 of 100 studies, ``"t"`` in 95.

    Examples
    --------
    >>> from mlmkit import confint, lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> confint(fit, "sigma").round(-2).loc["sigma"].tolist()
    [460900.0, 439900.0, 483600.0]
    >>> confint(fit, method="t").round(-3).loc["(Intercept)"].tolist()
    [713000.0, 262000.0, 1165000.0]
    """
    extra = {} if method is None else {"method": method}
    return ask(fit, "confint")(parm, level, **extra, **options)


def check_level(level, name="level"):
    """Refuse a confidence level outside of 0 to 1."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"{name} is {level!r}. It must lie between 0 and 1, for example 0.95.")


def chosen_names(parm, names, fixed, note=""):
    """List the parameters that ``parm`` of `confint` asks for, in the order of the whole table.

    Parameters
    ----------
    parm : str, list of str or None
        Names, ``"beta_"``, ``"theta_"``; None for all.
    names : list of str
        What there is.
    fixed : collection of str
        Which of them are fixed effects.
    note : str
        Ends the message about an unknown name.

    Returns
    -------
    list of str
        Some of `names`.
    """
    if parm is None:
        return list(names)
    if isinstance(parm, Real):
        raise ValueError(
            f"parm is {parm!r}. It takes names of parameters: {', '.join(names)}. "
            "A confidence level is written confint(fit, level=0.9)."
        )
    asked = [parm] if isinstance(parm, str) else list(parm)
    groups = {BETA: [name for name in names if name in fixed]}
    groups[THETA] = [name for name in names if name not in fixed]
    unknown = [name for name in asked if name not in names and not groups.get(name)]
    if unknown or not asked:
        what = f"no parameter {unknown[0]!r}" if unknown else "nothing to compute: parm is empty"
        valid = [*names, *(repr(group) for group, some in groups.items() if some)]
        raise ValueError(f"There is {what}. Valid names: {', '.join(valid)}.{note}")
    wanted = {name for one in asked for name in ([one] if one in names else groups[one])}
    return [name for name in names if name in wanted]


def likelihood_intervals(fit, parm, level, method, n_sims=1000, seed=None):
    """Compute the intervals of a mixed model; see `confint`."""
    check_level(level)
    methods = {"profile": _by_profile, "wald": _by_wald, "t": _by_t, "boot": _by_bootstrap}
    if method not in methods:
        raise ValueError(f"method is {method!r}. Valid choices: {', '.join(map(repr, methods))}.")
    options = {"n_sims": n_sims, "seed": seed} if method == "boot" else {}
    return methods[method](fit, parm, level, **options)


def _by_profile(fit, parm, level):
    z = NormalDist().inv_cdf(0.5 + level / 2)
    best, found = parameters(fit.solution)
    names = chosen_names(parm, [p.name for p in found], fit.fixef.index)
    chosen = [p for p in found if p.name in names]
    rows = {p.name: (p.estimate, p.limit(best, z, -1), p.limit(best, z, +1)) for p in chosen}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high"])


def _by_wald(fit, parm, level):
    return _around(fit, parm, NormalDist().inv_cdf(0.5 + level / 2), "wald")


def _by_t(fit, parm, level):
    df = degrees_of_freedom(fit, 'confint(fit, method="t")')
    return _around(fit, parm, t_quantile(0.5 + level / 2, df), "t")


def _around(fit, parm, quantile, method):
    """Build the intervals: estimate plus or minus a quantile (one, or one a term) times standard error."""
    low, high = fit.fixef - quantile * fit.se_fixef, fit.fixef + quantile * fit.se_fixef
    note = f" The method {method!r} has intervals of the fixed effects only; 'profile' and 'boot' have all."
    names = chosen_names(parm, list(fit.fixef.index), fit.fixef.index, note)
    return pd.DataFrame({"estimate": fit.fixef, "low": low, "high": high}).loc[names]


def _by_bootstrap(fit, parm, level, n_sims, seed):
    values = parameter_values(fit)
    names = chosen_names(parm, list(values.index), fit.fixef.index)
    tails = bootstrap(fit, n_sims=n_sims, seed=seed).quantile([0.5 - level / 2, 0.5 + level / 2])
    return pd.DataFrame({"estimate": values, "low": tails.iloc[0], "high": tails.iloc[1]}).loc[names]


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
