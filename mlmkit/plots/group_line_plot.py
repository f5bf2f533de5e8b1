"""The groups' coefficients against a predictor of the groups, with the line of the group-level regression."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.ask import ask
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import column, grouping, outcome
from mlmkit.plots.style import DATA, NONE, PARTIAL, axis_title, in_dollars, in_words, new_axes, tidy, unit


def plot_group_line(fit, predictor, *, term=INTERCEPT, none=None, group=None, ax=None):
    """Plot each group's intercept or slope against a predictor of the groups, and the line through them.

    As in Gelman and Hill (2007), figures 12.6 and 13.2. Each group's estimate is its point on the line plus
    its random effect; other predictors are 0. The interval reaches one standard error to each side, with
    the line held.

    Parameters
    ----------
    fit : fit
        From `lmer`, with a predictor that is the same for all rows of a group.
    predictor : str
        The predictor of the groups.
    term : str
        ``"(Intercept)"``, or a predictor whose slope varies: its line is the one of the cross-level
        interaction.
    none : Series, optional
        By group: an estimate from its own rows alone. Drawn as a ring, joined to the estimate.
    group : str, optional
        The grouping factor. Default: the first one.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If the fit lacks the predictor, the term or the group, or if the predictor varies within a group.

    Examples
    --------
    >>> from mlmkit import lmer, load_radon, plot_group_line
    >>> ax = plot_group_line(lmer("log_radon ~ log_uranium + (1 | county)", load_radon()), "log_uranium")
    >>> ax.get_xlabel()
    'Uranium in the soil (log parts per million)'
    """
    ask(fit, "ranef", "plot_group_line")
    group = grouping(fit, group)
    effects, errors = (column(table[group], term, fit) for table in (fit.ranef, fit.se_ranef))
    x = _one_a_group(fit, predictor, group).reindex(effects.index.astype(str))
    intercept, slope = _line(fit, predictor, term)
    effects.index = errors.index = x.index
    y = intercept + slope * x + effects

    ax = new_axes(ax, figsize=(7.6, 4.8))
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, intercept + slope * ends, color="black", linewidth=2, label="group-level line")
    if none is not None:
        own = none.rename(index=str).reindex(x.index)
        ax.vlines(x, own, y, color=DATA, linewidth=1.2, zorder=1)
        ax.plot(x, own, "o", color=NONE, fillstyle="none", markersize=6, label="own rows alone")
    ax.errorbar(
        x, y, yerr=errors, fmt="D", color=PARTIAL, markersize=4, elinewidth=1, label="partial pooling"
    )
    ax.set_xlabel(axis_title(predictor))
    _label(ax.yaxis, outcome(fit), term, group)
    tidy(ax, grid="both")
    ax.legend(frameon=False, loc="upper left" if slope >= 0 else "upper right")  # away from the line
    set_alt_text(
        ax, _in_words(x, y, intercept, slope, predictor, term, outcome(fit), group, none is not None)
    )
    return ax


def _one_a_group(fit, predictor, group):
    """Take the predictor's value in each group."""
    rows = fit.augment()
    if predictor not in rows or predictor not in fit.fixef.index:
        known = ", ".join(name for name in fit.fixef.index if name != INTERCEPT and ":" not in name)
        raise ValueError(f"The fit has no predictor {predictor!r}. Its predictors: {known or 'none'}.")
    table = rows.groupby(rows[group].astype(str))[predictor].agg(["min", "max"])
    varies = table.index[~np.isclose(table["min"], table["max"])]
    if len(varies):
        raise ValueError(
            f"{predictor!r} differs within {group} {varies[0]}, so it is no predictor of the groups. "
            "Take one that is the same for all rows of a group, such as the group's mean."
        )
    return table["min"]


def _line(fit, predictor, term):
    """Intercept and slope of the line of a term: a cross-level interaction for a slope."""
    if term == INTERCEPT:
        return fit.fixef.get(term, 0.0), fit.fixef[predictor]
    found = [name for name in (f"{term}:{predictor}", f"{predictor}:{term}") if name in fit.fixef.index]
    return fit.fixef.get(term, 0.0), fit.fixef[found[0]] if found else 0.0


def _label(axis, y, term, group):
    what = "Intercept" if term == INTERCEPT else f"Slope of {term}"
    axis.set_label_text(f"{what} in each {group}" + (f" ({unit(y)})" if unit(y) else ""))
    in_dollars(y, axis)


def _in_words(x, y, intercept, slope, predictor, term, outcome, group, with_none):
    far = (y - intercept - slope * x).abs().idxmax()
    what = "intercept" if term == INTERCEPT else f"slope of {term}"
    ends = [in_words(intercept + slope * end, outcome) for end in (x.min(), x.max())]
    text = (
        f"The {what} of each of the {len(x)} groups of {group} against {predictor}, with a line that changes "
        f"by {in_words(slope, outcome)} per unit, from {ends[0]} to {ends[1]}. "
        f"Farthest from the line is {far}, at {in_words(y[far], outcome)}."
    )
    return text + (" Rings show the groups' own rows alone, joined to the estimates." if with_none else "")
