"""Sums over the rows that the exact sampler needs: read once, so the number of rows plays no part after."""

from dataclasses import dataclass

import numpy as np

from mlmkit.engine.crossed import group_columns
from mlmkit.engine.onefactor import group_sums

DENSE = 0.1  # share of entries that aren't zero from which on a plain matrix is faster than a sparse one


@dataclass
class Products:
    """Products of the scaled columns, for one factor that is eliminated and all the rest.

    The rest R are the effects of the other factors, group by group (``K`` columns), then the fixed effects
    (``p`` columns), then the outcome.

    Attributes
    ----------
    A : ndarray, shape (q, q, J)
        Z_j'Z_j of the eliminated factor; J = 0 in a model without groups.
    B : list of ndarray or csr_array, each (J, R)
        Z_j'R, for each of its q columns.
    total : ndarray, shape (R, R)
        R'R.
    """

    A: np.ndarray
    B: list
    total: np.ndarray


def products(scaled, factors, eliminated):
    """Read the rows.

    Parameters
    ----------
    scaled : Scaled
        The columns.
    factors : list of Factor
        All grouping factors.
    eliminated : int or None
        Place of the factor that is eliminated; None in a model without groups.

    Returns
    -------
    Products
    """
    last = [*scaled.x, len(scaled.arrays) - 1]
    if eliminated is None:
        W = scaled.matrix()[last]
        return Products(np.zeros((0, 0, 0)), [], W @ W.T)
    own, z = factors[eliminated], scaled.z[eliminated]
    by_group, both = group_sums(scaled, own.codes, z, len(own.levels))
    A = np.ascontiguousarray(by_group[:, :, z].transpose(1, 2, 0))
    B, total = [by_group[:, k, last] for k in range(len(z))], both[np.ix_(last, last)]
    others = [place for place in range(len(factors)) if place != eliminated]
    if not others:
        return Products(A, B, total)
    from scipy.sparse import csr_array, hstack

    W = scaled.matrix()
    rest = [group_columns(W[scaled.z[i]], factors[i].codes, len(factors[i].levels)) for i in others]
    effects = csr_array(hstack(rest))
    mine = [group_columns(W[[column]], own.codes, len(own.levels)) for column in z]
    B = [_beside(one.T @ effects, dense) for one, dense in zip(mine, B, strict=True)]
    cross = effects.T @ W[last].T
    total = np.block([[(effects.T @ effects).toarray(), cross], [cross.T, total]])
    return Products(A, B, total)


def _beside(sparse, dense):
    from scipy.sparse import csr_array, hstack

    if sparse.nnz > DENSE * np.prod(sparse.shape):
        return np.hstack([sparse.toarray(), dense])
    return csr_array(hstack([sparse, csr_array(dense)]))


def pair_products(first, second):
    """Multiply, in every group, each column of one matrix by each of another, both ways, added up.

    Parameters
    ----------
    first, second : ndarray or csr_array, shape (J, R)

    Returns
    -------
    ndarray or csr_array, shape (J, R (R + 1) / 2)
        Row j is the upper triangle, row by row, of ``b1 b2' + b2 b1'``; of ``b b'`` for the same matrix.
    """
    size = first.shape[1]
    i, j = np.triu_indices(size)
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        found = first[:, i] * second[:, j]
        return found if first is second else found + second[:, i] * first[:, j]
    return _sparse_pairs(first, second, size)


def _sparse_pairs(first, second, size):
    from scipy.sparse import csr_array

    start = np.cumsum([0, *range(size, 0, -1)])  # where row i of an upper triangle begins
    rows, places, values = [], [], []
    for group, (one, other) in enumerate(zip(first, second, strict=True)):
        here = np.union1d(one.nonzero()[-1], other.nonzero()[-1])
        a, b = one.toarray().ravel()[here], other.toarray().ravel()[here]
        i, j = np.triu_indices(len(here))
        found = a[i] * b[j] if first is second else a[i] * b[j] + b[i] * a[j]
        rows.append(np.full(len(i), group))
        places.append(start[here[i]] + here[j] - here[i])
        values.append(found)
    where = (np.concatenate(rows), np.concatenate(places))
    return csr_array((np.concatenate(values), where), (first.shape[0], size * (size + 1) // 2))
