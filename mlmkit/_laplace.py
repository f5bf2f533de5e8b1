"""The Laplace approximation of a generalised linear mixed model's deviance, with its exact gradient.

With eta = offset + X beta + Z Lambda u, l the log-likelihood given u, and u at its mode,

    d(theta, beta) = -2 l(u) + u'u + log det M,    M = Lambda' Z' W Z Lambda + I

(Bates et al. 2015; W holds the variances, for the links used here also the working weights). The
mode moves with theta and beta, so the gradient has an implicit part; it needs the derivative of
log det M in each eta_i, which is W'_i times the row's leverage.
"""

import numpy as np

from mlmkit._theta import pattern as free_entries

INNER_STEPS = 100


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

    def factorise(self, lams, W):
        """Return what `solve`, `leverage` and the others need at these weights."""
        A = np.empty((self.groups, self.q, self.q))
        for a in range(self.q):
            for b in range(a + 1):
                A[:, a, b] = A[:, b, a] = self.sums(W * self.Z[a] * self.Z[b])
        M = lams[0].T @ A @ lams[0] + np.eye(self.q)
        return A, M, np.linalg.inv(M)

    def solve(self, system, v):
        """M^-1 v."""
        return (system[2] @ v.reshape(self.groups, self.q, 1)).ravel()

    def log_det(self, system):
        """Log det M."""
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

    def conditional_root(self, lams, system):
        """Return a function from standard normal draws (n_sims, size) to effects with covariance C."""
        roots = lams[0] @ np.linalg.inv(np.linalg.cholesky(system[1])).transpose(0, 2, 1)

        def draw(normal):
            return np.einsum("jab,sjb->sja", roots, normal.reshape(-1, self.groups, self.q)).reshape(
                normal.shape
            )

        return draw

    def split(self, flat):
        """Turn flat effects (..., size) into a list with one (..., J, q)."""
        return [flat.reshape(*flat.shape[:-1], self.groups, self.q)]


class DenseBlocks:
    """Random effects of several grouping factors, with a dense system for all of them.

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

    def conditional_root(self, lams, system):
        """Return a function from standard normal draws (n_sims, size) to effects with covariance C."""
        root = system[3] @ np.linalg.inv(np.linalg.cholesky(system[1])).T
        return lambda normal: normal @ root.T


class Laplace:
    """Laplace-approximated deviance over (theta, beta).

    Parameters
    ----------
    family : Binomial or Poisson
        Outcome distribution.
    y, trials, offset : ndarray, shape (n,)
        Outcome (successes or counts), trials, known part of eta.
    X : ndarray, shape (p, n)
        Fixed-effects columns.
    blocks : GroupBlocks or DenseBlocks
        The random effects.
    terms : list of list of Term
        For each grouping factor.
    """

    def __init__(self, family, y, trials, offset, X, blocks, terms):
        self.family, self.y, self.trials, self.offset, self.X = family, y, trials, offset, X
        self.blocks = blocks
        self.patterns = [free_entries(some) for some in terms]
        self.n_theta = sum(len(rows) for rows, _ in self.patterns)
        constant, saturated = family.constants(y, trials)
        self.constant, self.saturated = float(constant.sum()), float(saturated.sum())
        self.u = np.zeros(blocks.size)
        self.evaluations = 0

    def lambdas(self, theta):
        """Fill one Lambda for each grouping factor."""
        filled, used = [], 0
        for rows, columns in self.patterns:
            lam = np.zeros((max(rows) + 1,) * 2)
            lam[rows, columns] = theta[used : used + len(rows)]
            used += len(rows)
            filled.append(lam)
        return filled

    def mode(self, lams, fixed):
        """Find the random effects' mode by Newton's method; the last mode is the start.

        Returns
        -------
        u : ndarray
            The mode, flat.
        moments : tuple
            Of the family, at the mode.
        system : tuple
            M and its inverse, at the mode.
        """
        blocks, u = self.blocks, self.u
        step, best, last = None, np.inf, self.u
        for _ in range(INNER_STEPS):
            moments = self.family.moments(fixed + blocks.eta(lams, u), self.y, self.trials)
            objective = u @ u - 2 * moments[0].sum()
            if not objective <= best + 1e-9 * (1 + abs(best)) and step is not None:
                step = step / 2
                if np.abs(step).max() < 1e-12:
                    break
                u = last + step
                continue
            best, last = objective, u
            system = blocks.factorise(lams, moments[2])
            if step is not None and np.abs(step).max() < 1e-7:
                break
            step = blocks.solve(system, blocks.left(lams, blocks.scores(self.y - moments[1]), True) - u)
            u = u + step
        if np.isfinite(best):
            self.u = last
        return last, moments, system

    def __call__(self, phi):
        """Return (deviance, gradient) at phi = (theta, beta)."""
        self.evaluations += 1
        lams, beta = self.lambdas(phi[: self.n_theta]), phi[self.n_theta :]
        fixed = self.offset + beta @ self.X
        u, (loglik, mean, W, W_slope), system = self.mode(lams, fixed)
        blocks = self.blocks
        value = u @ u - 2 * (loglik.sum() + self.constant) + blocks.log_det(system)
        if not np.isfinite(value):
            self.u = np.zeros_like(self.u)
            return np.inf, np.full(len(phi), np.nan)
        rest = self.y - mean
        pull = W_slope * blocks.leverage(lams, system)  # derivative of log det M in eta
        s = blocks.solve(system, blocks.left(lams, blocks.scores(pull), True))
        moved = W * blocks.eta(lams, s)
        by_beta = self.X @ (pull - 2 * rest - moved)
        r = blocks.scores(rest)
        toward = blocks.scores(pull) - 2 * r - blocks.times_cross(lams, system, s)
        pieces = zip(
            blocks.outer(toward, u),
            blocks.straight(lams, system),
            blocks.outer(r, s),
            self.patterns,
            strict=True,
        )
        by_theta = [(a + 2 * b + c)[rows, columns] for a, b, c, (rows, columns) in pieces]
        return float(value), np.concatenate([*by_theta, by_beta])

    def solve(self, phi):
        """Compute mode, conditional variances and slopes at phi.

        Returns
        -------
        modes : list of ndarray, each (J, q)
            Random effects b.
        variances : list of ndarray, each (J, q, q)
            Their covariance given the fixed effects.
        slopes : list of ndarray, each (J, q, p)
            b moves by -slopes when the fixed effects move.
        loglik : float
            Log-likelihood given the random effects, relative to the saturated model.
        """
        lams, beta = self.lambdas(phi[: self.n_theta]), phi[self.n_theta :]
        u, moments, system = self.mode(lams, self.offset + beta @ self.X)
        blocks = self.blocks
        columns = [
            blocks.left(lams, blocks.solve(system, blocks.left(lams, blocks.scores(moments[2] * x), True)))
            for x in self.X
        ]
        flat = np.array(columns).reshape(len(self.X), -1)
        slopes = [np.moveaxis(part, 0, 2) for part in blocks.split(flat)]
        modes = blocks.split(blocks.left(lams, u))
        return modes, blocks.variances(lams, system), slopes, float(moments[0].sum()) - self.saturated

    def information(self, phi):
        """Compute the fixed effects' information with theta held, shape (p, p)."""
        lams, beta = self.lambdas(phi[: self.n_theta]), phi[self.n_theta :]
        _, moments, system = self.mode(lams, self.offset + beta @ self.X)
        blocks, W = self.blocks, moments[2]
        inner = [blocks.solve(system, blocks.left(lams, blocks.scores(W * x), True)) for x in self.X]
        rows = self.X - np.array([blocks.eta(lams, u) for u in inner])
        return (self.X * W) @ rows.T

    def draw_effects(self, phi, n_sims, rng):
        """Draw deviations of the random effects from their mode, the fixed effects held.

        Returns
        -------
        list of ndarray, each (n_sims, J, q)
            Normal with the covariance of the Laplace approximation.
        """
        lams, beta = self.lambdas(phi[: self.n_theta]), phi[self.n_theta :]
        _, _, system = self.mode(lams, self.offset + beta @ self.X)
        draw = self.blocks.conditional_root(lams, system)
        return self.blocks.split(draw(rng.standard_normal((n_sims, self.blocks.size))))
