"""What plots ask a fit or a data frame: outcome, grouping factor, columns, observations."""

SINGULAR = 1e-4  # below this share of the residual standard deviation, one between groups counts as zero


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


def require(data, *columns):
    """Say which column is missing in a data frame, or that it has no rows."""
    missing = [column for column in columns if column not in data.columns]
    if missing:
        raise ValueError(
            f"There is no column {missing[0]!r} in the data. "
            f"The columns are: {', '.join(map(str, data.columns))}."
        )
    if data.empty:
        raise ValueError("The data have no rows, so there is nothing to plot.")


def refuse_predictors(fit, plot):
    """Say that a plot of group means is none for a model with predictors."""
    if len(fit.fixef) != 1:
        raise ValueError(
            f"{plot} shows group means, so the model has no predictors: "
            f'use a formula such as "y ~ (1 | g)" instead of "{fit.formula}".'
        )


def group_means(fit, group=None, *, plot):
    """Count the observations of each group and take the mean of their outcome.

    Parameters
    ----------
    fit : fit
        From `lmer`, without predictors.
    group : str, optional
        The grouping factor. Default: the first one.
    plot : str
        Name of the plot that asks, for the error.

    Returns
    -------
    sizes, means : Series
        By group, labels as text, in the order of the groups.

    Raises
    ------
    ValueError
        If the fit has predictors, or no grouping factor ``group``.
    """
    refuse_predictors(fit, plot)
    observed = fit.augment().groupby(grouping(fit, group), observed=True)[outcome(fit)]
    table = observed.agg(["size", "mean"])
    table.index = table.index.astype(str)
    return table["size"], table["mean"]
