"""numba kernels; ``_kernels`` decides when they run. Each repeats a NumPy function, loop by loop."""

import numpy as np
from numba import njit


@njit(cache=True)
def add_group_sums(sums, codes, block, first, second):
    """Add products of two columns up by group; the twin is ``_onefactor._add_group_sums``."""
    for pair in range(first.shape[0]):
        line, left, right = sums[pair], block[first[pair]], block[second[pair]]
        for i in range(codes.shape[0]):
            line[codes[i]] += left[i] * right[i]


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
def one_column_pieces(lam, A, B):
    """Add up over groups as `one_factor_pieces`, for one column a group."""
    groups, _, m = B.shape
    explained, moved = np.zeros((m, m)), np.zeros((1, 1, m, m))
    straight = np.zeros((1, 1))
    value = lam[0, 0]
    log_det, product = 0.0, 1.0
    for j in range(groups):
        M = value * value * A[j, 0, 0] + 1.0
        product *= M
        if product > 1e100:
            log_det += np.log(product)
            product = 1.0
        straight[0, 0] += A[j, 0, 0] * value / M
        for s in range(m):
            weighted = B[j, 0, s] * value / M
            for t in range(m):
                explained[s, t] += weighted * value * B[j, 0, t]
                moved[0, 0, s, t] += B[j, 0, s] / M * B[j, 0, t] * value / M
    return log_det + np.log(product), explained, straight, moved


@njit(cache=True)
def two_column_pieces(lam, A, B):
    """Add up over groups as `one_factor_pieces`, for two columns a group, written out."""
    groups, _, m = B.shape
    explained, moved = np.zeros((m, m)), np.zeros((2, 2, m, m))
    V, U, H = np.zeros((2, m)), np.zeros((2, m)), np.zeros((2, m))
    l1, l2, l3 = lam[0, 0], lam[1, 0], lam[1, 1]
    s11 = s12 = s21 = s22 = 0.0
    log_det, product = 0.0, 1.0
    for j in range(groups):
        a, b, d = A[j, 0, 0], A[j, 0, 1], A[j, 1, 1]
        p11, p12, p21, p22 = a * l1 + b * l2, b * l3, b * l1 + d * l2, d * l3
        m11, m12, m22 = l1 * p11 + l2 * p21 + 1.0, l3 * p21, l3 * p22 + 1.0
        det = m11 * m22 - m12 * m12
        product *= det
        if product > 1e100:
            log_det += np.log(product)
            product = 1.0
        i11, i12, i22 = m22 / det, -m12 / det, m11 / det
        s11 += p11 * i11 + p12 * i12
        s12 += p11 * i12 + p12 * i22
        s21 += p21 * i11 + p22 * i12
        s22 += p21 * i12 + p22 * i22
        for s in range(m):
            b1, b2 = B[j, 0, s], B[j, 1, s]
            v1, v2 = l1 * b1 + l2 * b2, l3 * b2
            u1, u2 = i11 * v1 + i12 * v2, i12 * v1 + i22 * v2
            V[0, s], V[1, s], U[0, s], U[1, s] = v1, v2, u1, u2
            H[0, s], H[1, s] = b1 - p11 * u1 - p12 * u2, b2 - p21 * u1 - p22 * u2
        for s in range(m):
            for t in range(m):
                explained[s, t] += V[0, s] * U[0, t] + V[1, s] * U[1, t]
                moved[0, 0, s, t] += H[0, s] * U[0, t]
                moved[1, 0, s, t] += H[1, s] * U[0, t]
                moved[1, 1, s, t] += H[1, s] * U[1, t]
    straight = np.array([[s11, s12], [s21, s22]])
    return log_det + np.log(product), explained, straight, moved


@njit(cache=True)
def one_factor_deviance(lam, A, B, C, df, reml):
    """Compute deviance and gradient with respect to Lambda; the twin is ``OneFactor.__call__``."""
    q, m = B.shape[1], B.shape[2]
    p = m - 1
    if q == 1:
        log_det, explained, straight, moved = one_column_pieces(lam, A, B)
    elif q == 2:
        log_det, explained, straight, moved = two_column_pieces(lam, A, B)
    else:
        log_det, explained, straight, moved = one_factor_pieces(lam, A, B)
    root, inverse, beta = np.zeros((p, p)), np.zeros((p, p)), np.zeros(p)
    log_det_x = 0.0
    for a in range(p):
        for b in range(a + 1):
            total = C[a, b] - explained[a, b]
            for c in range(b):
                total -= root[a, c] * root[b, c]
            if a == b:
                if total <= 0.0:
                    return np.inf, straight
                root[a, a] = np.sqrt(total)
                log_det_x += np.log(total)
            else:
                root[a, b] = total / root[b, b]
    for b in range(p):
        for a in range(p):
            total = 1.0 if a == b else 0.0
            for c in range(a):
                total -= root[a, c] * inverse[c, b]
            inverse[a, b] = total / root[a, a]
        for a in range(p - 1, -1, -1):
            total = inverse[a, b]
            for c in range(a + 1, p):
                total -= root[c, a] * inverse[c, b]
            inverse[a, b] = total / root[a, a]
    rss = C[p, p] - explained[p, p]
    for a in range(p):
        for b in range(p):
            beta[a] += inverse[a, b] * (C[b, p] - explained[b, p])
        rss -= beta[a] * (C[a, p] - explained[a, p])
    if not rss > 0.0:
        return np.inf, straight
    value = log_det + df * (1.0 + np.log(2.0 * np.pi * rss / df))
    if reml:
        value += log_det_x
    gradient = 2.0 * straight
    for s in range(m):
        left = 1.0 if s == p else -beta[s]
        for t in range(m):
            weight = left * (1.0 if t == p else -beta[t]) * df / rss
            if reml and s < p and t < p:
                weight += inverse[s, t]
            for a in range(q):
                for b in range(q):
                    gradient[a, b] -= 2.0 * weight * moved[a, b, s, t]
    return value, gradient


@njit(cache=True)
def one_factor_hessian(lam, rows, columns, steps, gradient, A, B, C, df, reml):
    """Differentiate the gradient; the twin is ``_optimize.hessian_by_differences``."""
    k = rows.shape[0]
    hessian = np.empty((k, k))
    for i in range(k):
        moved = lam.copy()
        moved[rows[i], columns[i]] += steps[i]
        gap = moved[rows[i], columns[i]] - lam[rows[i], columns[i]]
        _, other = one_factor_deviance(moved, A, B, C, df, reml)
        for j in range(k):
            hessian[i, j] = (other[rows[j], columns[j]] - gradient[j]) / gap
    return (hessian + hessian.T) / 2.0


@njit(cache=True)
def one_factor_approach(theta, rows, columns, q, A, B, C, df, reml):
    """Take Newton steps as long as they go down; the caller checks and finishes."""
    k = theta.shape[0]
    theta = theta.copy()
    lam, gradient = np.zeros((q, q)), np.zeros(k)
    for i in range(k):
        lam[rows[i], columns[i]] = theta[i]
    value, full = one_factor_deviance(lam, A, B, C, df, reml)
    for _ in range(30):
        size = np.sqrt(np.sum(theta * theta))
        steps = 1e-6 * np.maximum(np.abs(theta), 0.1 * max(np.abs(theta).max(), 1e-2))
        for i in range(k):
            gradient[i] = full[rows[i], columns[i]]
        hessian = one_factor_hessian(lam, rows, columns, steps, gradient, A, B, C, df, reml)
        curvature, vectors = np.linalg.eigh(hessian)
        steep = np.maximum(np.abs(curvature), 1e-8 * np.abs(curvature).max() + 1e-10)
        step = np.zeros(k)
        for i in range(k):
            slope = 0.0
            for j in range(k):
                slope += vectors[j, i] * gradient[j]
            for j in range(k):
                step[j] -= vectors[j, i] * slope / steep[i]
        length = np.sqrt(np.sum(step * step))
        if length > 1.0 + size:
            step *= (1.0 + size) / length
        for _ in range(6):
            moved = lam.copy()
            for i in range(k):
                moved[rows[i], columns[i]] += step[i]
            trial, full = one_factor_deviance(moved, A, B, C, df, reml)
            if trial < value:
                break
            step *= 0.3
        if not trial < value:
            return theta
        theta, lam, value = theta + step, moved, trial
        if length < 1e-4 * size:
            return theta
    return theta


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
