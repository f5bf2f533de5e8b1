"""From a formula and a data frame to columns, grouping factors and outcome."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mlmkit.frame.cached_frame import Frame, as_frame
from mlmkit.frame.casting import Levels
from mlmkit.frame.columns import Columns, make_columns, one_vector, settle_names, unknown_column
from mlmkit.frame.formula import FormulaError, MixedFormula, parse
from mlmkit.frame.functions import contrast_name
from mlmkit.frame.groups import grouping_factor
from mlmkit.frame.rows import Rows, row_values


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
    rows : Rows
        Which rows of the data are used.
    messages : list of str
        What happened on the way: rows dropped, columns dropped.
    data_name : str or None
        What a print-out calls the data; none where they are not a whole table that was loaded.
    trials : ndarray or None
        Binomial models: number of trials by row.
    known : dict
        What new rows must bring along: ``"weights"`` and ``"offset"`` as they were given, and
        ``"memories"`` of the offsets in the formula.
    """

    formula: MixedFormula
    y: np.ndarray
    fixed: Columns
    factors: list
    weights: np.ndarray | None
    offset: np.ndarray | None
    rows: Rows
    messages: list
    data_name: str | None = None
    trials: np.ndarray | None = None
    known: dict = field(default_factory=dict)

    @property
    def n(self):
        """Number of rows."""
        return len(self.y)

    @property
    def index(self):
        """The labels of the rows used."""
        return self.rows.index


def design(
    formula, data, *, weights=None, offset=None, na_action="drop", outcome=None, bars=True, contrasts=None
):
    """Build a `Design`.

    Parameters
    ----------
    formula : str or MixedFormula
        In lme4's language.
    data : DataFrame
        One row an observation.
    weights, offset : str or array, optional
        A column name, or one value a row. A Series goes by its index.
    na_action : {"drop", "exclude", "raise"}
        What to do with rows that have missing values in the columns used.
    outcome : callable, optional
        ``outcome(text, data, formula) -> (y, trials)`` for outcomes that are more than a number.
    bars : bool
        Whether the formula needs at least one random-effects term.
    contrasts : dict, optional
        How factors are coded: "treatment", "sum", "helmert" or "poly", by column.

    Returns
    -------
    Design
        The parts of the model.

    Raises
    ------
    FormulaError, ValueError, TypeError
        With a sentence that says what was wrong and what to do.
    """
    data = as_frame(data)
    parsed = parse(formula)
    whole = parsed.with_dot(data.columns)
    if bars and not parsed.bars:
        raise FormulaError(
            "The formula has no random-effects term. Add one such as (1 | group), "
            "or use complete_pooling (Bayesian: stan_glm) for a regression without groups.",
            parsed.text,
        )
    for bar in parsed.bars:
        for name in bar.group:
            if name not in data.columns:
                raise unknown_column(name, data, parsed.text)
    name, _, many = data.attrs.get("table", "").partition(", rows: ")
    name = name if many == str(len(data)) else None  # a part of a named table has no name
    extra = {
        "weights": row_values(weights, data.index, "weights"),
        "offset": row_values(offset, data.index, "offset"),
    }
    rows, data, messages = complete_rows(whole, Frame(data), extra, na_action)
    if whole is not parsed:
        messages.append(f"'.' stands for {whole.fixed.replace('`', '')}.")
    y, trials = outcome(parsed.response, data, parsed.text) if outcome else (_number(parsed, data), None)
    chosen = _contrasts(contrasts, whole, data)
    fixed = make_columns(whole.fixed, data, parsed.text, chosen)
    if not fixed.names and not parsed.bars:
        raise FormulaError("The model has no terms at all.", parsed.text)
    factors = _factors(parsed, data, chosen)
    parts = [fixed, *(term.columns for factor in factors for term in factor.terms)]
    messages += settle_names(parts, parsed.text) + _about_order(parts)
    weight = _weights(extra["weights"], data, rows)
    memories = [{} for _ in parsed.offsets]
    known = [
        one_vector(text, data, parsed.text, "offset", memory)
        for text, memory in zip(parsed.offsets, memories, strict=True)
    ]
    if offset is not None:
        known.append(_used_values(extra["offset"], data, rows, "offset"))
    total = np.sum(known, axis=0) if known else None
    needed = {"weights": weights, "offset": offset, "memories": memories}
    return Design(parsed, y, fixed, factors, weight, total, rows, messages, name, trials, needed)


def with_outcome(design, y):
    """Return a design with another outcome.

    Parameters
    ----------
    design : Design
        The model.
    y : array
        One value for each row used, or for each row of the data; a Series goes by its index.

    Raises
    ------
    ValueError
        If the length fits neither, or a value is missing.
    """
    y = design.rows.pick(y, "The new outcome")
    if not np.isfinite(y).all():
        bad = int((~np.isfinite(y)).sum())
        raise ValueError(
            f"The new outcome is missing or infinite in {bad} of the {design.n} rows that the fit uses."
        )
    return replace(design, y=y, messages=[])


def complete_rows(parsed, data, extra, na_action):
    """Leave out rows with missing values in the columns used; say how many.

    Parameters
    ----------
    parsed : MixedFormula
        Names the columns.
    data : Frame
        The data.
    extra : dict
        Weights and offset, each a column's name, an array or None.
    na_action : str
        See `design`.

    Returns
    -------
    Rows, Frame, list of str
        Which rows stay, their data, and a message.
    """
    if na_action not in ("drop", "exclude", "raise"):
        raise ValueError(f"na_action is {na_action!r}. Valid choices: 'drop', 'exclude', 'raise'.")
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
        if values is not None and not isinstance(values, str) and np.isnan(values).any():
            gaps[name] = np.isnan(values)
    if not gaps:
        return Rows(data.index), data, []
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
    rows = Rows(data.index, ~bad, padded=na_action == "exclude")
    return rows, Frame(data.data.loc[~bad]), [message]


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
                f"The column '{name}' has {many} in row {where.tolist()[0]!r}. "
                "Replace or drop what is infinite before fitting."
            )
        missing = np.isnan(values)
    elif isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.array.codes
        if codes.min() >= 0:
            return None
        missing = codes < 0
    else:
        missing = column.isna().to_numpy(dtype=bool)
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


def _used_values(values, data, rows, what):
    """Turn a column name or one value a row into an array for the rows used."""
    if isinstance(values, str):
        return np.asarray(one_vector(values, data, None, what), dtype=float)
    return rows.pick(values, what)


def _weights(weights, data, rows):
    if weights is None:
        return None
    values = _used_values(weights, data, rows, "weights")
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError("weights must be positive, finite numbers. Leave out rows that should not count.")
    return values


def _contrasts(contrasts, parsed, data):
    """Check the choice of contrasts: every name stands for a factor of the formula."""
    if contrasts is None:
        return {}
    if not isinstance(contrasts, dict):
        raise TypeError("contrasts is a dict such as {'period': 'sum'}: a column, and how it is coded.")
    for name, contrast in contrasts.items():
        contrast_name(contrast)
        if name in data.columns and isinstance(data.values(name), Levels) and name in parsed.names:
            continue
        raise ValueError(f"contrasts names '{name}', which is no factor of the formula '{parsed.text}'.")
    return contrasts


def _about_order(parts):
    """Say which ordered factors are coded by polynomials."""
    atoms = [piece.atom for part in parts for key in part.keys for piece in key if piece.coding == "poly"]
    return [
        f"{name} is ordered, so its effects are R's polynomial contrasts: {name}.L (linear), {name}.Q "
        f"(quadratic) and so on. contrasts={{'{name}': 'treatment'}} compares levels with the first."
        for name in dict.fromkeys(atoms)
    ]


def _factors(parsed, data, contrasts):
    """Build the grouping factors, each with its terms, most levels first as in lme4."""
    factors = {}
    for bar in parsed.bars:
        if bar.label not in factors:
            codes, levels = grouping_factor(bar, data, parsed.text)
            factors[bar.label] = Factor(bar.label, bar.group, levels, codes, [])
        factor = factors[bar.label]
        for columns in _bar_columns(bar, data, parsed.text, contrasts):
            there = {key for term in factor.terms for key in term.columns.keys}
            twins = [name for key, name in zip(columns.keys, columns.names, strict=True) if key in there]
            if twins:
                raise FormulaError(
                    f"'{twins[0]}' varies twice between the groups of {bar.label}. "
                    "Keep one of the two terms, for example (0 + x | g) beside (1 | g).",
                    parsed.text,
                    bar.place,
                )
            number = len(factor.terms)
            label = bar.label + (f".{number}" if number else "")
            factor.terms.append(Term(label, columns, len(factor.names)))
    return sorted(factors.values(), key=lambda factor: -len(factor.levels))


def _bar_columns(bar, data, text, contrasts):
    """Build the columns of a term; ``||`` and ``diag`` give one set for every summand."""
    whole = make_columns(bar.columns, data, text, contrasts)
    if not whole.names:
        raise FormulaError(f"'{bar.columns}' leaves nothing to vary.", text, bar.place)
    if not bar.independent:
        return [whole]
    constant = ["1"] if () in whole.keys else []
    atoms = {label: key for key, label in zip(whole.keys, whole.labels, strict=True) if key}
    terms = [":".join(_in_brackets(piece.atom, data) for piece in key) for key in atoms.values()]
    pieces = [*constant, *(f"0 + {term}" for term in terms)]
    found = [make_columns(piece, data, text, contrasts) for piece in pieces]
    wide = next((columns for columns in found if len(columns.names) > 1), None)
    if bar.diagonal and wide is not None:
        raise FormulaError(
            f"diag(...) with the columns {' and '.join(wide.names)} of one factor isn't offered. Make "
            "a column of 0 and 1 for each level that varies, and write (0 + a || group) + (0 + b || group).",
            text,
            bar.place,
        )
    return found


def _in_brackets(atom, data):
    """Write an atom so that it stays one inside a formula."""
    return f"`{atom}`" if atom in data.columns else f"({atom})"
