"""Draws of the covariance parameters: `sim` with ``theta="drawn"``.

Flat priors on the fixed effects and on log sigma integrate out of a linear mixed model exactly. What is left
is the density of theta, proportional to exp(-d / 2), d the profiled REML criterion, times the prior. The
prior here is flat in the entries of sigma Lambda: for a single term such as (1 | g), in its standard
deviation, as Gelman (2006) advises. Each entry of theta takes one degree of freedom from d and from sigma. A
generalised model has its deviance in place of d, over theta and fixed effects together.

The draws are made by importance resampling (Gelman et al. 2013, section 10.4): candidates from a multivariate
t distribution about the estimate, a second time about what the first ones taught, and a choice among these
with weights density over proposal. With few groups the density is skewed and has long tails, which a normal
distribution would miss. Changing the sign of a column of Lambda changes nothing, so of each pair of mirror
images only the one with a positive diagonal counts.
"""

import numpy as np

from mlmkit.engine.theta import pattern, split_theta

TAILS = 3  # degrees of freedom of the candidates' t distribution
CANDIDATES, LEAST = 2, 1000  # candidates for each draw, and altogether
ENOUGH = 50  # candidates that would be as good if their weights were equal; fewer, and the draws say nothing
TOO_FEW = (
    'theta="drawn" needs more groups: these data leave the variances between groups wide open. Let fewer '
    'terms vary, leave theta="held", or state a prior (stan_lmer, stan_glmer).'
)
BLOCK = 200_000  # groups times thetas at once


def draw_theta(found, problem, n_sims, rng):
    """Draw the parameters of a deviance from the density proportional to exp(-deviance / 2).

    Parameters
    ----------
    found : LinearSolution or GeneralizedSolution
        The fit: where to look.
    problem : OneFactor, Crossed, Laplace or Quadrature
        The deviance; for a linear model the REML criterion, with its degrees of freedom.
    n_sims : int
        Number of draws.
    rng : Generator
        Source of randomness.

    Returns
    -------
    theta : ndarray, shape (K, k)
        The distinct draws.
    counts : ndarray of int, shape (K,)
        How often each was drawn; they sum to `n_sims`.

    Raises
    ------
    ValueError
        If the data say so little about the covariances that the density can't be drawn from.
    """
    if any(len(factor.levels) < term.size + 2 for factor in found.design.factors for term in factor.terms):
        raise ValueError(TOO_FEW)  # the density's tail has no finite area
    centre, axes = found.optimum.theta, _axes(problem, found.optimum)
    candidates, weights = _candidates(found, problem, centre, axes, LEAST, rng)
    spread = np.cov(candidates.T, aweights=weights, ddof=0).reshape(len(centre), -1)
    if _effective(weights) > 3 * len(centre):  # enough to learn the place and the shape from
        centre, axes = weights @ candidates, np.linalg.cholesky(spread)
    size = max(CANDIDATES * n_sims, LEAST)
    candidates, weights = _candidates(found, problem, centre, axes, size, rng)
    if not _effective(weights) > ENOUGH:
        raise ValueError(TOO_FEW)
    counts = rng.multinomial(n_sims, weights)
    return candidates[counts > 0], counts[counts > 0]


def _candidates(found, problem, centre, axes, size, rng):
    """Propose values of theta; return them and their weights, which sum to one."""
    k = len(centre)
    tails = np.sqrt(rng.chisquare(TAILS, size) / TAILS)
    standard = rng.standard_normal((size, k)) / tails[:, None]
    candidates = centre + standard @ axes.T
    diagonal = np.concatenate([np.equal(*pattern(factor.terms)) for factor in found.design.factors])
    ours = (candidates[:, : len(diagonal)][:, diagonal] >= 0).all(axis=1)
    candidates, standard = candidates[ours], standard[ours]
    proposal = -(TAILS + k) / 2 * np.log1p((standard**2).sum(axis=1) / TAILS)
    log_weights = -deviances(problem, candidates) / 2 - proposal
    weights = np.exp(log_weights - log_weights.max())
    return candidates, weights / weights.sum()


def _effective(weights):
    """How many draws with equal weights would be as good (Kish)."""
    return 1 / np.sum(weights**2)


def deviances(problem, thetas):
    """Compute the deviance at several places (K, k); infinite where it isn't defined."""
    if not hasattr(problem, "values"):
        found = np.array([problem(theta)[0] for theta in thetas])
    else:
        size = max(1, BLOCK // problem.groups)
        found = np.concatenate([problem.values(thetas[i : i + size]) for i in range(0, len(thetas), size)])
    return np.where(np.isfinite(found), found, np.inf)


def _axes(problem, optimum):
    """Choose directions, and in each how far the deviance takes to rise by one: one standard error.

    Where the deviance is a parabola this is the curvature's answer. On the longer side of a skewed deviance,
    and where a variance of zero leaves no curvature, it is the better one.

    Returns
    -------
    ndarray, shape (k, k)
        A column a direction.
    """
    theta = optimum.theta
    units = np.maximum(np.abs(theta), 0.1 * max(np.abs(theta).max(), 1e-2))
    curvature, vectors = np.linalg.eigh(optimum.hessian * np.outer(units, units))
    steep = np.maximum(curvature, 1e-4 * max(curvature.max(), 1e-4))
    axes = units[:, None] * vectors * np.sqrt(2 / steep)
    start = deviances(problem, theta[None])[0]
    lengths = [max(_reach(problem, theta, sign * axis, start) for sign in (-1, 1)) for axis in axes.T]
    return axes * lengths


def _reach(problem, theta, axis, start):
    """Find roughly how many lengths of an axis the deviance takes to rise by one."""

    def rise(length):
        return deviances(problem, (theta + length * axis)[None])[0] - start

    length = 1.0
    while rise(length) < 1 and length < 1e3:
        length *= 1.4
    while rise(length) > 1.5 and length > 1e-3:
        length /= 1.2
    return length


def in_random_order(found, draws, thetas, counts, rng):
    """Put draws, made theta by theta, together in an order that says nothing.

    Parameters
    ----------
    found : LinearSolution or GeneralizedSolution
        The fit.
    draws : list of (beta, effects by factor, scale or None)
        At each theta.
    thetas, counts : ndarray
        From `draw_theta`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    beta, effects, scale
        As `draw_parameters` returns them.
    roots : list of ndarray, each (S, q, q)
        For each draw and grouping factor, Lambda for the data's own columns.
    """
    order = rng.permutation(counts.sum())
    beta, effects, scale = zip(*draws, strict=True)
    effects = [np.concatenate(some)[order] for some in zip(*effects, strict=True)]
    at = np.repeat(np.arange(len(thetas)), counts)[order]
    inner = [split_theta(theta, found.design.factors) for theta in thetas]
    roots = [
        np.array([back @ lams[place] for lams in inner])[at] for place, back in enumerate(found.scaled.z_maps)
    ]
    scale = None if scale[0] is None else np.concatenate(scale)[order]
    return np.concatenate(beta)[order], effects, scale, roots
