"""Small panels, one per group, all on the same scales."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlmkit.plots.style import DATA, label_axis, tidy

WIDTH, HEIGHT = 2.86, 2.2  # of a panel, in inches


@dataclass(frozen=True)
class Panels:
    """A figure with one panel per group.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    by_group : dict
        Group to its axes, in the order of the panels.
    columns : int
        How many stand side by side.
    """

    figure: Any
    by_group: dict
    columns: int

    @property
    def axes(self):
        """The axes, in the order of the groups."""
        return np.array(list(self.by_group.values()))

    def set_titles(self, x, y):
        """Write the titles of the axes: below the lowest panel of each column, and beside each row."""
        for ax in self.axes[-self.columns :]:
            ax.set_xlabel(x)
        for ax in self.axes[:: self.columns]:
            ax.set_ylabel(y)


def scatter_panels(rows, x, y, group, names, *, columns, **style):
    """Draw the observations of each group in a panel of its own.

    Parameters
    ----------
    rows : DataFrame
        One row per observation.
    x, y, group : str
        Columns of ``rows``.
    names : list
        The groups, in the order of their panels.
    columns : int
        How many panels stand side by side.
    **style
        For the points, as ``Axes.scatter`` takes it.

    Returns
    -------
    Panels
        With the number of observations in each title, ticks that read easily, and no axis titles yet.

    Notes
    -----
    seaborn's ``relplot`` draws the same picture, and lays it out five times on the way, which is half a
    second for nine panels; here it is laid out once, when it is drawn.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    columns = min(columns, len(names))
    lines = -(-len(names) // columns)
    size = (WIDTH * columns, HEIGHT * lines)
    figure, grid = plt.subplots(
        lines, columns, sharex=True, sharey=True, squeeze=False, figsize=size, layout="constrained"
    )
    parts, panels = dict(list(rows.groupby(group, observed=True))), dict(zip(names, grid.flat, strict=False))
    for name, ax in panels.items():
        part = parts.get(name, rows.iloc[:0])
        ax.scatter(part[x], part[y], **{"color": DATA, "linewidth": 0, **style})
        ax.set_title(f"{name}  (n = {len(part)})", fontsize=10)
        tidy(ax, grid="both")
    first = grid[0, 0]  # all share its ticks, but not its titles
    label_axis(first.xaxis, x)
    label_axis(first.yaxis, y)
    first.set(xlabel="", ylabel="")
    first.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 4, 5, 10]))
    for ax in grid.flat[len(names) :]:
        ax.remove()
    for ax in list(panels.values())[-columns:]:  # also where nothing stands below
        ax.tick_params(labelbottom=True)
    return Panels(figure, panels, columns)
