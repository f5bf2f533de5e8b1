"""The result of `lmer`."""

from functools import cached_property

import numpy as np

from mlmkit.engine.optimize import minimise
from mlmkit.engine.theta import canonical, lower_triangle, pattern, split_theta
from mlmkit.fits.estimates import MixedFit
from mlmkit.frame.columns import INTERCEPT


class LinearMixedFit(MixedFit):
    """A fit by `lmer`. All numbers are in the units of the data.

    Parameters
    ----------
    model : Design
        Formula and data.
    scaled : Scaled
        How columns were centred and scaled.
    problem : OneFactor or Crossed
        The deviance, kept for the maximum likelihood refit, profiles and draws.
    optimum : Optimum
        Where the search ended.
    """

    def __init__(self, model, scaled, problem, optimum):
        self._model, self._scaled, self._problem, self._optimum = model, scaled, problem, optimum
        self._n_theta = len(optimum.theta)

    @property
    def reml(self):
        """True for a fit by restricted maximum likelihood.

        Examples
        --------
        >>> fit.reml
        True
        """
        return self._problem.reml

    @property
    def call(self):
        """The call as R would show it: function and arguments.

        Examples
        --------
        >>> fit.call[:2]
        ('lmer', 'formula = price ~ (1 | zipcode)')
        """
        extra = [] if self.reml else ["REML = FALSE"]
        return ("lmer", f"formula = {self.formula}", f"data = {self._model.data_name}", *extra)

    @cached_property
    def _solution(self):
        return self._problem.solve(self._optimum.theta)

    @cached_property
    def sigma(self):
        """Residual standard deviation, in units of the outcome.

        Examples
        --------
        >>> round(fit.sigma, 2)
        460890.53
        """
        return float(self._scaled.y_scale * np.sqrt(self._solution.rss / self._problem.df))

    @property
    def _scale(self):
        return self.sigma

    @cached_property
    def _inner_lambdas(self):
        """Lambda of each grouping factor, for the scaled columns."""
        return split_theta(self._optimum.theta, self._model.factors)

    @cached_property
    def _lambdas(self):
        """Lambda of each grouping factor, for the data's own columns."""
        lambdas = []
        for lam, back, factor in zip(
            self._inner_lambdas, self._scaled.z_maps, self._model.factors, strict=True
        ):
            whole = np.zeros_like(lam)
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                whole[where, where] = lower_triangle(back[where, where] @ lam[where, where])
            lambdas.append(whole)
        return lambdas

    @cached_property
    def _beta(self):
        beta = self._scaled.y_scale * (self._scaled.x_map @ self._solution.beta)
        if self._scaled.y_shift:
            beta[self._model.fixed.names.index(INTERCEPT)] += self._scaled.y_shift
        return beta

    @cached_property
    def _vcov(self):
        back = self._scaled.x_map
        return self.sigma**2 * (back @ self._solution.inverse @ back.T)

    @cached_property
    def _modes(self):
        pairs = zip(self._solution.modes, self._scaled.z_maps, strict=True)
        return [self._scaled.y_scale * (modes @ back.T) for modes, back in pairs]

    @cached_property
    def _variances(self):
        pairs = zip(self._solution.variances, self._scaled.z_maps, strict=True)
        return [self.sigma**2 * (back @ variances @ back.T) for variances, back in pairs]

    @cached_property
    def _slopes(self):
        """How the effects move when the fixed effects move, in the data's units."""
        pairs = zip(self._solution.slopes, self._scaled.z_maps, strict=True)
        into = np.linalg.inv(self._scaled.x_map)
        return [back @ slopes @ into for slopes, back in pairs]

    def _criterion_of(self, value, reml):
        """Undo the scaling of the columns in a deviance."""
        p = len(self._model.fixed.names)
        shift = 2 * (self.nobs - p * reml) * np.log(self._scaled.y_scale)
        if reml and p:
            shift -= 2 * np.linalg.slogdet(self._scaled.x_map)[1]
        if self._model.weights is not None:
            shift -= np.log(self._model.weights).sum()
        return float(value + shift)

    @cached_property
    def criterion(self):
        """What was minimised: the REML criterion, or the deviance for maximum likelihood.

        Examples
        --------
        >>> round(fit.criterion, 1)
        25149.1
        """
        return self._criterion_of(self._optimum.value, self.reml)

    @cached_property
    def _ml_optimum(self):
        if not self.reml:
            return self._optimum
        patterns = [pattern(factor.terms) for factor in self._model.factors]
        blocks = [factor.terms for factor in self._model.factors]
        return minimise(
            self._problem.with_reml(False),
            self._optimum.theta,
            canonical=lambda theta: canonical(theta, patterns, blocks),
        )

    def refit_ml(self):
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
        return LinearMixedFit(self._model, self._scaled, self._problem.with_reml(False), self._ml_optimum)

    @cached_property
    def deviance(self):
        """Minus twice the log-likelihood at the maximum likelihood fit, as arm::display prints it.

        Examples
        --------
        >>> round(fit.deviance, 1)
        25175.2
        """
        return self._criterion_of(self._ml_optimum.value, False)

    @property
    def dic(self):
        """Deviance information criterion as arm::display defines it: 2 deviance - criterion.

        Examples
        --------
        >>> round(fit.dic, 1)
        25201.4
        """
        return 2 * self.deviance - self.criterion

    def _residual_variance(self):
        return self.sigma**2

    def _inverse_link(self, eta):
        return eta

    def _marginal_mean(self, eta, spread):
        """Average over new groups: in a linear model the effects' mean is zero."""
        return eta

    def _draw_outcome(self, mean, sigma, rng):
        weights = self._model.weights
        noise = rng.standard_normal(mean.shape) * sigma[:, None]
        return mean + (
            noise if weights is None or len(weights) != mean.shape[1] else noise / np.sqrt(weights)
        )

    def _draw_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, sigma); see ``simulate.sim``."""
        found, scaled = self._solution, self._scaled
        n, p = self.nobs, len(found.beta)
        sigma = np.sqrt(found.rss / (2 * rng.gamma((n - p) / 2, size=n_sims)))
        root = np.linalg.inv(np.linalg.cholesky(found.schur)) if p else np.zeros((0, 0))
        moved = sigma[:, None] * (rng.standard_normal((n_sims, p)) @ root)
        beta = scaled.y_scale * ((found.beta + moved) @ scaled.x_map.T)
        if scaled.y_shift:
            beta[:, self._model.fixed.names.index(INTERCEPT)] += scaled.y_shift
        noise = self._problem.draw_effects(self._optimum.theta, sigma, rng)
        effects = []
        for deviation, modes, slopes, back in zip(
            noise, found.modes, found.slopes, scaled.z_maps, strict=True
        ):
            inner = modes - np.tensordot(moved, slopes, axes=(1, 2)) + deviation
            effects.append(scaled.y_scale * (inner @ back.T))
        return beta, effects, sigma * scaled.y_scale
