"""Centre and scale the columns of a model, and undo it afterwards.

Fits run on columns with mean 0 and standard deviation 1, so that no unit (dollars or cents,
square feet or square miles) can spoil convergence. Each transformation is linear and exact:
it changes the parameters by a known matrix and the likelihood by a known constant.
"""

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from mlmkit.frame.columns import INTERCEPT

CHUNK = 16_384
ONE_THREAD = 200_000  # multiplications up to which BLAS stays in one thread; waking others costs more


@dataclass
class Scaled:
    """The distinct columns of a model with their shifts and scales.

    Attributes
    ----------
    arrays : list of ndarray, each (n,)
        The columns as they came: fixed, varying, and the outcome last.
    shift, scale : ndarray, shape (k,)
        What is subtracted, then divided by.
    x : list of int
        Positions of the fixed-effects columns among `arrays`.
    z : list of list of int
        Positions of each grouping factor's columns.
    x_map : ndarray, shape (p, p)
        Fixed effects of the given columns = ``x_map @`` those of the scaled columns.
    z_maps : list of ndarray, each (q, q)
        The same for each grouping factor's effects.
    root_weights : ndarray or None
        Square roots of the prior weights.
    """

    arrays: list
    shift: np.ndarray
    scale: np.ndarray
    x: list
    z: list
    x_map: np.ndarray
    z_maps: list
    root_weights: np.ndarray | None = None

    @property
    def y_shift(self):
        """Mean of the outcome where the model has an intercept, else 0."""
        return self.shift[-1]

    @property
    def y_scale(self):
        """Standard deviation of the outcome, or its size where it isn't centred."""
        return self.scale[-1]

    def matrix(self):
        """Build all scaled columns at once, shape (k, n)."""
        whole = np.empty((len(self.arrays), len(self.arrays[-1])))
        for rows, block in self.chunks():
            whole[:, rows] = block
        return whole

    def chunks(self):
        """Yield (rows, matrix): slices of rows and their scaled columns, shape (k, rows).

        The matrix is overwritten by the next one.
        """
        n = len(self.arrays[-1])
        size = min(n, CHUNK, max(512, ONE_THREAD // len(self.arrays) ** 2))
        block = np.empty((len(self.arrays), size))
        shift, factor = self.shift[:, None], (1.0 / self.scale)[:, None]
        for start in range(0, n, size):
            rows = slice(start, min(start + size, n))
            part = block[:, : rows.stop - start]
            for line, array in zip(part, self.arrays, strict=True):
                line[:] = array[rows]
            part -= shift
            part *= factor
            if self.root_weights is not None:
                part *= self.root_weights[rows]
            yield rows, part


def scale_columns(fixed, factors, y, weights=None, scale_y=True):
    """Choose shifts and scales for all columns of a model.

    Parameters
    ----------
    fixed : Columns
        The fixed-effects columns.
    factors : list of Factor
        Grouping factors with their terms.
    y : ndarray, shape (n,)
        The outcome, offset already taken off.
    weights : ndarray, shape (n,), optional
        Prior weights.
    scale_y : bool
        False leaves the outcome as it is (generalised models).

    Returns
    -------
    Scaled
        Distinct columns once each.

    Raises
    ------
    ValueError
        If a column made by a transformation holds infinite or missing values.
    """
    table = _Table()
    centred = INTERCEPT in fixed.names
    x = [table.add(name, array, centred) for name, array in zip(fixed.names, fixed.arrays, strict=True)]
    z, z_maps = [], []
    for factor in factors:
        places, q_map = [], np.zeros((len(factor.names),) * 2)
        for term in factor.terms:
            names, arrays = term.columns.names, term.columns.arrays
            inside = INTERCEPT in names
            here = [table.add(name, array, inside) for name, array in zip(names, arrays, strict=True)]
            where = slice(term.first, term.first + term.size)
            q_map[where, where] = table.back_map(here, names)
            places += here
        z.append(places)
        z_maps.append(q_map)
    x_map = table.back_map(x, fixed.names)
    table.add(None, y, centred) if scale_y else table.append(y, 0.0, 1.0)
    root = None if weights is None else np.sqrt(weights)
    return Scaled(table.arrays, np.array(table.shifts), np.array(table.scales), x, z, x_map, z_maps, root)


class _Table:
    """Collects distinct columns; a column is known by its name and by whether it is centred."""

    def __init__(self):
        self.arrays, self.shifts, self.scales, self.known = [], [], [], {}

    def add(self, name, array, centred):
        key = (name, centred and name != INTERCEPT)
        if key not in self.known or name is None:
            self.known[key] = len(self.arrays)
            shift, scale = (0.0, 1.0) if name == INTERCEPT else _shift_and_scale(name, array, centred)
            self.append(array, shift, scale)
        return self.known[key]

    def append(self, array, shift, scale):
        self.arrays.append(array)
        self.shifts.append(shift)
        self.scales.append(scale)

    def back_map(self, places, names):
        """Build the matrix that takes effects of the scaled columns to those of the given ones."""
        back = np.zeros((len(places), len(places)))
        for k, place in enumerate(places):
            back[k, k] = 1.0 / self.scales[place]
        if INTERCEPT in names:
            row = names.index(INTERCEPT)
            for k, place in enumerate(places):
                back[row, k] -= self.shifts[place] / self.scales[place]
        return back


def _shift_and_scale(name, array, centred):
    with np.errstate(invalid="ignore"):
        mean = float(np.add.reduce(array)) / len(array)
    if not isfinite(mean):
        what = "The outcome" if name is None else f"'{name}'"
        raise ValueError(
            f"{what} has infinite or undefined values in {int((~np.isfinite(array)).sum())} rows. "
            "A logarithm of zero or a division by zero makes such values; transform or drop those rows."
        )
    square = float(np.einsum("i,i->", array, array)) / len(array)  # np.dot would wake threads
    if not isfinite(square):  # numbers near the largest that a float holds
        return (mean if centred else 0.0), float(np.abs(array).max())
    if not centred:
        return 0.0, sqrt(square) or 1.0
    variance = square - mean**2
    if variance < 1e-6 * square:  # too much was cancelled
        variance = float(np.mean((array - mean) ** 2))
    spread = sqrt(max(variance, 0.0))
    return mean, spread if spread > 1e-14 * abs(mean) else (abs(mean) or 1.0)
