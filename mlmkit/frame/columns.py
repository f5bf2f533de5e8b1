"""Columns of a model matrix, with R's names, and the recipe to make them again from new data."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from mlmkit.frame.cached_frame import Frame
from mlmkit.frame.formula import NAME, FormulaError, names_in

INTERCEPT = "(Intercept)"
PLAIN = re.compile(r"(`[^`]+`|[A-Za-z_.][A-Za-z0-9_.]*|[01])$")


@dataclass
class Columns:
    """A model matrix as a list of columns.

    Attributes
    ----------
    text : str
        The part of the formula that they were made from.
    names : list of str
        R's names.
    arrays : list of ndarray of float, each (n,)
        The columns. A constant one takes no memory.
    variables : list of str
        The columns of the data that they depend on.
    spec : object
        How to make them again: None for plain columns, else formulaic's model spec.
    kept : ndarray of int or None
        Positions of the columns that were kept when dependent ones were dropped.
    """

    text: str
    names: list
    arrays: list
    variables: list
    spec: object = field(default=None, repr=False)
    kept: object = None

    def again(self, data):
        """Make the same columns from other data.

        Parameters
        ----------
        data : DataFrame
            With the columns in `variables`.

        Returns
        -------
        list of ndarray
            The columns, in the order of `names`.
        """
        if self.spec is None:
            frame = Frame(data)
            return [_plain_column(name, frame) for name in self.names]
        matrix = self.spec.get_model_matrix(data, na_action="ignore", context=_functions())
        arrays = list(np.asarray(matrix, dtype=float).T)
        return arrays if self.kept is None else [arrays[i] for i in self.kept]


def make_columns(text, data, formula=None):
    """Build the columns that a piece of formula without bars asks for.

    Parameters
    ----------
    text : str
        For example ``1 + x * period``.
    data : DataFrame or Frame
        Without missing values in the columns used.
    formula : str, optional
        The whole formula, for messages.

    Returns
    -------
    Columns
        Named as R names them: ``(Intercept)``, ``x``, ``period2``, ``x:period2``.

    Raises
    ------
    FormulaError
        For unknown columns, a factor with one level, or syntax that formulaic doesn't read.
    """
    data = Frame(data) if isinstance(data, pd.DataFrame) else data
    names = _plain_names(text)
    if names is not None and all(name == INTERCEPT or name in data.columns for name in names):
        arrays = [_plain_column(name, data) for name in names]
        if not any(array is None for array in arrays):
            return Columns(text, list(names), arrays, [name for name in names if name != INTERCEPT])
    return _formulaic_columns(text, data, formula)


@lru_cache(maxsize=512)
def _plain_names(text):
    """Return the column names of ``1 + a + b``, or None where the text asks for more than columns."""
    intercept, names = True, []
    for piece in text.replace("- 1", "+ 0").replace("-1", "+ 0").split("+"):
        piece = piece.strip()
        if not piece and not names:
            continue
        if not PLAIN.match(piece):
            return None
        if piece in "01":
            intercept = piece == "1"
            continue
        name = piece.strip("`")
        if name in names:
            return None
        names.append(name)
    return (INTERCEPT,) * intercept + tuple(names)


def _plain_column(name, frame):
    return frame.ones() if name == INTERCEPT else frame.numbers(name)


def _functions():
    """Functions of R's that formulas use and formulaic doesn't bring along."""
    return {"sqrt": np.sqrt, "abs": np.abs, "log1p": np.log1p}


def python_expression(text):
    """Translate the few idioms of R that Python spells differently."""
    return re.sub(r"\b(as\.)?factor\(", "C(", text.replace("^", "**"))


def variables_in(text, data):
    """List the columns of the data that a piece of formula names."""
    return [name for name in names_in(text) if name in data.columns]


def unknown_column(name, data, formula):
    """Say that the data has no such column, and which it has."""
    valid = ", ".join(map(str, data.columns))
    place = formula.find(name) if formula else -1
    return FormulaError(
        f"The data has no column '{name}'. Its columns are: {valid}.", formula, place if place >= 0 else None
    )


def _formulaic_columns(text, data, formula):
    from formulaic import model_matrix
    from formulaic.errors import FormulaicError

    used = variables_in(text, data)
    part = data[used].copy(deep=False)
    for name in used:
        if isinstance(part[name].dtype, pd.CategoricalDtype):
            part[name] = part[name].cat.remove_unused_categories()
        if not is_numeric_dtype(part[name].dtype) and part[name].nunique() < 2:
            raise FormulaError(
                f"The factor '{name}' has only one level in these rows ({part[name].iloc[0]!r}), so its "
                "effect can't be estimated. Leave it out, or use data with at least two levels.",
                formula,
                formula.find(name) if formula else None,
            )
    try:
        with np.errstate(all="ignore"):  # infinite results are reported with the column's name
            matrix = model_matrix(
                python_expression(text), part, na_action="ignore", context=_functions(), output="numpy"
            )
    except (FormulaicError, SyntaxError, ValueError, TypeError) as problem:
        missing = re.search(r"NameError: (?:name )?[`']([^`']+)[`']", str(problem))
        if missing:
            raise unknown_column(missing[1], data, formula) from None
        reason = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(problem)).strip().split("\n")[0]
        raise FormulaError(f"formulaic can't read '{text}': {reason}", formula) from None
    spec = matrix.model_spec
    names = [_r_name(name, text, part) for name in spec.column_names]
    return Columns(text, names, list(np.asarray(matrix, dtype=float).T), used, spec)


def _r_name(name, text, data):
    """Turn formulaic's ``period[T.2]:x`` into R's ``period2:x``."""
    if name == "Intercept":
        return INTERCEPT
    factor = re.search(r"\b(as\.)?factor\(", text)
    parts = []
    for part in re.split(r":(?![^(\[]*[)\]])", name):
        if part in data.columns and is_bool_dtype(data[part].dtype):
            part += "TRUE"
        part = re.sub(r"\[(?:[TS]\.)?([^\]]*?)(?:\.0)?\]", r"\1", part).replace(" ** ", "^")
        parts.append(part.replace("C(", factor[0]) if factor else part)
    return ":".join(parts)


def one_vector(text, data, formula=None, what="outcome"):
    """Evaluate an expression such as ``log(price)`` or ``price > 1e6`` to one column.

    Parameters
    ----------
    text : str
        A column name or an expression.
    data : DataFrame or Frame
        The data.
    formula : str, optional
        The whole formula, for messages.
    what : str
        What the column is, for messages.

    Returns
    -------
    ndarray of float or Series
        Shape (n,). A column of text or categories comes back as it is.

    Raises
    ------
    FormulaError
        If the expression can't be evaluated.
    """
    name = text.strip("`")
    if name in data.columns:
        if isinstance(data, Frame) and (values := data.numbers(name)) is not None:
            return values
        column = data[name]
        return column.to_numpy(dtype=float) if is_numeric_dtype(column.dtype) else column
    if NAME.fullmatch(text):
        raise unknown_column(name, data, formula)
    columns = _formulaic_columns("0 + {" + python_expression(text) + "}", data, formula)
    if len(columns.arrays) == 2 and len(columns.variables):
        return np.asarray(columns.arrays[-1])
    if len(columns.arrays) != 1:
        raise FormulaError(
            f"The {what} '{text}' gives {len(columns.arrays)} columns where one is needed.", formula
        )
    return columns.arrays[0]


def linear_predictor(arrays, beta, n):
    """Add up columns times coefficients, shape (n,)."""
    total = np.zeros(n)
    for array, value in zip(arrays, beta, strict=True):
        total += array * value
    return total
