"""F tests of the terms of one fit by `lmer`."""

import re

import numpy as np
import pandas as pd

from mlmkit.inference.satterthwaite import small_sample

COLUMNS = ["sum_sq", "mean_sq", "num_df", "den_df", "f_value", "p_value"]


def f_tests(fit):
    """Test for each term of the formula that the coefficients of all its columns are zero.

    Parameters
    ----------
    fit : fit of lmer
        The model.

    Returns
    -------
    table : DataFrame
        A row a term, without the intercept; see `anova`.
    messages : list of str
        Sentences about it.

    References
    ----------
    A. H.-T. Fai and P. L. Cornelius (1996), "Approximate F-tests of multiple degree of freedom hypotheses in
    generalized least squares analyses of unbalanced split-plot experiments", Journal of Statistical
    Computation and Simulation 54, 363-378, as lmerTest applies it.
    """
    small, rows = small_sample(fit, "anova of one fit"), {}
    for label, places in _terms_of(fit.design.fixed):
        f_value, den_df = _f_test(small, fit.solution, places)
        mean = f_value * fit.sigma**2
        p_value = _f_tail(f_value, len(places), den_df)
        rows[label] = (mean * len(places), mean, len(places), den_df, f_value, p_value)
    if not rows:
        raise ValueError(
            "anova of one fit tests the terms of its fixed part, and this fit has none but the intercept. "
            "To compare it with another fit: anova(small, large)."
        )
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS)
    return table.astype({"num_df": int}).rename_axis("term"), _inside_interactions(list(rows))


def _inside_interactions(labels):
    """Say what the test of a term means when an interaction contains it."""
    parts = {label: set(re.split(r":(?![^(\[]*[)\]])", label)) for label in labels}
    inside = [label for label in labels if any(parts[label] < parts[other] for other in labels)]
    if not inside:
        return []
    return [
        f"An interaction contains {', '.join(inside)}. {'These are' if len(inside) > 1 else 'This is'} "
        "tested where its other variables are zero or at their first level, as the columns are coded. "
        "lmerTest's default (type III) averages over the levels of factors instead."
    ]


def _terms_of(columns):
    """List the terms of a model matrix: (label, positions of its columns); the intercept has none."""
    labels = [label for label in dict.fromkeys(columns.labels) if label]
    return [(label, [k for k, own in enumerate(columns.labels) if own == label]) for label in labels]


def _f_test(small, found, places):
    """Return the F statistic of some coefficients, and its denominator's degrees of freedom.

    Their covariance's eigenvectors are contrasts with uncorrelated estimates; F is the mean of the squared t
    statistics of these, and each has degrees of freedom of its own.
    """
    values, vectors = np.linalg.eigh(found.vcov[np.ix_(places, places)])
    contrasts = np.zeros((len(places), len(found.beta)))
    contrasts[:, places] = vectors.T
    each = [small.of(contrast) for contrast in contrasts]
    return float(np.mean((contrasts @ found.beta) ** 2 / values)), _together(np.array(each))


def _together(df):
    """Match the mean of an F statistic whose squared t statistics have these degrees of freedom."""
    if np.ptp(df) < 1e-8:
        return float(df.mean())
    if (df <= 2).any():  # such a t statistic has no variance
        return 2.0
    expected = np.sum(df / (df - 2))
    return float(2 * expected / (expected - len(df)))


def _f_tail(f_value, num_df, den_df):
    from scipy.special import fdtrc

    return float(fdtrc(num_df, den_df, f_value))
