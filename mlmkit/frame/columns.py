"""Columns of a model matrix, with R's names, and the recipe to make them again from new data."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd

from mlmkit.frame.cached_frame import Frame
from mlmkit.frame.casting import Levels
from mlmkit.frame.coding import Piece, contrast_of, encode, like_before
from mlmkit.frame.evaluate import UnknownColumnError, evaluate
from mlmkit.frame.expressions import CONSTANTS, Token, UnreadableError, names_in, tokens
from mlmkit.frame.formula import FormulaError
from mlmkit.frame.functions import Matrix
from mlmkit.frame.terms import Terms, read_terms

INTERCEPT = "(Intercept)"


@dataclass
class Recipe:
    """How columns were made, so that new rows get the same ones.

    Attributes
    ----------
    terms : Terms
        What the formula asks for.
    levels, contrasts : list
        For each atom its levels and its contrast; None where it is no factor.
    full : set of (int, int)
        Which factors of which terms have a column for every level.
    memories : list of dict
        What functions such as ``poly`` keep, by atom.
    """

    terms: Terms
    levels: list
    contrasts: list
    full: set
    memories: list


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
    keys : list of tuple of Piece
        What each column is; two columns with one name are two columns.
    labels : list of str
        The term of each column, such as ``period`` for ``period2``; empty for the intercept.
    recipe : Recipe or None
        None for plain columns.
    kept : ndarray of int or None
        Positions of the columns that were kept when dependent ones were dropped.
    """

    text: str
    names: list
    arrays: list
    variables: list
    keys: list
    labels: list
    recipe: Recipe | None = field(default=None, repr=False)
    kept: object = None

    def keep(self, where):
        """Keep some of the columns only, in place.

        Parameters
        ----------
        where : array of int
            Their positions among the present ones.
        """
        before = np.arange(len(self.names)) if self.kept is None else self.kept
        self.kept = before[np.asarray(where, dtype=int)]
        for each in ("names", "arrays", "keys", "labels"):
            setattr(self, each, [getattr(self, each)[k] for k in where])

    def again(self, data):
        """Make the same columns from other data.

        Parameters
        ----------
        data : DataFrame
            With the columns in `variables`.

        Returns
        -------
        list of ndarray
            The columns, in the order of `names`; NaN where a predictor is missing.

        Raises
        ------
        ValueError
            For a level that the fit has not seen.
        """
        frame = Frame(data)
        if self.recipe is None:
            pieces = [key[0].atom if key else None for key in self.keys]
            return [frame.ones() if name is None else _numbers_again(name, frame) for name in pieces]
        values = []
        terms = self.recipe.terms
        for atom, source, memory, levels in zip(
            terms.atoms, terms.sources, self.recipe.memories, self.recipe.levels, strict=True
        ):
            values.append(like_before(atom, evaluate(source, frame, memory), levels))
        with np.errstate(all="ignore"):
            arrays = [array for _, _, array in _assemble(self.recipe, values, frame)]
        return arrays if self.kept is None else [arrays[i] for i in self.kept]


def _numbers_again(name, frame):
    values = frame.numbers(name)
    return like_before(name, frame.values(name), None) if values is None else values


def make_columns(text, data, formula=None, contrasts=None):
    """Build the columns that a piece of formula without bars asks for.

    Parameters
    ----------
    text : str
        For example ``1 + x * period``.
    data : DataFrame or Frame
        Without missing values in the columns used.
    formula : str, optional
        The whole formula, for messages.
    contrasts : dict, optional
        How factors are coded, by label: "treatment", "sum", "helmert" or "poly".

    Returns
    -------
    Columns
        Named as R names them: ``(Intercept)``, ``x``, ``period2``, ``x:period2``.

    Raises
    ------
    FormulaError
        For unknown columns or functions, a factor with one level, or syntax that can't be read.
    """
    data = data if isinstance(data, Frame) else Frame(data)
    plain = _plain_names(text)
    if plain is not None and all(name is None or name in data.columns for name in plain):
        arrays = [data.ones() if name is None else data.numbers(name) for name in plain]
        if not any(array is None for array in arrays):
            names = [INTERCEPT if name is None else name for name in plain]
            variables = [name for name in plain if name is not None]
            return Columns(text, names, arrays, variables, *_plain_keys(plain))
    try:
        return _columns_of(read_terms(text), text, data, contrasts or {})
    except UnknownColumnError as problem:
        raise unknown_column(problem.name, data, formula) from None
    except (UnreadableError, ValueError, TypeError) as problem:
        if isinstance(problem, FormulaError):
            raise
        raise FormulaError(str(problem), formula, _place(problem, text, formula)) from None


@lru_cache(maxsize=512)
def _plain_names(text):
    """Return the columns of ``1 + a + b`` (None for the intercept), or None where it asks for more."""
    try:
        pieces = list(tokens(text))
    except UnreadableError:
        return None
    if pieces and pieces[0].text not in ("+", "-"):
        pieces.insert(0, Token("operator", "+", 0))
    if len(pieces) % 2:
        return None
    intercept, names = True, []
    for sign, token in zip(pieces[::2], pieces[1::2], strict=True):
        if (sign.text, token.text) in (("+", "0"), ("-", "1"), ("+", "1")):
            intercept = (sign.text, token.text) == ("+", "1")
        elif sign.text == "+" and token.kind == "name" and token.name not in (*names, *CONSTANTS):
            names.append(token.name)
        else:
            return None
    return (*[None] * intercept, *names)


@lru_cache(maxsize=512)
def _plain_keys(plain):
    """Return keys and term labels of plain columns."""
    keys = [() if name is None else (Piece(name),) for name in plain]
    return keys, ["" if name is None else name for name in plain]


def _columns_of(terms, text, frame, contrasts):
    memories = [{} for _ in terms.atoms]
    values = [evaluate(source, frame, memory) for source, memory in zip(terms.sources, memories, strict=True)]
    for atom, value in zip(terms.atoms, values, strict=True):
        _check(atom, value)
    factors = {k for k, value in enumerate(values) if isinstance(value, Levels)}
    levels = [value.labels if k in factors else None for k, value in enumerate(values)]
    codings = [
        contrast_of(atom, value, contrasts) if isinstance(value, Levels) else None
        for atom, value in zip(terms.atoms, values, strict=True)
    ]
    recipe = Recipe(terms, levels, codings, terms.full(factors), memories)
    with np.errstate(all="ignore"):  # infinite columns are reported by name
        made = list(_assemble(recipe, values, frame))
    keys, labels = [key for key, _, _ in made], [label for _, label, _ in made]
    names = [INTERCEPT if not key else ":".join(piece.name for piece in key) for key in keys]
    used = [name for source in terms.sources for name in names_in(source) if name in frame.columns]
    variables = list(dict.fromkeys(used))
    return Columns(text, names, [array for _, _, array in made], variables, keys, labels, recipe)


def _check(atom, value):
    """Refuse a factor with one level, and rows for which an atom has no value."""
    if isinstance(value, Levels):
        if len(value.labels) < 2:
            raise FormulaError(
                f"The factor '{atom}' has only one level in these rows ({', '.join(value.labels)}), so its "
                "effect can't be estimated. Leave it out, or use data with at least two levels."
            )
        lost = int((value.codes < 0).sum())
        if lost:
            raise FormulaError(
                f"'{atom}' gives no level in {lost} row{'s' * (lost > 1)}: the value lies outside of what it "
                "covers, or is missing. Widen it, or drop these rows."
            )


def _assemble(recipe, values, frame):
    """Yield (key, term label, array) by column; the first factor of a product runs fastest, as in R."""
    if recipe.terms.intercept:
        yield (), "", frame.ones()
    for place, (term, label) in enumerate(zip(recipe.terms.terms, recipe.terms.labels(), strict=True)):
        coded = []
        for atom in term:
            full = (place, atom) in recipe.full
            coded.append(encode(recipe.terms.atoms[atom], values[atom], recipe.contrasts[atom], full))
        for turned in product(*reversed(coded)):
            pieces = turned[::-1]
            array = pieces[0][1]
            for _, other in pieces[1:]:
                array = array * other
            yield tuple(piece for piece, _ in pieces), label, array


def settle_names(parts, formula=None):
    """Give every column of a model a name of its own; columns that are the same keep the same name.

    Parameters
    ----------
    parts : list of Columns
        Fixed and varying columns; names are changed in place.
    formula : str, optional
        For messages.

    Returns
    -------
    list of str
        Sentences about names that differ from R's.

    Raises
    ------
    FormulaError
        If two columns can't be told apart by any name.
    """
    by_name = {}
    for part in parts:
        for key, name in zip(part.keys, part.names, strict=True):
            by_name.setdefault(name, {})[key] = None
    messages, renamed = [], {}
    for name, keys in by_name.items():
        if len(keys) == 1:
            continue
        for key in keys:
            full = ":".join(piece.full_name for piece in key)
            if full != name and key:
                renamed[key] = full
                messages.append(
                    f"Two columns would be named '{name}', as in R. One of them is named '{full}' here."
                )
        if len(keys) - sum(key in renamed for key in keys) > 1:
            raise FormulaError(
                f"Two different columns of the model are named '{name}'. Rename one in the data.", formula
            )
    if renamed:
        for part in parts:
            part.names = [renamed.get(key, name) for key, name in zip(part.keys, part.names, strict=True)]
    return messages


def unknown_column(name, data, formula):
    """Say that the data has no such column, and which it has."""
    valid = ", ".join(map(str, data.columns))
    place = formula.find(name) if formula else -1
    return FormulaError(
        f"The data has no column '{name}'. Its columns are: {valid}.", formula, place if place >= 0 else None
    )


def _place(problem, text, formula):
    """Find where in the whole formula a problem lies, if it is known."""
    if formula is None:
        return None
    start = formula.find(text)
    return start + problem.place if start >= 0 and isinstance(problem, UnreadableError) else None


def one_vector(text, data, formula=None, what="outcome", memory=None):
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
    memory : dict, optional
        What functions such as ``scale`` keep; empty at the fit, and given again for new rows.

    Returns
    -------
    ndarray of float or Series
        Shape (n,). Text and categories come back as a categorical Series.

    Raises
    ------
    FormulaError
        If the expression can't be evaluated.
    """
    frame = data if isinstance(data, Frame) else Frame(data)
    name = text.strip("`")
    try:
        value = (
            frame.values(name)
            if name in frame.columns
            else evaluate(text, frame, {} if memory is None else memory)
        )
    except UnknownColumnError as problem:
        raise unknown_column(problem.name, frame, formula) from None
    except (UnreadableError, ValueError, TypeError) as problem:
        raise FormulaError(str(problem), formula, _place(problem, text, formula)) from None
    if isinstance(value, Matrix):
        raise FormulaError(
            f"The {what} '{text}' gives {value.array.shape[1]} columns where one is needed.", formula
        )
    if isinstance(value, Levels):
        return value.truth if value.logical else _categories(value, frame.index)
    return value


def _categories(value, index):
    return pd.Series(pd.Categorical.from_codes(value.codes, list(value.labels)), index=index)


def linear_predictor(arrays, beta, n):
    """Add up columns times coefficients, shape (n,)."""
    total = np.zeros(n)
    for array, value in zip(arrays, beta, strict=True):
        total += array * value
    return total
