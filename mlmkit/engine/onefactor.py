"""The deviance of a model with one grouping factor, from per-group sums.

Notation as in Bates et al. (2015, Journal of Statistical Software 67(1)): ``b = Lambda u``, and
``M_j = Lambda' Z_j' Z_j Lambda + I`` for group j. All columns are scaled (see ``_scaling``).
The rows of the data are read once, by `group_sums`; an evaluation costs the same for a thousand
rows and for a million.
"""

from dataclasses import dataclass

import numpy as np

from mlmkit.engine import kernels as _kernels
from mlmkit.engine.optimize import difference_steps

LOG_2PI = float(np.log(2 * np.pi))


@dataclass
class Solution:
    """What follows from theta, on the scale of the scaled columns.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Fixed effects.
    rss : float
        Penalised residual sum of squares.
    log_det_l, log_det_x : float
        log det(Lambda'Z'Z Lambda + I) and log det(RX'RX).
    schur : ndarray, shape (p, p)
        RX'RX, the inverse of the fixed effects' covariance up to sigma squared.
    modes : list of ndarray, each (J, q)
        Random effects b, one array a grouping factor.
    variances : list of ndarray, each (J, q, q)
        Their covariance given the fixed effects, in units of sigma squared.
    slopes : list of ndarray, each (J, q, p)
        How b moves when the fixed effects move: b(beta) = modes - slopes (beta - beta_hat).
    """

    beta: np.ndarray
    rss: float
    log_det_l: float
    log_det_x: float
    schur: np.ndarray
    modes: list
    variances: list
    slopes: list


def group_sums(scaled, codes, z, groups):
    """Read the rows once.

    Parameters
    ----------
    scaled : Scaled
        The columns.
    codes : ndarray of int, shape (n,)
        Each row's group.
    z : list of int
        Positions of the columns that vary between groups.
    groups : int
        Number of groups.

    Returns
    -------
    by_group : ndarray, shape (J, q, k)
        Z_j' W_j, where W holds all k columns.
    total : ndarray, shape (k, k)
        W' W.
    """
    k = len(scaled.arrays)
    pairs = sorted({(min(i, j), max(i, j)) for i in z for j in range(k)})
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    sums, total = np.zeros((len(pairs), groups)), np.zeros((k, k))
    add = _kernels.compiled("add_group_sums", rows=len(codes)) or _add_group_sums
    for rows, block in scaled.chunks():
        total += block @ block.T
        if pairs:
            add(sums, np.asarray(codes[rows], dtype=np.intp), block, first, second)
    place = {pair: number for number, pair in enumerate(pairs)}
    by_group = np.empty((groups, len(z), k))
    for a, i in enumerate(z):
        for j in range(k):
            by_group[:, a, j] = sums[place[min(i, j), max(i, j)]]
    return by_group, total


def _add_group_sums(sums, codes, block, first, second):
    for line, i, j in zip(sums, first, second, strict=True):
        line += np.bincount(codes, weights=block[i] * block[j], minlength=len(line))


class OneFactor:
    """Profiled deviance of a linear mixed model with one grouping factor.

    Parameters
    ----------
    A : ndarray, shape (J, q, q)
        Z_j' Z_j.
    B : ndarray, shape (J, q, p + 1)
        Z_j' [X_j y_j].
    C : ndarray, shape (p + 1, p + 1)
        [X y]' [X y].
    n : int
        Number of rows.
    pattern : tuple of two arrays
        Rows and columns of Lambda's free entries, in the order of theta.
    reml : bool
        Restricted maximum likelihood (True) or maximum likelihood.
    """

    def __init__(self, A, B, C, n, pattern, reml):
        self.A, self.B, self.C = np.ascontiguousarray(A), np.ascontiguousarray(B), C
        self.n, self.pattern, self.reml = n, pattern, reml
        self.groups, self.q, self.m = self.B.shape
        self.df = n - (self.m - 1) if reml else n
        self.evaluations = 0
        self._flat = np.ascontiguousarray(self.A.reshape(self.groups, -1).T)
        self._columns = np.ascontiguousarray(self.B.transpose(1, 2, 0))

    def with_reml(self, reml):
        """Return the same sums under the other criterion."""
        return OneFactor(self.A, self.B, self.C, self.n, self.pattern, reml)

    def with_held(self, into, k, value):
        """Return the problem with one fixed effect held at a value, in the columns X `into`."""
        p = self.m - 1
        change = np.eye(self.m)
        change[:p, :p] = into
        B, C = self.B @ change, change.T @ self.C @ change
        move = np.eye(self.m)
        move[k, p] = -value
        keep = [i for i in range(self.m) if i != k]
        B, C = (B @ move)[:, :, keep], (move.T @ C @ move)[np.ix_(keep, keep)]
        return OneFactor(self.A, B, C, self.n, self.pattern, False)

    def deviance_at(self, lam, sigma):
        """Compute minus twice the log-likelihood at a given Lambda (any square matrix) and sigma."""
        M = lam.T @ self.A @ lam + np.eye(self.q)
        V = lam.T @ self.B
        flat = (self.groups * self.q, self.m)
        schur = self.C - V.reshape(flat).T @ np.linalg.solve(M, V).reshape(flat)
        p = self.m - 1
        rss = schur[p, p]
        if p:
            rss = rss - schur[:p, p] @ np.linalg.solve(schur[:p, :p], schur[:p, p])
        log_det = np.linalg.slogdet(M)[1].sum()
        return float(log_det + self.n * (LOG_2PI + 2 * np.log(sigma)) + rss / sigma**2)

    def lambda_of(self, theta):
        """Fill Lambda, shape (q, q), from theta."""
        lam = np.zeros((self.q, self.q))
        lam[self.pattern] = theta
        return lam

    def __call__(self, theta):
        """Return (deviance, gradient); infinity where the deviance isn't defined."""
        self.evaluations += 1
        lam = self.lambda_of(theta)
        kernel = _kernels.compiled("one_factor_deviance", groups=self.groups)
        if kernel is not None:
            value, gradient = kernel(lam, self.A, self.B, self.C, self.df, self.reml)
            return value, gradient[self.pattern]
        if self.q == 1:
            log_det, explained, straight, moved = self._pieces_1(lam[0, 0])
        elif self.q == 2:
            log_det, explained, straight, moved = self._pieces_2(lam)
        else:
            log_det, explained, straight, moved = self._pieces(lam)
        return self._finish(log_det, explained, straight, moved)

    def approach(self, theta):
        """Come near the optimum in one compiled call; theta itself where there is no compiled kernel."""
        kernel = _kernels.compiled("one_factor_approach", groups=self.groups)
        if kernel is None:
            return theta
        return kernel(theta, *self.pattern, self.q, self.A, self.B, self.C, self.df, self.reml)

    def hessian(self, theta, gradient):
        """Differentiate the gradient in one compiled call; None where there is no compiled kernel."""
        kernel = _kernels.compiled("one_factor_hessian", groups=self.groups)
        if kernel is None:
            return None
        self.evaluations += len(theta)
        lam, steps = self.lambda_of(theta), difference_steps(theta)
        return kernel(lam, *self.pattern, steps, gradient, self.A, self.B, self.C, self.df, self.reml)

    def _finish(self, log_det, explained, straight, moved):
        """Turn sums over groups into deviance and gradient.

        The sums are log det M, V'M^-1 V, A Lambda M^-1, and H_a' U_b for all a, b, where
        V = Lambda'B, U = M^-1 V and H = B - A Lambda U. The gradient of the deviance is
        2 A Lambda M^-1 - 2 H W U', W the weight of each pair of columns of [X y].
        """
        schur = self.C - explained
        p = self.m - 1
        try:
            inverse, log_det_x = _inverse_and_log_det(schur[:p, :p])
        except np.linalg.LinAlgError:
            return np.inf, np.full(len(self.pattern[0]), np.nan)
        beta = inverse @ schur[:p, p]
        rss = schur[p, p] - schur[:p, p] @ beta
        if not rss > 0:
            return np.inf, np.full(len(self.pattern[0]), np.nan)
        contrast = np.append(-beta, 1.0)
        weight = np.outer(contrast, contrast) * (self.df / rss)
        value = log_det + self.df * (1 + LOG_2PI + np.log(rss / self.df))
        if self.reml:
            weight[:p, :p] += inverse
            value += log_det_x
        gradient = 2 * straight - 2 * np.tensordot(moved, weight, 2)
        return float(value), gradient[self.pattern]

    def _pieces_1(self, lam):
        a, B = self._flat[0], self._columns[0]
        M = lam * lam * a + 1
        U = B * (lam / M)
        H = B / M  # B - lam**2 a B / M without the subtraction
        straight = np.array([[np.sum(a / M) * lam]])
        return np.log(M).sum(), (lam * B) @ U.T, straight, (H @ U.T)[None, None]

    def _pieces_2(self, lam):
        (a, b, _, d), (B1, B2) = self._flat, self._columns
        l1, l2, l3 = lam[0, 0], lam[1, 0], lam[1, 1]
        p11, p12, p21, p22 = a * l1 + b * l2, b * l3, b * l1 + d * l2, d * l3
        m11, m12, m22 = l1 * p11 + l2 * p21 + 1, l3 * p21, l3 * p22 + 1
        det = m11 * m22 - m12 * m12
        i11, i12, i22 = m22 / det, -m12 / det, m11 / det
        V1, V2 = l1 * B1 + l2 * B2, l3 * B2
        U1, U2 = i11 * V1 + i12 * V2, i12 * V1 + i22 * V2
        H1, H2 = B1 - p11 * U1 - p12 * U2, B2 - p21 * U1 - p22 * U2
        straight = np.array(
            [[p11 @ i11 + p12 @ i12, p11 @ i12 + p12 @ i22], [p21 @ i11 + p22 @ i12, p21 @ i12 + p22 @ i22]]
        )
        moved = np.array([[H1 @ U1.T, H1 @ U2.T], [H2 @ U1.T, H2 @ U2.T]])
        return np.log(det).sum(), V1 @ U1.T + V2 @ U2.T, straight, moved

    def _pieces(self, lam):
        AL = self.A @ lam
        M = lam.T @ AL + np.eye(self.q)
        root = np.linalg.cholesky(M)
        log_det = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum()
        inverse = np.linalg.inv(M)
        V = lam.T @ self.B
        U = inverse @ V
        H = self.B - AL @ U
        straight = np.einsum("jac,jcb->ab", AL, inverse)
        moved = np.array([[H[:, a].T @ U[:, b] for b in range(self.q)] for a in range(self.q)])
        flat = (self.groups * self.q, self.m)
        return log_det, V.reshape(flat).T @ U.reshape(flat), straight, moved

    def solve(self, theta):
        """Compute everything that follows from theta; see `Solution`."""
        lam, p = self.lambda_of(theta), self.m - 1
        AL = self.A @ lam
        M = lam.T @ AL + np.eye(self.q)
        log_det = 2 * np.log(np.diagonal(np.linalg.cholesky(M), axis1=1, axis2=2)).sum()
        V = lam.T @ self.B
        U = np.linalg.solve(M, V)
        flat = (self.groups * self.q, self.m)
        schur = self.C - V.reshape(flat).T @ U.reshape(flat)
        inverse, log_det_x = _inverse_and_log_det(schur[:p, :p])
        beta = inverse @ schur[:p, p]
        spread = lam @ U
        modes = spread[:, :, p] - spread[:, :, :p] @ beta
        variances = lam @ np.linalg.solve(M, np.broadcast_to(lam.T, M.shape))
        rss = float(schur[p, p] - schur[:p, p] @ beta)
        return Solution(
            beta, rss, float(log_det), log_det_x, schur[:p, :p], [modes], [variances], [spread[:, :, :p]]
        )

    def draw_effects(self, theta, sigma, rng):
        """Draw the random effects' deviations from their conditional mean, the fixed effects held.

        Parameters
        ----------
        theta : ndarray
            The parameters.
        sigma : ndarray, shape (n_sims,)
            A residual standard deviation for each draw.
        rng : Generator
            Source of randomness.

        Returns
        -------
        list of one ndarray, shape (n_sims, J, q)
            Covariance sigma^2 Lambda M_j^-1 Lambda'.
        """
        lam = self.lambda_of(theta)
        M = lam.T @ (self.A @ lam) + np.eye(self.q)
        roots = lam @ np.linalg.inv(np.linalg.cholesky(M)).transpose(0, 2, 1)
        normal = rng.standard_normal((len(sigma), self.groups, self.q))
        return [sigma[:, None, None] * np.einsum("jab,sjb->sja", roots, normal)]

    def start(self):
        """Guess theta from moments: the spread of no-pooling estimates beyond their sampling error."""
        p = self.m - 1
        eye = np.eye(self.q)
        size = np.einsum("jaa->ja", self.A).mean(axis=0)
        ridge = 1e-3 * eye * np.maximum(size, 1e-12)
        beta = _inverse_and_log_det(self.C[:p, :p])[0] @ self.C[:p, p]
        rest = self.B[:, :, p] - self.B[:, :, :p] @ beta
        rss = self.C[p, p] - self.C[:p, p] @ beta
        inverse = _inverses(self.A + ridge)
        estimates = (inverse @ rest[:, :, None])[:, :, 0]
        within = max(rss - np.sum(rest * estimates), 1e-8 * rss) / max(self.n - self.groups * self.q, 1)
        good = np.einsum("jaa->ja", inverse).max(axis=1) * size.max() < 1e2
        if good.sum() < 2:
            return eye[self.pattern]
        known = inverse[good] @ self.A[good] @ inverse[good]
        excess = estimates[good].T @ estimates[good] / good.sum() - within * known.mean(axis=0)
        values, vectors = np.linalg.eigh(excess / within)
        values = np.maximum(values, 0.02 * max(values.max(), 1e-2))
        return np.linalg.cholesky((vectors * values) @ vectors.T)[self.pattern]


def _inverses(matrices):
    """Invert many small symmetric matrices, shape (J, q, q); up to two columns by the formula."""
    if len(matrices[0]) == 1:
        return 1.0 / matrices
    if len(matrices[0]) > 2:
        return np.linalg.inv(matrices)
    a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
    inverse = np.empty_like(matrices)
    inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 0], inverse[:, 1, 1] = d, -b, -b, a
    return inverse / (a * d - b * b)[:, None, None]


def _inverse_and_log_det(matrix):
    """Invert a small positive definite matrix; LinAlgError if it isn't."""
    if not matrix.size:
        return matrix, 0.0
    root = np.linalg.cholesky(matrix)
    half = np.linalg.inv(root)
    return half.T @ half, float(2 * np.log(np.diagonal(root)).sum())
