"""The forms in which one and the same answer comes: wrappings, labels, tables, ends of an interval.

All kinds read what arrived through here, so a form that one of them takes, all take. What may mean two things
is not guessed: it gets a sentence that asks.
"""

import re
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from mlmkit.answers.text import BadAnswerError, a_few, count_of, label_text, plain

LOWER, UPPER = ENDS = ("lower", "upper")  # the labels of an interval
# What statsmodels, R, ArviZ and broom call the two ends; numbers such as 2.5 % are read as probabilities.
_WORDS = {
    LOWER: {"lower", "low", "lo", "lwr", "lb", "left"},
    UPPER: {"upper", "high", "hi", "upr", "ub", "right"},
}


@dataclass(frozen=True)
class TableAnswer:
    """A table that was handed in: labels as text, values row by row (floats, or text)."""

    index: list
    columns: list
    values: list

    def described(self):
        """Say what it is: "a data frame with two rows and three columns"."""
        rows, columns = count_of(len(self.index), "row"), count_of(len(self.columns), "column")
        return f"a data frame with {rows} and {columns}"

    def frame(self):
        """Return it as a data frame again."""
        return pd.DataFrame(self.values, index=self.index, columns=self.columns)

    def turned(self):
        """Return it with rows and columns exchanged."""
        values = [[row[place] for row in self.values] for place in range(len(self.columns))]
        return TableAnswer(self.columns, self.index, values)

    def indexed(self, labels, width):
        """Take a column of labels for the index, as it was before ``reset_index``.

        Parameters
        ----------
        labels : list of str
            Those that the question asks for; empty where they aren't known.
        width : int
            Number of columns that are left. A table of another width is returned as it is.
        """
        if not 0 < width == len(self.columns) - 1 or not self.values:
            return self
        columns = [[label_text(value) for value in column] for column in zip(*self.values, strict=True)]
        fitting = [place for place, column in enumerate(columns) if labels and agree(column, labels)]
        first_is_text = all(isinstance(row[0], str) for row in self.values)
        place = fitting[0] if fitting else 0 if first_is_text else None
        if place is None:
            return self
        rest = [[*row[:place], *row[place + 1 :]] for row in self.values]
        return TableAnswer(columns[place], [*self.columns[:place], *self.columns[place + 1 :]], rest)


# ---------------------------------------------------------------- one value


def alone(answer):
    """Take a single value out of a list, of numbers with labels, or of a table; leave anything else."""
    if isinstance(answer, TableAnswer):
        answer = by_label(answer, [])
    values = list(answer.values()) if isinstance(answer, dict) else answer
    return values[0] if isinstance(values, list) and len(values) == 1 else answer


# ---------------------------------------------------------------- labels


def matched(labels, wanted):
    """Write labels as the question writes them.

    Capitals and blanks don't matter, nor does ``.0`` behind a zip code. For an interval, other names of its
    ends and probabilities such as ``5%`` and ``95%`` are its labels too. Labels that fit none stay.

    Parameters
    ----------
    labels, wanted : list of str

    Examples
    --------
    >>> matched(["UPPER", "Lower "], ["lower", "upper"]), matched(["2.5 %", "97.5 %"], ["lower", "upper"])
    (['upper', 'lower'], ['lower', 'upper'])
    """
    known = {}
    for label in wanted:
        known.setdefault(_bare(label), []).append(label)
    exact = set(wanted)
    found = [label if label in exact else _only(known.get(_bare(label), []), label) for label in labels]
    return _with_ends(found) if is_interval(wanted) and not is_interval(found) else found


def agree(labels, wanted):
    """Tell whether labels are those of the question, each once, in any order."""
    return len(labels) == len(wanted) and sorted(matched(labels, wanted)) == sorted(wanted)


def is_interval(labels):
    """Tell whether labels are the two ends of an interval."""
    return sorted(labels) == sorted(ENDS)


def _only(fits, label):
    return fits[0] if len(fits) == 1 else label


def _bare(label):
    text = " ".join(label.split()).casefold()
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text


def _with_ends(labels):
    """Call the two labels that stand for the ends of an interval lower and upper, if there are two."""
    ends = {label: _end(label) for label in labels}
    named = {label: end for label, end in ends.items() if isinstance(end, str)}
    shares = {label: end for label, end in ends.items() if isinstance(end, float)}
    if sorted(named.values()) != sorted(ENDS):
        named = {}
        if len(shares) == 2 and any(abs(sum(shares.values()) - whole) < 1e-6 for whole in (1, 100)):
            named = dict(zip(sorted(shares, key=shares.get), ENDS, strict=True))
    return [named.get(label, label) for label in labels]


def _end(label):
    """Read one label of an interval: an end's name, a probability, or None."""
    words, numbers = set(re.findall("[a-z]+", label.casefold())), re.findall(r"\d*\.?\d+", label)
    fits = [end for end in ENDS if words & _WORDS[end]]
    return fits[0] if len(fits) == 1 else float(numbers[0]) if len(numbers) == 1 else None


def relabelled(answer, wanted, what="label"):
    """Write the labels of a dict as the question does; the same one twice is refused."""
    names = matched(list(answer), wanted)
    if len(set(names)) != len(names):
        (twice, _), *_ = Counter(names).most_common()
        raise BadAnswerError(
            f"The {what} {plain(twice, 30)} appears more than once (capitals and blanks don't matter)."
        )
    return dict(zip(names, answer.values(), strict=True))


def compare_labels(labels, shape, wanted):
    """Compare labels with those of a question, or only their number where the labels aren't known.

    Parameters
    ----------
    labels : list of str
    shape : dict
        With ``labels`` or ``count``, and ``group``.
    wanted : str
        What the question asks for, in words.

    Raises
    ------
    BadAnswerError
        If they differ. The text says which are missing and which are too many.
    """
    group = shape.get("group") or "group"
    if shape.get("labels"):
        missing = sorted(set(shape["labels"]) - set(labels))
        extra = sorted(set(labels) - set(shape["labels"]))
        if missing or extra:
            parts = [f"missing: {a_few(missing)}"] * bool(missing)
            parts += [f"not asked for: {a_few(extra)}"] * bool(extra)
            raise BadAnswerError(f"This question asks for {wanted}. By {group}, {'; '.join(parts)}.")
    elif shape.get("count") and len(labels) != shape["count"]:
        raise BadAnswerError(
            f"This question asks for {wanted}. Your answer has {count_of(len(labels), 'number')}, "
            f"labelled {a_few(sorted(labels), 3)}."
        )


# ---------------------------------------------------------------- tables


def by_label(table, labels):
    """Read a table as numbers by label, if it is one row, or one column of numbers and one of labels."""
    column = table.indexed(labels, 1)
    if len(column.columns) == 1:
        if len(set(column.index)) == len(column.index):
            return {label: row[0] for label, row in zip(column.index, column.values, strict=True)}
        return table
    row = table.indexed([], len(table.columns) - 1) if len(table.index) == 1 else table
    if len(row.index) == 1 and len(set(row.columns)) == len(row.columns):
        return dict(zip(row.columns, row.values[0], strict=True))
    if is_interval(labels) and agree(row.columns, labels):
        raise BadAnswerError(
            f"This question asks for one interval. Your table has {count_of(len(row.index), 'row')} "
            f'({a_few(row.index, 3)}). Which one? For example .loc["{plain(row.index[0], 30)}"].'
        )
    return table


def oriented(table, rows, columns):
    """Turn a table so that its columns are those of the question, and its index holds the labels of the rows.

    Parameters
    ----------
    table : TableAnswer
    rows : list of str
        Labels of the rows; empty where they aren't known.
    columns : list of str
        Labels of the columns.

    Returns
    -------
    TableAnswer
        With the question's own spelling of labels. If no way fits, the table as it is.
    """
    ways = [table, table.indexed(rows, len(columns)), table.turned()]
    ways.append(table.indexed(columns, len(table.columns) - 1).turned())
    fits = [2 * agree(way.columns, columns) + bool(rows and agree(way.index, rows)) for way in ways]
    best = ways[fits.index(max(fits))]
    return TableAnswer(matched(best.index, rows), matched(best.columns, columns), best.values)
