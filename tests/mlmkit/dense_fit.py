"""Slow and plain fits, written from the definition: what the fast ones must not be worse than.

Nothing is shared with mlmkit: full matrices, numerical gradients, many starts.
"""

import numpy as np
from scipy.optimize import minimize


def dense_columns(groups, columns):
    """Build Z for one term, shape (n, groups * columns)."""
    codes = np.unique(groups, return_inverse=True)[1]
    J = codes.max() + 1
    return np.hstack([np.eye(J)[codes] * column[:, None] for column in columns])


def covariance(theta, sizes, Zs):
    """Sum Z (S kron I) Z' over terms, S = L L', L lower-triangular with the entries of theta."""
    total, used = 0.0, 0
    for q, Z in zip(sizes, Zs, strict=True):
        L = np.zeros((q, q))
        count = q * (q + 1) // 2
        L[np.tril_indices(q)] = theta[used : used + count]
        used += count
        J = Z.shape[1] // q
        total = total + Z @ np.kron(L @ L.T, np.eye(J)) @ Z.T
    return total


def criterion(theta, X, y, sizes, Zs, reml):
    """Minus twice the (restricted) log-likelihood of a linear mixed model, beta and sigma at their best."""
    n, p = X.shape
    V = np.eye(n) + covariance(theta, sizes, Zs)
    solved = np.linalg.solve(V, np.column_stack([X, y]))
    cross = X.T @ solved[:, :p]
    beta = np.linalg.solve(cross, X.T @ solved[:, p])
    rss = (y - X @ beta) @ (solved[:, p] - solved[:, :p] @ beta)
    df = n - p if reml else n
    value = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * rss / df))
    return value + np.linalg.slogdet(cross)[1] if reml else value


def best_criterion(X, y, sizes, Zs, reml, rng, starts=4):
    """Search from many places."""
    count = sum(q * (q + 1) // 2 for q in sizes)
    found = []
    for k in range(starts):
        start = rng.normal(size=count) * [0.05, 0.5, 1.0, 3.0][k % 4]
        found.append(minimize(criterion, start, args=(X, y, sizes, Zs, reml), method="BFGS").fun)
    return min(found)


def laplace(parameters, X, y, sizes, Zs, loglik):
    """Minus twice the Laplace-approximated log-likelihood; see `bernoulli` for ``loglik``."""
    count = sum(q * (q + 1) // 2 for q in sizes)
    theta, beta = parameters[:count], parameters[count:]
    blocks, used = [], 0
    for q, Z in zip(sizes, Zs, strict=True):
        L = np.zeros((q, q))
        L[np.tril_indices(q)] = theta[used : used + q * (q + 1) // 2]
        used += q * (q + 1) // 2
        blocks.append(Z @ np.kron(L, np.eye(Z.shape[1] // q)))
    A, u = np.hstack(blocks), None
    u = np.zeros(A.shape[1])
    for _ in range(60):
        value, slope, curvature = loglik(X @ beta + A @ u, y)
        H = A.T @ (curvature[:, None] * A) + np.eye(len(u))
        step = np.linalg.solve(H, A.T @ slope - u)
        before, size = value.sum() - u @ u / 2, 1.0
        while size > 1e-6:
            trial = u + size * step
            if loglik(X @ beta + A @ trial, y)[0].sum() - trial @ trial / 2 >= before - 1e-12:
                break
            size /= 2
        u = u + size * step
        if np.abs(step).max() < 1e-9:
            break
    value, _, curvature = loglik(X @ beta + A @ u, y)
    H = A.T @ (curvature[:, None] * A) + np.eye(len(u))
    return -2 * value.sum() + u @ u + np.linalg.slogdet(H)[1]


def bernoulli(eta, y):
    """Log-likelihood, slope and curvature of zeros and ones by row."""
    p = 1 / (1 + np.exp(-np.clip(eta, -500, 500)))
    return y * eta - np.logaddexp(0, eta), y - p, p * (1 - p)


def poisson(eta, y):
    """Log-likelihood (without log y!), slope and curvature of counts by row."""
    mean = np.exp(np.minimum(eta, 50))
    return y * eta - mean, y - mean, mean
