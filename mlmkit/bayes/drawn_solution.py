"""What draws from a posterior have found, in the form that every fit has."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from mlmkit.inference.solution import Solution, mean_over_groups


class DrawnSolution(Solution):
    """Point estimates from draws: medians for effects, posterior means for covariances; see `Solution`.

    Parameters
    ----------
    model : BayesModel
        Formula, data, priors.
    posterior : PosteriorDraws
        The draws.
    """

    def __init__(self, model, posterior):
        self.model, self.posterior, self.design = model, posterior, model.design

    @cached_property
    def family(self):
        """The distribution of the outcome; negative binomial: with the median of the size's draws."""
        return replace(self.model.family, size=self.size)

    @cached_property
    def size(self):
        """Median of the size of negative binomial counts; None for other outcomes."""
        return None if self.posterior.sizes is None else float(np.median(self.posterior.sizes))

    @cached_property
    def beta(self):
        """Medians of the fixed effects, shape (p,)."""
        return np.median(self.posterior.beta, axis=0)

    @cached_property
    def vcov(self):
        """Covariance of their draws, shape (p, p)."""
        return np.atleast_2d(np.cov(self.posterior.beta, rowvar=False))

    @cached_property
    def modes(self):
        """Medians of the group effects, (J, q) for each grouping factor."""
        return [np.median(effects, axis=0) for effects in self.posterior.effects]

    @cached_property
    def scale(self):
        """Mean of the residual standard deviation; None where there is none, or where it is known."""
        return float(self.posterior.sigma.mean()) if self.model.has_sigma else None

    @cached_property
    def covariance(self):
        """Posterior means of the covariances between groups, (q, q) for each grouping factor."""
        return [matrix.mean(axis=0) for matrix in self.posterior.covariance]

    @cached_property
    def lambdas(self):
        """Their roots, relative to the residual standard deviation."""
        return [np.linalg.cholesky(nudged(matrix)) / self.unit for matrix in self.covariance]

    @cached_property
    def variances(self):
        """Covariance of the effects given the fixed ones, at the point estimates of the variances."""
        found = []
        for factor, matrix in zip(self.design.factors, self.covariance, strict=True):
            arrays, groups = factor.arrays, len(factor.levels)
            weights = 1.0 if self.design.weights is None else self.design.weights
            cross = [[np.bincount(factor.codes, weights * a * b, groups) for a in arrays] for b in arrays]
            noise = 1.0 if self.posterior.sigma is None else float(np.median(self.posterior.sigma)) ** 2
            found.append(
                np.linalg.inv(np.linalg.inv(nudged(matrix)) + np.array(cross).transpose(2, 0, 1) / noise)
            )
        return found

    @property
    def outcome(self):
        """The outcome as fitted values show it; binomial outcomes are shares of successes."""
        y = self.design.y
        return y / self.design.trials if self.family.name == "binomial" else y

    def inverse_link(self, eta):
        """Turn the linear predictor into the outcome's mean."""
        return self.family.inverse_link(eta)

    def marginal_mean(self, eta, spread):
        """Average the mean over new groups, whose effects have standard deviation `spread` (link scale)."""
        return eta if self.family.has_sigma else mean_over_groups(self.inverse_link, eta, spread)

    def draw_outcome(self, mean, aux, rng, weights=None):
        """Draw outcomes, shape (S, n), given their means and S residual standard deviations (or sizes)."""
        weights = np.ones(mean.shape[1]) if weights is None else weights
        return self.family.draw(mean, aux, weights, rng)

    def draw_new_effects(self, place, sims, shape, rng):
        """Draw effects of groups that the fit has not seen, each draw from its own distribution of groups."""
        roots = np.linalg.cholesky(nudged(sims.covariance[place]))
        return np.einsum("sab,sjb->sja", roots, rng.standard_normal(shape))

    def residual_variance(self, fitted):
        """Return sigma squared, or the latent variance on the scale of the link, given the fitted means."""
        if self.model.has_sigma:
            return self.scale**2
        if self.family.has_sigma:
            return float(np.mean(1 / self.design.weights))
        return self.family.glmers().latent_variance(np.log(fitted) if self.family.link == "log" else None)


def nudged(matrices):
    """Move covariance matrices off the edge by rounding's size, so that they have a Cholesky root."""
    trace = np.einsum("...aa->...", matrices)[..., None, None]
    return matrices + (1e-13 * trace + 1e-300) * np.eye(matrices.shape[-1])
