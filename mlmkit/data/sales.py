"""The house sales that the course is about: the lecture's, the county's, and each student's own."""

from functools import lru_cache

import numpy as np
import pandas as pd

from mlmkit.data.sources import Source, groups_for, named, part_for, read_table, register, rows_of

SEATTLE_ZIPCODES = ("98010", "98014", "98024", "98032", "98039", "98070", "98102", "98109", "98148")


@lru_cache(maxsize=1)
def _county():
    return read_table("king_county.csv.gz", "zipcode").astype({"price": float})


def _with_scale_sqft(sales):
    """Add ``scale_sqft``: ``sqft_living`` standardised over the rows given, with the n - 1 sd."""
    size = sales["sqft_living"]
    place = sales.columns.get_loc("sqft_living") + 1
    sales.insert(place, "scale_sqft", (size - size.mean()) / size.std(ddof=1))
    return sales


def _houses_in(zipcodes):
    return rows_of(_county(), "zipcode", zipcodes)


def load_king_county() -> pd.DataFrame:
    """Load all house sales in King County, Washington, from May 2014 to May 2015.

    Returns
    -------
    pandas.DataFrame
        21,613 rows, one a sale, in the source's order. ``zipcode`` is categorical (70 levels,
        ordered by name). ``month`` is the month of the sale, such as "2014-05". ``price`` is in US
        dollars as recorded, ``sqft_living`` in square feet; ``scale_sqft`` is ``sqft_living``
        standardised over all rows. The other columns are ``bedrooms``, ``bathrooms``, ``grade``
        (1 to 13), ``condition`` (1 to 5), ``waterfront`` (0 or 1), ``view`` (0 to 4), ``floors``,
        ``yr_built``, ``lat`` and ``long`` (degrees).

    Notes
    -----
    Source, licence and changes: ``mlmkit/data/SOURCES.md``.

    Examples
    --------
    >>> from mlmkit import load_king_county
    >>> load_king_county().shape
    (21613, 15)
    """
    return named(_with_scale_sqft(_county().copy()), "king_county")


def load_seattle() -> pd.DataFrame:
    """Load the 869 house sales of the lecture: nine zip codes of King County.

    Prices of one million dollars and more are rounded half up to the next 10,000, as in the
    lecture's data. ``scale_sqft`` is ``sqft_living`` standardised over the 869 rows.

    Returns
    -------
    pandas.DataFrame
        869 rows with the columns of `load_king_county`.

    Examples
    --------
    >>> from mlmkit import load_seattle
    >>> homes = load_seattle()
    >>> homes["zipcode"].value_counts().max()
    np.int64(125)
    """
    sales = _houses_in(SEATTLE_ZIPCODES)
    rounded = np.floor(sales["price"] / 1e4 + 0.5) * 1e4
    sales["price"] = sales["price"].where(sales["price"] < 1e6, rounded)
    return named(_with_scale_sqft(sales), "seattle")


def zipcodes_for(student: str) -> list[str]:
    """Choose nine of the seventy zip codes for a student, the same ones every time on every machine.

    Every choice has small, medium and large groups, and every model of the course has a
    proper optimum on it: no singular fit, no correlation near one. The choices were drawn and
    checked by ``tests/mlmkit/data/make_zipcode_sets.py``.

    Parameters
    ----------
    student : str
        The student's user name. Capital letters and spaces around it make no difference.

    Returns
    -------
    list of str
        Nine zip codes in ascending order.

    Raises
    ------
    ValueError
        If the name is empty or is not text.

    Examples
    --------
    >>> from mlmkit import zipcodes_for
    >>> len(zipcodes_for("alice"))
    9
    >>> zipcodes_for("alice") == zipcodes_for(" Alice ")
    True
    """
    return groups_for("homes", student)


def homes_for(student: str) -> pd.DataFrame:
    """Load the house sales in a student's own nine zip codes.

    Parameters
    ----------
    student : str
        The student's user name, see `zipcodes_for`.

    Returns
    -------
    pandas.DataFrame
        The columns of `load_king_county`. ``price`` is as recorded; ``scale_sqft`` is
        ``sqft_living`` standardised over the student's rows.

    Raises
    ------
    ValueError
        If the name is empty or is not text.

    Examples
    --------
    >>> from mlmkit import homes_for
    >>> homes_for("alice")["zipcode"].nunique()
    9
    """
    return part_for("homes", student)


register(
    Source(
        own="homes",
        whole="seattle",
        group="zipcode",
        rows="sales",
        load=load_seattle,
        part=lambda zipcodes: _with_scale_sqft(_houses_in(zipcodes)),
        sets="zipcode_sets.txt",
        labels=lambda line: [f"98{ending}" for ending in line.split()],
    )
)
