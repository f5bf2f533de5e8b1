"""numba kernels; ``_kernels`` decides when they run. Each repeats a NumPy function, loop by loop."""

import numpy as np
from numba import njit


@njit(cache=True)
def add_group_sums(by_group, codes, block, places):
    """Add Z_j' W_j of some rows; the twin is ``_onefactor._add_group_sums``."""
    k, rows = block.shape
    q = places.shape[0]
    for i in range(rows):
        target = by_group[codes[i]]
        for a in range(q):
            z = block[places[a], i]
            for b in range(k):
                target[a, b] += z * block[b, i]


@njit(cache=True)
def one_factor_pieces(lam, A, B):
    """Add up over groups for the deviance and its gradient; the twin is ``OneFactor._pieces``."""
    groups, q, m = B.shape
    explained = np.zeros((m, m))
    straight = np.zeros((q, q))
    moved = np.zeros((q, q, m, m))
    AL, root, inverse = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, q))
    V, U, H = np.zeros((q, m)), np.zeros((q, m)), np.zeros((q, m))
    log_det, product = 0.0, 1.0
    for j in range(groups):
        for a in range(q):
            for b in range(q):
                total = 0.0
                for c in range(b, q):
                    total += A[j, a, c] * lam[c, b]
                AL[a, b] = total
        for a in range(q):  # Cholesky factor of M = lam' A lam + I
            for b in range(a + 1):
                total = 1.0 if a == b else 0.0
                for c in range(a, q):
                    total += lam[c, a] * AL[c, b]
                for c in range(b):
                    total -= root[a, c] * root[b, c]
                root[a, b] = np.sqrt(total) if a == b else total / root[b, b]
            product *= root[a, a]
        if product > 1e100:
            log_det += np.log(product)
            product = 1.0
        for s in range(m):
            for a in range(q):
                total = 0.0
                for c in range(a, q):
                    total += lam[c, a] * B[j, c, s]
                V[a, s] = total
            for a in range(q):
                total = V[a, s]
                for c in range(a):
                    total -= root[a, c] * U[c, s]
                U[a, s] = total / root[a, a]
            for a in range(q - 1, -1, -1):
                total = U[a, s]
                for c in range(a + 1, q):
                    total -= root[c, a] * U[c, s]
                U[a, s] = total / root[a, a]
            for a in range(q):
                total = B[j, a, s]
                for c in range(q):
                    total -= AL[a, c] * U[c, s]
                H[a, s] = total
        for b in range(q):  # columns of M^-1
            for a in range(q):
                total = 1.0 if a == b else 0.0
                for c in range(a):
                    total -= root[a, c] * inverse[c, b]
                inverse[a, b] = total / root[a, a]
            for a in range(q - 1, -1, -1):
                total = inverse[a, b]
                for c in range(a + 1, q):
                    total -= root[c, a] * inverse[c, b]
                inverse[a, b] = total / root[a, a]
        for a in range(q):
            for b in range(q):
                total = 0.0
                for c in range(q):
                    total += AL[a, c] * inverse[c, b]
                straight[a, b] += total
                for s in range(m):
                    for t in range(m):
                        moved[a, b, s, t] += H[a, s] * U[b, t]
            for s in range(m):
                for t in range(m):
                    explained[s, t] += V[a, s] * U[a, t]
    return 2.0 * (log_det + np.log(product)), explained, straight, moved


@njit(cache=True)
def cross_product(indptr, indices, data, P, size):
    """Compute A' P A for a sparse A and block-diagonal P; the twin is ``_crossed._cross_product``."""
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
