"""Averages in bins, to see a trend among many points."""

import numpy as np


def bins_of(n):
    """Choose a number of bins as ``arm::binnedplot`` does.

    Examples
    --------
    >>> bins_of(869), bins_of(50), bins_of(8)
    (29, 10, 4)
    """
    if n >= 100:
        return int(np.sqrt(n))
    return 10 if n > 10 else max(n // 2, 1)


def binned(x, y, bins):
    """Average y in bins of x with about equal numbers of rows; equal values of x share a bin.

    Parameters
    ----------
    x, y : array, shape (n,)
        What to sort by, what to average.
    bins : int
        How many bins there may be.

    Returns
    -------
    x_mean, y_mean, error : ndarray
        By bin; the error is the standard error of the mean, missing for bins with one row.

    Examples
    --------
    >>> import numpy as np
    >>> [part.round(2).tolist() for part in binned(np.arange(4.0), np.array([0.0, 2.0, 1.0, 3.0]), 2)]
    [[0.5, 2.5], [1.0, 2.0], [1.0, 1.0]]
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    ordered = np.sort(x)
    starts = ordered[(len(x) * np.arange(1, bins)) // bins] if bins > 1 else np.array([])
    number = np.searchsorted(np.unique(starts), x, side="right")
    number = np.unique(number, return_inverse=True)[1]
    count = np.bincount(number)
    x_mean, y_mean = (np.bincount(number, weights=values) / count for values in (x, y))
    square = np.bincount(number, weights=(y - y_mean[number]) ** 2)
    spread = np.full(len(count), np.nan)
    several = count > 1
    spread[several] = np.sqrt(square[several] / (count[several] - 1))
    return x_mean, y_mean, spread / np.sqrt(count)
