"""Random small problems with degenerate variances: the fit is never worse than a search from anywhere."""

import numpy as np
import pandas as pd
import pytest
from dense_fit import bernoulli, best_criterion, dense_columns, laplace, poisson
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import gammaln

from mlmkit import glmer, lmer
from mlmkit.engine.optimize import minimise, trust_step

FORMULAS = ["y ~ x + (1 | g)", "y ~ x + (1 + x | g)", "y ~ x + (x || g)", "y ~ x + (1 + x | g) + (1 | h)"]


def problem(seed, groups, size, sds, rho, shift):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=len(g)) + shift
    z = rng.normal(size=(groups, 2))
    intercepts = sds[0] * z[:, 0]
    slopes = sds[1] * (rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1])
    y = 1 + x + intercepts[g] + slopes[g] * x + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g, "h": rng.integers(0, 3, len(g))})


sd = st.sampled_from([0.0, 0.0, 0.3, 2.0])
cases = st.tuples(
    st.integers(0, 10**6), st.integers(3, 8), st.integers(4, 8), st.tuples(sd, sd),
    st.sampled_from([-1.0, 0.0, 1.0]), st.sampled_from([0.0, 5.0]),
)  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True)
@given(case=cases, formula=st.sampled_from(FORMULAS), reml=st.booleans())
def test_no_other_start_finds_a_better_fit(case, formula, reml):
    fit = lmer(formula, problem(*case), REML=reml)
    assert fit.converged
    rng = np.random.default_rng(case[0])
    starts = rng.normal(size=(3, len(fit.theta))) * np.array([[0.1], [1.0], [4.0]])
    best = min(minimise(fit.solution.problem, start).value for start in starts)
    assert fit.solution.optimum.value <= best + 1e-6
    assert np.isfinite(fit.se_fixef).all() and np.isfinite(fit.coef["g"]).all(axis=None)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(case=cases)
def test_counts_too(case):
    frame = problem(*case)
    rng = np.random.default_rng(case[0])
    frame["n"] = rng.poisson(np.exp(np.clip(frame["y"] / 3, -3, 3)))
    if frame["n"].sum() < 5:
        return
    fit = glmer("n ~ 1 + (1 | g)", frame, family="poisson")
    assert fit.converged
    others = [np.array([size, 0.5]) for size in (0.1, 2.0)]
    assert fit.criterion <= min(minimise(fit.solution.problem, start).value for start in others) + 1e-6


@st.composite
def unbalanced(draw):
    """Few rows, groups of very different sizes, zero variances, correlations of one, one or two factors."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    groups = draw(st.integers(2, 6))
    sizes = rng.integers(1, draw(st.sampled_from([3, 12])) + 1, groups) + (np.arange(groups) == 0) * 4
    g = np.repeat(np.arange(groups), sizes)
    n = len(g)
    x = rng.normal(size=n) + draw(st.sampled_from([0.0, 3.0]))
    z = rng.normal(size=(groups, 2))
    rho = draw(st.sampled_from([-1.0, 0.0, 1.0]))
    slopes = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    h = rng.integers(0, draw(st.integers(2, 4)), n)
    eta = 0.5 * x + draw(sd) * z[g, 0] + draw(sd) * slopes[g] * x + draw(sd) * rng.normal(size=4)[h]
    frame = pd.DataFrame({"x": x, "g": g, "h": h, "y": eta + rng.normal(size=n)})
    frame["yes"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["count"] = rng.poisson(np.exp(np.clip(eta / 2, -3, 3)))
    return frame


def terms(frame, formula):
    """Return the sizes of the terms and their dense columns, for the formulas of FORMULAS."""
    one, x = np.ones(len(frame)), frame["x"].to_numpy()
    shapes = {
        "(1 | g)": [("g", [one])],
        "(1 + x | g)": [("g", [one, x])],
        "(x || g)": [("g", [one]), ("g", [x])],
        "(1 | h)": [("h", [one])],
    }
    found = [pair for text, pairs in shapes.items() if text in formula for pair in pairs]
    return [len(columns) for _, columns in found], [dense_columns(frame[g], columns) for g, columns in found]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(frame=unbalanced(), formula=st.sampled_from(FORMULAS), reml=st.booleans())
def test_a_dense_search_from_many_places_finds_nothing_better(frame, formula, reml):
    try:
        fit = lmer(formula, frame, REML=reml)
    except ValueError as refused:
        assert "rows" in str(refused) or "level" in str(refused)
        return
    X = np.column_stack([np.ones(len(frame)), frame["x"]])
    sizes, Zs = terms(frame, formula)
    best = best_criterion(X, frame["y"].to_numpy(), sizes, Zs, reml, np.random.default_rng(1))
    assert fit.criterion <= best + 1e-5


def test_of_two_optima_the_better_one_is_taken():
    """One row in the second group: the deviance has a minimum at 0.75 and a lower one at zero."""
    x = [1.480709, 0.355735, -0.670688, 0.369748, 0.226984, -0.780256, -0.365643]
    y = [-2.915093, -2.727528, -3.671008, -3.112117, -3.594040, -4.028477, -4.356737]
    fit = lmer("y ~ x + (1 | g)", pd.DataFrame({"x": x, "y": y, "g": [0] * 6 + [1]}), REML=False)
    assert fit.criterion == pytest.approx(5.776896, abs=1e-5)
    assert fit.is_singular and fit.messages


def test_of_two_singular_optima_the_better_one_is_taken():
    """One of them has no variance between the levels of h, the other has no varying slope."""
    x = [4.48, 3.36, 2.33, 3.37, 3.23, 2.22, 2.63]
    y = [-0.17, 0.02, -0.92, -0.37, -0.85, -2.39, 0.21]
    frame = pd.DataFrame({"x": x, "y": y, "g": [0] * 6 + [1], "h": [2] * 5 + [0, 0]})
    fit = lmer("y ~ x + (1 + x | g) + (1 | h)", frame, REML=False)
    assert fit.varcorr["h"].sd.iloc[0] > 0.5
    assert fit.criterion == pytest.approx(13.8928, abs=1e-3)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(frame=unbalanced(), formula=st.sampled_from(FORMULAS), family=st.sampled_from(["binomial", "poisson"]))
def test_a_dense_laplace_search_finds_nothing_better(frame, formula, family):
    outcome, loglik = ("yes", bernoulli) if family == "binomial" else ("count", poisson)
    try:
        fit = glmer(formula.replace("y", outcome, 1), frame, family=family)
    except ValueError as refused:
        assert "nothing to explain" in str(refused)
        return
    if not fit.converged:
        assert any("Separation" in message for message in fit.messages)
        return
    X, y = np.column_stack([np.ones(len(frame)), frame["x"]]), frame[outcome].to_numpy(float)
    sizes, Zs = terms(frame, formula)
    constant = 2 * gammaln(y + 1).sum() if family == "poisson" else 0.0
    count, rng = sum(q * (q + 1) // 2 for q in sizes), np.random.default_rng(1)
    found = []
    for scale in (0.1, 0.6, 1.5):
        start = np.concatenate([rng.normal(size=count) * scale, fit.fixef + 0.2 * rng.normal(size=2)])
        found.append(minimize(laplace, start, args=(X, y, sizes, Zs, loglik), method="BFGS").fun)
    assert fit.criterion <= min(found) + constant + 1e-5


def test_a_saddle_is_left():
    """A variance of zero is a stationary point; where the deviance falls beside it, the search goes on."""

    def function(theta):
        value = (theta[0] ** 2 - 1) ** 2 + theta[1] ** 2
        return value, np.array([4 * theta[0] * (theta[0] ** 2 - 1), 2 * theta[1]])

    found = minimise(function, np.array([0.0, 0.5]))
    assert found.converged and np.allclose(np.abs(found.theta), [1.0, 0.0], atol=1e-6)


def test_a_search_that_cannot_end_says_so():
    found = minimise(
        lambda theta: (-(theta[0] ** 2), np.array([-2 * theta[0]])), np.array([1.0]), max_iterations=5
    )
    assert not found.converged


def test_steps_go_down_and_stay_inside():
    step, gain = trust_step(np.diag([2.0, -1.0]), np.array([1.0, 1.0]), 0.5)
    assert np.linalg.norm(step) <= 0.5 + 1e-12 and gain > 0
    assert (step < 0).all()
