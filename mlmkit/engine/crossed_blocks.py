"""The random effects of a generalised model with several grouping factors: products and systems.

The methods are those of `blocks.GroupBlocks`; the algebra is that of `elimination`.
"""

import numpy as np

from mlmkit.engine.crossed import SMALL, group_columns
from mlmkit.engine.elimination import ROWS_AT_ONCE, Elimination, diagonal_blocks
from mlmkit.engine.memory import check_memory
from mlmkit.engine.parts import independent_parts


class CrossedBlocks:
    """Random effects of several grouping factors, crossed or nested.

    Parameters
    ----------
    Zs : list of ndarray, each (q, n)
        The varying columns of each factor.
    codes : list of ndarray of int, each (n,)
        Group numbers.
    groups : list of int
        Number of groups.
    labels : list of str
        Names of the factors, for messages.

    Raises
    ------
    ValueError
        If the dense part doesn't fit into memory.
    """

    def __init__(self, Zs, codes, groups, labels):
        from scipy import sparse

        self.groups, self.q = groups, [len(Z) for Z in Zs]
        ends = np.cumsum([J * q for J, q in zip(groups, self.q, strict=True)])
        self.where = [slice(end - J * q, end) for end, J, q in zip(ends, groups, self.q, strict=True)]
        self.size = int(ends[-1])
        columns = [group_columns(Z, code, J) for Z, code, J in zip(Zs, codes, groups, strict=True)]
        self.Z = sparse.hstack(columns, format="csr")
        parts = independent_parts(codes, groups, self.q)
        check_memory(parts, labels)
        starts = [where.start for where in self.where]
        self.parts = [_Part(part, columns, starts) for part in parts]

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

    def factorise(self, lams, W):
        """Return what `solve`, `leverage` and the others need at these weights."""
        return W, [part.factorise(lams, W) for part in self.parts]

    def solve(self, system, v):
        """M^-1 v."""
        u = np.empty_like(v)
        for part, found in zip(self.parts, system[1], strict=True):
            U1, U2, *_ = found.solve(v[part.first][:, :, None], v[part.rest][:, None])
            u[part.first], u[part.rest] = U1[:, :, 0], U2[:, 0]
        return u

    def log_det(self, system):
        """Log det M."""
        return float(sum(found.log_det for found in system[1]))

    def leverage(self, lams, system):
        """Diagonal of Z Lambda M^-1 Lambda' Z', by row."""
        total = np.empty(self.Z.shape[0])
        for part, found in zip(self.parts, system[1], strict=True):
            total[part.rows] = part.leverage(found)
        return total

    def times_cross(self, lams, system, s):
        """Z'WZ Lambda s, flat."""
        return self.Z.T @ (system[0] * self.eta(lams, s))

    def straight(self, lams, system):
        """Sum of the diagonal blocks of Z'WZ Lambda M^-1, a list of (q, q)."""
        return [sum(blocks) for blocks in zip(*(found.straight() for found in system[1]), strict=True)]

    def outer(self, left, right):
        """Sum over groups of left_j right_j', a list of (q, q)."""
        return [a.T @ b for a, b in zip(self.split(left), self.split(right), strict=True)]

    def variances(self, lams, system):
        """Diagonal blocks of Lambda M^-1 Lambda', a list of (J, q, q)."""
        whole = [np.empty((J, q, q)) for J, q in zip(self.groups, self.q, strict=True)]
        for part, found in zip(self.parts, system[1], strict=True):
            for target, groups, blocks in zip(whole, part.groups, found.variances(), strict=True):
                target[groups] = blocks
        return whole

    def draw(self, lams, system, n_sims, rng):
        """Draw effects with covariance Lambda M^-1 Lambda', a list of (n_sims, J, q)."""
        whole = [np.empty((n_sims, J, q)) for J, q in zip(self.groups, self.q, strict=True)]
        for part, found in zip(self.parts, system[1], strict=True):
            for target, groups, effects in zip(whole, part.groups, found.draw(rng, n_sims), strict=True):
                target[:, groups] = np.moveaxis(effects, 2, 0)
        return whole


class _Part:
    """One independent part: its rows' columns, and where its effects stand among all, flat."""

    def __init__(self, part, columns, starts):
        from scipy import sparse

        self.layout, self.groups = part.layout, part.groups
        self.rows, own = (slice(None), columns) if part.whole else part.cut(columns)
        self.Z1 = own[self.layout.first].tocsr()
        self.Z2 = sparse.hstack([own[i] for i in self.layout.order[1:]], format="csr")
        places = []
        for i in self.layout.order:
            J, q = self.layout.levels[i], self.layout.q[i]
            numbers = np.arange(J) if part.whole else part.groups[i]
            places.append(starts[i] + numbers[:, None] * q + np.arange(q))
        self.first, self.rest = places[0], np.concatenate([place.ravel() for place in places[1:]])

    def factorise(self, lams, W):
        """Eliminate the first factor at these weights."""
        W = W[self.rows][:, None]
        J, q = self.first.shape
        weighted = self.Z2 * W
        A12 = (self.Z1.T @ weighted).tocsr()
        if np.prod(A12.shape) <= SMALL:
            A12 = A12.toarray()
        A11 = diagonal_blocks((self.Z1.T @ (self.Z1 * W)).tocsr(), J, q)
        return Elimination(self.layout, lams, A11, A12, (self.Z2.T @ weighted).toarray())

    def leverage(self, found):
        """Diagonal of Z C Z', C = Lambda M^-1 Lambda'; with C12 = -P A12 C22 (see `elimination`)."""
        layout = self.layout
        C22 = layout.left(layout.right(found.N22, found.lams, transpose=True), found.lams, transpose=False)
        C11, P = found.lam @ found.corner @ found.lam.T, found.lam @ found.inverse @ found.lam.T
        own = self.Z1 @ _block_diagonal(C11)
        total = np.asarray(own.multiply(self.Z1).sum(axis=1)).ravel()
        across = self.Z1 @ (_block_diagonal(P) @ found.A12)
        for start in range(0, len(total), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            spread = self.Z2[rows] @ C22
            total[rows] += np.asarray(self.Z2[rows].multiply(spread).sum(axis=1)).ravel()
            part = across[rows]
            if isinstance(part, np.ndarray):
                total[rows] -= 2 * np.einsum("ir,ir->i", part, spread)
            else:
                total[rows] -= 2 * np.asarray(part.multiply(spread).sum(axis=1)).ravel()
        return total


def _block_diagonal(blocks):
    from scipy import sparse

    J, q, _ = blocks.shape
    return sparse.bsr_array((blocks, np.arange(J), np.arange(J + 1)), shape=(J * q, J * q)).tocsr()
