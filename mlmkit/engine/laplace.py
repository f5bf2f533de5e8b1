"""The Laplace approximation of a generalised linear mixed model's deviance, with its exact gradient.

With eta = offset + X beta + Z Lambda u, l the log-likelihood given u, and u at its mode,

    d(theta, beta) = -2 l(u) + u'u + log det M,    M = Lambda' Z' W Z Lambda + I

(Bates et al. 2015; W holds the variances, for the links used here also the working weights). The
mode moves with theta and beta, so the gradient has an implicit part; it needs the derivative of
log det M in each eta_i, which is W'_i times the row's leverage.
"""

import numpy as np

from mlmkit.engine.theta import pattern as free_entries

INNER_STEPS = 100
NEAR = 5e-6  # Newton's error after a step of this size is about its square
LARGE = 2_000  # rows from which curvatures are updated on the way, and measured at the end only


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
        constant, saturated = family.constants(y, trials)
        self.constant, self.saturated = float(constant.sum()), float(saturated.sum())
        self.expensive = len(y) > LARGE
        self.space = np.empty((4, len(y)))
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
            moments = self.family.moments(fixed + blocks.eta(lams, u), self.y, self.trials, self.space)
            objective = u @ u - 2 * moments[0].sum()
            if not objective <= best + 1e-9 * (1 + abs(best)) and step is not None:
                step = step / 2
                if np.abs(step).max() < 1e-12:
                    break
                u = last + step
                continue
            best, last = objective, u
            system = blocks.factorise(lams, moments[2])
            if step is not None and np.abs(step).max() < NEAR:
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
        return self.blocks.draw(lams, system, n_sims, rng)
