"""Draws from the prior: what the model believes before it has seen an outcome."""

import numpy as np

from mlmkit.bayes.draws import PosteriorDraws
from mlmkit.bayes.priors import Decov, lkj_strengths
from mlmkit.frame.columns import INTERCEPT


def draw_from_prior(model, draws, seed=None):
    """Draw all parameters and group effects from their priors.

    Parameters
    ----------
    model : BayesModel
        The model.
    draws : int
        How many.
    seed : int or Generator, optional
        Makes the draws repeatable.

    Returns
    -------
    PosteriorDraws
        With ``method="prior"``; in the data's units.

    Raises
    ------
    ValueError
        If a prior is flat: nothing can be drawn from it.
    """
    rng, priors = np.random.default_rng(seed), model.priors
    listed = {"prior": priors.coefs, "prior_intercept": (priors.intercept,), "prior_aux": (priors.aux,)}
    flat = [name for name, some in listed.items() if any(p is not None and p.family == "flat" for p in some)]
    if flat:
        raise ValueError(
            f"{', '.join(flat)} is flat, and nothing can be drawn from a flat prior. Give it a distribution, "
            "such as normal(0, 2.5)."
        )
    beta = np.empty((draws, len(model.design.fixed.names)))
    centre = _draw(priors.intercept, draws, rng) if priors.intercept else 0.0
    place = {name: k for k, name in enumerate(model.design.fixed.names)}
    for name, prior, mean in zip(model.slopes, priors.coefs, model.predictor_means, strict=True):
        beta[:, place[name]] = _draw(prior, draws, rng)
        centre = centre - mean * beta[:, place[name]]
    if model.has_intercept:
        beta[:, place[INTERCEPT]] = centre
    aux = _positive_draw(priors.aux, draws, rng) if priors.aux else None
    sigma, sizes = (None, aux) if model.family.has_size else (aux, None)
    if model.sigma_known:
        sigma = np.ones(draws)
    effects, covariances = [], []
    for factor in model.design.factors:
        matrix = np.zeros((draws, len(factor.names), len(factor.names)))
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            matrix[:, where, where] = _between(term.size, priors.covariance, sigma, draws, rng)
        roots = np.linalg.cholesky(matrix + 1e-300 * np.eye(len(factor.names)))
        standard = rng.standard_normal((draws, len(factor.levels), len(factor.names)))
        effects.append(np.einsum("sab,sjb->sja", roots, standard))
        covariances.append(matrix)
    return PosteriorDraws("prior", 1, beta, effects, sigma, covariances, sizes=sizes)


def _draw(prior, draws, rng):
    if prior.family == "exponential":
        return rng.exponential(prior.scale, draws)
    standard = rng.standard_normal(draws) if prior.family == "normal" else rng.standard_t(prior.df, draws)
    return prior.location + prior.scale * standard


def _positive_draw(prior, draws, rng):
    """Draw from the part of a prior above zero."""
    values = _draw(prior, draws, rng)
    for _ in range(1_000):
        negative = values <= 0
        if not negative.any():
            return values
        values[negative] = _draw(prior, int(negative.sum()), rng)
    raise ValueError(
        f"{prior} has hardly any probability above zero, so it is no prior for a standard deviation."
    )


def _between(q, prior, sigma, draws, rng):
    """Draw covariance matrices between groups, shape (S, q, q)."""
    if isinstance(prior, Decov):
        tau = rng.gamma(prior.shape, prior.scale, draws) * (1.0 if sigma is None else sigma)
        shares = rng.dirichlet(np.full(q, prior.concentration), draws) if q > 1 else np.ones((draws, 1))
        sd = np.sqrt(q * shares) * tau[:, None]
    else:
        sd = _positive_draw(prior.prior, draws * q, rng).reshape(draws, q)
    return _correlations(q, prior.regularization, draws, rng) * sd[:, :, None] * sd[:, None, :]


def _correlations(q, eta, draws, rng):
    """Draw correlation matrices from the LKJ distribution by partial correlations (C-vine).

    D. Lewandowski, D. Kurowicka and H. Joe (2009), "Generating random correlation matrices based on vines and
    extended onion method", Journal of Multivariate Analysis 100(9), section 2.4. In the Cholesky factor a
    partial correlation is the share of a row's remaining length that goes to the next column.
    """
    root, strengths = np.zeros((draws, q, q)), lkj_strengths(eta, q)
    for row in range(q):
        left = np.ones(draws)
        for column in range(row):
            shape = strengths[row * (row - 1) // 2 + column]
            partial = 2 * rng.beta(shape, shape, draws) - 1
            root[:, row, column] = partial * left
            left = left * np.sqrt(1 - partial**2)
        root[:, row, row] = left
    return root @ root.transpose(0, 2, 1)
