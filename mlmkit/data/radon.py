"""Radon in the houses of Minnesota: many small groups, where pooling is strong."""

from functools import lru_cache

import pandas as pd

from mlmkit.data.sources import Source, groups_for, named, part_for, read_table, register, rows_of


@lru_cache(maxsize=1)
def _houses():
    return read_table("radon.csv.gz", "county")


def houses_in(counties) -> pd.DataFrame:
    """Take the houses of some counties."""
    return rows_of(_houses(), "county", counties)


def load_radon() -> pd.DataFrame:
    """Load the radon measurements in 919 houses of Minnesota's 85 counties.

    Radon is a radioactive gas that comes out of the ground. Counties have 1 to 116 houses.

    Returns
    -------
    pandas.DataFrame
        919 rows, one a house, in the source's order. ``county`` is categorical (85 levels, ordered by name).
        ``floor`` is where was measured: 0 in the basement, 1 on the first floor. ``log_radon`` is the natural
        logarithm of the radon, in picocuries per litre, plus 0.1. ``log_uranium`` is the natural logarithm of
        the uranium in the county's soil, in parts per million: one number a county.

    Notes
    -----
    Source, licence and changes: ``mlmkit/data/SOURCES.md``. Gelman and Hill (2007, chapters 12 and 13) fit
    these data; for the three houses without radon they take the logarithm of 0.1.

    Examples
    --------
    >>> from mlmkit import load_radon
    >>> radon = load_radon()
    >>> radon.shape
    (919, 4)
    >>> radon["county"].value_counts().agg(["min", "median", "max"]).tolist()
    [1.0, 5.0, 116.0]
    """
    return named(_houses().copy(), "radon")


def counties_for(student: str) -> list[str]:
    """Choose twenty of Minnesota's counties for a student, the same ones every time on every machine.

    Every choice has five counties with one to three houses, eight with four to nine, five with up to 25 and
    two with more, and fits of ``log_radon`` that converge and are not singular: with ``floor`` as a predictor
    and without. The choices were drawn and checked by ``tests/mlmkit/data/make_county_sets.py``.

    Parameters
    ----------
    student : str
        The student's user name. Capital letters and spaces around it make no difference.

    Returns
    -------
    list of str
        Twenty counties, sorted by name.

    Raises
    ------
    ValueError
        If the name is empty or is not text.

    Examples
    --------
    >>> from mlmkit import counties_for
    >>> len(counties_for("alice"))
    20
    """
    return groups_for("my_radon", student)


def radon_for(student: str) -> pd.DataFrame:
    """Load the houses in a student's own twenty counties.

    Parameters
    ----------
    student : str
        The student's user name, see `counties_for`.

    Returns
    -------
    pandas.DataFrame
        The columns of `load_radon`.

    Raises
    ------
    ValueError
        If the name is empty or is not text.

    Examples
    --------
    >>> from mlmkit import radon_for
    >>> radon_for("alice")["county"].nunique()
    20
    """
    return part_for("my_radon", student)


register(
    Source(
        own="my_radon",
        whole="radon",
        group="county",
        rows="houses",
        load=load_radon,
        part=houses_in,
        sets="county_sets.txt",
    )
)
