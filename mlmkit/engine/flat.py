"""Directions in which a deviance never changes: variances that the data can't tell apart.

Two grouping factors that form the same groups enter the model only by the sum of their variances. Then one
variance can grow at the other's cost, and nothing changes. The covariances Sigma between groups (relative to
the residual variance) enter the covariance of the outcome linearly, so such directions are straight lines in
Sigma, the same ones everywhere: along them the slope of the deviance is zero at every Sigma. So gradients are
taken at several places; a direction is flat if it is orthogonal to all of them.
"""

import numpy as np

from mlmkit.engine.optimize import hessian_by_differences

CURVED = 0.1  # second derivative, for a change of 100 %, from which a direction certainly isn't flat
SPREAD = 0.5  # relative standard deviation that is added to all, so that none is zero
FLAT = 1e-6  # slope, for a change of 100 %, that counts as none; relative to the largest one too
TINY = 1e-9  # relative variance that counts as none


def flat_directions(problem, optimum, patterns):
    """Find the changes of the relative covariances that leave the deviance as it is.

    Parameters
    ----------
    problem : callable
        ``problem(parameters) -> (deviance, gradient)``; theta stands first.
    optimum : Optimum
        Where the search ended.
    patterns : list of (rows, columns)
        Lambda's free entries, factor by factor.

    Returns
    -------
    ndarray, shape (d, K)
        A basis, in the entries of Lambda Lambda' (for scaled columns) at the places of theta; d = 0 where
        the data tell all variances and correlations apart.
    """
    K = sum(len(rows) for rows, _ in patterns)
    none = np.zeros((0, K))
    theta, rest = np.split(optimum.theta, [K])
    lams = filled(theta, patterns)
    turn = _turns(lams, patterns)
    hessian = optimum.hessian
    if optimum.rough:
        hessian = hessian_by_differences(problem, optimum.theta, optimum.gradient)
    curvature = turn.T @ hessian[:K, :K] @ turn
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] > CURVED:
        return none
    base = [np.linalg.cholesky(lam @ lam.T + SPREAD**2 * np.eye(len(lam))) for lam in lams]
    moves = _turns(base, patterns)
    change = _jacobian(base, patterns) @ moves  # of Sigma, by 100 %
    slopes = []
    for step in [np.zeros(K), *(0.5 * moves.T)]:
        place = entries(base, patterns) + step
        _, gradient = problem(np.concatenate([place, rest]))
        jacobian = _jacobian(filled(place, patterns), patterns)
        slopes.append(np.linalg.solve(jacobian.T, gradient[:K]) @ change)
    if not np.isfinite(slopes).all():
        return none
    _, sizes, directions = np.linalg.svd(np.array(slopes))
    return directions[sizes <= FLAT * max(1.0, sizes[0])] @ change.T


def filled(values, patterns):
    """Fill one lower-triangular matrix for each factor."""
    matrices, used = [], 0
    for rows, columns in patterns:
        matrix = np.zeros((max(rows) + 1,) * 2)
        matrix[rows, columns] = values[used : used + len(rows)]
        used += len(rows)
        matrices.append(matrix)
    return matrices


def entries(matrices, patterns):
    """Take the entries at the places of theta; the inverse of `filled`."""
    return np.concatenate([matrix[free] for matrix, free in zip(matrices, patterns, strict=True)])


def symmetric(values, patterns):
    """Fill one symmetric matrix for each factor."""
    return [lower + np.tril(lower, -1).T for lower in filled(values, patterns)]


def room(covariances, changes):
    """Find how far covariance matrices can move along a line and remain ones.

    Parameters
    ----------
    covariances, changes : list of ndarray, each (q, q)
        Where they are, and the direction.

    Returns
    -------
    least, most : float
        What the direction may be multiplied by; infinite where nothing bounds it.
    """
    least, most = -np.inf, np.inf
    for covariance, change in zip(covariances, changes, strict=True):
        root = np.linalg.cholesky(covariance + TINY * np.eye(len(covariance)))
        half = np.linalg.solve(root, change)
        speeds = np.linalg.eigvalsh(np.linalg.solve(root, half.T))
        if speeds[0] < -1e-9:
            most = min(most, -1 / speeds[0])
        if speeds[-1] > 1e-9:
            least = max(least, -1 / speeds[-1])
    return least, most


def _turns(lams, patterns):
    """List changes of theta that change Sigma by Lambda E Lambda', for each unit E; a column each."""
    columns = []
    for k, (rows, cols) in enumerate(patterns):
        for row, column in zip(rows, cols, strict=True):
            moved = [np.zeros_like(lam) for lam in lams]
            moved[k][:, column] = lams[k][:, row] * (0.5 if row == column else np.sqrt(0.5))
            columns.append(entries(moved, patterns))
    return np.array(columns).T


def _jacobian(lams, patterns):
    """Differentiate Sigma's entries by those of theta, shape (K, K)."""
    columns = []
    for k, (rows, cols) in enumerate(patterns):
        for row, column in zip(rows, cols, strict=True):
            moved = [np.zeros_like(lam) for lam in lams]
            moved[k][row] = lams[k][:, column]
            columns.append(entries([one + one.T for one in moved], patterns))
    return np.array(columns).T
