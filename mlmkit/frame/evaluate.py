"""Work out an expression of a formula, row by row."""

import ast
import difflib

import numpy as np

from mlmkit.frame.casting import Levels, as_levels, truth_values
from mlmkit.frame.expressions import CONSTANTS, UnreadableError, r_number, syntax_tree
from mlmkit.frame.functions import CONTRASTS, FUNCTIONS, OF_COLUMNS, OF_VALUES, Matrix, find_function, numbers

_SHORT = {"T": True, "F": False}
_ARITHMETIC = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
    ast.FloorDiv: np.floor_divide,
}
_ORDER = {ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal}
_WHOLE_LANGUAGE = "or make the column in pandas first"


class UnknownColumnError(UnreadableError):
    """A name in an expression that the data lacks; `name` is it."""

    def __init__(self, name):
        super().__init__(f"The data has no column '{name}'.")
        self.name = name


def evaluate(text, frame, memory):
    """Work out an expression.

    Parameters
    ----------
    text : str
        In R's language, such as ``log(x + 1)``.
    frame : Frame
        The data.
    memory : dict
        What functions that look at all rows keep: empty at the fit, and given again for new rows.

    Returns
    -------
    ndarray of shape (n,), Levels or Matrix
        A value for each row.

    Raises
    ------
    UnreadableError, UnknownColumnError, TypeError, ValueError
        With a sentence about what can't be worked out.
    """
    tree, names = syntax_tree(text)
    with np.errstate(all="ignore"):  # infinite results are reported with the column's name
        value = _Worker(text, names, frame, memory).work(tree)
    if isinstance(value, (bool, int, float, np.floating)) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        return np.full(len(frame), float(value))
    if not isinstance(value, (np.ndarray, Levels, Matrix)):
        raise UnreadableError(f"'{text}' gives {value!r}, where a value for each row is needed.")
    return value


class _Worker:
    """Walks a syntax tree; every kind of node has its method."""

    def __init__(self, text, names, frame, memory):
        self.text, self.names, self.frame, self.memory = text, names, frame, memory

    def work(self, node):
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise UnreadableError(f"'{self.text}' uses what isn't offered in a formula; {_WHOLE_LANGUAGE}.")
        return method(node)

    def _constant(self, node):
        return node.value

    def _name(self, node):
        name = self.names[int(node.id[1:])]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self.frame.columns:
            return self.frame.values(name)
        if name in _SHORT:
            return _SHORT[name]
        if name.removeprefix("contr.") in CONTRASTS:
            return name
        raise UnknownColumnError(name)

    def _call(self, node):
        name = self.names[int(node.func.id[1:])] if isinstance(node.func, ast.Name) else self.text
        function = find_function(name)
        if function is None:
            raise UnreadableError(_no_such_function(name, self.frame))
        values = [self.work(value) for value in node.args]
        given = {word.arg: self.work(word.value) for word in node.keywords}
        if name not in OF_VALUES and values and not _is_column(values[0]):
            raise UnreadableError(f"'{name}' in '{self.text}' needs a column, and got {values[0]!r}.")
        if name not in OF_COLUMNS and any(map(_is_column, [*values[1:], *given.values()])):
            raise UnreadableError(
                f"'{name}' in '{self.text}' takes one column; its options are plain values."
            )
        try:
            return function(self.memory.setdefault(ast.dump(node), {}), *values, **given)
        except (TypeError, ValueError, LookupError) as problem:
            if str(problem).endswith("."):
                raise
            known = str(problem).partition("() ")[2] or str(problem)  # without the function's name
            raise UnreadableError(f"'{name}' can't be called like this: {known}.") from None

    def _binop(self, node):
        left, right = (self._number(side) for side in (node.left, node.right))
        return _ARITHMETIC[type(node.op)](left, right)

    def _unaryop(self, node):
        value = self._number(node.operand)
        if isinstance(node.op, ast.Not):
            return _truth(np.where(np.isnan(value), np.nan, value == 0))
        return -value if isinstance(node.op, ast.USub) else value

    def _boolop(self, node):
        parts = np.array(np.broadcast_arrays(*(self._number(part) for part in node.values)))
        known = np.where(np.isnan(parts), np.nan, parts != 0)
        end = 0.0 if isinstance(node.op, ast.And) else 1.0  # one FALSE settles "and", one TRUE settles "or"
        settled = (known == end).any(axis=0)
        return _truth(np.where(settled, end, np.where(np.isnan(known).any(axis=0), np.nan, 1.0 - end)))

    def _compare(self, node):
        if len(node.ops) > 1:
            raise UnreadableError(
                f"'{self.text}' compares more than two things at once; join two comparisons with &."
            )
        left, right, how = self.work(node.left), self.work(node.comparators[0]), type(node.ops[0])
        if how is ast.In:
            return _member(left, right if isinstance(right, list) else [right])
        if how in (ast.Eq, ast.NotEq):
            same = _equal(left, right)
            return _truth(same if how is ast.Eq else 1.0 - same)
        left, right = numbers(left, "A comparison by size"), numbers(right, "A comparison by size")
        return _truth(np.where(np.isnan(left) | np.isnan(right), np.nan, _ORDER[how](left, right)))

    def _number(self, node):
        return numbers(self.work(node), f"'{self.text}'")


def _is_column(value):
    return isinstance(value, Levels) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _truth(values):
    """Make truth values; of two plain values the answer is a plain value."""
    return truth_values(values) if np.ndim(values) else float(values)


def _equal(left, right):
    """Compare by value; factors and text by their labels. NaN where something is missing."""
    if not isinstance(left, Levels) and isinstance(right, Levels):
        left, right = right, left
    if not isinstance(left, Levels):
        left, right = numbers(left, "A comparison"), numbers(right, "A comparison")
        return np.where(np.isnan(left) | np.isnan(right), np.nan, left == right)
    if _is_column(right):
        right = as_levels(right)
        codes, missing = right.matched(left.labels)[0].codes, (left.codes < 0) | (right.codes < 0)
    else:
        wanted = _as_label(right)
        codes = left.labels.index(wanted) if wanted in left.labels else -2
        missing = left.codes < 0
    return np.where(missing, np.nan, left.codes == codes)


def _as_label(value):
    if isinstance(value, bool):
        return str(value).upper()
    if value is None or isinstance(value, list):
        raise TypeError(f"A factor is compared with one of its levels, and got {value!r}.")
    return value if isinstance(value, str) else r_number(float(value))


def _member(left, choices):
    """R's %in%: never missing, a missing value isn't in any list."""
    return _truth(np.max([np.nan_to_num(_equal(left, choice)) for choice in choices], axis=0))


def _no_such_function(name, frame):
    column, dot, _ = name.rpartition(".")
    if dot and column in frame.columns:
        return (
            f"'{name}(…)' isn't offered: a formula calls functions as R does, such as mean({column}); "
            f"{_WHOLE_LANGUAGE}."
        )
    close = difflib.get_close_matches(name, FUNCTIONS, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return (
        f"'{name}' is a function that formulas here don't have.{meant} They have: "
        f"{', '.join(sorted(FUNCTIONS, key=str.lower))}; {_WHOLE_LANGUAGE}."
    )
