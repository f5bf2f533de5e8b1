"""The random effects of a generalised model with one grouping factor: products and systems with Z and Lambda.

`crossed_blocks.CrossedBlocks` has the same methods for several factors.
"""

import numpy as np

from mlmkit.engine.onefactor import small_inverses


class GroupBlocks:
    """Random effects of one grouping factor; rows are sorted by group.

    Parameters
    ----------
    Z : ndarray, shape (q, n)
        The varying columns.
    codes : ndarray of int, shape (n,)
        Sorted group numbers.
    groups : int
        Number of groups.
    """

    def __init__(self, Z, codes, groups):
        self.Z, self.codes, self.groups, self.q = Z, codes, groups, len(Z)
        self.counts = np.bincount(codes, minlength=groups)
        self.starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        self.size = groups * self.q

    def sums(self, values):
        """Add up rows by group; the last axis is rows."""
        return np.add.reduceat(values, self.starts, axis=-1)

    def spread(self, effects):
        """Give each row its group's value."""
        return np.repeat(effects, self.counts, axis=-1)

    def eta(self, lams, u):
        """Z Lambda u."""
        b = u.reshape(self.groups, self.q) @ lams[0].T
        return (self.Z * self.spread(np.ascontiguousarray(b.T))).sum(axis=0)

    def scores(self, values):
        """Z' values, flat."""
        return self.sums(self.Z * values).T.ravel()

    def left(self, lams, b, transpose=False):
        """Lambda b, or Lambda' b, flat."""
        lam = lams[0] if transpose else lams[0].T
        return (b.reshape(self.groups, self.q) @ lam).ravel()

    def squares(self, W):
        """Z'WZ, its diagonal blocks, shape (J, q, q)."""
        A = np.empty((self.groups, self.q, self.q))
        for a in range(self.q):
            for b in range(a + 1):
                A[:, a, b] = A[:, b, a] = self.sums(W * self.Z[a] * self.Z[b])
        return A

    def factorise(self, lams, W):
        """Return what `solve`, `leverage` and the others need at these weights."""
        return self.system(lams, self.squares(W))

    def system(self, lams, A):
        """Return the same, given Z'WZ."""
        M = lams[0].T @ A @ lams[0] + np.eye(self.q) if self.q > 1 else lams[0] ** 2 * A + 1
        return A, M, small_inverses(M)

    def solve(self, system, v):
        """M^-1 v."""
        return (system[2] @ v.reshape(self.groups, self.q, 1)).ravel()

    def log_det(self, system):
        """Log det M."""
        if self.q == 1:
            return float(np.log(system[1]).sum())
        return float(np.linalg.slogdet(system[1])[1].sum())

    def leverage(self, lams, system):
        """Diagonal of Z Lambda M^-1 Lambda' Z', by row."""
        C = lams[0] @ system[2] @ lams[0].T
        total = np.zeros(self.Z.shape[1])
        for a in range(self.q):
            for b in range(self.q):
                total += self.Z[a] * self.Z[b] * self.spread(C[:, a, b])
        return total

    def times_cross(self, lams, system, s):
        """Z'WZ Lambda s, flat."""
        return (system[0] @ (s.reshape(self.groups, self.q) @ lams[0].T)[:, :, None]).ravel()

    def straight(self, lams, system):
        """Sum of the diagonal blocks of Z'WZ Lambda M^-1, a list with one (q, q)."""
        return [(system[0] @ lams[0] @ system[2]).sum(axis=0)]

    def outer(self, left, right):
        """Sum over groups of left_j right_j', a list with one (q, q)."""
        return [left.reshape(self.groups, self.q).T @ right.reshape(self.groups, self.q)]

    def variances(self, lams, system):
        """Lambda M_j^-1 Lambda', a list with one (J, q, q)."""
        return [lams[0] @ system[2] @ lams[0].T]

    def draw(self, lams, system, n_sims, rng):
        """Draw effects with covariance Lambda M_j^-1 Lambda', a list with one (n_sims, J, q)."""
        roots = lams[0] @ np.linalg.inv(np.linalg.cholesky(system[1])).transpose(0, 2, 1)
        normal = rng.standard_normal((n_sims, self.groups, self.q))
        return [np.einsum("jab,sjb->sja", roots, normal)]

    def split(self, flat):
        """Turn flat effects (..., size) into a list with one (..., J, q)."""
        return [flat.reshape(*flat.shape[:-1], self.groups, self.q)]
