"""Average residuals in bins: how to see whether a model of a yes or no fits."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.bins import binned, bins_of
from mlmkit.plots.from_fit import column, outcome
from mlmkit.plots.style import PARTIAL, axis_title, new_axes, tidy


def plot_binned_residuals(fit, *, x=None, bins=None, ax=None):
    """Plot average residuals in bins of the fitted values, as ``arm::binnedplot``.

    A single residual of a yes or no says little: it is one minus the probability, or minus the probability.
    Averages say more. If the model fits, about 95 of 100 averages lie between the two curves.

    Parameters
    ----------
    fit : fit
        From `glmer` (or `lmer`).
    x : str, optional
        A predictor of the model to sort by. Default: the fitted values.
    bins : int, optional
        Default: the square root of the number of rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The plot.

    Raises
    ------
    ValueError
        If ``x`` is no predictor of the model, or ``bins`` no whole number of at least 1.

    References
    ----------
    Gelman and Hill (2007), section 5.6.

    Examples
    --------
    >>> from mlmkit import glmer, load_seattle, plot_binned_residuals
    >>> fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", load_seattle())
    >>> plot_binned_residuals(fit).get_ylabel()
    'Average residual'
    """
    rows = fit.augment()
    if bins is not None and (isinstance(bins, bool) or int(bins) != bins or bins < 1):
        raise ValueError(f"bins is {bins!r}. It must be a whole number of at least 1.")
    across = rows["fitted"] if x is None else column(rows, x, fit)
    places, averages, errors = binned(
        across, rows["residual"], bins_of(len(rows)) if bins is None else int(bins)
    )
    half = 2 * errors

    ax = new_axes(ax, figsize=(6.8, 4.0))
    ax.axhline(0, color="#4D4D4D", linewidth=1.2, linestyle="--")
    for sign in (-1, 1):
        ax.plot(
            places, sign * half, color="#8C8C8C", linewidth=1.2, label="plus and minus two standard errors"
        )
    ax.plot(places, averages, "o", color=PARTIAL, markersize=5, label="average of a bin")
    ax.set_xlabel(_across(fit) if x is None else axis_title(x))
    ax.set_ylabel("Average residual")
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[1:], labels[1:], frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1), ncols=2
    )
    tidy(ax, grid="both")
    set_alt_text(ax, _in_words(fit, x, averages, half))
    return ax


def _across(fit):
    kind = getattr(fit, "family", "gaussian")
    counts = dict.fromkeys(["poisson", "negative_binomial"], "Fitted count")
    return {"binomial": "Fitted probability", **counts}.get(kind, "Fitted value")


def _in_words(fit, x, averages, half):
    known = np.isfinite(half)
    outside = int((np.abs(averages[known]) > half[known]).sum())
    by = f"the {_across(fit).lower()}" if x is None else x
    largest = averages[np.abs(averages).argmax()]
    return (
        f"Average residuals of {outcome(fit)} in {len(averages)} bins of {by}. "
        f"{outside} of {int(known.sum())} averages lie more than two standard errors from zero; about "
        f"{round(0.05 * known.sum())} would by chance. The largest is {largest:.2g}.".replace(" -", " −")
    )
