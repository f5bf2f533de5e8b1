"""Profile likelihoods: hold one parameter, maximise over all others."""

import copy

import numpy as np

from mlmkit.engine.optimize import minimise
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.held import SIGMA, HeldVariances
from mlmkit.inference.varcorr import variances_between

SIZE = "size"


class Parameter:
    """One parameter of a fit, and the deviance with it held at a value.

    Attributes
    ----------
    name : str
        ``sd__(Intercept)|zipcode``, ``cor__…``, ``sigma``, ``size``, or a fixed effect's name.
    estimate : float
        By maximum likelihood.
    scale : float
        A first guess of its standard error.
    low, high : float
        Where the parameter can go.
    deviance : callable
        ``deviance(value)``: minus twice the profiled log-likelihood, up to the fit's constant.
    """

    def __init__(self, name, estimate, scale, deviance, low=-np.inf, high=np.inf):
        self.name, self.estimate, self.scale, self.deviance = name, estimate, scale, deviance
        self.low, self.high = low, high

    def limit(self, best, z, side):
        """Find where the deviance has risen by z squared, to the left (-1) or to the right (+1).

        Parameters
        ----------
        best : float
            The deviance at the estimate.
        z : float
            Normal quantile, such as 1.96.
        side : {-1, 1}
            Direction.

        Returns
        -------
        float
            The limit; the end of the parameter's range where the deviance doesn't rise that far.
        """
        from scipy.optimize import brentq

        edge = self.high if side > 0 else self.low

        def beyond(value):  # nearly a straight line, where the rise itself would be a parabola
            return np.sqrt(max(self.deviance(value) - best, 0.0)) - z

        inside, step = self.estimate, z * self.scale
        for _ in range(40):
            outside = inside + side * step
            if (edge - outside) * side <= 0:
                outside = edge
            reached = beyond(outside)
            if not np.isfinite(reached):
                step = step / 4
                continue
            if reached > 0:
                return brentq(beyond, inside, outside, xtol=1e-7 * max(abs(outside - self.estimate), 1e-12))
            if outside == edge:
                return float(edge)
            inside, step = outside, 1.5 * step
        return float(side) * np.inf


def parameters(found):
    """List the parameters of a model that can be profiled: all of them.

    Parameters
    ----------
    found : LinearSolution or GeneralizedSolution
        The estimates; a REML fit is profiled by maximum likelihood, as in lme4.

    Returns
    -------
    best : float
        The deviance at the optimum, on the scale of the parameters' ``deviance``.
    found : list of Parameter
        Standard deviations and correlations term by term, sigma, size (if it is finite), fixed effects.
    """
    ml = found if found.scale is None else found.by_ml
    return ml.optimum.value, [*_variance_parameters(ml), *_size(ml), *_fixed_parameters(ml)]


def _variance_parameters(ml):
    """List standard deviations, correlations and sigma."""
    found, table = [], variances_between(ml)
    for factor in ml.design.factors:
        groups = len(factor.levels)
        for term in factor.terms:
            label, block, names = term.label, table[term.label], term.columns.names
            sds, corr = block.sd.to_numpy(), block.corr.to_numpy()
            for k, name in enumerate(names):
                guess = max(sds[k] / np.sqrt(2 * groups), 1e-3 * _unit(ml, term, k))
                found.append(_held(f"sd__{name}|{label}", sds[k], guess, ml, (label, k), 0.0, np.inf))
            for i in range(len(names)):
                for j in range(i):
                    name, value = f"cor__{names[j]}.{names[i]}|{label}", float(np.nan_to_num(corr[i, j]))
                    found.append(_held(name, value, 0.2, ml, (label, j, i), -1.0, 1.0))
    if ml.scale is not None:
        guess = ml.scale / np.sqrt(2 * ml.design.n)
        found.append(_held(SIGMA, ml.scale, guess, ml, (SIGMA,), 0.0, np.inf))
    return found


def _size(found):
    """List the size of negative binomial counts, where there is one to find."""
    if found.size is None or np.isinf(found.size):
        return []
    optimum, state = found.optimum, {"start": found.optimum.theta[:-1]}
    error = np.sqrt(2 * np.abs(np.linalg.inv(optimum.hessian)[-1, -1]))  # of size^(-1/2)

    def deviance(size):
        if size <= 0:
            return np.inf

        def held(free):
            value, gradient = found.problem(np.append(free, size**-0.5))
            return value, gradient[:-1]

        lowest = minimise(held, state["start"])
        if np.isfinite(lowest.value):
            state["start"] = lowest.theta
        return lowest.value

    return [Parameter(SIZE, found.size, 2 * found.size**1.5 * error, deviance, 0.0, np.inf)]


def _unit(ml, term, k):
    """Size of a standard deviation that would matter: one of the outcome's over the column's."""
    size = float(np.sqrt(np.mean(np.square(term.columns.arrays[k]))))
    return ml.unit / (size or 1.0)


def _held(name, estimate, guess, ml, held, low, high):
    surface = HeldVariances(ml, held)
    visited = {float(estimate): surface.start()}

    def deviance(value):
        if held[0] == SIGMA and value <= 0:
            return np.inf
        nearest = min(visited, key=lambda other: abs(other - value))
        found, free = surface.lowest(float(value), visited[nearest])
        if np.isfinite(found):
            visited[float(value)] = free
        return found

    return Parameter(name, estimate, guess, deviance, low, high)


def _fixed_parameters(ml):
    """List the fixed effects.

    With c the fixed effect's row of ``x_map``, its value is c'beta for the scaled columns' beta. Held at a
    value, beta = c value / c'c + N gamma, where the columns of N span what is orthogonal to c.
    """
    scaled, found = ml.scaled, []
    linear = ml.scale is not None
    errors = np.sqrt(np.diagonal(ml.vcov))
    for k, name in enumerate(ml.design.fixed.names):
        c = scaled.x_map[k]
        basis = np.linalg.qr(np.column_stack([c, np.eye(len(c))]))[0][:, 1:]
        into = np.column_stack([basis, c / (c @ c)])
        held = _linear_held(ml, into, name) if linear else _generalised_held(ml, into)
        found.append(Parameter(name, ml.beta[k], errors[k], held))
    return found


def _linear_held(ml, into, name):
    problem, scaled, start = ml.problem, ml.scaled, ml.optimum.theta
    shift = scaled.y_shift if name == INTERCEPT else 0.0

    def deviance(value):
        held = problem.with_held(into, into.shape[1] - 1, (value - shift) / scaled.y_scale)
        return minimise(held, start).value

    return deviance


def _generalised_held(found, into):
    problem = found.problem
    theta, _, extra = np.split(found.optimum.theta, [found.n_theta, found.n_theta + len(problem.X)])
    gamma = np.linalg.solve(into, found.inner_beta)[:-1]
    state = {"start": np.concatenate([theta, gamma, extra])}
    turned = into.T @ problem.X

    def deviance(value):
        held = copy.copy(problem)
        held.offset, held.X = problem.offset + value * turned[-1], turned[:-1]
        found = minimise(held, state["start"])
        if np.isfinite(found.value):
            state["start"] = found.theta
        return found.value

    return deviance
