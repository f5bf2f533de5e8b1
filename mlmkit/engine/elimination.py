"""Systems with M = Lambda'A Lambda + I when several grouping factors cross or nest.

One factor, the one with the most random effects, is eliminated group by group; what remains is one
dense system for all other factors. With factor 1 eliminated and 2 standing for the rest (Bates et al.
2015, section 3):

    M11 = L1' A11 L1 + I          block-diagonal
    Q   = A22 - A12' P A12        where P = L1 M11^-1 L1'
    S   = L2' Q L2 + I            dense; log det M = log det M11 + log det S

L1 and L2 are the parts of Lambda. Linear models (A = Z'Z) and generalised ones (A = Z'WZ) share this.
"""

from functools import cached_property

import numpy as np

from mlmkit.engine import kernels
from mlmkit.engine.pairs import mirrored

ROWS_AT_ONCE = 4_000


class Layout:
    """Where the random effects of each grouping factor stand.

    Parameters
    ----------
    levels : list of int
        Number of groups of each factor, in the model's order.
    q : list of int
        Number of varying columns.
    order : list of int
        The model's position of the eliminated factor, then of the others.
    """

    def __init__(self, levels, q, order):
        self.levels, self.q, self.order = list(levels), list(q), list(order)
        self.first = self.order[0]
        self.slices, start = [], 0
        for place in self.order[1:]:
            size = self.levels[place] * self.q[place]
            self.slices.append((place, slice(start, start + size)))
            start += size
        self.rest = start

    def right(self, matrix, lams, transpose=False):
        """Multiply by L2 (or its transpose) from the right."""
        result = np.empty_like(matrix)
        for place, where in self.slices:
            lam = lams[place].T if transpose else lams[place]
            if self.q[place] == 1:  # multiplying many matrices of one number takes ten times longer
                np.multiply(matrix[:, where], lam[0, 0], out=result[:, where])
                continue
            part = matrix[:, where].reshape(len(matrix), -1, self.q[place])
            result[:, where] = (part @ lam).reshape(len(matrix), -1)
        return result

    def left(self, matrix, lams, transpose, out=None):
        """Multiply by L2 (or its transpose) from the left; `out` may be the matrix itself."""
        result = np.empty_like(matrix) if out is None else out
        for place, where in self.slices:
            lam = lams[place].T if transpose else lams[place]
            if self.q[place] == 1:
                np.multiply(matrix[where], lam[0, 0], out=result[where])
                continue
            part = matrix[where].reshape(-1, self.q[place], matrix.shape[1])
            result[where] = (lam @ part).reshape(-1, matrix.shape[1])
        return result


class Elimination:
    """M factorised at one Lambda.

    Parameters
    ----------
    layout : Layout
        Sizes and order of the factors.
    lams : list of ndarray, each (q, q)
        Lambda of each factor, in the model's order.
    A11 : ndarray, shape (J, q, q)
        Diagonal blocks of the eliminated factor.
    A12 : ndarray or csr_array, shape (J q, R)
        Between it and the rest.
    A22 : ndarray, shape (R, R)
        The rest.
    pairs : Pairs, optional
        Those of A12.

    Raises
    ------
    LinAlgError
        If M isn't positive definite in floating point.
    """

    def __init__(self, layout, lams, A11, A12, A22, pairs=None):
        from scipy.linalg import lapack

        self.layout, self.lams, self.A11, self.A12, self.pairs = layout, lams, A11, A12, pairs
        lam = lams[layout.first]
        self.lam, self.AL = lam, A11 @ lam
        M11 = lam.T @ self.AL + np.eye(len(lam))
        self.roots, self.inverse = np.linalg.cholesky(M11), np.linalg.inv(M11)
        P = lam @ self.inverse @ lam.T
        self.Q = _cross_product(A12, P) if pairs is None else pairs.cross_product(P)
        np.subtract(A22, self.Q, out=self.Q)
        S = layout.right(self.Q, lams)
        layout.left(S, lams, transpose=True, out=S)
        S[np.diag_indices_from(S)] += 1.0
        # S is symmetric, so its transpose, in LAPACK's order, can be overwritten in place
        self.root, failed = lapack.dpotrf(S.T, lower=1, overwrite_a=1)
        if failed:
            raise np.linalg.LinAlgError("not positive definite")
        self.log_det = 2 * np.log(np.diagonal(self.roots, axis1=1, axis2=2)).sum()
        self.log_det += 2 * np.log(np.diagonal(self.root)).sum()

    def solve(self, V1, V2):
        """Solve M U = V for V1, shape (J, q, m), and V2, shape (R, m).

        Returns
        -------
        U1, U2, LU2, moved : ndarray
            The solution, L2 U2, and A12 L2 U2, shape (J, q, m).
        """
        from scipy.linalg import lapack

        shape, layout, lams = V1.shape, self.layout, self.lams
        PB = (self.lam @ (self.inverse @ V1)).reshape(shape[0] * shape[1], shape[2])
        right = V2 - layout.left(self.A12.T @ PB, lams, transpose=True)
        U2 = lapack.dpotrs(self.root, right, lower=1)[0] if right.size else right
        LU2 = layout.left(U2, lams, transpose=False)
        moved = (self.A12 @ LU2).reshape(shape)
        return self.inverse @ (V1 - self.lam.T @ moved), U2, LU2, moved

    @cached_property
    def N22(self):
        """The rest's part of M^-1, shape (R, R)."""
        from scipy.linalg import lapack

        return mirrored(lapack.dpotri(self.root, lower=1)[0]).T  # in the order of rows

    @cached_property
    def _half(self):
        return self.lam @ self.inverse

    @cached_property
    def _X(self):
        """Diagonal blocks of A12 L2 N22 L2' A12'."""
        if self.pairs is None:
            return self._quadratic(self._scaled_columns(), self.N22)
        return self.pairs.quadratic_forms(self.layout.left(self._N22_right, self.lams, transpose=False))

    @cached_property
    def _N22_right(self):
        """N22 L2', or the transpose of L2 N22, since N22 is symmetric."""
        return self.layout.right(self.N22, self.lams, transpose=True)

    @cached_property
    def corner(self):
        """Diagonal blocks of the eliminated factor's part of M^-1, shape (J, q, q)."""
        half = self._half
        return self.inverse + half.transpose(0, 2, 1) @ self._X @ half

    def straight(self):
        """Sum the diagonal blocks of A Lambda M^-1, factor by factor, in the model's order."""
        layout, found = self.layout, [None] * len(self.layout.levels)
        found[layout.first] = (self.AL @ self.corner - self._X @ self._half).sum(axis=0)
        for place, where in layout.slices:
            q = layout.q[place]
            left, right = self.Q[where], self._N22_right[where]
            found[place] = np.array([[np.vdot(left[a::q], right[b::q]) for b in range(q)] for a in range(q)])
        return found

    def information(self):
        """Sum what the expected curvature of the deviance needs, for factors with one column a group.

        Returns
        -------
        traces : ndarray, shape (K,)
            Of G = I - M^-1, the standardised precision Lambda'Z'V^-1 Z Lambda, factor by factor.
        squares : ndarray, shape (K, K)
            Sums of squares of G's blocks. Of the eliminated factor the diagonal only: where factors cross,
            the rest is small, and it would cost as much as the factorisation.
        """
        layout, K = self.layout, len(self.layout.levels)
        traces, squares = np.zeros(K), np.zeros((K, K))
        own = 1 - self.corner[:, 0, 0]
        traces[layout.first], squares[layout.first, layout.first] = own.sum(), own @ own
        for i, rows in layout.slices:
            inverse = np.trace(self.N22[rows, rows])
            traces[i] = layout.levels[i] - inverse
            for k, columns in layout.slices:
                block = self.N22[rows, columns]
                squares[i, k] = np.einsum("ij,ij->", block, block)
            squares[i, i] += layout.levels[i] - 2 * inverse
        return traces, squares

    def variances(self):
        """Diagonal blocks of Lambda M^-1 Lambda', one (J, q, q) a factor, in the model's order."""
        layout, found = self.layout, [None] * len(self.layout.levels)
        found[layout.first] = self.lam @ self.corner @ self.lam.T
        for place, where in layout.slices:
            blocks = diagonal_blocks(self.N22[where, where], layout.levels[place], layout.q[place])
            found[place] = self.lams[place] @ blocks @ self.lams[place].T
        return found

    def draw(self, rng, n_sims):
        """Draw from the normal distribution with covariance Lambda M^-1 Lambda'.

        Returns
        -------
        list of ndarray, each (J, q, n_sims)
            In the model's order of factors.
        """
        from scipy.linalg import solve_triangular

        layout, (J, q, _) = self.layout, self.A11.shape
        u2 = solve_triangular(self.root, rng.standard_normal((layout.rest, n_sims)), lower=True, trans="T")
        b2 = layout.left(u2, self.lams, transpose=False)
        own = np.einsum("jba,jbs->jas", np.linalg.inv(self.roots), rng.standard_normal((J, q, n_sims)))
        effects = [None] * len(layout.levels)
        effects[layout.first] = self.lam @ (
            own - self.inverse @ (self.lam.T @ (self.A12 @ b2).reshape(J, q, -1))
        )
        for place, where in layout.slices:
            effects[place] = b2[where].reshape(layout.levels[place], layout.q[place], -1)
        return effects

    def _scaled_columns(self):
        """A12 L2, as sparse as A12 when no factor of the rest has several columns."""
        if isinstance(self.A12, np.ndarray):
            return self.layout.right(self.A12, self.lams)
        from scipy import sparse

        layout = self.layout
        blocks = [sparse.kron(sparse.eye_array(layout.levels[i]), self.lams[i]) for i in layout.order[1:]]
        return (self.A12 @ sparse.block_diag(blocks, format="csr")).tocsr()

    def _quadratic(self, columns, N22):
        """Diagonal blocks of columns N22 columns', shape (J, q, q)."""
        J, q, _ = self.A11.shape
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


def diagonal_blocks(matrix, J, q):
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
