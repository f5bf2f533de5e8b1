"""Profile likelihoods: hold one parameter, maximise over all others."""

import numpy as np
from scipy.optimize import brentq, minimize

from mlmkit.engine.columns import INTERCEPT
from mlmkit.engine.laplace import Laplace
from mlmkit.engine.onefactor import OneFactor
from mlmkit.engine.optimize import minimise
from mlmkit.engine.quadrature import Quadrature


class Parameter:
    """One parameter of a fit, and the deviance with it held at a value.

    Attributes
    ----------
    name : str
        ``sd__(Intercept)|zipcode``, ``cor__…``, ``sigma``, or a fixed effect's name.
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
        edge = self.high if side > 0 else self.low

        def rise(value):
            return self.deviance(value) - best - z**2

        inside, step = self.estimate, z * self.scale
        for _ in range(40):
            outside = inside + side * step
            if (edge - outside) * side <= 0:
                outside = edge
            if rise(outside) > 0:
                return brentq(rise, inside, outside, xtol=1e-7 * max(abs(outside - self.estimate), 1e-12))
            if outside == edge:
                return float(edge)
            inside, step = outside, 1.5 * step
        return float(side) * np.inf


def parameters(fit):
    """List the parameters of a fit that can be profiled.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralizedFit
        The model; a REML fit is profiled by maximum likelihood, as in lme4.

    Returns
    -------
    best : float
        The deviance at the optimum, on the scale of the parameters' ``deviance``.
    found : list of Parameter
        Standard deviations and correlations, sigma, fixed effects.
    """
    return _linear(fit) if fit._scale is not None else _generalised(fit)


def _linear(fit):
    ml = fit.refit_ml() if fit.reml else fit
    problem, scaled, best = ml._problem, ml._scaled, ml._optimum.value
    found = _variance_parameters(ml) if isinstance(problem, OneFactor) else []
    into = np.linalg.inv(scaled.x_map)
    start = ml._optimum.theta
    for k, name in enumerate(ml.fixef.index):
        shift = scaled.y_shift if name == INTERCEPT else 0.0

        def deviance(value, k=k, shift=shift):
            held = problem.with_held(into, k, (value - shift) / scaled.y_scale)
            return minimise(held, start).value

        found.append(Parameter(name, ml.fixef[name], ml.se_fixef[name], deviance))
    return best, found


def _variance_parameters(ml):
    """List standard deviations, correlations and sigma of a model with one grouping factor."""
    factor, scaled, problem = ml._model.factors[0], ml._scaled, ml._problem
    if any(term.size > 2 for term in factor.terms):
        return []
    unit, back = scaled.y_scale, np.linalg.inv(scaled.z_maps[0])
    names, at, low, high = [], [], [], []
    for term in factor.terms:
        block = ml.varcorr[term.label]
        names += [f"sd__{name}|{term.label}" for name in block.sd.index]
        at += list(block.sd)
        low += [0.0] * term.size
        high += [np.inf] * term.size
        if term.size == 2:
            names.append(f"cor__{block.sd.index[0]}.{block.sd.index[1]}|{term.label}")
            at.append(float(np.nan_to_num(block.corr.iloc[0, 1])))
            low.append(-1.0)
            high.append(1.0)
    names.append("sigma")
    at.append(ml.sigma)
    low.append(0.0)
    high.append(np.inf)
    at = np.array(at)
    scales = np.where(np.isinf(high), np.maximum(np.abs(at), 1e-3 * ml.sigma), 1.0)

    def full(values):
        """Deviance at given standard deviations, correlations and sigma; beta profiled."""
        sigma = values[-1]
        if sigma <= 0:
            return np.inf
        lam, used = np.zeros((problem.q, problem.q)), 0
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            sd = values[used : used + term.size]
            root = np.diag(sd)
            if term.size == 2:
                rho = np.clip(values[used + 2], -1.0, 1.0)
                root = np.array([[sd[0], 0.0], [rho * sd[1], sd[1] * np.sqrt(1 - rho**2)]])
            used += term.size + (term.size == 2)
            lam[where, where] = root / sigma
        return problem.deviance_at(back @ lam, sigma / unit)

    found = []
    for k, name in enumerate(names):
        others = [i for i in range(len(at)) if i != k]
        state = {"start": at[others] / scales[others]}
        bounds = [(low[i] / scales[i], high[i] / scales[i]) for i in others]

        def deviance(value, k=k, others=others, state=state, bounds=bounds):
            def rest(x):
                values = np.empty(len(at))
                values[k], values[others] = value, x * scales[others]
                return full(values)

            best = minimize(rest, state["start"], method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-11})
            state["start"] = best.x
            return float(best.fun)

        groups = len(factor.levels)
        guess = at[k] / np.sqrt(2 * (ml.nobs if name == "sigma" else groups)) if np.isinf(high[k]) else 0.2
        guess = max(guess, 1e-3 * scales[k])
        found.append(Parameter(name, at[k], guess, deviance, low[k], high[k]))
    return found


def _generalised(fit):
    problem, scaled, optimum = fit._problem, fit._scaled, fit._optimum
    k_theta, best = problem.n_theta, optimum.value
    found = []
    single = [(f, t) for f in fit._model.factors for t in f.terms if t.size == 1]
    if len(single) == k_theta:
        for i, (factor, term) in enumerate(single):
            place = fit._model.factors.index(factor)
            back = scaled.z_maps[place][term.first, term.first]
            sd = float(fit.varcorr[term.label].sd.iloc[0])

            def deviance(value, i=i, back=back):
                return _minimum_without(problem, optimum.theta, i, value / back)

            name = f"sd__{term.columns.names[0]}|{term.label}"
            guess = max(sd / np.sqrt(2 * len(factor.levels)), 1e-3)
            found.append(Parameter(name, sd, guess, deviance, 0.0))
    into = np.linalg.inv(scaled.x_map)
    X = into.T @ problem.X
    for k, name in enumerate(fit.fixef.index):
        rest = [i for i in range(len(X)) if i != k]
        start = np.concatenate([optimum.theta[:k_theta], fit.fixef.to_numpy()[rest]])

        def deviance(value, k=k, rest=rest, start=start):
            offset = problem.offset + value * X[k]
            parts = (problem.family, problem.y, problem.trials, offset, X[rest], problem.blocks, [])
            nodes = len(problem.z) if isinstance(problem, Quadrature) else None
            held = Laplace(*parts) if nodes is None else Quadrature(nodes, *parts)
            held.patterns, held.n_theta = problem.patterns, k_theta
            return minimise(held, start).value

        found.append(Parameter(name, fit.fixef[name], fit.se_fixef[name], deviance))
    return best, found


def _minimum_without(problem, start, place, value):
    """Minimise a deviance with one coordinate held."""
    free = np.arange(len(start)) != place

    def held(part):
        whole = start.copy()
        whole[place], whole[free] = value, part
        found, gradient = problem(whole)
        return found, gradient[free]

    return minimise(held, start[free]).value
