"""R's functions of a fit: ``fixef(fit)`` is ``fit.fixef``, so that any textbook can be followed."""

import pandas as pd

from mlmkit.inference.ask import ask

# R's name: the fit's attribute, what it is, its type, and an example with its result.
TABLE = {
    "fixef": (
        "fixef",
        "the fixed effects",
        "Series\n        By term.",
        "fixef(fit).round(1).to_dict()",
        "{'(Intercept)': 713204.2}",
    ),
    "ranef": (
        "ranef",
        "the random effects (conditional modes)",
        "dict of DataFrame\n        By grouping factor; groups by terms.",
        'ranef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()',
        "1430319.0",
    ),
    "coef": (
        "coef",
        "each group's coefficients: fixed plus random effects",
        "dict of DataFrame\n        By grouping factor; groups by terms.",
        'coef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()',
        "2143524.0",
    ),
    "sigma": (
        "sigma",
        "the residual standard deviation",
        "float\n        In units of the outcome; 1 for `glmer`.",
        "round(sigma(fit))",
        "460891",
    ),
    "VarCorr": (
        "varcorr",
        "standard deviations and correlations between groups",
        "VarCorrTable\n        By term; prints as in R.",
        'VarCorr(fit)["zipcode"].sd.round().to_dict()',
        "{'(Intercept)': 584667.0}",
    ),
    "se_fixef": (
        "se_fixef",
        "the standard errors of the fixed effects, as ``arm::se.fixef``",
        "Series\n        By term.",
        "se_fixef(fit).round().to_dict()",
        "{'(Intercept)': 195581.0}",
    ),
    "se_ranef": (
        "se_ranef",
        "the standard errors of the random effects, as ``arm::se.ranef``",
        "dict of DataFrame\n        By grouping factor; groups by terms.",
        'se_ranef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()',
        "64778.0",
    ),
    "se_coef": (
        "se_coef",
        "the standard errors of each group's coefficients",
        "dict of DataFrame\n        By grouping factor; groups by terms.",
        'se_coef(fit)["zipcode"].loc["98039", "(Intercept)"].round().item()',
        "64823.0",
    ),
    "ngrps": (
        "ngrps",
        "the number of groups",
        "dict of int\n        By grouping factor.",
        "ngrps(fit)",
        "{'zipcode': 9}",
    ),
}

_DOCSTRING = """Return {what}. The same as ``fit.{attribute}``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
        The model.

    Returns
    -------
    {returned}

    Raises
    ------
    TypeError
        If this is no fit, or a fit that has no {name}: the sentence says what to use instead.

    Examples
    --------
    >>> from mlmkit import {name}, lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> {example}
    {result}
    """


def _function(name):
    attribute, what, returned, example, result = TABLE[name]

    def of_fit(fit):
        return ask(fit, attribute, name)

    of_fit.__name__ = of_fit.__qualname__ = name
    of_fit.__doc__ = _DOCSTRING.format(
        name=name, attribute=attribute, what=what, returned=returned, example=example, result=result
    )
    return of_fit


fixef, ranef, coef, sigma, VarCorr, se_fixef, se_ranef, se_coef, ngrps = map(_function, TABLE)


def predict(fit, newdata=None, **options):
    """Predict the outcome's mean. The same as ``fit.predict``, where the options are described.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer, stan_glmer, complete_pooling or no_pooling
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
    return ask(fit, "predict")(newdata, **options)


def sigma_hat(fit):
    """Return all standard deviations of a fit, as ``arm::sigma.hat``.

    Parameters
    ----------
    fit : fit of lmer, glmer, stan_lmer or stan_glmer
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
    table = ask(fit, "varcorr", "sigma_hat")
    found = {"data": fit.sigma}
    for label, block in table.items():
        factor = table.factors[label]
        found[factor] = pd.concat([found[factor], block.sd]) if factor in found else block.sd
    return found
