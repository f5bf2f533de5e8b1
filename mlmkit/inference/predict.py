"""Predictions for old and new rows, old and new groups."""

import numpy as np
import pandas as pd

from mlmkit.frame.columns import linear_predictor
from mlmkit.frame.new_rows import new_rows, new_weights, rows_of
from mlmkit.inference.random_part import random_part

MODES = ("error", "zero", "marginal")
SCALES = ("response", "link")


def predict(fit, newdata=None, *, new_levels="error", random=True, re_form=None, scale="response"):
    """Predict the mean of the outcome.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    newdata : DataFrame, optional
        Rows to predict for. By default the rows of the fit.
    new_levels : {"error", "zero", "marginal"}
        For groups that the fit has not seen: refuse; take a group effect of zero (the typical
        group); or average over the distribution of groups. In a linear model the last two agree,
        behind a link function they don't.
    random : bool
        False leaves all group effects out (lme4's ``re.form = NA``); then `newdata` needs no groups.
    re_form : str, optional
        Which group effects are used, as in lme4: ``"~ (1 | school)"`` takes these only; ``"~ 0"`` none.
    scale : {"response", "link"}
        Units of the outcome, or the linear predictor (log odds, log rates). R's ``predict`` of a `glmer` fit
        gives the link by default; here it is the response.

    Returns
    -------
    Series
        One prediction a row, in units of the outcome (probabilities, or expected counts, for `glmer`).
        Missing where a predictor or a needed group is missing.

    Raises
    ------
    ValueError
        For unknown choices, missing columns, groups or levels that the fit has not seen.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlmkit import lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> new = pd.DataFrame({"zipcode": ["98010", "98199"]})
    >>> fit.predict(new, new_levels="zero").round().tolist()
    [425454.0, 713204.0]
    """
    check_mode(new_levels)
    if scale not in SCALES:
        raise ValueError(f"scale is {scale!r}. Valid choices: 'response', 'link'.")
    wanted = random_part(fit.design, random, re_form)
    rows = rows_of(fit.design) if newdata is None else new_rows(fit.design, newdata, new_levels, wanted)
    values = _means(fit.solution, rows, wanted, new_levels, scale)
    if newdata is None:
        return fit.design.rows.series(values, "prediction")
    return pd.Series(values, index=rows.index, name="prediction")


def fitted_values(fit):
    """Compute the fitted values of the rows used, shape (n,)."""
    wanted = random_part(fit.design, True, None)
    return _means(fit.solution, rows_of(fit.design), wanted, "error", "response")


def _means(found, rows, wanted, new_levels, scale):
    held, spread = group_part(found, rows, wanted)
    eta = rows.offset + linear_predictor(rows.fixed, found.beta, len(rows.index)) + held
    if scale == "link":
        return eta
    return found.marginal_mean(eta, spread) if new_levels == "marginal" else found.inverse_link(eta)


def group_part(found, rows, wanted):
    """Add up the group effects of some rows.

    Parameters
    ----------
    found : Solution
        The fit's effects and their covariance.
    rows : NewRows
        Groups and varying columns.
    wanted : list of list of bool
        For each grouping factor the columns that are used.

    Returns
    -------
    held : ndarray, shape (n,)
        The part of known groups; missing where a row has no group.
    spread : ndarray, shape (n,)
        Standard deviation of the part of groups that the fit has not seen, on the scale of the link.
    """
    held, spread = np.zeros(len(rows.index)), np.zeros(len(rows.index))
    for place, (codes, arrays) in enumerate(rows.groups):
        chosen = np.flatnonzero(wanted[place])
        known = codes >= 0
        for k in chosen:
            held += np.where(known, arrays[k] * found.modes[place][codes, k], 0.0)
        if len(chosen) and not known.all():
            columns = np.array([arrays[k] for k in chosen]).T @ (found.lambdas[place][chosen] * found.unit)
            spread += np.where(known, 0.0, (columns**2).sum(axis=1))
            held[rows.labels[place].isna()] = np.nan
    return held, np.sqrt(spread)


def check_mode(new_levels):
    """Refuse unknown choices for new groups."""
    if new_levels not in MODES:
        raise ValueError(f"new_levels is {new_levels!r}. Valid choices: {', '.join(map(repr, MODES))}.")


def predict_draws(fit, newdata=None, n_sims=1000, new_levels="error", kind="mean", seed=None, theta="held"):
    """Draw predictions that carry the uncertainty of the fit.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    newdata : DataFrame, optional
        Rows to predict for. By default the rows of the fit.
    n_sims : int
        Number of draws.
    new_levels : {"error", "zero", "marginal"}
        For groups that the fit has not seen: refuse; a group effect of zero; or an effect drawn
        from the distribution of groups (one for each new group and draw).
    kind : {"mean", "outcome", "link"}
        The mean of the outcome, or a new outcome with its own residual, or the linear predictor. Binomial
        outcomes are shares of successes among the row's trials; new rows without columns for them have one
        trial each.
    seed : int or Generator, optional
        Makes the draws repeatable.
    theta : {"held", "drawn"}
        Hold the variances between groups at their estimate, or draw them too; see `simulations.sim`.

    Returns
    -------
    DataFrame
        A row a draw, a column a row of `newdata`.

    Raises
    ------
    ValueError
        For unknown choices, missing columns (the weights' too, for a new outcome), groups or levels that the
        fit has not seen.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlmkit import lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> new = pd.DataFrame({"zipcode": ["98199"]})
    >>> draws = fit.predict_draws(new, 2000, new_levels="marginal", kind="outcome", seed=1)
    >>> draws.shape
    (2000, 1)
    """
    check_mode(new_levels)
    if kind not in ("mean", "outcome", "link"):
        raise ValueError(f"kind is {kind!r}. Valid choices: 'mean', 'outcome', 'link'.")
    rng = np.random.default_rng(seed)
    found, sims = fit.solution, fit.sim(n_sims, seed=rng, theta=theta)
    rows = rows_of(fit.design) if newdata is None else new_rows(fit.design, newdata, new_levels)
    eta = np.zeros((n_sims, len(rows.index))) + rows.offset
    for k, array in enumerate(rows.fixed):
        eta += np.outer(sims.beta[:, k], array)
    for place, (codes, arrays) in enumerate(rows.groups):
        effects = sims.effects[place]
        if (codes < 0).any():
            effects, codes = _with_new_groups(found, sims, rows, place, new_levels, rng)
            eta[:, rows.labels[place].isna()] = np.nan
        for k, array in enumerate(arrays):
            eta += effects[:, codes, k] * array
    values = eta if kind == "link" else found.inverse_link(eta)
    if kind == "outcome":
        weights = rows.weights if newdata is None else new_weights(fit.design, newdata)
        missing = np.isnan(values)
        aux = sims.scale if sims.sizes is None else sims.sizes
        values = found.draw_outcome(np.where(missing, 0.5, values), aux, rng, weights)
        values = np.where(missing, np.nan, values)
    return pd.DataFrame(values, columns=rows.index)


def _with_new_groups(found, sims, rows, place, new_levels, rng):
    """Add an effect for each group that the fit has not seen; return effects and codes."""
    effects, codes = sims.effects[place], rows.groups[place][0].copy()
    own, groups = pd.factorize(rows.labels[place][codes < 0], use_na_sentinel=False)
    drawn = np.zeros((len(effects), len(groups), effects.shape[2]))
    if new_levels == "marginal":
        drawn = found.draw_new_effects(place, sims, drawn.shape, rng)
    codes[codes < 0] = effects.shape[1] + own
    return np.concatenate([effects, drawn], axis=1), codes
