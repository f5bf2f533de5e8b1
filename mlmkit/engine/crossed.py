"""The deviance of a model with several grouping factors, crossed or nested.

Groups that share no row, not even through other groups, are independent: the three classes of one
school have nothing to do with those of another. So the rows fall into parts (`IndependentPart`), whose sums
add up; for nested factors that keeps the dense systems small. See `elimination` for the algebra.

Where the dense part is large, evaluations are what a fit costs. The search begins there with the expected
curvature, updates it on the way, and ends without a measured one.
"""

from dataclasses import dataclass, replace

import numpy as np

from mlmkit.engine.elimination import Elimination, diagonal_blocks
from mlmkit.engine.memory import check_memory
from mlmkit.engine.onefactor import LOG_2PI, AtTheta, OneFactor, _inverse_and_log_det
from mlmkit.engine.pairs import pairs_of
from mlmkit.engine.parts import independent_parts
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.theta import pattern

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
        If the smaller factors have too many groups for a dense matrix in this machine's memory.
    """
    W = scaled.matrix()
    if drop_dependent(model, scaled, W @ W.T):
        W = scaled.matrix()
    levels = [len(factor.levels) for factor in model.factors]
    codes = [np.asarray(factor.codes, dtype=np.int64) for factor in model.factors]
    Z = [group_columns(W[z], code, J) for z, code, J in zip(scaled.z, codes, levels, strict=True)]
    XY = np.ascontiguousarray(W[[*scaled.x, len(W) - 1]].T)
    patterns = [pattern(factor.terms) for factor in model.factors]
    parts = independent_parts(codes, levels, [len(factor.names) for factor in model.factors])
    check_memory(parts, [factor.label for factor in model.factors])
    return Crossed(Z, XY, parts, patterns, reml)


def group_columns(values, codes, groups):
    """Build one factor's columns of Z, shape (n, J q), from its varying columns, shape (q, n)."""
    from scipy import sparse

    q, n = values.shape
    columns = (codes[:, None] * q + np.arange(q)).ravel()
    entries = (values.T.ravel(), (np.repeat(np.arange(n), q), columns))
    return sparse.csr_array(entries, shape=(n, groups * q))


@dataclass
class Sums:
    """Cross-products of one part's columns: what is left of its rows."""

    part: object
    A11: np.ndarray
    A12: object
    A22: np.ndarray
    B1: np.ndarray
    B2: np.ndarray
    pairs: object

    def pieces(self, lams, inform=False):
        """Compute log det M, V'M^-1V, and factor by factor the sums that the gradient needs.

        Parameters
        ----------
        lams : list of ndarray, each (q, q)
            Lambda of each factor.
        inform : bool
            Whether the information is wanted, if it can be had.

        Returns
        -------
        log_det : float
            Of this part's M.
        explained : ndarray, shape (m, m)
            V' M^-1 V, V = Lambda'B.
        straight : list of ndarray, each (q, q)
            Summed diagonal blocks of A Lambda M^-1.
        moved : list of ndarray, each (q, q, m, m)
            H_a' U_b, where U = M^-1 V and H = B - A Lambda U.
        information : tuple or None
            See `Elimination.information`.
        """
        found, V1, V2, U1, U2, LU2, shift = self._solved(lams)
        layout, m = found.layout, V2.shape[1]
        explained = np.tensordot(V1, U1, axes=([0, 1], [0, 1])) + V2.T @ U2
        LU1 = found.lam @ U1
        H1 = self.B1 - found.AL @ U1 - shift
        H2 = self.B2 - self.A12.T @ LU1.reshape(-1, m) - self.A22 @ LU2
        moved = [None] * len(layout.levels)
        moved[layout.first] = _products(H1, U1)
        for place, where in layout.slices:
            shape = (-1, layout.q[place], m)
            moved[place] = _products(H2[where].reshape(shape), U2[where].reshape(shape))
        information = found.information() if inform and max(layout.q) == 1 else None
        return found.log_det, explained, found.straight(), moved, information

    def eliminated(self, lams):
        """Factorise this part's M."""
        return Elimination(self.part.layout, lams, self.A11, self.A12, self.A22, self.pairs)

    def _solved(self, lams):
        found = self.eliminated(lams)
        V1, V2 = found.lam.T @ self.B1, found.layout.left(self.B2, lams, transpose=True)
        return found, V1, V2, *found.solve(V1, V2)

    def solve(self, lams):
        """Return log det M, V'M^-1V, and by factor Lambda U and the blocks of Lambda M^-1 Lambda'."""
        found, V1, V2, U1, U2, LU2, _ = self._solved(lams)
        layout = found.layout
        explained = np.tensordot(V1, U1, axes=([0, 1], [0, 1])) + V2.T @ U2
        spread = [None] * len(layout.levels)
        spread[layout.first] = found.lam @ U1
        for place, where in layout.slices:
            spread[place] = LU2[where].reshape(layout.levels[place], layout.q[place], -1)
        return found.log_det, explained, spread, found.variances()


class Crossed:
    """Profiled deviance of a linear mixed model with several grouping factors.

    Parameters
    ----------
    Z : list of sparse arrays, each (n, J q)
        Random-effects columns of each factor.
    XY : ndarray, shape (n, p + 1)
        Fixed-effects columns and outcome.
    parts : list of IndependentPart
        Groups that hang together.
    patterns : list of (rows, columns)
        Lambda's free entries, factor by factor.
    reml : bool
        The criterion.
    """

    needs_hessian = False  # nothing in a linear model's estimates rests on the curvature at the optimum

    def __init__(self, Z, XY, parts, patterns, reml):
        self.n, self.m = XY.shape
        self.patterns, self.q = patterns, [max(rows) + 1 for rows, _ in patterns]
        self.levels = [matrix.shape[1] // q for matrix, q in zip(Z, self.q, strict=True)]
        self.C = XY.T @ XY
        self.starts = self._starts(Z, XY)
        self.sums = _sums(Z, XY, parts)
        self.expensive = max(len(sums.A22) for sums in self.sums) > EXPENSIVE
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
        other.sums = [replace(sums, B1=sums.B1 @ whole, B2=sums.B2 @ whole) for sums in self.sums]
        other.C = whole.T @ self.C @ whole
        other.m = self.m - 1
        other._set(False)
        return other

    def _starts(self, Z, XY):
        """Guess each factor's theta as if it were the only one."""
        starts = []
        for matrix, J, q, free in zip(Z, self.levels, self.q, self.patterns, strict=True):
            A = diagonal_blocks((matrix.T @ matrix).tocsr(), J, q)
            B = np.asarray(matrix.T @ XY).reshape(J, q, self.m)
            starts.append(OneFactor(A, B, self.C, self.n, free, True).start())
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

    def pieces(self, lams):
        """Add up the parts' `Sums.pieces` for any square matrices in place of Lambda."""
        log_det, explained = 0.0, np.zeros_like(self.C)
        straight, moved, self.information = None, None, []
        for sums in self.sums:
            found = sums.pieces(lams, self.expensive)
            log_det, explained = log_det + found[0], explained + found[1]
            self.information.append(found[4])
            straight = found[2] if straight is None else _added(straight, found[2])
            moved = found[3] if moved is None else _added(moved, found[3])
        return log_det, explained, straight, moved

    def __call__(self, theta):
        """Return (deviance, gradient); infinity where the deviance isn't defined."""
        self.evaluations, self.latest = self.evaluations + 1, theta.copy()
        nothing, p = (np.inf, np.full(len(theta), np.nan)), self.m - 1
        try:
            log_det, explained, straight, moved = self.pieces(self.lambdas(theta))
            schur = self.C - explained
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
        gradient = []
        for a, b, free in zip(straight, moved, self.patterns, strict=True):
            gradient.append((2 * a - 2 * np.tensordot(b, weight, 2))[free])
        return float(value), np.concatenate(gradient)

    def expected_hessian(self, theta, gradient):
        """Approximate the curvature at the last theta, at no cost; None where that can't be.

        These are the expected second derivatives of log det V + df log y'V^-1 y by the variances (Fisher's
        scoring), taken to theta by the chain rule. See `Elimination.information` for what they leave out.
        """
        if None in self.information or not (np.array_equal(theta, self.latest) and np.abs(theta).min() > 0):
            return None
        traces, squares = (sum(parts) for parts in zip(*self.information, strict=True))
        by_theta = 4 * (squares - np.outer(traces, traces) / self.df) / np.outer(theta, theta)
        return by_theta + np.diag(gradient / theta)

    def solve(self, theta):
        """Compute everything that follows from theta; see `AtTheta`."""
        lams, p = self.lambdas(theta), self.m - 1
        log_det, explained = 0.0, np.zeros_like(self.C)
        spread = [np.empty((J, q, self.m)) for J, q in zip(self.levels, self.q, strict=True)]
        variances = [np.empty((J, q, q)) for J, q in zip(self.levels, self.q, strict=True)]
        for sums in self.sums:
            found = sums.solve(lams)
            log_det, explained = log_det + found[0], explained + found[1]
            for i, groups in enumerate(sums.part.groups):
                spread[i][groups], variances[i][groups] = found[2][i], found[3][i]
        schur = self.C - explained
        inner, log_det_x = _inverse_and_log_det(schur[:p, :p])
        beta = inner @ schur[:p, p]
        rss = float(schur[p, p] - schur[:p, p] @ beta)
        modes = [part[:, :, p] - part[:, :, :p] @ beta for part in spread]
        slopes = [part[:, :, :p] for part in spread]
        numbers = beta, rss, float(log_det), float(log_det_x), schur[:p, :p]
        return AtTheta(*numbers, modes, variances, slopes, inner)

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
        lams = self.lambdas(theta)
        drawn = [np.empty((len(sigma), J, q)) for J, q in zip(self.levels, self.q, strict=True)]
        for sums in self.sums:
            for i, effects in enumerate(sums.eliminated(lams).draw(rng, len(sigma))):
                drawn[i][:, sums.part.groups[i]] = np.moveaxis(effects * sigma, 2, 0)
        return drawn


def _sums(Z, XY, parts):
    """Cross-products of the columns, part by part."""
    from scipy import sparse

    found = []
    for part in parts:
        layout = part.layout
        rows, own = (slice(None), Z) if part.whole else part.cut(Z)
        first = own[layout.first]
        rest = sparse.hstack([own[i] for i in layout.order[1:]], format="csr")
        J, q, m = layout.levels[layout.first], layout.q[layout.first], XY.shape[1]
        A12 = (first.T @ rest).tocsr()
        if np.prod(A12.shape) <= SMALL:
            A12 = A12.toarray()
        A22 = (rest.T @ rest).toarray()
        A11 = diagonal_blocks((first.T @ first).tocsr(), J, q)
        B1, B2 = np.asarray(first.T @ XY[rows]).reshape(J, q, m), np.asarray(rest.T @ XY[rows])
        found.append(Sums(part, A11, A12, A22, B1, B2, pairs_of(A12, q)))
    return found


def _added(left, right):
    return [a + b for a, b in zip(left, right, strict=True)]


def _products(H, U):
    """H_a' U_b for all columns a, b: shape (q, q, m, m)."""
    q = H.shape[1]
    return np.array([[H[:, a].T @ U[:, b] for b in range(q)] for a in range(q)])
