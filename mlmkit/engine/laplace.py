"""The Laplace approximation of a generalised linear mixed model's deviance, with its exact gradient.

With eta = offset + X beta + Z Lambda u, l the log-likelihood given u, and u at its mode,

    d(theta, beta) = -2 l(u) + u'u + log det M,    M = Lambda' Z' W Z Lambda + I

(Bates et al. 2015; W holds the expected curvatures of l in eta, as lme4 takes them, also where the link isn't
canonical). The mode moves with theta and beta, by the curvatures H that the data show; so the gradient has an
implicit part. It needs the derivative of log det M in each eta_i, which is W'_i times the row's leverage.
"""

from typing import NamedTuple

import numpy as np

from mlmkit.engine.families import Moments
from mlmkit.engine.row_passes import gradient_sums, look
from mlmkit.engine.theta import pattern as free_entries

INNER_STEPS = 100
NEAR = 3e-11  # what a Newton step gains: after a step that gains so little, the next gains about its square
THERE = 1e-20  # a step that gains so little changes what the rows say in proportion
LEAP = 1.0  # a predicted move of the effects is trusted up to here
LARGE = 2_000  # rows from which curvatures are updated on the way, and measured at the end only


class Mode(NamedTuple):
    """Where the random effects' density is highest, and what follows there.

    Attributes
    ----------
    lams : list of ndarray
        Lambda of each grouping factor.
    fixed : ndarray, shape (n,)
        The linear predictor without random effects.
    u : ndarray
        The mode, flat.
    step : ndarray
        The last, tiny step to it: all but `moments` hold it.
    moments : Moments
        Of the family, by row.
    loglik : float
        Log-likelihood given u, relative to the saturated model.
    pull : ndarray
        Z' times the derivatives of l in eta, flat.
    system : tuple
        M with H in place of W, and its inverse: what moves the mode.
    """

    lams: list
    fixed: np.ndarray
    u: np.ndarray
    step: np.ndarray
    moments: Moments
    loglik: float
    pull: np.ndarray
    system: tuple


class Laplace:
    """Laplace-approximated deviance over (theta, beta), and a parameter of the family where it has one.

    Parameters
    ----------
    family : Binomial, Poisson or NegativeBinomial
        Outcome distribution (the class).
    y, trials, offset : ndarray, shape (n,)
        Outcome (successes or counts), trials, known part of eta.
    X : ndarray, shape (p, n)
        Fixed-effects columns.
    blocks : GroupBlocks or CrossedBlocks
        The random effects.
    terms : list of list of Term
        For each grouping factor.
    """

    def __init__(self, family, y, trials, offset, X, blocks, terms):
        self.family, self.y, self.trials, self.offset, self.X = family, y, trials, offset, X
        self.blocks = blocks
        self.patterns = [free_entries(some) for some in terms]
        self.n_theta = sum(len(rows) for rows, _ in self.patterns)
        self.known = family.known(y, trials)
        self.saturated = 0.0 if family.extra else float(family.saturated(y, trials).sum())
        self.expensive = len(y) > LARGE
        self.space = np.empty((5, len(y)))
        self.last, self.first, self.shared, self.across = None, None, None, None
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

    def take(self, phi):
        """Take phi = (theta, beta, the family's parameter) apart.

        Returns
        -------
        family : Binomial, Poisson or NegativeBinomial
            With its parameter.
        lams : list of ndarray
            Lambda of each grouping factor.
        fixed : ndarray, shape (n,)
            The linear predictor without random effects.
        """
        theta, beta, extra = np.split(phi, [self.n_theta, self.n_theta + len(self.X)])
        family = self.family(*extra) if self.family.extra else self.family
        self.beta = beta
        return family, self.lambdas(theta), self.offset + beta @ self.X

    def _start(self, lams, fixed):
        """Predict the mode from the last one: it moves as its equation's derivatives say."""
        last, blocks = self.last, self.blocks
        if last is None:
            first, self.first = self.first, None  # what was guessed is tried once
            return np.zeros(blocks.size) if first is None else first
        moved = [new - old for new, old in zip(lams, last.lams, strict=True)]
        pull = self._moved_pull(last, fixed)
        pull += blocks.times_cross(moved, last.system, last.u)
        toward = blocks.left(moved, last.pull, True) - blocks.left(last.lams, pull, True)
        step = blocks.solve(last.system, toward)
        if np.abs(blocks.left(lams, step)).max() < LEAP:
            return last.u + step
        kept = [np.linalg.pinv(new) @ old for new, old in zip(lams, last.lams, strict=True)]
        return blocks.left(kept, last.u)  # the same effects

    def _moved_pull(self, last, fixed):
        """Return by how much less Z' times the derivatives of l would be at another fixed part, about."""
        if self.across is None or self.across[0] is not last.fixed or self.across[1] is not self.X:
            return self.blocks.scores(last.moments.curvature * (fixed - last.fixed))
        *_, beta, across = self.across
        return (self.beta - beta) @ across

    def mode(self, family, lams, fixed):
        """Find the random effects' mode by Newton's method, keep it for the next start; return a `Mode`."""
        blocks, u = self.blocks, self._start(lams, fixed)
        step, gain, best, kept = None, np.inf, np.inf, u
        for _ in range(INNER_STEPS):
            moments, loglik, sums = look(self, family, lams, fixed, u)
            objective = u @ u - 2 * loglik
            if not objective <= best + 1e-9 * (1 + abs(best)) and step is not None:
                step = step / 2
                if np.abs(step).max() < 1e-12:
                    break
                u = kept + step
                continue
            best, kept = objective, u
            if sums is None:
                system, pull = blocks.factorise(lams, moments.curvature), blocks.scores(moments.rest)
            else:
                pull, system = sums[0], blocks.system(lams, sums[1])
            last_gain, downhill = gain, blocks.left(lams, pull, True) - u
            step = blocks.solve(system, downhill)
            gain = np.abs(step * downhill).max()
            if last_gain < NEAR or gain < THERE:
                break
            u = u + step
        else:
            best = np.inf  # no mode was found: don't start from here again
        if u is not kept:
            step = np.zeros_like(u)
        loglik = float(loglik + blocks.left(lams, pull, True) @ step)
        pull = pull - blocks.times_cross(lams, system, step)
        found = Mode(lams, fixed, kept + step, step, moments, loglik, pull, system)
        self.last = found if np.isfinite(best) else None
        return found

    def expected(self, mode):
        """Return M and its inverse with the expected curvatures W."""
        moments = mode.moments
        if moments.weight is moments.curvature:
            return mode.system
        return self.blocks.factorise(mode.lams, moments.weight)

    def __call__(self, phi):
        """Return (deviance, gradient) at phi = (theta, beta, the family's parameter)."""
        self.evaluations += 1
        family, lams, fixed = self.take(phi)
        mode = self.mode(family, lams, fixed)
        blocks, u, system = self.blocks, mode.u, self.expected(mode)
        saturated = float(family.saturated(self.y, self.trials).sum()) if family.extra else self.saturated
        value = u @ u - 2 * (mode.loglik + saturated) + blocks.log_det(system)
        if not np.isfinite(value):
            self.last = None
            return np.inf, np.full(len(phi), np.nan)
        pulled, s, by_rest = self._by_rows(family, mode, system)
        toward = pulled - 2 * mode.pull - blocks.times_cross(lams, mode.system, s)
        pieces = zip(
            blocks.outer(toward, u),
            blocks.straight(lams, system),
            blocks.outer(mode.pull, s),
            self.patterns,
            strict=True,
        )
        by_theta = [(a + 2 * b + c)[rows, columns] for a, b, c, (rows, columns) in pieces]
        return float(value), np.concatenate([*by_theta, by_rest])

    def _by_rows(self, family, mode, system):
        """Return Z' d, s = M^-1 Lambda' Z' d, and the gradient in beta and the family's parameter.

        d is the derivative of log det M in the rows' eta.
        """
        blocks, lams, (_, rest, curvature, _, slope) = self.blocks, mode.lams, mode.moments
        sums = None if family.extra else gradient_sums(self, mode, system)
        if sums is not None:
            pulled, direct, across = sums
            self.across = mode.fixed, self.X, self.beta, across
            s = blocks.solve(mode.system, blocks.left(lams, pulled, True))
            return pulled, s, direct - across @ blocks.left(lams, s - 2 * mode.step)
        leverage = blocks.leverage(lams, system)
        pull = slope * leverage
        pulled = blocks.scores(pull)
        s = blocks.solve(mode.system, blocks.left(lams, pulled, True))
        by_beta = self.X @ (pull - 2 * rest - curvature * blocks.eta(lams, s - 2 * mode.step))
        if not family.extra:
            return pulled, s, by_beta
        loglik, rest, weight = family.by_root(mode.fixed + blocks.eta(lams, mode.u), self.known)
        implicit = rest @ blocks.eta(lams, s)
        return pulled, s, np.append(by_beta, weight @ leverage + implicit - 2 * loglik.sum())

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
        mode = self.mode(*self.take(phi))
        blocks, lams, curvature = self.blocks, mode.lams, mode.moments.curvature
        columns = [
            blocks.left(
                lams, blocks.solve(mode.system, blocks.left(lams, blocks.scores(curvature * x), True))
            )
            for x in self.X
        ]
        flat = np.array(columns).reshape(len(self.X), blocks.size)
        slopes = [np.moveaxis(part, 0, 2) for part in blocks.split(flat)]
        modes = blocks.split(blocks.left(lams, mode.u))
        return modes, blocks.variances(lams, self.expected(mode)), slopes, mode.loglik

    def information(self, phi):
        """Compute the fixed effects' information with theta held, shape (p, p)."""
        return self.fixed_information(self.mode(*self.take(phi)))

    def fixed_information(self, mode):
        """Compute the fixed effects' information at a `Mode`."""
        blocks, lams, W, system = self.blocks, mode.lams, mode.moments.weight, self.expected(mode)
        inner = [blocks.solve(system, blocks.left(lams, blocks.scores(W * x), True)) for x in self.X]
        rows = self.X - np.array([blocks.eta(lams, u) for u in inner]).reshape(self.X.shape)
        return (self.X * W) @ rows.T

    def draw_effects(self, phi, n_sims, rng):
        """Draw deviations of the random effects from their mode, the fixed effects held.

        Returns
        -------
        list of ndarray, each (n_sims, J, q)
            Normal with the covariance of the Laplace approximation.
        """
        mode = self.mode(*self.take(phi))
        return self.blocks.draw(mode.lams, self.expected(mode), n_sims, rng)
