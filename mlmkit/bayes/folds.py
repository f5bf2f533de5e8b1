"""Cross-validation by fitting again: whole groups left out, or folds of rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.bayes.bridge import FINE, LARGE, bridge
from mlmkit.bayes.fewer_rows import fit_without
from mlmkit.bayes.fit import BayesianFit
from mlmkit.bayes.leave_one_out import MORE, efficiency, log_means, need_posterior, thinned
from mlmkit.bayes.new_groups import new_group_density
from mlmkit.bayes.options import check_seed, count
from mlmkit.bayes.pareto import psis
from mlmkit.bayes.rowwise import log_likelihoods

GOOD_K = 0.7
FEW = 30  # groups, below which a standard error over groups is rough
FOLDS = 10
MOST_SAMPLED = 1_000  # draws for which an integral without closed form is computed


@dataclass(frozen=True, repr=False)
class KFold:
    """How well a fit is expected to predict new groups, or new rows, found by fitting again without them.

    Attributes
    ----------
    elpd, se : float
        Expected log predictive density, summed, and its standard error over groups (or rows).
    mcse : float
        Monte Carlo error of `elpd`; NaN where a part can't be trusted.
    by : str or None
        The grouping factor whose groups were left out; None where rows were.
    parts : Series
        What `elpd` is the sum of: a figure for each group, all its outcomes together, or for each row.
    by_fold : Series
        The same, summed by fold.
    guesses : list
        Labels of the groups (or rows) whose part is a guess.
    outcome : ndarray
        What was predicted, for `compare`.
    """

    elpd: float
    se: float
    mcse: float
    by: str | None
    parts: pd.Series
    by_fold: pd.Series
    guesses: list
    outcome: np.ndarray

    @property
    def by_group(self):
        """Each group's part of `elpd`: a Series; None where rows were left out."""
        return None if self.by is None else self.parts

    @property
    def by_row(self):
        """Each row's part of `elpd`: a Series; None where groups were left out."""
        return self.parts if self.by is None else None

    @property
    def question(self):
        """What is predicted, in a few words."""
        return "a new row of a known group" if self.by is None else f"a new {self.by}"

    @property
    def messages(self):
        """What the figure means and whether it can be trusted, in sentences."""
        folds = len(self.by_fold)
        if self.by is None:
            found = [
                "This says how well new rows of known groups are predicted, as loo(fit) does: the model was "
                f"fitted {folds} times, each time without one of {folds} parts of the rows."
            ]
        else:
            found = [
                f"This says how well a new {self.by} is predicted, all its outcomes together, of which the "
                f"model knows the predictors only; loo(fit) asks about new rows of a known {self.by}. The "
                f"model was fitted {folds} times."
            ]
            if len(self.parts) < FEW:
                found.append(f"The standard error comes from {len(self.parts)} groups only, so it is rough.")
        if self.guesses:
            shown = ", ".join(map(str, self.guesses[:5])) + (", …" if len(self.guesses) > 5 else "")
            found.append(
                f"{len(self.guesses)} of {len(self.parts)} figures are guesses ({shown}): a few draws carry "
                "them, so surprising is what was left out. More draws may help; a model that expects such "
                "outcomes will."
            )
        return found

    def __repr__(self):
        return "\n".join(
            [
                f"elpd_kfold {self.elpd:10.1f}   standard error {self.se:.1f}",
                f"mcse       {self.mcse:10.2g}   (Monte Carlo error of elpd_kfold)",
                *(f"* {message}" for message in self.messages),
            ]
        )


def kfold(fit: BayesianFit, by: str | None = None, *, k: int | None = None, seed: int = 1) -> KFold:
    """Estimate how well a Bayesian fit predicts new groups, by fitting it again without them.

    Parameters
    ----------
    fit : BayesianFit
        From `stan_lmer` or `stan_glmer`.
    by : str, optional
        The grouping factor whose groups are left out, such as ``"zipcode"``. Default: rows are left out.
    k : int, optional
        In how many parts the groups (or rows) are left out. Default: every group by itself; 10 for rows.
    seed : int
        Chooses the parts and makes the draws repeatable: with the same seed, two models are compared on
        the same parts.

    Returns
    -------
    KFold
        ``elpd``, ``se``, ``mcse``, ``by_group`` (or ``by_row``), ``by_fold`` and ``messages``.

    Raises
    ------
    TypeError, ValueError
        If this is no Bayesian fit, or one to the prior, or for an unknown factor or number of parts.

    Notes
    -----
    The model is fitted again by the same method, with the same priors in numbers. The effects of a new group
    are integrated out: E. C. Merkle, D. Furr and S. Rabe-Hesketh (2019), "Bayesian comparison of latent
    variable models: conditional versus marginal likelihoods", Psychometrika 84, 802-829. The figure of a
    group is the log density of all its outcomes together, not a sum over rows. Where a fold is one group,
    it is estimated from the draws with and without it (bridge sampling).

    Examples
    --------
    >>> from mlmkit import kfold, load_seattle, stan_lmer
    >>> found = kfold(stan_lmer("price ~ scale_sqft + (1 | zipcode)", load_seattle(), seed=1), by="zipcode")
    >>> found.by_group.size, bool(-12300 < found.elpd < -12100)
    (9, True)
    """
    need_posterior(fit, "kfold")
    seed = check_seed(seed)
    units, names = _units(fit, by)
    k = (len(names) if by else FOLDS) if k is None else count("k", k)
    if not 2 <= k <= len(names):
        what = f"'{by}' has {len(names)} groups" if by else f"the data have {len(names)} rows"
        raise ValueError(f"k is {k}, and {what}. Choose a number of parts from 2 to {len(names)}.")
    rng = np.random.default_rng(seed)
    fold_of = np.arange(k)
    if k < len(names):
        fold_of = rng.permutation(np.arange(len(names)) % k)
    value, error, trusted = (np.full(len(names), np.nan) for _ in range(3))
    for fold in range(k):
        inside = np.flatnonzero(fold_of == fold)
        part = _Fold(fit, by, units, inside, rng)
        value[inside], error[inside], trusted[inside] = part.groups() if by else part.rows()
    guesses = list(names[trusted == 0])
    return KFold(
        float(value.sum()),
        float(np.sqrt(len(value) * np.var(value, ddof=1))),
        float(np.nan if guesses else np.sqrt(np.sum(error**2))),
        by,
        pd.Series(value, index=names, name="elpd"),
        pd.Series(value).groupby(fold_of).sum().rename_axis("fold").rename("elpd"),
        guesses,
        fit.design.y,
    )


def _units(fit, by):
    """Return the unit that each row belongs to, and the units' labels: groups, or the rows themselves."""
    if by is None:
        return np.arange(fit.nobs), fit.design.index
    factors = {factor.label: factor for factor in fit.design.factors}
    if by not in factors:
        raise ValueError(
            f"by is {by!r}, which is no grouping factor of this fit. There are: {', '.join(factors)}. "
            "Without by, kfold leaves out rows."
        )
    factor = factors[by]
    if len(factor.levels) < 3:
        raise ValueError(
            f"'{by}' has {len(factor.levels)} groups. To fit the model without one of them takes at least 3."
        )
    return factor.codes, factor.levels


class _Fold:
    """One part of the data, and the fit without it."""

    def __init__(self, fit, by, units, inside, rng):
        self.fit, self.by, self.units, self.inside, self.rng = fit, by, units, inside, rng
        self.out = np.flatnonzero(np.isin(units, inside))
        left = np.setdiff1d(np.arange(fit.nobs), self.out)
        self.new = [~np.isin(np.arange(len(f.levels)), f.codes[left]) for f in fit.design.factors]
        self.most = fit.solution.posterior.size
        if by and not fit.solution.model.family.has_sigma:
            self.most = MOST_SAMPLED
        self.share = thinned(fit, self.most * fit.nobs)[1]
        self.without = self._fit_with([])

    def _fit_with(self, rows, times=1):
        """Draw from the posterior given all rows outside of the fold, and some inside."""
        out = np.setdiff1d(self.out, rows)
        if not len(out) and times == 1:
            return thinned(self.fit, self.most * self.fit.nobs)[0]
        draws = fit_without(self.fit, out, int(self.rng.integers(2**31)), times)
        if draws.size > times * self.most:
            draws = draws.pick(np.linspace(0, draws.size - 1, self.most).astype(int))
        return draws

    def _share(self, draws):
        return efficiency(draws) if self.fit.method == "exact" else self.share

    def groups(self):
        """Return the groups' log densities, their Monte Carlo errors, and whether they can be trusted."""
        return np.array([self._group(np.flatnonzero(self.units == unit)) for unit in self.inside]).T

    def _group(self, rows):
        if len(self.inside) == 1 or self.fit.method == "exact":
            value, error = self._between(rows[:0], self.without, rows, self._fit_with(rows))
            return value, error, error < LARGE
        value, error, good = self._plain(self._density(rows, self.without)[None])
        return value[0], error[0], good[0]

    def rows(self):
        """Return the same for rows, each by itself."""
        value, error, good = self._plain(log_likelihoods(self.fit, self.without, self.out))
        for place in np.flatnonzero(~good) if self.fit.method == "exact" else []:
            row = self.out[[place]]
            value[place], error[place] = self._between(row[:0], self.without, row, self._fit_with(row))
            good[place] = error[place] < LARGE
        return value, error, good

    def _density(self, rows, draws):
        """Compute log p(outcomes of some rows | draw), shape (S,)."""
        if not len(rows):
            return np.zeros(draws.size)
        if self.by:
            return new_group_density(self.fit, draws, rows, self.new, self.rng)
        return log_likelihoods(self.fit, draws, rows)[0]

    def _between(self, some, first, more, second, many=False):
        """Estimate log p(outcomes of `more` | of `some`) from draws given `some` and draws given `more`.

        Where the two posteriors have too little in common, a third one between them is drawn, which has seen
        half of the rows in question; where it is a single row, more draws of both.
        """
        steps = [self._density(more, draws) - self._density(some, draws) for draws in (first, second)]
        value, error = bridge(*steps, (self._share(first), self._share(second)))
        if error < FINE or self.fit.method != "exact":
            return value, error
        between = self.rng.permutation(np.setdiff1d(more, some))
        if len(between) == 1:
            return (value, error) if many else self._between(*self._many(some), *self._many(more), many=True)
        half = np.union1d(some, between[: len(between) // 2]).astype(int)
        middle = self._fit_with(half)
        parts = self._between(some, first, half, middle), self._between(half, middle, more, second)
        return parts[0][0] + parts[1][0], float(np.hypot(parts[0][1], parts[1][1]))

    def _many(self, rows):
        return rows, self._fit_with(rows, MORE)

    def _plain(self, density):
        """Average densities over draws, shape (r, S)."""
        share, value = self._share(self.without), log_means(density)
        relative = np.exp(density - value[:, None])
        error = relative.std(axis=1) / np.sqrt(share * density.shape[1])
        return value, error, psis(density, share)[1] <= GOOD_K
