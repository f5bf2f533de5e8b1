"""Data sources: a table with groups, and the groups in it that are a student's own.

Each source is a module of this folder that calls `register`. The instructor guide shows how to add one.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
SOURCES: dict[str, "Source"] = {}
_session: dict[str, str] = {}  # of each source that was loaded: what a student's part holds


@dataclass(frozen=True)
class Source:
    """A table with groups, of which each student gets some.

    Attributes
    ----------
    own : str
        What lessons and questions call a student's part: ``homes``.
    whole : str
        What they call the table of practice questions: ``seattle``.
    group, rows : str
        The column of the groups, and what a row is, in the plural.
    load : callable
        Gives the table of practice questions.
    part : callable
        Takes labels of groups and gives their rows, in a data frame of its own.
    sets : str
        A text file of this folder: a choice of groups a line, all of them checked (see the guide).
    labels : callable
        Reads a line of it.
    """

    own: str
    whole: str
    group: str
    rows: str
    load: Callable
    part: Callable
    sets: str
    labels: Callable = str.split


def register(source):
    """Add a source."""
    SOURCES[source.own] = source


@cache
def choices(own):
    """Return the lines of a source's file of choices."""
    return (FOLDER / SOURCES[own].sets).read_text(encoding="utf-8").split("\n")[:-1]


def read_table(file, group, **options):
    """Read a shipped CSV file; the groups become a categorical, sorted by name."""
    table = pd.read_csv(FOLDER / file, dtype={group: str}, **options)
    return table.assign(**{group: pd.Categorical(table[group])})


def rows_of(table, group, labels):
    """Take the rows of some groups; other levels are forgotten."""
    part = table[table[group].isin(list(labels))].reset_index(drop=True)
    part[group] = part[group].cat.remove_unused_categories()
    return part


def named(table, name):
    """Note what a print-out calls these rows, and how many they are: a part of them has no name."""
    table.attrs["table"] = f"{name}, rows: {len(table)}"  # one text: pandas copies it at each look-up
    return table


def groups_for(own, student):
    """Choose a student's groups, the same ones every time on every machine; see `zipcodes_for`."""
    source = SOURCES[own]
    if not isinstance(student, str) or not student.strip():
        raise ValueError(
            f"The user name is {student!r}. Type your own user name between the quotes, "
            f'for example "alice". It chooses your data ({source.group}).'
        )
    lines = choices(own)
    digest = hashlib.sha256(student.strip().casefold().encode()).digest()
    return source.labels(lines[int.from_bytes(digest[:8], "big") % len(lines)])


def part_for(own, student):
    """Load a student's own part of a source, and remember that it was loaded."""
    table = named(SOURCES[own].part(groups_for(own, student)), own)
    _session[own] = data_fingerprint(table)
    return table


def data_fingerprint(table: pd.DataFrame) -> str:
    """Describe which rows a data frame holds, so that an answer can say what it was computed from.

    Parameters
    ----------
    table : pandas.DataFrame
        House sales with a column ``zipcode``, or houses with a column ``county``.

    Returns
    -------
    str
        The groups that occur, and the number of rows.

    Examples
    --------
    >>> from mlmkit import data_fingerprint, load_seattle
    >>> data_fingerprint(load_seattle())
    '869 sales in 98010 98014 98024 98032 98039 98070 98102 98109 98148'
    """
    source = next((source for source in SOURCES.values() if source.group in table), None)
    if source is None:
        groups = " or ".join(source.group for source in SOURCES.values())
        raise ValueError(f"These data have no column {groups}, so they can't be told from others.")
    return f"{len(table)} {source.rows} in {' '.join(sorted(table[source.group].astype(str).unique()))}"


def current_fingerprint(own: str | None = None) -> str | None:
    """Return the fingerprint of a student's part that was loaded, of all parts together, or None."""
    return _session.get(own) if own else "; ".join(_session.values()) or None
