"""One small scatter plot per group."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import require
from mlmkit.plots.style import NONE, axis_title, in_words


def plot_scatter_by_group(data, x="sqft_living", y="price", *, group="zipcode", columns=3):
    """Plot two columns against each other, one panel per group, all panels on the same scales.

    Small panels instead of nine colours in one: no colour has to be told from eight others,
    and no group hides another. A horizontal line marks the mean of ``y`` in the group.

    Parameters
    ----------
    data : pandas.DataFrame
        One row per observation.
    x, y : str
        Columns for the horizontal and the vertical axis.
    group : str
        The grouping factor. Its groups appear in their own order (of names, or of categories).
    columns : int
        How many panels stand side by side.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One per group, in the order of the groups.

    Raises
    ------
    ValueError
        If a column isn't in ``data``, or ``data`` has no rows.

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_scatter_by_group
    >>> panels = plot_scatter_by_group(load_seattle())
    >>> len(panels)
    9
    """
    from mlmkit.plots.borders import lay_out
    from mlmkit.plots.facets import scatter_panels

    require(data, x, y, group)
    groups = dict(list(data.groupby(group, observed=True)))
    grid = scatter_panels(data, x, y, group, list(groups), columns=columns, s=11, alpha=0.6)
    grid.set_axis_labels(axis_title(x), axis_title(y))
    for ax, sales in zip(grid.axes, groups.values(), strict=True):
        ax.axhline(sales[y].mean(), color=NONE, linewidth=1.8)
    lay_out(grid.figure)
    set_alt_text(grid.axes[0], _in_words(groups, x, y, group))
    return grid.axes


def _in_words(groups, x, y, group):
    means = {name: rows[y].mean() for name, rows in groups.items()}
    low, high = min(means, key=means.get), max(means, key=means.get)
    rising = sum(_slope_is_positive(rows[x], rows[y]) for rows in groups.values())
    sizes = [len(rows) for rows in groups.values()]
    text = (
        f"{len(groups)} scatter plots of {y} against {x}, one for each {group}, with {min(sizes)} to "
        f"{max(sizes)} points each. The mean {y} runs from {in_words(means[low], y)} in {low} to "
        f"{in_words(means[high], y)} in {high}. "
    )
    return text + f"In {rising} of the {len(groups)} panels {y} rises with {x}."


def _slope_is_positive(x, y):
    if len(x) < 2 or not np.ptp(x):
        return False
    return bool(np.cov(x.astype(float), y.astype(float))[0, 1] > 0)
