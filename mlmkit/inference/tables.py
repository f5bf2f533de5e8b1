"""Tables and summaries of a fit: tidy, glance, augment, icc, r2."""

from statistics import NormalDist

import numpy as np
import pandas as pd

from mlmkit.frame.columns import INTERCEPT, linear_predictor
from mlmkit.inference.intervals import check_level
from mlmkit.inference.predict import fitted_values
from mlmkit.inference.satterthwaite import t_columns


def tidy(fit, conf_level=0.95, ddf=None):
    """Tabulate the estimates with broom's columns.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.
    conf_level : float
        Level of the intervals, which are estimate plus or minus a normal quantile times the standard error.
    ddf : {"satterthwaite"}, optional
        Fits of lmer: test the fixed effects and give them Student's t intervals, with degrees of freedom
        computed in this way.

    Returns
    -------
    DataFrame
        Columns ``term, estimate, std_error, conf_low, conf_high, group, level``; with `ddf` also ``statistic,
        df, p_value``, as broom.mixed has them, missing but for fixed effects. Fixed effects first
        (no group), then standard deviations and correlations (``sd__…``, ``cor__…``), then random effects.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> table = lmer("price ~ (1 | zipcode)", load_seattle()).tidy()
    >>> table["term"].tolist()[:3]
    ['(Intercept)', 'sd__(Intercept)', 'sd__Observation']
    """
    check_level(conf_level, "conf_level")
    z = NormalDist().inv_cdf(0.5 + conf_level / 2)
    tests, quantile = t_columns(fit, conf_level, ddf) if ddf is not None else ([], np.full(len(fit.fixef), z))
    low, high = fit.fixef - quantile * fit.se_fixef, fit.fixef + quantile * fit.se_fixef
    fixed = zip(fit.fixef.index, fit.fixef, fit.se_fixef, low, high, strict=True)
    rows = [(*values, None, None) for values in fixed]
    nothing = (np.nan,) * 3
    for label, block in fit.varcorr.items():
        names, corr = list(block.sd.index), block.corr.to_numpy()
        rows += [(f"sd__{name}", sd, *nothing, label, None) for name, sd in block.sd.items()]
        rows += [
            (f"cor__{names[j]}.{names[i]}", corr[i, j], *nothing, label, None)
            for i in range(len(names))
            for j in range(i)
        ]
    if fit.varcorr.sigma is not None:
        rows.append(("sd__Observation", fit.varcorr.sigma, *nothing, "Residual", None))
    for label, effects in fit.ranef.items():
        errors = fit.se_ranef[label]
        for level in effects.index:
            for term in effects.columns:
                value, error = effects.at[level, term], errors.at[level, term]
                rows.append((term, value, error, value - z * error, value + z * error, label, level))
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high", "group", "level"]
    table = pd.DataFrame(rows, columns=columns)
    if ddf is not None:
        table = table.join(pd.DataFrame(tests, columns=["statistic", "df", "p_value"]))
        table = table[[*columns[:3], "statistic", "df", "p_value", *columns[3:]]]
    return table


def glance(fit):
    """Summarise a fit in one row.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    DataFrame
        Columns ``nobs, sigma, logLik, AIC, BIC, deviance, DIC, npar, converged, singular``.
    """
    sigma = np.nan if fit.varcorr.sigma is None else fit.varcorr.sigma
    return pd.DataFrame(
        {
            "nobs": [fit.nobs],
            "sigma": [sigma],
            "logLik": [fit.loglik],
            "AIC": [fit.aic],
            "BIC": [fit.bic],
            "deviance": [fit.deviance],
            "DIC": [fit.dic],
            "npar": [fit.npar],
            "converged": [fit.converged],
            "singular": [fit.is_singular],
        }
    )


def augment(fit):
    """Return outcome, groups, fitted values and residuals, row by row.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    DataFrame
        The outcome, the predictors, the groups, ``fitted``, ``residual``, and for mixed models ``fixed``
        (fitted without the random effects); indexed like the data.
    """
    model = fit.design
    table = {model.formula.response: fit.solution.outcome}
    for name, array in zip(model.fixed.names, model.fixed.arrays, strict=True):
        if name != INTERCEPT:
            table[name] = np.asarray(array)
    for factor in model.factors:
        table[factor.label] = factor.levels.to_numpy()[factor.codes]
    frame = pd.DataFrame(table, index=model.index)
    frame["fitted"] = fitted_values(fit)
    frame["residual"] = fit.solution.outcome - frame["fitted"]
    if hasattr(fit, "ranef"):
        frame["fixed"] = fit.predict(random=False)[model.rows.used].to_numpy()
    return frame


def variance_parts(fit):
    """Split the variance: fixed part, each random term (averaged over the rows), residual.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    fixed : float
        Variance of the fixed-effects part over the rows.
    random : dict of float
        By term: the mean over the rows of z' Sigma z (Johnson 2014).
    residual : float
        Sigma squared, or the latent variance of a generalised model.
    """
    model, found = fit.design, fit.solution
    fixed = float(np.var(linear_predictor(model.fixed.arrays, found.beta, model.n), ddof=1))
    random = {}
    for factor in model.factors:
        for term in factor.terms:
            Z = np.array(term.columns.arrays)
            random[term.label] = float(np.sum((Z @ Z.T / model.n) * fit.varcorr[term.label].cov.to_numpy()))
    return fixed, random, found.residual_variance(fitted_values(fit))


def icc(fit):
    """Compute intraclass correlations: the share of the variance that lies between groups.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    Series
        One share a term. With fixed effects in the model it is the share of what they leave
        unexplained (the adjusted ICC). For varying slopes the variance between groups depends
        on the predictor; its mean over the rows is taken (Johnson 2014).

    References
    ----------
    P. C. D. Johnson (2014), "Extension of Nakagawa & Schielzeth's R2GLMM to random slopes models",
    Methods in Ecology and Evolution 5, 944-946.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> lmer("price ~ (1 | zipcode)", load_seattle()).icc().round(3).to_dict()
    {'zipcode': 0.617}
    """
    _, random, residual = variance_parts(fit)
    total = sum(random.values()) + residual
    return pd.Series({label: value / total for label, value in random.items()}, name="icc")


def r2(fit):
    """Compute marginal and conditional R squared.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    Series
        ``marginal``: the share of the variance that the fixed effects explain; ``conditional``: the share
        that fixed and random effects explain together.

    References
    ----------
    S. Nakagawa and H. Schielzeth (2013), "A general and simple method for obtaining R2 from
    generalized linear mixed-effects models", Methods in Ecology and Evolution 4, 133-142; random
    slopes as in Johnson (2014).

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle()).r2().round(2).to_dict()
    {'marginal': 0.42, 'conditional': 0.8}
    """
    fixed, random, residual = variance_parts(fit)
    total = fixed + sum(random.values()) + residual
    shares = {"marginal": fixed / total, "conditional": (total - residual) / total}
    return pd.Series(shares, name="r2")
