"""Radon in the houses of Minnesota: many small groups, where pooling is strong."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_name("radon.csv.gz")


@lru_cache(maxsize=1)
def _houses():
    houses = pd.read_csv(FILE, dtype={"county": str})
    houses["county"] = pd.Categorical(houses["county"])
    return houses


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
    houses = _houses().copy()
    houses.attrs["table"] = f"radon, rows: {len(houses)}"  # what a print-out calls them
    return houses
