"""Where the search for a generalised mixed model begins: near the optimum, after few passes over the rows."""

import numpy as np

from mlmkit.engine.families import Poisson
from mlmkit.engine.row_passes import look

SCORING = 2  # steps of the regression without groups
ROUNDS = 6  # of what comes after it; later ones would gain less than the search itself
SPREAD = 0.7  # of a group effect, in units of the link, before anything is known
STRIDE = 3.0  # the longest step of a coefficient or an effect
ROOTS = (0.1, 2.0)  # between these size^(-1/2) begins


def first_guess(problem, terms):
    """Guess theta, the fixed effects, and the size of negative binomial counts.

    A regression without groups by scoring (McCullagh and Nelder 1989, section 2.5); then steps of fixed and
    group effects together on the penalised likelihood (Breslow and Clayton 1993), with variances from the
    effects' squares and their degrees of freedom in between (Schall 1991, Biometrika 78, 719-727).

    Parameters
    ----------
    problem : Laplace or Quadrature
        The deviance.
    terms : list of list of Term
        For each grouping factor.

    Returns
    -------
    ndarray
        What `problem` is called with.
    """
    family, X = Poisson if problem.family.extra else problem.family, problem.X
    theta = np.concatenate([(rows == columns) * SPREAD for rows, columns in problem.patterns])
    u, beta = np.zeros(problem.blocks.size), _regression(family, problem)
    for _ in range(ROUNDS):
        lams = problem.lambdas(theta)
        fixed = problem.offset + beta @ X
        moments, _, sums = look(problem, family, lams, fixed, u)
        if sums is None:
            system = problem.blocks.factorise(lams, moments.weight)
        else:
            system = problem.blocks.system(lams, sums[1])
        by_u, by_beta = _penalised_step(problem, lams, u, moments, system)
        if not np.isfinite(by_u).all():
            break
        u, beta = u + np.clip(by_u, -STRIDE, STRIDE), beta + np.clip(by_beta, -STRIDE, STRIDE)
        theta, u = _variances(problem, lams, u, system, terms)
    if np.isfinite(u).all():
        problem.first = u
    if not problem.family.extra:
        return np.concatenate([theta, beta])
    mean = problem.y - moments.rest
    more = float(np.sum(moments.rest**2 - mean) / np.sum(mean**2))
    return np.concatenate([theta, beta, [np.clip(np.sqrt(max(more, 0.0)), *ROOTS)]])


def _regression(family, problem):
    """Fit the regression without random effects, nearly; return its coefficients."""
    X, eta = problem.X, family.first_eta(problem.y, problem.trials)
    beta = np.zeros(len(X))
    for _ in range(SCORING):
        moments = family.moments(eta, problem.known, problem.space[:4])
        weighted = X * moments.weight
        beta = _solve(weighted @ X.T, weighted @ (eta - problem.offset) + X @ moments.rest)
        eta = problem.offset + beta @ X
    return beta


def _penalised_step(problem, lams, u, moments, system):
    """Return Newton's step of group and fixed effects together; variances are held."""
    blocks, X = problem.blocks, problem.X
    weighted = X * moments.weight
    own = blocks.solve(system, blocks.left(lams, blocks.scores(moments.rest), True) - u)
    shared = np.array([blocks.left(lams, blocks.scores(x), True) for x in weighted])
    shared = shared.reshape(len(X), blocks.size)
    follow = np.array([blocks.solve(system, part) for part in shared]).reshape(len(X), blocks.size)
    step = _solve(weighted @ X.T - shared @ follow.T, X @ moments.rest - shared @ own)
    return own - step @ follow, step


def _variances(problem, lams, u, system, terms):
    """Return the theta that effects of this size suggest, and u in its units."""
    blocks, theta, change = problem.blocks, [], []
    pieces = zip(
        lams, blocks.outer(u, u), blocks.straight(lams, system), terms, problem.patterns, strict=True
    )
    for lam, squares, straight, some, (rows, columns) in pieces:
        freedom, new = lam.T @ straight, np.zeros_like(lam)
        for term in some:
            where = slice(term.first, term.first + term.size)
            values, vectors = np.linalg.eigh(freedom[where, where] + freedom[where, where].T)
            root = lam[where, where] @ (vectors / np.sqrt(np.maximum(values / 2, 0.1))) @ vectors.T
            values, vectors = np.linalg.eigh(root @ squares[where, where] @ root.T)
            values = np.clip(values, 0.02 * max(values.max(), 1e-2), 1e3)
            new[where, where] = np.linalg.cholesky((vectors * values) @ vectors.T)
        theta.append(new[rows, columns])
        change.append(np.linalg.solve(new, lam))
    return np.concatenate(theta), blocks.left(change, u)


def _solve(matrix, right):
    """Solve a system that may be near to singular."""
    return np.linalg.solve(matrix + 1e-9 * np.diag(np.diagonal(matrix) + 1e-300), right)
