"""R's functions of a fit: ``fixef(fit)`` is ``fit.fixef``, so that any textbook can be followed."""

import pandas as pd

NAMES = "fixef ranef coef sigma VarCorr se_fixef se_ranef se_coef ngrps predict"


def _ask(fit, name):
    if not hasattr(fit, name):
        raise TypeError(
            f"{name} works on a fit, such as the one that lmer returns, not on {type(fit).__name__}."
        )
    return getattr(fit, name)


def fixef(fit):
    """Return the fixed effects, a Series by term. The same as ``fit.fixef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    Series
        By term.

    Examples
    --------
    >>> from mlmkit import fixef, lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> fixef(fit).round(1).to_dict()
    {'(Intercept)': 713204.2}
    """
    return _ask(fit, "fixef")


def ranef(fit):
    """Return the random effects, a DataFrame by grouping factor. The same as ``fit.ranef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    dict of DataFrame
        By grouping factor; groups by terms.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, ranef
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> ranef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()
    1430319.0
    """
    return _ask(fit, "ranef")


def coef(fit):
    """Return each group's coefficients: fixed plus random. The same as ``fit.coef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    dict of DataFrame
        By grouping factor; groups by terms.

    Examples
    --------
    >>> from mlmkit import coef, lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> coef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()
    2143524.0
    """
    return _ask(fit, "coef")


def sigma(fit):
    """Return the residual standard deviation. The same as ``fit.sigma``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    float
        In units of the outcome; 1 for `glmer`.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, sigma
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> round(sigma(fit))
    460891
    """
    return _ask(fit, "sigma")


def VarCorr(fit):
    """Return standard deviations and correlations between groups. The same as ``fit.varcorr``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    VarCorrTable
        By term; prints as in R.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, VarCorr
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> VarCorr(fit)["zipcode"].sd.round().to_dict()
    {'(Intercept)': 584667.0}
    """
    return _ask(fit, "varcorr")


def se_fixef(fit):
    """Return the standard errors of the fixed effects, as ``arm::se.fixef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    Series
        By term.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, se_fixef
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> se_fixef(fit).round().to_dict()
    {'(Intercept)': 195581.0}
    """
    return _ask(fit, "se_fixef")


def se_ranef(fit):
    """Return the standard errors of the random effects, as ``arm::se.ranef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    dict of DataFrame
        By grouping factor; groups by terms.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, se_ranef
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> se_ranef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()
    64778.0
    """
    return _ask(fit, "se_ranef")


def se_coef(fit):
    """Return the standard errors of each group's coefficients. The same as ``fit.se_coef``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    dict of DataFrame
        By grouping factor; groups by terms.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, se_coef
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> se_coef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()
    64823.0
    """
    return _ask(fit, "se_coef")


def ngrps(fit):
    """Return the number of groups by grouping factor.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    dict of int
        By grouping factor.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, ngrps
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> ngrps(fit)
    {'zipcode': 9}
    """
    return _ask(fit, "ngrps")


def predict(fit, newdata=None, **options):
    """Predict the outcome's mean. The same as ``fit.predict``, where the options are described.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.
    newdata : DataFrame, optional
        Rows to predict for. By default the rows of the fit.
    **options
        ``new_levels`` and ``random``.

    Returns
    -------
    Series
        One prediction a row.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, predict
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> predict(fit).head(1).round().tolist()
    [488663.0]
    """
    return _ask(fit, "predict")(newdata, **options)


def sigma_hat(fit):
    """Return all standard deviations of a fit, as ``arm::sigma.hat``.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.

    Returns
    -------
    dict
        ``"data"``: the residual standard deviation; and for each grouping factor a Series by term.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, sigma_hat
    >>> round(sigma_hat(lmer("price ~ (1 | zipcode)", load_seattle()))["zipcode"]["(Intercept)"])
    584667
    """
    table = _ask(fit, "varcorr")
    found = {"data": fit.sigma}
    for label, block in table.items():
        factor = table.factors[label]
        found[factor] = pd.concat([found[factor], block.sd]) if factor in found else block.sd
    return found
