"""The result of `glmer`."""

from functools import cached_property

import numpy as np

from mlmkit.engine.theta import lower_triangle, split_theta
from mlmkit.fits.estimates import MixedFit
from mlmkit.inference.separation import runaway_factors, separated_terms


class GeneralizedFit(MixedFit):
    """A fit by `glmer`. Coefficients are on the scale of the link: log odds, or log rates.

    Parameters
    ----------
    model : Design
        Formula and data.
    scaled : Scaled
        How columns were centred and scaled.
    problem : Laplace or Quadrature
        The deviance.
    optimum : Optimum
        Where the search ended; its theta holds theta and beta.
    nAGQ : int
        Quadrature nodes.
    """

    sigma = 1.0
    _scale = None

    def __init__(self, model, scaled, problem, optimum, nAGQ):
        self._model, self._scaled, self._problem, self._optimum = model, scaled, problem, optimum
        self._n_theta, self.nAGQ = problem.n_theta, nAGQ

    @property
    def family(self):
        """Name of the outcome's distribution.

        Examples
        --------
        >>> glmer_fit.family
        'binomial'
        """
        return self._problem.family.name

    @property
    def call(self):
        """The call as R would show it: function and arguments.

        Examples
        --------
        >>> glmer_fit.call[0]
        'glmer'
        """
        extra = [] if self.nAGQ == 1 else [f"nAGQ = {self.nAGQ}"]
        data = f"data = {self._model.data_name}"
        return ("glmer", f"formula = {self.formula}", data, f"family = {self.family}", *extra)

    @cached_property
    def _parts(self):
        return self._problem.solve(self._optimum.theta)

    @cached_property
    def _inner_lambdas(self):
        return split_theta(self._optimum.theta[: self._n_theta], self._model.factors)

    @cached_property
    def _lambdas(self):
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
        return self._scaled.x_map @ self._optimum.theta[self._n_theta :]

    @cached_property
    def _inner_vcov(self):
        """Covariance of the fixed effects: twice the inverse Hessian over theta and beta, as lme4's."""
        k = self._n_theta
        hessian = self._optimum.hessian
        free = np.ones(len(hessian), dtype=bool)
        free[:k] = np.abs(self._optimum.theta[:k]) > 1e-6  # a variance of zero stays there
        try:
            whole = 2 * np.linalg.inv(hessian[np.ix_(free, free)])
            np.linalg.cholesky(whole)
        except np.linalg.LinAlgError:
            return _positive_inverse(self._problem.information(self._optimum.theta))
        return whole[free[:k].sum() :, free[:k].sum() :]

    @cached_property
    def _vcov(self):
        return self._scaled.x_map @ self._inner_vcov @ self._scaled.x_map.T

    @cached_property
    def _modes(self):
        return [modes @ back.T for modes, back in zip(self._parts[0], self._scaled.z_maps, strict=True)]

    @cached_property
    def _variances(self):
        pairs = zip(self._parts[1], self._scaled.z_maps, strict=True)
        return [back @ variances @ back.T for variances, back in pairs]

    @cached_property
    def _slopes(self):
        into = np.linalg.inv(self._scaled.x_map)
        return [
            back @ slopes @ into for slopes, back in zip(self._parts[2], self._scaled.z_maps, strict=True)
        ]

    @property
    def criterion(self):
        """Minus twice the log-likelihood (with nAGQ > 1: relative to the saturated model).

        Examples
        --------
        >>> round(glmer_fit.criterion, 1)
        192.3
        """
        return self._optimum.value

    @property
    def deviance(self):
        """Sum of the deviance residuals given the random effects, as ``deviance`` of lme4's fits.

        Examples
        --------
        >>> glmer_fit.deviance < glmer_fit.criterion
        True
        """
        return -2 * self._parts[3]

    @property
    def dic(self):
        """Deviance information criterion as arm::display defines it: 2 deviance - criterion.

        Examples
        --------
        >>> glmer_fit.dic < glmer_fit.criterion
        True
        """
        return 2 * self.deviance - self.criterion

    @property
    def converged(self):
        """True if the search ended at an optimum with finite coefficients.

        Examples
        --------
        >>> glmer_fit.converged
        True
        """
        return self._optimum.converged and not any(self._separated)

    @cached_property
    def _separated(self):
        """What runs away, since nothing in the data bounds it: (names of coefficients, factors)."""
        inner = self._optimum.theta[self._n_theta :]
        terms = separated_terms(self._model.fixed.names, inner, np.diagonal(self._inner_vcov))
        return terms, runaway_factors(self._model.factors, self._inner_lambdas)

    def _residual_variance(self):
        eta = np.log(self.fitted) if self.family == "poisson" else None
        return self._problem.family.latent_variance(eta)

    def _inverse_link(self, eta):
        return self._problem.family.inverse_link(eta)

    def _marginal_mean(self, eta, spread):
        """Average over new groups: a mean of the inverse link over the normal distribution of effects."""
        z, weight = np.polynomial.hermite_e.hermegauss(61)
        values = self._inverse_link(eta + np.outer(z, spread))
        return weight @ values / weight.sum()

    @property
    def _outcome(self):
        """The outcome as the fitted values show it: shares of successes, or counts."""
        return self._model.y / self._model.trials if self.family == "binomial" else self._model.y

    def _draw_outcome(self, mean, sigma, rng):
        trials = self._model.trials if mean.shape[1] == self.nobs else np.ones(mean.shape[1])
        return self._problem.family.draw(mean, trials, rng)

    def _draw_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, None) from the normal approximation, theta held."""
        moved = rng.standard_normal((n_sims, len(self._beta))) @ np.linalg.cholesky(self._inner_vcov).T
        noise = self._problem.draw_effects(self._optimum.theta, n_sims, rng)
        effects = []
        for deviation, modes, slopes, back in zip(
            noise, self._parts[0], self._parts[2], self._scaled.z_maps, strict=True
        ):
            effects.append((modes - np.tensordot(moved, slopes, axes=(1, 2)) + deviation) @ back.T)
        return self._beta + moved @ self._scaled.x_map.T, effects, None


def _positive_inverse(matrix):
    """Invert an information matrix; directions without information get a huge variance."""
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, max(1e-14 * values.max(), 1e-12))
    return (vectors / values) @ vectors.T
