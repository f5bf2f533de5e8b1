"""How draws travel: a summary of each column as JSON values, and back."""

import math

import numpy as np
import pandas as pd

from mlmkit.answers.draws.summary import PROBABILITIES, SINGLE, DrawsAnswer, DrawsSummary, summarise
from mlmkit.answers.text import MAX_TEXT, BadAnswerError, label_text, plain

MANY = 200  # rows; numbers without labels that are more than these are taken for draws
MAX_DRAWS = 1_000_000  # numbers in one answer
MAX_COLUMNS = 200


def encode_draws(answer):
    """Summarise a long column of numbers or a long data frame of numbers; return None for anything else.

    Parameters
    ----------
    answer : object
        Anything. Draws are a list, tuple, 1-d array or Series with more than `MANY` numbers, whatever its
        index; a data frame, 2-d array or dict of columns of numbers with more than `MANY` rows (a column a
        quantity), or on its side; or an xarray.DataArray with the dimensions chain and draw.

    Returns
    -------
    dict or None
        Label to ``[count, not_finite, mean, sd, ess, rhat, quantile, …]``.

    Raises
    ------
    BadAnswerError
        If there are too many draws.
    """
    if getattr(answer, "dims", None) == ("chain", "draw"):
        answer = np.asarray(answer).ravel()
    if isinstance(answer, dict) or (
        isinstance(answer, np.ndarray) and answer.ndim == 2 and 1 not in answer.shape
    ):
        answer = _frame_of(answer)
    if isinstance(answer, pd.DataFrame):
        columns = _frame_columns(answer)
    elif isinstance(answer, (list, tuple, np.ndarray, pd.Series, pd.Index)):
        columns = _single_column(answer)
    else:
        return None
    if columns is None:
        return None
    return {label: packed(summarise(values)) for label, values in columns.items()}


def _single_column(answer):
    shape = np.shape(answer) if isinstance(answer, np.ndarray) else (len(answer),)
    size = math.prod(shape)
    if size <= MANY or size not in shape:
        return None
    _check_count(size)
    values = _numbers(answer)
    return None if values is None else {SINGLE: values.ravel()}


def _frame_of(answer):
    """Lay out an array or a dict of long columns as a data frame; leave others."""
    if isinstance(answer, dict):
        sizes = {len(column) if _is_column(column) else 0 for column in answer.values()}
        if len(sizes) != 1 or max(sizes) <= MANY:
            return answer
        _check_count(len(answer) * max(sizes))
        answer = {label: list(column) for label, column in answer.items()}
    elif max(answer.shape) <= MANY:
        return answer
    return pd.DataFrame(answer)


def _is_column(values):
    array = isinstance(values, np.ndarray) and values.ndim == 1
    return array or isinstance(values, list | tuple | pd.Series)


def _frame_columns(frame):
    if len(frame) <= MANY < len(frame.columns):
        frame = frame.T  # it lies on its side: a row per quantity
    rows, count = frame.shape
    if rows <= MANY:
        return None
    columns = [_numbers(frame.iloc[:, place]) for place in range(min(count, MAX_COLUMNS + 1))]
    if not columns or any(values is None for values in columns):
        return None
    _check_count(frame.size)
    if count > MAX_COLUMNS:
        raise BadAnswerError(
            f"Your data frame has {count:,} columns. At most {MAX_COLUMNS} can be handed in."
        )
    if count == 1:
        return {SINGLE: columns[0]}
    labels = [label_text(label) for label in frame.columns.tolist()]
    if len(set(labels)) != len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise BadAnswerError(f"The column {plain(twice)} appears more than once in your data frame.")
    return dict(zip(labels, columns, strict=True))


def _check_count(count):
    if count > MAX_DRAWS:
        raise BadAnswerError(f"Your answer has {count:,} values. At most {MAX_DRAWS:,} can be handed in.")


def _numbers(values):
    """Return an array of floats, or None if the values aren't numbers."""
    series = (
        values
        if isinstance(values, pd.Series)
        else pd.Series(np.ravel(values) if isinstance(values, np.ndarray) else list(values))
    )
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_complex_dtype(series):
        return None
    if pd.api.types.is_bool_dtype(series):
        return None
    return series.to_numpy(dtype=float, na_value=math.nan)


def packed(summary):
    """Write a summary as JSON values; what is not finite becomes None."""
    about = [summary.count, summary.not_finite, summary.mean, summary.sd, summary.ess, summary.rhat]
    numbers = [*about, *summary.quantiles]
    return [number if math.isfinite(number) else None for number in numbers]


def decode_draws(content):
    """Read what `encode_draws` wrote; it may be anything.

    Raises
    ------
    BadAnswerError
        If it isn't a summary, or if its numbers contradict one another.
    """
    if not isinstance(content, dict) or not 0 < len(content) <= MAX_COLUMNS:
        raise BadAnswerError("The draws that arrived can't be read, or are too many.")
    columns = {}
    for label, numbers in content.items():
        if not isinstance(label, str) or len(label) > MAX_TEXT or label.strip() in columns:
            raise BadAnswerError("The draws that arrived have labels that can't be read.")
        columns[label.strip()] = _unpacked(numbers)
    return DrawsAnswer(columns)


def _unpacked(numbers):
    if not isinstance(numbers, list) or len(numbers) != 6 + len(PROBABILITIES):
        raise BadAnswerError("The draws that arrived can't be read. Run the check cell again and save.")
    count, not_finite, mean, sd, ess, rhat, *quantiles = (_float(number) for number in numbers)
    summary = DrawsSummary(count, not_finite, mean, sd, ess, rhat, tuple(quantiles))
    if not (_is_count(count) and _is_count(not_finite) and not_finite <= count <= MAX_DRAWS):
        raise BadAnswerError("The draws that arrived can't be read: their number is not a number.")
    if not not_finite and not _agrees(summary):
        raise BadAnswerError(
            "The draws that arrived can't be read: their numbers contradict one another or are too large."
        )
    return summary


def _float(number):
    if number is None:
        return math.nan
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise BadAnswerError("The draws that arrived hold something that is not a number.")
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _is_count(number):
    return math.isfinite(number) and number >= 0 and number == int(number)


def _agrees(summary):
    quantiles = np.array(summary.quantiles)
    numbers = [summary.mean, summary.sd, summary.ess, *summary.quantiles]
    return bool(
        all(map(math.isfinite, numbers))
        and summary.sd >= 0
        and 0 < summary.ess <= summary.count
        and (math.isnan(summary.rhat) or 0 < summary.rhat < math.inf)
        and np.all(quantiles[1:] >= quantiles[:-1])
    )
