"""numba kernels of `glmer`: passes over the rows, sorted by group; ``kernels`` decides when they run.

Sums may be taken in any order (``reassoc``): only so can a processor add several rows at once.
"""

import numpy as np
from numba import njit

ANY_ORDER = {"reassoc", "contract", "nsz"}
TOGETHER = 512  # so many factors of at most 2 are multiplied before the logarithm is taken


@njit(cache=True)
def add_effects(fixed, Z, starts, b, eta, tail):
    """Fill eta = fixed + Z b, and -|eta|; the twin is ``GroupBlocks.eta``."""
    q, n = Z.shape
    groups = starts.shape[0]
    for j in range(groups):
        end = starts[j + 1] if j + 1 < groups else n
        value = b[j, 0]
        for i in range(starts[j], end):
            eta[i] = fixed[i] + Z[0, i] * value
        for a in range(1, q):
            value = b[j, a]
            for i in range(starts[j], end):
                eta[i] += Z[a, i] * value
        for i in range(starts[j], end):
            tail[i] = -abs(eta[i])


@njit(cache=True, fastmath=ANY_ORDER)
def yes_no_rows(eta, tail, y, rest, weight, slope):
    """Fill the moments of single trials, given tail = exp(-|eta|); return their log-likelihood.

    The twin is ``Binomial.moments``. Short loops, one after the other, are what a compiler can vectorise.
    """
    total, n = 0.0, eta.shape[0]
    for i in range(n):
        inverse = 1.0 / (1.0 + tail[i])
        small = tail[i] * inverse
        p = small if eta[i] < 0.0 else inverse
        weight[i] = small * inverse
        rest[i] = y[i] - p
        slope[i] = weight[i] * (1.0 - 2.0 * p)
    for i in range(n):
        total += y[i] * eta[i] - max(eta[i], 0.0)
    for start in range(0, n, TOGETHER):
        product = 1.0
        for i in range(start, min(start + TOGETHER, n)):
            product *= 1.0 + tail[i]
        total -= np.log(product)
    return total


@njit(cache=True, fastmath=ANY_ORDER)
def group_scores(Z, starts, rest, weight, pull, A):
    """Fill Z'rest and Z'WZ by group; the twins are ``GroupBlocks.scores`` and ``GroupBlocks.squares``."""
    q, n = Z.shape
    groups = starts.shape[0]
    for j in range(groups):
        end = starts[j + 1] if j + 1 < groups else n
        for a in range(q):
            total = 0.0
            for i in range(starts[j], end):
                total += Z[a, i] * rest[i]
            pull[j, a] = total
            for c in range(a + 1):
                total = 0.0
                for i in range(starts[j], end):
                    total += Z[a, i] * Z[c, i] * weight[i]
                A[j, a, c] = total
                A[j, c, a] = total


@njit(cache=True, fastmath=ANY_ORDER)
def gradient_sums(Z, X, starts, C, rest, curvature, slope, pulled, by_beta, across):
    """Fill what a gradient needs of the rows; the twin is ``Laplace._by_rows``.

    With each row's leverage l = z'C z: Z'(slope l) by group, X(slope l - 2 rest), and X H Z' by group.
    """
    q, n = Z.shape
    p, groups = X.shape[0], starts.shape[0]
    by_beta[:] = 0.0
    pull = np.empty(n)
    for j in range(groups):
        first, end = starts[j], starts[j + 1] if j + 1 < groups else n
        share = C[j, 0, 0]
        for i in range(first, end):
            pull[i] = slope[i] * share * Z[0, i] * Z[0, i]
        for a in range(1, q):
            for c in range(a + 1):
                share = C[j, a, c] if a == c else 2.0 * C[j, a, c]
                for i in range(first, end):
                    pull[i] += slope[i] * share * Z[a, i] * Z[c, i]
        for a in range(q):
            total = 0.0
            for i in range(first, end):
                total += Z[a, i] * pull[i]
            pulled[j, a] = total
        for k in range(p):
            total = 0.0
            for i in range(first, end):
                total += X[k, i] * (pull[i] - 2.0 * rest[i])
            by_beta[k] += total
            for a in range(q):
                total = 0.0
                for i in range(first, end):
                    total += X[k, i] * Z[a, i] * curvature[i]
                across[k, j, a] = total
