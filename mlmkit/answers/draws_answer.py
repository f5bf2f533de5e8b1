"""Simulation draws that are handed in: what of them travels from the student's kernel to the grader.

A summary travels, not the draws: 4,000 draws for nine zip codes are 36,000 numbers, which would make
every saved notebook a megabyte larger and show nothing more. Count, mean, standard deviation, effective
sample size, R-hat and the quantiles at `PROBABILITIES` are enough for every comparison. A summary is no
easier to forge than draws are: who can make up the right mean can as well hand in ``normal(mean, sd, 1000)``.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.answers.text import MAX_TEXT, BadAnswerError, label_text, plain

MANY = 200  # rows; numbers without labels that are more than these are taken for draws
MAX_DRAWS = 1_000_000  # numbers in one answer
MAX_COLUMNS = 200
SINGLE = ""  # the label of draws of one quantity
PIECES = 4  # that a long column is cut into for R-hat: a multiple of most numbers of chains
LEAST_FOR_RHAT = 2_000  # draws; with fewer, R-hat of independent draws passes 1.01 now and then
_TAIL = [0.0, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.08]
_MIDDLE = [share / 100 for share in range(10, 51, 5)]
_LOWER = [*_TAIL, *_MIDDLE]
PROBABILITIES = (*_LOWER, *(round(1 - share, 6) for share in reversed(_LOWER[:-1])))


@dataclass(frozen=True)
class DrawsSummary:
    """Draws of one quantity.

    Attributes
    ----------
    count : float
        Number of draws.
    not_finite : float
        How many of them are NaN or infinite; if any, the rest is NaN.
    mean, sd : float
        Mean, and standard deviation with divisor n - 1.
    ess : float
        Effective sample size, at most `count`.
    rhat : float
        Whether chains agree: see `split_rhat`. NaN where there are too few draws to tell.
    quantiles : tuple of float
        At `PROBABILITIES`, from the smallest draw to the largest.
    """

    count: float
    not_finite: float
    mean: float
    sd: float
    ess: float
    rhat: float
    quantiles: tuple


@dataclass(frozen=True)
class DrawsAnswer:
    """Draws that were handed in: label to `DrawsSummary`; the one label `SINGLE` for one quantity."""

    columns: dict


def effective_size(draws):
    """Estimate how many independent draws a sequence is worth, by its autocorrelation.

    Parameters
    ----------
    draws : array of shape (n,)
        In the order in which they were drawn. Chains may follow one another.

    Returns
    -------
    float
        At most n. Sorted draws are worth next to nothing.

    Notes
    -----
    Geyer (1992, Statistical Science 7, 473-483): sums of two neighbouring autocorrelations, added as
    long as they are positive and made non-increasing.

    Examples
    --------
    >>> import numpy as np
    >>> effective_size(np.random.default_rng(1).normal(size=4000)) > 3500
    True
    """
    draws = np.asarray(draws, dtype=float)
    count = len(draws)
    centred = draws - draws.mean()
    if count < 4 or not np.any(centred):
        return float(count)
    centred /= np.abs(centred).max()  # squares of very large numbers would overflow
    spectrum = np.fft.rfft(centred, 2 * count)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), 2 * count)[:count]
    correlation = covariance / covariance[0]
    pairs = correlation[0 : count - 1 : 2] + correlation[1:count:2]
    negative = np.flatnonzero(pairs <= 0)
    pairs = np.minimum.accumulate(pairs[: negative[0]] if len(negative) else pairs)
    return float(count / max(1.0, 2 * pairs.sum() - 1))


def split_rhat(draws):
    """Compare the parts of a sequence of draws with one another, as R-hat compares chains.

    Parameters
    ----------
    draws : array of shape (n,)
        In the order in which they were drawn. Chains may follow one another.

    Returns
    -------
    float
        Rank-normalised split R-hat (Vehtari et al. 2021, Bayesian Analysis 16, 667-718) of `PIECES` parts
        of equal length. Near 1 when all parts look alike; NaN below `LEAST_FOR_RHAT` draws.

    Examples
    --------
    >>> import numpy as np
    >>> chains = np.random.default_rng(1).normal(size=(4, 1000))
    >>> split_rhat(chains.ravel()) < 1.01 < split_rhat((chains + [[0], [0], [0], [1]]).ravel())
    True
    """
    length = len(draws) // PIECES
    if len(draws) < LEAST_FOR_RHAT or np.ptp(draws) == 0:
        return math.nan
    from arviz_stats.base import array_stats  # a second of imports, and only draws need it

    pieces = np.asarray(draws, dtype=float)[: PIECES * length].reshape(PIECES, length)
    return float(array_stats.rhat(pieces, chain_axis=0, draw_axis=1))


def summarise(draws):
    """Summarise the draws of one quantity.

    Parameters
    ----------
    draws : sequence of float, shape (n,)

    Returns
    -------
    DrawsSummary
    """
    draws = np.asarray(draws, dtype=float)
    bad = int(np.sum(~np.isfinite(draws)))
    if bad or not len(draws):
        nothing = (math.nan,) * len(PROBABILITIES)
        return DrawsSummary(float(len(draws)), float(bad), math.nan, math.nan, math.nan, math.nan, nothing)
    with np.errstate(all="ignore"):  # draws near the largest number of the computer
        sd = float(np.std(draws, ddof=1)) if len(draws) > 1 else 0.0
        return DrawsSummary(
            float(len(draws)),
            0.0,
            float(np.mean(draws)),
            sd,
            effective_size(draws),
            split_rhat(draws),
            tuple(np.quantile(draws, PROBABILITIES).tolist()),
        )


# ---------------------------------------------------------------- the student's side


def encode_draws(answer):
    """Encode an answer that is a long column of numbers or a long data frame of numbers, else return None.

    Parameters
    ----------
    answer : object
        Anything. Draws are a list, tuple, 1-d array or Series with more than `MANY` numbers, whatever its
        index; a data frame of numbers with more than `MANY` rows (a column a quantity); or an
        xarray.DataArray with the dimensions chain and draw.

    Returns
    -------
    dict or None
        ``{"draws": {label: [count, not_finite, mean, sd, ess, rhat, quantile, …]}}``.

    Raises
    ------
    BadAnswerError
        If there are too many draws, or a data frame lies on its side.
    """
    if getattr(answer, "dims", None) == ("chain", "draw"):
        answer = np.asarray(answer).ravel()
    if isinstance(answer, pd.DataFrame):
        columns = _frame_columns(answer)
    elif isinstance(answer, (list, tuple, np.ndarray, pd.Series, pd.Index)):
        columns = _single_column(answer)
    else:
        return None
    if columns is None:
        return None
    return {"draws": {label: _packed(summarise(values)) for label, values in columns.items()}}


def _single_column(answer):
    shape = np.shape(answer) if isinstance(answer, np.ndarray) else (len(answer),)
    size = math.prod(shape)
    if size <= MANY or size not in shape:
        return None
    _check_count(size)
    values = _numbers(answer)
    return None if values is None else {SINGLE: values.ravel()}


def _frame_columns(frame):
    rows, count = frame.shape
    if rows <= MANY:
        if count > MANY:
            raise BadAnswerError(
                f"Your data frame has {rows:,} rows and {count:,} columns. "
                "If these are draws, hand in a row per draw and a column per quantity: try .T"
            )
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


def _packed(summary):
    about = [summary.count, summary.not_finite, summary.mean, summary.sd, summary.ess, summary.rhat]
    numbers = [*about, *summary.quantiles]
    return [number if math.isfinite(number) else None for number in numbers]


# ---------------------------------------------------------------- the grader's side


def decode_draws(content):
    """Read what `encode_draws` wrote under "draws"; it may be anything.

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
