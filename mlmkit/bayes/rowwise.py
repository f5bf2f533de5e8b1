"""What draws say about every row of the data, in blocks that fit into memory."""

import numpy as np

MOST_NUMBERS = 200_000_000  # 1.6 GB


def mean_ppd(fit):
    """Draw the mean of a replicated outcome, once for each posterior draw.

    Gaussian models need no replicated data for it: the mean of n outcomes is normal itself.
    """
    draws, model, rng = fit.solution.posterior, fit.design, np.random.default_rng(20)
    if fit.family == "gaussian":
        mean = draws.beta @ np.array([array.mean() for array in model.fixed.arrays])
        for factor, effects in zip(model.factors, draws.effects, strict=True):
            for k, array in enumerate(factor.arrays):
                sums = np.bincount(factor.codes, array, len(factor.levels))
                mean += effects[:, :, k] @ sums / model.n
        if model.offset is not None:
            mean += model.offset.mean()
        spread = np.sqrt(1 / model.n if model.weights is None else np.mean(1 / model.weights) / model.n)
        return mean + draws.sigma * spread * rng.standard_normal(draws.size)
    means = np.empty(draws.size)
    for rows in row_blocks(fit):
        part = draws.pick(rows)
        mean = fit.solution.inverse_link(linear_predictors(fit.design, part).T)
        outcome = fit.solution.draw_outcome(mean, part.aux, rng, model.trials)
        means[rows] = outcome.mean(axis=1)
    return means


def too_large(fit, rows, draws=None):
    """Say in a sentence that a table of draws by rows wouldn't fit into memory; empty if it does."""
    draws = fit.solution.posterior.size if draws is None else draws
    if draws * rows <= MOST_NUMBERS:
        return ""
    return (
        f"{draws:,} draws for {rows:,} rows are {draws * rows:.2g} numbers, more than fit into memory. Use "
        f"fewer draws (at most {MOST_NUMBERS // rows:,} for these rows) or fewer rows."
    )


def row_blocks(fit, cells=4_000_000):
    """Split the draws so that a block of draws times rows fits into memory."""
    size = max(1, cells // fit.nobs)
    return [slice(start, start + size) for start in range(0, fit.solution.posterior.size, size)]


def linear_predictors(design, draws, rows=slice(None), without=None):
    """Compute the linear predictor of some rows under some draws, shape (r, S).

    Parameters
    ----------
    design : Design
        The data.
    draws : PosteriorDraws
        Of fixed and group effects.
    rows : ndarray of int or slice
        Which rows.
    without : int, optional
        Place of a factor whose effects are left out.
    """
    X = np.array([np.broadcast_to(array, design.n)[rows] for array in design.fixed.arrays])
    eta = X.T @ draws.beta.T if len(X) else np.zeros((len(design.y[rows]), draws.size))
    for place, (factor, effects) in enumerate(zip(design.factors, draws.effects, strict=True)):
        if place != without:
            for k, array in enumerate(factor.arrays):
                eta += np.asarray(array)[rows, None] * effects[:, factor.codes[rows], k].T
    return eta if design.offset is None else eta + design.offset[rows, None]


def log_likelihoods(fit, draws, rows=slice(None)):
    """Compute the log density of some outcomes under some draws, shape (r, S)."""
    design, family = fit.design, fit.solution.model.family
    weights = design.weights if design.trials is None else design.trials
    weights = np.ones(design.n) if weights is None else weights
    eta = linear_predictors(design, draws, rows).T
    return family.log_likelihood(design.y[rows], eta, draws.aux, weights[rows]).T


def log_likelihood(fit):
    """Compute the log density of every observed outcome under every draw, shape (S, n)."""
    values = np.empty((fit.solution.posterior.size, fit.nobs))
    for block in row_blocks(fit):
        values[block] = log_likelihoods(fit, fit.solution.posterior.pick(block)).T
    return values
