"""How likely each row's outcome is, under every draw, given all the other rows: what leave-one-out needs.

In a Gaussian model the effects of one grouping factor and, where their priors are normal or flat, the fixed
effects are integrated out in closed form. With V sigma^2 the covariance of the outcomes given covariances,
sigma and the effects of other factors, and P = V^-1 - V^-1 X (X'V^-1 X + sigma^2 D^-1)^-1 X'V^-1, where D is
the prior covariance of the fixed effects, e = P (y - X m) and the leverage h_i = 1 - P_ii,

    log p(y_i | y_-i, theta) = log N(e_i / (1 - h_i); 0, sigma^2 / (1 - h_i)).

So the importance weights of leave-one-out concern only what is left, theta, which a single row hardly moves,
and not the effects of its own group, which it may move far. V is taken apart group by group: with
W_j = (Psi^-1 + Z_j'Z_j)^-1, where sigma^2 Psi is the effects' covariance, V_j^-1 = I - Z_j W_j Z_j'. Other
families have no such form: their theta holds all effects.
"""

from dataclasses import replace

import numpy as np

from mlmkit.bayes.rowwise import linear_predictors, log_likelihoods

CELLS = 1_000_000  # numbers in one piece of work
LOG_2PI = float(np.log(2 * np.pi))


def left_out_densities(fit, draws, rows=None):
    """Compute log densities of the rows, in blocks that fit into memory.

    Parameters
    ----------
    fit : BayesianFit
        For its data and family.
    draws : PosteriorDraws
        Of this fit, or of the same model fitted without some rows.
    rows : ndarray of int, optional
        Which rows. Default: all.

    Yields
    ------
    places : ndarray of int, shape (r,)
        Which rows.
    left_out, inside : ndarray, shape (r, S)
        Log density of the outcome given all other outcomes, and of one more outcome like it given all: the
        first is what leave-one-out averages, the difference tells how many parameters are at work.
    """
    rows = np.arange(fit.nobs) if rows is None else np.asarray(rows)
    if not fit.solution.model.family.has_sigma:
        for places in np.array_split(rows, -(-len(rows) * draws.size // CELLS)):
            found = log_likelihoods(fit, draws, places)
            yield places, found, found
        return
    for places, error, leverage, log_sd in gaussian_leverages(fit, draws, rows):
        once_more = 1 + leverage
        inside = -0.5 * (LOG_2PI + 2 * log_sd + np.log(once_more) + error**2 / once_more)
        yield places, _left_out(error, 1 - leverage, log_sd), inside


def _left_out(error, without, log_sd):
    return -0.5 * (LOG_2PI + 2 * log_sd - np.log(without) + error**2 / without)


def left_out_shares(fit, draws, rows=None, seed=None):
    """Compute how much of each outcome's distribution, given all other outcomes, lies below it.

    Yields
    ------
    places : ndarray of int, shape (r,)
        Which rows.
    left_out, below : ndarray, shape (r, S)
        Log density, as by `left_out_densities`, and probability. For counts, whose distribution has steps, a
        place within the step is drawn: the same for all draws.
    """
    rows = np.arange(fit.nobs) if rows is None else np.asarray(rows)
    if fit.solution.model.family.has_sigma:
        from scipy.special import ndtr

        for places, error, leverage, log_sd in gaussian_leverages(fit, draws, rows):
            without = 1 - leverage
            yield places, _left_out(error, without, log_sd), ndtr(error / np.sqrt(without))
        return
    within = np.random.default_rng(seed).random(fit.nobs)
    for places in np.array_split(rows, -(-len(rows) * draws.size // CELLS)):
        mean = fit.solution.inverse_link(linear_predictors(fit.design, draws, places))
        density = log_likelihoods(fit, draws, places)
        step = within[places, None] * np.exp(density)
        yield places, density, _below(fit, draws, places, mean) + step


def _below(fit, draws, rows, mean):
    """Return the probability of fewer successes, or of a smaller count, than was observed."""
    from scipy.special import bdtr, betainc, pdtr

    y, sizes = fit.design.y[rows, None], draws.sizes
    if fit.family == "binomial":
        found = bdtr(np.maximum(y - 1, 0), fit.design.trials[rows, None].astype(int), mean)
    elif sizes is not None:
        found = betainc(sizes, np.maximum(y, 1), sizes / (sizes + mean))
    else:
        found = pdtr(np.maximum(y - 1, 0), mean)
    return np.where(y > 0, found, 0.0)


def gaussian_leverages(fit, draws, rows):
    """Compute, for a Gaussian model, what the density of a row given all others is made of.

    Yields
    ------
    places : ndarray of int, shape (r,)
        Which rows.
    error : ndarray, shape (r, S)
        Residual e_i, in units of the residual standard deviation.
    leverage : ndarray, shape (r, S)
        Share of the row in its own fitted value, h_i.
    log_sd : ndarray, shape (r, S)
        Logarithm of the residual standard deviation.
    """
    waiting, size = [], 0
    for found in _by_group(fit, draws, rows):
        waiting.append(found)
        size += found[1].size
        if size > CELLS:
            yield _joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(blocks):
    """Put blocks of rows together: one large piece of work is faster than many small ones."""
    return blocks[0] if len(blocks) == 1 else tuple(map(np.concatenate, zip(*blocks, strict=True)))


def _by_group(fit, draws, rows):
    """Yield what `gaussian_leverages` does, for (parts of) one group after the other."""
    design = fit.design
    factor = max(design.factors, key=lambda one: len(one.levels) * len(one.names), default=None)
    place = design.factors.index(factor) if factor else None
    codes = factor.codes if factor else np.zeros(design.n, int)
    columns, precision, mean = _fixed_effects(fit.solution.model)
    if columns:  # integrated out: the draws of them play no part
        draws = replace(draws, beta=np.zeros_like(draws.beta))
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(codes.max() + 2))

    def group(j):
        return _Group(design, draws, order[bounds[j] : bounds[j + 1]], columns, place)

    centre = root = None
    if columns:
        Q = (draws.sigma**2)[:, None, None] * np.diag(precision)
        right = (draws.sigma**2)[:, None] * (precision * mean)
        for j in np.unique(codes):
            Q, right = (
                total + part for total, part in zip((Q, right), group(j).normal_equations(), strict=True)
            )
        centre = np.linalg.solve(Q, right[:, :, None])[:, :, 0]
        root = np.linalg.inv(np.linalg.cholesky(Q)).transpose(0, 2, 1)  # Q^-1 = root root'
    wanted = np.zeros(design.n, bool)
    wanted[rows] = True
    for j in np.unique(codes[rows]):
        yield from group(j).leverages(wanted, centre, root)


def _fixed_effects(model):
    """Return the fixed effects' columns, centred and scaled, and their prior precisions and means.

    The priors are those of the slopes and of the intercept at the predictors' means, so these columns need no
    translation. No columns where a prior is not normal: then the draws of the fixed effects are used.
    """
    if not model.priors.conjugate:
        return [], None, None
    arrays = dict(zip(model.design.fixed.names, model.design.fixed.arrays, strict=True))
    columns, priors = [], []
    if model.has_intercept:
        columns.append(np.ones(model.design.n))
        priors.append((model.priors.intercept, 1.0))
    for name, prior, middle in zip(model.slopes, model.priors.coefs, model.predictor_means, strict=True):
        size = np.std(arrays[name]) or 1.0
        columns.append((np.asarray(arrays[name]) - middle) / size)
        priors.append((prior, size))
    precision = [0.0 if prior.family == "flat" else (prior.scale * size) ** -2.0 for prior, size in priors]
    mean = [0.0 if prior.family == "flat" else prior.location * size for prior, size in priors]
    return columns, np.array(precision), np.array(mean)


class _Group:
    """The rows of one group, each divided by its residual sd relative to sigma."""

    def __init__(self, design, draws, rows, columns, place):
        self.design, self.draws, self.rows, self.place = design, draws, rows, place
        self.root = np.ones(len(rows)) if design.weights is None else np.sqrt(design.weights[rows])
        arrays = [] if place is None else design.factors[place].arrays
        self.X, self.z = self._matrix(columns), self._matrix(arrays)
        self.q, self.p = len(arrays), len(columns)
        self.zx = self.z.T @ self.X
        if self.q:
            psi = draws.covariance[place] / (draws.sigma**2)[:, None, None]
            # Psi (I + Z'Z Psi)^-1 needs no inverse of Psi, which may be nearly singular
            self.spread = psi @ np.linalg.inv(np.eye(self.q) + self.z.T @ self.z @ psi)
            parts = [self.z[piece].T @ self._outcome(piece) for piece in self._pieces()]
            self.zy = np.broadcast_to(sum(parts), (self.q, draws.size)).T

    def _matrix(self, arrays):
        columns = [np.broadcast_to(array, self.design.n)[self.rows] * self.root for array in arrays]
        return np.array(columns).reshape(len(arrays), len(self.rows)).T

    def _pieces(self):
        size = max(1, CELLS // (self.draws.size * max(1, self.p)))
        return [slice(start, start + size) for start in range(0, len(self.rows), size)]

    def _outcome(self, piece):
        """Outcomes less all that isn't integrated out, shape (r, S) or (r, 1)."""
        rows, design = self.rows[piece], self.design
        if self.p and len(design.factors) <= 1:  # nothing is left that depends on the draw
            eta = 0.0 if design.offset is None else design.offset[rows, None]
        else:
            eta = linear_predictors(design, self.draws, rows, without=self.place)
        return self.root[piece, None] * (design.y[rows, None] - eta)

    def normal_equations(self):
        """Return the group's part of X'V^-1 X, shape (S, p, p), and of X'V^-1 y, shape (S, p)."""
        right = sum(self.X[piece].T @ self._outcome(piece) for piece in self._pieces())
        left, right = self.X.T @ self.X, np.broadcast_to(right, (self.p, self.draws.size)).T
        if not self.q:
            return left, right
        pulled = self.zx.T @ self.spread
        return left - pulled @ self.zx, right - (pulled @ self.zy[:, :, None])[:, :, 0]

    def leverages(self, wanted, centre, root):
        """Yield the result, given mean and root of covariance of the fixed effects, if there are any."""
        draws, effect, inside = self.draws, None, None
        if self.q:
            pull = self.zy if centre is None else self.zy - centre @ self.zx.T
            effect = (self.spread @ pull[:, :, None])[:, :, 0].T
        if centre is not None:
            inside = root if not self.q else np.concatenate([root, -self.spread @ self.zx @ root], axis=1)
            inside = inside.transpose(1, 0, 2).reshape(self.p + self.q, -1)
        for piece in self._pieces():
            keep = np.flatnonzero(wanted[self.rows[piece]])
            if not len(keep):
                continue
            z, X = self.z[piece][keep], self.X[piece][keep]
            error = np.broadcast_to(self._outcome(piece)[keep], (len(keep), draws.size))
            leverage = np.zeros((len(keep), draws.size))
            if self.q:
                error = error - z @ effect
                products = np.array([z[:, a] * z[:, b] for a in range(self.q) for b in range(self.q)])
                leverage = products.T @ self.spread.reshape(draws.size, -1).T
            if centre is not None:
                error = error - X @ centre.T
                own = (np.hstack([X, z]) @ inside).reshape(len(keep), draws.size, self.p)
                leverage = leverage + np.einsum("rsp,rsp->rs", own, own)
            log_sd = np.log(draws.sigma) - np.log(self.root[piece][keep, None])
            yield self.rows[piece][keep], error / draws.sigma, leverage, log_sd
