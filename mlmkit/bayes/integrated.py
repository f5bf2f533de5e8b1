"""The posterior of a Gaussian model's hyperparameters, with everything else integrated out.

Given the residual standard deviation sigma and the covariances of the group effects, fixed effects and group
effects are normal and integrate out. What is left has a few dimensions. One grouping factor, that with the
most effects, is eliminated group by group; the other factors' effects and the fixed effects, the "rest", are
solved for together (as lme4 does: Bates et al. 2015, Journal of Statistical Software 67(1), section 5).

Notation, for the columns as ``engine.scaling`` scales them: ``sigma^2 Psi`` is the covariance of a group's
effects of the eliminated factor, ``A_j = Z_j'Z_j``, ``C_j = (Psi^-1 + A_j)^-1``, so that ``sigma^2 C_j`` is
the covariance of these effects given the rest. The other factors' effects are ``Lambda u``, where u is
standard normal times sigma.
"""

import numpy as np

from mlmkit.bayes.group_products import pair_products, products
from mlmkit.bayes.hyper import Hyperparameters
from mlmkit.frame.columns import INTERCEPT

CELLS = 200_000  # numbers in one piece of work: small enough for the processor's cache
TINY = np.finfo(float).tiny
ROUNDING = 1e-13


class GaussianPosterior:
    """The posterior of the hyperparameters, and draws of all the rest given them.

    Parameters
    ----------
    model : BayesModel
        Gaussian, with normal or flat priors of the fixed effects.
    """

    def __init__(self, model):
        self.scaled, self.factors = model.scaled, model.design.factors
        self.n, self.unit = model.design.n, model.scaled.y_scale
        self.hyper = Hyperparameters(self.factors, model.priors, self.unit)
        sizes = [len(factor.levels) * len(factor.names) for factor in self.factors]
        self.eliminated = int(np.argmax(sizes)) if sizes else None
        self.others = [place for place in range(len(sizes)) if place != self.eliminated]
        self.products = products(self.scaled, self.factors, self.eliminated)
        self.q, _, self.groups = self.products.A.shape
        self.p = len(self.scaled.x)
        self.intercept = model.design.fixed.names.index(INTERCEPT) if model.has_intercept else None
        self.K = sum(sizes[place] for place in self.others)
        self._prior = _fixed_priors(model)
        self._conditional = conditional(self.products.A)
        entries = [(a, b) for a in range(self.q) for b in range(a + 1)]
        self._pairs = [pair_products(self.products.B[a], self.products.B[b]) for a, b in entries]
        self._upper = np.triu_indices(self.K + self.p + 1)
        self._square = _places_in_triangle(self.K + self.p + 1)

    @property
    def cost(self):
        """Multiplications of one evaluation of the density, roughly."""
        pairs = sum(pair.nnz if hasattr(pair, "nnz") else pair.size for pair in self._pairs)
        return 20 * self.groups * self.q**2 + pairs + (self.K + self.p) ** 3 / 3 + 2 * len(self._upper[0])

    def log_density(self, u):
        """Compute the log posterior density, up to a constant, at unconstrained hyperparameters.

        Parameters
        ----------
        u : ndarray, shape (S, d)
            See ``Hyperparameters``.

        Returns
        -------
        ndarray, shape (S,)
            Minus infinity where it can't be computed.
        """
        value = np.full(len(u), -np.inf)
        good = np.flatnonzero(self.hyper.inside(u))
        for rows in self._pieces(len(good)):
            value[good[rows]] = self._piece(u[good[rows]])
        return value

    def _piece(self, u):
        sigma, roots = self.hyper.unpack(u)
        try:
            log_det, root, _, rest = self._solved(sigma, roots)
        except np.linalg.LinAlgError:
            if len(u) == 1:
                return np.array([-np.inf])
            return np.concatenate([self._piece(half) for half in np.array_split(u, 2)])
        half = np.log(np.einsum("srr->sr", root)).sum(axis=1)
        found = -(self.n - self.p) * np.log(sigma) - 0.5 * log_det - half - 0.5 * rest / sigma**2
        found += self.hyper.log_prior(u)
        return np.where(np.isfinite(found), found, -np.inf)

    def _pieces(self, count):
        numbers = max(self.groups * self.q**2, (self.K + self.p + 1) ** 2, 1)
        size = max(1, CELLS // numbers)
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]

    def scaled_roots(self, roots):
        """Translate roots of covariances from the data's columns to the scaled ones."""
        return [np.linalg.inv(z_map) @ root for z_map, root in zip(self.scaled.z_maps, roots, strict=True)]

    def _solved(self, sigma, roots):
        """Solve for the rest, given sigma and the roots of the relative covariances.

        Returns
        -------
        log_det : ndarray, shape (S,)
            Sum of log det(I + A_j Psi).
        root : ndarray, shape (S, K + p, K + p)
            Cholesky root L of the precision of (u, fixed effects), times sigma^2.
        pull : ndarray, shape (S, K + p)
            L^-1 times the right side: their mean is L'^-1 pull.
        rest : ndarray, shape (S,)
            Smallest penalised sum of squares.
        """
        roots, k = self.scaled_roots(roots), self.K + self.p
        log_det, cross = self._reduced(sigma, roots)
        precision, pull, constant = self._prior
        last = slice(self.K, k)
        cross[:, np.arange(self.K), np.arange(self.K)] += 1.0
        cross[:, last, last] += sigma[:, None, None] ** 2 * precision
        cross[:, k, last] += sigma[:, None] ** 2 * pull
        # The last pivot is the sum of squares: zero, give or take rounding, where a model fits perfectly.
        cross[:, k, k] += sigma**2 * constant + ROUNDING * self.products.total[k, k]
        whole = np.linalg.cholesky(cross)  # reads the lower triangle
        return log_det, whole[:, :k, :k], whole[:, k, :k], whole[:, k, k] ** 2

    def _reduced(self, sigma, roots):
        """Eliminate the one factor; return log det and the products of (Lambda-columns, X, y), (S, R, R)."""
        upper, log_det = (
            np.broadcast_to(self.products.total[self._upper], (len(sigma), len(self._upper[0]))),
            0.0,
        )
        if self.eliminated is not None:
            log_det, entries = self._conditional.entries(roots[self.eliminated])
            explained = entries[0] @ self._pairs[0]
            for entry, pair in zip(entries[1:], self._pairs[1:], strict=True):
                explained += entry @ pair
            upper = upper - explained
        cross = upper.take(self._square, axis=1)
        if self.K:
            self._times_lambda(cross, roots)
        return log_det, cross

    def _times_lambda(self, cross, roots):
        """Multiply the effects' rows by Lambda' from the left and their columns by Lambda, in place."""
        scale = np.ones(cross.shape[:2])
        for root, where, shape in self._blocks(roots):
            if shape[2] == 1:
                scale[:, where] = root[:, 0]
                continue
            rows = cross[:, where, :].reshape(*shape, -1)
            cross[:, where, :] = np.einsum("sab,sjac->sjbc", root, rows).reshape(
                len(root), -1, cross.shape[2]
            )
            columns = cross[:, :, where].reshape(len(root), -1, *shape[1:])
            cross[:, :, where] = np.einsum("sab,srja->srjb", root, columns).reshape(*cross.shape[:2], -1)
        cross *= scale[:, :, None]
        cross *= scale[:, None, :]

    def _blocks(self, roots):
        """Yield each other factor's root, its slice of the rest, and the shape (S, J, q) of its effects."""
        start = 0
        for place in self.others:
            groups, q = len(self.factors[place].levels), roots[place].shape[1]
            yield roots[place], slice(start, start + groups * q), (len(roots[place]), groups, q)
            start += groups * q

    def draw_rest(self, u, rng):
        """Draw fixed and group effects for given hyperparameters; all results in the data's units.

        Returns
        -------
        beta : ndarray, shape (S, p)
        effects : list of ndarray, each (S, J, q)
        sigma : ndarray, shape (S,)
        covariance : list of ndarray, each (S, q, q)
        """
        beta, effects = (
            np.empty((len(u), self.p)),
            [np.empty((len(u), len(factor.levels), len(factor.names))) for factor in self.factors],
        )
        for rows in self._pieces(len(u)):
            beta[rows], found = self._draw_piece(u[rows], rng)
            for whole, part in zip(effects, found, strict=True):
                whole[rows] = part
        if self.scaled.y_shift:
            beta[:, self.intercept] += self.scaled.y_shift
        sigma, roots = self.hyper.unpack(u)
        sigma = self.unit * sigma
        return (
            beta,
            effects,
            sigma,
            [root @ root.transpose(0, 2, 1) * (sigma**2)[:, None, None] for root in roots],
        )

    def _draw_piece(self, u, rng):
        sigma, given = self.hyper.unpack(u)
        _, root, pull, _ = self._solved(sigma, given)
        noisy = pull + sigma[:, None] * rng.standard_normal(pull.shape)
        mean = np.linalg.solve(root.transpose(0, 2, 1), noisy[:, :, None])[:, :, 0]
        roots, effects = self.scaled_roots(given), [None] * len(self.factors)
        for place, (one, where, shape) in zip(self.others, self._blocks(roots), strict=True):
            mean[:, where] = np.einsum("sab,sjb->sja", one, mean[:, where].reshape(shape)).reshape(len(u), -1)
            effects[place] = self.unit * mean[:, where].reshape(shape) @ self.scaled.z_maps[place].T
        if self.eliminated is not None:
            k = mean.shape[1]
            left = [_dense_column(b, k) - (b[:, :k] @ mean.T).T for b in self.products.B]
            noise = rng.standard_normal((self.q, len(u), self.groups)) * sigma[:, None]
            drawn = self._conditional.draw(roots[self.eliminated], np.array(left), noise)
            back = self.unit * self.scaled.z_maps[self.eliminated]
            effects[self.eliminated] = np.einsum("ab,bsj->sja", back, drawn)
        return self.unit * (mean[:, self.K :] @ self.scaled.x_map.T), effects


def _places_in_triangle(size):
    """Return where each entry of a symmetric matrix stands in its upper triangle, shape (size, size)."""
    places = np.zeros((size, size), dtype=np.intp)
    i, j = np.triu_indices(size)
    places[i, j] = places[j, i] = np.arange(len(i))
    return places


def _dense_column(matrix, k):
    column = matrix[:, [k]]
    return (column if isinstance(column, np.ndarray) else column.toarray()).ravel()


def _fixed_priors(model):
    """Translate the fixed effects' normal priors to the scaled columns.

    The priors are those of the intercept at the predictors' means and of the slopes: ``theta = M b + shift``,
    where b belongs to the scaled columns.

    Returns
    -------
    precision : ndarray, shape (p, p)
    pull : ndarray, shape (p,)
        Precision times mean.
    constant : float
        Mean times precision times mean.
    """
    scaled, priors, names = model.scaled, model.priors, list(model.design.fixed.names)
    M, location, size = scaled.y_scale * scaled.x_map, np.zeros(len(names)), np.zeros(len(names))
    listed = dict(zip(model.slopes, priors.coefs, strict=True))
    if model.has_intercept:
        listed[INTERCEPT], first = priors.intercept, names.index(INTERCEPT)
        places = [names.index(name) for name in model.slopes]
        M[first] += model.predictor_means @ M[places]
        location[first] = -scaled.y_shift
    for name, prior in listed.items():
        if prior.family != "flat":
            location[names.index(name)] += prior.location
            size[names.index(name)] = prior.scale**-2
    weighted = M.T * size
    return weighted @ M, weighted @ location, location @ (size * location)


def conditional(A):
    """Choose how C_j is computed: written out for one and two columns, by Cholesky roots for more."""
    return {0: lambda _: None, 1: OneColumn, 2: TwoColumns}.get(len(A), SeveralColumns)(A)


class OneColumn:
    """C_j where one column varies: everything is a number.

    Parameters
    ----------
    A : ndarray, shape (1, 1, J)
    """

    def __init__(self, A):
        self.a = A[0, 0]

    def entries(self, root):
        """Return sum_j log det(I + A_j Psi), shape (S,), and the entries of C_j, each (S, J)."""
        size = root[:, 0, 0, None] ** 2
        det = 1.0 + size * self.a
        return np.log(det).sum(axis=1), [size / det]

    def draw(self, root, left, noise):
        """Draw b_j ~ N(C_j left_j, C_j) with standard normal noise, shapes (q, S, J)."""
        c = self.entries(root)[1][0]
        return c * left + np.sqrt(c) * noise


class TwoColumns:
    """C_j where two columns vary, written out (arrays of small matrices are several times slower).

    Parameters
    ----------
    A : ndarray, shape (2, 2, J)
    """

    def __init__(self, A):
        self.a = A
        self.det_a = np.maximum(A[0, 0] * A[1, 1] - A[0, 1] ** 2, 0.0)

    def _parts(self, root):
        a, psi = self.a, root @ root.transpose(0, 2, 1)
        p11, p12, p22 = psi[:, 0, 0, None], psi[:, 0, 1, None], psi[:, 1, 1, None]
        det_psi = ((root[:, 0, 0] * root[:, 1, 1] - root[:, 0, 1] * root[:, 1, 0]) ** 2)[:, None]
        det = 1.0 + p11 * a[0, 0] + p22 * a[1, 1]
        det += 2 * p12 * a[0, 1]
        det += det_psi * self.det_a
        c11, c12, c22 = p11 + det_psi * a[1, 1], p12 - det_psi * a[0, 1], p22 + det_psi * a[0, 0]
        for entry in (c11, c12, c22):
            entry /= det
        return det, det_psi, (c11, c12, c22)

    def entries(self, root):
        """Return sum_j log det(I + A_j Psi), shape (S,), and the entries of C_j, each (S, J)."""
        det, _, c = self._parts(root)
        return np.log(det).sum(axis=1), c

    def draw(self, root, left, noise):
        """Draw b_j ~ N(C_j left_j, C_j) with standard normal noise, shapes (q, S, J)."""
        det, det_psi, c = self._parts(root)
        l11 = np.sqrt(np.maximum(c[0], TINY))
        l22 = np.sqrt(det_psi / det) / l11  # det C_j = det Psi / det(I + A_j Psi)
        first = c[0] * left[0] + c[1] * left[1] + l11 * noise[0]
        second = c[1] * left[0] + c[2] * left[1] + c[1] / l11 * noise[0] + l22 * noise[1]
        return np.array([first, second])


class SeveralColumns:
    """C_j = root (I + root' A_j root)^-1 root' for any number of columns.

    Parameters
    ----------
    A : ndarray, shape (q, q, J)
    """

    def __init__(self, A):
        self.a = np.ascontiguousarray(A.transpose(2, 0, 1))

    def _halves(self, root):
        """Return Cholesky roots L of I + root' A_j root, and halves h with h'h = C_j: both (S, J, q, q)."""
        root = root[:, None]
        back = root.transpose(0, 1, 3, 2)
        lower = np.linalg.cholesky(np.eye(root.shape[2]) + back @ self.a @ root)
        return lower, np.linalg.solve(lower, np.broadcast_to(back, lower.shape))

    def entries(self, root):
        """Return sum_j log det(I + A_j Psi), shape (S,), and the entries of C_j, each (S, J)."""
        lower, half = self._halves(root)
        c = half.transpose(0, 1, 3, 2) @ half
        log_det = 2 * np.log(np.einsum("sjaa->sja", lower)).sum(axis=(1, 2))
        return log_det, [
            np.ascontiguousarray(c[:, :, a, b]) for a in range(len(c[0, 0])) for b in range(a + 1)
        ]

    def draw(self, root, left, noise):
        """Draw b_j ~ N(C_j left_j, C_j) with standard normal noise, shapes (q, S, J)."""
        _, half = self._halves(root)
        inner = np.einsum("sjab,bsj->sja", half, left) + noise.transpose(1, 2, 0)
        return np.einsum("sjba,sjb->asj", half, inner)
