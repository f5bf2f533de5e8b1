"""numba kernels of the model with one grouping factor; ``kernels`` decides when they run.

Each repeats a NumPy function, loop by loop. They all live in this file: numba doesn't notice when a kernel
in another file has changed.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def cholesky(matrix, root):
    """Fill the lower triangle `root` with the Cholesky factor; False if there is none."""
    for a in range(matrix.shape[0]):
        for b in range(a + 1):
            total = matrix[a, b]
            for c in range(b):
                total -= root[a, c] * root[b, c]
            if a > b:
                root[a, b] = total / root[b, b]
            elif total > 0.0:
                root[a, a] = np.sqrt(total)
            else:
                return False
    return True


@njit(cache=True)
def solve(root, right, result):
    """Solve (root root') result = right for all columns of `right` at once."""
    q, m = right.shape
    for a in range(q):
        share = 1.0 / root[a, a]
        for s in range(m):
            result[a, s] = right[a, s]
        for c in range(a):
            for s in range(m):
                result[a, s] -= root[a, c] * result[c, s]
        for s in range(m):
            result[a, s] *= share
    for a in range(q - 1, -1, -1):
        share = 1.0 / root[a, a]
        for c in range(a + 1, q):
            for s in range(m):
                result[a, s] -= root[c, a] * result[c, s]
        for s in range(m):
            result[a, s] *= share


@njit(cache=True)
def group_matrices(lam, A, AL, M):
    """Fill ``AL = A lam`` and ``M = lam' A lam + I`` for one group; lam is lower triangular."""
    q = lam.shape[0]
    for a in range(q):
        for b in range(q):
            AL[a, b] = 0.0
            for c in range(b, q):
                AL[a, b] += A[a, c] * lam[c, b]
    for a in range(q):
        for b in range(q):
            M[a, b] = 1.0 if a == b else 0.0
            for c in range(a, q):
                M[a, b] += lam[c, a] * AL[c, b]


@njit(cache=True)
def turned(lam, B, V):
    """Fill ``V = lam' B`` for one group."""
    q, m = B.shape
    for a in range(q):
        for s in range(m):
            V[a, s] = 0.0
            for c in range(a, q):
                V[a, s] += lam[c, a] * B[c, s]


@njit(cache=True)
def one_factor_pieces(lam, A, B):
    """Add up over groups for the deviance and its gradient; the twin is ``OneFactor._pieces``."""
    groups, q, m = B.shape
    explained, straight, moved = np.zeros((m, m)), np.zeros((q, q)), np.zeros((q, q, m, m))
    AL, M, root, inverse, eye = np.eye(q), np.eye(q), np.eye(q), np.eye(q), np.eye(q)
    V, U, H = np.zeros((q, m)), np.zeros((q, m)), np.zeros((q, m))
    log_det, product = 0.0, 1.0
    for j in range(groups):
        group_matrices(lam, A[j], AL, M)
        cholesky(M, root)
        for a in range(q):
            product *= root[a, a]
        if product > 1e100:
            log_det += np.log(product)
            product = 1.0
        turned(lam, B[j], V)
        solve(root, V, U)
        solve(root, eye, inverse)
        for a in range(q):
            for s in range(m):
                H[a, s] = B[j, a, s]
            for c in range(q):
                for s in range(m):
                    H[a, s] -= AL[a, c] * U[c, s]
        for a in range(q):
            for b in range(a + 1):  # Lambda has no entries above the diagonal
                for c in range(q):
                    straight[a, b] += AL[a, c] * inverse[c, b]
                for s in range(m):
                    left, line = H[a, s], moved[a, b, s]
                    for t in range(m):
                        line[t] += left * U[b, t]
            for s in range(m):
                left, line = V[a, s], explained[s]
                for t in range(m):
                    line[t] += left * U[a, t]
    return 2.0 * (log_det + np.log(product)), explained, straight, moved


@njit(cache=True)
def one_column_pieces(lam, A, B):
    """Add up over groups as `one_factor_pieces`, for one column a group."""
    groups, _, m = B.shape
    once, twice, moved = np.zeros((m, m)), np.zeros((m, m)), np.zeros((1, 1, m, m))
    straight = np.zeros((1, 1))
    value = lam[0, 0]
    log_det, product = 0.0, 1.0
    for j in range(groups):
        M = value * value * A[j, 0, 0] + 1.0
        share = 1.0 / M
        product *= M
        if product > 1e100:
            log_det += np.log(product)
            product = 1.0
        straight[0, 0] += A[j, 0, 0] * value * share
        for s in range(m):
            weighted = B[j, 0, s] * share
            for t in range(s + 1):
                once[s, t] += weighted * B[j, 0, t]
                twice[s, t] += weighted * B[j, 0, t] * share
    for s in range(m):
        for t in range(s):
            once[t, s], twice[t, s] = once[s, t], twice[s, t]
    moved[0, 0] = value * twice
    return log_det + np.log(product), value * value * once, straight, moved


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
def any_pieces(lam, A, B):
    """Choose the kernel for the number of columns."""
    if B.shape[1] == 1:
        return one_column_pieces(lam, A, B)
    if B.shape[1] == 2:
        return two_column_pieces(lam, A, B)
    return one_factor_pieces(lam, A, B)


@njit(cache=True)
def one_factor_deviance(lam, A, B, C, df, reml):
    """Compute deviance and gradient with respect to Lambda; the twin is ``OneFactor.__call__``."""
    q, m = B.shape[1], B.shape[2]
    p = m - 1
    log_det, explained, straight, moved = any_pieces(lam, A, B)
    schur = C - explained
    root, inverse, beta = np.zeros((p, p)), np.zeros((p, p)), np.zeros(p)
    if not cholesky(schur[:p, :p], root):
        return np.inf, straight
    solve(root, np.eye(p), inverse)
    rss = schur[p, p]
    value = log_det
    for a in range(p):
        for b in range(p):
            beta[a] += inverse[a, b] * schur[b, p]
        rss -= beta[a] * schur[a, p]
        if reml:
            value += 2.0 * np.log(root[a, a])
    if not rss > 0.0:
        return np.inf, straight
    value += df * (1.0 + np.log(2.0 * np.pi * rss / df))
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
def alone(lam, value, A, B, C, df, reml):
    """Tell whether no variance is zero, and no place with a zero one is lower; see ``elsewhere``."""
    for row in range(lam.shape[0] + 1):
        place = lam.copy()
        if row == lam.shape[0]:
            place[:] = 0.0
        elif abs(lam[row, row]) < 1e-4:
            return False
        else:
            place[row] = 0.0
        if one_factor_deviance(place, A, B, C, df, reml)[0] < value:
            return False
    return True


@njit(cache=True)
def one_factor_hessian(lam, rows, columns, steps, gradient, A, B, C, df, reml):
    """Differentiate the gradient; the twin is ``optimize.hessian_by_differences``."""
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
def one_factor_start(rows, columns, A, B, C, n):
    """Guess theta from moments; the twin is ``OneFactor.start``."""
    groups, q, m = B.shape
    p, k = m - 1, rows.shape[0]
    root, beta, theta = np.zeros((p, p)), np.zeros((p, 1)), np.zeros(k)
    for i in range(k):
        theta[i] = 1.0 if rows[i] == columns[i] else 0.0
    if not cholesky(C[:p, :p], root):
        return theta
    solve(root, C[:p, p:], beta)
    size, within = np.zeros(q), C[p, p]
    for a in range(q):
        for j in range(groups):
            size[a] += A[j, a, a] / groups
    for a in range(p):
        within -= C[a, p] * beta[a, 0]
    rss, good = within, 0
    M, root, inverse = np.zeros((q, q)), np.eye(q), np.eye(q)
    excess, known, rest = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, 1))
    estimate, eye = np.zeros((q, 1)), np.eye(q)
    for j in range(groups):
        for a in range(q):
            rest[a, 0] = B[j, a, p]
            for s in range(p):
                rest[a, 0] -= B[j, a, s] * beta[s, 0]
            for b in range(q):
                M[a, b] = A[j, a, b]
            M[a, a] += 1e-3 * max(size[a], 1e-12)
        cholesky(M, root)
        solve(root, rest, estimate)
        solve(root, eye, inverse)
        largest = 0.0
        for a in range(q):
            within -= rest[a, 0] * estimate[a, 0]
            largest = max(largest, inverse[a, a])
        if not largest * size.max() < 1e2:
            continue
        good += 1
        for a in range(q):
            for b in range(q):
                excess[a, b] += estimate[a, 0] * estimate[b, 0]
                for c in range(q):
                    for d in range(q):
                        known[a, b] += inverse[a, c] * A[j, c, d] * inverse[d, b]
    within = max(within, 1e-8 * rss) / max(n - groups * q, 1)
    if good < 2 or not within > 0.0:
        return theta
    values, vectors = np.linalg.eigh((excess - within * known) / (good * within))
    values = np.maximum(values, 0.02 * max(values.max(), 1e-2))
    if not cholesky((vectors * values) @ vectors.T, eye):
        return theta
    for i in range(k):
        theta[i] = eye[rows[i], columns[i]]
    return theta


@njit(cache=True)
def updated(hessian, step, change):
    """Update a Hessian in place (symmetric rank one); the twin is ``optimize.updated``."""
    gap = change - hessian @ step
    along = np.sum(gap * step)
    if abs(along) > 1e-8 * np.sqrt(np.sum(gap * gap) * np.sum(step * step)):
        for i in range(step.shape[0]):
            for j in range(step.shape[0]):
                hessian[i, j] += gap[i] * gap[j] / along


@njit(cache=True)
def one_factor_search(theta, rows, columns, A, B, C, df, reml):
    """Take Newton's steps; tell whether the last one was negligible and no direction leads down.

    The Hessian is measured at the start and at the end, and updated on the way, which costs no evaluations.

    Returns theta with Lambda's diagonal not negative, the deviance, its gradient and Hessian, the number of
    steps, success, and whether the place is `alone`. After a failure the caller goes on with
    ``optimize.minimise``.
    """
    k, q = theta.shape[0], A.shape[1]
    theta, lam, gradient, last = theta.copy(), np.zeros((q, q)), np.zeros(k), np.zeros(k)
    for i in range(k):
        lam[rows[i], columns[i]] = theta[i]
    value, full = one_factor_deviance(lam, A, B, C, df, reml)
    for i in range(k):
        gradient[i] = full[rows[i], columns[i]]
    hessian, root, newton = np.eye(k), np.eye(k), np.zeros((k, 1))
    length, measured, done, used = np.inf, False, False, 0
    while used < 40 and not done and np.isfinite(value):
        used += 1
        size = max(np.sqrt(np.sum(theta * theta)), 1e-3)
        if used == 1 or (not measured and length <= 1e-5 * size):
            steps = 1e-6 * np.maximum(np.abs(theta), 0.1 * max(np.abs(theta).max(), 1e-2))
            hessian = one_factor_hessian(lam, rows, columns, steps, gradient, A, B, C, df, reml)
            measured = True
        curved_up = cholesky(hessian, root)
        if curved_up:
            solve(root, gradient.reshape(k, 1), newton)
            step = -newton[:, 0]
        else:
            curvature, vectors = np.linalg.eigh(hessian)
            steep = np.maximum(np.abs(curvature), 1e-8 * np.abs(curvature).max() + 1e-10)
            step = -(vectors @ ((vectors.T @ gradient) / steep))
        length = np.sqrt(np.sum(step * step))
        done = curved_up and measured and length <= 1e-7 * size
        allowed = 4e-13 * (1.0 + abs(value)) if length < 1e-4 * size else -1e-15 * abs(value)
        if length > 1.0 + size:
            step *= (1.0 + size) / length
        for _ in range(6):
            moved = lam.copy()
            for i in range(k):
                moved[rows[i], columns[i]] += step[i]
            trial, full = one_factor_deviance(moved, A, B, C, df, reml)
            if trial < value + allowed:
                break
            step *= 0.3
        if not trial < value + allowed:
            done = False
            break
        theta, lam, value, last = theta + step, moved, trial, gradient.copy()
        for i in range(k):
            gradient[i] = full[rows[i], columns[i]]
        if not done:
            updated(hessian, step, gradient - last)
            measured = False
    for i in range(k):  # the deviance is even in the sign of each column of Lambda
        if lam[columns[i], columns[i]] < 0.0:
            theta[i], gradient[i] = -theta[i], -gradient[i]
            hessian[i] = -hessian[i]
            hessian[:, i] = -hessian[:, i]
    return theta, value, gradient, hessian, used, done, done and alone(lam, value, A, B, C, df, reml)


@njit(cache=True)
def one_factor_solution(lam, A, B, C):
    """Compute what follows from Lambda; the twin is ``OneFactor.solve``."""
    groups, q, m = B.shape
    p = m - 1
    AL, M, root, V = np.eye(q), np.eye(q), np.eye(q), np.zeros((q, m))
    U, half, explained = np.zeros((q, m)), np.zeros((q, q)), np.zeros((m, m))
    spread, variances = np.zeros((groups, q, m)), np.zeros((groups, q, q))
    log_det = 0.0
    turn = lam.T.copy()
    for j in range(groups):
        group_matrices(lam, A[j], AL, M)
        cholesky(M, root)
        turned(lam, B[j], V)
        solve(root, V, U)
        solve(root, turn, half)
        for a in range(q):
            log_det += 2.0 * np.log(root[a, a])
            for s in range(m):
                for t in range(m):
                    explained[s, t] += V[a, s] * U[a, t]
                for c in range(a + 1):
                    spread[j, a, s] += lam[a, c] * U[c, s]
            for b in range(q):
                for c in range(a + 1):
                    variances[j, a, b] += lam[a, c] * half[c, b]
    schur = C - explained
    root, beta, covariance = np.zeros((p, p)), np.zeros((p, 1)), np.zeros((p, p))
    if not cholesky(schur[:p, :p], root):
        raise np.linalg.LinAlgError("The fixed effects can't be told apart.")
    solve(root, np.eye(p), covariance)
    solve(root, schur[:p, p:], beta)
    rss, log_det_x = schur[p, p], 0.0
    modes = spread[:, :, p].copy()
    for s in range(p):
        rss -= schur[s, p] * beta[s, 0]
        log_det_x += 2.0 * np.log(root[s, s])
        for j in range(groups):
            for a in range(q):
                modes[j, a] -= spread[j, a, s] * beta[s, 0]
    return beta[:, 0], rss, log_det, log_det_x, schur[:p, :p], covariance, modes, variances, spread[:, :, :p]
