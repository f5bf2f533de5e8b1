"""An independent, slow and plain twin of `CrossedBlocks`."""

import numpy as np


class DenseBlocks:
    """Random effects of several grouping factors with one dense system: what `CrossedBlocks` must agree with.

    Parameters
    ----------
    Zs : list of ndarray, each (q, n)
        The varying columns of each factor.
    codes : list of ndarray of int, each (n,)
        Group numbers.
    groups : list of int
        Number of groups.
    """

    def __init__(self, Zs, codes, groups):
        from scipy import sparse

        self.groups, self.q = groups, [len(Z) for Z in Zs]
        ends = np.cumsum([J * q for J, q in zip(groups, self.q, strict=True)])
        self.where = [slice(end - J * q, end) for end, J, q in zip(ends, groups, self.q, strict=True)]
        self.size = int(ends[-1])
        parts, n = [], len(codes[0])
        for Z, code, J in zip(Zs, codes, groups, strict=True):
            q = len(Z)
            columns = (code[:, None] * q + np.arange(q)).ravel()
            entry = (Z.T.ravel(), (np.repeat(np.arange(n), q), columns))
            parts.append(sparse.csr_array(entry, shape=(n, J * q)))
        self.Z = sparse.hstack(parts, format="csr")

    def split(self, flat):
        """Turn flat effects (..., size) into a list of (..., J, q)."""
        return [
            flat[..., where].reshape(*flat.shape[:-1], J, q)
            for where, J, q in zip(self.where, self.groups, self.q, strict=True)
        ]

    def left(self, lams, b, transpose=False):
        """Lambda b, or Lambda' b, flat."""
        parts = zip(self.split(b), lams, strict=True)
        return np.concatenate([(part @ (lam if transpose else lam.T)).ravel() for part, lam in parts])

    def eta(self, lams, u):
        """Z Lambda u."""
        return self.Z @ self.left(lams, u)

    def scores(self, values):
        """Z' values, flat."""
        return self.Z.T @ values

    def _lambda(self, lams):
        from scipy import sparse

        blocks = [sparse.kron(sparse.eye_array(J), lam) for J, lam in zip(self.groups, lams, strict=True)]
        return sparse.block_diag(blocks, format="csr")

    def factorise(self, lams, W):
        """Return what `solve`, `leverage` and the others need at these weights."""
        A = (self.Z.T @ (self.Z * W[:, None])).tocsr()
        lam = self._lambda(lams)
        M = (lam.T @ A @ lam).toarray() + np.eye(self.size)
        return A, M, np.linalg.inv(M), lam

    def solve(self, system, v):
        """M^-1 v."""
        return system[2] @ v

    def log_det(self, system):
        """Log det M."""
        return float(np.linalg.slogdet(system[1])[1])

    def leverage(self, lams, system):
        """Diagonal of Z Lambda M^-1 Lambda' Z', by row."""
        ZL = (self.Z @ system[3]).tocsr()
        return np.asarray(ZL.multiply(ZL @ system[2]).sum(axis=1)).ravel()

    def times_cross(self, lams, system, s):
        """Z'WZ Lambda s, flat."""
        return system[0] @ (system[3] @ s)

    def _diagonal(self, matrix):
        return [
            np.stack([[np.diagonal(matrix[w, w][a::q, b::q]) for b in range(q)] for a in range(q)]).transpose(
                2, 0, 1
            )
            for w, q in zip(self.where, self.q, strict=True)
        ]

    def straight(self, lams, system):
        """Sum of the diagonal blocks of Z'WZ Lambda M^-1, a list of (q, q)."""
        return [block.sum(axis=0) for block in self._diagonal((system[0] @ system[3]) @ system[2])]

    def outer(self, left, right):
        """Sum over groups of left_j right_j', a list of (q, q)."""
        return [a.T @ b for a, b in zip(self.split(left), self.split(right), strict=True)]

    def variances(self, lams, system):
        """Diagonal blocks of Lambda M^-1 Lambda', a list of (J, q, q)."""
        return self._diagonal((system[3] @ system[2]) @ system[3].T)
