"""Find data in a figure: points, lines and bars against the coordinates that should be there."""

import math
import re
from dataclasses import dataclass

import numpy as np

from mlmkit.answers.figure.answer import MAX_POINTS
from mlmkit.answers.text import BadAnswerError, label_text

MARKS = ("points", "lines", "bars", "any")
FEW = 20  # points; a curve through fewer must show all
BELONGS = 0.25  # share of a set's points that must be expected ones; a cloud of guesses doesn't count
# Units in which numbers may be drawn, and the words that say so; the first names the unit in sentences.
SCALES = {
    1.0: (),
    1e-3: ("thousands", "thousand", "1000", "1,000", "k", "10^3", "10³"),
    1e-6: ("millions", "million", "mio", "m", "mln", "10^6", "10⁶"),
    100.0: ("percent", "per cent", "%"),
}


@dataclass(frozen=True)
class Expected:
    """Data that should be in a figure: coordinates (floats, or text for labelled places), and groups."""

    x: list
    y: list
    group: list

    @classmethod
    def of(cls, value):
        """Read a dict with x, y and group, as an author writes it."""
        x, y = (_coordinates(value[side], side) for side in "xy")
        group = ["" for _ in x] if value["group"] is None else [label_text(one) for one in value["group"]]
        if not 0 < len(x) == len(y) == len(group) <= MAX_POINTS:
            raise ValueError(
                f"A figure needs as many x as y, from 1 to {MAX_POINTS:,}: {len(x)} and {len(y)}."
            )
        return cls(x, y, group)

    @property
    def groups(self):
        """The groups, each once."""
        return list(dict.fromkeys(self.group))

    def as_entries(self):
        """Return plain lists, for the key of practice questions."""
        return {"x": self.x, "y": self.y, "group": self.group if len(self.groups) > 1 else None}

    def places(self, side):
        """Return coordinates as numbers, and the tick labels (position, text) that text needs."""
        values = getattr(self, side)
        if not isinstance(values[0], str):
            return values, ()
        order = {text: float(place) for place, text in enumerate(dict.fromkeys(values))}
        return [order[text] for text in values], tuple((place, text) for text, place in order.items())

    def scaled(self, x_factor, y_factor):
        """Return the same data in other units."""
        x = self.x if x_factor == 1 else [x_factor * value for value in self.x]
        y = self.y if y_factor == 1 else [y_factor * value for value in self.y]
        return Expected(x, y, self.group)

    def in_one_piece(self):
        """List what a curve must pass through: all points, or all but the last or the first of many.

        ``range(1, 40)`` ends at 39.
        """
        text = isinstance(self.x[0], str) or isinstance(self.y[0], str)
        if text or len(self.x) < FEW:
            return [self]
        places = range(len(self.x))
        return [self, self.at(places[:-1]), self.at(places[1:])]

    def only(self, name):
        """Return the part of one group."""
        return self.at([place for place, group in enumerate(self.group) if group == name])

    def at(self, kept):
        """Return the points at some places."""
        return Expected(*([side[place] for place in kept] for side in (self.x, self.y, self.group)))


def _coordinates(values, side):
    values = list(values)
    if any(isinstance(value, str) for value in values):
        return [label_text(value) for value in values]
    numbers = [float(value) for value in values]
    if not all(map(math.isfinite, numbers)):
        raise BadAnswerError(f"A value of {side} that should be in the figure is not finite.")
    return numbers


def find(panel, expected, mark, rel, times=1.0):
    """Look for the expected data in one axes.

    Parameters
    ----------
    panel : AxesAnswer
    expected : Expected
    mark : {"points", "lines", "bars", "any"}
    rel : float
        Relative tolerance.
    times : float
        Multiplies the tolerance.

    Returns
    -------
    tuple of float, or None
        The units in which x and y were found, such as ``(1.0, 0.001)`` for y in thousands.
    """
    wide = rel * times
    for x_factor in [1.0] if isinstance(expected.x[0], str) else SCALES:
        for y_factor in [1.0] if isinstance(expected.y[0], str) else SCALES:
            wanted = expected.scaled(x_factor, y_factor)
            if any(_shows(panel, wanted, one, wide) for one in _marks_of(mark)):
                return x_factor, y_factor
    return None


def best_share(panel, expected, mark, rel):
    """Count how many of the expected points are somewhere in the axes."""
    found = np.zeros(len(expected.x), dtype=bool)
    for one in _marks_of(mark):
        for entry in _sets(panel, one):
            found |= _close(panel, entry, expected, rel).any(axis=1)
    return int(found.sum())


def has_intervals(panel, expected, rel):
    """Tell whether every expected point lies on a line along y that begins below it and ends above it."""
    lines = [entry for entry in panel.marks if entry.type == "line" and entry.connected]
    found = np.zeros(len(expected.x), dtype=bool)
    for line in lines:
        at_place = _same_place(expected.x, line.x, panel.xticks, rel).all(axis=1)
        covered = [min(line.y) < height < max(line.y) for height in expected.y]
        found |= at_place & np.array(covered)
    return bool(found.all())


def _marks_of(mark):
    return ("points", "lines", "bars") if mark == "any" else (mark,)


def _sets(panel, mark):
    """List the sets of marks of one sort. Markers of a line are points too."""
    if mark == "points":
        return [entry for entry in panel.marks if entry.type == "points" or entry.markers]
    if mark == "lines":
        return [entry for entry in panel.marks if entry.type == "line" and entry.connected]
    return [entry for entry in panel.marks if entry.type == "bars" and not entry.horizontal]


def _shows(panel, expected, mark, rel):
    if mark == "lines":
        return all(_on_one_line(panel, expected.only(name), rel) for name in expected.groups)
    found = np.zeros(len(expected.x), dtype=bool)
    for entry in _sets(panel, mark):
        close = _close(panel, entry, expected, rel)
        if close.any(axis=0).mean() >= BELONGS:
            found |= close.any(axis=1)
    return bool(found.all())


def _on_one_line(panel, expected, rel):
    return any(
        _close(panel, line, part, rel).any(axis=1).all() or _passes_through(line, part, rel)
        for line in _sets(panel, "lines")
        for part in expected.in_one_piece()
    )


def _passes_through(line, expected, rel):
    """Tell whether a line, followed between its vertices, goes through all expected points."""
    if isinstance(expected.x[0], str) or isinstance(expected.y[0], str) or len(line.x) < 2:
        return False
    x, y = np.array(line.x), np.array(line.y)
    order = np.argsort(x)
    x, y = x[order], y[order]
    wanted = np.array(expected.x)
    slack = _tolerances(wanted, rel)
    if np.any(np.diff(x) <= 0) or np.any(wanted < x[0] - slack) or np.any(wanted > x[-1] + slack):
        return False
    return bool(np.all(np.abs(np.interp(wanted, x, y) - expected.y) <= _tolerances(expected.y, rel)))


def _close(panel, entry, expected, rel):
    """Compare all pairs: a matrix, expected points by drawn points."""
    across = _same_place(expected.x, entry.x, panel.xticks, rel)
    return across & _same_place(expected.y, entry.y, panel.yticks, rel)


def _same_place(wanted, drawn, ticks, rel):
    drawn = np.array(drawn)
    if not isinstance(wanted[0], str):
        wanted = np.array(wanted)
        return np.abs(wanted[:, None] - drawn[None, :]) <= _tolerances(wanted, rel)[:, None]
    labels = _labels_at(drawn, ticks, set(wanted))
    return np.array([[label == text for label in labels] for text in wanted]).reshape(len(wanted), len(drawn))


def _tolerances(wanted, rel):
    size = np.abs(np.array(wanted, dtype=float))
    largest = size.max()
    return rel * (np.maximum(size, 0.1 * largest) if largest > 0 else np.ones_like(size))


def _labels_at(drawn, ticks, wanted):
    """Name the labelled place that each position belongs to; points may be jittered around it."""
    if not ticks:
        return [label_text(float(place)) for place in drawn]
    places = np.array([place for place, _ in ticks])
    texts = [_label_in(text, wanted) for _, text in ticks]
    gaps = np.diff(np.unique(places))
    reach = 0.5 * (gaps.min() if len(gaps) else 1.0)
    nearest = np.abs(drawn[:, None] - places[None, :]).argmin(axis=1)
    return [
        texts[tick]
        if abs(place - places[tick]) < reach and texts[tick] in wanted
        else label_text(float(place))
        for place, tick in zip(drawn, nearest, strict=True)
    ]


def _label_in(text, wanted):
    """Find the label in a tick's text, which may say more, such as "98010 (12 sales)"."""
    words = [text.strip(), *re.split(r"[^\w.-]+", text)]
    return next((word for word in words if word in wanted), text.strip())
