"""What plots ask a fit: its outcome, its grouping factor, its observations."""


def outcome(fit):
    """Name the outcome of a fit's formula."""
    return str(fit.formula).partition("~")[0].strip()


def grouping(fit, group=None):
    """Name the grouping factor to plot; the first one if ``group`` is None.

    Raises
    ------
    ValueError
        If the fit has no such grouping factor.
    """
    known = list(fit.coef)
    if group is None:
        return known[0]
    if group not in known:
        raise ValueError(f"The fit has no grouping factor {group!r}. It has: {', '.join(known)}.")
    return group


def column(table, term, fit):
    """Take one term's column out of a table by groups, such as ``fit.coef["zipcode"]``.

    Raises
    ------
    ValueError
        If the term doesn't vary by group in this fit.
    """
    if term not in table.columns:
        raise ValueError(
            f"The term {term!r} is not in this table of {fit.formula}. It has: {', '.join(table.columns)}."
        )
    return table[term]
