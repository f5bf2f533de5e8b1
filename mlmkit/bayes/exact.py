"""Exact draws from Gaussian models with one grouping factor and up to two varying terms.

Given the residual standard deviation sigma and the covariance of the group effects, everything else
(fixed effects and group effects) is normal and integrates out. What is left has two to four
dimensions. It is explored with a Student-t distribution fitted to it and corrected by importance
weights; then fixed effects and group effects are drawn from their normal distributions. The draws are
independent: no chain, no warm-up, no divergences. Their cost doesn't depend on the number of rows.

Notation, for the columns as ``engine.scaling`` scales them: ``sigma^2 Psi`` is the covariance of a group's
effects, ``A_j = Z_j'Z_j``, ``C_j = (Psi^-1 + A_j)^-1``, so that ``sigma^2 C_j`` is the covariance of the
effects given the fixed effects.
"""

from dataclasses import dataclass

import numpy as np

from mlmkit.bayes.hyper import Hyperparameters
from mlmkit.bayes.pareto import pareto_k

CELLS = 200_000  # draws times groups in one piece of work: small enough for the processor's cache
DF = 5  # degrees of freedom of the proposal
BUDGET = 12_000_000  # proposals times groups that cost about half a second
FIRST = 2_000  # proposals of a round that only improves the proposal
ROUNDS = 2
WIDER = (1.6, 2.5)  # what the proposal's covariance is multiplied by where its tails prove too short
GOOD_K = 0.7


@dataclass
class ExactDraws:
    """Independent draws from the posterior, in the data's units.

    Attributes
    ----------
    beta : ndarray, shape (S, p)
        Fixed effects.
    effects : ndarray, shape (S, J, q)
        Group effects.
    sigma : ndarray, shape (S,)
        Residual standard deviations.
    covariance : ndarray, shape (S, q, q)
        Covariance matrices of the group effects.
    importance_ess : float
        Effective number of independent draws among those returned.
    efficiency : float
        Effective share of the proposals: 1 if the proposal were the posterior itself.
    pareto_k : float
        Shape of the weights' tail; see ``pareto_k``.
    proposals : int
        How many proposals the draws were chosen from.
    """

    beta: np.ndarray
    effects: np.ndarray
    sigma: np.ndarray
    covariance: np.ndarray
    importance_ess: float
    efficiency: float
    pareto_k: float
    proposals: int

    @property
    def trustworthy(self):
        """Whether the importance weights are good enough to use the draws."""
        return self.pareto_k < GOOD_K and self.efficiency > 0.01


class GaussianOneFactor:
    """The posterior of (sigma, Psi) with everything else integrated out.

    Parameters
    ----------
    problem : OneFactor
        Per-group sums of the scaled columns (``engine.onefactor``).
    scaled : Scaled
        How the columns were scaled.
    terms : list of Term
        The random-effects terms of the factor.
    priors : Priors
        In numbers.
    has_intercept : bool
        Whether the first fixed effect is an intercept.
    """

    def __init__(self, problem, scaled, terms, priors, has_intercept):
        self.n, self.groups, self.q, self.p = problem.n, problem.groups, problem.q, problem.m - 1
        self.scaled, self.unit, self.z_map = scaled, scaled.y_scale, scaled.z_maps[0]
        self.hyper = Hyperparameters(terms, priors, self.unit)
        self._a = np.ascontiguousarray(problem.A.transpose(1, 2, 0))  # (q, q, J)
        self._b = np.ascontiguousarray(problem.B.transpose(1, 2, 0))  # (q, p + 1, J)
        self._total = problem.C
        self._prior_mean, self._prior_precision = self._fixed_priors(priors, has_intercept)
        self._pairs = np.triu_indices(self.p + 1)
        self._products()

    def _fixed_priors(self, priors, has_intercept):
        """Translate the fixed effects' normal priors to the scaled columns."""
        x_scales = self.scaled.scale[self.scaled.x]
        mean, precision = np.zeros(self.p), np.zeros(self.p)
        listed = [*([priors.intercept] if has_intercept else []), *priors.coefs]
        for k, prior in enumerate(listed):
            if prior.family == "flat":
                continue
            at_mean = has_intercept and k == 0
            mean[k] = (prior.location - (self.scaled.y_shift if at_mean else 0.0)) * x_scales[k] / self.unit
            precision[k] = (self.unit / (prior.scale * x_scales[k])) ** 2
        return mean, precision

    def _products(self):
        """Products of group sums that the quadratic forms need: (J, pairs) for each entry of C_j."""
        i, j = self._pairs
        b = self._b
        self._b11 = (b[0, i] * b[0, j]).T.copy()
        if self.q == 2:
            a = self._a
            self._b12 = (b[0, i] * b[1, j] + b[1, i] * b[0, j]).T.copy()
            self._b22 = (b[1, i] * b[1, j]).T.copy()
            self._det_a = np.maximum(a[0, 0] * a[1, 1] - a[0, 1] ** 2, 0.0)

    def psi(self, covariance):
        """Translate relative covariances, shape (S, q, q), from the data's columns to the scaled ones."""
        back = np.linalg.inv(self.z_map)
        return back @ covariance @ back.T

    def _conditional(self, psi):
        """Compute (det(I + A_j Psi), entries of C_j) for a few draws: arrays (S, J)."""
        a = self._a
        if self.q == 1:
            size = psi[:, 0, 0, None]
            det = 1.0 + size * a[0, 0]
            return det, (size / det,)
        p11, p12, p22 = psi[:, 0, 0, None], psi[:, 0, 1, None], psi[:, 1, 1, None]
        det_psi = self._det(psi)[:, None]
        det = 1.0 + p11 * a[0, 0] + p22 * a[1, 1]
        det += 2 * p12 * a[0, 1]
        det += det_psi * self._det_a
        c11, c12, c22 = p11 + det_psi * a[1, 1], p12 - det_psi * a[0, 1], p22 + det_psi * a[0, 0]
        for entry in (c11, c12, c22):
            entry /= det
        return det, (c11, c12, c22)

    @staticmethod
    def _det(psi):
        return np.maximum(psi[:, 0, 0] * psi[:, 1, 1] - psi[:, 0, 1] ** 2, 0.0)

    def _pieces(self, count):
        size = max(1, CELLS // self.groups)
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]

    def _marginal_sums(self, psi):
        """Return sum_j log det(I + A_j Psi) and [X y]' V^-1 [X y], where V = I + Z Psi Z'."""
        count = len(psi)
        log_det = np.empty(count)
        explained = np.empty((count, len(self._pairs[0])))
        for rows in self._pieces(count):
            det, c = self._conditional(psi[rows])
            log_det[rows] = np.log(det).sum(axis=1)
            explained[rows] = c[0] @ self._b11
            if self.q == 2:
                explained[rows] += c[1] @ self._b12 + c[2] @ self._b22
        cross = np.empty((count, self.p + 1, self.p + 1))
        i, j = self._pairs
        cross[:, i, j] = self._total[i, j] - explained
        cross[:, j, i] = cross[:, i, j]
        return log_det, cross

    def _fixed_effects(self, sigma, cross):
        """Return (Cholesky root of their precision, mean, y-part of the quadratic form) given sigma, Psi."""
        p, m, d = self.p, self._prior_mean, self._prior_precision
        precision = cross[:, :p, :p] / (sigma**2)[:, None, None] + np.diag(d)
        right = cross[:, :p, p] / (sigma**2)[:, None] + d * m
        root = np.linalg.cholesky(precision) if p else precision
        mean = np.linalg.solve(precision, right[:, :, None])[:, :, 0] if p else right
        rest = cross[:, p, p] / sigma**2 + d @ m**2 - np.einsum("sp,sp->s", right, mean)
        return root, mean, rest

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
        inside = self.hyper.inside(u)
        if not inside.any():
            return value
        sigma, covariance = self.hyper.unpack(u[inside])
        log_det, cross = self._marginal_sums(self.psi(covariance))
        try:
            root, _, rest = self._fixed_effects(sigma, cross)
        except np.linalg.LinAlgError:
            if len(u) == 1:
                return value
            return np.concatenate([self.log_density(one[None]) for one in u])
        half = np.log(np.einsum("spp->sp", root)).sum(axis=1)
        found = -self.n * np.log(sigma) - 0.5 * log_det - half - 0.5 * rest + self.hyper.log_prior(u[inside])
        value[inside] = np.where(np.isfinite(found), found, -np.inf)
        return value

    def draw_rest(self, u, rng):
        """Draw fixed and group effects for given hyperparameters; all results in the data's units."""
        sigma, covariance = self.hyper.unpack(u)
        psi = self.psi(covariance)
        _, cross = self._marginal_sums(psi)
        root, mean, _ = self._fixed_effects(sigma, cross)
        noise = rng.standard_normal(mean.shape)
        if self.p:
            mean = mean + np.linalg.solve(root.transpose(0, 2, 1), noise[:, :, None])[:, :, 0]
        effects = self._draw_effects(sigma, psi, mean, rng)
        beta = self.unit * (mean @ self.scaled.x_map.T)
        if self.scaled.y_shift:
            beta[:, 0] += self.scaled.y_shift
        sigma = self.unit * sigma
        return beta, effects, sigma, covariance * (sigma**2)[:, None, None]

    def _draw_effects(self, sigma, psi, beta, rng):
        """Draw b_j ~ N(C_j (Z_j'y - Z_j'X beta), sigma^2 C_j), shape (S, J, q)."""
        p, back = self.p, self.unit * self.z_map
        effects = np.empty((len(psi), self.groups, self.q))
        for rows in self._pieces(len(psi)):
            det, c = self._conditional(psi[rows])
            rest = [self._b[k, p] - beta[rows] @ self._b[k, :p] for k in range(self.q)]
            noise = rng.standard_normal((self.q, *det.shape)) * sigma[rows, None]
            if self.q == 1:
                effects[rows, :, 0] = back[0, 0] * (c[0] * rest[0] + np.sqrt(c[0]) * noise[0])
                continue
            l11 = np.sqrt(np.maximum(c[0], np.finfo(float).tiny))
            l22 = np.sqrt(self._det(psi[rows])[:, None] / det) / l11  # det C_j = det Psi / det(I + A_j Psi)
            first = c[0] * rest[0] + c[1] * rest[1] + l11 * noise[0]
            second = c[1] * rest[0] + c[2] * rest[1] + c[1] / l11 * noise[0] + l22 * noise[1]
            for k in range(2):
                effects[rows, :, k] = back[k, 0] * first + back[k, 1] * second
        return effects


def draw_exactly(posterior, draws, rng):
    """Draw from a Gaussian model with one grouping factor.

    Parameters
    ----------
    posterior : GaussianOneFactor
        The model.
    draws : int
        How many draws to return.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ExactDraws
        Draws in the data's units, with a verdict on the importance weights.
    """
    centre, spread = laplace(posterior.log_density, posterior.hyper.search(rng))
    for _ in range(ROUNDS):
        u, log_weight = _propose(posterior, centre, spread, FIRST, rng)
        centre, spread = _moments(u, log_weight, centre, spread)
    proposals = int(np.clip(BUDGET // posterior.groups, max(2 * draws, 4_000), max(10 * draws, 10_000)))
    tries = [_propose(posterior, centre, spread, proposals, rng)]
    for wider in WIDER:
        if pareto_k(tries[-1][1]) < 0.5:
            break
        tries.append(_propose(posterior, centre, wider * spread, proposals, rng))
    u, log_weight = min(tries, key=lambda found: pareto_k(found[1]))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    effective = 1.0 / np.sum(weight**2)
    chosen = _resample(weight, draws, rng)
    beta, effects, sigma, covariance = posterior.draw_rest(u[chosen], rng)
    # Draws that share hyperparameters aren't independent; 1/ESS adds up over the two steps.
    ess = 1.0 / (1.0 / draws + 1.0 / effective)
    return ExactDraws(
        beta, effects, sigma, covariance, ess, effective / proposals, pareto_k(log_weight), proposals
    )


def _propose(posterior, centre, spread, count, rng):
    """Draw from the Student-t proposal; return the points and their log importance weights."""
    root = np.linalg.cholesky(spread)
    d = len(centre)
    z = rng.standard_normal((count, d)) / np.sqrt(rng.chisquare(DF, (count, 1)) / DF)
    u = centre + z @ root.T
    log_proposal = -0.5 * (DF + d) * np.log1p((z**2).sum(axis=1) / DF)
    return u, posterior.log_density(u) - log_proposal


def _moments(u, log_weight, centre, spread):
    """Fit the proposal to weighted draws; keep the old one where a few draws carry all the weight."""
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    if 1.0 / np.sum(weight**2) < 20 * len(centre):
        return centre, 2.0 * spread
    new_centre = weight @ u
    rest = u - new_centre
    return new_centre, (rest * weight[:, None]).T @ rest


def _resample(weight, draws, rng):
    """Choose draws in proportion to their weights, with as few repetitions as possible, in random order.

    Systematic resampling: one random offset, equal steps along the cumulated weights.
    """
    steps = (rng.random() + np.arange(draws)) / draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), steps), len(weight) - 1)
    return rng.permutation(chosen)


def laplace(log_density, candidates, steps=60):
    """Find the mode of a density and the covariance of the normal distribution that touches it there.

    Parameters
    ----------
    log_density : callable
        (S, d) -> (S,).
    candidates : ndarray, shape (S, d)
        Points to start from: the best one is used.

    Returns
    -------
    mode : ndarray, shape (d,)
        Where the density is largest.
    covariance : ndarray, shape (d, d)
        Minus the inverse of the second derivatives.
    """
    values = log_density(candidates)
    at, value = candidates[np.argmax(values)], np.max(values)
    if not np.isfinite(value):
        raise FloatingPointError(
            "The posterior can't be computed anywhere near the data. Are the priors compatible with the "
            "data, and are the columns free of enormous values?"
        )
    for _ in range(steps):
        gradient, curvature = _derivatives(log_density, at)
        step = np.linalg.solve(curvature, gradient)
        tries = at + step * 0.5 ** np.arange(12)[:, None]
        found = log_density(tries)
        best = int(np.argmax(found))
        if not found[best] > value:
            break
        gain, at, value = found[best] - value, tries[best], found[best]
        if gain < 1e-6:
            break
    return at, np.linalg.inv(_derivatives(log_density, at)[1])


def _derivatives(log_density, at, h=1e-3):
    """Differentiate by differences: the gradient and minus the second derivatives, made positive."""
    d = len(at)
    eye = h * np.eye(d)
    i, j = np.triu_indices(d, 1)
    points = [at[None], at + eye, at - eye]
    points += [at + a * eye[i] + b * eye[j] for a in (1, -1) for b in (1, -1)]
    value = log_density(np.concatenate(points))
    middle, up, down = value[0], value[1 : d + 1], value[d + 1 : 2 * d + 1]
    corners = value[2 * d + 1 :].reshape(4, -1)
    curvature = np.diag(-(up - 2 * middle + down) / h**2)
    curvature[i, j] = curvature[j, i] = -(corners[0] - corners[1] - corners[2] + corners[3]) / (4 * h**2)
    if not np.isfinite(curvature).all():
        return np.zeros(d), np.eye(d)
    values, vectors = np.linalg.eigh(curvature)
    values = np.maximum(np.abs(values), 0.05)
    return (up - down) / (2 * h), (vectors * values) @ vectors.T
