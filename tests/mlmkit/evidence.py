"""The probability of outcomes under a whole Bayesian model by summing over a grid: no draws."""

import numpy as np
import pandas as pd
from scipy.special import gammaln, logsumexp


def small_data(seed=3):
    """Make six groups of four rows, one of which is far out."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": np.repeat(list("abcdef"), 4), "x": rng.normal(2, 1, 24)})
    data["y"] = 5 + 1.5 * data["x"] + np.repeat(rng.normal(0, 2, 6), 4) + rng.normal(0, 1, 24)
    data.loc[9, "y"] += 7
    return data


def gaussian_evidence(fit, data, rows, size=60):
    """Compute log p(y of some rows) under ``y ~ x + (1 | g)`` with the priors of a fit.

    Fixed and group effects integrate out in a dense normal distribution; sigma and tau lie on a grid.
    """
    priors = fit.priors
    y, x = data["y"].to_numpy()[rows], (data["x"] - data["x"].mean()).to_numpy()[rows]
    codes = pd.factorize(data["g"])[0][rows]
    X = np.column_stack([np.ones(len(rows)), x])
    scales = np.array([priors.intercept.scale, priors.coefs[0].scale])
    log_sigma, log_tau = np.linspace(-2.5, 3.5, size), np.linspace(-6, 4, size)
    s, t = (grid.ravel() for grid in np.meshgrid(log_sigma, log_tau, indexing="ij"))
    sigma2, tau2 = np.exp(2 * s)[:, None, None], np.exp(2 * t)[:, None, None]
    same = codes[:, None] == codes
    V = sigma2 * (np.eye(len(rows)) + tau2 * same) + (X * scales**2) @ X.T
    root = np.linalg.cholesky(V)
    z = np.linalg.solve(root, np.broadcast_to((y - priors.intercept.location)[:, None], (*V.shape[:2], 1)))
    value = -0.5 * (z[:, :, 0] ** 2).sum(axis=1) - np.log(np.einsum("saa->sa", root)).sum(axis=1)
    value -= 0.5 * len(rows) * np.log(2 * np.pi)
    rate = 1 / priors.aux.scale
    prior = np.log(rate) - rate * np.exp(s) + s - np.exp(t) + t  # exponential densities, on log scales
    step = np.log((log_sigma[1] - log_sigma[0]) * (log_tau[1] - log_tau[0]))
    return logsumexp(value + prior) + step


def binomial_evidence(successes, trials, size=60, nodes=40):
    """Compute log p(successes by group) under ``cbind(…) ~ (1 | g)``: N(0, 2.5) intercept, tau ~ Exp(1)."""
    intercept, log_tau = np.linspace(-8, 8, size), np.linspace(-6, 3.5, size)
    b, t = (grid.ravel() for grid in np.meshgrid(intercept, log_tau, indexing="ij"))
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    eta = b[:, None] + np.exp(t)[:, None] * at
    value = -0.5 * (b / 2.5) ** 2 - np.log(2.5) - 0.5 * np.log(2 * np.pi) - np.exp(t) + t
    for y, n in zip(successes, trials, strict=True):
        loglik = y * eta - n * np.logaddexp(0, eta)
        constant = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
        value = value + logsumexp(loglik, b=weight / np.sqrt(2 * np.pi), axis=1) + constant
    return logsumexp(value) + np.log((intercept[1] - intercept[0]) * (log_tau[1] - log_tau[0]))
