"""Grouping factors: the groups that a bar names, and the groups of new rows."""

import numpy as np
import pandas as pd

from mlmkit.frame.casting import level_labels, undo_dictionary
from mlmkit.frame.formula import FormulaError


def grouping_factor(bar, data, text):
    """Give each row the number of its group.

    Parameters
    ----------
    bar : Bar
        Names the columns.
    data : Frame
        The rows used.
    text : str
        The formula, for messages.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Each row's group.
    levels : pandas.Index
        The groups in order; for a combination of columns, labels such as ``3:a``.

    Raises
    ------
    FormulaError
        If there is one group only, or two groups can't be told apart by their labels.
    """
    codes, levels = _one_factor(data[bar.group[0]])
    for name in bar.group[1:]:
        more, labels = _one_factor(data[name])
        combined = codes.astype(np.int64) * len(labels) + more
        present, codes = np.unique(combined, return_inverse=True)
        left, right = np.divmod(present, len(labels))
        first, second = level_labels(levels), level_labels(labels)
        levels = pd.Index([f"{first[i]}:{second[j]}" for i, j in zip(left, right, strict=True)])
    if len(levels) < 2:
        raise FormulaError(
            f"The grouping factor '{bar.label}' has only one level ({levels.tolist()[0]!r}). Differences "
            "between groups need at least two groups; use complete_pooling for one.",
            text,
            bar.place,
        )
    if len(bar.group) > 1 or levels.dtype == object:
        _told_apart(bar, level_labels(levels), text)
    return np.array(codes), levels.rename(bar.label)


def _told_apart(bar, labels, text):
    """Refuse groups whose labels are the same, such as ``a:b`` with ``c``, and ``a`` with ``b:c``."""
    if len(set(labels)) == len(labels):
        return
    twice = next(label for label in labels if labels.count(label) > 1)
    raise FormulaError(
        f"Two different groups of '{bar.label}' have the label '{twice}'. Rename their levels so that labels "
        "differ (a ':' in a level runs together with the ':' between two columns; 1 and '1' look alike).",
        text,
        bar.place,
    )


def _one_factor(column):
    """Return (codes, levels) without unused levels."""
    column = undo_dictionary(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.array.codes, column.array.categories
        used = np.bincount(codes, minlength=len(levels)) > 0
        if not used.all():
            position = np.cumsum(used) - 1
            codes, levels = position[codes], levels[used]
        return codes, _plain_index(levels)
    try:
        codes, levels = pd.factorize(column, sort=True)
    except TypeError:  # numbers and text in one column have no order
        codes, levels = pd.factorize(column.astype(str), sort=True)
    return codes, _plain_index(pd.Index(levels))


def _plain_index(levels):
    """Turn pandas' nullable and Arrow's types into NumPy's or plain text, so that a label finds its group."""
    if isinstance(levels.dtype, (np.dtype, pd.IntervalDtype)):
        return levels
    if pd.api.types.is_numeric_dtype(levels.dtype):
        return pd.Index(levels.to_numpy())
    return levels if str(levels.dtype) == "str" else pd.Index(levels.to_numpy(dtype=object).tolist())


def groups_of(data, variables):
    """Label the groups of new rows.

    Parameters
    ----------
    data : DataFrame
        The rows.
    variables : sequence of str
        The columns whose combination is the grouping factor.

    Returns
    -------
    Index of str
        A label for each row, as R prints it: 98039 and "98039" are the same group, and so are 1 and 1.0.
        Missing where a column is.
    """
    parts, missing = [], np.zeros(len(data), dtype=bool)
    for name in variables:
        codes, found = pd.factorize(undo_dictionary(data[name]))
        labels = np.array([*level_labels(found), ""], dtype=object)
        parts.append(labels[codes])
        missing |= codes < 0
    whole = parts[0].copy()
    for part in parts[1:]:
        whole = whole + ":" + part
    whole[missing] = None
    return pd.Index(whole, dtype=object)
