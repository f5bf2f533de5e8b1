"""A data frame that looks each of its columns up once; pandas takes longer for that than a small fit may."""

import numpy as np
import pandas as pd

from mlmkit.frame.casting import as_values, plain_numbers


def as_frame(data, what="data"):
    """Return a pandas data frame; one of another library (polars, pyarrow) is converted.

    Parameters
    ----------
    data : DataFrame
        The table.
    what : str
        The argument's name, for messages.

    Raises
    ------
    TypeError
        If it is no data frame.
    """
    if isinstance(data, pd.DataFrame):
        return data
    if hasattr(data, "to_pandas"):
        return data.to_pandas()
    raise TypeError(
        f"{what} must be a pandas DataFrame, not {type(data).__name__}. "
        "A dict of columns becomes one with pd.DataFrame(…)."
    )


class Frame:
    """A data frame with a memory.

    Parameters
    ----------
    data : DataFrame or Frame
        The table. Numbers that are read from it are copies: a later change of it changes nothing here.
    """

    def __init__(self, data):
        self.data = data.data if isinstance(data, Frame) else data
        self.columns, self.index = self.data.columns, self.data.index
        self._found, self._numbers, self._values, self._ones = {}, {}, {}, None

    def __len__(self):
        return len(self.index)

    def __getitem__(self, name):
        """Return a column."""
        if name not in self._found:
            self._found[name] = self.data[name]
        return self._found[name]

    def numbers(self, name):
        """Return a numeric column as floats, missing values as NaN; None for any other (truth values too)."""
        if name not in self._numbers:
            self._numbers[name] = plain_numbers(self[name])
        return self._numbers[name]

    def values(self, name):
        """Return a column of any kind: floats, or `Levels`."""
        if name not in self._values:
            numbers = self.numbers(name)
            self._values[name] = as_values(self[name], name) if numbers is None else numbers
        return self._values[name]

    def ones(self):
        """Return the column of an intercept; it takes no memory."""
        if self._ones is None:
            self._ones = np.broadcast_to(np.float64(1.0), len(self))
        return self._ones
