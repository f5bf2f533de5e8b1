"""The three kinds of column that a model can use: numbers, truth values, and factors with levels."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

from mlmkit.frame.expressions import r_number


@dataclass(frozen=True)
class Levels:
    """A factor: each row's level.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        Positions among `labels`; -1 where the value is missing.
    labels : tuple of str
        The levels in order, as R prints them.
    ordered : bool
        True for R's ordered factors, whose effects are polynomials by default.
    contrast : str or None
        Chosen by ``C(x, contr.sum)``.
    logical : bool
        True for truth values, whose levels are FALSE and TRUE.
    """

    codes: np.ndarray
    labels: tuple
    ordered: bool = False
    contrast: str | None = None
    logical: bool = False

    def __len__(self):
        return len(self.codes)

    @property
    def truth(self):
        """Truth values as numbers: 1, 0, or NaN where missing."""
        return np.where(self.codes < 0, np.nan, self.codes.astype(float))

    def used(self):
        """Drop levels that no row has, as R's model frames do; truth values keep both."""
        present = np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels)) > 0
        if present.all() or self.logical:
            return self
        place = np.append(np.cumsum(present) - 1, -1)
        kept = tuple(label for label, there in zip(self.labels, present, strict=True) if there)
        return replace(self, codes=place[self.codes], labels=kept)

    def matched(self, labels):
        """Count the rows among other levels, by their labels.

        Returns
        -------
        Levels
            With `labels` as its levels.
        unseen : list of str
            Levels that some row has and `labels` lacks.
        """
        position = {label: k for k, label in enumerate(labels)}
        table = np.array([*(position.get(label, -1) for label in self.labels), -1])
        codes = table[self.codes]
        lost = np.unique(self.codes[(codes < 0) & (self.codes >= 0)])
        return replace(self, codes=codes, labels=tuple(labels)), [self.labels[k] for k in lost]


def truth_values(values):
    """Make a factor of FALSE and TRUE from numbers or booleans; NaN is missing."""
    values = np.asarray(values, dtype=float)
    codes = np.where(np.isnan(values), -1, values != 0).astype(np.intp)
    return Levels(codes, ("FALSE", "TRUE"), logical=True)


def as_levels(values, ordered=False):
    """Make a factor of a column's values, as R's ``factor``; numbers are sorted as numbers."""
    if isinstance(values, Levels):
        return replace(values, ordered=ordered or values.ordered, logical=False)
    values = np.asarray(values, dtype=float)
    codes, found = pd.factorize(values, sort=True)
    return Levels(codes, tuple(r_number(value) for value in found), ordered)


def plain_numbers(column):
    """Return a numeric column as floats of its own, missing values as NaN; None for any other column.

    A copy, so that a later change of the data frame can't change a fit.
    """
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return np.array(column.values, dtype=float) if dtype.kind in "iuf" else None
    if is_numeric_dtype(dtype) and not is_bool_dtype(dtype) and not is_complex_dtype(dtype):
        return column.to_numpy(dtype=float, na_value=np.nan).copy()
    return None


def as_values(column, name):
    """Read a column of a data frame, whatever its type.

    Parameters
    ----------
    column : Series
        Of numbers, truth values, text or categories; NumPy's, pandas' nullable or Arrow's types.
    name : str
        For messages.

    Returns
    -------
    ndarray of float or Levels
        Truth values are `Levels` with ``logical=True``.

    Raises
    ------
    TypeError
        For dates, complex numbers, and objects that are neither text nor truth values.
    """
    numbers = plain_numbers(column)
    if numbers is not None:
        return numbers
    column = undo_dictionary(column)
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = column.array.codes.astype(np.intp)
        return Levels(codes, level_labels(dtype.categories), bool(dtype.ordered)).used()
    if is_bool_dtype(dtype):
        return truth_values(column.to_numpy(dtype=float, na_value=np.nan))
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _objects(column, name)
    if is_text(dtype):
        codes, found = pd.factorize(column, sort=True)
        return Levels(codes, tuple(map(str, found)))
    raise TypeError(f"The column '{name}' holds {_what(dtype)}. {_advice(dtype)}")


def is_text(dtype):
    """Tell whether a column's type is text: pandas' ``str`` and ``string``, or Arrow's."""
    return isinstance(dtype, pd.StringDtype) or str(dtype) in ("string[pyarrow]", "large_string[pyarrow]")


def undo_dictionary(column):
    """Turn Arrow's dictionaries into pandas' categories; other columns come back as they are."""
    if str(column.dtype).startswith("dictionary<"):
        return column.astype(object).where(column.notna(), None).astype("category")
    return column


def level_labels(levels):
    """Print levels as R does: 3 and 3.0 are ``3``, True is ``TRUE``."""
    return tuple(map(_printed, levels))


def _printed(level):
    if isinstance(level, (bool, np.bool_)):
        return str(bool(level)).upper()
    return r_number(float(level)) if isinstance(level, (float, np.floating)) else str(level)


def _objects(column, name):
    """Read a column of Python objects: text or truth values, nothing else."""
    known = column[column.notna()]
    kinds = {type(value) for value in known}
    if all(issubclass(kind, str) for kind in kinds):
        codes, found = pd.factorize(column, sort=True)
        return Levels(codes, tuple(map(str, found)))
    if all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        return truth_values(column.map(lambda value: float(value), na_action="ignore"))
    shown = " and ".join(sorted(kind.__name__ for kind in kinds))
    raise TypeError(
        f"The column '{name}' holds Python objects of type {shown}, so it is neither numbers nor text. "
        f"Make it one of them: data['{name}'] = pd.to_numeric(data['{name}']), or .astype(str) for text."
    )


def _what(dtype):
    if is_complex_dtype(dtype):
        return "complex numbers"
    return "dates or times" if _is_time(dtype) else f"values of type {dtype}"


def _is_time(dtype):
    return getattr(dtype, "kind", "") in ("M", "m") or any(
        word in str(dtype) for word in ("date", "time", "duration", "period")
    )


def _advice(dtype):
    if is_complex_dtype(dtype):
        return "A model needs real numbers: take .real, or the absolute value."
    if _is_time(dtype):
        return (
            "A model needs numbers: count days since a start, for example "
            "(data['day'] - data['day'].min()).dt.days, or take .dt.year."
        )
    return "A model needs numbers, truth values, text or categories."
