"""Partial pooling of group means when the two standard deviations are given."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Pooled:
    """Group means, partially pooled.

    Attributes
    ----------
    weight : Series
        What each group's own mean counts, from 0 to 1.
    centre : float
        The estimated mean of the group means; the rest of the weight goes to it.
    estimate : Series
        ``weight * own mean + (1 - weight) * centre``.
    """

    weight: pd.Series
    centre: float
    estimate: pd.Series


def pooled_means(sizes, means, sd_between, sd_within):
    """Pool group means with given standard deviations.

    Parameters
    ----------
    sizes, means : Series
        Number of observations and mean of each group.
    sd_between : float
        Standard deviation of the true group means, sigma_alpha; 0 is complete pooling, infinity no pooling.
    sd_within : float
        Standard deviation of the observations in a group, sigma_y.

    Returns
    -------
    Pooled

    Raises
    ------
    ValueError
        If a standard deviation is negative or not a number, or `sd_within` is not positive and finite.

    Notes
    -----
    The weight is ``(n / sigma_y^2) / (n / sigma_y^2 + 1 / sigma_alpha^2)`` (Gelman and Hill 2007, equation
    12.1). The centre is the mean of the group means, each weighted by one over its variance
    ``sigma_alpha^2 + sigma_y^2 / n`` (generalised least squares), as in ``lmer``.

    Examples
    --------
    >>> sizes, means = pd.Series({"a": 1, "b": 4}), pd.Series({"a": 0.0, "b": 10.0})
    >>> pooled_means(sizes, means, sd_between=1.0, sd_within=1.0).weight.tolist()
    [0.5, 0.8]
    """
    if not sd_between >= 0:
        raise ValueError(f"The standard deviation between groups must be 0 or more, not {sd_between}.")
    if not 0 < sd_within < np.inf:
        raise ValueError(
            f"The standard deviation within groups must be positive and finite, not {sd_within}."
        )
    of_mean = sd_within**2 / sizes
    if np.isinf(sd_between):
        weight, share = of_mean * 0 + 1.0, of_mean * 0 + 1.0
    else:
        weight = sd_between**2 / (sd_between**2 + of_mean)
        share = 1 / (sd_between**2 + of_mean)
    centre = float((share * means).sum() / share.sum())
    return Pooled(weight, centre, weight * means + (1 - weight) * centre)
