"""From a formula and a data frame to columns, grouping factors and outcome."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mlmkit.frame.cached_frame import Frame
from mlmkit.frame.columns import Columns, make_columns, one_vector, unknown_column
from mlmkit.frame.formula import FormulaError, MixedFormula, parse


@dataclass
class Term:
    """One random-effects term: its columns, and where they stand among its factor's columns.

    Attributes
    ----------
    label : str
        As in lme4's VarCorr: the factor's name, with ``.1``, ``.2`` when it has several terms.
    columns : Columns
        What varies between groups.
    first : int
        Position of the first column among all columns of the grouping factor.
    """

    label: str
    columns: Columns
    first: int

    @property
    def size(self):
        """Number of columns."""
        return len(self.columns.names)


@dataclass
class Factor:
    """A grouping factor with all the terms that vary between its groups.

    Attributes
    ----------
    label : str
        ``zipcode``, or ``cask:batch``.
    variables : tuple of str
        The columns of the data that define it.
    levels : pandas.Index
        The groups, in order.
    codes : ndarray of int, shape (n,)
        Each row's group, counted from 0.
    terms : list of Term
        The random-effects terms.
    """

    label: str
    variables: tuple
    levels: pd.Index
    codes: np.ndarray
    terms: list = field(default_factory=list)

    @property
    def names(self):
        """Names of all columns that vary between the groups."""
        return [name for term in self.terms for name in term.columns.names]

    @property
    def arrays(self):
        """The columns that vary between the groups, each (n,)."""
        return [array for term in self.terms for array in term.columns.arrays]


@dataclass
class Design:
    """Everything that a fit needs to know about formula and data.

    Attributes
    ----------
    formula : MixedFormula
        The formula taken apart.
    y : ndarray, shape (n,)
        The outcome.
    fixed : Columns
        The fixed-effects columns.
    factors : list of Factor
        In lme4's order: most levels first.
    weights, offset : ndarray of shape (n,) or None
        Prior weights; a known part of the linear predictor.
    index : pandas.Index
        The labels of the rows used.
    messages : list of str
        What happened on the way: rows dropped, columns dropped.
    trials : ndarray or None
        Binomial models: number of trials by row.
    """

    formula: MixedFormula
    y: np.ndarray
    fixed: Columns
    factors: list
    weights: np.ndarray | None
    offset: np.ndarray | None
    index: pd.Index
    messages: list
    data_name: str = "data"
    trials: np.ndarray | None = None

    @property
    def n(self):
        """Number of rows."""
        return len(self.y)


def design(formula, data, *, weights=None, offset=None, na_action="drop", outcome=None, bars=True):
    """Build a `Design`.

    Parameters
    ----------
    formula : str or MixedFormula
        In lme4's language.
    data : DataFrame
        One row an observation.
    weights, offset : str or array, optional
        A column name, or one value a row.
    na_action : {"drop", "raise"}
        What to do with rows that have missing values in the columns used.
    outcome : callable, optional
        ``outcome(text, data, formula) -> (y, trials)`` for outcomes that are more than a number.
    bars : bool
        Whether the formula needs at least one random-effects term.

    Returns
    -------
    Design
        The parts of the model.

    Raises
    ------
    FormulaError, ValueError
        With a sentence that says what was wrong and what to do.
    """
    parsed = parse(formula)
    if bars and not parsed.bars:
        raise FormulaError(
            "The formula has no random-effects term. Add one such as (1 | group), "
            "or use complete_pooling for a regression without groups.",
            parsed.text,
        )
    if not isinstance(data, pd.DataFrame):
        raise TypeError(f"data must be a pandas DataFrame, not {type(data).__name__}.")
    for bar in parsed.bars:
        for name in bar.group:
            if name not in data.columns:
                raise unknown_column(name, data, parsed.text)
    name, _, rows = data.attrs.get("table", "").partition(", rows: ")
    name = name if rows == str(len(data)) else "data"  # a part of a named table has no name
    extra = {"weights": weights, "offset": offset}
    keep, data, messages = _complete_rows(parsed, Frame(data), extra, na_action)
    y, trials = outcome(parsed.response, data, parsed.text) if outcome else (_number(parsed, data), None)
    fixed = make_columns(parsed.fixed, data, parsed.text)
    if not fixed.names and not parsed.bars:
        raise FormulaError("The model has no terms at all.", parsed.text)
    factors = _factors(parsed, data)
    weight = _weights(weights, data, keep)
    known = [one_vector(text, data, parsed.text, "offset") for text in parsed.offsets]
    if offset is not None:
        known.append(_row_values(offset, data, keep, "offset"))
    total = np.sum(known, axis=0) if known else None
    return Design(parsed, y, fixed, factors, weight, total, data.index, messages, name, trials)


def with_outcome(design, y):
    """Return a design with another outcome, one value for each row used."""
    y = np.asarray(y, dtype=float)
    if y.shape != (design.n,):
        raise ValueError(f"The new outcome has shape {y.shape}; the fit used {design.n} rows.")
    return replace(design, y=y, messages=[])


def _complete_rows(parsed, data, extra, na_action):
    """Drop rows with missing values in the columns used; say how many."""
    if na_action not in ("drop", "raise"):
        raise ValueError(f"na_action is {na_action!r}. Valid choices: 'drop', 'raise'.")
    if len(data) == 0:
        raise ValueError("The data has no rows. Was a filter too strict?")
    names = [name for name in parsed.names if name in data.columns]
    names += [value for value in extra.values() if isinstance(value, str) and value in data.columns]
    gaps = {}
    for name in dict.fromkeys(names):
        column = data[name]
        if isinstance(column, pd.DataFrame):
            raise ValueError(
                f"The data has {column.shape[1]} columns named '{name}'. Rename or drop all but one."
            )
        missing = _missing(name, data)
        if missing is not None:
            gaps[name] = missing
    for name, values in extra.items():
        if values is not None and not isinstance(values, str):
            array = np.asarray(values, dtype=float)
            if array.shape == (len(data),) and np.isnan(array).any():
                gaps[name] = np.isnan(array)
    if not gaps:
        return None, data, []
    bad = np.logical_or.reduce(list(gaps.values()))
    where = ", ".join(f"{name} ({int(missing.sum())})" for name, missing in gaps.items())
    if na_action == "raise":
        raise ValueError(
            f"{int(bad.sum())} of {len(data)} rows have missing values: {where}. Fill or drop them, "
            "or fit with na_action='drop'."
        )
    if bad.all():
        raise ValueError(f"Every row has a missing value in a column that the model uses: {where}.")
    message = f"{int(bad.sum())} of {len(data)} rows were dropped because of missing values: {where}."
    return ~bad, Frame(data.data.loc[~bad]), [message]


def _missing(name, data):
    """Mark missing values, or None if there are none; infinite values are an error."""
    column, values = data[name], data.numbers(name)
    if values is not None:
        if np.isfinite(np.add.reduce(values)):
            return None
        if np.isinf(values).any():
            where = column.index[np.isinf(values)]
            many = f"{len(where)} infinite values, the first" if len(where) > 1 else "an infinite value"
            raise ValueError(
                f"The column '{name}' has {many} in row {where[0]!r}. "
                "Replace or drop what is infinite before fitting."
            )
        missing = np.isnan(values)
    elif isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.array.codes
        if codes.min() >= 0:
            return None
        missing = codes < 0
    else:
        missing = column.isna().to_numpy()
    return missing if missing.any() else None


def _number(parsed, data):
    """Return the outcome as numbers, or say why it can't be one."""
    y = one_vector(parsed.response, data, parsed.text)
    if not isinstance(y, np.ndarray):
        raise FormulaError(
            f"The outcome '{parsed.response}' is not a number (its type is {y.dtype}). "
            "A linear model needs a numeric outcome; for yes or no, use glmer.",
            parsed.text,
            0,
        )
    return y


def _row_values(values, data, keep, what):
    """Turn a column name or one value a row into an array for the rows used."""
    if isinstance(values, str):
        return np.asarray(one_vector(values, data, None, what), dtype=float)
    array = np.asarray(values, dtype=float)
    full = len(data) if keep is None else len(keep)
    if array.shape != (full,):
        raise ValueError(
            f"{what} has shape {array.shape}; the data has {full} rows and needs one value for each."
        )
    return array if keep is None else array[keep]


def _weights(weights, data, keep):
    if weights is None:
        return None
    values = _row_values(weights, data, keep, "weights")
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError("weights must be positive, finite numbers. Leave out rows that should not count.")
    return values


def _factors(parsed, data):
    """Build the grouping factors, each with its terms, most levels first as in lme4."""
    factors = {}
    for bar in parsed.bars:
        if bar.label not in factors:
            factors[bar.label] = _factor(bar, data, parsed.text)
        factor = factors[bar.label]
        for columns in _bar_columns(bar, data, parsed.text):
            twins = set(columns.names) & set(factor.names)
            if twins:
                raise FormulaError(
                    f"'{min(twins)}' varies twice between the groups of {bar.label}. "
                    "Keep one of the two terms, for example (0 + x | g) beside (1 | g).",
                    parsed.text,
                    bar.place,
                )
            number = len(factor.terms)
            label = bar.label + (f".{number}" if number else "")
            factor.terms.append(Term(label, columns, len(factor.names)))
    return sorted(factors.values(), key=lambda factor: -len(factor.levels))


def _bar_columns(bar, data, text):
    """Build the columns of a term; ``||`` gives one set for every summand."""
    whole = make_columns(bar.columns, data, text)
    if not whole.names:
        raise FormulaError(f"'{bar.columns}' leaves nothing to vary.", text, bar.place)
    if not bar.independent:
        return [whole]
    if whole.spec is None:
        pieces = ["1" if name == "(Intercept)" else f"0 + `{name}`" for name in whole.names]
    else:
        from formulaic import Formula

        terms = [str(term) for term in Formula(str(whole.spec.formula))]
        pieces = ["1" if term == "1" else f"0 + {term}" for term in terms]
    return [make_columns(piece, data, text) for piece in pieces]


def _factor(bar, data, text):
    codes, levels = _one_factor(data[bar.group[0]])
    for name in bar.group[1:]:
        more, labels = _one_factor(data[name])
        combined = codes.astype(np.int64) * len(labels) + more
        present, codes = np.unique(combined, return_inverse=True)
        left, right = np.divmod(present, len(labels))
        levels = pd.Index([f"{levels[i]}:{labels[j]}" for i, j in zip(left, right, strict=True)])
    if len(levels) < 2:
        raise FormulaError(
            f"The grouping factor '{bar.label}' has only one level ({levels[0]!r}). Differences between "
            "groups need at least two groups; use complete_pooling for one.",
            text,
            bar.place,
        )
    levels = levels.rename(bar.label)
    return Factor(bar.label, bar.group, levels, np.ascontiguousarray(codes), [])


def _one_factor(column):
    """Return (codes, levels) without unused levels."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.array.codes, column.array.categories
        used = np.bincount(codes, minlength=len(levels)) > 0
        if not used.all():
            position = np.cumsum(used) - 1
            codes, levels = position[codes], levels[used]
        return codes, levels
    codes, levels = pd.factorize(column, sort=True)
    return codes, pd.Index(levels)
