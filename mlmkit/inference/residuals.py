"""Residuals in the kinds that R offers."""

import numpy as np
import pandas as pd

KINDS = ("response", "pearson", "deviance")


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
    plain, found, design = fit.residuals.to_numpy(), fit.solution, fit.design
    if kind == "response":
        values = plain
    elif found.scale is not None:
        values = plain if design.weights is None else plain * np.sqrt(design.weights)
    else:
        mean, trials = fit.fitted.to_numpy(), design.trials
        family = found.family
        values = family.pearson(found.outcome, mean, trials)
        if kind == "deviance":
            values = np.sign(plain) * np.sqrt(
                np.maximum(family.unit_deviance(found.outcome, mean, trials), 0.0)
            )
    if scaled and found.scale is not None:
        values = values / fit.sigma
    return pd.Series(values, index=design.index, name="residual")
