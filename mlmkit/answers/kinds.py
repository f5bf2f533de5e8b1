"""What a right answer is, and which wrong ones are worth a sentence: the kinds of answers to questions.

A kind holds the expected value, the tolerance and the known mistakes. The grader judges graded
answers with it; `mlmkit.check` judges practice answers with the same code.
"""

import math
from dataclasses import dataclass, field

from mlmkit.answers.draws_kind import Draws
from mlmkit.answers.encoding import TableAnswer, decode, encode
from mlmkit.answers.figure_kind import Figure
from mlmkit.answers.kind import Kind, Mistake
from mlmkit.answers.shapes import a_few, count_of, read, read_by_group, read_table
from mlmkit.answers.text_kinds import Choice, Formula
from mlmkit.answers.verdicts import Verdict, verdict

__all__ = [
    "ByGroup",
    "Choice",
    "Draws",
    "Figure",
    "Formula",
    "Kind",
    "Mistake",
    "Number",
    "Table",
    "Verdict",
    "from_key",
    "to_key",
    "verdict",
]

NEARLY = 20  # within this many tolerances, a wrong number is called close,
SHARE = 0.05  # if it is within this share too: tolerances for simulated answers are wide


def _gap(given, value, tolerance):
    """Distance of two numbers in tolerances; 0 when they are equal, however small the tolerance."""
    if given == value:
        return 0.0
    return abs(given - value) / tolerance if tolerance > 0 else math.inf


_CLOSE = (
    "Your answer is close, but not as close as rounding inside the computer explains. "
    "Hand in the value without rounding it, and check each step."
)


def _check_tolerance(kind):
    each = kind.abs.values() if isinstance(kind.abs, dict) else [kind.abs]
    if not all(math.isfinite(size) and size >= 0 for size in [kind.rel, *each]):
        raise ValueError("Tolerances are finite and not negative.")


@dataclass(frozen=True, eq=False)
class Number(Kind):
    """One number.

    Parameters
    ----------
    value : float
        The right answer.
    rel, abs : float
        Tolerance: ``rel`` times the expected number, plus ``abs`` in its units.
    mistakes : sequence of Mistake
        In the order in which they are tried.
    unit : str, optional
        Named when an answer has the wrong form, for example ``"USD"``.

    Examples
    --------
    >>> Number(100.0, mistakes=[Mistake(10.0, says="This is the square root.")]).grade(10.0).status
    'mistake'
    """

    value: float
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""

    def __post_init__(self):
        _check_tolerance(self)
        self._check_value()

    def shape(self):
        """Describe the form: one number, its unit."""
        return {"kind": "number", "unit": self.unit}

    def _normal(self, value):
        return read(decode(encode(value)), self.shape())

    def _distance(self, given, value):
        return _gap(given, value, self.abs + self.rel * abs(value))

    def _difference(self, given, value):
        return _gap(given, value, abs(value))

    def _explain(self, given):
        value = self._normal(self.value)
        near = self._distance(given, value) <= NEARLY and abs(given - value) <= SHARE * abs(value)
        return _CLOSE if near else super()._explain(given)


class _Labelled(Kind):
    """Numbers with labels: all must be close, and the labels must agree."""

    def _distance(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        floor = 0.1 * max(abs(number) for number in value.values())
        return max(self._one_distance(label, given[label], value[label], floor) for label in value)

    def _difference(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        return max(_gap(given[label], number, abs(number)) for label, number in value.items())

    def _one_distance(self, label, given, value, floor):
        # A group effect may be nearly 0 by chance: then "relative" means relative to the larger ones.
        fixed = self.abs[label] if isinstance(self.abs, dict) else self.abs
        return _gap(given, value, fixed + self.rel * max(abs(value), floor))

    def _explain(self, given):
        value = self._normal(self.value)
        floor = 0.1 * max(abs(number) for number in value.values())
        shares = [_gap(given[label], number, max(abs(number), floor)) for label, number in value.items()]
        if self._distance(given, value) <= NEARLY and max(shares) <= SHARE:
            return _CLOSE
        wrong = [label for label in value if self._one_distance(label, given[label], value[label], floor) > 1]
        if len(wrong) == len(value):
            return f"None of the {count_of(len(value), 'value')} is the expected one."
        labels = [label if isinstance(label, str) else " ".join(label) for label in wrong]
        return f"As expected: {len(value) - len(wrong)} of {len(value)} values. Look at {a_few(labels)}."


@dataclass(frozen=True, eq=False)
class ByGroup(_Labelled):
    """One number per group. Labels matter, their order doesn't.

    Parameters
    ----------
    value : Series or dict
        The right answer, group label to number.
    rel, abs : float
        Tolerance of each number: ``rel`` times its size (at least a tenth of the largest), plus ``abs``,
        which may be a dict with a number for each label.
    mistakes : sequence of Mistake
        Their values are Series, dicts, or single numbers (the same for every group).
    unit, group : str, optional
        Unit, and what a label names. Default for ``group``: the name of the Series' index.
    in_order : bool
        Take a list without labels too, in the order of `value`: for an interval, ``[lower, upper]``.

    Examples
    --------
    >>> ByGroup({"98010": 1.0, "98014": 2.0}).grade({"98014": 2.0, "98010": 1.0}).status
    'right'
    """

    value: object
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""
    group: str = ""
    in_order: bool = False

    def __post_init__(self):
        _check_tolerance(self)
        if not self.group:
            name = getattr(getattr(self.value, "index", None), "name", None)
            object.__setattr__(self, "group", str(name or "group"))
        self._check_value()

    def _labels(self):
        return list(_by_group(self.value))

    def shape(self):
        """Describe the form: a number per label."""
        labels = self._labels()
        return {
            "kind": "by_group",
            "group": self.group,
            "unit": self.unit,
            "count": len(labels),
            "labels": labels,
            "in_order": self.in_order,
        }

    def _normal(self, value):
        answer = decode(encode(value))
        if isinstance(answer, float):
            answer = dict.fromkeys(self._labels(), answer)
        return read_by_group(answer, self.shape())

    def _misformed(self, answer):
        """Look for a known mistake in a single number where one per group is asked for."""
        if isinstance(answer, dict | list) and len(answer) == 1:
            answer = next(iter(answer.values() if isinstance(answer, dict) else answer))
        if isinstance(answer, bool) or not isinstance(answer, float) or not math.isfinite(answer):
            return None
        return self._first_mistake(dict.fromkeys(self._labels(), answer))


def _by_group(value):
    """Decode an author's Series or dict."""
    answer = decode(encode(value))
    if not isinstance(answer, dict) or not answer:
        raise ValueError("ByGroup needs a Series with group labels as index, or a dict of label to number.")
    return answer


@dataclass(frozen=True, eq=False)
class Table(_Labelled):
    """A table of numbers. Row and column labels matter, their order doesn't.

    Parameters
    ----------
    value : DataFrame
        The right answer, with two columns or more.
    rel, abs : float
        Tolerance of each number, as in `ByGroup`.
    mistakes : sequence of Mistake
        Their values are data frames.
    unit, group : str, optional
        Unit, and what a row is.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["x", "y"])
    >>> Table(table).grade(decode(encode(table[["b", "a"]]))).status
    'right'
    """

    value: object
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""
    group: str = "row"

    def __post_init__(self):
        _check_tolerance(self)
        self._check_value()

    def shape(self):
        """Describe the form: row labels and columns."""
        answer = decode(encode(self.value))
        if not isinstance(answer, TableAnswer):
            raise ValueError("Table needs a data frame with two columns or more; for one column use ByGroup.")
        return {
            "kind": "table",
            "unit": self.unit,
            "group": self.group,
            "columns": answer.columns,
            "labels": answer.index,
            "count": len(answer.index),
        }

    def _normal(self, value):
        return read_table(decode(encode(value)), self.shape())


KINDS = {
    "number": Number,
    "by_group": ByGroup,
    "choice": Choice,
    "formula": Formula,
    "table": Table,
    "draws": Draws,
    "figure": Figure,
}


def to_key(kind):
    """Write a kind as plain JSON values, for the key file of practice questions."""
    return {"kind": kind.shape()["kind"], **kind.to_entries()}


def from_key(entries):
    """Make a kind from `to_key`'s result."""
    entries = dict(entries)
    return KINDS[entries.pop("kind")].from_entries(entries)
