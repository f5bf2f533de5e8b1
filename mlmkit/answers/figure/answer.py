"""Figures that are handed in: what of a plot travels from the student's kernel to the grader.

No picture travels but what the plot was made of: axis labels, scales, limits and tick labels, legend and
texts, and the data of points, lines and bars. Matplotlib's own objects are read, so plots of pandas,
seaborn and mlmkit work as well.
"""

import math
from dataclasses import dataclass

from mlmkit.answers.text import BadAnswerError

MAX_AXES = 12
MAX_MARKS = 100  # sets of points, lines and sets of bars, in one axes
MAX_POINTS = 2_000  # of one set; a larger one is thinned, for it is a background
MAX_NUMBERS = 20_000  # in one figure
MAX_LABELS = 200  # tick labels, legend entries or texts, in one axes
_TEXTS = ("title", "xlabel", "ylabel", "xscale", "yscale")
_TYPES = ("points", "line", "bars")


@dataclass(frozen=True)
class Marks:
    """Points, a line, or bars, in the units of the axes.

    Attributes
    ----------
    type : {"points", "line", "bars"}
        A line may have markers and no line between them.
    x, y : tuple of float
        Coordinates. Of bars: centre and length, for horizontal bars length and centre.
    markers, connected : bool
        Whether markers are drawn, and a line between them.
    horizontal : bool
        For bars.
    """

    type: str
    x: tuple
    y: tuple
    markers: bool = False
    connected: bool = False
    horizontal: bool = False


@dataclass(frozen=True)
class AxesAnswer:
    """One axes of a figure: labels, scales, ticks (pairs of position and text), texts, marks."""

    title: str
    xlabel: str
    ylabel: str
    xscale: str
    yscale: str
    xlim: tuple
    ylim: tuple
    xticks: tuple
    yticks: tuple
    legend: tuple
    texts: tuple
    marks: tuple

    def flipped(self):
        """Return the same axes with x and y exchanged."""
        marks = [Marks(m.type, m.y, m.x, m.markers, m.connected, not m.horizontal) for m in self.marks]
        return AxesAnswer(
            self.title,
            self.ylabel,
            self.xlabel,
            self.yscale,
            self.xscale,
            self.ylim,
            self.xlim,
            self.yticks,
            self.xticks,
            self.legend,
            self.texts,
            tuple(marks),
        )


@dataclass(frozen=True)
class FigureAnswer:
    """A figure that was handed in: its axes."""

    axes: tuple

    def described(self):
        """Say what it is."""
        return "a figure"

    @property
    def drawn(self):
        """The axes on which something is drawn."""
        return [panel for panel in self.axes if panel.marks]


def decode_figure(content):
    """Read what `encode_figure` wrote; it may be anything.

    Raises
    ------
    BadAnswerError
        If it isn't a figure, or too large.
    """
    panels = content.get("axes") if isinstance(content, dict) else None
    panels = _list(panels, MAX_AXES)
    return FigureAnswer(tuple(_decode_axes(panel) for panel in panels))


def _decode_axes(panel):
    panel = _dict(panel)
    texts = [_is_text(panel.get(name)) for name in _TEXTS]
    limits = [_limits(panel.get(name)) for name in ("xlim", "ylim")]
    ticks = [tuple(map(_tick, _list(panel.get(name), MAX_LABELS))) for name in ("xticks", "yticks")]
    words = [tuple(map(_is_text, _list(panel.get(name), MAX_LABELS))) for name in ("legend", "texts")]
    marks = tuple(map(_decode_marks, _list(panel.get("marks"), MAX_MARKS)))
    if 2 * sum(len(entry.x) for entry in marks) > MAX_NUMBERS:
        raise _unreadable()
    return AxesAnswer(*texts, *limits, *ticks, *words, marks)


def _decode_marks(entry):
    entry = _dict(entry)
    x, y = (tuple(map(_number, _list(entry.get(side), MAX_POINTS))) for side in "xy")
    flags = [entry.get(name) for name in ("markers", "connected", "horizontal")]
    if entry.get("type") not in _TYPES or len(x) != len(y) or not all(isinstance(f, bool) for f in flags):
        raise _unreadable()
    return Marks(entry["type"], x, y, *flags)


def _limits(value):
    pair = tuple(map(_number, _list(value, 2)))
    if len(pair) != 2:
        raise _unreadable()
    return pair


def _tick(value):
    pair = _list(value, 2)
    if len(pair) != 2:
        raise _unreadable()
    return _number(pair[0]), _is_text(pair[1])


def _unreadable():
    return BadAnswerError("The figure that arrived can't be read. Run the check cell again and save.")


def _dict(value):
    if not isinstance(value, dict):
        raise _unreadable()
    return value


def _list(value, longest):
    if not isinstance(value, list) or len(value) > longest:
        raise _unreadable()
    return value


def _is_text(value):
    if not isinstance(value, str) or len(value) > 200:
        raise _unreadable()
    return value


def _number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _unreadable()
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _unreadable()
    return number
