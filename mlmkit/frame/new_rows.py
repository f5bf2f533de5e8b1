"""The columns of a model for rows that it has not seen."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlmkit.frame.cached_frame import as_frame
from mlmkit.frame.casting import level_labels
from mlmkit.frame.columns import one_vector
from mlmkit.frame.expressions import names_in
from mlmkit.frame.groups import groups_of
from mlmkit.frame.outcomes import binomial_outcome


@dataclass
class NewRows:
    """Columns of some rows.

    Attributes
    ----------
    index : pandas.Index
        The labels of the rows.
    fixed : list of ndarray, each (n,)
        Fixed-effects columns.
    offset : ndarray of shape (n,), or 0
        The known part.
    groups : list of (ndarray, list of ndarray)
        For each grouping factor the codes (-1: not seen by the fit) and the varying columns.
    labels : list of Index
        The groups' labels, for each grouping factor; missing where the row has no group.
    weights : ndarray or None
        Prior weights; binomial models: trials.
    """

    index: pd.Index
    fixed: list
    offset: object
    groups: list
    labels: list = field(default_factory=list)
    weights: np.ndarray | None = None


def rows_of(design):
    """Take the rows of the fit itself.

    Parameters
    ----------
    design : Design
        The columns of the fit.

    Returns
    -------
    NewRows
        Without labels, since every group is known.
    """
    offset = 0.0 if design.offset is None else design.offset
    groups = [(factor.codes, factor.arrays) for factor in design.factors]
    weights = design.weights if design.trials is None else design.trials
    return NewRows(design.index, design.fixed.arrays, offset, groups, weights=weights)


def new_rows(design, newdata, new_levels, wanted=None):
    """Build the model's columns for new rows; unknown groups get code -1.

    Parameters
    ----------
    design : Design
        The columns of the fit.
    newdata : DataFrame
        The rows.
    new_levels : str
        "error" refuses groups that the fit has not seen.
    wanted : list of list of bool, optional
        For each grouping factor the varying columns that are used; all by default. Data for others isn't
        needed.

    Returns
    -------
    NewRows
        The columns; None in place of those that aren't used.

    Raises
    ------
    ValueError
        If a column is missing, a predictor has a level that the fit has not seen, or a group is unknown.
    """
    newdata = as_frame(newdata, "newdata")
    used = [_used_terms(factor, wanted and wanted[k]) for k, factor in enumerate(design.factors)]
    _check_columns(design, newdata, used)
    groups, labels = [], []
    for factor, terms in zip(design.factors, used, strict=True):
        names, codes = None, np.full(len(newdata), -1)
        if terms:
            names = groups_of(newdata, factor.variables)
            codes = pd.Index(level_labels(factor.levels)).get_indexer(names)
            if new_levels == "error":
                _refuse_unknown(factor, names[(codes < 0) & names.notna()])
        arrays = [None] * len(factor.names)
        for term in terms:
            arrays[term.first : term.first + term.size] = term.columns.again(newdata)
        groups.append((codes, arrays))
        labels.append(names)
    fixed = design.fixed.again(newdata)
    return NewRows(newdata.index, fixed, _offset(design, newdata), groups, labels)


def _used_terms(factor, marks):
    return [term for term in factor.terms if marks is None or any(marks[term.first : term.first + term.size])]


def _check_columns(design, newdata, used):
    needed = [*design.fixed.variables]
    needed += [name for text in design.formula.offsets for name in names_in(text)]
    if isinstance(design.known.get("offset"), str):
        needed += names_in(design.known["offset"])
    for factor, terms in zip(design.factors, used, strict=True):
        needed += factor.variables if terms else ()
        needed += [name for term in terms for name in term.columns.variables]
    missing = [name for name in dict.fromkeys(needed) if name not in newdata.columns]
    if missing:
        raise ValueError(
            f"newdata lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"The model needs: {', '.join(dict.fromkeys(needed))}."
        )


def _refuse_unknown(factor, unknown):
    if len(unknown):
        groups = list(dict.fromkeys(unknown))
        shown = ", ".join(map(str, groups[:5])) + (f" and {len(groups) - 5} more" if len(groups) > 5 else "")
        raise ValueError(
            f"The fit has not seen these groups of {factor.label}: {shown}. Say what to do with "
            "new_levels='zero' (the typical group) or new_levels='marginal' (any group)."
        )


def _offset(design, newdata):
    """Add up the known parts of the linear predictor, those of ``offset=`` too."""
    total = np.zeros(len(newdata))
    texts = list(zip(design.formula.offsets, design.known.get("memories", ()), strict=True))
    given = design.known.get("offset")
    if isinstance(given, str):
        texts.append((given, {}))
    elif given is not None:
        raise ValueError(
            "The fit has an offset that was given as numbers, so new rows have none. Fit with a column's "
            "name (offset='column', or offset(column) in the formula), and put that column into newdata."
        )
    for text, memory in texts:
        total = total + one_vector(text, newdata, design.formula.text, "offset", memory)
    return total


def new_weights(design, newdata):
    """Find the prior weights of new rows (binomial: trials), which new outcomes need.

    Parameters
    ----------
    design : Design
        The columns of the fit.
    newdata : DataFrame
        The rows.

    Returns
    -------
    ndarray of shape (n,), or None
        None for a fit without weights; a binomial fit then has one trial a row.

    Raises
    ------
    ValueError
        If the fit has weights and the rows have none.
    """
    given = design.known.get("weights")
    if given is None:
        return _new_trials(design, newdata)
    if not isinstance(given, str):
        raise ValueError(
            "The fit has weights that were given as numbers, so new outcomes of new rows have none. Fit with "
            "a column's name (weights='column'), and put that column into newdata."
        )
    needed = [given] if given in newdata.columns else names_in(given)
    lacking = [name for name in needed if name not in newdata.columns]
    if lacking:
        raise ValueError(
            f"newdata lacks the column {lacking[0]}, the weights that a new outcome's spread depends on."
        )
    return np.asarray(one_vector(given, newdata, None, "weights"), dtype=float)


def _new_trials(design, newdata):
    """Read the trials of new rows from ``cbind(successes, failures)``; None without these columns."""
    response = design.formula.response
    if design.trials is None or not response.startswith("cbind"):
        return None
    if any(name not in newdata.columns for name in names_in(response)):
        return None
    return binomial_outcome(response, newdata, design.formula.text)[1]
