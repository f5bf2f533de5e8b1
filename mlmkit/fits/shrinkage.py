"""How far partial pooling has moved each group: the three poolings side by side."""

import numpy as np
import pandas as pd

from mlmkit.fits.pooling import columns_of_groups
from mlmkit.fits.regression import regress
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.ask import ask


def shrinkage(fit, group: str | None = None, term: str = INTERCEPT) -> pd.DataFrame:
    """Compare the three poolings of a linear mixed model, group by group.

    Parameters
    ----------
    fit : fit of lmer or stan_lmer
        A linear mixed model.
    group : str, optional
        The grouping factor; needed when there are several.
    term : str
        Which coefficient: ``"(Intercept)"`` or a varying slope.

    Returns
    -------
    DataFrame
        A row a group: ``n`` rows, the ``no_pooling``, ``complete_pooling`` and ``partial_pooling`` estimates,
        and the ``weight`` that partial pooling gives to the group's own data. For a varying intercept alone
        the weight is n / (n + sigma_y^2 / sigma_alpha^2), and partial pooling = weight * no pooling +
        (1 - weight) * fixed effect (Gelman and Hill 2007, equation 12.1). With several varying terms it is
        the diagonal of Lambda (Lambda'Z'Z Lambda + I)^-1 Lambda' Z'Z. ``no_pooling`` is NaN in a model with
        a predictor of the groups: without pooling nothing tells a group's own number from its predictor.

    Raises
    ------
    TypeError
        For other fits: with another family the three can't be compared on one scale.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> lmer("price ~ (1 | zipcode)", load_seattle()).shrinkage().loc["98039", "weight"].round(4)
    np.float64(0.9877)
    """
    ask(fit, "shrinkage")
    if fit.solution.scale is None:
        raise TypeError(
            "shrinkage compares the poolings of a linear mixed model. For yes or no, or counts, compare "
            "coef(glmer(...)) with coef(no_pooling(..., family=...)) on the scale of the link."
        )
    labels = list(fit.ngrps)
    if group is None and len(labels) > 1:
        raise ValueError(
            f"The fit has several grouping factors. Choose one with group=: {', '.join(labels)}."
        )
    group = group or labels[0]
    partial = fit.coef[group]
    place = labels.index(group)
    factor = fit.design.factors[place]
    if term not in factor.names:
        raise ValueError(
            f"{term!r} doesn't vary between the groups of {group}. These do: {', '.join(factor.names)}."
        )
    k = factor.names.index(term)
    none, complete = _extremes(fit.design, factor, k)
    return pd.DataFrame(
        {
            "n": np.bincount(factor.codes, minlength=len(factor.levels)),
            "no_pooling": none,
            "complete_pooling": complete.get(term, 0.0),
            "partial_pooling": partial[term],
            "weight": _weight(fit, factor, fit.solution.variances[place], k),
        },
        index=factor.levels,
    )


def _weight(fit, factor, variances, k):
    """Compute the weight of each group's own data, shape (J,)."""
    weights = 1.0 if fit.design.weights is None else fit.design.weights
    groups = len(factor.levels)
    cross = [np.bincount(factor.codes, array * factor.arrays[k] * weights, groups) for array in factor.arrays]
    return np.einsum("ja,aj->j", variances[:, k], np.array(cross)) / fit.sigma**2


def _told_by_groups(own, shared):
    """Tell whether the groups' own columns make up a shared one, such as a predictor of the groups."""
    if not shared:
        return False
    shared = np.column_stack(shared)
    rest = shared - own @ np.linalg.lstsq(own, shared, rcond=None)[0]
    return bool((np.linalg.norm(rest, axis=0) < 1e-9 * np.linalg.norm(shared, axis=0)).any())


def _extremes(design, factor, k):
    """Fit no and complete pooling to the rows of a fit; return the groups' numbers and the common ones."""
    fixed = dict(zip(design.fixed.names, design.fixed.arrays, strict=True))
    own, places, full = columns_of_groups(factor)
    shared = [array for name, array in fixed.items() if name not in factor.names]
    none = np.full(len(factor.levels), np.nan)
    found = ()
    if not _told_by_groups(own, shared):
        columns = pd.DataFrame(np.column_stack([own, *shared]))
        found = np.asarray(regress(design.y, columns, offset=design.offset)[0].params)
    for (j, column), value in zip(places, found, strict=False):
        if column == k and full[j]:
            none[j] = value
    if not fixed:
        return none, {}
    common = regress(design.y, pd.DataFrame(fixed), offset=design.offset)[0].params
    return none, common
