"""What `glmer` has found, on the scale of the link."""

from functools import cached_property

import numpy as np

from mlmkit.inference.drawn_theta import draw_theta, in_random_order
from mlmkit.inference.separation import runaway_factors, separated_terms
from mlmkit.inference.solution import FoundByLikelihood, mean_over_groups

POISSON_LIKE = 1e-4  # so small a share of the variance of the largest count is none


class GeneralizedSolution(FoundByLikelihood):
    """The estimates of a generalised linear mixed model; the optimum holds theta, beta, and size^(-1/2).

    See `Solution` and `FoundByLikelihood` for the names.
    """

    @property
    def n_theta(self):
        """Number of relative covariance parameters; they come first in the optimum."""
        return self.problem.n_theta

    @cached_property
    def family(self):
        """The distribution of the outcome, with the parameter that it has."""
        return self.problem.take(self.optimum.theta)[0]

    @cached_property
    def size(self):
        """Size of negative binomial counts, infinite where they vary no more than Poisson's; else None."""
        if not self.family.extra:
            return None
        return float(self.family.size) if self.family.a * self.design.y.max() > POISSON_LIKE else np.inf

    @cached_property
    def inner(self):
        """What the scaled columns give: modes, variances, slopes, log-likelihood given the modes."""
        return self.problem.solve(self.optimum.theta)

    @cached_property
    def beta(self):
        """Fixed effects, shape (p,)."""
        return self.scaled.x_map @ self.inner_beta

    @property
    def inner_beta(self):
        """Fixed effects of the scaled columns, shape (p,)."""
        return self.optimum.theta[self.n_theta :][: len(self.problem.X)]

    @cached_property
    def inner_vcov(self):
        """Covariance of the scaled fixed effects: twice the inverse Hessian in all parameters, as lme4's."""
        k, end = self.n_theta, self.n_theta + len(self.problem.X)
        hessian = self.optimum.hessian
        free = np.abs(self.optimum.theta) > 1e-6  # a variance of zero stays there
        free[k:end] = True
        try:
            whole = 2 * np.linalg.inv(hessian[np.ix_(free, free)])
            np.linalg.cholesky(whole)
        except np.linalg.LinAlgError:
            return _positive_inverse(self.problem.information(self.optimum.theta))
        own = slice(free[:k].sum(), free[:end].sum())
        return whole[own, own]

    @cached_property
    def vcov(self):
        """Covariance of the fixed effects, shape (p, p)."""
        return self.scaled.x_map @ self.inner_vcov @ self.scaled.x_map.T

    @cached_property
    def modes(self):
        """Group effects, (J, q) for each grouping factor."""
        return [modes @ back.T for modes, back in zip(self.inner[0], self.scaled.z_maps, strict=True)]

    @cached_property
    def variances(self):
        """Their covariance, the fixed effects held, (J, q, q) for each grouping factor."""
        pairs = zip(self.inner[1], self.scaled.z_maps, strict=True)
        return [back @ variances @ back.T for variances, back in pairs]

    @cached_property
    def slopes(self):
        """How the effects move when the fixed effects move, (J, q, p) for each grouping factor."""
        pairs = zip(self.inner[2], self.scaled.z_maps, strict=True)
        into = np.linalg.inv(self.scaled.x_map)
        return [back @ slopes @ into for slopes, back in pairs]

    @cached_property
    def separated(self):
        """What runs away, since nothing in the data bounds it: (names of coefficients, factors)."""
        terms = separated_terms(self.design.fixed.names, self.inner_beta, np.diagonal(self.inner_vcov))
        return terms, runaway_factors(self, self.inner_lambdas)

    @property
    def outcome(self):
        """The outcome as the fitted values show it: shares of successes, or counts."""
        y = self.design.y
        return y / self.design.trials if self.family.name == "binomial" else y

    def inverse_link(self, eta):
        """Turn the linear predictor into probabilities or expected counts."""
        return self.family.inverse_link(eta)

    def marginal_mean(self, eta, spread):
        """Average the mean over new groups, whose effects have standard deviation `spread` (link scale)."""
        return mean_over_groups(self.inverse_link, eta, spread)

    def residual_variance(self, fitted):
        """Return the latent variance on the scale of the link, given the fitted means."""
        return self.family.latent_variance(np.log(fitted) if self.family.link == "log" else None)

    def draw_outcome(self, mean, scale, rng, weights=None):
        """Draw outcomes, shape (S, n), given their means; binomial: shares of successes."""
        trials = np.ones(mean.shape[1]) if weights is None else weights
        return self.family.draw(mean, trials, rng)

    def draw_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, None) from the normal approximation, theta held."""
        moved = rng.standard_normal((n_sims, len(self.beta))) @ np.linalg.cholesky(self.inner_vcov).T
        noise = self.problem.draw_effects(self.optimum.theta, n_sims, rng)
        return self.beta + moved @ self.scaled.x_map.T, self._effects(self.inner, noise, moved), None

    def draw_all_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, None, roots): theta too; see `drawn_theta`."""
        phis, counts = draw_theta(self, self.problem, n_sims, rng)
        draws = []
        for phi, count in zip(phis, counts, strict=True):
            beta = self.scaled.x_map @ phi[self.n_theta :]
            inner, noise = self.problem.solve(phi), self.problem.draw_effects(phi, count, rng)
            effects = self._effects(inner, noise, np.zeros((count, len(beta))))
            draws.append((np.tile(beta, (count, 1)), effects, None))
        return in_random_order(self, draws, phis[:, : self.n_theta], counts, rng)

    def _effects(self, inner, noise, moved):
        """Add up group effects, in the data's columns: modes, their noise, and how beta moves them."""
        return [
            (modes - np.tensordot(moved, slopes, axes=(1, 2)) + deviation) @ back.T
            for deviation, modes, slopes, back in zip(
                noise, inner[0], inner[2], self.scaled.z_maps, strict=True
            )
        ]


def _positive_inverse(matrix):
    """Invert an information matrix; directions without information get a huge variance."""
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, max(1e-14 * values.max(), 1e-12))
    return (vectors / values) @ vectors.T
