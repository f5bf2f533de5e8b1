"""How likely the outcomes of a new group are, all together, with the group's effects integrated out."""

from dataclasses import replace

import numpy as np

from mlmkit.bayes.drawn_solution import nudged
from mlmkit.bayes.left_out import CELLS, LOG_2PI
from mlmkit.bayes.rowwise import linear_predictors

POINTS = 25  # of the sum that stands for an integral without closed form, for each draw
DF = 7  # degrees of freedom of the distribution that they come from


def new_group_density(fit, draws, rows, new, rng):
    """Compute log p(outcomes of some rows | theta), the new groups' effects integrated out, for every draw.

    Parameters
    ----------
    fit : BayesianFit
        For its data and family.
    draws : PosteriorDraws
        Fixed effects, covariances, sigma, and the effects of groups that are known.
    rows : ndarray of int, shape (r,)
        The rows whose outcomes are taken together.
    new : list of ndarray of bool, each (J,)
        For each grouping factor, which of its groups are new.
    rng : Generator
        For families without closed form.

    Returns
    -------
    ndarray, shape (S,)
        Gaussian models: exact. Others: by importance sampling around the effects' mode for each draw, with
        `POINTS` points.
    """
    design = fit.design
    known = [np.where(mask[None, :, None], 0.0, e) for mask, e in zip(new, draws.effects, strict=True)]
    eta = linear_predictors(design, replace(draws, effects=known), rows)
    Z, root = _new_effects(design, draws, rows, new)
    if fit.solution.model.family.has_sigma:
        return _gaussian(design, draws, rows, eta, Z, root)
    size = max(1, CELLS // (len(rows) * (1 + Z.shape[1])))
    blocks = [slice(start, start + size) for start in range(0, draws.size, size)]
    return np.concatenate(
        [_sampled(fit, draws.pick(some).sizes, rows, eta[:, some].T, Z @ root[some], rng) for some in blocks]
    )


def _new_effects(design, draws, rows, new):
    """Return the new effects' columns, shape (r, m), and Cholesky roots of their covariances, (S, m, m)."""
    columns, roots = [], []
    for factor, mask, matrix in zip(design.factors, new, draws.covariance, strict=True):
        root = np.linalg.cholesky(nudged(matrix))
        for level in np.unique(factor.codes[rows]):
            if mask[level]:
                here = factor.codes[rows] == level
                columns += [np.broadcast_to(array, design.n)[rows] * here for array in factor.arrays]
                roots.append(root)
    whole, place = np.zeros((draws.size, len(columns), len(columns))), 0
    for root in roots:
        where = slice(place, place := place + root.shape[1])
        whole[:, where, where] = root
    return np.array(columns).reshape(len(columns), len(rows)).T, whole


def _gaussian(design, draws, rows, eta, Z, root):
    """Log N(y; eta, Z root root' Z' + noise), with matrices of the new effects' size only."""
    weight = np.ones(len(rows)) if design.weights is None else design.weights[rows]
    rest = np.sqrt(weight)[:, None] * (design.y[rows, None] - eta) / draws.sigma
    Z = np.sqrt(weight)[:, None] * Z
    root = root / draws.sigma[:, None, None]
    inner = np.eye(Z.shape[1]) + root.transpose(0, 2, 1) @ (Z.T @ Z) @ root
    right = np.einsum("sab,as->sb", root, Z.T @ rest)
    explained = np.einsum("sb,sb->s", right, np.linalg.solve(inner, right[:, :, None])[:, :, 0])
    log_det = np.linalg.slogdet(inner)[1]
    constant = len(rows) * (LOG_2PI + 2 * np.log(draws.sigma)) - np.log(weight).sum()
    return -0.5 * (constant + log_det + np.einsum("rs,rs->s", rest, rest) - explained)


def _sampled(fit, sizes, rows, eta, columns, rng):
    """Integrate over standardised effects: their mode, a t distribution around it, importance weights."""
    from scipy.special import gammaln

    design, family = fit.design, fit.solution.family.glmers(None if sizes is None else sizes[:, None])
    trials = np.ones(len(rows)) if design.trials is None else design.trials[rows]
    known = family.known(design.y[rows], trials)
    constant = family.saturated(design.y[rows], trials).sum(axis=-1)
    draws, m = columns.shape[0], columns.shape[2]

    def log_joint(u):
        loglik = family.moments(eta + np.einsum("sra,sa->sr", columns, u), known).loglik
        return loglik.sum(axis=1) - 0.5 * (u**2).sum(axis=1) - 0.5 * m * LOG_2PI

    u, value = np.zeros((draws, m)), log_joint(np.zeros((draws, m)))
    for _ in range(50):
        at = family.moments(eta + np.einsum("sra,sa->sr", columns, u), known)
        slope = np.einsum("sra,sr->sa", columns, at.rest) - u
        curvature = np.eye(m) + np.einsum("sra,sr,srb->sab", columns, at.curvature, columns, optimize=True)
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        for _ in range(20):  # shorter steps where a whole one leads down
            found = log_joint(u + step)
            worse = ~(found >= value - 1e-9)
            if not worse.any():
                break
            step[worse] /= 2
        step[worse] = 0.0
        u, value = u + step, np.where(worse, value, found)
        if np.abs(step).max(initial=0.0) < 1e-4:
            break
    root = np.linalg.inv(np.linalg.cholesky(curvature)).transpose(0, 2, 1)
    half_log_det = np.log(np.einsum("saa->sa", root)).sum(axis=1)
    peak = gammaln((DF + m) / 2) - gammaln(DF / 2) - 0.5 * m * np.log(DF * np.pi) - half_log_det
    log_weights = np.empty((POINTS, draws))
    for point in range(POINTS):
        z = rng.standard_normal((draws, m)) / np.sqrt(rng.chisquare(DF, (draws, 1)) / DF)
        log_t = peak - 0.5 * (DF + m) * np.log1p((z**2).sum(axis=1) / DF)
        log_weights[point] = log_joint(u + np.einsum("sab,sb->sa", root, z)) - log_t
    top = log_weights.max(axis=0)
    return np.log(np.exp(log_weights - top).mean(axis=0)) + top + constant
