"""Read a matplotlib figure into plain values, in the student's kernel."""

import math
import sys
import warnings

import numpy as np

from mlmkit.answers.figure.answer import MAX_AXES, MAX_LABELS, MAX_MARKS, MAX_NUMBERS, MAX_POINTS
from mlmkit.answers.text import BadAnswerError, plain


def encode_figure(answer):
    """Encode a matplotlib figure, or return None if the answer is something else.

    Parameters
    ----------
    answer : object
        A Figure, an Axes, a list or array of Axes, a seaborn grid, or what ``ax.scatter``, ``ax.plot`` or
        ``ax.bar`` returned.

    Returns
    -------
    dict or None
        ``{"axes": [{"xlabel": …, "marks": […], …}, …]}``.

    Raises
    ------
    BadAnswerError
        If there are too many axes.
    """
    if "matplotlib" not in sys.modules:
        return None
    axes = _axes_of(answer)
    if axes is None:
        return None
    if len(axes) > MAX_AXES:
        raise BadAnswerError(
            f"Your figure has {len(axes)} panels. At most {MAX_AXES} can be handed in: hand in one of them."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no warning of a plot may reach the outputs of a check cell
        return {"axes": [_encode_axes(panel) for panel in axes]}


def _axes_of(answer):
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    if isinstance(answer, Axes):
        return [answer]
    if isinstance(answer, FigureBase):
        return list(answer.axes)
    if isinstance(answer, Artist):  # what ax.scatter returned
        return None if answer.axes is None else [answer.axes]
    if isinstance(getattr(answer, "figure", None), FigureBase):  # a seaborn grid
        return list(answer.figure.axes)
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        answer = answer.ravel().tolist()
    if isinstance(answer, (list, tuple)) and 0 < len(answer) <= 1000:
        if all(isinstance(part, Axes) for part in answer):
            return list(dict.fromkeys(answer))
        artists = [part for part in answer if isinstance(part, Artist) and part.axes is not None]
        return [artists[0].axes] if len(artists) == len(answer) else None
    return None


def _encode_axes(ax):
    legend = ax.get_legend()
    legend_texts = [legend.get_title(), *legend.get_texts()] if legend else []
    return {
        "title": _text(ax.get_title() or ax.get_title("left") or ax.get_title("right")),
        "xlabel": _text(ax.get_xlabel() or _shared_label(ax, "x")),
        "ylabel": _text(ax.get_ylabel() or _shared_label(ax, "y")),
        "xscale": _text(ax.get_xscale()),
        "yscale": _text(ax.get_yscale()),
        "xlim": _short(ax.get_xlim()),
        "ylim": _short(ax.get_ylim()),
        "xticks": _ticks(ax.xaxis),
        "yticks": _ticks(ax.yaxis),
        "legend": [_text(text.get_text()) for text in legend_texts if text.get_text()][:MAX_LABELS],
        "texts": [_text(text.get_text()) for text in ax.texts if text.get_text()][:MAX_LABELS],
        "marks": _limited(_marks(ax)),
    }


def _shared_label(ax, side):
    """Look for the label that stands once for several panels."""
    figure = ax.get_figure()
    label = getattr(figure, f"get_sup{side}label")() if figure else ""
    if label or not figure:
        return label
    shared = getattr(ax, f"get_shared_{side}_axes")()
    for other in figure.axes:
        if other is not ax and shared.joined(ax, other) and getattr(other, f"get_{side}label")():
            return getattr(other, f"get_{side}label")()
    return ""


def _ticks(axis):
    mapping = getattr(axis.units, "_mapping", None)  # text on the axis: matplotlib's own positions
    if mapping:
        pairs = [(place, str(text)) for text, place in mapping.items()]
    else:
        texts = [label.get_text() for label in axis.get_ticklabels()]
        pairs = list(zip(axis.get_ticklocs(), texts, strict=False))
    return [[_rounded(place), _text(text)] for place, text in pairs if text and math.isfinite(place)][
        :MAX_LABELS
    ]


def _marks(ax):
    """List the sets of points, the lines and the sets of bars of an axes."""
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.container import BarContainer

    found = []
    for points in ax.collections:
        if isinstance(points, PathCollection) and points.get_offset_transform() == ax.transData:
            offsets = np.ma.filled(np.ma.asarray(points.get_offsets(), dtype=float), np.nan)
            found.append(_encode_marks("points", offsets[:, 0], offsets[:, 1], markers=True))
        elif isinstance(points, LineCollection) and points.get_transform() == ax.transData:
            for segment in points.get_segments()[:MAX_MARKS]:
                found.append(_encode_marks("line", *np.asarray(segment, dtype=float).T, connected=True))
    for line in ax.lines:
        if line.get_transform() == ax.transData:  # a line across the whole axes has another one
            x, y = (
                np.ma.filled(np.ma.asarray(line.get_data(orig=False)[k], dtype=float), np.nan) for k in (0, 1)
            )
            markers = line.get_marker() not in (None, "None", "none", " ", "")
            connected = line.get_linestyle() not in ("None", "none", " ", "")
            found.append(_encode_marks("line", x, y, markers=markers, connected=connected))
    for bars in ax.containers:
        if isinstance(bars, BarContainer) and len(bars):
            found.append(_encode_bars(bars))
    return [marks for marks in found if marks["x"]]


def _encode_bars(bars):
    horizontal = bars.orientation == "horizontal"
    if horizontal:
        x = [bar.get_width() for bar in bars]
        y = [bar.get_y() + bar.get_height() / 2 for bar in bars]
    else:
        x = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        y = [bar.get_height() for bar in bars]
    return {
        **_encode_marks("bars", np.array(x, dtype=float), np.array(y, dtype=float)),
        "horizontal": horizontal,
    }


def _encode_marks(type, x, y, *, markers=False, connected=False):
    kept = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(kept) > MAX_POINTS:
        kept = kept[np.linspace(0, len(kept) - 1, MAX_POINTS).astype(int)]
    return {
        "type": type,
        "x": _short(np.asarray(x)[kept]),
        "y": _short(np.asarray(y)[kept]),
        "markers": markers,
        "connected": connected,
        "horizontal": False,
    }


def _limited(marks):
    """Keep the small sets of marks when there are more numbers than one figure may have."""
    room, kept = MAX_NUMBERS // 2, []
    for entry in sorted(marks, key=lambda entry: len(entry["x"]))[:MAX_MARKS]:
        room -= len(entry["x"])
        if room < 0:
            break
        kept.append(entry)
    return kept


def _text(text):
    return plain(str(text), 200)


def _rounded(number):
    return float(f"{number:.10g}")


def _short(numbers):
    return [_rounded(number) for number in np.asarray(numbers, dtype=float).tolist()]
