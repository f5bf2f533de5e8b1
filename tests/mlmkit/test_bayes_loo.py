"""Leave-one-out: against R's loo, against exact integrals, and what is said where it can't be trusted."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from evidence import gaussian_evidence, small_data
from scipy.special import ndtri
from scipy.stats import kstest, norm

from mlmkit import (
    compare,
    kfold,
    lmer,
    load_seattle,
    loo,
    loo_pit,
    normal,
    prior_sensitivity,
    stan_lmer,
    student_t,
)
from mlmkit.bayes import leave_one_out
from mlmkit.bayes.left_out import left_out_densities
from mlmkit.bayes.pareto import psis

R = json.loads((Path(__file__).parents[1] / "reference" / "loo.json").read_text())
SEATTLE = load_seattle()
SLOPES = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def small():
    data = small_data()
    return data, stan_lmer("y ~ x + (1 | g)", data, seed=1)


@pytest.fixture(scope="module")
def slopes():
    return stan_lmer(SLOPES, SEATTLE, seed=1)


# ------------------------------------------------------------------ R's loo on the same matrices


def van_der_corput(base, size):
    values = []
    for i in range(1, size + 1):
        value, f = 0.0, 1 / base
        while i:
            value, f, i = value + f * (i % base), f / base, i // base
        values.append(value)
    return np.array(values)


def matrices():
    """Make the log-likelihoods of loo.R again, (rows, S)."""
    u = ndtri([van_der_corput(base, 2000) for base in (2, 3, 5)])
    i = np.arange(1, 21)
    x = (i - 10.5) / 6
    y = np.sin(i * 1.7) + 0.5 * x
    y[4], y[16] = 4.5, -3
    sigma, mean = np.exp(0.25 * u[1]), 0.3 * u[0]
    slope = 0.5 + 0.3 * u[2]
    return {
        "one": norm.logpdf(y[:, None], mean, sigma),
        "two": norm.logpdf(y[:, None], mean + slope * x[:, None], sigma),
    }


def loo_of(matrix, share, monkeypatch):
    """Let loo look at a matrix instead of a model's densities."""
    fit = stan_lmer("price ~ (1 | zipcode)", SEATTLE.head(20), draws=10, seed=1)
    monkeypatch.setattr(leave_one_out, "left_out_densities", lambda *_: [(np.arange(20), matrix, matrix)])
    monkeypatch.setattr(leave_one_out, "thinned", lambda *_: (SimpleNamespace(size=matrix.shape[1]), share))
    return loo(fit, refit=False)


@pytest.mark.parametrize(("name", "share"), [("one", 1.0), ("two", 1.0), ("one_slow", 0.4)])
def test_the_figures_are_those_of_rs_loo(name, share, monkeypatch):
    matrix, theirs = matrices()[name.removesuffix("_slow")], R["matrices"][name]
    ours = loo_of(matrix, share, monkeypatch)
    np.testing.assert_allclose(ours.pareto_k, theirs["k"], rtol=1e-6)
    np.testing.assert_allclose(ours.by_row, theirs["by_row"], rtol=1e-8)
    np.testing.assert_allclose(
        [ours.elpd, ours.se, ours.p], [theirs[n] for n in ("elpd", "se", "p")], rtol=1e-8
    )
    _, influence = leave_one_out.weighted_log_mean(matrix, psis(-matrix, share)[0])
    mcse = np.sqrt((influence**2).sum(axis=1) / share)
    good = np.array(theirs["k"]) < 0.5  # theirs is from quantiles, ours from the first derivative
    np.testing.assert_allclose(mcse[good], np.array(theirs["mcse"])[good], rtol=0.02)
    assert len(ours.guesses) == sum(k > ours.limit for k in theirs["k"]) > 0
    assert np.isnan(ours.mcse)  # a row's part is a guess, and so is its error


def test_the_difference_of_two_models_is_that_of_rs_loo_compare(monkeypatch):
    found = {name: loo_of(matrix, 1.0, monkeypatch) for name, matrix in matrices().items()}
    table = compare(**found)
    theirs = R["matrices"]["compare"]
    assert table.index[0] == theirs["best"]
    assert table["elpd_diff"].iloc[1] == pytest.approx(theirs["elpd_diff"], rel=1e-8)
    assert table["dse"].iloc[1] == pytest.approx(theirs["se_diff"], rel=1e-8)
    z = table["elpd_diff"].iloc[1] / table["dse"].iloc[1]
    assert table["p_worse"].iloc[1] == pytest.approx(norm.cdf(-z))


# ------------------------------------------------------------------ the group effects integrated out


@pytest.mark.parametrize("prior", [normal(2e5, 1e5), student_t(4, 0, 1e5)])
def test_a_row_given_the_others_is_what_dense_matrices_say(prior):
    """Weights, an offset, two factors, two varying terms; fixed effects integrated out or drawn."""
    rng, data = np.random.default_rng(1), SEATTLE.head(60).reset_index(drop=True)
    data["home"] = rng.integers(0, 4, 60).astype(str)
    data["known"] = rng.normal(0, 1e5, 60)
    formula = "price ~ scale_sqft + offset(known) + (1 + scale_sqft | zipcode) + (1 | home)"
    fit = stan_lmer(formula, data, prior_PD=True, draws=5, chains=1, seed=1, prior=prior)
    draws, design, weights = fit.solution.posterior, fit.design, rng.uniform(0.2, 3, 60)
    object.__setattr__(fit.solution, "design", replace(design, weights=weights))
    found = np.empty((60, 5))
    for rows, left_out, _ in left_out_densities(fit, draws):
        found[rows] = left_out
    zipcode, home = (next(f for f in design.factors if f.label == label) for label in ("zipcode", "home"))
    places = [design.factors.index(factor) for factor in (zipcode, home)]
    for s in range(5):
        same = zipcode.codes[:, None] == zipcode.codes
        z = np.array([np.asarray(array) for array in zipcode.arrays]).T
        V = same * (z @ draws.covariance[places[0]][s] @ z.T) + np.diag(draws.sigma[s] ** 2 / weights)
        X, beta = np.column_stack([np.ones(60), data["scale_sqft"]]), draws.beta[s]
        if prior.family == "normal":
            X[:, 1] -= X[:, 1].mean()
            beta = [fit.priors.intercept.location, prior.location]
            V += (X * np.square([fit.priors.intercept.scale, prior.scale])) @ X.T
        mean = X @ beta + data["known"] + draws.effects[places[1]][s, home.codes, 0]
        inverse = np.linalg.inv(V)
        sd = 1 / np.sqrt(np.diag(inverse))
        np.testing.assert_allclose(
            found[:, s], norm.logpdf(inverse @ (data["price"] - mean) * sd**2, 0, sd), rtol=1e-8
        )


def test_each_rows_figure_is_the_integral_over_everything(small):
    """p(y_i | all others) = p(y) / p(all others), each by summing over a grid; an outlier included."""
    data, fit = small
    whole = gaussian_evidence(fit, data, np.arange(24))
    exact = np.array([whole - gaussian_evidence(fit, data, np.delete(np.arange(24), i)) for i in range(24)])
    found = loo(fit)
    np.testing.assert_allclose(found.by_row, exact, atol=0.06)
    assert found.elpd == pytest.approx(exact.sum(), abs=4 * found.mcse)
    assert found.mcse < 0.1


def test_what_r_says_of_sleepstudy(sleepstudy):
    """rstanarm's draws, and loo's weights, which can't leave some rows out while the effects are there."""
    theirs = R["sleepstudy"]
    fit = stan_lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, draws=2500, seed=1)
    found = loo(fit)
    k, by_row = np.array(theirs["k"]), np.array(theirs["by_row"])
    assert (k > 0.7).sum() >= 3 > (found.pareto_k > 0.7).sum()
    good = k < 0.5
    assert good.sum() > 150
    np.testing.assert_allclose(found.by_row[good], by_row[good], atol=0.15)
    assert found.by_row[good].sum() == pytest.approx(by_row[good].sum(), abs=0.6)
    r2 = fit.bayes_R2()
    assert [r2.mean(), r2.std()] == pytest.approx(theirs["R2"], rel=0.05)
    interval = fit.predictive_interval(0.9, newdata=sleepstudy.iloc[[0, 99]], seed=1)
    np.testing.assert_allclose(interval, theirs["interval"], atol=3)
    assert list(interval.columns) == ["5%", "95%"]


def test_a_students_rows_need_no_guess():
    """The row 295 of the lecture's data lies 13 residual standard deviations out: k is 1.5 nevertheless."""
    fit = stan_lmer(SLOPES, SEATTLE, seed=1)
    plain, found = loo(fit, refit=False), loo(fit)
    assert plain.guesses == [295] and plain.pareto_k[295] > 1
    assert np.isnan(plain.mcse) and "loo(fit) without refit=False" in plain.messages[0]
    assert found.refitted == [295] and not found.guesses
    assert found.mcse < 0.5
    again = loo(stan_lmer(SLOPES, SEATTLE, draws=4000, seed=2))
    assert found.by_row[295] == pytest.approx(again.by_row[295], abs=0.6)
    assert found.elpd == pytest.approx(again.elpd, abs=4 * np.hypot(found.mcse, again.mcse))
    assert "1 of 869 rows (row 295) has a Pareto k" in found.messages[0]
    assert loo(fit) is found  # kept


def test_more_bad_rows_than_are_refitted_are_told(small, monkeypatch):
    data, _ = small
    monkeypatch.setattr(leave_one_out, "MOST_REFITS", 0)
    fit = stan_lmer("y ~ x + (1 | g)", data, seed=1)
    monkeypatch.setattr(leave_one_out, "psis", lambda ratios, share: (ratios, np.full(len(ratios), np.nan)))
    found = loo(fit)
    assert len(found.guesses) == 24  # NaN is bad
    assert "24 of 24 rows" in found.messages[0] and "at most 0" in found.messages[0]
    assert "can be trusted" not in repr(found)


# ------------------------------------------------------------------ the prior, and other fits


def test_a_fit_to_the_prior_has_seen_no_data():
    prior = stan_lmer(SLOPES, SEATTLE, prior_PD=True, draws=100, seed=1)
    for function in (loo, loo_pit, kfold, prior_sensitivity):
        with pytest.raises(ValueError, match=r"has seen no data.*without prior_PD=True"):
            function(prior)
    with pytest.raises(ValueError, match="has seen no data"):
        compare(prior=prior, other=stan_lmer(SLOPES, SEATTLE, draws=100, seed=1))
    with pytest.raises(TypeError, match="not on LinearMixedFit"):
        loo(lmer(SLOPES, SEATTLE))


def test_any_number_of_rows_fits_into_memory(monkeypatch, slopes):
    monkeypatch.setattr(leave_one_out, "MOST_NUMBERS", 869_000)  # 1,000 draws
    few = loo(stan_lmer(SLOPES, SEATTLE, seed=1))
    assert few.limit == pytest.approx(2 / 3)
    assert few.elpd == pytest.approx(loo(slopes).elpd, abs=3)


# ------------------------------------------------------------------ places in the predictions


def test_places_are_uniform_where_the_model_is_true():
    rng = np.random.default_rng(5)
    data = small_data().loc[np.repeat(np.arange(24), 25)].reset_index(drop=True)
    data["y"] = data["x"] + np.repeat(rng.normal(0, 2, 24), 25) + rng.normal(0, 1, 600)
    fit = stan_lmer("y ~ x + (1 | g)", data.assign(g=np.repeat(np.arange(24), 25)), seed=1)
    assert kstest(loo_pit(fit), "uniform").pvalue > 0.01


def test_the_place_of_an_outlier(small):
    data, fit = small
    places = loo_pit(fit)
    assert places.idxmax() == 9 and places[9] > 0.99
    assert places.index.equals(data.index)
