"""The deviance of a model with one grouping factor, from per-group sums.

Notation as in Bates et al. (2015, Journal of Statistical Software 67(1)): ``b = Lambda u``, and
``M_j = Lambda' Z_j' Z_j Lambda + I`` for group j. All columns are scaled (see ``scaling``).
The rows of the data are read once, by `group_sums`; an evaluation costs the same for a thousand
rows and for a million.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlmkit.engine import kernels
from mlmkit.engine.optimize import Optimum, difference_steps

LOG_2PI = float(np.log(2 * np.pi))


@dataclass
class AtTheta:
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
    inverse : ndarray, shape (p, p)
        Of `schur`; computed where it isn't given.
    """

    beta: np.ndarray
    rss: float
    log_det_l: float
    log_det_x: float
    schur: np.ndarray
    modes: list
    variances: list
    slopes: list
    inverse: np.ndarray | None = None

    def __post_init__(self):
        if self.inverse is None:
            self.inverse = np.linalg.inv(self.schur)


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
    by_group, total = np.zeros((groups, len(z), k)), np.zeros((k, k))
    add = kernels.compiled("add_group_sums", saves=1 + len(codes) / 30_000) or _add_group_sums
    places, codes = np.array(z, dtype=np.intp), codes.astype(np.intp, copy=False)
    for rows, block in scaled.chunks():
        total += block @ block.T
        add(by_group, codes[rows], block, places)
    return by_group, total


def _add_group_sums(by_group, codes, block, places):
    groups = len(by_group)
    for a, place in enumerate(places):
        for j, column in enumerate(block):
            by_group[:, a, j] += np.bincount(codes, weights=block[place] * column, minlength=groups)


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
        self.A, self.B, self.C = map(np.ascontiguousarray, (A, B, C))
        self.n, self.pattern, self.reml = n, pattern, reml
        self.groups, self.q, self.m = self.B.shape
        self.df = n - (self.m - 1) if reml else n
        self._saves = 1 + self.groups * self.q**2 / 3_000  # by a compiled kernel; see `kernels.compiled`

    @cached_property
    def _flat(self):
        return np.ascontiguousarray(self.A.reshape(self.groups, -1).T)

    @cached_property
    def _columns(self):
        return np.ascontiguousarray(self.B.transpose(1, 2, 0))

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

    def lambda_of(self, theta):
        """Fill Lambda, shape (q, q), from theta."""
        lam = np.zeros((self.q, self.q))
        lam[self.pattern] = theta
        return lam

    def __call__(self, theta):
        """Return (deviance, gradient); infinity where the deviance isn't defined."""
        kernel = kernels.compiled("one_factor_deviance", self._saves)
        if kernel is not None:
            value, gradient = kernel(self.lambda_of(theta), self.A, self.B, self.C, self.df, self.reml)
            return value, gradient[self.pattern]
        values, gradients = self._several(theta[None])
        return float(values[0]), gradients[0]

    def values(self, thetas):
        """Return the deviances (K,) at several thetas (K, k)."""
        return self._several(thetas)[0]

    def measure(self, theta):
        """Return (deviance, gradient, Hessian); the Hessian from differences of exact gradients."""
        steps, kernel = difference_steps(theta), kernels.compiled("one_factor_hessian", self._saves)
        if kernel is not None:
            value, gradient = self(theta)
            sums = self.A, self.B, self.C, self.df, self.reml
            return value, gradient, kernel(self.lambda_of(theta), *self.pattern, steps, gradient, *sums)
        thetas = np.vstack([theta, theta + np.diag(steps)])
        values, gradients = self._several(thetas)  # all at once: little more than one for a few groups
        hessian = (gradients[1:] - gradients[0]) / (thetas[1:] - theta).diagonal()[:, None]
        return float(values[0]), gradients[0], (hessian + hessian.T) / 2

    def search(self, theta):
        """Look for the optimum in one compiled call; None where there is no compiled kernel.

        Returns
        -------
        Optimum or None
            ``converged`` is False where the search has to go on from there.
        """
        kernel = kernels.compiled("one_factor_search", self._saves)
        if kernel is None:
            return None
        theta, value, gradient, hessian, used, done, alone = kernel(
            theta, *self.pattern, self.A, self.B, self.C, self.df, self.reml
        )
        return Optimum(theta, value, gradient, hessian, done, used, alone)

    def _several(self, thetas):
        """Compute the deviances (K,) and gradients (K, k) at several thetas (K, k)."""
        lam = np.zeros((len(thetas), self.q, self.q))
        lam[:, *self.pattern] = thetas
        pieces = {1: self._pieces_1, 2: self._pieces_2}.get(self.q, self.pieces)
        try:
            values, gradients = self._finish(*pieces(lam))
        except np.linalg.LinAlgError:  # at one of the places; find out at which
            if len(thetas) == 1:
                return np.array([np.inf]), np.full(thetas.shape, np.nan)
            each = [self._several(theta[None]) for theta in thetas]
            return tuple(np.concatenate(parts) for parts in zip(*each, strict=True))
        return values, gradients[:, *self.pattern]

    def _finish(self, log_det, explained, straight, moved):
        """Turn sums over groups into deviances and gradients with respect to Lambda.

        The sums are log det M, V'M^-1 V, A Lambda M^-1, and H_a' U_b for all a, b, where
        V = Lambda'B, U = M^-1 V and H = B - A Lambda U. The gradient of the deviance is
        2 A Lambda M^-1 - 2 H W U', W the weight of each pair of columns of [X y].
        """
        schur, p = self.C - explained, self.m - 1
        inverse, log_det_x = _inverse_and_log_det(schur[:, :p, :p])
        beta = (inverse @ schur[:, :p, p:])[:, :, 0]
        rss = schur[:, p, p] - np.einsum("ka,ka->k", schur[:, :p, p], beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = log_det + self.df * (1 + LOG_2PI + np.log(rss / self.df)) + self.reml * log_det_x
            contrast = np.hstack([-beta, np.ones((len(beta), 1))])
            weight = contrast[:, :, None] * contrast[:, None] * (self.df / rss)[:, None, None]
        if self.reml:
            weight[:, :p, :p] += inverse
        gradients = 2 * straight - 2 * np.einsum("kabst,kst->kab", moved, weight)
        return np.where(rss > 0, values, np.inf), gradients

    def _pieces_1(self, lam):
        a, B, lam = self._flat[0], self._columns[0], lam[:, 0]
        M = lam * lam * a + 1
        U, H = B * (lam / M)[:, None], B / M[:, None]  # H = B - lam**2 a B / M without the subtraction
        explained = lam[:, None] * (B @ U.transpose(0, 2, 1))
        straight, moved = (a / M).sum(axis=1)[:, None] * lam, H @ U.transpose(0, 2, 1)
        return np.log(M).sum(axis=1), explained, straight[:, None], moved[:, None, None]

    def _pieces_2(self, lam):
        (a, b, _, d), (B1, B2) = self._flat, self._columns
        l1, l2, l3 = lam[:, 0, :1], lam[:, 1, :1], lam[:, 1, 1:]
        p11, p12, p21, p22 = a * l1 + b * l2, b * l3, b * l1 + d * l2, d * l3
        m11, m12, m22 = l1 * p11 + l2 * p21 + 1, l3 * p21, l3 * p22 + 1
        det = m11 * m22 - m12 * m12
        i11, i12, i22 = m22 / det, -m12 / det, m11 / det
        upper = p11 * i11 + p12 * i12, p11 * i12 + p12 * i22
        lower = p21 * i11 + p22 * i12, p21 * i12 + p22 * i22
        p11, p12, p21, p22, i11, i12, i22 = (x[:, None] for x in (p11, p12, p21, p22, i11, i12, i22))
        V1, V2 = l1[:, None] * B1 + l2[:, None] * B2, l3[:, None] * B2
        U1, U2 = i11 * V1 + i12 * V2, i12 * V1 + i22 * V2
        H = np.stack([B1 - p11 * U1 - p12 * U2, B2 - p21 * U1 - p22 * U2], axis=1)
        U = np.stack([U1, U2], axis=1).transpose(0, 1, 3, 2)
        explained = V1 @ U[:, 0] + V2 @ U[:, 1]
        straight = np.stack([*upper, *lower], axis=1).sum(axis=2).reshape(-1, 2, 2)
        return np.log(det).sum(axis=1), explained, straight, H[:, :, None] @ U[:, None]

    def pieces(self, lam):
        """Compute what the deviance is made of, at several Lambdas (K, q, q): see `_finish`."""
        AL = self.A @ lam[:, None]
        M = lam[:, None].transpose(0, 1, 3, 2) @ AL + np.eye(self.q)
        root = np.linalg.cholesky(M)
        log_det = 2 * np.log(np.diagonal(root, axis1=2, axis2=3)).sum(axis=(1, 2))
        inverse = np.linalg.inv(M)
        V = lam[:, None].transpose(0, 1, 3, 2) @ self.B
        U = inverse @ V
        H = (self.B - AL @ U).transpose(0, 2, 3, 1)  # (K, q, m, J)
        straight = np.einsum("kjac,kjcb->kab", AL, inverse)
        moved = H[:, :, None] @ U.transpose(0, 2, 1, 3)[:, None]
        flat = (len(lam), self.groups * self.q, self.m)
        return log_det, V.reshape(flat).transpose(0, 2, 1) @ U.reshape(flat), straight, moved

    def solve(self, theta):
        """Compute everything that follows from theta; see `AtTheta`."""
        lam, p = self.lambda_of(theta), self.m - 1
        kernel = kernels.compiled("one_factor_solution", self._saves)
        if kernel is not None:
            *numbers, inverse, modes, variances, slopes = kernel(lam, self.A, self.B, self.C)
            return AtTheta(*numbers, [modes], [variances], [slopes], inverse)
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
        numbers = beta, rss, float(log_det), float(log_det_x), schur[:p, :p]
        return AtTheta(*numbers, [modes], [variances], [spread[:, :, :p]], inverse)

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
        kernel = kernels.compiled("one_factor_start", self._saves)
        if kernel is not None:
            return kernel(*self.pattern, self.A, self.B, self.C, self.n)
        p = self.m - 1
        eye = np.eye(self.q)
        size = np.einsum("jaa->ja", self.A).mean(axis=0)
        ridge = 1e-3 * eye * np.maximum(size, 1e-12)
        beta = _inverse_and_log_det(self.C[:p, :p])[0] @ self.C[:p, p]
        rest = self.B[:, :, p] - self.B[:, :, :p] @ beta
        rss = self.C[p, p] - self.C[:p, p] @ beta
        inverse = small_inverses(self.A + ridge)
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


def small_inverses(matrices):
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
    """Invert small positive definite matrices, shape (..., p, p); LinAlgError where one isn't."""
    if not matrix.size:
        return matrix, np.zeros(matrix.shape[:-2])
    root = np.linalg.cholesky(matrix)
    half = np.linalg.inv(root)
    log_det = 2 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.swapaxes(half, -1, -2) @ half, log_det
