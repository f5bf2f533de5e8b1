"""What an answer is made of, whatever its kind: numbers, texts, truth values, and lists of them.

``encode_…`` turns Python objects into JSON values, in the student's kernel; ``decode_…`` reads them again
in the grader, where the JSON may hold anything.
"""

import math
import numbers
import re
from decimal import Decimal

import numpy as np
import pandas as pd

from mlmkit.answers.text import MAX_TEXT, BadAnswerError, a_few, count_of, plain

MAX_VALUES = 10_000  # numbers in one answer; a notebook file stays small
_HOLDERS = (list, tuple, dict, np.ndarray, pd.Series, pd.DataFrame)
# 600856.44 as text, or with thousands separators: 600,856.44, 600 856.44 (also narrow blanks), 600'856.44
_SEPARATED = "[1-9][0-9]{0,2}(?P<mark>[,_' \xa0\u2009\u202f])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:\\.[0-9]*)?"
_NUMBER = re.compile(
    rf"\$?\s*(?P<sign>[+-]?)\s*\$?\s*(?P<digits>{_SEPARATED}|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
)


def unwrapped(answer):
    """Take a Series, an array or a list out of a list around it, and the number of a 0-d array."""
    for _ in range(5):
        if isinstance(answer, (list, tuple)) and len(answer) == 1 and isinstance(answer[0], _HOLDERS):
            answer = answer[0]
    return answer.item() if getattr(answer, "shape", None) == () and hasattr(answer, "item") else answer


def encode_value(value):
    """Encode one number, text or truth value. JSON has no NaN: it travels as ``{"number": "nan"}``."""
    if isinstance(value, (np.ndarray, pd.Series, pd.Index)) and value.size == 1:
        value = value.item()
    if isinstance(value, (list, tuple)) and len(value) == 1 and not isinstance(value[0], _HOLDERS):
        value = value[0]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return {"number": "nan"}
    if isinstance(value, (numbers.Real, Decimal)):
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


def encode_list(values):
    """Encode a list, tuple, index or array of values without labels, or a set of one value."""
    if isinstance(values, (set, frozenset)) and len(values) > 1:
        raise BadAnswerError(
            f"Your answer is a set of {count_of(len(values), 'value')}. A set has no order: hand in a list."
        )
    if isinstance(values, np.ndarray) and values.ndim > 1:
        if min(values.shape) != 1 and values.size != 1:
            raise BadAnswerError(
                f"Your answer is an array of shape {values.shape}. "
                "Hand in a list, or a data frame with labels."
            )
        values = values.ravel()
    check_size(len(values))
    values = values.tolist() if isinstance(values, np.ndarray | pd.Index) else list(values)
    return {"list": [encode_value(value) for value in values]}


def check_size(count):
    """Refuse an answer of too many values."""
    if count > MAX_VALUES:
        raise BadAnswerError(
            f"Your answer has {count:,} values. At most {MAX_VALUES:,} can be handed in: "
            "is it the whole data set?"
        )


def decode_value(value):
    """Read what `encode_value` wrote: a float, a text or a truth value."""
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


def decode_list(content):
    """Read what `encode_list` wrote under "list"."""
    return [decode_value(value) for value in bounded(content, list)]


def decode_label(label):
    """Read the label of a group, a row or a column."""
    if not isinstance(label, str) or len(label) > MAX_TEXT:
        raise BadAnswerError("The answer that arrived has labels that can't be read.")
    return label.strip()


def bounded(content, container):
    """Return a list or dict of JSON values if it is one, and not too large."""
    if not isinstance(content, container) or len(content) > MAX_VALUES:
        raise BadAnswerError("The answer arrived in a form that can't be read, or is too large.")
    return content


def described(answer):
    """Say what was handed in: "a list of nine values", "a fit". What a kind makes says it itself."""
    if hasattr(answer, "described"):
        return answer.described()
    if isinstance(answer, bool):
        return f"the truth value {answer}"
    if isinstance(answer, float):
        return "a single number"
    if isinstance(answer, str):
        return f'the text "{plain(answer)}"'
    if isinstance(answer, dict):
        return f"{count_of(len(answer), 'number')} with labels ({a_few(list(answer), 3)})"
    if isinstance(answer, list):
        return f"a list of {count_of(len(answer), 'value')} without labels"
    return "nothing" if answer is None else "of another kind"


def finite(value, where="", unit=""):
    """Return a finite float, or raise `BadAnswerError`.

    Parameters
    ----------
    value : object
        A float, or text that means one: ``"600,856.44"``, ``"$600,856"``; ``"12%"`` where there is no unit.
    where : str
        Follows "value" in the sentence: " for 98010".
    unit : str, optional
        What the question asks for. A question with a unit does not ask for a share.
    """
    if isinstance(value, str):
        value = _number_in(value, where, unit)
    if isinstance(value, bool) or not isinstance(value, float):
        raise BadAnswerError(f"The value{where} is {described(value)}. A number is needed.")
    if math.isnan(value):
        raise BadAnswerError(
            f"The value{where} is NaN, not a number. Look for a missing value or a label that doesn't match."
        )
    if math.isinf(value):
        raise BadAnswerError(f"The value{where} is infinite. Look for a division by zero or an overflow.")
    return value


def _number_in(text, where, unit):
    """Read a number that arrived as text. Where it may mean two numbers, a sentence asks."""
    bare = text.strip().replace("\u2212", "-")  # a minus sign, as typeset
    percent = bare.endswith("%")
    found = _NUMBER.fullmatch(bare.removesuffix("%").strip())
    perhaps_decimal = not unit and re.fullmatch("[+-]?[0-9]{1,3},[0-9]{3}", bare)
    if not found or perhaps_decimal:
        raise BadAnswerError(
            f"The value{where} is {described(text)}. A number is needed. Hand it in without quotes, "
            "with a point before the decimals: 1234.5"
        )
    if percent and unit:
        raise BadAnswerError(
            f"The value{where} is {described(text)}, a share. This question asks for a number in {unit}."
        )
    digits = re.sub("[^0-9.eE+-]", "", found["digits"])
    return float(found["sign"] + digits) / (100 if percent else 1)
