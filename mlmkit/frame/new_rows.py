"""The columns of a model for rows that it has not seen."""

import numpy as np
import pandas as pd

from mlmkit.frame.columns import one_vector


class NewRows:
    """Columns of new rows: fixed, offset, and for each grouping factor (codes, columns)."""

    def __init__(self, fixed, offset, groups, labels):
        self.fixed, self.offset, self.groups, self.labels = fixed, offset, groups, labels


def new_rows(design, newdata, new_levels):
    """Build the model's columns for new rows; unknown groups get code -1.

    Parameters
    ----------
    design : Design
        The columns of the fit.
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
    needed = [*design.fixed.variables]
    for factor in design.factors:
        needed += factor.variables
        needed += [name for term in factor.terms for name in term.columns.variables]
    missing = [name for name in dict.fromkeys(needed) if name not in newdata.columns]
    if missing:
        raise ValueError(
            f"newdata lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"The model needs: {', '.join(dict.fromkeys(needed))}."
        )
    groups, labels = [], []
    for factor in design.factors:
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
    if design.formula.offsets:
        for text in design.formula.offsets:
            offset = offset + one_vector(text, newdata, design.formula.text, "offset")
    return NewRows(design.fixed.again(newdata), offset, groups, labels)


def _labels(newdata, factor):
    if len(factor.variables) == 1:
        return pd.Index(newdata[factor.variables[0]].to_numpy())
    parts = [newdata[name].astype(str) for name in factor.variables]
    return pd.Index(parts[0].str.cat(parts[1:], sep=":").to_numpy())
