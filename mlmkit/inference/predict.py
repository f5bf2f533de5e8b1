"""Predictions for old and new rows, old and new groups."""

import numpy as np
import pandas as pd

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
    model = fit._model
    if newdata is None:
        eta = linear(model.fixed.arrays, fit._beta, model.n)
        if random:
            for factor, modes in zip(model.factors, fit._modes, strict=True):
                eta = eta + sum(a * modes[factor.codes, k] for k, a in enumerate(factor.arrays))
        if model.offset is not None:
            eta = eta + model.offset
        return pd.Series(fit._inverse_link(eta), index=model.index, name="prediction")
    parts = new_rows(fit, newdata, "zero" if not random else new_levels)
    eta = parts.offset + linear(parts.fixed, fit._beta, len(newdata))
    spread = np.zeros(len(newdata))
    for (codes, arrays), modes, root in zip(parts.groups, fit._modes, fit._lambdas, strict=True):
        known = codes >= 0
        for k, array in enumerate(arrays):
            eta = eta + np.where(known & random, array * modes[codes, k], 0.0)
        scale = 1.0 if fit._scale is None else fit._scale
        columns = np.array(arrays).T @ (root * scale)
        spread += np.where(known | (not random), 0.0, (columns**2).sum(axis=1))
    if new_levels == "marginal" and random:
        values = fit._marginal_mean(eta, np.sqrt(spread))
    else:
        values = fit._inverse_link(eta)
    return pd.Series(values, index=newdata.index, name="prediction")


def check_mode(new_levels):
    """Refuse unknown choices for new groups."""
    if new_levels not in MODES:
        raise ValueError(f"new_levels is {new_levels!r}. Valid choices: {', '.join(map(repr, MODES))}.")


def linear(arrays, beta, n):
    """Add up columns times coefficients."""
    total = np.zeros(n)
    for array, value in zip(arrays, beta, strict=True):
        total += array * value
    return total


class NewRows:
    """Columns of new rows: fixed, offset, and for each grouping factor (codes, columns)."""

    def __init__(self, fixed, offset, groups, labels):
        self.fixed, self.offset, self.groups, self.labels = fixed, offset, groups, labels


def new_rows(fit, newdata, new_levels):
    """Build the model's columns for new rows; unknown groups get code -1.

    Parameters
    ----------
    fit : MixedFit
        The model.
    newdata : DataFrame
        The rows.
    new_levels : str
        "error" refuses groups that the fit has not seen.

    Returns
    -------
    NewRows
        The columns.
    """
    if not isinstance(newdata, pd.DataFrame):
        raise TypeError(f"newdata must be a pandas DataFrame, not {type(newdata).__name__}.")
    model = fit._model
    needed = [*model.fixed.variables]
    for factor in model.factors:
        needed += factor.variables
        needed += [name for term in factor.terms for name in term.columns.variables]
    missing = [name for name in dict.fromkeys(needed) if name not in newdata.columns]
    if missing:
        raise ValueError(
            f"newdata lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"The model needs: {', '.join(dict.fromkeys(needed))}."
        )
    groups, labels = [], []
    for factor in model.factors:
        names = _labels(newdata, factor)
        codes = factor.levels.get_indexer(names)
        unknown = names[codes < 0]
        if len(unknown) and new_levels == "error":
            shown = ", ".join(map(str, list(dict.fromkeys(unknown))[:5]))
            raise ValueError(
                f"The fit has not seen these groups of {factor.label}: {shown}. Say what to do with "
                "new_levels='zero' (the typical group) or new_levels='marginal' (any group)."
            )
        groups.append((codes, [a for term in factor.terms for a in term.columns.again(newdata)]))
        labels.append(names)
    offset = np.zeros(len(newdata))
    if model.formula.offsets:
        from mlmkit.frame.columns import one_vector

        for text in model.formula.offsets:
            offset = offset + one_vector(text, newdata, fit.formula, "offset")
    return NewRows(model.fixed.again(newdata), offset, groups, labels)


def _labels(newdata, factor):
    if len(factor.variables) == 1:
        return pd.Index(newdata[factor.variables[0]].to_numpy())
    parts = [newdata[name].astype(str) for name in factor.variables]
    return pd.Index(parts[0].str.cat(parts[1:], sep=":").to_numpy())


def predict_draws(fit, newdata=None, n_sims=1000, new_levels="error", kind="mean", seed=None):
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
    model = fit._model
    rng = np.random.default_rng(seed)
    sims = fit.sim(n_sims, seed=rng)
    if newdata is None:
        index, n = model.index, model.n
        offset = 0.0 if model.offset is None else model.offset
        parts = NewRows(model.fixed.arrays, offset, [(f.codes, f.arrays) for f in model.factors], None)
    else:
        parts, index, n = new_rows(fit, newdata, new_levels), newdata.index, len(newdata)
    eta = np.zeros((n_sims, n)) + parts.offset
    for k, array in enumerate(parts.fixed):
        eta += np.outer(sims._beta[:, k], array)
    for f, (codes, arrays) in enumerate(parts.groups):
        effects = sims._b[f]
        if (codes < 0).any():
            fresh = pd.factorize(parts.labels[f][codes < 0])
            drawn = np.zeros((n_sims, len(fresh[1]), effects.shape[2]))
            if new_levels == "marginal":
                drawn = fit._new_effects(f, sims, drawn.shape, rng)
            codes = codes.copy()
            codes[codes < 0] = effects.shape[1] + fresh[0]
            effects = np.concatenate([effects, drawn], axis=1)
        for k, array in enumerate(arrays):
            eta += effects[:, codes, k] * array
    values = fit._inverse_link(eta)
    if kind == "outcome":
        values = fit._draw_outcome(values, sims._sigma, rng)
    return pd.DataFrame(values, columns=index)
