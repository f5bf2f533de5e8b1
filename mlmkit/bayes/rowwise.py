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
        mean = fit.solution.inverse_link(linear_predictor(fit, part))
        outcome = fit.solution.draw_outcome(mean, part.sigma, rng, model.trials)
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


def linear_predictor(fit, draws):
    """Compute the linear predictor of every row for some draws, shape (S, n)."""
    model = fit.design
    eta = draws.beta @ np.array([np.asarray(array) for array in model.fixed.arrays])
    for factor, effects in zip(model.factors, draws.effects, strict=True):
        for k, array in enumerate(factor.arrays):
            eta += effects[:, factor.codes, k] * array
    return eta if model.offset is None else eta + model.offset


def log_likelihood(fit):
    """Compute the log density of every observed outcome under every draw, shape (S, n)."""
    model, family = fit.design, fit.solution.model.family
    weights = model.weights if model.trials is None else model.trials
    weights = np.ones(model.n) if weights is None else weights
    values = np.empty((fit.solution.posterior.size, model.n))
    for rows in row_blocks(fit):
        part = fit.solution.posterior.pick(rows)
        values[rows] = family.log_likelihood(model.y, linear_predictor(fit, part), part.sigma, weights)
    return values
