"""Passes over the rows of a generalised mixed model: by NumPy, or by compiled kernels where the rows are sorted."""

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
        With the rows' leverages l: Z'(W' l), flat; X(W' l - 2 rest); and a function that takes s to
        X H Z Lambda s. None without a kernel.
    """
    kernel = _kernel("gradient_sums", problem)
    if kernel is None:
        return None
    blocks, X, lams, moments = problem.blocks, problem.X, mode.lams, mode.moments
    pulled, across = np.empty((blocks.groups, blocks.q)), np.empty((len(X), blocks.groups, blocks.q))
    direct, (C,) = np.empty(len(X)), blocks.variances(lams, system)
    rows = moments.rest, moments.curvature, moments.slope
    kernel(blocks.Z, X, blocks.starts, C, *rows, pulled, direct, across)

    def moved(s):
        return across.reshape(len(X), -1) @ blocks.left(lams, s)

    return pulled.ravel(), direct, moved
