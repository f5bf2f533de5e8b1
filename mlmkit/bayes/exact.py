"""Exact draws from Gaussian models, crossed and nested factors included.

What is left when fixed and group effects are integrated out (``integrated``) has one to about eight
dimensions. It is explored with a Student-t distribution fitted to it and corrected by importance weights;
then fixed effects and group effects are drawn from their normal distributions. The draws are independent: no
chain, no warm-up, no divergences. Their cost doesn't depend on the number of rows.
"""

from dataclasses import dataclass

import numpy as np

from mlmkit.bayes.pareto import pareto_k
from mlmkit.bayes.proposal import StudentMixture, normalised, resample

BUDGET = 250_000_000  # multiplications that cost about half a second
FIRST = (500, 2_000)  # proposals of a round that only improves the proposal
ROUNDS = 2
CLUSTERS = (2, 4, 8)  # parts of the mixtures that are tried where one Student-t doesn't do
GOOD_K = 0.7


@dataclass
class ExactDraws:
    """Independent draws from the posterior, in the data's units.

    Attributes
    ----------
    beta : ndarray, shape (S, p)
        Fixed effects.
    effects : list of ndarray, each (S, J, q)
        Group effects, by factor.
    sigma : ndarray, shape (S,)
        Residual standard deviations.
    covariance : list of ndarray, each (S, q, q)
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
    effects: list
    sigma: np.ndarray
    covariance: list
    importance_ess: float
    efficiency: float
    pareto_k: float
    proposals: int

    @property
    def trustworthy(self):
        """Whether the importance weights are good enough to use the draws."""
        return self.pareto_k < GOOD_K and self.efficiency > 0.01


def draw_exactly(posterior, draws, rng):
    """Draw from a Gaussian model.

    Parameters
    ----------
    posterior : GaussianPosterior
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
    proposal = StudentMixture([centre], [spread])
    affordable = BUDGET // posterior.cost
    for _ in range(ROUNDS):
        first = int(np.clip(affordable, *FIRST))
        proposal = proposal.fitted(*_tried(posterior, proposal, first, rng)[:2])
    count = int(np.clip(affordable, max(draws, 4_000), max(10 * draws, 10_000)))
    u, weight, k = _best_of(posterior, proposal, count, rng)
    effective = 1.0 / np.sum(weight**2)
    parts = posterior.draw_rest(u[resample(weight, draws, rng)], rng)
    # Draws that share hyperparameters aren't independent; 1/ESS adds up over the two steps.
    ess = 1.0 / (1.0 / draws + 1.0 / effective)
    return ExactDraws(*parts, ess, effective / count, k, count)


def _tried(posterior, proposal, count, rng):
    """Draw from a proposal; return the points, their importance weights, and Pareto k."""
    u = proposal.draw(count, rng)
    log_weight = posterior.log_density(u) - proposal.log_density(u)
    return u, normalised(log_weight), pareto_k(log_weight)


def _best_of(posterior, proposal, count, rng):
    """Try the proposal, and others where it doesn't reach everywhere; return the best points and weights."""
    best = _tried(posterior, proposal, count, rng)
    for parts in CLUSTERS:
        if best[2] < 0.5:
            break
        proposal = proposal.split(*best[:2], parts, rng)
        best = min(best, _tried(posterior, proposal, count, rng), key=lambda found: found[2])
    return best


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
