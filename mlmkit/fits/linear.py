"""Linear mixed models: from columns to a fit, and what the fit offers."""

from functools import cached_property

import numpy as np

from mlmkit.engine.crossed import crossed_problem
from mlmkit.engine.elsewhere import look_elsewhere
from mlmkit.engine.onefactor import OneFactor, group_sums
from mlmkit.engine.optimize import minimise
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.engine.theta import canonical, pattern
from mlmkit.fits.likelihood import LikelihoodFit
from mlmkit.frame.columns import INTERCEPT
from mlmkit.frame.design import with_outcome
from mlmkit.inference.linear_solution import LinearSolution
from mlmkit.inference.printout import called

MANY_GROUPS = 200  # second optima were only ever seen with few groups; from here on nobody looks for one
SMALL_SIGMA = 1e-5  # of the outcome's standard deviation: only then a fit is looked at for being exact
EXACT = 1e-10  # residuals relative to the outcome that are rounding errors
TINY = np.finfo(float).tiny
RANK_ENTRIES = 1_000_000  # as lme4: a larger matrix of group effects isn't checked for its rank


class LinearMixedFit(LikelihoodFit):
    """A fit by `lmer`. All numbers are in the units of the data."""

    kind = "fit by lmer"
    family = "gaussian"

    @property
    def reml(self) -> bool:
        """True for a fit by restricted maximum likelihood.

        Examples
        --------
        >>> fit.reml
        True
        """
        return self.solution.reml

    @property
    def call(self) -> tuple[str, ...]:
        """The call as R would show it: function and arguments.

        Examples
        --------
        >>> fit.call[:2]
        ('lmer', 'formula = price ~ (1 | zipcode)')
        """
        extra = [] if self.reml else ["REML = FALSE"]
        return called("lmer", self, *extra)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the outcome.

        Examples
        --------
        >>> round(fit.sigma, 2)
        460890.53
        """
        return self.solution.scale

    @cached_property
    def criterion(self) -> float:
        """What was minimised: the REML criterion, or the deviance for maximum likelihood.

        Examples
        --------
        >>> round(fit.criterion, 1)
        25149.1
        """
        return self.solution.criterion_of(self.solution.optimum.value, self.reml)

    def refit_ml(self) -> "LinearMixedFit":
        """Return the same model fitted by maximum likelihood; the data isn't read again.

        Returns
        -------
        LinearMixedFit
            By maximum likelihood.

        Examples
        --------
        >>> fit.refit_ml().reml
        False
        """
        return LinearMixedFit(self.solution.by_ml)

    @cached_property
    def deviance(self) -> float:
        """Minus twice the log-likelihood at the maximum likelihood fit, as arm::display prints it.

        Examples
        --------
        >>> round(fit.deviance, 1)
        25175.2
        """
        return self.solution.criterion_of(self.solution.by_ml.optimum.value, False)

    @property
    def dic(self) -> float:
        """Deviance information criterion as arm::display defines it: 2 deviance - criterion.

        Examples
        --------
        >>> round(fit.dic, 1)
        25201.4
        """
        return 2 * self.deviance - self.criterion

    def refit(self, y):
        """Fit the same model to another outcome, by the same criterion.

        Parameters
        ----------
        y : array, shape (n,)
            The new outcome, for the rows that the fit used.

        Returns
        -------
        LinearMixedFit
            The new fit.

        Examples
        --------
        >>> from mlmkit import load_seattle
        >>> round(fit.refit(load_seattle()["price"] / 1000).sigma, 1)
        460.9
        """
        return fit_design(with_outcome(self.design, y), REML=self.reml)


def fit_design(model, *, REML=True):
    """Fit a linear mixed model whose columns are built already.

    Parameters
    ----------
    model : Design
        From ``design``.
    REML : bool
        The criterion.

    Returns
    -------
    LinearMixedFit
        As from `lmer`.
    """
    y = model.y if model.offset is None else model.y - model.offset
    _check_sizes(model, y)
    scaled = scale_columns(model.fixed, model.factors, y, model.weights)
    _check_predictors(model, y)
    problem = _problem(model, scaled, REML)
    patterns = [pattern(factor.terms) for factor in model.factors]
    blocks = [factor.terms for factor in model.factors]

    def tidy_signs(theta):
        return canonical(theta, patterns, blocks)

    optimum = minimise(problem, problem.start(), canonical=tidy_signs)
    few = min(len(factor.levels) for factor in model.factors) < MANY_GROUPS
    if few and not optimum.alone and not getattr(problem, "expensive", False):
        optimum = look_elsewhere(problem, optimum, patterns, tidy_signs)
    fit = LinearMixedFit(LinearSolution(model, scaled, problem, optimum))
    _check_groups(fit, y)
    return fit


def _problem(model, scaled, REML):
    """Read the rows once and set up the deviance; predictors that depend on others are dropped."""
    factor = model.factors[0]
    if len(model.factors) > 1:
        return crossed_problem(model, scaled, REML)
    by_group, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    if drop_dependent(model, scaled, total):
        return _problem(model, scaled, REML)
    columns = [*scaled.x, len(scaled.arrays) - 1]
    A, B, C = _take(by_group, scaled.z[0]), _take(by_group, columns), _take(_take(total, columns).T, columns)
    return OneFactor(A, B, C, model.n, pattern(factor.terms), REML)


def _take(array, positions):
    """Pick from the last axis; without a copy where nothing is left out."""
    everything = positions == list(range(array.shape[-1]))
    return array if everything else array[..., positions]


def _check_predictors(model, y):
    """Refuse an outcome that the predictors give without error; a few rows tell nearly always."""
    arrays = model.fixed.arrays
    outcome = y - y.mean() if INTERCEPT in model.fixed.names else y
    if not arrays:
        return
    few = max(1, model.n // (len(arrays) + 10))
    X, part = np.array([array[::few] for array in arrays]), outcome[::few]
    if model.n > 100 and _unexplained(X, part) > 1e-3:
        return
    for step in (few, 1):
        X, part = np.column_stack([array[::step] for array in arrays]), outcome[::step]
        X = X / np.maximum(np.abs(X).max(axis=0), TINY)
        rest = part - X @ np.linalg.lstsq(X, part, rcond=None)[0]
        if not np.linalg.norm(rest) <= EXACT * np.linalg.norm(part):
            return
    raise _no_residual(model, "predictors give")


def _unexplained(X, part):
    """Return about what share of a few rows' outcomes their predictors, the rows of X, leave; quickly."""
    X = X / np.maximum(np.sqrt(np.einsum("ij,ij->i", X, X)), TINY)[:, None]
    cross = X @ X.T
    cross.flat[:: len(X) + 1] += 1e-9  # dependent columns, and columns of zeros, are no matter
    rest = part - np.linalg.solve(cross, X @ part) @ X
    return np.sqrt(rest @ rest / max(part @ part, TINY))


def _check_groups(fit, y):
    """Refuse an outcome that predictors and groups give without error."""
    found = fit.solution
    if found.inner.rss > SMALL_SIGMA**2 * found.problem.df:  # in units of the outcome's standard deviation
        return
    if np.linalg.norm(fit.residuals.dropna()) <= EXACT * np.linalg.norm(y - y.mean()):
        raise _no_residual(fit.design, "predictors and the groups give")


def _no_residual(model, cause):
    return ValueError(
        f"The {cause} the outcome '{model.formula.response}' exactly in all {model.n} rows, so nothing is "
        "left to tell the residual standard deviation from, and the likelihood has no maximum. Is the "
        f"outcome, or something computed from it, among the predictors of '{model.formula.text}'?"
    )


def _check_sizes(model, y):
    n = model.n
    text = model.formula.text
    if n <= len(model.fixed.names):
        raise ValueError(
            f"There are {n} rows for {len(model.fixed.names)} fixed effects. A model needs more rows than "
            f"coefficients: use more data or fewer predictors in '{text}'."
        )
    if INTERCEPT in model.fixed.names and y.min() == y.max():
        raise ValueError(
            f"The outcome '{model.formula.response}' has the same value ({y[0]:g}) in all {n} rows. "
            "There is nothing to explain; is it the right column?"
        )
    for factor in model.factors:
        groups, q = len(factor.levels), max(term.size for term in factor.terms)
        if groups >= n:
            raise ValueError(
                f"Each of the {n} rows is a group of its own in '{factor.label}', so differences between "
                "groups can't be told from differences within them. Use groups with several rows each."
            )
        if groups * q >= n:
            raise ValueError(
                f"'{factor.label}' has {groups} groups with {q} varying terms each: {groups * q} random "
                f"effects for {n} rows. There must be fewer than rows; let fewer terms vary."
            )
    effects = sum(len(factor.levels) * len(factor.names) for factor in model.factors)
    if n <= effects and n * effects <= RANK_ENTRIES and _rank_of_group_effects(model) >= n:
        raise ValueError(
            f"The group effects of '{text}' could reproduce all {n} rows exactly, so nothing is left to tell "
            "the residual standard deviation from. Leave a term out, or use more rows."
        )


def _rank_of_group_effects(model):
    """Rank of the random-effects columns of all terms together (R's check.nobs.vs.rankZ)."""
    one_hot = [np.eye(len(factor.levels))[factor.codes] for factor in model.factors]
    wide = [
        groups * array[:, None]
        for groups, factor in zip(one_hot, model.factors, strict=True)
        for array in factor.arrays
    ]
    return np.linalg.matrix_rank(np.hstack(wide))
