"""Passes over the rows of a generalised mixed model: by NumPy, or compiled where rows are sorted by group."""

import numpy as np

from mlmkit.engine import kernels
from mlmkit.engine.blocks import GroupBlocks
from mlmkit.engine.families import Binomial, Moments

ROWS = 10_000  # as many rows save one unit of time (see `kernels`) a pass


def look(problem, family, lams, fixed, u):
    """Compute what the rows say at random effects u.

    Parameters
    ----------
    problem : Laplace
        Rows and columns. Its memory is used, so what comes back is valid until the next pass.
    family : Binomial, Poisson or NegativeBinomial
        With its parameter.
    lams : list of ndarray
        Lambda of each grouping factor.
    fixed : ndarray, shape (n,)
        The linear predictor without random effects.
    u : ndarray
        Random effects, flat.

    Returns
    -------
    moments : Moments
        By row; `loglik` is None where nobody needs it by row.
    loglik : float
        Log-likelihood, relative to the saturated model.
    sums : tuple or None
        (Z'rest, Z'HZ) by group, where a kernel has made them.
    """
    blocks = problem.blocks
    kernel = _kernel("group_scores", problem)
    if kernel is not None and family is Binomial and problem.known[2] is None:
        moments, loglik = _yes_no(problem, lams, fixed, u)
    else:
        moments = family.moments(fixed + blocks.eta(lams, u), problem.known, problem.space[:4])
        loglik = moments.loglik.sum()
    if kernel is None:
        return moments, loglik, None
    pull, A = np.empty((blocks.groups, blocks.q)), np.empty((blocks.groups, blocks.q, blocks.q))
    kernel(blocks.Z, blocks.starts, moments.rest, moments.curvature, pull, A)
    return moments, loglik, (pull.ravel(), A)


def _kernel(name, problem):
    """Return a kernel for rows that are sorted by one grouping factor, if it is worth while."""
    if not isinstance(problem.blocks, GroupBlocks):
        return None
    return kernels.compiled(name, 0.2 + len(problem.y) / ROWS)


def _yes_no(problem, lams, fixed, u):
    """Compute the moments of single trials, and their log-likelihood."""
    blocks = problem.blocks
    add_effects, yes_no_rows = kernels.compiled("add_effects", 0.0), kernels.compiled("yes_no_rows", 0.0)
    eta, rest, weight, slope, tail = problem.space
    b = blocks.left(lams, u).reshape(blocks.groups, blocks.q)
    add_effects(fixed, blocks.Z, blocks.starts, b, eta, tail)
    np.exp(tail, out=tail)
    loglik = yes_no_rows(eta, tail, problem.y, rest, weight, slope)
    return Moments(None, rest, weight, weight, slope), loglik


def gradient_sums(problem, mode, system):
    """Compute what the gradient needs of the rows, for families without a parameter of their own.

    Parameters
    ----------
    problem : Laplace
        Rows and columns.
    mode : Mode
        Where the gradient is wanted.
    system : tuple
        M with the expected curvatures.

    Returns
    -------
    tuple or None
        With the rows' leverages l: Z'(W' l), flat; X(W' l - 2 rest); and X H Z, shape (p, J q). None
        without a kernel.
    """
    kernel = _kernel("gradient_sums", problem)
    if kernel is None:
        return None
    blocks, X, lams, moments = problem.blocks, problem.X, mode.lams, mode.moments
    own, others, rest_of_X = _own_columns(problem)
    A, pull = mode.system[0], mode.pull + blocks.times_cross(lams, mode.system, mode.step)
    rest = pull.reshape(blocks.groups, blocks.q)  # without the last step, as the rows have it
    pulled, (C,) = np.empty_like(rest), blocks.variances(lams, system)
    sums, across = np.empty(len(others)), np.empty((len(others), *rest.shape))
    rows = moments.rest, moments.curvature, moments.slope
    kernel(blocks.Z, rest_of_X, blocks.starts, C, *rows, pulled, sums, across)
    if not own:
        return pulled.ravel(), sums, across.reshape(len(X), blocks.size)
    direct, whole = np.empty(len(X)), np.empty((len(X), *rest.shape))
    direct[others], whole[others] = sums, across
    for k, a in own.items():  # what varies between groups too was added up already
        direct[k], whole[k] = (pulled[:, a] - 2 * rest[:, a]).sum(), A[:, a]
    return pulled.ravel(), direct, whole.reshape(len(X), blocks.size)


def _own_columns(problem):
    """Find the fixed-effects columns that vary between groups too; keep the answer for the next pass.

    Returns
    -------
    own : dict
        From their places in X to those in Z.
    others : list of int
        The places of the other ones.
    columns : ndarray
        The other ones.
    """
    X, Z = problem.X, problem.blocks.Z
    if problem.shared is None or problem.shared[0] is not X:  # a profile changes X
        pairs = [(k, a) for k in range(len(X)) for a in range(len(Z)) if X[k][0] == Z[a][0]]
        own = {k: a for k, a in pairs if np.array_equal(X[k], Z[a])}
        others = [k for k in range(len(X)) if k not in own]
        problem.shared = X, own, others, np.ascontiguousarray(X[others])
    return problem.shared[1:]
