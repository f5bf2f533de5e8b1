"""Hyperparameters on an unconstrained scale: sigma, and what decov makes of the group covariances.

The vector u holds log sigma, then for every random-effects term log tau and, for a term of two
columns, logit of the first column's share of the variance and the inverse hyperbolic tangent of the
correlation.
"""

import numpy as np

LIMIT = 40.0  # beyond exp(40) there is nothing but overflow


class Hyperparameters:
    """Translate between u and (sigma, covariance), with the prior density of u.

    Parameters
    ----------
    terms : list of Term
        Random-effects terms of the one grouping factor; one or two columns each.
    priors : Priors
        In numbers.
    unit : float
        What sigma is measured in: the scale of the outcome.
    """

    def __init__(self, terms, priors, unit):
        self.decov, self.aux, self.unit = priors.covariance, priors.aux, unit
        self.blocks, place = [], 1
        for term in terms:
            self.blocks.append((term.first, term.size, place))
            place += 1 if term.size == 1 else 3
        self.size = place
        self.q = sum(term.size for term in terms)

    def inside(self, u):
        """Mark the points that can be computed with."""
        return np.isfinite(u).all(axis=1) & (np.abs(u) < LIMIT).all(axis=1)

    def unpack(self, u):
        """Return sigma (S,), in units of `unit`, and covariances relative to sigma^2, shape (S, q, q)."""
        relative = np.zeros((len(u), self.q, self.q))
        for first, size, place in self.blocks:
            tau2 = np.exp(2 * u[:, place])
            if size == 1:
                relative[:, first, first] = tau2
                continue
            share, rho = 1 / (1 + np.exp(-u[:, place + 1])), np.tanh(u[:, place + 2])
            v1, v2 = 2 * tau2 * share, 2 * tau2 / (1 + np.exp(u[:, place + 1]))
            second = first + 1
            relative[:, first, first], relative[:, second, second] = v1, v2
            relative[:, first, second] = relative[:, second, first] = rho * np.sqrt(v1 * v2)
        return np.exp(u[:, 0]), relative

    def log_prior(self, u):
        """Compute the log prior density of u, up to a constant (the Jacobian included)."""
        prior = self.decov
        value = u[:, 0] + log_density(self.aux, np.exp(u[:, 0]) * self.unit)
        for _, size, place in self.blocks:
            value = value + prior.shape * u[:, place] - np.exp(u[:, place]) / prior.scale
            if size == 2:
                logit, z = u[:, place + 1], u[:, place + 2]
                value -= prior.concentration * (np.logaddexp(0, logit) + np.logaddexp(0, -logit))
                # (1 - rho^2)^regularization; log(1 - tanh(z)^2) = -2 log cosh z
                value -= 2 * prior.regularization * (np.logaddexp(z, -z) - np.log(2))
        return value

    def search(self, rng, count=600):
        """Propose starting points over everything that data on the scaled columns can ask for."""
        u = np.empty((count, self.size))
        u[:, 0] = rng.uniform(-5, 0.5, count)
        for _, size, place in self.blocks:
            u[:, place] = rng.uniform(-4, 5, count)
            if size == 2:
                u[:, place + 1] = rng.uniform(-6, 6, count)
                u[:, place + 2] = rng.uniform(-2, 2, count)
        return u


def log_density(prior, value):
    """Compute the log density of a prior, up to a constant."""
    if prior.family == "flat":
        return np.zeros_like(value)
    z = (value - prior.location) / prior.scale
    if prior.family == "exponential":
        return -value / prior.scale
    if prior.family == "normal":
        return -0.5 * z**2
    return -0.5 * (prior.df + 1) * np.log1p(z**2 / prior.df)
