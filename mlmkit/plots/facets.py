"""Small panels, one per group, all on the same scales.

This file imports seaborn, so plots import it when they draw.
"""

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.ticker import AutoLocator, MaxNLocator

from mlmkit.plots.style import DATA, label_axis, tidy


class Panels(sns.FacetGrid):
    """Seaborn's panels, laid out once: by whoever has drawn everything that needs room."""

    def tight_layout(self, *args, **kwargs):
        """Do nothing. Seaborn calls it twice before there are titles, which is half of the time of a plot."""
        return self


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
        For the points, as ``matplotlib.pyplot.scatter`` takes it.

    Returns
    -------
    seaborn.FacetGrid
        With the number of observations in each title, ticks that read easily, and no axis titles yet.
    """
    style = {"color": DATA, "linewidth": 0, **style}
    columns = min(columns, len(names))
    shape = {"col_wrap": columns, "height": 2.2, "aspect": 1.3}
    # No ticks yet: of empty panels, seaborn would make them to hide some, a tenth of the time of a plot.
    grid = Panels(rows, col=group, col_order=names, subplot_kws={"xticks": (), "yticks": ()}, **shape)
    grid.map(plt.scatter, x, y, **style)  # seaborn's scatterplot: a fifth more for all
    sizes = rows[group].value_counts()
    for number, (name, ax) in enumerate(grid.axes_dict.items()):
        ax.set_title(f"{name}  (n = {sizes[name]})", fontsize=10)
        label_axis(ax.xaxis, x)
        label_axis(ax.yaxis, y)
        ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 4, 5, 10]))
        ax.yaxis.set_major_locator(AutoLocator())
        ax.tick_params(labelbottom=number + columns >= len(names), labelleft=number % columns == 0)
        tidy(ax, grid="both")
    return grid.set_axis_labels("", "")
