"""How `glmer` searches: compiled and NumPy passes agree, modes are predicted, few evaluations are needed."""

import numpy as np
import pandas as pd
import pytest
from from_r import data_for

from mlmkit import glmer, profile
from mlmkit.engine import kernels
from mlmkit.engine.families import Binomial, Poisson
from mlmkit.engine.laplace import Laplace

pytest.importorskip("numba")
FORMULAS = {
    "one column": "yes ~ x + z + (1 | g)",
    "two columns": "yes ~ x + z + (x | g)",
    "three columns": "yes ~ x + (x + z | g)",
    "another column": "yes ~ x + (0 + z | g)",
    "trials": "cbind(wins, 5 - wins) ~ x + (x | g)",
    "counts": "count ~ x + (x | g)",
}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"g": rng.integers(0, 25, 1500), "x": rng.normal(size=1500), "z": rng.normal(size=1500)}
    )
    eta = 0.5 * frame["x"] + (rng.normal(size=(25, 2)) @ [[1, 0.3], [0, 0.5]])[frame["g"]] @ [1, 0.5]
    share = 1 / (1 + np.exp(-eta))
    frame["yes"], frame["wins"] = rng.binomial(1, share), rng.binomial(5, share)
    frame["count"] = rng.poisson(np.exp(eta / 2 + 1))
    return frame


def fitted(name, frame, compiled):
    with kernels.only(compiled=compiled):
        return glmer(FORMULAS[name], frame, family="poisson" if name == "counts" else "binomial")


@pytest.mark.parametrize("name", FORMULAS)
def test_compiled_and_numpy_passes_agree(frame, name):
    plain, fast = (fitted(name, frame, compiled) for compiled in (False, True))
    assert plain.converged and fast.converged
    assert fast.criterion == pytest.approx(plain.criterion, abs=1e-9)
    problem, phi = plain.solution.problem, plain.solution.optimum.theta + 0.1
    with kernels.only(compiled=False):
        value, gradient = problem(phi)
    with kernels.only(compiled=True):
        again, other = problem(phi)
    assert again == pytest.approx(value, abs=1e-9)
    assert np.allclose(other, gradient, rtol=1e-8, atol=1e-8)


def passes_of(problem, phi, monkeypatch):
    """Count how often the family is asked during one evaluation."""
    count, ask = [0], problem.family.moments

    def counted(*arguments):
        count[0] += 1
        return ask(*arguments)

    with monkeypatch.context() as patch, kernels.only(compiled=False):
        patch.setattr(problem.family, "moments", staticmethod(counted))
        problem(phi)
    return count[0]


@pytest.mark.parametrize("name", ["two columns", "counts"])
def test_modes_are_predicted(frame, name, monkeypatch):
    problem = fitted(name, frame, compiled=False).solution.problem
    phi = np.array([0.8, 0.2, 0.5, 0.1, 0.4, -0.1][: problem.n_theta + len(problem.X)])
    passes_of(problem, phi, monkeypatch)
    steps = 1e-6 * np.eye(len(phi))
    assert sum(passes_of(problem, phi + step, monkeypatch) for step in steps) <= len(phi) + 2
    problem(phi)
    assert passes_of(problem, phi * 1.02, monkeypatch) <= 3
    problem.last = None
    from_zero = problem(phi)
    assert problem(phi * 1.02)[0] != from_zero[0]
    assert problem(phi)[0] == pytest.approx(from_zero[0], abs=1e-9)


@pytest.mark.parametrize("name", ["two columns", "counts"])
def test_curvatures_are_measured_well(frame, name):
    fit = fitted(name, frame, compiled=False)
    problem, optimum = fit.solution.problem, fit.solution.optimum
    steps = 1e-4 * np.eye(len(optimum.theta))
    central = np.array([problem(optimum.theta + h)[1] - problem(optimum.theta - h)[1] for h in steps]) / 2e-4
    sizes = np.sqrt(np.diagonal(central))
    assert np.allclose(optimum.hessian / np.outer(sizes, sizes), central / np.outer(sizes, sizes), atol=1e-5)


def test_the_search_needs_few_evaluations():
    fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", data_for("kc"))
    assert fit.solution.problem.evaluations <= 16


def test_profiles_do_not_mix_their_columns_with_the_fits(frame):
    with kernels.only(compiled=False):
        plain = profile(fitted("two columns", frame, compiled=False), "x", points=4)
    fit = fitted("two columns", frame, compiled=True)
    with kernels.only(compiled=True):
        fast = profile(fit, "x", points=4)
    assert np.allclose(plain, fast, rtol=1e-5, atol=1e-6)


def test_what_fails_is_not_kept_as_a_start(frame):
    problem = fitted("counts", frame, compiled=False).solution.problem
    at = problem(np.array([0.5, 0.1, 0.3, 1.0, 0.3]))
    problem(np.array([0.5, 0.1, 0.3, 1e200, 0.3]))
    assert problem(np.array([0.5, 0.1, 0.3, 1.0, 0.3]))[0] == pytest.approx(at[0], abs=1e-8)
    assert isinstance(problem, Laplace) and problem.family is Poisson is not Binomial
