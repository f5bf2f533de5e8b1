"""Small panels, one per group, all on the same scales."""

from mlmkit.plots.style import DATA, label_axis, tidy


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
    dict
        Group to its ``Axes``, with the number of observations in each title, ticks that read easily, and no
        axis titles yet.
    """
    from matplotlib.ticker import MaxNLocator

    style = {"color": DATA, "linewidth": 0, **style}
    panels = dict(zip(names, _panels(len(names), min(columns, len(names))), strict=True))
    for name, ax in panels.items():
        own = rows[rows[group] == name]
        ax.scatter(own[x], own[y], **style)
        ax.set_title(f"{name}  (n = {len(own)})", fontsize=10)
        label_axis(ax.xaxis, x)
        label_axis(ax.yaxis, y)
        ax.set(xlabel="", ylabel="")
        tidy(ax, grid="both")
    ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 4, 5, 10]))  # of all: they share it
    return panels


def _panels(count, columns):
    """Make panels that share their scales: seaborn's take ten times as long, for they are laid out often."""
    import matplotlib.pyplot as plt

    lines = -(-count // columns)
    size = 2.86 * columns, 2.2 * lines
    scales = {"sharex": True, "sharey": True, "squeeze": False}
    panels = plt.subplots(lines, columns, figsize=size, layout="constrained", **scales)[1].ravel()
    for place, ax in enumerate(panels):
        if place >= count:
            ax.remove()
        elif place + columns >= count:
            ax.tick_params(labelbottom=True)
    return panels[:count]
