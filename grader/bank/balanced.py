"""Exact distributions of what lmer finds in groups of one size, without a single fit.

In a one-way layout with groups of one size everything that lmer estimates is a function of three independent
numbers: the mean, and the sums of squares between and within groups, which are multiples of chi-squared
variables (Searle, Casella and McCulloch 1992, Variance Components, chapter 3). So what thousands of simulated
fits show is known beforehand, to any precision.
"""

from dataclasses import dataclass

import numpy as np

MANY = 100_000  # studies behind an expected value


@dataclass(frozen=True)
class OneWay:
    """A study: so many groups of so many rows, and the truth that its data are drawn from.

    Attributes
    ----------
    groups, size : int
    between, within : float
        Standard deviations, in the units of the outcome.
    mean : float
        Of the groups, in the same units.

    Examples
    --------
    Nine groups: an interval of two standard errors to each side is that of a t with eight degrees of freedom.

    >>> found = OneWay(groups=9, size=10, between=1.0, within=0.2).estimates()
    >>> round(float(np.mean(np.abs(found["mean"]) < 2 * found["se"])), 2)
    0.92
    """

    groups: int
    size: int
    between: float
    within: float
    mean: float = 0.0

    @property
    def rows(self):
        """Number of rows."""
        return self.groups * self.size

    def squares(self, kept=None, studies=MANY, seed=9):
        """Draw the mean and the sums of squares between and within groups.

        Parameters
        ----------
        kept : array of shape (groups,), optional
            Effects that stay the same in every study; by default they are drawn anew.
        studies, seed : int

        Returns
        -------
        tuple of three ndarrays, each of shape (studies,)
        """
        rng = np.random.default_rng(seed)
        within = self.within**2 * rng.chisquare(self.rows - self.groups, studies)
        if kept is None:
            per_group = self.within**2 + self.size * self.between**2
            between = per_group * rng.chisquare(self.groups - 1, studies)
            return rng.normal(self.mean, (per_group / self.rows) ** 0.5, studies), between, within
        kept = np.asarray(kept, dtype=float)
        distance = self.size * np.sum((kept - kept.mean()) ** 2) / self.within**2
        between = self.within**2 * rng.noncentral_chisquare(self.groups - 1, distance, studies)
        middle = self.mean + kept.mean()
        return rng.normal(middle, self.within / self.rows**0.5, studies), between, within

    def estimates(self, reml=True, **drawn):
        """Draw what lmer finds in many studies.

        Parameters
        ----------
        reml : bool
            Else maximum likelihood.
        **drawn
            As for `squares`.

        Returns
        -------
        dict of ndarrays
            ``mean`` and its standard error ``se``, ``between``, ``sigma``, ``icc``; and ``singular``.
        """
        mean, between, within = self.squares(**drawn)
        free = self.groups - reml
        of_groups, of_rows = between / free, within / (self.rows - self.groups)
        singular = of_groups <= of_rows
        pooled = (between + within) / (self.rows - reml)
        of_groups, of_rows = np.where(singular, pooled, of_groups), np.where(singular, pooled, of_rows)
        variance = (of_groups - of_rows) / self.size
        return {
            "mean": mean,
            "se": np.sqrt(of_groups / self.rows),
            "between": np.sqrt(variance),
            "sigma": np.sqrt(of_rows),
            "icc": variance / (variance + of_rows),
            "singular": singular,
        }

    def ratio_statistics(self, reml=False, **drawn):
        """Draw likelihood ratio statistics of ``y ~ (1 | group)`` against ``y ~ 1``; shape (studies,).

        With ``between=0`` this is their distribution where groups don't differ.
        """
        _, between, within = self.squares(**drawn)
        return ratio_statistic(between, within, self.groups, self.rows, reml)


def ratio_statistic(between, within, groups, rows, reml=False):
    """Compute the likelihood ratio statistic from the sums of squares between and within groups."""
    free, inside = groups - reml, rows - groups
    total = rows - reml
    found = (
        total * np.log((between + within) / total)
        - inside * np.log(within / inside)
        - free * np.log(between / free)
    )
    return np.where(between / free > within / inside, found, 0.0)


def power_of_arms(groups, size, between, within, difference, alpha=0.05, normal=False):
    """Compute the power of a comparison of two arms, half of the groups in each.

    The group means are two samples with the same variance, so this is the power of their t test (as R's
    ``power.t.test(strict = TRUE)``).

    Parameters
    ----------
    groups, size : int
        Groups in both arms together, and rows in each.
    between, within, difference : float
        In the units of the outcome.
    alpha : float
    normal : bool
        Take the normal quantile instead of Student's, as a test of two standard errors does.

    Returns
    -------
    float

    Examples
    --------
    >>> round(power_of_arms(8, 5, 1.0, 1.0, 2.0), 4)  # power.t.test(n=4, delta=2, sd=sqrt(1.2), strict=TRUE)
    0.5802
    """
    from scipy.stats import f, ncf, norm

    df = groups - 2
    squared_shift = difference**2 * groups / (4 * (between**2 + within**2 / size))
    limit = norm.ppf(1 - alpha / 2) ** 2 if normal else f.isf(alpha, 1, df)
    return float(ncf.sf(limit, 1, df, squared_shift))  # the square of a t is an F
