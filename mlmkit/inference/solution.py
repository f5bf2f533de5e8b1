"""What a fit has found, as arrays: the one way by which predictions, draws and tables look into a fit."""

from functools import cached_property

import numpy as np

from mlmkit.engine.theta import lower_triangle, split_theta


class Solution:
    """What every fit has found, in the units of the data and in the order of the design.

    A subclass sets what is listed here; `LinearSolution`, `GeneralizedSolution`, `RegressionSolution` and
    `DrawnSolution` are those that exist.

    Attributes
    ----------
    design : Design
        Formula and data: the columns that the arrays belong to.
    beta : ndarray, shape (p,)
        Fixed effects.
    vcov : ndarray, shape (p, p)
        Their covariance matrix.
    modes : list of ndarray, each (J, q)
        Group effects, by grouping factor.
    variances : list of ndarray, each (J, q, q)
        Covariance of the group effects, the fixed effects held.
    slopes : list of ndarray, each (J, q, p)
        How the group effects move when the fixed effects move.
    lambdas : list of ndarray, each (q, q)
        Root of the covariance between groups, relative to `scale`.
    scale : float or None
        The residual standard deviation; None where the model has none.
    size : float or None
        Of negative binomial counts, infinite where they vary no more than Poisson counts; else None.
    """

    scale = None
    size = None

    @property
    def unit(self):
        """The residual standard deviation, or 1 where there is none: what `lambdas` are relative to."""
        return 1.0 if self.scale is None else self.scale

    @property
    def outcome(self):
        """The outcome as fitted values show it, shape (n,); binomial outcomes are shares of successes."""
        return self.design.y

    def inverse_link(self, eta):
        """Turn the linear predictor into the outcome's mean."""
        return eta

    def marginal_mean(self, eta, spread):
        """Average the mean over new groups, whose effects have standard deviation `spread` (link scale)."""
        return eta  # in a linear model the effects' mean is zero

    def residual_variance(self, fitted):
        """Return sigma squared, or the latent variance on the scale of the link, given the fitted means."""
        return self.scale**2

    def draw_outcome(self, mean, scale, rng, weights=None):
        """Draw outcomes, shape (S, n), given their means and S residual standard deviations.

        `weights` are the rows' prior weights; for binomial outcomes, which are shares, their trials.
        """
        raise NotImplementedError

    def draw_new_effects(self, place, sims, shape, rng):
        """Draw effects, shape (S, groups, q), of groups that the fit has not seen."""
        scale = 1.0 if sims.scale is None else sims.scale[:, None, None]
        root = self.lambdas[place] if sims.roots is None else sims.roots[place]
        return scale * (rng.standard_normal(shape) @ np.swapaxes(root, -1, -2))


def mean_over_groups(inverse_link, eta, spread):
    """Average the inverse link over the normal distribution of group effects, by quadrature.

    Parameters
    ----------
    inverse_link : callable
        From the linear predictor to the mean.
    eta, spread : ndarray, shape (n,)
        Centre and standard deviation of the linear predictor, by row.

    Returns
    -------
    ndarray, shape (n,)
        The means.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    return weights @ inverse_link(eta + np.outer(nodes, spread)) / weights.sum()


class FoundByLikelihood(Solution):
    """What a search for the largest likelihood found: what `lmer` and `glmer` share.

    Parameters
    ----------
    design : Design
        Formula and data.
    scaled : Scaled
        How columns were centred and scaled.
    problem : OneFactor, Crossed, Laplace or Quadrature
        The deviance as a function of its parameters.
    optimum : Optimum
        Where the search ended.
    """

    def __init__(self, design, scaled, problem, optimum):
        self.design, self.scaled, self.problem, self.optimum = design, scaled, problem, optimum

    @property
    def n_theta(self):
        """Number of relative covariance parameters; they come first in the optimum."""
        return len(self.optimum.theta)

    @cached_property
    def inner_lambdas(self):
        """Lambda of each grouping factor, for the scaled columns."""
        return split_theta(self.optimum.theta[: self.n_theta], self.design.factors)

    @cached_property
    def lambdas(self):
        """Lambda of each grouping factor, for the data's own columns."""
        lambdas = []
        for lam, back, factor in zip(
            self.inner_lambdas, self.scaled.z_maps, self.design.factors, strict=True
        ):
            whole = np.zeros_like(lam)
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                whole[where, where] = lower_triangle(back[where, where] @ lam[where, where])
            lambdas.append(whole)
        return lambdas
