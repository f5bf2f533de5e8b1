"""numba kernels: sums over rows, and products of sparse matrices; ``kernels`` decides when they run."""

import numpy as np
from numba import njit


@njit(cache=True)
def add_group_sums(by_group, codes, block, places):
    """Add products of columns up by group; the twin is ``onefactor._add_group_sums``."""
    for i in range(codes.shape[0]):
        sums = by_group[codes[i]]
        for a in range(places.shape[0]):
            value = block[places[a], i]
            for j in range(block.shape[0]):
                sums[a, j] += value * block[j, i]


@njit(cache=True)
def nearly_dependent(total, places, share):
    """Tell whether earlier columns nearly explain a column; the twin is ``rank._nearly_dependent``."""
    rest = total[places][:, places]
    for k in range(places.shape[0]):
        if rest[k, k] <= share * total[places[k], places[k]]:
            return True
        for a in range(k + 1, places.shape[0]):
            for b in range(k + 1, places.shape[0]):
                rest[a, b] -= rest[a, k] * rest[k, b] / rest[k, k]
    return False


@njit(cache=True)
def cross_product(indptr, indices, data, P, size):
    """Compute A' P A for a sparse A and block-diagonal P; the twin is ``crossed._cross_product``."""
    result = np.zeros((size, size))
    q = P.shape[1]
    for j in range(P.shape[0]):
        for a in range(q):
            for b in range(q):
                weight = P[j, a, b]
                if weight == 0.0:
                    continue
                for s in range(indptr[j * q + a], indptr[j * q + a + 1]):
                    value = weight * data[s]
                    line = result[indices[s]]
                    for t in range(indptr[j * q + b], indptr[j * q + b + 1]):
                        line[indices[t]] += value * data[t]
    return result


@njit(cache=True)
def quadratic_forms(indptr, indices, data, N, groups, q):
    """Compute the diagonal blocks of A N A' for a sparse A; the twin is ``Crossed._quadratic``."""
    result = np.zeros((groups, q, q))
    for j in range(groups):
        for a in range(q):
            for b in range(a + 1):
                total = 0.0
                for s in range(indptr[j * q + a], indptr[j * q + a + 1]):
                    line = N[indices[s]]
                    part = 0.0
                    for t in range(indptr[j * q + b], indptr[j * q + b + 1]):
                        part += line[indices[t]] * data[t]
                    total += data[s] * part
                result[j, a, b] = total
                result[j, b, a] = total
    return result
