"""Hyperparameters on an unconstrained scale: sigma, and the covariances of all random-effects terms.

The vector u holds log sigma (unless sigma is known), then for every term of q columns

    decov: log tau, and q - 1 numbers for the shares of the variance (a softmax whose logits sum to zero);
    a prior of the standard deviations themselves: their q logarithms;
    both: q (q - 1) / 2 numbers for the partial correlations, each tanh(u / 2).

In row i of the Cholesky root of a correlation matrix, each partial correlation takes its share of what the
earlier ones left of the row's length.
"""

import numpy as np

from mlmkit.bayes.priors import Decov, lkj_strengths

LIMIT = 40.0  # beyond exp(40) there is nothing but overflow


class Hyperparameters:
    """Translate between u and (sigma, roots of the covariances), with the prior density of u.

    Parameters
    ----------
    factors : list of Factor
        The grouping factors with their terms.
    priors : Priors
        In numbers.
    unit : float
        What sigma is measured in: the scale of the outcome.
    """

    def __init__(self, factors, priors, unit):
        self.between, self.aux, self.unit = priors.covariance, priors.aux, unit
        self.sigma_known = priors.aux is None
        self.relative = isinstance(self.between, Decov)  # to sigma
        self.terms, place = [], 0 if self.sigma_known else 1
        for number, factor in enumerate(factors):
            for term in factor.terms:
                self.terms.append((number, term.first, term.size, place))
                place += term.size * (term.size + 1) // 2
        self.size = place
        self.widths = [len(factor.names) for factor in factors]

    def inside(self, u):
        """Mark the points that can be computed with."""
        return np.isfinite(u).all(axis=1) & (np.abs(u) < LIMIT).all(axis=1)

    def unpack(self, u):
        """Return sigma and the roots of the group effects' covariances, for all points at once.

        Parameters
        ----------
        u : ndarray, shape (S, size)

        Returns
        -------
        sigma : ndarray, shape (S,)
            In units of `unit`. A known sigma is 1 in the units of the data.
        roots : list of ndarray, each (S, q, q)
            For each factor the Cholesky root of its covariance relative to sigma^2.
        """
        sigma = np.full(len(u), 1 / self.unit) if self.sigma_known else np.exp(u[:, 0])
        roots = [np.zeros((len(u), q, q)) for q in self.widths]
        for number, first, size, place in self.terms:
            where = slice(first, first + size)
            sd = self._sds(u[:, place : place + size], sigma)
            roots[number][:, where, where] = sd[:, :, None] * correlation_root(u[:, place + size :], size)
        return sigma, roots

    def _sds(self, numbers, sigma):
        """Return the standard deviations of one term relative to sigma, shape (S, q)."""
        if not self.relative:
            return np.exp(numbers) / sigma[:, None]
        return np.exp(numbers[:, [0]] + 0.5 * (np.log(numbers.shape[1]) + log_shares(numbers)))

    def log_prior(self, u):
        """Compute the log prior density of u, up to a constant (the Jacobian included)."""
        value = np.zeros(len(u))
        if not self.sigma_known:
            value += u[:, 0] + log_density(self.aux, np.exp(u[:, 0]) * self.unit)
        for _, _, size, place in self.terms:
            numbers = u[:, place : place + size]
            if self.relative:
                prior = self.between
                value += prior.shape * numbers[:, 0] - np.exp(numbers[:, 0]) / prior.scale
                value += prior.concentration * log_shares(numbers).sum(axis=1)
            else:
                value += (numbers + log_density(self.between.prior, np.exp(numbers) * self.unit)).sum(axis=1)
            partial = u[:, place + size : place + size * (size + 1) // 2]
            # (1 - r^2)^strength with the Jacobian; log(1 - tanh(z)^2) = -2 log cosh z
            value -= 2 * log_cosh(0.5 * partial) @ lkj_strengths(self.between.regularization, size)
        return value

    def search(self, rng, count=600):
        """Propose starting points over everything that data on the scaled columns can ask for."""
        u = np.empty((count, self.size))
        if not self.sigma_known:
            u[:, 0] = rng.uniform(-5, 0.5, count)
        for _, _, size, place in self.terms:
            if self.relative:
                u[:, place] = rng.uniform(-4, 5, count)
                u[:, place + 1 : place + size] = rng.uniform(-3, 3, (count, size - 1))
            else:
                u[:, place : place + size] = rng.uniform(-5, 1, (count, size))
            pairs = size * (size - 1) // 2
            u[:, place + size : place + size + pairs] = rng.uniform(-4, 4, (count, pairs))
        return u


def log_shares(numbers):
    """Return the logarithms of the terms' shares of the variance, shape (S, q); `numbers` as in u."""
    logits = np.concatenate([numbers[:, 1:], -numbers[:, 1:].sum(axis=1, keepdims=True)], axis=1)
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def correlation_root(partial, size):
    """Build Cholesky roots of correlation matrices, shape (S, q, q); `partial` as in u."""
    root, place = np.zeros((len(partial), size, size)), 0
    for row in range(size):
        left = np.ones(len(partial))
        for column in range(row):
            root[:, row, column] = left * np.tanh(0.5 * partial[:, place])
            left = left / np.cosh(0.5 * partial[:, place])
            place += 1
        root[:, row, row] = left
    return root


def log_cosh(z):
    """Compute log cosh z where cosh z would be too large."""
    return np.logaddexp(z, -z) - np.log(2)


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
