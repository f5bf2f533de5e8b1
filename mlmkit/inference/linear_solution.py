"""What `lmer` has found, in the units of the data."""

from functools import cached_property

import numpy as np

from mlmkit.engine.optimize import minimise
from mlmkit.engine.theta import canonical, pattern
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.drawn_theta import draw_theta, in_random_order
from mlmkit.inference.solution import FoundByLikelihood


class LinearSolution(FoundByLikelihood):
    """The estimates of a linear mixed model; see `Solution` and `FoundByLikelihood` for the names."""

    @property
    def reml(self):
        """True for restricted maximum likelihood."""
        return self.problem.reml

    @cached_property
    def inner(self):
        """What the scaled columns give at the optimum."""
        return self.problem.solve(self.optimum.theta)

    @cached_property
    def scale(self):
        """Residual standard deviation, in units of the outcome."""
        return float(self.scaled.y_scale * np.sqrt(self.inner.rss / self.problem.df))

    @cached_property
    def beta(self):
        """Fixed effects, shape (p,)."""
        beta = self.scaled.y_scale * (self.scaled.x_map @ self.inner.beta)
        if self.scaled.y_shift:
            beta[self.design.fixed.names.index(INTERCEPT)] += self.scaled.y_shift
        return beta

    @cached_property
    def vcov(self):
        """Covariance of the fixed effects, shape (p, p)."""
        back = self.scaled.x_map
        return self.scale**2 * (back @ self.inner.inverse @ back.T)

    @cached_property
    def modes(self):
        """Group effects, (J, q) for each grouping factor."""
        pairs = zip(self.inner.modes, self.scaled.z_maps, strict=True)
        return [self.scaled.y_scale * (modes @ back.T) for modes, back in pairs]

    @cached_property
    def variances(self):
        """Their covariance, the fixed effects held, (J, q, q) for each grouping factor."""
        pairs = zip(self.inner.variances, self.scaled.z_maps, strict=True)
        return [self.scale**2 * (back @ variances @ back.T) for variances, back in pairs]

    @cached_property
    def slopes(self):
        """How the effects move when the fixed effects move, (J, q, p) for each grouping factor."""
        pairs = zip(self.inner.slopes, self.scaled.z_maps, strict=True)
        into = np.linalg.inv(self.scaled.x_map)
        return [back @ slopes @ into for slopes, back in pairs]

    def criterion_of(self, value, reml):
        """Undo the scaling of the columns in a deviance (or, with `reml`, in a REML criterion)."""
        p = len(self.design.fixed.names)
        shift = 2 * (self.design.n - p * reml) * np.log(self.scaled.y_scale)
        if reml and p:
            shift -= 2 * np.linalg.slogdet(self.scaled.x_map)[1]
        if self.design.weights is not None:
            shift -= np.log(self.design.weights).sum()
        return float(value + shift)

    @cached_property
    def by_ml(self):
        """The same model by maximum likelihood; the data isn't read again."""
        if not self.reml:
            return self
        terms = [factor.terms for factor in self.design.factors]
        patterns = [pattern(some) for some in terms]
        problem = self.problem.with_reml(False)
        optimum = minimise(
            problem, self.optimum.theta, canonical=lambda theta: canonical(theta, patterns, terms)
        )
        return LinearSolution(self.design, self.scaled, problem, optimum)

    def draw_outcome(self, mean, scale, rng, weights=None):
        """Draw outcomes, shape (S, n), given their means and S residual standard deviations."""
        noise = rng.standard_normal(mean.shape) * scale[:, None]
        return mean + (noise if weights is None else noise / np.sqrt(weights))

    def draw_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, scale) from their approximate posterior, theta held; see ``sim``."""
        df = self.design.n - len(self.inner.beta)
        return self._draw_at(self.optimum.theta, self.inner, df, n_sims, rng)

    def draw_all_parameters(self, n_sims, rng):
        """Draw (beta, effects, scale, roots): theta too; see `drawn_theta`. An ML fit is drawn as by REML."""
        problem = self.problem.with_reml(True)
        problem.df -= self.n_theta
        if problem.df < 1:
            raise ValueError(
                f'theta="drawn" needs more rows: {self.design.n} are too few for {len(self.beta)} fixed '
                f"effects and {self.n_theta} variances and covariances."
            )
        thetas, counts = draw_theta(self, problem, n_sims, rng)
        draws = [
            self._draw_at(theta, problem.solve(theta), problem.df, count, rng)
            for theta, count in zip(thetas, counts, strict=True)
        ]
        return in_random_order(self, draws, thetas, counts, rng)

    def _draw_at(self, theta, inner, df, n_sims, rng):
        """Draw (beta, effects by factor, scale) given theta, what follows from it, and sigma's freedom."""
        scaled, p = self.scaled, len(inner.beta)
        sigma = np.sqrt(inner.rss / (2 * rng.gamma(df / 2, size=n_sims)))
        root = np.linalg.inv(np.linalg.cholesky(inner.schur)) if p else np.zeros((0, 0))
        moved = sigma[:, None] * (rng.standard_normal((n_sims, p)) @ root)
        beta = scaled.y_scale * ((inner.beta + moved) @ scaled.x_map.T)
        if scaled.y_shift:
            beta[:, self.design.fixed.names.index(INTERCEPT)] += scaled.y_shift
        noise = self.problem.draw_effects(theta, sigma, rng)
        effects = []
        for deviation, modes, slopes, back in zip(
            noise, inner.modes, inner.slopes, scaled.z_maps, strict=True
        ):
            effect = modes - np.tensordot(moved, slopes, axes=(1, 2)) + deviation
            effects.append(scaled.y_scale * (effect @ back.T))
        return beta, effects, sigma * scaled.y_scale
