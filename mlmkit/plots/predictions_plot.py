"""Distributions of predictions, one above the other."""

import numpy as np
import pandas as pd

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.style import PARTIAL, in_words, label_axis, new_axes, tidy

# Okabe and Ito's purple: no pooling has this colour
_BELOW = {"facecolor": "#CC79A7", "edgecolor": "white", "hatch": "////", "alpha": 0.9}
_DARK = "#00573F"  # a darker shade of partial pooling's green
_ENDS = (0.025, 0.5, 0.975)


def plot_predictions(draws, *, y="price", impossible_below=None, bins=60, ax=None):
    """Plot draws of predictions as histograms, one row for each prediction, on one scale.

    The line under a histogram reaches from the 2.5 % to the 97.5 % quantile of the draws, the mark
    on it is the median.

    Parameters
    ----------
    draws : DataFrame, or dict of 1-d arrays
        A column (a key) for each prediction, which names the row; for example the result of
        ``fit.predict_draws``. A Series or array alone makes one row.
    y : str
        The outcome, for the title and the unit of the axis.
    impossible_below : float, optional
        The outcome can't be smaller, for example ``0`` for prices. The part of each histogram below
        it gets another colour and hatching, and its share of the draws is written beside the row.
    bins : int
        How many bars each histogram has, at most.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If there are no draws, or some of them are not finite.

    Notes
    -----
    All histograms are equally high, so that a narrow one doesn't flatten the others. Compare their
    widths, not their heights. One draw in a thousand at each end may lie outside the plot.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmkit import plot_predictions
    >>> house = np.random.default_rng(1).normal(700_000, 700_000, 1000)
    >>> ax = plot_predictions({"a house": house}, impossible_below=0)
    >>> ax.get_xlabel()
    'Price (US dollars)'
    """
    rows = _rows(draws, y)
    everything = pd.concat(rows.values())
    edges = _edges(rows.values(), bins, impossible_below)
    ax = new_axes(ax, figsize=(7.6, 1.05 * len(rows) + 1.0))
    for place, row in enumerate(rows.values()):
        _histogram(ax, row, place, edges, impossible_below)
        _interval(ax, row, place)
    if impossible_below is not None and (everything < impossible_below).any():
        _shares(ax, rows, impossible_below)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(rows) - 0.65, -1.0)
    ax.set_xlim(edges[0], edges[-1])
    label_axis(ax.xaxis, y)
    tidy(ax, grid="x")
    ax.spines["left"].set_visible(False)
    set_alt_text(ax, _in_words(rows, y, impossible_below))
    return ax


def _rows(draws, y):
    """Return the draws of each row as a Series, by the row's name."""
    if not isinstance(draws, (dict, pd.DataFrame)):
        draws = {getattr(draws, "name", None) or y: draws}
    rows = {str(name): pd.Series(np.asarray(values, dtype=float)) for name, values in draws.items()}
    if not rows or any(row.empty for row in rows.values()):
        raise ValueError("There are no draws to plot.")
    for name, row in rows.items():
        if not np.isfinite(row).all():
            raise ValueError(f"Some draws of {name!r} are missing or infinite. Remove or correct them.")
    return rows


def _edges(rows, bins, floor):
    """Place the ends of the bars, the same for all rows; one of them is at the floor."""
    low, high = min(row.quantile(0.001) for row in rows), max(row.quantile(0.999) for row in rows)
    if low == high:  # all draws are the same number
        low, high = low - 0.01 * (abs(low) or 1.0), high + 0.01 * (abs(high) or 1.0)
    edges = np.linspace(low, high, bins + 1)
    if floor is not None and low < floor < high:
        edges = edges + (floor - edges[np.searchsorted(edges, floor)])
    return edges


def _histogram(ax, row, place, edges, floor):
    counts, _ = np.histogram(row, edges)
    below = edges[1:] <= (-np.inf if floor is None else floor + 1e-9 * abs(edges[-1]))
    for part, style in ((~below, {"color": PARTIAL, "alpha": 0.55}), (below, _BELOW)):
        heights, left, width = counts[part] / max(counts.max(), 1), edges[:-1][part], np.diff(edges)[part]
        ax.bar(left, -0.85 * heights, width, bottom=float(place), align="edge", linewidth=0, **style)


def _interval(ax, row, place):
    low, middle, high = row.quantile(list(_ENDS))
    ax.plot([low, high], [place + 0.1] * 2, color=_DARK, linewidth=3, solid_capstyle="butt")
    ax.plot(middle, place + 0.1, "D", color=_DARK, markersize=6, markeredgecolor="white")


def _shares(ax, rows, floor):
    """Write beside each row which share of its draws lies where none can be."""
    for place, row in enumerate(rows.values()):
        ax.annotate(
            f"{_share_below(row, floor)} below {floor:g}",
            (1.0, place - 0.45),
            xycoords=("axes fraction", "data"),
            ha="right",
            fontsize=9,
            color="#4D4D4D",
        )


def _share_below(row, floor):
    """Write a share in percent; a share that only rounds to nothing is not called nothing."""
    share = (row < floor).mean()
    return "none" if share == 0 else f"{100 * share:.{0 if share >= 0.1 else 1 if share >= 0.001 else 3}f} %"


def _in_words(rows, y, floor):
    parts = []
    for name, row in rows.items():
        low, middle, high = row.quantile(list(_ENDS))
        part = f"{name}: median {in_words(middle, y)}, "
        part += f"95 % of the draws from {in_words(low, y)} to {in_words(high, y)}"
        if floor is not None:
            part += f", {_share_below(row, floor)} of them below {floor:g}"
        parts.append(part + ".")
    many = "A histogram" if len(rows) == 1 else f"{len(rows)} histograms, one above the other,"
    return f"{many} of draws of {y}. {' '.join(parts)}"
