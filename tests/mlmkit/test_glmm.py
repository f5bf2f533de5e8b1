"""glmer against lme4's optimum, against integration by brute force, and on data that can't be fitted."""

import numpy as np
import pandas as pd
import pytest
from dense_blocks import DenseBlocks
from from_r import data_for, left_out_by_lme4, reference
from scipy.special import comb

from mlmkit import FormulaError, glmer
from mlmkit.engine.blocks import GroupBlocks
from mlmkit.engine.crossed_blocks import CrossedBlocks
from mlmkit.engine.families import FAMILIES, Binomial, Poisson
from mlmkit.engine.laplace import Laplace
from mlmkit.engine.quadrature import Quadrature

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


@pytest.fixture(scope="module", params=["cbpp_nAGQ1", "cbpp_nAGQ9"])
def pair(request):
    model = reference()[request.param]
    return glmer(model["formula"], data_for("cbpp"), family="binomial", nAGQ=model["nAGQ"]), model


def test_the_optimum_of_lme4(pair):
    fit, model = pair
    polished = model["polished"]
    assert fit.converged and not fit.is_singular
    assert fit.criterion == pytest.approx(polished["objective"] + left_out_by_lme4(fit), abs=1e-6)
    assert np.allclose(fit.theta, polished["theta"], rtol=1e-6)
    assert np.allclose(fit.fixef, polished["beta"], rtol=1e-6)


def test_what_arm_shows_of_it(pair):
    fit, model = pair
    tight = model["tight"]
    assert list(fit.fixef.index) == list(tight["fixef"])
    assert np.allclose(fit.se_fixef, list(tight["se"].values()), rtol=1e-5)
    assert fit.aic == pytest.approx(tight["AIC_display"] + left_out_by_lme4(fit), abs=1e-6)
    assert fit.bic == pytest.approx(tight["BIC"] + left_out_by_lme4(fit), abs=1e-6)
    assert fit.deviance == pytest.approx(tight["deviance_display"], abs=1e-5)
    assert fit.dic == pytest.approx(tight["DIC_display"] - left_out_by_lme4(fit), abs=1e-5)
    assert np.allclose(fit.ranef["herd"], tight["ranef"]["herd"]["values"], rtol=1e-5)
    assert np.allclose(fit.se_ranef["herd"], tight["se_ranef"]["herd"], rtol=1e-5)
    assert " Residual             1.00" in repr(fit)


def test_the_county_model_that_lme4_stops_short_of():
    fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", data_for("kc"))
    assert fit.criterion == pytest.approx(4242.743368, abs=1e-6)
    assert fit.nobs == 21613


def test_laplace_agrees_with_one_node():
    laplace = glmer(CBPP, data_for("cbpp"))
    model = laplace.solution.problem
    one = Quadrature(1, Binomial, model.y, model.trials, model.offset, model.X, model.blocks, [])
    one.patterns, one.n_theta = model.patterns, 1
    assert one(laplace.solution.optimum.theta)[0] == pytest.approx(laplace.criterion, rel=1e-10)


def test_many_nodes_agree_with_brute_force():
    fit = glmer(CBPP, data_for("cbpp"), nAGQ=25)
    data = data_for("cbpp")
    u = np.linspace(-8, 8, 4001)
    X = pd.get_dummies(data["period"]).to_numpy(dtype=float).copy()
    X[:, 0] = 1.0
    total = 0.0
    for herd in data["herd"].cat.categories:
        rows = (data["herd"] == herd).to_numpy()
        eta = (X[rows] @ fit.fixef.to_numpy())[:, None] + fit.theta * u
        y, n = data["incidence"][rows].to_numpy()[:, None], data["size"][rows].to_numpy()[:, None]
        loglik = (y * eta - n * np.log1p(np.exp(eta))).sum(axis=0)
        total += np.log(np.trapezoid(np.exp(loglik - u**2 / 2) / np.sqrt(2 * np.pi), u))
    ways = np.log(comb(data["size"], data["incidence"])).sum()
    assert fit.criterion == pytest.approx(-2 * (total + ways), abs=1e-7)


class Term:
    def __init__(self, first, size):
        self.first, self.size = first, size


def problems(family):
    rng = np.random.default_rng(0)
    n = 300
    g, h = np.sort(rng.integers(0, 10, n)), rng.integers(0, 7, n)
    X = np.vstack([np.ones(n), rng.normal(size=n)])
    trials = rng.integers(1, 5, n).astype(float)
    y = rng.binomial(trials.astype(int), 0.4).astype(float)
    rows = (family, y, trials, rng.normal(size=n) / 3, X)
    one, two = [Term(0, 1)], [Term(0, 2)]
    yield Laplace(*rows, GroupBlocks(X[:1], g, 10), [one])
    yield Laplace(*rows, GroupBlocks(X, g, 10), [two])
    yield Laplace(*rows, CrossedBlocks([X, X[:1]], [g, h], [10, 7], ["g", "h"]), [two, one])
    yield Quadrature(7, *rows, GroupBlocks(X[1:], g, 10), [one])


@pytest.mark.parametrize("family", FAMILIES.values())
@pytest.mark.parametrize("which", range(4))
def test_gradients_are_exact(family, which):
    problem = list(problems(family))[which]
    phi = np.random.default_rng(which).normal(size=problem.n_theta + 2) * 0.7
    _, gradient = problem(phi)
    steps = 1e-5 * np.eye(len(phi))
    numeric = [(problem(phi + step)[0] - problem(phi - step)[0]) / 2e-5 for step in steps]
    assert np.allclose(gradient, numeric, atol=1e-5)


@pytest.mark.parametrize("which", [1, 2])
def test_eliminated_and_dense_systems_agree(which):
    first = list(problems(Poisson))[which]
    if which == 1:
        dense_blocks, terms = DenseBlocks([first.X], [first.blocks.codes], [10]), [[Term(0, 2)]]
        phi = np.array([0.8, -0.2, 0.5, 0.1, 0.2])
    else:
        Z = first.blocks.Z.toarray()
        g, h = Z[:, 0:20:2].argmax(axis=1), Z[:, 20:].argmax(axis=1)
        dense_blocks, terms = (
            DenseBlocks([first.X, first.X[:1]], [g, h], [10, 7]),
            [[Term(0, 2)], [Term(0, 1)]],
        )
        phi = np.array([0.8, -0.2, 0.5, 0.6, 0.1, 0.2])
    dense = Laplace(Poisson, first.y, first.trials, first.offset, first.X, dense_blocks, terms)
    for one, other in zip(first(phi), dense(phi), strict=True):
        assert np.allclose(one, other, rtol=1e-10, atol=1e-8)
    for one, other in zip(first.solve(phi)[:3], dense.solve(phi)[:3], strict=True):
        assert all(np.allclose(a, b) for a, b in zip(one, other, strict=True))
    assert np.allclose(first.information(phi), dense.information(phi))


def test_outcomes_of_every_kind_give_the_same_fit(seattle):
    base = glmer("price > 500000 ~ scale_sqft + (1 | zipcode)", seattle)
    y = seattle["price"] > 500000
    for outcome in (y, y.astype(int), pd.Categorical(np.where(y, "yes", "no"), ["no", "yes"])):
        fit = glmer("dear ~ scale_sqft + (1 | zipcode)", seattle.assign(dear=outcome))
        assert np.allclose(fit.fixef, base.fixef, rtol=1e-8)
    cbpp = data_for("cbpp").assign(share=lambda d: d["incidence"] / d["size"])
    pair, share = glmer(CBPP, cbpp), glmer("share ~ period + (1 | herd)", cbpp, weights="size")
    assert np.allclose(pair.fixef, share.fixef, rtol=1e-9)
    assert pair.criterion == pytest.approx(share.criterion)


def test_predictors_in_any_unit_give_the_same_fit(seattle):
    base = glmer("bedrooms ~ scale_sqft + (1 | zipcode)", seattle, family="poisson")
    raw = glmer("bedrooms ~ sqft_living + (1 | zipcode)", seattle, family="poisson")
    assert raw.criterion == pytest.approx(base.criterion, rel=1e-10)
    assert raw.fixef["sqft_living"] * seattle["sqft_living"].std() == pytest.approx(base.fixef["scale_sqft"])
    assert np.allclose(
        raw.se_fixef["sqft_living"] * seattle["sqft_living"].std(), base.se_fixef["scale_sqft"]
    )


def test_offset_is_an_exposure():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"g": np.repeat(np.arange(12), 20), "t": rng.uniform(0.5, 4, 240)})
    frame["y"] = rng.poisson(frame["t"] * np.exp(0.3 + 0.5 * rng.normal(size=12)[frame["g"]]))
    fit = glmer("y ~ 1 + offset(log(t)) + (1 | g)", frame, family="poisson")
    assert fit.fixef["(Intercept)"] == pytest.approx(0.3, abs=0.4)
    assert np.allclose(fit.predict(frame), fit.fitted)
    assert fit.fitted.sum() == pytest.approx(frame["y"].sum(), rel=0.02)


def test_a_zero_variance_and_its_standard_errors():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 30), "x": rng.normal(size=240)})
    frame["y"] = np.tile([0, 1, 1], 80)
    fit = glmer("y ~ x + (1 | g)", frame)
    assert fit.converged and fit.is_singular
    from statsmodels.genmod.families import Binomial as SMBinomial
    from statsmodels.genmod.generalized_linear_model import GLM

    plain = GLM(frame["y"], np.column_stack([np.ones(240), frame["x"]]), SMBinomial()).fit()
    assert np.allclose(fit.fixef, plain.params, rtol=1e-6)
    assert np.allclose(fit.se_fixef, plain.bse, rtol=1e-4)


def test_separation_is_said(seattle):
    fit = glmer("waterfront ~ factor(view) + (1 | zipcode)", seattle)
    assert not fit.converged
    assert any(message.startswith("Separation") and "factor(view)4" in message for message in fit.messages)


def test_new_groups_and_draws():
    fit = glmer(CBPP, data_for("cbpp"))
    new = pd.DataFrame({"period": ["1"], "herd": ["16"]})
    zero = fit.predict(new, new_levels="zero").item()
    assert zero == pytest.approx(1 / (1 + np.exp(-fit.fixef["(Intercept)"])))
    marginal = fit.predict(new, new_levels="marginal").item()
    draws = np.random.default_rng(0).normal(fit.fixef["(Intercept)"], fit.theta[0], 400_000)
    assert marginal == pytest.approx((1 / (1 + np.exp(-draws))).mean(), abs=2e-3)
    assert marginal > zero
    sims = fit.sim(4000, seed=1)
    assert sims.sigma is None
    assert np.allclose(sims.fixef.std(), fit.se_fixef, rtol=0.05)
    assert np.allclose(
        sims.coef["herd"].std().to_numpy(), fit.se_coef["herd"].to_numpy().T.ravel(), rtol=0.06
    )
    counts = fit.predict_draws(n_sims=50, kind="outcome", seed=1) * data_for("cbpp")["size"].to_numpy()
    assert np.allclose(counts, counts.round())
    assert fit.predict_draws(new, 20, "marginal", "outcome", seed=1).isin([0, 1]).all(axis=None)


def test_varying_slopes_and_crossed_factors(seattle):
    fit = glmer("bedrooms ~ scale_sqft + (1 + scale_sqft | zipcode) + (1 | grade)", seattle, family="poisson")
    assert fit.converged
    assert np.abs(fit.solution.optimum.gradient).max() < 1e-5
    assert np.allclose(fit.predict(seattle), fit.fitted)
    assert list(fit.varcorr) == ["grade", "zipcode"]
    assert 0 < fit.r2()["marginal"] < 1 and (fit.icc() < 1).all()
    assert fit.tidy()["term"].notna().all()
    assert "sd__Observation" not in set(fit.tidy()["term"])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"family": "gamma"}, "Valid choices: 'binomial', 'poisson'"),
        ({"nAGQ": 0}, "whole number from 1 to 100"),
        ({"formula": "price ~ 1 + (1 | zipcode)"}, "must be 0 or 1"),
        ({"formula": "price ~ 1 + (1 | zipcode)", "family": "poisson", "half": True}, "must hold counts"),
        ({"formula": "zipcode ~ 1 + (1 | grade)"}, "has 9 different values"),
        ({"formula": "price > 0 ~ 1 + (1 | zipcode)"}, "is 1 in all 869 rows"),
        (
            {"formula": "waterfront ~ 1 + (1 + scale_sqft | zipcode)", "nAGQ": 5},
            "single scalar random effect",
        ),
        ({"family": "poisson", "weights": "floors"}, "numbers of trials"),
    ],
)
def test_what_cannot_be_fitted_is_said(seattle, call, says):
    data = seattle.assign(price=seattle["price"] + 0.5 * call.pop("half", False))
    formula = call.pop("formula", "waterfront ~ 1 + (1 | zipcode)")
    with pytest.raises((ValueError, FormulaError), match=r".") as caught:
        glmer(formula, data, **call)
    assert says in str(caught.value)
