"""Where the search for a generalised mixed model begins: near the optimum, with few passes over the rows."""

import numpy as np

from mlmkit.engine.families import Poisson

ROUNDS = 3  # of what comes after the regression; later ones gain less than the search itself
SPREAD = 0.7  # of a group effect, in units of the link, before anything is known
ROOTS = (0.1, 2.0)  # between these size^(-1/2) begins


def first_guess(problem, terms):
    """Guess theta, the fixed effects, and the size of negative binomial counts.

    A regression without groups by iterated weighted least squares (McCullagh and Nelder 1989, section 2.5);
    then, a few times, the groups' modes, a Newton step of the fixed effects on the penalised likelihood, and
    one step of the EM algorithm for the covariances (Breslow and Clayton 1993).

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
    family = Poisson if problem.family.extra else problem.family
    theta = np.concatenate([(rows == columns) * SPREAD for rows, columns in problem.patterns])
    beta = regression(family, problem)
    for _ in range(ROUNDS):
        mode = problem.mode(family, problem.lambdas(theta), problem.offset + beta @ problem.X)
        score, information = problem.X @ mode.moments.rest, problem.fixed_information(mode)
        step = _solve(information, score)
        if not np.isfinite(step).all():
            break
        beta = beta + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        theta = _spread_of_modes(problem, mode, terms)
    if not problem.family.extra:
        return np.concatenate([theta, beta])
    mean, y = problem.y - mode.moments.rest, problem.y
    more = float(np.sum((y - mean) ** 2 - mean) / np.sum(mean**2))
    return np.concatenate([theta, beta, [np.clip(np.sqrt(max(more, 0.0)), *ROOTS)]])


def regression(family, problem, steps=8):
    """Fit the regression without random effects, nearly.

    Parameters
    ----------
    family : Binomial or Poisson
        Outcome distribution.
    problem : Laplace or Quadrature
        Rows and columns.
    steps : int
        Scoring steps at most: where the outcomes are separated there is no end.

    Returns
    -------
    ndarray, shape (p,)
        Coefficients.
    """
    X, offset = problem.X, problem.offset
    eta, best, beta = family.first_eta(problem.y, problem.trials), -np.inf, np.zeros(len(X))
    for _ in range(steps):
        moments = family.moments(eta, problem.known)
        weighted = X * moments.weight
        found = _solve(weighted @ X.T, weighted @ (eta - offset) + X @ moments.rest)
        eta = offset + found @ X
        loglik = family.moments(eta, problem.known).loglik.sum()
        if not loglik > best + 0.5:
            break
        best, beta = loglik, found
    return beta


def _spread_of_modes(problem, mode, terms):
    """Return theta from one EM step: the modes' mean square, plus their mean conditional variance."""
    blocks, lams = problem.blocks, mode.lams
    modes = blocks.split(blocks.left(lams, mode.u))
    found = []
    for effects, variances, some, (rows, columns) in zip(
        modes, blocks.variances(lams, mode.system), terms, problem.patterns, strict=True
    ):
        whole = (effects.T @ effects + variances.sum(axis=0)) / len(effects)
        lam = np.zeros_like(whole)
        for term in some:
            where = slice(term.first, term.first + term.size)
            values, vectors = np.linalg.eigh(whole[where, where])
            values = np.maximum(values, 0.02 * max(values.max(), 1e-2))
            lam[where, where] = np.linalg.cholesky((vectors * values) @ vectors.T)
        found.append(lam[rows, columns])
    return np.concatenate(found)


def _solve(matrix, right):
    """Solve a system that may be near to singular."""
    return np.linalg.solve(matrix + 1e-9 * np.diag(np.diagonal(matrix) + 1e-300), right)
