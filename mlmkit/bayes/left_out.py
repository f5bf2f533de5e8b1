"""How likely each row's outcome is, under every draw, given all the other rows: what leave-one-out needs.

In a Gaussian model the effects of one grouping factor are integrated out in closed form. With residuals
r = y - X beta - (effects of other factors), W_j the covariance of group j's effects given its rows, b_j their
mean, e = r - z'b_j, and the leverage u = z'W_j z / sigma^2, leaving row i out gives

    log p(y_i | y_-i, theta) = log N(e_i / (1 - u_i); 0, sigma^2 / (1 - u_i)).

So the importance weights of leave-one-out concern only theta = (beta, covariances, sigma, other factors'
effects), which a single row hardly moves, and not the effects of its own group, which it may move far. Other
families have no such form: their theta holds all effects.
"""

import numpy as np

from mlmkit.bayes.rowwise import linear_predictors, log_likelihoods

CELLS = 1_000_000  # numbers in one piece of work
LOG_2PI = float(np.log(2 * np.pi))


def left_out_densities(fit, draws, rows=None):
    """Compute log densities of the rows, in blocks that fit into memory.

    Parameters
    ----------
    fit : StanFit
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
    for places, error, leverage, log_sd in gaussian_leverages(fit.design, draws, rows):
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

        for places, error, leverage, log_sd in gaussian_leverages(fit.design, draws, rows):
            without = 1 - leverage
            yield places, _left_out(error, without, log_sd), ndtr(error / np.sqrt(without))
        return
    within = np.random.default_rng(seed).random(fit.nobs)
    for places in np.array_split(rows, -(-len(rows) * draws.size // CELLS)):
        mean = fit.solution.inverse_link(linear_predictors(fit.design, draws, places))
        density = log_likelihoods(fit, draws, places)
        step = within[places, None] * np.exp(density)
        yield places, density, _below(fit, places, mean) + step


def _below(fit, rows, mean):
    """Return the probability of fewer successes, or of a smaller count, than was observed."""
    from scipy.special import bdtr, pdtr

    y = fit.design.y[rows, None]
    if fit.family == "binomial":
        found = bdtr(np.maximum(y - 1, 0), fit.design.trials[rows, None].astype(int), mean)
    else:
        found = pdtr(np.maximum(y - 1, 0), mean)
    return np.where(y > 0, found, 0.0)


def gaussian_leverages(design, draws, rows):
    """Compute, for a Gaussian model, what the density of a row given all others is made of.

    Yields
    ------
    places : ndarray of int, shape (r,)
        Which rows.
    error : ndarray, shape (r, S)
        Residual given the means of the group's effects, in units of the residual standard deviation.
    leverage : ndarray, shape (r, S)
        Share of the row in its own fitted value.
    log_sd : ndarray, shape (r, 1) or (1, S) or (r, S)
        Logarithm of the residual standard deviation.
    """
    waiting, size = [], 0
    for found in _by_group(design, draws, rows):
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


def _by_group(design, draws, rows):
    """Yield what `gaussian_leverages` does, for (parts of) one group after the other."""
    factor = max(design.factors, key=lambda one: len(one.levels) * len(one.names), default=None)
    place = design.factors.index(factor) if factor else None
    codes = factor.codes if factor else np.zeros(design.n, int)
    arrays = factor.arrays if factor else []
    order = np.argsort(codes, kind="stable")
    wanted = np.zeros(design.n, bool)
    wanted[rows] = True
    for group in np.unique(codes[rows]):
        whole = order[slice(*np.searchsorted(codes[order], [group, group + 1]))]
        parts = [_Part(design, draws, some, arrays, place) for some in _pieces(whole, draws.size)]
        if arrays:
            spread, effect = _conditional(parts, draws.covariance[place], draws.sigma)
        for part in parts:
            here = wanted[part.rows]
            if not here.any():
                continue
            z, error = part.z[here], part.rest()[here]
            leverage = np.zeros_like(error)
            if arrays:
                error = error - z @ effect
                products = [z[:, a] * z[:, b] for a in range(z.shape[1]) for b in range(z.shape[1])]
                leverage = np.array(products).T @ spread
            yield part.rows[here], error / draws.sigma, leverage, part.log_sd[here]


def _pieces(rows, draws):
    return np.array_split(rows, -(-len(rows) * draws // CELLS))


class _Part:
    """Some rows of one group, each divided by its residual sd relative to sigma."""

    def __init__(self, design, draws, rows, arrays, place):
        self.rows, self.design, self.draws, self.place = rows, design, draws, place
        self.root = np.ones(len(rows)) if design.weights is None else np.sqrt(design.weights[rows])
        columns = [np.broadcast_to(array, design.n)[rows] * self.root for array in arrays]
        self.z = np.array(columns).reshape(len(arrays), len(rows)).T

    def rest(self):
        """Outcomes less fixed effects and other factors' effects, shape (r, S)."""
        eta = linear_predictors(self.design, self.draws, self.rows, without=self.place)
        return self.root[:, None] * (self.design.y[self.rows, None] - eta)

    @property
    def log_sd(self):
        return np.log(self.draws.sigma) - np.log(self.root)[:, None]


def _conditional(parts, covariance, sigma):
    """Compute W / sigma^2, shape (q q, S), and the effects' means, shape (q, S), given a group's rows."""
    q = covariance.shape[1]
    cross = sum(part.z.T @ part.z for part in parts)
    pull = sum(part.z.T @ part.rest() for part in parts)
    relative = covariance / (sigma**2)[:, None, None]
    # Psi (I + Z'Z Psi)^-1 needs no inverse of Psi, which may be nearly singular
    spread = relative @ np.linalg.inv(np.eye(q) + cross @ relative)
    return spread.reshape(len(sigma), -1).T, np.einsum("sab,bs->as", spread, pull)
