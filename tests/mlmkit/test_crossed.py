"""Several grouping factors, against the dense likelihood written down from the definition."""

import numpy as np
import pandas as pd
import pytest

from mlmkit import glmer, lmer
from mlmkit.engine import kernels, memory, parts

pytestmark = pytest.mark.long(40)

FORMULAS = [
    "y ~ x + (1 + x | a) + (1 | b)",
    "y ~ x + (1 | a) + (1 + x | b)",
    "y ~ x + (1 + x | a) + (x || b) + (0 + x | c)",
    "y ~ x + (1 | a / c)",
]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    n = 400
    a, b, c = rng.integers(0, 12, n), rng.integers(0, 9, n), rng.integers(0, 4, n)
    x = rng.normal(size=n)
    by_a = rng.normal(size=(12, 2)) @ np.array([[1, 0.5], [0, 0.7]])
    y = 1 + x + by_a[a, 0] + by_a[a, 1] * x + rng.normal(size=9)[b]
    y += 0.5 * rng.normal(size=4)[c] * x + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "a": a, "b": b, "c": c, "w": rng.uniform(0.5, 2, n)})


def dense(fit, frame, reml, weights=None):
    """Compute the criterion, fixed effects and their standard errors from the full covariance matrix."""
    n, model = len(frame), fit.design
    weights = np.ones(n) if weights is None else weights
    V = np.diag(1 / weights)
    for factor in model.factors:
        for term in factor.terms:
            Z = np.zeros((n, len(factor.levels) * term.size))
            for k, array in enumerate(term.columns.arrays):
                Z[np.arange(n), factor.codes * term.size + k] = array
            cov = fit.varcorr[term.label].cov / fit.sigma**2
            V += Z @ np.kron(np.eye(len(factor.levels)), cov) @ Z.T
    X, y = np.column_stack([np.ones(n), frame["x"]]), frame["y"].to_numpy()
    inverse = np.linalg.inv(V)
    cross = X.T @ inverse @ X
    beta = np.linalg.solve(cross, X.T @ inverse @ y)
    rss = (y - X @ beta) @ inverse @ (y - X @ beta)
    df = n - 2 if reml else n
    criterion = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * rss / df))
    if reml:
        criterion += np.linalg.slogdet(cross)[1]
    return criterion, beta, np.sqrt(np.diagonal(np.linalg.inv(cross)) * rss / df)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_likelihood_is_the_one_of_the_definition(frame, formula, reml):
    fit = lmer(formula, frame, REML=reml)
    criterion, beta, se = dense(fit, frame, reml)
    assert fit.converged
    assert fit.criterion == pytest.approx(criterion, rel=1e-11)
    assert np.allclose(fit.fixef, beta, rtol=1e-9)
    assert np.allclose(fit.se_fixef, se, rtol=1e-9)


def test_weights_and_crossed_factors(frame):
    fit = lmer("y ~ x + (1 | a) + (1 | b)", frame, weights="w")
    criterion, beta, _ = dense(fit, frame, True, frame["w"].to_numpy())
    assert fit.criterion == pytest.approx(criterion, rel=1e-11)
    assert np.allclose(fit.fixef, beta, rtol=1e-9)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("way", ["dense", "pairs", "sparse", "compiled"])
def test_the_gradient_is_that_of_the_deviance(frame, formula, way, monkeypatch):
    from mlmkit.engine import crossed as _crossed
    from mlmkit.engine import pairs as _pairs

    if way != "dense":
        monkeypatch.setattr(_crossed, "SMALL", 0)
    if way in ("sparse", "compiled"):
        monkeypatch.setattr(_pairs, "MOST", 0)
    with kernels.only(compiled=way == "compiled"):
        problem = lmer(formula, frame).solution.problem
        theta = np.random.default_rng(3).normal(size=len(problem.start()))
        _, gradient = problem(theta)
        steps = 1e-6 * np.eye(len(theta))
        numeric = [(problem(theta + step)[0] - problem(theta - step)[0]) / 2e-6 for step in steps]
    assert np.allclose(gradient, numeric, atol=1e-5, rtol=1e-5)


def test_draws_spread_as_the_standard_errors(frame):
    fit = lmer("y ~ x + (1 + x | a) + (1 | b)", frame)
    draws = fit.sim(6000, seed=1)
    for label, table in fit.se_coef.items():
        assert np.allclose(draws.coef[label].std(), table.to_numpy().T.ravel(), rtol=0.05)
        assert np.allclose(
            draws.coef[label].mean(),
            fit.coef[label].to_numpy().T.ravel(),
            atol=6 * table.to_numpy().max() / 77,
        )


def test_predictions_for_crossed_and_nested_groups(frame):
    fit = lmer("y ~ x + (1 | a / c) + (1 | b)", frame)
    assert np.allclose(fit.predict(frame), fit.fitted)
    row = frame.head(1).assign(a=99)
    shared = fit.fixef["(Intercept)"] + fit.fixef["x"] * row["x"].item()
    assert fit.predict(row, new_levels="zero").item() == pytest.approx(
        shared + fit.ranef["b"].loc[row["b"].item(), "(Intercept)"]
    )
    assert fit.predict_draws(row, 50, new_levels="marginal", seed=1).shape == (50, 1)


def test_what_does_not_fit_into_memory_is_refused(monkeypatch, frame):
    monkeypatch.setattr(memory, "FREELY", 5)
    monkeypatch.setattr(memory, "available", lambda: 1000)
    for fit in (lmer, lambda formula, data: glmer(formula.replace("y", "c > 1"), data)):
        with pytest.raises(ValueError, match=r"9 random effects that hang together.* GB free"):
            fit("y ~ x + (1 | a) + (1 | b)", frame)


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_independent_parts_add_up(monkeypatch, family):
    """Three crossed blocks of schools and pupils that share nothing, split or not."""
    rng = np.random.default_rng(4)
    block = np.repeat(np.arange(3), 60)
    frame = pd.DataFrame({"a": block * 4 + rng.integers(0, 4, 180), "b": block * 9 + rng.integers(0, 9, 180)})
    frame["x"] = rng.normal(size=180)
    eta = 0.5 + 0.3 * frame["x"] + rng.normal(size=12)[frame["a"]] + 0.5 * rng.normal(size=27)[frame["b"]]
    frame["y"] = rng.poisson(np.exp(eta)) if family == "poisson" else eta + rng.normal(size=180)

    def fit():
        formula = "y ~ x + (1 | a) + (1 + x | b)"
        return lmer(formula, frame) if family == "gaussian" else glmer(formula, frame, family=family)

    whole = fit()
    monkeypatch.setattr(parts, "TOGETHER", 1)
    split = fit()
    pieces = split.solution.problem.sums if family == "gaussian" else split.solution.problem.blocks.parts
    assert len(pieces) == 3
    assert split.criterion == pytest.approx(whole.criterion, rel=1e-10)
    for label in ("a", "b"):
        assert np.allclose(split.ranef[label], whole.ranef[label], atol=1e-5)
        assert np.allclose(split.se_ranef[label], whole.se_ranef[label], rtol=1e-4)
        draws = split.sim(4000, seed=1).coef[label]
        assert np.allclose(draws.std(), split.se_coef[label].to_numpy().T.ravel(), rtol=0.1)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_zero_variances_among_crossed_factors(seed, large, monkeypatch):
    from scipy.optimize import minimize

    from mlmkit.engine import crossed

    if large:
        monkeypatch.setattr(crossed, "EXPENSIVE", 0)
    rng = np.random.default_rng(seed)
    n = 60
    frame = pd.DataFrame({"a": rng.integers(0, 6, n), "b": rng.integers(0, 5, n)})
    frame["y"] = rng.choice([0, 2]) * rng.normal(size=6)[frame["a"]] + rng.normal(size=n)
    fit = lmer("y ~ (1 | a) + (1 | b)", frame)
    problem = fit.solution.problem
    starts = rng.uniform(0, 3, size=(5, 2))
    best = min(minimize(lambda t: problem(t)[0], s, method="Nelder-Mead").fun for s in starts)
    assert fit.converged
    assert fit.solution.optimum.value <= best + 1e-6


def test_more_rows_than_one_chunk_holds():
    rng = np.random.default_rng(8)
    n = 20_000
    frame = pd.DataFrame({"a": rng.integers(0, 30, n), "b": rng.integers(0, 20, n), "x": rng.normal(5, 3, n)})
    frame["y"] = frame["x"] + rng.normal(size=30)[frame["a"]] + rng.normal(size=n)
    fit = lmer("y ~ x + (1 | a) + (1 | b)", frame)
    half = lmer("y ~ x + (1 | a) + (1 | b)", frame.sample(frac=1, random_state=1))
    assert np.allclose(fit.fixef, half.fixef, rtol=1e-9)
    assert fit.fixef["x"] == pytest.approx(1, abs=0.01)
    assert fit.residuals.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("formula", [*FORMULAS, "y ~ x + (1 | a) + (1 | b) + (1 | c)"])
@pytest.mark.parametrize("reml", [True, False])
def test_the_search_for_large_factors_ends_at_the_same_optimum(frame, formula, reml, monkeypatch):
    """Pairs of entries, and curvatures that are approximated and updated: what large factors use."""
    from mlmkit.engine import crossed

    small = lmer(formula, frame, REML=reml)
    monkeypatch.setattr(crossed, "SMALL", 0)
    monkeypatch.setattr(crossed, "EXPENSIVE", 0)
    large = lmer(formula, frame, REML=reml)
    assert large.converged
    assert large.solution.problem.sums[0].pairs is not None
    assert large.criterion == pytest.approx(small.criterion, rel=1e-11)
    assert np.allclose(large.theta, small.theta, atol=1e-6)
    assert np.allclose(large.fixef, small.fixef, rtol=1e-6)
    for label, table in small.se_ranef.items():
        assert np.allclose(large.se_ranef[label], table, rtol=1e-5, atol=1e-7)


def test_pairs_of_entries_give_the_products():
    from scipy import sparse

    from mlmkit.engine.pairs import Pairs

    rng = np.random.default_rng(2)
    J, q, R = 7, 2, 230  # more columns than are mirrored at once
    A = rng.normal(size=(J * q, R)) * (rng.uniform(size=(J * q, R)) < 0.3)
    P, C = rng.normal(size=(J, q, q)), rng.normal(size=(R, R))
    P, C = P + P.transpose(0, 2, 1), C + C.T
    pairs = Pairs(sparse.csr_array(A), q)
    whole = np.zeros((J * q, J * q))
    for j in range(J):
        whole[j * q : (j + 1) * q, j * q : (j + 1) * q] = P[j]
    assert np.allclose(pairs.cross_product(P), A.T @ whole @ A)
    product = A @ C @ A.T
    blocks = [product[j * q : (j + 1) * q, j * q : (j + 1) * q] for j in range(J)]
    assert np.allclose(pairs.quadratic_forms(C), blocks)


def test_too_many_pairs_are_not_listed(frame, monkeypatch):
    from mlmkit.engine import crossed, pairs

    listed = lmer("y ~ x + (1 + x | a) + (1 | b)", frame).criterion
    monkeypatch.setattr(crossed, "SMALL", 0)
    monkeypatch.setattr(pairs, "MOST", 10)
    fit = lmer("y ~ x + (1 + x | a) + (1 | b)", frame)
    assert fit.solution.problem.sums[0].pairs is None
    assert fit.criterion == pytest.approx(listed, rel=1e-12)


def test_the_expected_curvature_is_near_the_measured_one():
    """A large crossed design: a few per cent; so the search needs no evaluations to begin."""
    from mlmkit.engine.optimize import hessian_by_differences

    rng = np.random.default_rng(3)
    n = 20_000
    frame = pd.DataFrame(
        {name: rng.integers(0, size, n) for name, size in zip("abc", (900, 400, 12), strict=True)}
    )
    frame["x"] = rng.normal(size=n)
    frame["y"] = frame["x"] + 0.4 * rng.normal(size=900)[frame["a"]] + 0.5 * rng.normal(size=400)[frame["b"]]
    frame["y"] += 0.2 * rng.normal(size=12)[frame["c"]] + rng.normal(size=n)
    fit = lmer("y ~ x + (1 | a) + (1 | b) + (1 | c)", frame)
    problem, optimum = fit.solution.problem, fit.solution.optimum
    assert problem.expensive and optimum.rough
    assert problem.evaluations <= 10
    _, gradient = problem(optimum.theta)
    expected = problem.expected_hessian(optimum.theta, gradient)
    measured = hessian_by_differences(problem, optimum.theta, gradient)
    size = np.sqrt(np.outer(np.diagonal(measured), np.diagonal(measured)))
    assert np.abs(expected - measured).max() < 0.1 * size.max()
    assert np.abs((expected - measured) / size).max() < 0.1
    assert problem.expected_hessian(optimum.theta * 1.1, gradient) is None
