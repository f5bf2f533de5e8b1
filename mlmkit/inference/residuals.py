"""Residuals in the kinds that R offers."""

import numpy as np

from mlmkit.inference.predict import fitted_values

KINDS = ("response", "pearson", "deviance")
EPSILON = np.finfo(float).eps


def resid(fit, kind="response", scaled=False):
    """Compute residuals, as R's ``resid(fit, type = kind)``.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    kind : {"response", "pearson", "deviance"}
        Outcome minus fitted value; that times the square root of the weight, or over the standard deviation
        of a share or a count; or the signed square root of each row's part of the deviance. R's
        default for `glmer` is "deviance".
    scaled : bool
        Divide by sigma too, as R's ``scaled = TRUE``.

    Returns
    -------
    Series
        One residual a row.

    Raises
    ------
    ValueError
        For another kind.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> fit.resid("pearson", scaled=True).std().round(2).item()
    1.0
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}. Valid choices: {', '.join(map(repr, KINDS))}.")
    found, design = fit.solution, fit.design
    mean = fitted_values(fit)
    plain = found.outcome - mean
    if kind == "response":
        values = plain
    elif found.scale is not None:
        values = plain if design.weights is None else plain * np.sqrt(design.weights)
    else:
        family, trials = found.family, design.trials
        # As R does: a mean that has been rounded to its limit would give 0 / 0.
        mean = np.clip(mean, EPSILON, 1 - EPSILON if family.name == "binomial" else np.inf)
        values = family.pearson(found.outcome, mean, trials)
        if kind == "deviance":
            values = np.sign(plain) * np.sqrt(
                np.maximum(family.unit_deviance(found.outcome, mean, trials), 0.0)
            )
    if scaled and found.scale is not None:
        values = values / fit.sigma
    return design.rows.series(values, "residual")
