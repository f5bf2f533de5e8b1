"""Negative binomial counts: against R's glmer.nb, against the density itself, and at the Poisson limit."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE
from scipy import stats

from mlmkit import anova, glmer
from mlmkit.engine.families import Poisson
from mlmkit.engine.negative_binomial import NegativeBinomial, log1p_less
from mlmkit.inference.profile import parameters

MODELS = json.loads((REFERENCE / "generalized.json").read_text())["negative_binomial"]
FORMULAS = {
    "grouseticks": "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)",
    "grouseticks_nested": "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION)",
    "epil": "y ~ trt + lbase + (1 | subject)",
    "epil_slopes": "y ~ trt + lbase + V4 + (1 + V4 | subject)",
}


def data_of(name):
    file = name.split("_")[0]
    return pd.read_csv(REFERENCE / f"{file}.csv", dtype={"YEAR": str, "BROOD": str, "LOCATION": str})


def fitted(name, family="negative_binomial"):
    return glmer(FORMULAS[name], data_of(name), family=family)


@pytest.fixture(scope="module")
def ticks():
    return fitted("grouseticks")


@pytest.mark.parametrize("name", FORMULAS)
def test_the_optimum_is_that_of_glmer_nb_or_lower(name):
    fit, model = fitted(name), MODELS[name]
    assert fit.converged
    lowest = min(model["criterion"], model["best_criterion"])
    assert fit.criterion < lowest + 1e-6
    assert fit.criterion == pytest.approx(lowest, abs=1e-3)
    assert np.allclose(fit.fixef, list(model["best_fixef"].values()), rtol=1e-3, atol=1e-4)
    assert np.allclose(fit.se_fixef, model["se"], rtol=5e-3 if name != "epil_slopes" else 5e-2)
    assert np.allclose(fit.theta, model["best_theta"], rtol=1e-3, atol=2e-4)
    assert fit.size == pytest.approx(model["best_size"], rel=1e-3)


def test_what_r_counts_and_prints_of_it(ticks):
    model = MODELS["grouseticks"]
    assert ticks.npar == model["npar"]
    assert ticks.aic == pytest.approx(model["aic"], abs=1e-3)
    assert ticks.bic == pytest.approx(model["bic"], abs=1e-3)
    assert ticks.deviance == pytest.approx(model["deviance"], abs=1e-2)
    assert np.allclose(ticks.resid("pearson")[:5], model["pearson"], atol=1e-4)
    assert np.allclose(ticks.resid("deviance")[:5], model["deviance_residuals"], atol=1e-4)
    assert np.allclose(ticks.ranef["BROOD"]["(Intercept)"][:5], model["ranef"], atol=1e-3)
    assert ticks.glance().loc[0, "npar"] == 6
    assert ticks.display_text().endswith("size = 3.31")
    assert "3.31" in ticks._repr_html_()


@pytest.mark.parametrize("size", [0.05, 1.0, 30.0, 1e4])
def test_moments_and_derivatives(size):
    y, eta = np.array([0.0, 1, 3, 40, 5_000]), np.log([0.2, 1.7, 1.0, 30, 5_500])
    root, step = size**-0.5, 1e-5

    def at(root, eta=eta):
        family = NegativeBinomial(root)
        moments = family.moments(eta, family.known(y, None))
        return moments, moments.loglik + family.saturated(y, None)

    moments, loglik = at(root)
    assert np.allclose(
        loglik, stats.nbinom.logpmf(y, size, size / (size + np.exp(eta))), rtol=1e-9, atol=1e-9
    )
    mean = np.exp(eta)
    assert np.allclose(moments.weight, mean**2 / (mean + mean**2 / size))
    (up, up_log), (down, down_log) = at(root, eta + step), at(root, eta - step)
    for exact, numeric in [
        (moments.rest, up_log - down_log),
        (-moments.curvature, up.rest - down.rest),
        (moments.slope, up.weight - down.weight),
    ]:
        assert np.allclose(exact, numeric / (2 * step), rtol=1e-5, atol=1e-6)
    (up, up_log), (down, down_log) = at(root + step), at(root - step)
    by_root = NegativeBinomial(root).by_root(eta, NegativeBinomial.known(y, None))
    for exact, numeric in zip(
        by_root, [up_log - down_log, up.rest - down.rest, up.weight - down.weight], strict=True
    ):
        assert np.allclose(exact, numeric / (2 * step), rtol=1e-5, atol=1e-4)


def test_the_limit_is_poisson():
    y, eta = np.array([0.0, 3, 2e5]), np.array([-1.0, 1.2, 12.2])
    few, many = NegativeBinomial(0.0), Poisson
    for one, other in zip(
        few.moments(eta, few.known(y, None)), many.moments(eta, many.known(y, None)), strict=True
    ):
        assert np.allclose(one, other, rtol=1e-12)
    assert np.allclose(few.saturated(y, None), many.saturated(y, None))
    small = NegativeBinomial(1e-7)
    by_a = small.by_root(eta, small.known(y, None))[0] / 2e-7
    assert np.allclose(by_a, ((y - np.exp(eta)) ** 2 - y) / 2, rtol=1e-6)
    x = np.array([-0.9, -0.05, -1e-9, 1e-12, 0.04999, 3.0])
    exact = [-1.402585092994046, -0.0012932943875505, -5e-19, -5e-25, -0.0012093596870, -1.613705638880109]
    assert np.allclose(log1p_less(x), exact, rtol=1e-8, atol=0)


def test_counts_that_vary_no_more_than_poisson():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(15), 12), "x": rng.normal(size=180)})
    frame["y"] = rng.binomial(9, 1 / (1 + np.exp(-0.5 * frame["x"] - rng.normal(size=15)[frame["g"]])))
    fit = glmer("y ~ x + (1 | g)", frame, family="negative_binomial")
    plain = glmer("y ~ x + (1 | g)", frame, family="poisson")
    assert fit.converged and fit.size == np.inf
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-6)
    assert np.allclose(fit.fixef, plain.fixef, rtol=1e-5)
    assert np.allclose(fit.se_fixef, plain.se_fixef, rtol=1e-4)
    assert fit.r2()["conditional"] == pytest.approx(plain.r2()["conditional"], rel=1e-4)
    assert any("family='poisson'" in message for message in fit.messages)
    assert np.isfinite(fit.predict_draws(n_sims=5, kind="outcome", seed=1)).all(axis=None)
    assert np.isfinite(fit.confint().loc["x", ["low", "high"]]).all()


def test_gradients_of_counts_in_the_millions():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": np.repeat(np.arange(12), 15), "x": rng.normal(size=180)})
    mean = np.exp(14 + 0.3 * frame["x"] + 0.5 * rng.normal(size=12)[frame["g"]])
    frame["y"] = rng.poisson(mean * rng.gamma(8, 1 / 8, 180))
    fit = glmer("y ~ x + (1 | g)", frame, family="negative_binomial")
    assert fit.converged and not fit.messages
    assert fit.size == pytest.approx(8, rel=0.3)
    assert np.abs(fit.solution.optimum.gradient).max() < 1e-4


def test_draws_have_the_variance_that_it_says(ticks):
    draws = ticks.predict_draws(n_sims=3_000, kind="outcome", seed=1)
    means = ticks.predict_draws(n_sims=3_000, kind="mean", seed=1)
    expected = means.var() + (means + means**2 / ticks.size).mean()
    assert (draws.var().sum() / expected.sum()) == pytest.approx(1, abs=0.05)
    again = ticks.simulate(1, seed=2)[0]
    assert (again == again.round()).all() and (again >= 0).all()
    refitted = ticks.refit(again)
    assert refitted.family == "negative_binomial" and 1 < refitted.size < 12


def test_intervals_of_the_size(ticks):
    table = ticks.confint()
    low, high = table.loc["size", ["low", "high"]]
    assert low < ticks.size < high
    held = {p.name: p for p in parameters(ticks.solution)[1]}["size"]
    for size, deviance in MODELS["grouseticks"]["held"].items():
        assert held.deviance(float(size)) == pytest.approx(deviance, abs=2e-5)
    assert np.allclose(ticks.profile("size", points=3, reach=1.0)["zeta"][::2], [-1, 1], atol=1e-4)
    draws = ticks.confint(method="boot", n_sims=5, seed=1)
    assert "size" in draws.index


def test_variance_explained(ticks):
    fixed = np.var(np.log(ticks.predict(random=False)), ddof=1)
    between = ticks.varcorr["BROOD"].sd["(Intercept)"] ** 2
    rest = np.log1p(1 / ticks.fitted.mean() + 1 / ticks.size)
    assert ticks.icc()["BROOD"] == pytest.approx(between / (between + rest))
    assert ticks.r2()["marginal"] == pytest.approx(fixed / (fixed + between + rest))


def test_it_beats_poisson_on_ticks(ticks):
    with pytest.raises(ValueError, match="different families"):
        anova(fitted("grouseticks", "poisson"), ticks)
    assert ticks.aic < fitted("grouseticks", "poisson").aic - 50


def test_what_it_cannot_do_is_said(ticks):
    data = data_of("grouseticks")
    with pytest.raises(ValueError, match="nAGQ above 1 is for binomial and Poisson"):
        glmer(FORMULAS["grouseticks"], data, family="negative_binomial", nAGQ=5)
    with pytest.raises(AttributeError, match="only family='negative_binomial' has one"):
        fitted("epil", "poisson").size  # noqa: B018


@pytest.mark.parametrize(
    ("family", "says"),
    [
        ("gaussian", "use lmer"),
        ("nbinom2", "family='negative_binomial'"),
        ("quasipoisson", "family='negative_binomial'"),
        ("Gamma", "glmmTMB"),
        ("probit", "bambi"),
        (stats.poisson, "Valid choices: 'binomial', 'poisson', 'negative_binomial'"),
    ],
)
def test_other_families_name_what_fits_them(family, says):
    with pytest.raises(ValueError) as caught:
        glmer("y ~ trt + (1 | subject)", data_of("epil"), family=family)
    assert says in str(caught.value)
