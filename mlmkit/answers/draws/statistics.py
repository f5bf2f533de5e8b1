"""What draws should look like: statistics by group, from numbers or from a sample.

Their names are ``mean``, ``sd``, quantiles by name such as ``2.5%``, ``kurtosis`` (how well the sd can be
estimated) and ``size`` (effective draws behind them; infinite for exact statistics). A mistake may also have
``lowest``: the value below which none of its draws lies.
"""

import math

import numpy as np
import pandas as pd

from mlmkit.answers.draws.summary import SINGLE, DrawsAnswer
from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.text import BadAnswerError, label_text

MEAN, SD, KURTOSIS, SIZE, LOWEST = "mean", "sd", "kurtosis", "size", "lowest"
JUDGED = (0.025, 0.5, 0.975)  # quantiles that are taken from a sample


def quantile_names(names):
    """Pick the names of quantiles, such as 2.5%."""
    return [name for name in names if name.endswith("%")]


def probability_of(name):
    """Return 0.025 for 2.5%."""
    return round(float(name.removesuffix("%")) / 100, 8)


def quantile_name(probability):
    """Return 2.5% for 0.025."""
    if not 0 < probability < 1:
        raise ValueError(f"The probability of a quantile is between 0 and 1, not {probability}.")
    return f"{100 * probability:.6g}%"


def _is_statistic(name):
    return name in (MEAN, SD, KURTOSIS, SIZE, LOWEST, "quantiles") or (
        isinstance(name, str) and name.endswith("%")
    )


def rows_of(value):
    """Turn statistics or a sample into rows: label of a group to a dict of mean, sd, 2.5% and so on."""
    if isinstance(value, dict) and all(map(_is_statistic, value)):
        rows = _statistics_rows(value)
    elif isinstance(value, pd.DataFrame) and all(map(_is_statistic, value.columns)):
        rows = {label_text(label): row for label, row in value.astype(float).to_dict(orient="index").items()}
    else:
        rows = sample_rows(value, JUDGED)
    for row in rows.values():
        if not all(math.isfinite(number) for name, number in row.items() if name != SIZE):
            raise BadAnswerError("A statistic of the expected draws is not finite.")
        if row.get(SD, 0.0) < 0:
            raise ValueError("A standard deviation is negative.")
    return rows


def table_of(rows):
    """Lay rows out as a data frame."""
    return pd.DataFrame.from_dict(rows, orient="index")


def _statistics_rows(value):
    value = dict(value)
    quantiles = {quantile_name(p): numbers for p, numbers in value.pop("quantiles", {}).items()}
    columns = {name: decode(encode(numbers)) for name, numbers in {**value, **quantiles}.items()}
    groups = next((list(column) for column in columns.values() if isinstance(column, dict)), [SINGLE])
    for name, column in columns.items():
        if isinstance(column, dict) and set(column) != set(groups):
            raise ValueError(f"The {name} of the draws has other labels than the first statistic.")
        if not isinstance(column, float | dict):
            raise ValueError(f"The {name} of the draws is a number, or a Series by group.")
    return {
        group: {
            name: column[group] if isinstance(column, dict) else column for name, column in columns.items()
        }
        for group in groups
    }


def sample_rows(draws, probabilities):
    """Compute the statistics of draws: an array, or a data frame with a column per group."""
    frame = draws
    if not isinstance(draws, pd.DataFrame):
        frame = pd.DataFrame({SINGLE: np.asarray(draws, dtype=float)})
    answer = decode(encode(frame))
    if not isinstance(answer, DrawsAnswer):
        raise ValueError("A sample of draws needs hundreds of numbers, in an array or a column per group.")
    rows = {}
    for place, (label, summary) in enumerate(answer.columns.items()):
        values = frame.iloc[:, place].to_numpy(dtype=float)
        if summary.not_finite:
            raise BadAnswerError("Some of the expected draws are not finite.")
        rows[label] = {MEAN: summary.mean, SD: summary.sd}
        rows[label] |= {quantile_name(p): float(np.quantile(values, p)) for p in probabilities}
        rows[label] |= {KURTOSIS: _kurtosis(values), SIZE: summary.ess}
    return rows


def _kurtosis(values):
    deviations = values - values.mean()
    variance = np.mean(deviations**2)
    return float(np.mean(deviations**4) / variance**2) if variance > 0 else 1.0
