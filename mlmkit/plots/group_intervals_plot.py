"""The observations of every group, with an interval for the group's mean and one for a new observation."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import require
from mlmkit.plots.style import DATA, PARTIAL, in_words, label_axis, money, new_axes, tidy

_ENDS = ["lower", "upper"]
_DARK = "#00573F"  # a darker shade of partial pooling's green


def plot_group_intervals(
    data,
    intervals,
    *,
    wide=None,
    y="price",
    group="zipcode",
    labels=("group mean", "new observation"),
    limit=None,
    ax=None,
):
    """Plot the observations of every group as dots, and over them an interval for each group.

    Parameters
    ----------
    data : DataFrame
        One row per observation.
    intervals : DataFrame
        Index: the groups. Columns ``lower`` and ``upper``, in units of ``y``: drawn as a thick line
        with a mark in the middle. Groups appear in this order, from top to bottom.
    wide : DataFrame, optional
        A second interval for each group, of the same form: drawn as a thin line with caps, for
        example for a single new observation.
    y, group : str
        Columns of ``data``.
    labels : pair of str
        What the first and the second interval are for: the legend, which appears when there are two.
    limit : float, optional
        Where the axis ends, so that a few extreme observations don't squeeze the others. The plot
        says how many observations lie above it. Default: show all.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If a column is missing, or if the groups of ``data`` and of the intervals are not the same.

    Notes
    -----
    The dots of a group are moved up and down a little, always in the same way, so that equal prices
    don't hide each other.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, plot_group_intervals
    >>> seattle = load_seattle()
    >>> draws = lmer("price ~ (1 | zipcode)", seattle).sim(500, seed=1).coef["zipcode"]["(Intercept)"]
    >>> ends = draws.quantile([0.025, 0.975]).T.set_axis(["lower", "upper"], axis=1)
    >>> ax = plot_group_intervals(seattle, ends, limit=3_000_000)
    >>> ax.get_xlabel()
    'Price (US dollars)'
    """
    require(data, y, group)
    rows = data[[y, group]].dropna(subset=group).astype({group: str})
    groups = list(rows[group].unique())
    tables = [_checked(intervals, groups, "intervals")]
    if wide is not None:
        tables.append(_checked(wide, groups, "wide").loc[tables[0].index])
    above = rows[y] > (np.inf if limit is None else limit)
    hidden = int(above.sum())

    ax = new_axes(ax, figsize=(7.6, 0.42 * len(groups) + 1.5))
    _dots(ax, rows[~above], y, group, list(tables[0].index))
    _lines(ax, tables, labels)
    label_axis(ax.xaxis, y)
    label_axis(ax.yaxis, group)
    if limit is not None:
        ax.set_xlim(right=limit)
    if hidden:
        end = money(limit) if y == "price" else in_words(limit, y)
        note = f"{_observations(hidden)} above {end} not shown"
        ax.set_title(note, loc="right", fontsize=9, color="#4D4D4D")
    tidy(ax, grid="x")
    if len(tables) > 1:
        ax.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="white")
    set_alt_text(ax, _in_words(rows[y].count(), tables, y, group, hidden, limit))
    return ax


def _checked(table, groups, name):
    """Return the two ends by group name, or say what is wrong with the table."""
    missing = [end for end in _ENDS if end not in getattr(table, "columns", [])]
    if missing:
        raise ValueError(f"{name} needs a data frame with the columns lower and upper, a row for each group.")
    ends = table[_ENDS].astype(float)
    ends.index = ends.index.astype(str)
    if set(ends.index) != set(groups) or not ends.index.is_unique:
        raise ValueError(
            f"The rows of {name} and the groups of the data must be the same. "
            f"Rows: {', '.join(ends.index)}. Groups: {', '.join(groups)}."
        )
    return ends


def _dots(ax, rows, y, group, order):
    """Draw the observations, the first group at the top."""
    import seaborn as sns

    state = np.random.get_state()  # seaborn's jitter takes NumPy's global numbers: leave the reader's alone
    np.random.seed(0)
    dots = {"color": DATA, "size": 3, "alpha": 0.5, "zorder": 1}  # seaborn would lay them over the intervals
    sns.stripplot(rows, x=y, y=group, order=order, orient="h", jitter=0.28, ax=ax, **dots)
    np.random.set_state(state)


def _lines(ax, tables, labels):
    rows = np.arange(len(tables[0]))
    if len(tables) > 1:
        style = {"fmt": "none", "ecolor": _DARK, "elinewidth": 1.4, "capsize": 5}
        _errorbar(ax, tables[1], rows, label=labels[1], **style)
    style = {"fmt": "D", "color": PARTIAL, "markersize": 5, "markeredgecolor": "white", "elinewidth": 5}
    _errorbar(ax, tables[0], rows, label=labels[0], **style)


def _errorbar(ax, ends, rows, **style):
    middle, half = (ends["lower"] + ends["upper"]) / 2, (ends["upper"] - ends["lower"]) / 2
    ax.errorbar(middle, rows, xerr=half, **style)


def _observations(count):
    return "1 observation" if count == 1 else f"{count} observations"


def _in_words(count, tables, y, group, hidden, limit):
    text = (
        f"The {count} observations of {y} as dots, a row for each of the {len(tables[0])} groups of {group}, "
        f"with an interval over each row. {_extremes(tables[0], y)} "
    )
    if len(tables) > 1:
        text += f"A second, thin interval in each row is wider. {_extremes(tables[1], y)} "
    if hidden:
        text += f"{_observations(hidden)} above {in_words(limit, y)} not shown."
    return text


def _extremes(ends, y):
    """Describe the lowest and the highest interval, and how wide they are."""
    width = ends["upper"] - ends["lower"]
    low, high = ends["lower"].idxmin(), ends["upper"].idxmax()
    lowest, highest = (
        f"from {in_words(ends.loc[name, 'lower'], y)} to {in_words(ends.loc[name, 'upper'], y)} in {name}"
        for name in (low, high)
    )
    return (
        f"The lowest reaches {lowest}, the highest {highest}; "
        f"all are between {in_words(width.min(), y)} and {in_words(width.max(), y)} wide."
    )
