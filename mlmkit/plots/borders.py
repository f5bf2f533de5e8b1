"""Figures whose parts all stand within their borders: nobody has to measure them before they are drawn."""

from weakref import WeakKeyDictionary

from matplotlib.layout_engine import ConstrainedLayoutEngine

_laid_out: WeakKeyDictionary = WeakKeyDictionary()


def lay_out(figure):
    """Give all parts of a finished figure their room."""
    figure.tight_layout()
    figure.set_layout_engine(None)  # with an engine, saving would draw it once for trial
    _laid_out[figure] = _parts(figure)


def stays_within_borders(figure):
    """Tell whether a figure is laid out when it is drawn, or has been by `lay_out` and is still the same."""
    constrained = isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine)
    return constrained or (figure in _laid_out and _laid_out[figure] == _parts(figure))


def _parts(figure):
    """Return what changes with everything that a cell adds, as a legend or a longer title."""
    texts = [(ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes]
    return texts, [len(place.get_children()) for place in (figure, *figure.axes)]
