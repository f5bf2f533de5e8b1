"""The functions of R that a formula may call, and their memory of the rows that the model was fitted to.

``poly``, ``bs``, ``ns``, ``scale``, ``cut`` and ``mean`` depend on all rows. What they found at the fit they
keep in a dictionary, so that new rows get the same basis (R calls this safe prediction).
"""

from dataclasses import replace
from functools import wraps
from itertools import pairwise

import numpy as np

from mlmkit.frame.casting import Levels, as_levels, truth_values
from mlmkit.frame.expressions import r_number
from mlmkit.frame.splines import bs, ns

CONTRASTS = ("treatment", "sum", "helmert", "poly")


class Matrix:
    """Several columns that one function makes: an array (n, k), and what is added to the label for each."""

    def __init__(self, array, suffixes):
        self.array, self.suffixes = array, tuple(suffixes)

    def __len__(self):
        return len(self.array)


def numbers(value, function):
    """Return a value as numbers, truth values as 0 and 1; a factor is an error."""
    if isinstance(value, Levels):
        if value.logical:
            return value.truth
        raise TypeError(f"{function} needs numbers, and got a factor with the levels {_few(value.labels)}.")
    if isinstance(value, Matrix):
        raise TypeError(f"{function} needs one column, and got {value.array.shape[1]}.")
    if isinstance(value, (str, list)) or value is None:
        raise TypeError(f"{function} needs numbers, and got {value!r}.")
    return np.asarray(value, dtype=float)


def _few(labels):
    return ", ".join(map(str, labels[:5])) + (", …" if len(labels) > 5 else "")


def _elementwise(function, name):
    @wraps(function)
    def call(memory, *values):
        if len(values) != function.nin:
            raise TypeError(
                f"{name} takes {function.nin} value{'s' * (function.nin > 1)}, and got {len(values)}."
            )
        return function(*(numbers(value, name) for value in values))

    return call


def _remembered(statistic, name):
    """Make a function whose value at the fit is kept for new rows."""

    def call(memory, values):
        if name not in memory:
            memory[name] = float(statistic(numbers(values, name)))
        return memory[name]

    return call


def _log(memory, x, base=np.e):
    value = np.log(numbers(x, "log"))
    return value if base == np.e else value / np.log(numbers(base, "log"))


def _round(memory, x, digits=0):
    return np.round(numbers(x, "round"), int(digits))


def _identity(memory, x):
    return x


def _combine(memory, *values):
    """R's ``c``: a list of numbers or of texts."""
    if any(np.ndim(value) or isinstance(value, Levels) for value in values):
        raise TypeError("c(…) lists single values, such as knots or levels; a column can't stand in it.")
    return list(values)


def _ifelse(memory, test, yes, no):
    test = numbers(test, "ifelse")
    if isinstance(yes, str) and isinstance(no, str):
        labels = tuple(sorted({yes, no}))
        codes = np.where(test != 0, labels.index(yes), labels.index(no))
        return Levels(np.where(np.isnan(test), -1, codes), labels)
    chosen = np.where(test != 0, numbers(yes, "ifelse"), numbers(no, "ifelse"))
    return np.where(np.isnan(test), np.nan, chosen)


def _missing(memory, x):
    return truth_values(x.codes < 0 if isinstance(x, Levels) else np.isnan(numbers(x, "is.na")))


def _remember_levels(memory, made):
    """Keep the levels of the fit; those that only new rows have come after them, and are refused later."""
    known = memory.setdefault("labels", made.labels)
    return made.matched((*known, *(label for label in made.labels if label not in known)))[0]


def _factor(memory, x, levels=None, ordered=False):
    made = as_levels(x, bool(ordered))
    if levels is None:
        return _remember_levels(memory, made.used())
    labels = tuple(v if isinstance(v, str) else r_number(float(v)) for v in levels)
    return made.matched(labels)[0]


def _ordered(memory, x, levels=None):
    return _factor(memory, x, levels, ordered=True)


def _relevel(memory, x, ref):
    made = as_levels(x)
    ref = ref if isinstance(ref, str) else r_number(float(ref))
    if "labels" not in memory:
        if ref not in made.labels:
            raise ValueError(f"relevel(ref={ref!r}): the levels are {_few(made.labels)}.")
        memory["labels"] = (ref, *(label for label in made.labels if label != ref))
    return _remember_levels(memory, made)


def _contrast(memory, x, contrast=None):
    return replace(as_levels(x), contrast=contrast and contrast_name(contrast))


def contrast_name(name):
    """Return the plain name of a contrast: ``contr.sum`` and ``sum`` are the same."""
    plain = str(name).removeprefix("contr.").lower()
    if plain not in CONTRASTS:
        valid = ", ".join(CONTRASTS)
        raise ValueError(f"{name!r} is no contrast. Valid choices: {valid} (R's contr.sum is sum).")
    return plain


def _as_numeric(memory, x):
    """R's ``as.numeric`` of a factor is the level's number, counted from 1."""
    if isinstance(x, Levels) and not x.logical:
        codes = _remember_levels(memory, x).codes
        return np.where(codes < 0, np.nan, codes + 1.0)
    return numbers(x, "as.numeric")


def _as_integer(memory, x):
    return np.trunc(_as_numeric(memory, x))


def _interaction(memory, *factors):
    first, *rest = (as_levels(factor) for factor in factors)
    for other in rest:
        labels = tuple(f"{a}.{b}" for b in other.labels for a in first.labels)
        codes = first.codes + len(first.labels) * other.codes
        first = Levels(np.where((first.codes < 0) | (other.codes < 0), -1, codes), labels)
    return _remember_levels(memory, first.used())


def _cut(memory, x, breaks, right=True, include_lowest=False):
    x = numbers(x, "cut")
    edges = memory.setdefault("edges", _edges(x, breaks))
    digits = next((d for d in range(3, 13) if len({f"{e:.{d}g}" for e in edges}) == len(edges)), 12)
    shown = [f"{edge:.{digits}g}" for edge in edges]
    labels = [f"({a},{b}]" if right else f"[{a},{b})" for a, b in pairwise(shown)]
    codes = np.searchsorted(edges, x, side="left" if right else "right") - 1
    if include_lowest:
        closed = 0 if right else -1
        labels[closed] = f"[{labels[closed][1:-1]}]"
        codes[x == edges[closed]] = closed % len(labels)
    outside = (codes < 0) | (codes >= len(labels)) | np.isnan(x)
    return Levels(np.where(outside, -1, codes), tuple(labels))


def _edges(x, breaks):
    if not isinstance(breaks, list):
        low, high = np.nanmin(x), np.nanmax(x)
        edges = np.linspace(low, high, int(breaks) + 1)
        edges[[0, -1]] = low - (high - low) / 1000, high + (high - low) / 1000
        return edges
    return np.sort(np.array(breaks, dtype=float))


def _poly(memory, x, degree=1, raw=False):
    from formulaic.transforms import poly

    degree = int(degree)
    made = np.asarray(poly(numbers(x, "poly"), degree, raw=bool(raw), _state=memory)).reshape(len(x), -1)
    return Matrix(made, range(1, degree + 1) if degree > 1 else [""])


def _scale(memory, x, center=True, scale=True):
    x = numbers(x, "scale")
    if "center" not in memory:
        memory["center"] = np.mean(x) if center is True else (0.0 if center is False else float(center))
        spread = np.sqrt(np.sum((x - memory["center"]) ** 2) / (len(x) - 1))
        memory["scale"] = spread if scale is True else (1.0 if scale is False else float(scale))
    return (x - memory["center"]) / memory["scale"]


def _basis(make, name):
    def call(memory, x, df=None, knots=None, degree=3, intercept=False):
        given = knots if isinstance(knots, list) or knots is None else [knots]
        extra = {"degree": int(degree)} if name == "bs" else {}
        made = make(numbers(x, name), memory, df=df, knots=given, intercept=bool(intercept), **extra)
        return Matrix(made, range(1, made.shape[1] + 1))

    return call


_ONE = {name: getattr(np, name) for name in ("exp", "sqrt", "abs", "sin", "cos", "tan", "floor", "log1p")}
_ONE |= {name: getattr(np, name) for name in ("log10", "log2", "expm1", "sinh", "cosh", "tanh", "sign")}
_ONE |= {"ceiling": np.ceil, "trunc": np.trunc, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan}
_ALL = {"mean": np.mean, "median": np.median, "min": np.min, "max": np.max, "sum": np.sum}
_ALL |= {"sd": lambda x: np.std(x, ddof=1), "var": lambda x: np.var(x, ddof=1)}

FUNCTIONS = {name: _elementwise(function, name) for name, function in _ONE.items()}
FUNCTIONS |= {name: _remembered(statistic, name) for name, statistic in _ALL.items()}
FUNCTIONS |= {
    "pmax": _elementwise(np.maximum, "pmax"),
    "pmin": _elementwise(np.minimum, "pmin"),
    "log": _log,
    "round": _round,
    "I": _identity,
    "c": _combine,
    "ifelse": _ifelse,
    "is.na": _missing,
    "factor": _factor,
    "as.factor": _factor,
    "as.character": _factor,
    "ordered": _ordered,
    "as.ordered": _ordered,
    "relevel": _relevel,
    "C": _contrast,
    "as.numeric": _as_numeric,
    "as.double": _as_numeric,
    "as.integer": _as_integer,
    "as.logical": lambda memory, x: truth_values(numbers(x, "as.logical")),
    "interaction": _interaction,
    "cut": _cut,
    "poly": _poly,
    "scale": _scale,
    "center": lambda memory, x: _scale(memory, x, scale=False),
    "bs": _basis(bs, "bs"),
    "ns": _basis(ns, "ns"),
}
OF_VALUES = {*_ONE, "pmax", "pmin", "log", "round", "I", "c"}  # what may be called with plain values too
OF_COLUMNS = {"pmax", "pmin", "ifelse", "interaction"}  # what takes more than one column
NUMPY = {"np.maximum": "pmax", "np.minimum": "pmin", "np.ceil": "ceiling", "np.arcsin": "asin"}
NUMPY |= {"np.arccos": "acos", "np.arctan": "atan", "np.where": "ifelse"}


def find_function(name):
    """Look up a function by R's name, or NumPy's (``np.log``); None if it isn't offered."""
    return FUNCTIONS.get(NUMPY.get(name, name.removeprefix("np.")))
