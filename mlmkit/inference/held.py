"""Deviances with one standard deviation or one correlation held, or with sigma held.

A covariance matrix has many factors F with F F' = Sigma; a lower-triangular one may take any directions
as its rows. With the directions in question first, holding is simple:

- a standard deviation s: the first row is (s, 0, ...);
- a correlation r: the first two rows are (a, 0, ...) and (b r, b sqrt(1 - r^2), 0, ...); a and b must not
  be negative, since a change of one sign would change the sign of r.

All other entries are free and have no bounds, so for a standard deviation the search is the same as for a
fit; for a correlation it is one with bounds. The other directions are orthogonal to the first ones, in the
scaled columns, so that no unit and no distant zero spoils the search.
"""

import copy
from functools import partial

import numpy as np

from mlmkit.engine.onefactor import LOG_2PI, OneFactor, _inverse_and_log_det
from mlmkit.engine.optimize import minimise
from mlmkit.engine.theta import lower_triangle

SIGMA = "sigma"


class TermFactor:
    """One term's Lambda (for scaled columns), from the entries of F that are free: Lambda = T^-1 F.

    Parameters
    ----------
    back : ndarray, shape (q, q)
        Takes effects of the scaled columns to those of the given ones.
    held : tuple of int
        The rows whose standard deviation (one row) or correlation (two) is held; empty for none.
    """

    def __init__(self, back, held):
        q, k = len(back), len(held)
        rows = back[list(held)]
        self.lengths = np.linalg.norm(rows, axis=1)
        rows = rows / self.lengths[:, None]
        others = np.linalg.qr(np.column_stack([rows.T, np.eye(q)]))[0][:, k:].T if k else np.eye(q)
        self.into = np.linalg.inv(np.vstack([rows, others]))
        self.kind, self.size = k, q
        entries = [(i, j) for j in range(q) for i in range(max(j, k), q)]
        self.rows, self.columns = np.array(entries, dtype=np.intp).reshape(-1, 2).T
        self.free = len(entries) + (2 if k == 2 else 0)

    def start(self, lam):
        """Return the free entries that give (nearly) the covariance matrix ``lam @ lam.T``."""
        lower = lower_triangle(np.linalg.solve(self.into, lam))
        rest = lower[self.rows, self.columns]
        return np.concatenate([np.linalg.norm(lower[:2], axis=1), rest]) if self.kind == 2 else rest

    def build(self, free, held):
        """Fill Lambda, shape (q, q); `held` is the standard deviation or the correlation."""
        whole = np.zeros((self.size, self.size))
        if self.kind == 1:
            whole[0, 0] = held / self.lengths[0]
        if self.kind == 2:
            (a, b), free = free[:2], free[2:]
            whole[0, 0], whole[1, :2] = a, (b * held, b * np.sqrt(1 - held**2))
        whole[self.rows, self.columns] = free
        return self.into @ whole

    def pull(self, gradient, held):
        """Turn derivatives in the entries of Lambda into those in the free entries and in the held value."""
        gradient = self.into.T @ gradient
        rest = gradient[self.rows, self.columns]
        if self.kind == 2:
            along = held * gradient[1, 0] + np.sqrt(1 - held**2) * gradient[1, 1]
            return np.concatenate([[gradient[0, 0], along], rest]), None
        return rest, gradient[0, 0] / self.lengths[0] if self.kind else None


class HeldVariances:
    """A fit's deviance over everything but one parameter of its random part.

    Parameters
    ----------
    found : LinearSolution or GeneralizedSolution
        The estimates; linear ones by maximum likelihood.
    held : tuple
        ``("sigma",)``, ``(label, row)`` for a standard deviation or ``(label, row, row)`` for a
        correlation; label is that of a term.
    """

    def __init__(self, found, held):
        self.found, self.held, self.expensive = found, held, getattr(found.problem, "expensive", False)
        self.linear, self.value = found.scale is not None, None
        self.terms = []
        for place, factor in enumerate(found.design.factors):
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                rows = held[1:] if held[0] == term.label else ()
                self.terms.append((place, where, TermFactor(found.scaled.z_maps[place][where, where], rows)))
        self.absolute = self.linear and len(held) == 2  # an sd in the data's unit: sigma is free beside it
        if not self.linear:
            self.problem = _with_full_blocks(found)

    def start(self):
        """Return the free parameters at the fit."""
        lambdas = self.found.inner_lambdas
        free = [form.start(lambdas[place][where, where]) for place, where, form in self.terms]
        if self.absolute:
            free.append([0.0])  # log sigma, compared with the fit's
        if not self.linear:
            free.append(self.found.optimum.theta[self.found.n_theta :])
        return np.concatenate(free)

    def lowest(self, value, start):
        """Minimise with the parameter held at a value.

        Returns
        -------
        deviance : float
            The lowest one.
        free : ndarray
            Where it is.
        """
        function = _Function(partial(self._deviance, value), self.expensive)
        if not len(start):  # nothing is left to choose: one variance, and no fixed effects
            return float(function(start)[0]), start
        if len(self.held) < 3:
            found = minimise(function, start)
            return found.value, found.theta
        from scipy.optimize import minimize

        bounds = [(None, None)] * len(start)
        first = self._corr_place()
        bounds[first : first + 2] = [(0.0, None)] * 2
        options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7, "maxcor": 30}
        found = minimize(function, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        return float(found.fun), found.x

    def _corr_place(self):
        """Position of a and b among the free parameters."""
        used = 0
        for *_, form in self.terms:
            if form.kind:
                return used
            used += form.free
        raise AssertionError("a held correlation belongs to a term")

    def _deviance(self, value, free):
        """Return (deviance, gradient in the free parameters) with the parameter held at a value."""
        used, ratio = 0, np.exp(np.clip(free[-1], -30, 30)) if self.absolute else 1.0
        held = value / (ratio * self.found.scale) if self.absolute else value
        lams = [np.zeros((len(factor.names),) * 2) for factor in self.found.design.factors]
        for place, where, form in self.terms:
            lams[place][where, where] = form.build(free[used : used + form.free], held)
            used += form.free
        if not self.linear:
            return self._generalised(lams, free[used:], held)
        sigma = None
        if self.absolute or self.held[0] == SIGMA:
            sigma = (ratio * self.found.scale if self.absolute else value) / self.found.scaled.y_scale
        found, by_lam, by_log_sigma = linear_deviance(self.found.problem, lams, sigma)
        pulled = []
        for place, where, form in self.terms:
            by_free, by_held = form.pull(by_lam[place][where, where], held)
            pulled.append(by_free)
            if self.absolute and form.kind:
                by_log_sigma = by_log_sigma - held * by_held
        if self.absolute:
            pulled.append([by_log_sigma])
        return found, np.concatenate(pulled)

    def _generalised(self, lams, beta, held):
        entries = [lams[place][where, where].ravel() for place, where, _ in self.terms]
        found, whole = self.problem(np.concatenate([*entries, beta]))
        pulled, used = [], 0
        for *_, form in self.terms:
            block = whole[used : used + form.size**2].reshape(form.size, form.size)
            used += form.size**2
            pulled.append(form.pull(block, held)[0])
        return found, np.concatenate([*pulled, whole[used:]])


class _Function:
    """A deviance to be minimised, with the mark that tells the search how expensive it is."""

    def __init__(self, function, expensive):
        self.function, self.expensive = function, expensive

    def __call__(self, free):
        return self.function(free)


def _with_full_blocks(found):
    """Copy a generalised problem so that it takes and differentiates every entry of each term's block."""
    problem = copy.copy(found.problem)
    problem.patterns = []
    for factor in found.design.factors:
        rows, columns = [], []
        for term in factor.terms:
            places = range(term.first, term.first + term.size)
            rows += [i for i in places for _ in places]
            columns += [j for _ in places for j in places]
        problem.patterns.append((np.array(rows), np.array(columns)))
    problem.n_theta = sum(len(rows) for rows, _ in problem.patterns)
    return problem


def linear_deviance(problem, lams, sigma=None):
    """Compute the criterion of a linear mixed model at any factors of its covariances.

    Parameters
    ----------
    problem : OneFactor or Crossed
        The sums, and whether the criterion is minus twice the log-likelihood or the REML criterion.
    lams : list of ndarray, each (q, q)
        Any square matrices in place of Lambda, factor by factor.
    sigma : float, optional
        Residual standard deviation of the scaled outcome. Default: the best one.

    Returns
    -------
    value : float
        The criterion; infinite where it isn't defined.
    by_lam : list of ndarray, each (q, q)
        Derivatives in all entries.
    by_log_sigma : float
        Derivative in log sigma; 0 where sigma is the best one.
    """
    nothing = np.inf, [np.full_like(lam, np.nan) for lam in lams], np.nan
    rows, p = problem.df, problem.m - 1
    try:
        log_det, explained, straight, moved = linear_pieces(problem, lams)
        schur = problem.C - explained
        inverse, log_det_x = _inverse_and_log_det(schur[:p, :p])
        beta = inverse @ schur[:p, p]
    except np.linalg.LinAlgError:
        return nothing
    rss = schur[p, p] - schur[:p, p] @ beta
    if not (np.isfinite(rss) and rss > 0):
        return nothing
    variance = rss / rows if sigma is None else sigma**2
    value = log_det + rows * (LOG_2PI + np.log(variance)) + rss / variance
    contrast = np.append(-beta, 1.0)
    weight = np.outer(contrast, contrast) / variance
    if problem.reml:
        value += log_det_x
        weight[:p, :p] += inverse
    by_lam = [2 * a - 2 * np.tensordot(b, weight, 2) for a, b in zip(straight, moved, strict=True)]
    return float(value), by_lam, 2 * rows - 2 * rss / variance


def linear_pieces(problem, lams):
    """Compute log det M, V'M^-1 V, A Lambda M^-1 and H_a' U_b, the last two by factor; see `OneFactor`."""
    if not isinstance(problem, OneFactor):
        return problem.pieces(lams)
    log_det, explained, straight, moved = (part[0] for part in problem.pieces(lams[0][None]))
    return log_det, explained, [straight], [moved]
