"""What all plots share: one colour for each pooling, axes with units, amounts of money that read easily."""

from matplotlib.ticker import FuncFormatter

# Okabe and Ito's palette, which colour-blind readers can tell apart. Each pooling also has a marker of
# its own, so that the plots can be read without colour.
COMPLETE = "#D55E00"
NONE = "#0072B2"
PARTIAL = "#009E73"
DATA = "#8C8C8C"
POOLING_COLORS = {"complete": COMPLETE, "none": NONE, "partial": PARTIAL}

_TITLES = {
    "price": ("Price", "US dollars"),
    "sqft_living": ("Living area", "square feet"),
    "scale_sqft": ("Living area", "standard deviations from the mean"),
    "zipcode": ("Zip code", None),
    "yr_built": ("Year built", None),
    "miles": ("Distance to the centre of Seattle", "miles"),
    "log_radon": ("Radon", "log picocuries per litre"),
    "log_uranium": ("Uranium in the soil", "log parts per million"),
}


def money(amount, _position=None):
    """Write an amount of dollars briefly.

    Examples
    --------
    >>> money(450_000), money(1_250_000), money(-80_000), money(0)
    ('$450k', '$1.25M', '−$80k', '$0')
    """
    sign = "−" if amount < 0 else ""
    size = abs(amount)
    if size >= 999_500:
        return f"{sign}${size / 1e6:.3g}M"
    if size >= 999.5:
        return f"{sign}${size / 1e3:.3g}k"
    return f"{sign}${size:.0f}"


def in_words(amount, column):
    """Write an amount for a description: rounded, with its unit.

    Examples
    --------
    >>> in_words(712_345.6, "price")
    '712,000 dollars'
    >>> in_words(2.345, "weight")
    '2.35'
    """
    if column == "price":
        return f"{round(amount, -3):,.0f} dollars".replace("-", "−")
    if column == "sqft_living":
        return f"{amount:,.0f} square feet"
    return f"{amount:.3g}".replace("-", "−")


def axis_title(column, prefix=""):
    """Name a column as the title of an axis, with its unit.

    Examples
    --------
    >>> axis_title("price")
    'Price (US dollars)'
    >>> axis_title("price", "Mean")
    'Mean price (US dollars)'
    """
    title, unit = _TITLES.get(column, (column, None))
    if prefix:
        title = f"{prefix} {title[0].lower() + title[1:] if column in _TITLES else title}"
    return f"{title} ({unit})" if unit else title


def unit(column):
    """Name the unit of a column; None if it isn't known.

    Examples
    --------
    >>> unit("price"), unit("weight")
    ('US dollars', None)
    """
    return _TITLES.get(column, (column, None))[1]


def in_dollars(outcome, *axes):
    """Write the ticks of these matplotlib axes as money if the outcome is a price."""
    for axis in axes if outcome == "price" else ():
        axis.set_major_formatter(FuncFormatter(money))


def label_axis(axis, column, prefix=""):
    """Give a matplotlib axis its title and, for dollars and thousands, ticks that read easily."""
    axis.set_label_text(axis_title(column, prefix))
    in_dollars(column, axis)
    if column == "sqft_living":
        axis.set_major_formatter(FuncFormatter(lambda size, _position: f"{size:,.0f}"))


def label_slopes(axis, outcome, title):
    """Give an axis of slopes its title; for prices, with dollars for one unit of the predictor."""
    axis.set_label_text(f"{title} (US dollars for one unit)" if outcome == "price" else title)
    in_dollars(outcome, axis)


def new_axes(ax, *, figsize):
    """Give back ``ax``, or the axes of a new figure if there is none."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def tidy(ax, *, grid):
    """Take away what carries no information; keep a pale grid along one axis (``"x"``, ``"y"``)."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[:].set_in_layout(False)  # they take no room, but time of every layout
    ax.grid(axis=grid, color="#E4E4E4", linewidth=0.8)
    ax.set_axisbelow(True)
