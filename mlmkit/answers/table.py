"""A table of numbers as an answer."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.forms import TableAnswer, compare_labels, oriented
from mlmkit.answers.labelled import Labelled
from mlmkit.answers.text import BadAnswerError, a_few, in_unit, label_text, plain
from mlmkit.answers.tolerance import check_tolerance
from mlmkit.answers.values import bounded, check_size, decode_label, decode_value, encode_value, finite


@dataclass(frozen=True, eq=False)
class Table(Labelled):
    """A table of numbers. Row and column labels matter; their order, and which of them are rows, doesn't.

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
    >>> from mlmkit.answers.kinds import decode, encode
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

    name: ClassVar[str] = "table"
    form: ClassVar[str] = "table"

    @classmethod
    def encode(cls, answer, shape):
        """Take a data frame, a nested dict, or a list of rows; a table with a single column is a Series."""
        answer = _frame(answer)
        if not isinstance(answer, pd.DataFrame):
            return None
        check_size(answer.size)
        if answer.shape[1] == 1:
            return encode(answer.iloc[:, 0], shape)
        rows = answer.astype(object).values.tolist()
        return {
            cls.form: {
                "index": [label_text(label) for label in answer.index.tolist()],
                "columns": [label_text(label) for label in answer.columns.tolist()],
                "values": [[encode_value(value) for value in row] for row in rows],
            }
        }

    @classmethod
    def decode(cls, content):
        """Read labels and values, the same number in each row."""
        parts = bounded(content, dict)
        if set(parts) != {"index", "columns", "values"}:
            raise BadAnswerError("The table that arrived can't be read.")
        index, columns = (
            [decode_label(label) for label in bounded(parts[side], list)] for side in ("index", "columns")
        )
        rows = bounded(parts["values"], list)
        check_size(len(index) * len(columns))
        if len(rows) != len(index) or any(
            not isinstance(row, list) or len(row) != len(columns) for row in rows
        ):
            raise BadAnswerError("The table that arrived has rows of different lengths.")
        return TableAnswer(index, columns, [[decode_value(value) for value in row] for row in rows])

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: the columns."""
        return f"a data frame with the columns {a_few(shape['columns'], 8)}{in_unit(shape.get('unit'))}"

    @classmethod
    def read(cls, answer, shape):
        """Read a table with the wanted columns as a dict (row label, column label) to finite number."""
        if not isinstance(answer, TableAnswer):
            raise cls.mismatch(answer, shape)
        answer = oriented(answer, shape.get("labels") or [], shape["columns"])
        index, columns = answer.index, answer.columns
        if len(set(index)) != len(index) or len(set(columns)) != len(columns):
            raise BadAnswerError("A row or a column label of your data frame appears more than once.")
        missing = sorted(set(shape["columns"]) - set(columns))
        extra = sorted(set(columns) - set(shape["columns"]))
        if missing or extra:
            parts = [f"missing columns: {a_few(missing)}"] * bool(missing)
            parts += [f"columns not asked for: {a_few(extra)}"] * bool(extra)
            raise BadAnswerError(f"This question asks for {cls.wanted(shape)}; {'; '.join(parts)}.")
        compare_labels(index, shape, cls.wanted(shape))
        return {
            (row, column): finite(
                value, f" in row {plain(row, 30)}, column {plain(column, 30)}", shape.get("unit")
            )
            for row, values in zip(index, answer.values, strict=True)
            for column, value in zip(columns, values, strict=True)
        }

    def __post_init__(self):
        check_tolerance(self)
        self._check_value()

    @cached_property
    def _answer(self):
        return decode(encode(self.value))

    def shape(self):
        """Describe the form: row labels and columns."""
        answer = self._answer
        if not isinstance(answer, TableAnswer):
            raise ValueError("Table needs a data frame with two columns or more; for one column use ByGroup.")
        return {
            "kind": self.name,
            "unit": self.unit,
            "group": self.group,
            "columns": answer.columns,
            "labels": answer.index,
            "count": len(answer.index),
        }

    def _normal(self, value):
        return self.read(decode(encode(value)), self.shape())

    @classmethod
    def _unpacked(cls, packed):
        value = decode(packed)
        return value.frame() if isinstance(value, TableAnswer) else value


def _frame(answer):
    """Lay out as a data frame what is one: a dict of dicts, Series or lists, or a list of dicts."""
    if isinstance(answer, dict):
        columns = list(answer.values())
        single = all(_is_column(part) and len(part) == 1 and not isinstance(part, dict) for part in columns)
        if single or not all(map(_is_column, columns)):
            return answer
    elif not isinstance(answer, list) or not answer or not all(isinstance(row, dict) for row in answer):
        return answer
    try:
        return pd.DataFrame(answer)
    except ValueError as error:
        raise BadAnswerError("The columns of your answer have different lengths.") from error


def _is_column(part):
    return isinstance(part, dict | pd.Series | list | tuple) or np.ndim(part) == 1
