"""The log posterior density of every model and its gradient, compiled ahead of time.

rstanarm is quick to start because its Stan programs are compiled when it is installed. This is the same:
one compiled function serves all families, priors and grouping structures, so no fit waits for a compiler.
``python -m mlmkit.compile_kernels`` compiles it (a few seconds, once; kept on disk beside this file). The
tests hold its density and gradient against those of the PyMC model (``pymc_model``).

Everything is in the units of ``Problem`` (standardised outcome and predictors). The vector u holds

    intercept (if any), slopes, log sigma (if any),
    for each random-effects term of q columns: log tau; q - 1 numbers for the shares of the variance (a
    softmax whose logits sum to zero); q (q - 1) / 2 logits for the partial correlations,
    for each term: one row of q numbers for each group. Non-centred: they are standard normal. In the
    mixed form the first of them is the group's own intercept, or its own effect.
"""

import numpy as np
from numba import njit

GAUSSIAN, BINOMIAL, POISSON = range(3)
NONCENTRED, OWN_INTERCEPT, OWN_EFFECT = range(3)
FLAT, NORMAL, STUDENT_T, EXPONENTIAL = range(4)


def _compile(function):
    """Compile a function and keep it on disk, or just compile it where nothing can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


@_compile
def prior_density(kind, location, scale, df, x):
    """Return the log density of one prior at x, up to a constant, and its derivative."""
    if kind == FLAT:
        return 0.0, 0.0
    if kind == EXPONENTIAL:
        return -x / scale, -1.0 / scale
    z = (x - location) / scale
    if kind == NORMAL:
        return -0.5 * z * z, -z / scale
    return -0.5 * (df + 1) * np.log1p(z * z / df), -(df + 1) * z / (df + z * z) / scale


@_compile
def log_shares(u, at, q):
    """Return the logarithms of the terms' shares of the variance."""
    found = np.zeros(q)
    for k in range(q - 1):
        found[k] = u[at + 1 + k]
        found[q - 1] -= u[at + 1 + k]
    largest = found.max()
    return found - largest - np.log(np.exp(found - largest).sum())


@_compile
def root_of_term(u, at, q, size, root):
    """Fill in the Cholesky root of decov's covariance of one term of q columns, whose numbers start at u[at].

    Row i is sd_i times a row of the root of a correlation matrix, in which each partial correlation
    r = tanh(u / 2) takes its share of what the earlier ones left of the row's length.
    """
    sd, place = size * np.sqrt(q) * np.exp(0.5 * log_shares(u, at, q)), at + q
    for i in range(q):
        left = sd[i]
        for c in range(i):
            root[i, c] = left * np.tanh(0.5 * u[place])
            left /= np.cosh(0.5 * u[place])
            place += 1
        root[i, i] = left


@_compile
def root_gradient(u, at, q, root, slope, grad):
    """Add the gradient with respect to one term's numbers, given that with respect to its root's entries.

    Returns the gradient with respect to the logarithm of all standard deviations.
    """
    along, place = np.zeros(q), at + q  # along: with respect to log sd of each row
    for i in range(q):
        square, rest = 0.0, 0.0
        for c in range(i + 1):
            square += root[i, c] ** 2
            rest += slope[i, c] * root[i, c]
        along[i] = rest
        for c in range(i):
            r = np.tanh(0.5 * u[place])
            rest -= slope[i, c] * root[i, c]
            grad[place] += 0.5 * (slope[i, c] * np.sqrt(square) * (1.0 - r * r) - r * rest)
            square *= 1.0 - r * r
            place += 1
    total = along.sum()
    if q > 1:
        pull = 0.5 * (along - total * np.exp(log_shares(u, at, q)))
        grad[at + 1 : at + q] += pull[: q - 1] - pull[q - 1]
    grad[at] += total
    return total


@_compile
def decov_density(u, at, q, decov, grad):
    """Return the log prior density of one term's numbers (with the Jacobian); add its gradient.

    ``decov``: regularization, concentration, shape, scale.
    """
    tau = np.exp(u[at])
    value = decov[2] * u[at] - tau / decov[3]
    grad[at] += decov[2] - tau / decov[3]
    if q == 1:
        return value
    logs = log_shares(u, at, q)
    value += decov[1] * logs.sum()
    grad[at + 1 : at + q] += decov[1] * q * (np.exp(logs[q - 1]) - np.exp(logs[: q - 1]))
    place = at + q
    for i in range(q):
        for c in range(i):
            strength, half = decov[0] + 0.5 * (q - 2 - c), 0.5 * abs(u[place])
            value -= 2.0 * strength * (half + np.log1p(np.exp(-2.0 * half)))
            grad[place] -= strength * np.tanh(0.5 * u[place])
            place += 1
    return value


@_compile
def fixed_density(u, grad, layout, fixed):
    """Return the log prior density of intercept, slopes and sigma; add its gradient."""
    value, count, at_sigma = 0.0, layout[0] + layout[1], layout[2]
    for k in range(count):
        found, slope = prior_density(int(fixed[k, 0]), fixed[k, 1], fixed[k, 2], fixed[k, 3], u[k])
        value += found
        grad[k] += slope
    if at_sigma >= 0:
        sigma, last = np.exp(u[at_sigma]), fixed[count]
        found, slope = prior_density(int(last[0]), last[1], last[2], last[3], sigma)
        value += found + u[at_sigma]
        grad[at_sigma] += slope * sigma + 1.0
    return value


@_compile
def group_effects(u, q, groups, first, own, intercept, root, effects):
    """Fill in one term's effects b = root z, group by group; return the log density of z."""
    value = -groups * np.log(root[0, 0]) if own else 0.0
    middle = intercept if own == OWN_INTERCEPT else 0.0
    for j in range(groups):
        here = first + j * q
        for a in range(q):
            effects[j * q + a] = 0.0
        for c in range(q):
            z = (u[here] - middle) / root[0, 0] if own and c == 0 else u[here + c]
            value -= 0.5 * z * z
            for a in range(c, q):
                effects[j * q + a] += root[a, c] * z
    return value


@_compile
def effects_gradient(u, q, groups, first, own, intercept, root, pull, grad, slope):
    """Add the gradient with respect to one term's z, given ``pull``, that with respect to its effects.

    Fills in ``slope``, the gradient with respect to the entries of the root.
    """
    slope[:] = 0.0
    middle = intercept if own == OWN_INTERCEPT else 0.0
    if own:
        slope[0, 0] -= groups / root[0, 0]
    for j in range(groups):
        here = first + j * q
        for c in range(q):
            z = (u[here] - middle) / root[0, 0] if own and c == 0 else u[here + c]
            back = -z
            for a in range(c, q):
                back += root[a, c] * pull[j * q + a]
                slope[a, c] += pull[j * q + a] * z
            if own and c == 0:
                grad[here] += back / root[0, 0]
                if own == OWN_INTERCEPT:
                    grad[0] -= back / root[0, 0]
                slope[0, 0] -= back * z / root[0, 0]
            else:
                grad[here + c] += back


@_compile
def outcome_density(family, cells, eta, precision, r):
    """Return the log density of all cells' outcomes, up to a constant; fill in its derivative by eta."""
    weight, total, mean, value, product = cells[0], cells[1], cells[3], 0.0, 1.0
    for i in range(len(eta)):
        if family == GAUSSIAN:
            rest = mean[i] - eta[i]
            r[i] = weight[i] * rest * precision
            value -= 0.5 * r[i] * rest
        elif family == BINOMIAL:
            e = np.exp(-abs(eta[i]))
            value += total[i] * eta[i] - weight[i] * max(eta[i], 0.0)
            r[i] = total[i] - weight[i] * (1.0 if eta[i] >= 0 else e) / (1.0 + e)
            if weight[i] == 1.0 and e > 1e-8:  # one logarithm of a product is cheaper than many
                product *= 1.0 + e
                if product > 1e200:
                    value -= np.log(product)
                    product = 1.0
            else:
                value -= weight[i] * np.log1p(e)
        else:
            rate = weight[i] * np.exp(eta[i])
            value += total[i] * eta[i] - rate
            r[i] = total[i] - rate
    return value - np.log(product)


@_compile
def log_likelihood(u, grad, family, cells, X, Z, codes, layout, terms, start, effects, pull, precision):
    """Return the log likelihood of all cells; add its gradient to ``grad`` and, by effect, to ``pull``."""
    intercepts, p = layout[0], layout[1]
    eta, r = cells[2] + (u[0] if intercepts else 0.0), np.empty(cells.shape[1])
    for k in range(p):
        eta += X[k] * u[intercepts + k]
    for t in range(len(terms)):
        q, group, own = terms[t, 1], codes[terms[t, 0]], effects[start[t] : start[t + 1]]
        for a in range(q):
            z = Z[terms[t, 2] + a]
            for i in range(len(eta)):
                eta[i] += z[i] * own[group[i] * q + a]
    value = outcome_density(family, cells, eta, precision, r)
    if intercepts:
        grad[0] += r.sum()
    for k in range(p):
        grad[intercepts + k] += (r * X[k]).sum()
    for t in range(len(terms)):
        q, group, back = terms[t, 1], codes[terms[t, 0]], pull[start[t] : start[t + 1]]
        for a in range(q):
            z = Z[terms[t, 2] + a]
            for i in range(len(eta)):
                back[group[i] * q + a] += r[i] * z[i]
    return value


@_compile
def log_density(u, grad, family, cells, X, Z, codes, within, layout, terms, fixed, decov):
    """Compute the log posterior density at u, up to a constant, and fill in its gradient.

    Parameters
    ----------
    u, grad : ndarray, shape (d,)
        Where; and the gradient, which is overwritten.
    family : int
        Of the outcome.
    cells : ndarray, shape (4, m)
        By cell of rows with the same predictors: weight (rows, or trials), sum of the outcome, offset,
        mean of the outcome.
    X, Z : ndarray, shapes (p, m), (all varying columns, m)
        Predictors, and the columns that vary.
    codes : ndarray of int, shape (factors, m)
        Each cell's group.
    within : ndarray, shape (2,)
        Gaussian: number of rows, and sum of squares of the outcome within cells.
    layout : ndarray of int, shape (3,)
        Whether there is an intercept; number of slopes; where log sigma is (-1: none).
    terms : ndarray of int, shape (terms, 7)
        For each term: factor, columns, first column of Z, groups, where its hyperparameters and where
        its effects begin in u, and whether the first column is itself a parameter (OWN_…).
    fixed : ndarray, shape (intercept and slopes and sigma, 4)
        Kind, location, scale and df of each prior.
    decov : ndarray, shape (4,)
        Prior of the covariances.

    Returns
    -------
    float
        The log density.
    """
    grad[:] = 0.0
    value = fixed_density(u, grad, layout, fixed)
    at_sigma, intercept = layout[2], u[0] if layout[0] else 0.0
    sigma = np.exp(u[at_sigma]) if at_sigma >= 0 else 1.0
    start, widest = np.zeros(len(terms) + 1, np.int64), terms[:, 1].max()
    start[1:] = np.cumsum(terms[:, 3] * terms[:, 1])
    effects, pull = np.empty(start[-1]), np.zeros(start[-1])
    roots, slope = np.zeros((len(terms), widest, widest)), np.empty((widest, widest))
    for t in range(len(terms)):
        q, groups, at, first = terms[t, 1], terms[t, 3], terms[t, 4], terms[t, 5]
        root_of_term(u, at, q, np.exp(u[at]) * sigma, roots[t])
        value += decov_density(u, at, q, decov, grad)
        part = effects[start[t] : start[t + 1]]
        value += group_effects(u, q, groups, first, terms[t, 6], intercept, roots[t], part)
    precision = 1.0 / sigma**2
    found = log_likelihood(
        u, grad, family, cells, X, Z, codes, layout, terms, start, effects, pull, precision
    )
    value += found
    if at_sigma >= 0:
        squares = within[1] * precision - 2.0 * found
        value -= 0.5 * within[1] * precision + within[0] * u[at_sigma]
        grad[at_sigma] += squares - within[0]
    for t in range(len(terms)):
        q, groups, at, first = terms[t, 1], terms[t, 3], terms[t, 4], terms[t, 5]
        part = pull[start[t] : start[t + 1]]
        effects_gradient(u, q, groups, first, terms[t, 6], intercept, roots[t], part, grad, slope)
        along = root_gradient(u, at, q, roots[t], slope, grad)
        if at_sigma >= 0:
            grad[at_sigma] += along
    return value
