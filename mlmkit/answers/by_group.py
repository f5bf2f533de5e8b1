"""One number per group as an answer."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import ClassVar

import numpy as np
import pandas as pd

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.forms import TableAnswer, by_label, compare_labels, is_interval, relabelled
from mlmkit.answers.labelled import Labelled
from mlmkit.answers.text import BadAnswerError, a_few, count_of, in_unit, label_text, plain
from mlmkit.answers.tolerance import check_tolerance
from mlmkit.answers.values import (
    bounded,
    check_size,
    decode_label,
    decode_value,
    encode_list,
    encode_value,
    finite,
)


@dataclass(frozen=True, eq=False)
class ByGroup(Labelled):
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
        Take a list without labels too, in the order of `value`. An interval, with the labels lower and upper,
        may always be a pair.

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

    name: ClassVar[str] = "by_group"
    form: ClassVar[str] = "by_group"
    of_fit: ClassVar[tuple] = tuple(
        f'fit.{what}["zipcode"]["(Intercept)"]' for what in ("coef", "ranef", "se_ranef")
    )

    @classmethod
    def encode(cls, answer, shape):
        """Take a dict or a Series; one whose index is 0, 1, 2, … has positions and no labels."""
        if isinstance(answer, dict):
            return cls._labelled(answer.keys(), answer.values())
        if not isinstance(answer, pd.Series):
            return None
        labels = answer.index.tolist()
        numbered = not labels or isinstance(labels[0], Real)  # `equals` is slow for zip codes
        if numbered and answer.index.equals(pd.RangeIndex(len(answer))):
            return encode_list(answer.tolist())
        return cls._labelled(labels, answer.tolist())

    @classmethod
    def _labelled(cls, labels, values):
        check_size(len(labels))
        groups = {}
        for label, value in zip(labels, values, strict=True):
            name = label_text(label)
            if name in groups:
                raise BadAnswerError(
                    f"The label {plain(name)} appears more than once. Each group needs exactly one number."
                )
            groups[name] = encode_value(value.item() if isinstance(value, np.generic) else value)
        return {cls.form: groups}

    @classmethod
    def decode(cls, content):
        """Read a dict of label to number."""
        groups = {}
        for label, value in bounded(content, dict).items():
            name = decode_label(label)
            if name in groups:
                raise BadAnswerError(f"The label {plain(name)} appears more than once.")
            groups[name] = decode_value(value)
        return groups

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: "one number per zipcode (nine numbers)"."""
        labels, count = shape.get("labels") or [], ""
        if 0 < len(labels) <= 4:
            count = f" ({a_few(labels)})"
        elif shape.get("count"):
            count = f" ({count_of(shape['count'], 'number')})"
        return f"one number per {shape.get('group') or 'group'}{count}{in_unit(shape.get('unit'))}"

    @classmethod
    def read(cls, answer, shape):
        """Read finite numbers by group label, in any order."""
        labels = shape.get("labels") or []
        if isinstance(answer, TableAnswer):
            answer = by_label(answer, labels)
        in_order = isinstance(answer, list) and (shape.get("in_order") or is_interval(labels))
        if in_order and len(answer) == len(labels):
            return cls._in_order(answer, labels, shape)
        if not isinstance(answer, dict):
            label = plain((labels or ["98010"])[0], 30)
            hint = f' Hand in a Series with the labels as its index, or a dict: {{"{label}": …, …}}.'
            raise BadAnswerError(f"{cls.mismatch(answer, shape)}{hint if isinstance(answer, list) else ''}")
        answer = relabelled(answer, labels)
        compare_labels(list(answer), shape, cls.wanted(shape))
        return cls._numbers(answer, shape)

    @classmethod
    def _in_order(cls, values, labels, shape):
        numbers = cls._numbers(dict(zip(labels, values, strict=True)), shape)
        if is_interval(labels) and numbers["lower"] > numbers["upper"]:
            raise BadAnswerError(
                "The first of your two numbers is the larger one. The lower end comes first: (lower, upper). "
                'Or hand in a dict: {"lower": …, "upper": …}.'
            )
        return numbers

    @classmethod
    def _numbers(cls, answer, shape):
        unit = shape.get("unit")
        return {label: finite(value, f" for {plain(label, 30)}", unit) for label, value in answer.items()}

    @classmethod
    def echo(cls, value):
        """Repeat a few numbers, such as the ends of an interval."""
        if len(value) > 4:
            return ""
        return " (" + ", ".join(f"{plain(label, 30)} {number:,.6g}" for label, number in value.items()) + ")"

    def __post_init__(self):
        check_tolerance(self)
        if not self.group:
            name = getattr(getattr(self.value, "index", None), "name", None)
            object.__setattr__(self, "group", str(name or "group"))
        self._check_value()

    @cached_property
    def _labels(self):
        answer = decode(encode(self.value))
        if not isinstance(answer, dict) or not answer:
            raise ValueError(
                "ByGroup needs a Series with group labels as index, or a dict of label to number."
            )
        return list(answer)

    def shape(self):
        """Describe the form: a number per label."""
        labels = self._labels
        return {
            "kind": self.name,
            "group": self.group,
            "unit": self.unit,
            "count": len(labels),
            "labels": labels,
            "in_order": self.in_order,
        }

    def _normal(self, value):
        answer = decode(encode(value))
        if isinstance(answer, float):
            answer = dict.fromkeys(self._labels, answer)
        return self.read(answer, self.shape())

    def _misformed(self, answer):
        """Look for a known mistake in a single number where one per group is asked for."""
        if isinstance(answer, dict | list) and len(answer) == 1:
            answer = next(iter(answer.values() if isinstance(answer, dict) else answer))
        if isinstance(answer, bool) or not isinstance(answer, float) or not math.isfinite(answer):
            return None
        labels = self._labels  # of two, as of an interval, one number is half of an answer
        return self._named(self._near(dict.fromkeys(labels, answer))) if len(labels) > 2 else None
