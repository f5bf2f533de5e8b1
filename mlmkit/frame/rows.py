"""Which rows of the data a fit uses, and how values by row find them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rows:
    """The rows of the data, and which of them are used.

    Attributes
    ----------
    whole : pandas.Index
        The labels of all rows of the data.
    kept : ndarray of bool or None
        Marks the rows used; None if all are.
    padded : bool
        Results by row have a missing value for each row that was left out (R's ``na.exclude``).
    """

    whole: pd.Index
    kept: np.ndarray | None = None
    padded: bool = False

    @property
    def index(self):
        """The labels of the rows used."""
        return self.whole if self.kept is None else self.whole[self.kept]

    @property
    def used(self):
        """Where the rows used stand in what `series` makes: a slice, or a mask."""
        return self.kept if self.padded and self.kept is not None else slice(None)

    def series(self, values, name):
        """Label one value for each row used; rows that were left out are missing where that was asked for.

        Parameters
        ----------
        values : ndarray, shape (n,)
            By row used.
        name : str
            The Series' name.

        Returns
        -------
        Series
            By row.
        """
        if self.kept is None or not self.padded:
            return pd.Series(values, index=self.index, name=name)
        everywhere = np.full(len(self.whole), np.nan)
        everywhere[self.kept] = values
        return pd.Series(everywhere, index=self.whole, name=name)

    def pick(self, values, what):
        """Take the values of the rows used.

        Parameters
        ----------
        values : array, Series or DataFrame of one column
            One value for each row used, or for each row of the data.
        what : str
            For messages.

        Returns
        -------
        ndarray of float, shape (n,)
            By row used.

        Raises
        ------
        ValueError
            If the number of values fits neither.
        """
        if isinstance(values, pd.DataFrame) and values.shape[1] == 1:  # such as simulate() gives
            values = values.iloc[:, 0]
        used, whole = len(self.index), len(self.whole)
        for index in (self.index, self.whole):
            if isinstance(values, pd.Series) and len(values) == len(index):
                values = row_values(values, index, what)
        array = np.asarray(values, dtype=float)
        if array.shape == (used,):
            return array
        if array.shape == (whole,):
            return array[self.kept]
        rows = f"{whole} rows" if used == whole else f"{whole} rows, of which the fit uses {used},"
        raise ValueError(f"{what} has shape {array.shape}; the data has {rows} and needs one value for each.")


def row_values(values, index, what):
    """Read one value for each row of the data; a Series goes by its index, anything else by position.

    Parameters
    ----------
    values : str, array, Series or None
        A column's name and None come back as they are.
    index : pandas.Index
        The labels of the rows.
    what : str
        For messages.

    Returns
    -------
    str, ndarray of float or None
        In the order of the rows.

    Raises
    ------
    ValueError
        If there are too few or too many, or a row's label is missing.
    TypeError
        If they aren't numbers.
    """
    if values is None or isinstance(values, str):
        return values
    if isinstance(values, pd.Series) and not values.index.equals(index):
        values = _by_label(values, index, what)
    try:
        array = pd.Series(values).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a column's name or numbers, one for each row.") from None
    if array.shape != (len(index),):
        raise ValueError(
            f"{what} has shape {array.shape}; the data has {len(index)} rows and needs one value for each."
        )
    return array


def _by_label(values, index, what):
    if not (values.index.is_unique and index.is_unique):
        raise ValueError(
            f"{what} is a Series with another index than the data, and labels occur twice, so its values "
            "can't be laid beside the rows. Put it into the data as a column, or give an array."
        )
    lacking = index.difference(values.index)
    if len(lacking):
        raise ValueError(
            f"{what} is a Series without a value for {len(lacking)} of {len(index)} rows, the first is "
            f"{lacking.tolist()[0]!r}. A Series goes by its index; give an array to go by position."
        )
    return values.reindex(index)
