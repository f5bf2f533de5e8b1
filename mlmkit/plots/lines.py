"""What the plots of regression lines by group share."""

from mlmkit.frame.columns import INTERCEPT
from mlmkit.plots.from_fit import grouping, outcome
from mlmkit.plots.style import in_words, unit


def predictor(fit):
    """Name the one predictor of a fit, or say that it has none or several."""
    table = next(iter(fit.coef.values()))
    names = [name for name in table.columns if name != INTERCEPT]
    if len(names) != 1 or INTERCEPT not in table.columns:
        raise ValueError(
            "This plot shows straight lines, so the model has an intercept and one predictor, such as "
            f'"price ~ scale_sqft + (1 + scale_sqft | zipcode)". "{fit.formula}" has: '
            f"{', '.join(table.columns)}."
        )
    return names[0]


def observations(fit, group=None):
    """Return what to draw: the rows of a fit, and the names of outcome, predictor and grouping factor.

    Returns
    -------
    tuple
        DataFrame with the group's names as text, then three names: outcome, predictor, group.
    """
    group, y, x = grouping(fit, group), outcome(fit), predictor(fit)
    rows = fit.augment()
    return rows.assign(**{group: rows[group].astype(str)}), y, x, group


def coefficients(fit, group):
    """Return each group's intercept and slope, the groups' names as text."""
    table = fit.coef[group].copy()
    table.index = table.index.astype(str)
    return table


def slope_title(y, x):
    """Name an axis that shows slopes, with their unit.

    Examples
    --------
    >>> slope_title("price", "scale_sqft")
    'Slope (US dollars per standard deviation of living area)'
    """
    known = {"scale_sqft": "standard deviation of living area", "sqft_living": "square foot"}
    per = known.get(x, f"unit of {x}")
    return f"Slope ({unit(y) or y} per {per})"


def slope_in_words(slope, y):
    """Write a slope for a description.

    Examples
    --------
    >>> slope_in_words(330_602.9, "price")
    '331,000 dollars'
    >>> slope_in_words(286.6, "price")
    '287 dollars'
    """
    if y == "price":
        return f"{slope:,.0f} dollars".replace("-", "−") if abs(slope) < 10_000 else in_words(slope, y)
    return in_words(slope, "")
