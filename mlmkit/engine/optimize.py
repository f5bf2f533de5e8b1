"""Minimise a deviance whose gradient is exact: Newton in a trust region, without bounds.

The deviance is even in the sign of each column of Lambda, so no bound is needed: a standard
deviation of zero is an ordinary stationary point. At such a point the gradient vanishes even
where a larger variance would be better; the curvature tells, and the search goes on along it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NOISE = 1e-13  # relative rounding error of a deviance
LARGE = 12  # more parameters than this: L-BFGS first


@dataclass
class Optimum:
    """Where the search ended.

    Attributes
    ----------
    theta, gradient : ndarray, shape (k,)
        The parameters and the gradient there.
    value : float
        The deviance.
    hessian : ndarray, shape (k, k)
        Second derivatives, from differences of exact gradients.
    converged : bool
        True if the last Newton step was negligible and no direction leads down.
    iterations : int
        Newton steps tried.
    alone : bool
        True where it is known that no variance is zero and that no place with a zero one is lower.
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    converged: bool
    iterations: int
    alone: bool = False


def minimise(function, start, *, canonical=None, max_iterations=200, tolerance=1e-7):
    """Find a minimum.

    Parameters
    ----------
    function : callable
        ``function(theta) -> (value, gradient)``; the value may be infinite.
    start : ndarray, shape (k,)
        Where to begin.
    canonical : callable, optional
        ``canonical(theta) -> theta``: of several equivalent parameters the one to report.
    max_iterations : int
        Newton steps at most.
    tolerance : float
        Stop after a step that is this small relative to theta. Newton's error then is about its square.

    Returns
    -------
    Optimum
        The best point found.
    """
    theta = np.array(start, dtype=float)
    found = function.search(theta) if hasattr(function, "search") else None
    if found is not None:
        theta = found.theta if canonical is None else canonical(found.theta)
        if found.converged and theta is found.theta:
            return found
    elif len(theta) > LARGE:
        theta = _lbfgs(function, theta)
    point = _Point(function, theta)
    if found is not None and found.converged and point.value <= found.value + NOISE * (1 + abs(found.value)):
        return point.optimum(True, found.iterations)
    radius, kicks, unseen, used = 1.0 + np.linalg.norm(theta), 0, 0, 0
    while used < max_iterations:
        used += 1
        step, predicted = trust_step(point.hessian, point.gradient, radius)
        length, size = np.sqrt(step @ step), max(np.sqrt(point.theta @ point.theta), 1e-3)
        trial = _Point(function, point.theta + step)
        noise = NOISE * (1 + abs(point.value))
        small = length <= tolerance * size
        if small or predicted <= noise:
            # Too small for the deviance to tell: trust the gradient. A long step that gains
            # nothing is not taken: the deviance is flat there.
            near = length <= 0.1 * size
            if near and np.isfinite(trial.value) and trial.value <= point.value + 4 * noise:
                point = trial.after(point)
            unseen += 1
            if small or unseen > 5:
                unseen = 0
                point = point.moved(canonical).measured()
                down = point.way_down() if kicks < 8 else None
                if down is None:
                    return point.optimum(True, used)
                kicks += 1
                point, radius = down, 1.0 + np.linalg.norm(down.theta)
            continue
        gain = (point.value - trial.value) / predicted if np.isfinite(trial.value) else -1.0
        if gain > 0.75:
            radius = max(radius, 3 * length)
        elif gain < 0.25:
            radius = 0.3 * length
        if gain > 1e-4:
            point = trial.after(point)
        elif radius < 1e-14 * size:
            break
    return point.moved(canonical).measured().optimum(False, used)


class _Point:
    """A place in the search with its deviance, gradient and (when asked for) curvature."""

    known = True  # whether the curvature is that of this place

    def __init__(self, function, theta):
        self.function, self.theta = function, theta
        if hasattr(function, "measure"):
            self.value, self.gradient, self.hessian = function.measure(theta)
        else:
            self.value, self.gradient = function(theta)

    @cached_property
    def hessian(self):
        """Second derivatives."""
        return hessian_by_differences(self.function, self.theta, self.gradient)

    def moved(self, canonical):
        """Return the equivalent point to report; this one if it is that already."""
        theta = self.theta if canonical is None else canonical(self.theta)
        return self if np.array_equal(theta, self.theta) else _Point(self.function, theta)

    def after(self, last):
        """Return this point, with the curvature updated from the last one where measuring is expensive."""
        if getattr(self.function, "expensive", False):
            change = self.gradient - last.gradient
            self.hessian, self.known = updated(last.hessian, self.theta - last.theta, change), False
        return self

    def measured(self):
        """Return this point with its curvature measured, not updated."""
        if not self.known:
            self.hessian, self.known = hessian_by_differences(self.function, self.theta, self.gradient), True
        return self

    def optimum(self, converged, used):
        """Report this point."""
        return Optimum(self.theta, self.value, self.gradient, self.hessian, converged, used)

    def way_down(self):
        """Look along the direction of most negative curvature; return a lower point or None."""
        curvature, vectors = np.linalg.eigh(self.hessian)
        if not curvature[0] < -1e-6 * max(np.abs(curvature).max(), 1e-12):
            return None
        size = max(np.linalg.norm(self.theta), 1e-2)
        for length in (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3):
            for sign in (1.0, -1.0):
                trial = _Point(self.function, self.theta + sign * length * size * vectors[:, 0])
                if trial.value < self.value - 10 * NOISE * (1 + abs(self.value)):
                    return trial
        return None


def hessian_by_differences(function, theta, gradient):
    """Differentiate an exact gradient numerically.

    Parameters
    ----------
    function : callable
        ``function(theta) -> (value, gradient)``.
    theta, gradient : ndarray, shape (k,)
        The point and the gradient there.

    Returns
    -------
    ndarray, shape (k, k)
        Symmetric. Forward differences, relative error about 1e-6.
    """
    hessian = np.empty((len(theta), len(theta)))
    for i, step in enumerate(difference_steps(theta)):
        moved = theta.copy()
        moved[i] += step
        hessian[i] = (function(moved)[1] - gradient) / (moved[i] - theta[i])
    return (hessian + hessian.T) / 2


def updated(hessian, step, change):
    """Update a Hessian from the change of the gradient along a step (symmetric rank one).

    Parameters
    ----------
    hessian : ndarray, shape (k, k)
        At the last point.
    step, change : ndarray, shape (k,)
        From the last point to the present one: of the parameters, and of the gradient.

    Returns
    -------
    ndarray, shape (k, k)
        At the present point, approximately; costs no evaluation.
    """
    gap = change - hessian @ step
    along = gap @ step
    if abs(along) <= 1e-8 * np.sqrt((gap @ gap) * (step @ step)):
        return hessian
    return hessian + np.outer(gap, gap) / along


def difference_steps(theta):
    """Choose how far to move each parameter when differentiating numerically."""
    sizes = np.abs(theta)
    return 1e-6 * np.maximum(sizes, 0.1 * max(sizes.max(initial=0.0), 1e-2))


def trust_step(hessian, gradient, radius):
    """Take Newton's step, turned downhill where the curvature is negative, no longer than the radius.

    Parameters
    ----------
    hessian, gradient : ndarray
        Curvature and slope.
    radius : float
        The longest step allowed.

    Returns
    -------
    step : ndarray
        The step.
    predicted : float
        How much the quadratic model says it gains.
    """
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return np.zeros_like(gradient), 0.0
    curvature, vectors = np.linalg.eigh(hessian)
    slope = vectors.T @ gradient
    steep = np.maximum(np.abs(curvature), max(1e-9 * np.abs(curvature).max(), 1e-10))
    along = -slope / steep
    length = np.sqrt(along @ along)
    if length > radius:
        along *= radius / length
    predicted = -(slope @ along) - 0.5 * np.sum(steep * along**2)
    return vectors @ along, float(predicted)


def _lbfgs(function, theta):
    """Come close with few evaluations where differences of gradients would cost many."""
    from scipy.optimize import minimize

    found = minimize(function, theta, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-13})
    return found.x if np.isfinite(found.fun) else theta
