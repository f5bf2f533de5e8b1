"""Predictions for old and new rows, old and new groups."""

import numpy as np
import pandas as pd

from mlmkit.frame.columns import linear_predictor
from mlmkit.frame.new_rows import NewRows, new_rows

MODES = ("error", "zero", "marginal")


def predict(fit, newdata=None, *, new_levels="error", random=True):
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
        False leaves all group effects out (lme4's ``re.form = NA``).

    Returns
    -------
    Series
        One prediction a row, in units of the outcome (probabilities, or expected counts, for `glmer`).
        Missing where a predictor is missing.

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
    found, design = fit.solution, fit.design
    if newdata is None:
        rows, index = rows_of(design), design.index
    else:
        rows, index = new_rows(design, newdata, new_levels if random else "zero"), newdata.index
    eta = rows.offset + linear_predictor(rows.fixed, found.beta, len(index))
    spread = np.zeros(len(index))
    for (codes, arrays), modes, root in zip(rows.groups, found.modes, found.lambdas, strict=True):
        known = codes >= 0
        for k, array in enumerate(arrays):
            eta = eta + np.where(known & random, array * modes[codes, k], 0.0)
        if not known.all():
            columns = np.array(arrays).T @ (root * found.unit)
            spread += np.where(known | (not random), 0.0, (columns**2).sum(axis=1))
    if new_levels == "marginal" and random:
        values = found.marginal_mean(eta, np.sqrt(spread))
    else:
        values = found.inverse_link(eta)
    return pd.Series(values, index=index, name="prediction")


def check_mode(new_levels):
    """Refuse unknown choices for new groups."""
    if new_levels not in MODES:
        raise ValueError(f"new_levels is {new_levels!r}. Valid choices: {', '.join(map(repr, MODES))}.")


def rows_of(design):
    """Take the rows of the fit itself in the form of new rows."""
    offset = 0.0 if design.offset is None else design.offset
    groups = [(factor.codes, factor.arrays) for factor in design.factors]
    return NewRows(design.fixed.arrays, offset, groups, None)


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
    kind : {"mean", "outcome"}
        The mean of the outcome, or a new outcome with its own residual.
    seed : int or Generator, optional
        Makes the draws repeatable.
    theta : {"held", "drawn"}
        Hold the variances between groups at their estimate, or draw them too; see `simulations.sim`.

    Returns
    -------
    DataFrame
        A row a draw, a column a row of `newdata`.

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
    if kind not in ("mean", "outcome"):
        raise ValueError(f"kind is {kind!r}. Valid choices: 'mean', 'outcome'.")
    rng = np.random.default_rng(seed)
    found, sims = fit.solution, fit.sim(n_sims, seed=rng, theta=theta)
    if newdata is None:
        rows, index = rows_of(fit.design), fit.design.index
    else:
        rows, index = new_rows(fit.design, newdata, new_levels), newdata.index
    eta = np.zeros((n_sims, len(index))) + rows.offset
    for k, array in enumerate(rows.fixed):
        eta += np.outer(sims.beta[:, k], array)
    for place, (codes, arrays) in enumerate(rows.groups):
        effects = sims.effects[place]
        if (codes < 0).any():
            fresh = pd.factorize(rows.labels[place][codes < 0])
            drawn = np.zeros((n_sims, len(fresh[1]), effects.shape[2]))
            if new_levels == "marginal":
                drawn = found.draw_new_effects(place, sims, drawn.shape, rng)
            codes = codes.copy()
            codes[codes < 0] = effects.shape[1] + fresh[0]
            effects = np.concatenate([effects, drawn], axis=1)
        for k, array in enumerate(arrays):
            eta += effects[:, codes, k] * array
    values = found.inverse_link(eta)
    if kind == "outcome":
        values = found.draw_outcome(values, sims.scale, rng)
    return pd.DataFrame(values, columns=index)
