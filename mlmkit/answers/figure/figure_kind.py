"""A figure as an answer, judged by what is drawn and its labels."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from mlmkit.answers.figure.answer import AxesAnswer, FigureAnswer, Marks, decode_figure
from mlmkit.answers.figure.axis_labels import AXES, flaws, required
from mlmkit.answers.figure.matching import MARKS, Expected, best_share, find, has_intervals
from mlmkit.answers.figure.reading import encode_figure
from mlmkit.answers.kind import Kind, Outcome
from mlmkit.answers.text import BadAnswerError, plain

HALF = 0.5  # credit for right data drawn in another way than asked for
NO_INTERVALS = "The marks are right. The question asks for intervals too: not every mark has one."


@dataclass(frozen=True, eq=False)
class Figure(Kind):
    """A plot, handed in as its axes: ``check("l02-plot", ax)``.

    Parameters
    ----------
    x, y : sequence of float or of str
        The data that must be there, in any order. Text stands for places with tick labels, such as zip
        codes on an axis.
    mark : {"points", "lines", "bars", "any"}
        How they are to be drawn. Bars may stand or lie.
    xlabel, ylabel : str or sequence of str, optional
        Words of which the axis label must contain one; capitals don't matter. ``()``: any label will do.
        None: the label is not judged.
    rel : float
        Tolerance of each number: ``rel`` times its size (at least a tenth of the largest).
    mistakes : sequence of Mistake
        Their values are dicts with ``x`` and ``y``; what is left out is as in the right answer.
    group : sequence of str, optional
        For lines: which points lie on one line. Default: all of them.
    xscale, yscale : str, optional
        ``"log"`` where the axis must be logarithmic.
    legend : sequence of str
        Words that must stand in the legend or in a text of the plot.
    labels_cost : float
        Share of the points that all labels, scales and legend words together are worth.
    either_way : bool
        Take x and y exchanged, as for estimates with intervals.
    intervals : bool
        Every point must lie on a line along y that begins below it and ends above it, such as an error bar.
        Points without intervals earn half.

    Notes
    -----
    More may be drawn than is asked for, such as a reference line or the raw data: only the sets of points
    of which a quarter or more are expected count. Lines may have other vertices than `x`: they are
    followed in between. Numbers in thousands, millions or percent are right where the label says so.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mlmkit.answers.kinds import decode, encode
    >>> _, ax = plt.subplots()
    >>> points = ax.scatter([5, 50], [0.3, 0.9])
    >>> label = ax.set_xlabel("sales")
    >>> outcome = Figure(x=[5, 50], y=[0.3, 0.9], xlabel="sales", ylabel=()).grade(decode(encode(ax)))
    >>> outcome.says
    'The data are right. The y axis has no label: say what it shows. This costs 25 % of the points.'
    """

    x: object
    y: object
    mark: str = "points"
    xlabel: object = None
    ylabel: object = None
    rel: float = 1e-3
    mistakes: tuple = field(default=())
    group: object = None
    xscale: str | None = None
    yscale: str | None = None
    legend: tuple = ()
    labels_cost: float = 0.5
    either_way: bool = False
    intervals: bool = False

    name: ClassVar[str] = "figure"
    form: ClassVar[str] = "figure"

    @classmethod
    def encode(cls, answer, shape):
        """Take a figure, axes, or what a function of matplotlib or seaborn drew."""
        figure = encode_figure(answer)
        return None if figure is None else {cls.form: figure}

    @classmethod
    def decode(cls, content):
        """Read the axes with labels and data."""
        return decode_figure(content)

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for."""
        return 'a figure: hand in the axes, as in check("…", ax)'

    @classmethod
    def read(cls, answer, shape):
        """Read a figure on which something is drawn."""
        if not isinstance(answer, FigureAnswer):
            raise cls.mismatch(answer, shape)
        if not answer.drawn:
            raise BadAnswerError(
                "The figure is empty: it has no points, lines or bars. Hand in the axes on which you drew."
            )
        return answer

    @classmethod
    def echo(cls, value):
        """Repeat the labels of the first axes on which something is drawn."""
        first = value.drawn[0]
        names = [f'"{plain(name)}"' if name else "nothing" for name in (first.xlabel, first.ylabel)]
        return f" (the x axis says {names[0]}, the y axis {names[1]})"

    def __post_init__(self):
        if self.mark not in MARKS:
            raise ValueError(f"The mark {self.mark!r} is unknown. Choose from {', '.join(MARKS)}.")
        if not (math.isfinite(self.rel) and self.rel > 0):
            raise ValueError("The tolerance rel is a positive number.")
        if not 0 <= self.labels_cost < 1:
            raise ValueError(f"labels_cost is a share from 0 to below 1, not {self.labels_cost}.")
        for name in ("xlabel", "ylabel", "legend"):
            words = getattr(self, name)
            words = (words,) if isinstance(words, str) else None if words is None else tuple(words)
            object.__setattr__(self, name, words)
        self._check_value()
        for mistake in self.mistakes:
            _ignore_not_finite(self._known, mistake.value)

    @cached_property
    def value(self):
        """The data that must be there: dict with ``x``, ``y`` and, for several lines, ``group``."""
        return {"x": self.x, "y": self.y, "group": self.group}

    def shape(self):
        """Describe the form: what is to be drawn."""
        return {"kind": self.name, "mark": self.mark}

    def to_entries(self):
        """Write this kind as plain JSON values; x, y and group stand for the value."""
        entries = super().to_entries()
        value = entries.pop("value")
        return {**entries, **value}

    @classmethod
    def from_entries(cls, entries):
        """Make a kind from what `to_entries` wrote."""
        return cls(**{**entries, "mistakes": cls._mistakes_of(entries)})

    def _packed(self, value):
        return self._known(value).as_entries()

    @classmethod
    def _unpacked(cls, packed):
        return packed

    def answer_with(self, value):
        """Return a figure that shows `value` as the question asks for it, with all labels."""
        expected = self._known(value)
        x, xticks = expected.places("x")
        y, yticks = expected.places("y")
        type = {"lines": "line", "bars": "bars"}.get(self.mark, "points")
        sets = [
            [place for place, name in enumerate(expected.group) if name == one] for one in expected.groups
        ]
        marks = [
            Marks(type, *(tuple(side[k] for k in one) for side in (x, y)), connected=True) for one in sets
        ]
        reach = 0.1 * max(map(abs, y))
        marks += [
            Marks("line", (place, place), (height - reach, height + reach), connected=True)
            for place, height in zip(x, y, strict=True)
            if self.intervals
        ]
        words = [(self.xlabel or ["x"])[0], (self.ylabel or ["y"])[0]]
        scales = [self.xscale or "linear", self.yscale or "linear"]
        limits = [(min(side), max(side)) for side in (x, y)]
        panel = AxesAnswer("", *words, *scales, *limits, xticks, yticks, self.legend, (), tuple(marks))
        return FigureAnswer((panel,))

    def told_apart(self, value, other):
        """Tell whether no figure could be taken for both of two values."""
        try:
            given, other = self.answer_with(value), self._known(other)
        except BadAnswerError:  # a mistake that is not finite on this data
            return False
        return not any(find(panel, other, self.mark, self.rel, times=2) for panel in given.axes)

    def apart(self, mistake):
        """Return NaN: figures match or don't."""
        return math.nan

    def _normal(self, value):
        return Expected.of({**self.value, **value})

    def grade(self, answer):
        """Compare a decoded figure with what it should show; see `Kind.grade`."""
        if answer is None:
            return Outcome("missing", 0.0, "This question was not answered.")
        try:
            given = self.read(answer, self.shape())
        except BadAnswerError as error:
            return Outcome("invalid", 0.0, str(error))
        expected = self._known(self.value)
        found = (
            self._right(given, expected) or self._named(self._near(given)) or self._nearly(given, expected)
        )
        return found or Outcome("wrong", 0.0, self._explain(given))

    def _panels(self, given):
        """List the axes as they are and, where x and y may be exchanged, turned round."""
        panels = [(panel, AXES) for panel in given.axes]
        if self.either_way or self.mark in ("bars", "any"):
            panels += [(panel.flipped(), AXES[::-1]) for panel in given.axes]
        return panels

    def _right(self, given, expected):
        """Return the best outcome among the axes that show the right data, or None."""
        outcomes = []
        for panel, names in self._panels(given):
            scales = find(panel, expected, self.mark, self.rel)
            if scales and self.intervals and not has_intervals(panel, expected.scaled(*scales), self.rel):
                outcomes.append(Outcome("mistake", HALF, NO_INTERVALS, "intervals missing"))
            elif scales:
                outcomes.append(self._labelled(panel, scales, names))
        return max(outcomes, key=lambda outcome: outcome.credit, default=None)

    def _labelled(self, panel, scales, names):
        found = flaws(self, panel, scales, names)
        if not found:
            return Outcome("right", 1.0, "Right.")
        cost = self.labels_cost * min(1.0, len(found) / max(required(self), len(found)))
        says = " ".join(["The data are right.", *(sentence for sentence, _ in found)])
        costs = f"This costs {100 * cost:.0f} % of the points." if cost else ""
        return Outcome("mistake", 1.0 - cost, f"{says} {costs}".strip(), found[0][1])

    def _near(self, given):
        return [one for one in self.usable_mistakes if self._shows(given, one)]

    def _shows(self, given, mistake):
        expected, rel = self._wrong[id(mistake)], mistake.within or self.rel
        return any(find(panel, expected, self.mark, rel) for panel, _ in self._panels(given))

    def _nearly(self, given, expected):
        """Recognise right data with x and y exchanged, or drawn with another mark."""
        for panel in given.axes:
            if find(panel.flipped(), expected, self.mark, self.rel):
                says = "The data are right, but the axes are exchanged: what is on x belongs on y."
                return Outcome("mistake", HALF, says, "axes exchanged")
            for mark in ("points", "lines", "bars"):
                if find(panel, expected, mark, self.rel):
                    says = f"The data are right, but drawn as {mark}. The question asks for {self.mark}."
                    return Outcome("mistake", HALF, says, f"{mark} for {self.mark}")
        return None

    def _explain(self, given):
        expected = self._known(self.value)
        share = max(best_share(panel, expected, self.mark, self.rel) for panel, _ in self._panels(given))
        noun = "bars" if self.mark == "bars" else "points"
        if share == 0:
            return f"None of the {len(expected.x)} expected {noun} is in this figure."
        return f"Of the {len(expected.x)} expected {noun}, {share} are in this figure. Look at the others."


def _ignore_not_finite(function, value):
    try:
        function(value)
    except BadAnswerError:
        return
