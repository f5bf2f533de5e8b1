"""Between theta, the vector that is optimised, and Lambda, the matrix that it fills.

As in lme4, theta holds the lower triangle of each term's relative covariance factor, column by
column, term after term.
"""

from functools import lru_cache

import numpy as np


def pattern(terms):
    """Find Lambda's free entries for the terms of one grouping factor.

    Parameters
    ----------
    terms : list of Term
        With ``first`` and ``size``.

    Returns
    -------
    rows, columns : ndarray of int
        In the order of theta.
    """
    return _pattern(tuple((term.first, term.size) for term in terms))


@lru_cache(maxsize=256)
def _pattern(places):
    rows, columns = [], []
    for first, size in places:
        for column in range(first, first + size):
            for row in range(column, first + size):
                rows.append(row)
                columns.append(column)
    return np.array(rows), np.array(columns)


def lower_triangle(factor):
    """Turn any F with F F' = S into the lower-triangular one with a diagonal that isn't negative.

    Parameters
    ----------
    factor : ndarray, shape (q, q)
        Any factor of a covariance matrix S, of full rank or not.

    Returns
    -------
    ndarray, shape (q, q)
        Lower triangular. Where S is singular, a zero on the diagonal has zeros below it.
    """
    lower = np.linalg.qr(factor.T, mode="r").T
    lower = lower * np.where(np.diagonal(lower) < 0, -1.0, 1.0)
    sizes = np.linalg.norm(lower, axis=1)
    if (np.diagonal(lower) > 1e-9 * sizes).all() or not sizes.any():
        return lower
    units = np.where(sizes > 0, sizes, 1.0)
    relative = lower / units[:, None]
    return _semidefinite_root(relative @ relative.T) * units[:, None]


def _semidefinite_root(matrix):
    """Cholesky factor of a matrix that may be singular: a pivot of zero gives a column of zeros."""
    rest, root = matrix.copy(), np.zeros_like(matrix)
    tiny = 1e-15 * max(np.trace(matrix), 1e-300)
    for k in range(len(matrix)):
        if rest[k, k] > tiny:
            root[k:, k] = rest[k:, k] / np.sqrt(rest[k, k])
            rest[k:, k:] -= np.outer(root[k:, k], root[k:, k])
    return root


def canonical(theta, patterns, blocks):
    """Choose, of the thetas that mean the same covariances, the one that lme4 would report.

    Parameters
    ----------
    theta : ndarray
        Any theta.
    patterns : list of (rows, columns)
        One for each grouping factor.
    blocks : list of list of Term
        Its terms.

    Returns
    -------
    ndarray
        With non-negative diagonals.
    """
    diagonals = np.concatenate([rows == columns for rows, columns in patterns])
    if theta[diagonals].min() > 1e-6 * np.abs(theta).max():
        return theta  # lower triangles with positive diagonals already
    parts, used = [], 0
    for (rows, columns), terms in zip(patterns, blocks, strict=True):
        lam = np.zeros((max(rows) + 1,) * 2)
        lam[rows, columns] = theta[used : used + len(rows)]
        for term in terms:
            where = slice(term.first, term.first + term.size)
            lam[where, where] = lower_triangle(lam[where, where])
        parts.append(lam[rows, columns])
        used += len(rows)
    return np.concatenate(parts)


def split_theta(theta, factors):
    """Fill one Lambda for each grouping factor of a model, from the whole theta."""
    lambdas, used = [], 0
    for factor in factors:
        rows, columns = pattern(factor.terms)
        lam = np.zeros((len(factor.names),) * 2)
        lam[rows, columns] = theta[used : used + len(rows)]
        used += len(rows)
        lambdas.append(lam)
    return lambdas
