"""The deviance of a model with several grouping factors, crossed or nested.

The factor with the most random effects is eliminated group by group, as in a model with one
factor; what remains is one dense system for all other factors. With factor 1 eliminated and 2
standing for the rest (Bates et al. 2015, section 3):

    M11 = L1' A11 L1 + I          block-diagonal
    Q   = A22 - A12' P A12        where P = L1 M11^-1 L1'
    S   = L2' Q L2 + I            dense; log det M = log det M11 + log det S

A = Z'Z, L1 and L2 are the parts of Lambda.
"""

import numpy as np

from mlmkit.engine import kernels
from mlmkit.engine.onefactor import LOG_2PI, OneFactor, Solution, _inverse_and_log_det
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.theta import pattern

LARGEST_REST = 12_000  # random effects outside the eliminated factor; their matrix is dense
ROWS_AT_ONCE = 4_000
EXPENSIVE = 300  # size of the dense part from which curvatures are updated, not measured
SMALL = 200_000  # entries of A12 up to which a dense array is faster than a sparse one


def crossed_problem(model, scaled, reml):
    """Set up a `Crossed` from a design.

    Parameters
    ----------
    model : Design
        With two or more grouping factors.
    scaled : Scaled
        Its columns.
    reml : bool
        The criterion.

    Returns
    -------
    Crossed
        Ready to be minimised.

    Raises
    ------
    ValueError
        If the smaller factors have too many groups for a dense matrix.
    """
    from scipy import sparse

    W = scaled.matrix()
    if drop_dependent(model, scaled, W @ W.T):
        W = scaled.matrix()
    sizes = [len(factor.levels) * len(factor.names) for factor in model.factors]
    first = int(np.argmax(sizes))
    if sum(sizes) - sizes[first] > LARGEST_REST:
        raise ValueError(
            f"Beside {model.factors[first].label} the grouping factors have {sum(sizes) - sizes[first]} "
            f"random effects; at most {LARGEST_REST} are possible. Let fewer terms vary."
        )
    order = [first, *(i for i in range(len(sizes)) if i != first)]
    rows = np.arange(model.n)
    Z = []
    for i in order:
        factor, q = model.factors[i], len(model.factors[i].names)
        columns = (np.asarray(factor.codes, dtype=np.int64)[:, None] * q + np.arange(q)).ravel()
        values = W[scaled.z[i]].T.ravel()
        shape = (model.n, sizes[i])
        Z.append(sparse.csr_array((values, (np.repeat(rows, q), columns)), shape=shape))
    XY = np.ascontiguousarray(W[[*scaled.x, len(W) - 1]].T)
    patterns = [pattern(model.factors[i].terms) for i in range(len(sizes))]
    return Crossed(Z, XY, [len(f.levels) for f in model.factors], order, patterns, reml)


class Crossed:
    """Profiled deviance of a linear mixed model with several grouping factors.

    Parameters
    ----------
    Z : list of sparse arrays, each (n, J q)
        Random-effects columns, the eliminated factor first.
    XY : ndarray, shape (n, p + 1)
        Fixed-effects columns and outcome.
    levels : list of int
        Number of groups, in the model's order of factors.
    order : list of int
        The model's position of each entry of Z.
    patterns : list of (rows, columns)
        Lambda's free entries, in the model's order.
    reml : bool
        The criterion.
    """

    def __init__(self, Z, XY, levels, order, patterns, reml):
        from scipy import sparse

        self.n, self.m = XY.shape
        self.levels, self.order, self.patterns = levels, order, patterns
        self.q = [max(rows) + 1 for rows, _ in patterns]
        first, rest = Z[0], sparse.hstack(Z[1:], format="csr")
        J, q = levels[order[0]], self.q[order[0]]
        self.A11 = _diagonal_blocks((first.T @ first).tocsr(), J, q)
        self.A12 = (first.T @ rest).tocsr()
        if np.prod(self.A12.shape) <= SMALL:
            self.A12 = self.A12.toarray()
        self.A22 = (rest.T @ rest).toarray()
        self.B1 = np.asarray(first.T @ XY).reshape(J, q, self.m)
        self.B2 = np.asarray(rest.T @ XY)
        self.C = XY.T @ XY
        self.starts = self._starts(Z, XY)
        self.expensive = len(self.A22) > EXPENSIVE
        self._set(reml)

    def _set(self, reml):
        self.reml = reml
        self.df = self.n - (self.m - 1) if reml else self.n
        self.evaluations = 0

    def with_reml(self, reml):
        """Return the same sums under the other criterion."""
        other = object.__new__(Crossed)
        other.__dict__.update(self.__dict__)
        other._set(reml)
        return other

    def with_held(self, into, k, value):
        """Return the problem with one fixed effect held at a value, in the columns X `into`."""
        p = self.m - 1
        change, move = np.eye(self.m), np.eye(self.m)
        change[:p, :p] = into
        move[k, p] = -value
        keep = [i for i in range(self.m) if i != k]
        whole = (change @ move)[:, keep]
        other = self.with_reml(False)
        other.B1, other.B2, other.C = self.B1 @ whole, self.B2 @ whole, whole.T @ self.C @ whole
        other.m = self.m - 1
        other._set(False)
        return other

    def _starts(self, Z, XY):
        """Guess each factor's theta as if it were the only one."""
        starts = [None] * len(Z)
        for place, matrix in zip(self.order, Z, strict=True):
            J, q = self.levels[place], self.q[place]
            A = _diagonal_blocks((matrix.T @ matrix).tocsr(), J, q)
            B = np.asarray(matrix.T @ XY).reshape(J, q, self.m)
            starts[place] = OneFactor(A, B, self.C, self.n, self.patterns[place], True).start()
        return starts

    def start(self):
        """Guess theta from moments, factor by factor."""
        return np.concatenate(self.starts)

    def lambdas(self, theta):
        """Fill one Lambda for each factor, in the model's order."""
        filled, used = [], 0
        for (rows, columns), q in zip(self.patterns, self.q, strict=True):
            lam = np.zeros((q, q))
            lam[rows, columns] = theta[used : used + len(rows)]
            used += len(rows)
            filled.append(lam)
        return filled

    def _slices(self):
        """Yield (place, rows) for each factor of the rest: where its random effects stand."""
        start = 0
        for place in self.order[1:]:
            size = self.levels[place] * self.q[place]
            yield place, slice(start, start + size)
            start += size

    def _right(self, matrix, lams):
        """Multiply by L2 from the right."""
        result = np.empty_like(matrix)
        for place, where in self._slices():
            part = matrix[:, where].reshape(len(matrix), -1, self.q[place])
            result[:, where] = (part @ lams[place]).reshape(len(matrix), -1)
        return result

    def _left(self, matrix, lams, transpose):
        """Multiply by L2 (or its transpose) from the left."""
        result = np.empty_like(matrix)
        for place, where in self._slices():
            lam = lams[place].T if transpose else lams[place]
            part = matrix[where].reshape(-1, self.q[place], matrix.shape[1])
            result[where] = (lam @ part).reshape(-1, matrix.shape[1])
        return result

    def _factorise(self, theta):
        """Compute M11^-1, Q, S^-1 and all solutions U = M^-1 Lambda' [Z'X Z'y]."""
        from scipy.linalg import lapack

        lams = self.lambdas(theta)
        lam = lams[self.order[0]]
        J, q, m = self.B1.shape
        AL = self.A11 @ lam
        M11 = lam.T @ AL + np.eye(q)
        roots = np.linalg.cholesky(M11)
        inverse = np.linalg.inv(M11)
        P = lam @ inverse @ lam.T
        Q = self.A22 - _cross_product(self.A12, P)
        S = self._left(self._right(Q, lams), lams, transpose=True)
        S[np.diag_indices_from(S)] += 1.0
        root, failed = lapack.dpotrf(S, lower=1, overwrite_a=1)
        if failed:
            raise np.linalg.LinAlgError("not positive definite")
        log_det = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum()
        log_det += 2 * np.log(np.diagonal(root)).sum()
        PB = (P @ self.B1).reshape(J * q, m)
        V2 = self._left(self.B2, lams, transpose=True)
        right = V2 - self._left(self.A12.T @ PB, lams, transpose=True)
        U2 = lapack.dpotrs(root, right, lower=1)[0]
        LU2 = self._left(U2, lams, transpose=False)
        moved = (self.A12 @ LU2).reshape(J, q, m)
        U1 = inverse @ (lam.T @ (self.B1 - moved))
        return lams, AL, inverse, roots, Q, root, log_det, U1, U2, LU2, moved

    def __call__(self, theta):
        """Return (deviance, gradient); infinity where the deviance isn't defined."""
        self.evaluations += 1
        nothing = np.inf, np.full(len(theta), np.nan)
        try:
            lams, AL, inverse, _, Q, root, log_det, U1, U2, LU2, moved = self._factorise(theta)
        except np.linalg.LinAlgError:
            return nothing
        lam, p = lams[self.order[0]], self.m - 1
        V1, V2 = lam.T @ self.B1, self._left(self.B2, lams, transpose=True)
        schur = self.C - np.einsum("jam,jan->mn", V1, U1) - V2.T @ U2
        try:
            inner, log_det_x = _inverse_and_log_det(schur[:p, :p])
        except np.linalg.LinAlgError:
            return nothing
        beta = inner @ schur[:p, p]
        rss = schur[p, p] - schur[:p, p] @ beta
        if not rss > 0:
            return nothing
        value = log_det + self.df * (1 + LOG_2PI + np.log(rss / self.df))
        contrast = np.append(-beta, 1.0)
        weight = np.outer(contrast, contrast) * (self.df / rss)
        if self.reml:
            value += log_det_x
            weight[:p, :p] += inner
        N22 = _symmetric_inverse(root)
        straight = self._straight(lams, AL, inverse, Q, N22)
        LU1 = lam @ U1
        H1 = self.B1 - AL @ U1 - moved
        H2 = self.B2 - self.A12.T @ LU1.reshape(-1, self.m) - self.A22 @ LU2
        pairs = {self.order[0]: (H1, U1)}
        for place, where in self._slices():
            shape = (-1, self.q[place], self.m)
            pairs[place] = (H2[where].reshape(shape), U2[where].reshape(shape))
        gradient = []
        for place, (rows, columns) in enumerate(self.patterns):
            H, U = pairs[place]
            full = 2 * straight[place] - 2 * np.einsum("jam,jbm->ab", H @ weight, U)
            gradient.append(full[rows, columns])
        return float(value), np.concatenate(gradient)

    def _straight(self, lams, AL, inverse, Q, N22):
        """Sum the diagonal blocks of A Lambda M^-1, factor by factor."""
        lam = lams[self.order[0]]
        half = lam @ inverse
        X = self._quadratic(self._scaled_columns(lams), N22)
        corner = inverse + half.transpose(0, 2, 1) @ X @ half
        found = {self.order[0]: (AL @ corner - X @ half).sum(axis=0)}
        LN = self._left(N22, lams, transpose=False)
        for place, where in self._slices():
            q = self.q[place]
            left, right = Q[where], LN[:, where].T
            found[place] = np.array([[np.vdot(left[a::q], right[b::q]) for b in range(q)] for a in range(q)])
        return found

    def _scaled_columns(self, lams):
        """A12 L2, as sparse as A12 when no factor of the rest has several columns."""
        if isinstance(self.A12, np.ndarray):
            return self._right(self.A12, lams)
        from scipy import sparse

        blocks = [sparse.kron(sparse.eye_array(self.levels[i]), lams[i]) for i in self.order[1:]]
        return (self.A12 @ sparse.block_diag(blocks, format="csr")).tocsr()

    def _quadratic(self, columns, N22):
        """Diagonal blocks of columns N22 columns', shape (J, q, q)."""
        J, q, _ = self.B1.shape
        if isinstance(columns, np.ndarray):
            blocks = columns.reshape(J, q, -1)
            return (columns @ N22).reshape(J, q, -1) @ blocks.transpose(0, 2, 1)
        kernel = kernels.compiled("quadratic_forms", saves=columns.nnz / 5_000)
        if kernel is not None:
            return kernel(columns.indptr, columns.indices, columns.data, N22, J, q)
        result = np.empty((J, q, q))
        for start in range(0, J, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, J)
            part = columns[start * q : stop * q]
            product = (part @ N22).reshape(stop - start, q, -1)
            for b in range(q):
                again = part[b::q].multiply
                for a in range(q):
                    result[start:stop, a, b] = again(product[:, a]).sum(axis=1)
        return result

    def solve(self, theta):
        """Compute everything that follows from theta; see `Solution`."""
        lams, _, inverse, _, _, root, log_det, U1, U2, LU2, _ = self._factorise(theta)
        lam, p = lams[self.order[0]], self.m - 1
        V1, V2 = lam.T @ self.B1, self._left(self.B2, lams, transpose=True)
        schur = self.C - np.einsum("jam,jan->mn", V1, U1) - V2.T @ U2
        inner, log_det_x = _inverse_and_log_det(schur[:p, :p])
        beta = inner @ schur[:p, p]
        rss = float(schur[p, p] - schur[:p, p] @ beta)
        N22 = _symmetric_inverse(root)
        half = lam @ inverse
        X = self._quadratic(self._scaled_columns(lams), N22)
        corner = inverse + half.transpose(0, 2, 1) @ X @ half
        spread, variances = {self.order[0]: lam @ U1}, {self.order[0]: lam @ corner @ lam.T}
        for place, where in self._slices():
            J, q = self.levels[place], self.q[place]
            spread[place] = LU2[where].reshape(J, q, self.m)
            blocks = _diagonal_blocks(N22[where, where], J, q)
            variances[place] = lams[place] @ blocks @ lams[place].T
        places = range(len(self.levels))
        modes = [spread[i][:, :, p] - spread[i][:, :, :p] @ beta for i in places]
        slopes = [spread[i][:, :, :p] for i in places]
        return Solution(
            beta, rss, float(log_det), log_det_x, schur[:p, :p], modes, [variances[i] for i in places], slopes
        )

    def draw_effects(self, theta, sigma, rng):
        """Draw the random effects' deviations from their conditional mean, jointly for all factors.

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
        list of ndarray, each (n_sims, J, q)
            In the model's order of factors.
        """
        from scipy.linalg import solve_triangular

        lams, _, inverse, roots, _, root, *_ = self._factorise(theta)
        lam = lams[self.order[0]]
        J, q, _ = self.B1.shape
        u2 = solve_triangular(root, rng.standard_normal((len(root), len(sigma))), lower=True, trans="T")
        b2 = self._left(u2, lams, transpose=False)
        own = np.einsum("jba,jbs->jas", np.linalg.inv(roots), rng.standard_normal((J, q, len(sigma))))
        u1 = own - inverse @ (lam.T @ (self.A12 @ b2).reshape(J, q, -1))
        effects = {self.order[0]: lam @ u1}
        for place, where in self._slices():
            effects[place] = b2[where].reshape(self.levels[place], self.q[place], -1)
        return [np.moveaxis(effects[i] * sigma, 2, 0) for i in range(len(self.levels))]


def _diagonal_blocks(matrix, J, q):
    """Extract the diagonal blocks, shape (J, q, q)."""
    blocks = np.empty((J, q, q))
    for a in range(q):
        for b in range(q):
            diagonal = matrix.diagonal(b - a)
            blocks[:, a, b] = diagonal[min(a, b) :: q][:J]
    return blocks


def _cross_product(A12, P):
    """A12' P A12 for block-diagonal P, shape (J, q, q); dense."""
    J, q, _ = P.shape
    if isinstance(A12, np.ndarray):
        return A12.T @ (P @ A12.reshape(J, q, -1)).reshape(J * q, -1)
    kernel = kernels.compiled("cross_product", saves=A12.nnz / 5_000)
    if kernel is not None:
        return kernel(A12.indptr, A12.indices, A12.data, P, A12.shape[1])
    from scipy import sparse

    blocks = sparse.bsr_array((P, np.arange(J), np.arange(J + 1)), shape=(J * q, J * q))
    return (A12.T @ (blocks.tocsr() @ A12)).toarray()


def _symmetric_inverse(root):
    """Invert S from its Cholesky factor."""
    from scipy.linalg import lapack

    lower = lapack.dpotri(root, lower=1)[0]
    lower = np.tril(lower)
    return lower + np.tril(lower, -1).T
