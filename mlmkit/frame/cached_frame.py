"""A data frame that looks each of its columns up once; pandas takes longer for that than a small fit may."""

import numpy as np
from pandas.api.types import is_bool_dtype, is_numeric_dtype


class Frame:
    """A data frame with a memory.

    Parameters
    ----------
    data : DataFrame or Frame
        The table. It must not change while this object is in use.
    """

    def __init__(self, data):
        self.data = data.data if isinstance(data, Frame) else data
        self.columns, self.index = self.data.columns, self.data.index
        self._found, self._numbers, self._ones = {}, {}, None

    def __len__(self):
        return len(self.index)

    def __getitem__(self, name):
        """Return a column, or the part of the table that a list of names asks for."""
        if isinstance(name, list):
            return self.data[name]
        if name not in self._found:
            self._found[name] = self.data[name]
        return self._found[name]

    def numbers(self, name):
        """Return a numeric column as floats, missing values as NaN; None for any other (truth values too)."""
        if name not in self._numbers:
            column = self[name]
            dtype, values = column.dtype, None
            if isinstance(dtype, np.dtype):
                if dtype.kind in "iuf":
                    values = np.asarray(column.values, dtype=float)
            elif is_numeric_dtype(dtype) and not is_bool_dtype(dtype):
                values = column.to_numpy(dtype=float, na_value=np.nan)
            self._numbers[name] = values
        return self._numbers[name]

    def ones(self):
        """Return the column of an intercept; it takes no memory."""
        if self._ones is None:
            self._ones = np.broadcast_to(np.float64(1.0), len(self))
        return self._ones
