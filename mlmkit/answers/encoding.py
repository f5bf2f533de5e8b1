"""How an answer travels: from a Python object in the student's kernel to plain JSON, and back.

The student's side is `encode`, the grader's side is `decode`. `decode` trusts nothing: whatever the
JSON holds, it gives back a plain value or raises `BadAnswerError` with a sentence.
"""

import math
import numbers
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.answers.draws_answer import DrawsAnswer, decode_draws, encode_draws
from mlmkit.answers.figure_answer import FigureAnswer, decode_figure
from mlmkit.answers.figure_reading import encode_figure
from mlmkit.answers.model_answer import ModelAnswer, decode_model, encode_model
from mlmkit.answers.text import MAX_TEXT, BadAnswerError, label_text, plain

__all__ = [
    "MAX_TEXT",
    "MAX_VALUES",
    "MIME",
    "BadAnswerError",
    "DrawsAnswer",
    "FigureAnswer",
    "FitAnswer",
    "ModelAnswer",
    "TableAnswer",
    "decode",
    "encode",
    "label_text",
    "plain",
]

MIME = "application/vnd.mlmkit.answer+json"
MAX_VALUES = 10_000  # numbers in one answer; a notebook file stays small


@dataclass(frozen=True)
class FitAnswer:
    """A fitted model that was handed in: only its formula travels."""

    formula: str


@dataclass(frozen=True)
class TableAnswer:
    """A table that was handed in: labels as text, values row by row (floats, or text)."""

    index: list
    columns: list
    values: list


# ---------------------------------------------------------------- the student's side


def encode(answer):
    """Turn an answer into JSON-ready values.

    Parameters
    ----------
    answer : object
        A number, text, truth value, Series or dict by group, data frame, list or 1-d array, a fit, a
        matplotlib figure or axes. Hundreds of numbers without text are draws: see
        `mlmkit.answers.draws_answer`. None and Ellipsis stand for "not answered".

    Returns
    -------
    object
        What ``json.dumps`` can write: see the branches below for each form.

    Raises
    ------
    BadAnswerError
        If the answer is of another type or too large. The text says what to hand in instead.

    Examples
    --------
    >>> import pandas as pd
    >>> encode(pd.Series({98010: 1.5, 98014: float("nan")}))
    {'by_group': {'98010': 1.5, '98014': {'number': 'nan'}}}
    """
    if answer is None or answer is Ellipsis:
        return None
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, (str, bool, np.bool_, numbers.Real)):
        return _encode_value(answer)
    if isinstance(answer, ModelAnswer):
        return encode_model(answer)
    special = encode_figure(answer) or encode_draws(answer)
    if special:
        return special
    if isinstance(answer, pd.DataFrame):
        return _encode_frame(answer)
    if isinstance(answer, pd.Series):
        return _encode_series(answer)
    if isinstance(answer, dict):
        return _encode_by_group(answer.keys(), answer.values())
    if isinstance(answer, (list, tuple, set, frozenset, pd.Index, np.ndarray)):
        return _encode_list(answer)
    if isinstance(getattr(answer, "formula", None), str):
        return {"fit": {"formula": answer.formula[:MAX_TEXT]}}
    raise BadAnswerError(
        f"Your answer is of type {plain(type(answer).__name__)}, which can't be handed in. "
        "Hand in a number, text, a Series, a data frame, a list or a figure."
    )


def _encode_value(value):
    """Encode one number or text."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return {"number": "nan"}
    if isinstance(value, numbers.Real):
        return _encode_number(value)
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise BadAnswerError(
                f"Your text has {len(value):,} characters. At most {MAX_TEXT:,} can be handed in."
            )
        return str(value)
    raise BadAnswerError(
        f"Your answer holds a value of type {plain(type(value).__name__)}. "
        "Only numbers and text can be handed in."
    )


def _encode_number(value):
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isfinite(number):
        return number
    return {"number": "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"}


def _check_size(count):
    if count > MAX_VALUES:
        raise BadAnswerError(
            f"Your answer has {count:,} values. At most {MAX_VALUES:,} can be handed in: "
            "is it the whole data set?"
        )


def _encode_by_group(labels, values):
    _check_size(len(labels))
    groups = {}
    for label, value in zip(labels, values, strict=True):
        name = label_text(label)
        if name in groups:
            raise BadAnswerError(
                f"The label {plain(name)} appears more than once. Each group needs exactly one number."
            )
        groups[name] = _encode_value(value.item() if isinstance(value, np.generic) else value)
    return {"by_group": groups}


def _encode_series(series):
    # 0, 1, 2, … are positions, not labels of groups.
    if series.index.equals(pd.RangeIndex(len(series))):
        return _encode_list(series.tolist())
    return _encode_by_group(series.index.tolist(), series.tolist())


def _encode_list(values):
    if isinstance(values, np.ndarray) and values.ndim > 1:
        if min(values.shape) != 1 and values.size != 1:
            raise BadAnswerError(
                f"Your answer is an array of shape {values.shape}. "
                "Hand in a list, or a data frame with labels."
            )
        values = values.ravel()
    _check_size(len(values))
    values = values.tolist() if isinstance(values, np.ndarray | pd.Index) else list(values)
    return {"list": [_encode_value(value) for value in values]}


def _encode_frame(frame):
    _check_size(frame.size)
    if frame.shape[1] == 1:
        return _encode_series(frame.iloc[:, 0])
    return {
        "table": {
            "index": [label_text(label) for label in frame.index.tolist()],
            "columns": [label_text(label) for label in frame.columns.tolist()],
            "values": [
                [_encode_value(value) for value in row] for row in frame.astype(object).values.tolist()
            ],
        }
    }


# ---------------------------------------------------------------- the grader's side


def decode(encoded):
    """Read what `encode` wrote.

    Parameters
    ----------
    encoded : object
        Parsed JSON. It comes from a student's kernel: it may be anything.

    Returns
    -------
    float, str, bool, None, dict, list, TableAnswer, FitAnswer, DrawsAnswer, FigureAnswer or ModelAnswer
        ``dict`` is numbers by group (label to float). Not finite numbers come back as floats.

    Raises
    ------
    BadAnswerError
        If the JSON isn't in one of the forms, or is too large.

    Examples
    --------
    >>> decode({"by_group": {"98010": 1.5, "98014": {"number": "nan"}}})
    {'98010': 1.5, '98014': nan}
    """
    if encoded is None:
        return None
    if not isinstance(encoded, dict) or set(encoded) == {"number"}:
        return _decode_value(encoded)
    if len(encoded) == 1:
        ((form, content),) = encoded.items()
        if form in _READERS:
            return _READERS[form](content)
    raise BadAnswerError(
        "The answer arrived in a form that can't be read. Run the check cell again and save."
    )


def _decode_value(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _as_float(value)
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise BadAnswerError(f"The text that arrived has more than {MAX_TEXT:,} characters.")
        return value
    if isinstance(value, dict) and set(value) == {"number"} and value["number"] in ("nan", "inf", "-inf"):
        return float(value["number"])
    raise BadAnswerError("The answer holds something that is neither a number nor text.")


def _as_float(value):
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _bounded(content, kind):
    if not isinstance(content, kind) or len(content) > MAX_VALUES:
        raise BadAnswerError("The answer arrived in a form that can't be read, or is too large.")
    return content


def _label(label):
    if not isinstance(label, str) or len(label) > MAX_TEXT:
        raise BadAnswerError("The answer that arrived has labels that can't be read.")
    return label.strip()


def _decode_by_group(content):
    groups = {}
    for label, value in _bounded(content, dict).items():
        name = _label(label)
        if name in groups:
            raise BadAnswerError(f"The label {plain(name)} appears more than once.")
        groups[name] = _decode_value(value)
    return groups


def _decode_list(content):
    return [_decode_value(value) for value in _bounded(content, list)]


def _decode_table(content):
    parts = _bounded(content, dict)
    if set(parts) != {"index", "columns", "values"}:
        raise BadAnswerError("The table that arrived can't be read.")
    index, columns = (
        [_label(label) for label in _bounded(parts[side], list)] for side in ("index", "columns")
    )
    rows = _bounded(parts["values"], list)
    _check_size(len(index) * len(columns))
    if len(rows) != len(index) or any(not isinstance(row, list) or len(row) != len(columns) for row in rows):
        raise BadAnswerError("The table that arrived has rows of different lengths.")
    return TableAnswer(index, columns, [[_decode_value(value) for value in row] for row in rows])


def _decode_fit(content):
    formula = _bounded(content, dict).get("formula")
    if not isinstance(formula, str) or len(formula) > MAX_TEXT:
        raise BadAnswerError("The fit that arrived can't be read.")
    return FitAnswer(formula)


def _decode_unreadable(content):
    raise BadAnswerError(
        plain(content, limit=300) if isinstance(content, str) else "The answer can't be read."
    )


_READERS = {
    "by_group": _decode_by_group,
    "list": _decode_list,
    "table": _decode_table,
    "fit": _decode_fit,
    "draws": decode_draws,
    "figure": decode_figure,
    "model": decode_model,
    "unreadable": _decode_unreadable,
}
