"""Satterthwaite's degrees of freedom: how well a fit of `lmer` knows its standard errors.

A standard error is estimated too, and with few groups not well; Student's t allows for it. For a contrast l
of the fixed effects, v = l' V l its squared standard error, g the gradient of v in the variance parameters
and A the covariance of their estimates, the degrees of freedom are 2 v^2 / (g' A g) (Kuznetsova et al. 2017).

A is twice the inverse Hessian of the criterion. With log sigma measured from the best one for the other
parameters, the Hessian falls into two blocks: that of the profiled criterion, P, and 4 d, where d is n - p
for REML and n for ML. Along log sigma v moves by 2 v. So

    1 / df = 1 / d + g' P^-1 g / v^2

with g now the gradient of v with sigma at its best. At an optimum this doesn't depend on the coordinates.
Ours are all entries of a root F of each term's covariance (of the scaled columns), F F' = Lambda Lambda', its
columns orthogonal: then a singular covariance can turn freely too, which a triangular Lambda with a zero in
its first column can't. F R, R any rotation, is the same model: along a rotation nothing moves, and such
directions are left out.
"""

import numpy as np

from mlmkit.inference.held import linear_deviance, linear_pieces
from mlmkit.inference.linear_solution import LinearSolution

SATTERTHWAITE = "satterthwaite"
FLAT = 1e-7  # a direction whose curvature is smaller than this share of the largest says nothing
EXACT = 1e-6  # a residual standard deviation below this share of the outcome's is rounding
STEP = 1e-4  # of differences, relative to the effect's standard deviation

INSTEAD = {
    "fit by glmer": "To test a term here, fit the model without it too and compare: anova(small, large).",
    "Bayesian fit": "Draws carry this uncertainty already: fit.posterior_interval() has intervals.",
    "regression": "A regression has exact ones, and its tests are in fit.statsmodels.summary().",
}


class SmallSample:
    """Satterthwaite's degrees of freedom for contrasts of the fixed effects.

    Parameters
    ----------
    found : LinearSolution
        What `lmer` found, by REML or by ML.

    Notes
    -----
    A standard deviation that is estimated as zero adds nothing: v doesn't move with it, to first order. Flat
    directions are left out, as lmerTest does.

    References
    ----------
    A. Kuznetsova, P. B. Brockhoff, R. H. B. Christensen (2017), "lmerTest Package: Tests in Linear Mixed
    Effects Models", Journal of Statistical Software 82(13).
    """

    def __init__(self, found):
        self.found, roots = found, _Roots(found)
        self.moves, self.half_inverse = roots.moves(), roots.half_inverse()

    def of(self, contrast):
        """Compute the degrees of freedom of one contrast, shape (p,), in the data's own columns."""
        inner = self.found.scaled.x_map.T @ np.asarray(contrast, dtype=float)
        value = inner @ self.found.inner.inverse @ inner
        slope = np.array([inner @ move @ inner for move in self.moves]) / value
        return float(1.0 / (1.0 / self.found.problem.df + np.sum((slope @ self.half_inverse) ** 2)))


class _Roots:
    """The covariances of a linear fit by all entries of their roots."""

    def __init__(self, found):
        self.found, self.problem, self.at, self.entries = found, found.problem, [], []
        for place, (factor, lam) in enumerate(zip(found.design.factors, found.inner_lambdas, strict=True)):
            root = np.zeros_like(lam)
            for term in factor.terms:
                rows = range(term.first, term.first + term.size)
                where = slice(rows.start, rows.stop)
                left, sizes, _ = np.linalg.svd(lam[where, where])
                root[where, where] = left * sizes
                self.entries += [(place, i, j) for i in rows for j in rows]
            self.at.append(root)

    def moves(self):
        """Differentiate the fixed effects' covariance in each entry, sigma at its best.

        With S = C - V' M^-1 V over predictors and outcome, the derivative of S in an entry is -(D + D'),
        where D = H_a' U_b are the sums that the criterion's gradient is made of; the covariance is
        S_xx^-1 rss / d, and rss = c' S c with c = (-beta, 1).

        Returns
        -------
        list of ndarray, each (p, p)
            For the scaled columns, over sigma^2.
        """
        inner, sums = self.found.inner, linear_pieces(self.problem, self.at)[3]
        p, moves = len(inner.beta), []
        contrast = np.append(-inner.beta, 1.0)
        for place, i, j in self.entries:
            change = -(sums[place][i, j] + sums[place][i, j].T)
            by_rss = contrast @ change @ contrast / inner.rss
            moves.append(inner.inverse * by_rss - inner.inverse @ change[:p, :p] @ inner.inverse)
        return moves

    def half_inverse(self):
        """Return B with B B' = P^-1, flat directions left out; entries in units of their effect's spread."""
        units = np.array([np.linalg.norm(self.at[place][i]) for place, i, _ in self.entries])
        units = np.maximum(units, 0.01 * (units.max() or 1.0))  # some effects don't vary at all
        hessian = np.array([self._change(k, STEP * unit) * unit for k, unit in enumerate(units)]) * units
        curvature, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        curved = curvature > FLAT * max(curvature.max(), 0.0)
        return units[:, None] * vectors[:, curved] / np.sqrt(curvature[curved])

    def _change(self, k, step):
        """Differentiate the criterion's exact gradient in one entry, by a central difference."""
        place, i, j = self.entries[k]
        sides = []
        for moved in (step, -step):
            lams = [root.copy() for root in self.at]
            lams[place][i, j] += moved
            by_lam = linear_deviance(self.problem, lams)[1]
            sides.append(np.array([by_lam[place][i, j] for place, i, j in self.entries]))
        return (sides[0] - sides[1]) / (2 * step)


def small_sample(fit, asked):
    """Return the `SmallSample` of a fit by lmer, or say why a fit has none.

    Parameters
    ----------
    fit : fit
        Any.
    asked : str
        What the user wrote, for the message.

    Returns
    -------
    SmallSample
        For the fit's fixed effects.
    """
    if not isinstance(fit.solution, LinearSolution):
        raise TypeError(
            f"{asked} doesn't work on a {fit.kind}: Satterthwaite's degrees of freedom are for fits by lmer. "
            f"{INSTEAD[fit.kind]}"
        )
    if fits_exactly(fit):
        raise ValueError(
            f"{asked} isn't possible: the fit goes through every row exactly, its residual standard "
            "deviation is zero. Does the outcome follow from the predictors by definition?"
        )
    return SmallSample(fit.solution)


def fits_exactly(fit):
    """Tell whether a fit leaves no residuals, but for rounding."""
    return fit.solution.scale is not None and not fit.solution.scale > EXACT * np.std(fit.design.y)


def check_ddf(ddf):
    """Refuse unknown ways to compute degrees of freedom; R writes the name with a capital."""
    if not (isinstance(ddf, str) and ddf.lower() == SATTERTHWAITE):
        raise ValueError(f"ddf is {ddf!r}. Valid choices: {SATTERTHWAITE!r}.")


def t_columns(fit, conf_level, ddf):
    """Compute what `tidy` adds with ``ddf``: (statistic, df, p_value) and the quantile, by term."""
    check_ddf(ddf)
    df = degrees_of_freedom(fit, f"tidy(ddf={ddf!r})")
    statistic = (fit.fixef / fit.se_fixef).to_numpy()
    tests = list(zip(statistic, df, two_sided(statistic, df), strict=True))
    return tests, t_quantile(0.5 + conf_level / 2, df)


def degrees_of_freedom(fit, asked):
    """Compute Satterthwaite's degrees of freedom of each fixed effect.

    Parameters
    ----------
    fit : fit of lmer
        The model.
    asked : str
        What the user wrote, for the message to those who have another fit.

    Returns
    -------
    ndarray, shape (p,)
        In the order of ``fit.fixef``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> degrees_of_freedom(lmer("price ~ (1 | zipcode)", load_seattle()), "this").round(2).tolist()
    [7.94]
    """
    small = small_sample(fit, asked)
    return np.array([small.of(row) for row in np.eye(len(fit.solution.beta))])


def t_quantile(share, df):
    """Quantile of Student's t: below it lies this share."""
    from scipy.special import stdtrit

    return stdtrit(df, share)


def two_sided(statistic, df):
    """Two-sided p-value of a t statistic."""
    from scipy.special import stdtr

    return 2 * stdtr(df, -np.abs(statistic))
