"""The two extremes beside partial pooling: one regression for all groups, one for each group."""

import numpy as np
import pandas as pd

from mlmkit.engine.rank import independent
from mlmkit.fits.regression import RegressionFit, RegressionSolution, regress
from mlmkit.frame.cached_frame import as_frame
from mlmkit.frame.columns import INTERCEPT, unknown_column
from mlmkit.frame.design import design
from mlmkit.frame.formula import Bar, FormulaError, parse
from mlmkit.frame.outcomes import outcome_reader


def complete_pooling(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str = "gaussian",
    na_action: str = "drop",
    contrasts: dict | None = None,
) -> RegressionFit:
    """Fit one regression to all rows, as if the groups didn't matter.

    Parameters
    ----------
    formula : str
        With or without random-effects terms; they are left out. ``price ~ (1 | zipcode)`` fits
        ``price ~ 1``.
    data : DataFrame
        One row an observation.
    family : {"gaussian", "binomial", "poisson"}
        Least squares, or a generalised linear model; outcomes as for `glmer`.
    na_action : {"drop", "exclude", "raise"}
        What to do with missing values; see `lmer`.
    contrasts : dict, optional
        How factors are coded; see `lmer`.

    Returns
    -------
    RegressionFit
        ``coef`` repeats the common coefficients for each group. ``statsmodels`` is the fit inside.

    Examples
    --------
    >>> from mlmkit import complete_pooling, load_seattle
    >>> complete_pooling("price ~ (1 | zipcode)", load_seattle()).fixef.round(1).to_dict()
    {'(Intercept)': 632591.5}
    """
    reader = outcome_reader(family)
    model = design(formula, data, na_action=na_action, outcome=reader, bars=False, contrasts=contrasts)
    fixed, messages = model.fixed, list(model.messages)
    columns = np.column_stack(fixed.arrays) if fixed.arrays else np.empty((model.n, 0))
    kept = np.flatnonzero(independent(columns))
    _keep_shared(fixed, kept, messages, "it is a combination of the other predictors")
    results, warned = _regress(model, family, columns[:, kept], fixed.names)
    solution = RegressionSolution(model, results, family, len(kept), None)
    return RegressionFit("complete_pooling", solution, messages + warned)


def no_pooling(
    formula: str,
    data: pd.DataFrame,
    *,
    group: str | None = None,
    family: str = "gaussian",
    na_action: str = "drop",
    contrasts: dict | None = None,
) -> RegressionFit:
    """Fit each group on its own: what a mixed model lets vary gets a free coefficient in every group.

    Parameters
    ----------
    formula : str
        A mixed formula with one grouping factor: ``price ~ scale_sqft + (1 | zipcode)`` gives each zip
        code its own intercept and all of them one slope, as ``lm(price ~ scale_sqft + zipcode - 1)`` in R.
        Or, with `group`, a formula without bars: then every coefficient is the group's own.
    data : DataFrame
        One row an observation.
    group : str, optional
        Column with the groups.
    family : {"gaussian", "binomial", "poisson"}
        Least squares, or a generalised linear model; outcomes as for `glmer`.
    na_action : {"drop", "exclude", "raise"}
        What to do with missing values; see `lmer`.
    contrasts : dict, optional
        How factors are coded; see `lmer`.

    Returns
    -------
    RegressionFit
        ``coef["zipcode"]`` has the groups' coefficients, ``fixef`` those that the groups share (often none).
        The residual standard deviation is common to all groups. ``statsmodels`` is the fit inside.

    Examples
    --------
    >>> from mlmkit import load_seattle, no_pooling
    >>> fit = no_pooling("price ~ (1 | zipcode)", load_seattle())
    >>> round(fit.coef["zipcode"].loc["98039", "(Intercept)"])
    2161300
    """
    model = _grouped_design(parse(formula), data, group, family, na_action, contrasts)
    factor, fixed, messages = model.factors[0], model.fixed, list(model.messages)
    own, places, full = columns_of_groups(factor)
    shared = [k for k, name in enumerate(fixed.names) if name not in factor.names]
    rest = np.column_stack([fixed.arrays[k] for k in shared]) if shared else np.empty((model.n, 0))
    kept = np.flatnonzero(_told_apart(rest, own))
    _keep_shared(fixed, shared, [], "")
    reason = f"it doesn't vary within the groups of {factor.label}, or is a combination of other predictors"
    _keep_shared(fixed, kept, messages, reason)
    names = [*fixed.names, *(_own_name(factor, j, k) for j, k in places)]
    results, warned = _regress(model, family, np.hstack([rest[:, kept], own]), names)
    tables = []
    for values in (results.params, results.bse):
        table = np.full((len(factor.levels), len(factor.names)), np.nan)
        table[tuple(np.array(places).T)] = np.asarray(values)[len(kept) :]
        table[~full] = np.nan
        tables.append(table)
    if not full.all():
        few = ", ".join(map(str, factor.levels[~full][:5]))
        messages.append(
            f"{int((~full).sum())} groups of {factor.label} have too few different rows for "
            f"{len(factor.names)} coefficients ({few}). Their coefficients are missing; lmer can estimate "
            "them."
        )
    solution = RegressionSolution(model, results, family, len(kept), tables[0])
    return RegressionFit("no_pooling", solution, messages + warned, tables[1])


def columns_of_groups(factor):
    """Give each group columns of its own, zero in the rows of other groups.

    Parameters
    ----------
    factor : Factor
        The grouping factor, with the columns that vary.

    Returns
    -------
    columns : ndarray, shape (n, k)
        Independent of each other: a group with too few different rows has fewer of them.
    places : list of (int, int)
        The group and the varying column that each belongs to.
    full : ndarray of bool, shape (J,)
        The groups that have all their columns.
    """
    arrays = np.column_stack(factor.arrays)
    columns, places, full = [], [], np.ones(len(factor.levels), dtype=bool)
    for j in range(len(factor.levels)):
        rows = np.flatnonzero(factor.codes == j)
        kept = independent(arrays[rows])
        full[j] = kept.all()
        for k in np.flatnonzero(kept):
            column = np.zeros(len(arrays))
            column[rows] = arrays[rows, k]
            columns.append(column)
            places.append((j, k))
    return np.column_stack(columns), places, full


def _told_apart(shared, own):
    """Mark the shared columns that the groups' own columns, and earlier shared ones, don't explain."""
    if not shared.shape[1]:
        return np.zeros(0, dtype=bool)
    basis = np.linalg.qr(own)[0]
    rest = shared - basis @ (basis.T @ shared)
    size = np.linalg.norm(shared, axis=0)
    rest[:, np.linalg.norm(rest, axis=0) <= 1e-7 * size] = 0.0  # R's tolerance for dependent columns
    return independent(rest)


def _keep_shared(fixed, kept, messages, reason):
    """Keep some of the common columns in place; say which others were dropped, if there is a reason to."""
    dropped = [name for k, name in enumerate(fixed.names) if k not in kept]
    messages += [f"{name} was dropped: {reason}." for name in dropped if reason]
    if dropped:
        fixed.keep(kept)


def _own_name(factor, j, k):
    """Name a group's coefficient as R's lm does: ``zipcode98039``, ``zipcode98039:scale_sqft``."""
    name = factor.names[k]
    return f"{factor.label}{factor.levels[j]}" + ("" if name == INTERCEPT else f":{name}")


def _regress(model, family, columns, names):
    X = pd.DataFrame(columns, columns=list(names))
    return regress(model.y, X, family=family, trials=model.trials, offset=model.offset)


def _grouped_design(parsed, data, group, family, na_action, contrasts):
    data = as_frame(data)
    if group is not None:
        if parsed.bars:
            raise FormulaError("Give either group= or a random-effects term, not both.", parsed.text)
        if group not in data.columns:
            raise unknown_column(group, data, None)
        bar = Bar(parsed.fixed, (group,), 0)
        parsed = type(parsed)(parsed.text, parsed.response, parsed.fixed, (bar,), parsed.offsets)
    elif not parsed.bars:
        raise FormulaError(
            "no_pooling needs to know the groups: add a term such as (1 | zipcode), or use group='zipcode'.",
            parsed.text,
        )
    reader = outcome_reader(family)
    model = design(parsed, data, na_action=na_action, outcome=reader, contrasts=contrasts)
    if len(model.factors) > 1:
        raise FormulaError("no_pooling needs one grouping factor; this formula has several.", parsed.text)
    return model
