"""NUTS through PyMC and nutpie: the same posterior as the exact draws, and every other model."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlmkit import (
    FormulaError,
    cauchy,
    decov,
    flat,
    glmer,
    lmer,
    load_seattle,
    normal,
    stan_glmer,
    stan_lmer,
    student_t,
)
from mlmkit.bayes import nuts
from mlmkit.bayes.form import choose_forms
from mlmkit.bayes.integrated import GaussianPosterior
from mlmkit.bayes.kernel import OWN_EFFECT, OWN_INTERCEPT
from mlmkit.bayes.model import build_model
from mlmkit.bayes.problem import make_problem, unpack
from mlmkit.bayes.pymc_model import pymc_model
from mlmkit.bayes.stan import _given

pytestmark = pytest.mark.long(30)

SEATTLE = load_seattle()
SLOPES = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


def model(formula, data=SEATTLE, family="gaussian", **priors):
    given = _given(*[None] * 4) | priors
    return build_model(formula, data, family, given, function="stan_glmer")


def small(seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"g": np.repeat(list("abcdefgh"), 12), "h": np.tile(list("uvwxyz"), 16)})
    frame["x"] = rng.normal(2, 1, len(frame))
    effect = dict(zip("abcdefgh", rng.normal(0, 0.8, 8), strict=True))
    eta = 0.3 + 0.6 * (frame["x"] - 2) + frame["g"].map(effect)
    frame["y"] = eta + rng.normal(0, 0.5, len(frame))
    frame["yes"] = rng.random(len(frame)) < 1 / (1 + np.exp(-2 * eta))
    frame["count"] = rng.poisson(np.exp(eta))
    return frame


def log_density(compiled):
    """Compile the density without optimisation: a twentieth of a second instead of several."""
    from pytensor.compile.mode import Mode

    return compiled.compile_logp(mode=Mode(linker="py", optimizer=None))


def worst_difference(first, second):
    """Largest difference of posterior means in Monte Carlo standard errors."""
    one, other = first.summary(), second.summary()
    return ((one["mean"] - other["mean"]).abs() / np.hypot(one["mcse"], other["mcse"])).max()


def test_nuts_and_exact_agree():
    data = small()
    by_nuts = stan_lmer("y ~ x + (1 | g)", data, method="nuts", seed=2)
    assert by_nuts.method == "nuts"
    assert by_nuts.diagnostics().ok
    assert by_nuts.diagnostics().report["divergences"] == 0
    assert worst_difference(by_nuts, stan_lmer("y ~ x + (1 | g)", data, seed=3)) < 4.5
    again = stan_lmer("y ~ x + (1 | g)", data, method="nuts", seed=2)
    pd.testing.assert_frame_equal(by_nuts.draws, again.draws)


def test_no_structure_of_data_compiles_again():
    from mlmkit.bayes import kernel

    stan_lmer("y ~ x + (1 | g)", small(), method="nuts", draws=20, seed=2)
    before = len(kernel.log_density.signatures)
    stan_lmer("y ~ (1 + x | g)", small(7).query("g < 'e'"), method="nuts", draws=20, seed=2)
    stan_glmer("count ~ x + (1 | g) + (1 | h)", small(), family="poisson", draws=20, seed=2)
    assert len(kernel.log_density.signatures) == before == 1


def test_poor_importance_weights_fall_back_to_nuts_and_say_so(monkeypatch):
    monkeypatch.setattr("mlmkit.bayes.exact.GOOD_K", -10.0)  # nothing is good enough
    fit = stan_lmer("y ~ x + (1 | g)", small(), draws=200, seed=1)
    assert fit.method == "nuts"
    assert any("the importance weights are poor" in message for message in fit.messages)
    stubborn = stan_lmer("y ~ x + (1 | g)", small(), draws=200, seed=1, method="exact")
    assert stubborn.method == "exact"
    assert "Don't trust these draws" in repr(stubborn)


def test_nearly_no_data_and_far_away_predictors_are_no_obstacle():
    """Three rows far from x = 0: one Student-t doesn't reach all hyperparameters, a mixture does."""
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [1000.0, 1010.0, 1030.0], "g": ["a", "b", "b"]})
    fit = stan_lmer("y ~ x + (1 + x | g)", data, draws=50, chains=2, seed=1)
    assert fit.method == "exact"
    assert fit.diagnostics().report["pareto_k"] < 0.7


def test_a_proposal_that_breaks_down_falls_back_too(monkeypatch):
    def broken(*_):
        raise np.linalg.LinAlgError("Matrix is not positive definite")

    monkeypatch.setattr("mlmkit.bayes.exact._tried", broken)
    fit = stan_lmer("y ~ x + (1 | g)", small(), draws=50, seed=1)
    assert fit.method == "nuts"
    assert "no proposal was found" in repr(fit)
    with pytest.raises(ValueError, match=r"can't be drawn exactly: no proposal was found.*method='nuts'"):
        stan_lmer("y ~ x + (1 | g)", small(), method="exact")


@pytest.mark.parametrize("form", ["centred", "mixed", "noncentred"])
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (1 + x | g)"])
def test_every_form_has_its_own_parameters(formula, form):
    compiled = pymc_model(model(formula, small(), prior_covariance=decov(2, 1.5, 1.2, 0.8)), form)
    names = {variable.name for variable in compiled.free_RVs}
    assert {"intercept", "slopes", "sigma", "tau_g"} <= names
    assert ("intercept_g" in names) == (form == "mixed")
    assert ("standard_g" in names) == (form == "noncentred" or (form == "mixed" and "1 + x" in formula))
    assert ("effect_g" in names) == (form == "centred")


def test_the_density_of_the_pymc_model_is_the_exact_samplers():
    """Where p(parameters, b | y) / p(b | parameters, y) = p(parameters | y), checked at two points."""
    data = small()
    written = model("y ~ x + (1 | g)", data)
    posterior = GaussianPosterior(written)
    compiled = pymc_model(written, "centred")
    logp = log_density(compiled)
    n, codes = len(data), written.design.factors[0].codes
    x = data["x"].to_numpy() - data["x"].mean()

    def joint_minus_conditional(sigma, tau):
        sd, intercept, slope = tau * sigma, 0.2, 0.5
        rest = data["y"].to_numpy() - intercept - slope * x
        precision = np.bincount(codes) / sigma**2 + 1 / sd**2
        mean = np.bincount(codes, rest) / sigma**2 / precision
        point = {
            "intercept": intercept,
            "slopes": np.array([slope]),
            "sigma_log__": np.log(sigma),
            "tau_g_log__": np.log(tau),
            "effect_g": mean[:, None],
        }
        effects_at_mean = 0.5 * np.log(precision / (2 * np.pi)).sum()
        given_fixed = float(logp(point)) - effects_at_mean  # p(sigma, tau, beta | y), up to a constant
        # and beta integrates out: p(beta | sigma, tau, y) at this beta
        V = sigma**2 * np.eye(n) + sd**2 * (codes[:, None] == codes)
        X = np.column_stack([np.ones(n), x])
        prior = np.diag([1 / written.priors.intercept.scale**2, 1 / written.priors.coefs[0].scale ** 2])
        P = X.T @ np.linalg.solve(V, X) + prior
        r = X.T @ np.linalg.solve(V, data["y"].to_numpy())
        r += prior @ [written.priors.intercept.location, 0.0]
        d = np.array([intercept, slope]) - np.linalg.solve(P, r)
        return given_fixed - (0.5 * np.linalg.slogdet(P)[1] - 0.5 * d @ P @ d)

    points = [(0.5, 1.5), (0.7, 0.8)]
    theirs = [joint_minus_conditional(*point) for point in points]
    u = np.array([[np.log(s / written.scaled.y_scale), np.log(t)] for s, t in points])
    ours = posterior.log_density(u)
    assert theirs[0] - theirs[1] == pytest.approx(ours[0] - ours[1], abs=1e-6)


def test_auto_chooses_the_form_by_what_the_data_tell():
    assert choose_forms(model(SLOPES), "auto") == ["mixed"]
    assert choose_forms(model("bedrooms ~ (1 | zipcode)", family="poisson"), "auto") == ["noncentred"]
    assert choose_forms(model("price ~ (0 + scale_sqft | zipcode)"), "auto") == ["noncentred"]
    assert choose_forms(model("y ~ (1 | g) + (1 | h)", small()), "auto") == ["mixed", "noncentred"]
    with pytest.raises(ValueError, match="'auto', 'centred', 'mixed', 'noncentred'"):
        choose_forms(model(SLOPES), "hierarchical")
    with pytest.raises(ValueError, match="form='mixed' needs"):
        choose_forms(model("price ~ (0 + scale_sqft | zipcode)"), "mixed")


EVERY = [
    ("y ~ x + (1 | g) + (1 | h)", "gaussian", {}),
    ("y ~ 0 + x + (0 + x | g)", "gaussian", {"prior": student_t(4)}),
    ("y ~ 0 + x + (1 + x | g)", "gaussian", {"prior": flat()}),
    ("y ~ x + (1 + x + I(x**2) | g)", "gaussian", {"prior_aux": cauchy(0, 1)}),
    ("y ~ x + (1 + x | g)", "gaussian", {"prior_covariance": decov(2, 1.5, 1.2, 0.8)}),
    ("y ~ (1 + x || g) + offset(x)", "gaussian", {"prior_aux": normal(1, 1), "prior_intercept": flat()}),
    ("y ~ (1 | g)", "gaussian", {"prior_aux": student_t(3, 1, 1)}),
    ("y + 2 * h_size ~ (1 | g) + (1 | h)", "gaussian", {}),
    ("yes ~ x + (1 | g)", "binomial", {"prior_intercept": student_t(3, 0, 2)}),
    ("cbind(count, 10 + 0 * count) ~ x + (1 | g)", "binomial", {}),
    ("count ~ x + offset(x) + (1 | g)", "poisson", {}),
]


@pytest.mark.parametrize(("formula", "family", "priors"), EVERY)
def test_the_compiled_density_is_the_pymc_models(formula, family, priors):
    """Differences of log densities between random points, and the gradient by differences."""
    data = small()
    data["h_size"] = data["h"].map({name: float(k) for k, name in enumerate("uvwxyz")})
    problem = make_problem(model(formula, data, family, **priors))
    compiled = pymc_model(problem.model)
    logp = log_density(compiled)
    theirs, ours = [], []
    for u in np.random.default_rng(1).normal(0, 0.7, (3, problem.size)):
        theirs.append(float(logp(pymc_point(compiled, problem, u))))
        value, gradient = problem.density(u)
        ours.append(value)
        steps = 1e-6 * np.eye(problem.size)
        slopes = [(problem.density(u + h)[0] - problem.density(u - h)[0]) / 2e-6 for h in steps]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-9, atol=1e-8)


def pymc_point(compiled, problem, u):
    """Give the point of the PyMC model that u stands for."""
    intercept, p, at_sigma = map(int, problem.arguments[6])
    found = {"intercept": problem.shift + problem.unit * u[0]}
    found["slopes"] = u[intercept : intercept + p] * problem.unit / problem.x_scales
    found["sigma"] = np.log(problem.unit) + u[at_sigma]
    for factor, term, q, groups, at, first, own in problem.terms:
        found[f"tau_{term.label}"] = u[at]
        found[f"share_{term.label}"] = u[at + 1 : at + q]
        found[f"half_partial_{term.label}"] = u[at + q : at + q * (q + 1) // 2]
        z = u[first : first + groups * q].reshape(groups, q)
        found[f"standard_{term.label}"] = z[:, 1:] if own in (OWN_INTERCEPT, OWN_EFFECT) else z
        if own in (OWN_INTERCEPT, OWN_EFFECT):
            middle = problem.shift if own == OWN_INTERCEPT else 0.0
            found[f"intercept_{factor.label}"] = middle + problem.unit * z[:, 0]
    names = {name: name.removesuffix("__").rsplit("_", 1)[0] if name.endswith("__") else name
             for name in compiled.initial_point()}  # fmt: skip
    return {name: np.asarray(found[plain], dtype=float) for name, plain in names.items()}


def test_unpacked_draws_are_the_pymc_models_variables():
    problem = make_problem(model("y ~ x + (1 + x | g)", small()))
    compiled = pymc_model(problem.model)
    u = np.random.default_rng(1).normal(0, 0.7, problem.size)
    beta, effects, sigma, covariance = unpack(problem, u[None])
    point = pymc_point(compiled, problem, u)
    names = ["intercept", "slopes", "sigma", "b_g", "Sigma_g"]
    evaluate = compiled.compile_fn(
        compiled.replace_rvs_by_values([compiled[name] for name in names]), mode="FAST_COMPILE"
    )
    intercept, slopes, *others = evaluate(point)
    np.testing.assert_allclose(beta[0, 1:], slopes)
    np.testing.assert_allclose(beta[0, 0], intercept - slopes @ problem.model.predictor_means)
    for ours, theirs in zip((sigma[0], effects[0][0], covariance[0][0]), others, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_the_fit_gives_its_pymc_model():
    import pymc as pm

    fit = stan_lmer("y ~ x + (1 | g)", small(), draws=20, seed=1)
    assert isinstance(fit.to_pymc(), pm.Model)
    assert "effect_g" in {variable.name for variable in fit.to_pymc("centred").free_RVs}


def test_new_binomial_outcomes_have_the_trials_of_the_new_rows():
    data = small().assign(
        no=lambda d: 10 - d["count"].clip(upper=9), count=lambda d: d["count"].clip(upper=9)
    )
    fit = stan_glmer("cbind(count, no) ~ x + (1 | g)", data, family="binomial", draws=200, chains=1, seed=1)
    new = pd.DataFrame({"x": [2.0, 2.0], "g": ["a", "new"], "count": [0, 0], "no": [4, 100]})
    drawn = fit.posterior_predict(new, seed=1)
    assert set(drawn[0] * 4) <= {0, 1, 2, 3, 4}
    assert drawn[1].nunique() > 30
    assert set(fit.posterior_predict(new[["x", "g"]], seed=1)[0]) == {0.0, 1.0}
    with pytest.raises(FormulaError, match="must hold counts"):
        fit.posterior_predict(new.assign(no=0.5))
    assert fit.posterior_predict(data.head(96), seed=1).shape == (200, 96)


@pytest.mark.slow
def test_binomial_poisson_and_crossed_factors_agree_with_maximum_likelihood():
    data = small()
    yes = stan_glmer("yes ~ x + (1 | g)", data, family="binomial", seed=1)
    other = glmer("yes ~ x + (1 | g)", data, family="binomial")
    assert yes.diagnostics().ok
    assert yes.fixef["x"] == pytest.approx(other.fixef["x"], abs=2 * other.se_fixef["x"])
    assert yes.summary().at["mean_PPD", "mean"] == pytest.approx(data["yes"].mean(), abs=0.03)
    new = pd.DataFrame({"x": [2.0], "g": ["new"]})
    assert yes.predict(new, new_levels="marginal")[0] == pytest.approx(
        yes.posterior_epred(new, seed=1)[0].mean(), abs=0.05
    )
    counts = stan_glmer("count ~ x + (1 | g)", data, family="poisson", seed=1)
    other = glmer("count ~ x + (1 | g)", data, family="poisson")
    assert counts.fixef["x"] == pytest.approx(other.fixef["x"], abs=2 * other.se_fixef["x"])
    assert counts.posterior_predict(draws=10, seed=1).to_numpy().min() >= 0
    crossed = stan_lmer("y ~ x + (1 | g) + (1 | h)", data, seed=1)
    assert list(crossed.coef) == ["g", "h"]
    assert crossed.sigma == pytest.approx(lmer("y ~ x + (1 | g) + (1 | h)", data).sigma, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["price ~ (1 | zipcode)", "price ~ scale_sqft + (1 | zipcode)", SLOPES])
def test_nuts_agrees_with_exact_on_the_lectures_models(formula):
    by_nuts = stan_glmer(formula, SEATTLE, method="nuts", draws=2000, seed=1)
    exact = stan_glmer(formula, SEATTLE, draws=5000, seed=2)
    assert by_nuts.diagnostics().report["divergences"] < 10
    assert worst_difference(by_nuts, exact) < 4
    # quantiles: the share of NUTS draws below the exact ones' quantile
    tail = by_nuts.diagnostics().table["ess_tail"].drop("mean_PPD")
    for prob in (0.05, 0.5, 0.95):
        share = (by_nuts.draws < exact.draws.quantile(prob)).mean()
        error = np.sqrt(prob * (1 - prob) * (1 / tail + 1 / 15_000))
        assert ((share - prob).abs() / error).max() < 4


@pytest.mark.slow
def test_sampling_is_silent_where_nobody_watches():
    code = (
        "from mlmkit import load_seattle, stan_glmer\n"
        "options = dict(method='nuts', draws=200, chains=2, seed=1)\n"
        "fit = stan_glmer('price ~ (1 | zipcode)', load_seattle(), **options)\n"
        "fit.summary(); fit.idata; repr(fit)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert run.stderr == ""


def test_progress_is_shown_where_somebody_watches(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv(nuts.QUIET, raising=False)
    assert nuts.watched()
    monkeypatch.setenv(nuts.QUIET, "1")
    assert not nuts.watched()
