"""Fits laid side by side, predictions compared, priors looked at."""

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlmkit import (
    compare,
    compare_fits,
    decov,
    flat,
    homes_for,
    lmer,
    load_seattle,
    loo,
    normal,
    prior_sensitivity,
    stan_glmer,
    stan_lmer,
)

SEATTLE = load_seattle()
INTERCEPTS, SIZE = "price ~ (1 | zipcode)", "price ~ scale_sqft + (1 | zipcode)"
SLOPES = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def fits():
    return {formula: stan_lmer(formula, SEATTLE, seed=1) for formula in (INTERCEPTS, SIZE, SLOPES)}


def test_the_lectures_two_tables_side_by_side(fits):
    frequentist = lmer(INTERCEPTS, SEATTLE)
    both = compare_fits(frequentist, fits[INTERCEPTS])
    table = both["zipcode"]
    assert table.shape == (9, 4)
    np.testing.assert_allclose(table["lmer", "estimate"], frequentist.coef["zipcode"]["(Intercept)"])
    np.testing.assert_allclose(
        table["stan_lmer", "error"], fits[INTERCEPTS].se_coef["zipcode"]["(Intercept)"]
    )
    # the posterior mean of a skewed variance lies above the REML estimate
    assert both["varcorr"].at["sd zipcode (Intercept)", "stan_lmer"] > 600_000
    assert "stan_lmer" in repr(both)
    assert "<table" in both._repr_html_()
    wide = compare_fits(lmer(SLOPES, SEATTLE), fits[SLOPES])
    assert wide["zipcode"].shape == (18, 4)
    assert "corr zipcode (Intercept) scale_sqft" in wide["varcorr"].index


def test_the_readme_shows_these_numbers():
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^(98\d{3}) +(\d+) (\d+) +(\d+) (\d+)$", text, re.M)
    shown = pd.DataFrame(rows).set_index(0).astype(float)
    both = compare_fits(lmer(INTERCEPTS, SEATTLE), stan_glmer(INTERCEPTS, SEATTLE, seed=1))["zipcode"]
    assert list(shown.index) == list(both.index)
    np.testing.assert_allclose(shown.to_numpy(), both.to_numpy(), rtol=2e-3)


def test_fits_of_different_models_are_not_laid_side_by_side(fits):
    with pytest.raises(ValueError, match="different terms"):
        compare_fits(lmer(SIZE, SEATTLE), fits[INTERCEPTS])
    with pytest.raises(ValueError, match="different data"):
        compare_fits(lmer(INTERCEPTS, SEATTLE.head(400)), fits[INTERCEPTS])


def test_loo_prefers_the_model_with_size(fits):
    table = compare(plain=fits[INTERCEPTS], size=fits[SIZE], slopes=fits[SLOPES])
    assert list(table.index) == ["slopes", "size", "plain"]
    gain = table.at["size", "elpd"] - table.at["plain", "elpd"]
    assert gain == pytest.approx(450, abs=5)  # as other software finds on these data
    assert table.at["slopes", "elpd_diff"] == 0
    assert (table["rows_above_limit"] == 0).all()  # refitted
    assert "weight" not in table  # it would look like the probability of a model
    assert table.messages == [] and "elpd_diff" in repr(table)


def test_what_arviz_would_warn_of_is_said_in_words(fits):
    twin = stan_lmer(SIZE, SEATTLE, seed=2)
    table = compare(size=fits[SIZE], twin=twin)
    assert abs(table["elpd_diff"].iloc[1]) < 4
    assert "predict about equally well (the difference is below 4)" in repr(table)
    assert "within Monte Carlo error" in repr(table)
    assert "<li>" in table._repr_html_() and "predict about equally well" in table._repr_html_()
    few = SEATTLE.head(60)
    both = compare(a=stan_lmer(SIZE, few, seed=1), b=stan_lmer(INTERCEPTS, few, seed=1))
    assert "With 60 rows, fewer than 100, dse and p_worse are rough" in repr(both)
    guess = loo(fits[INTERCEPTS], refit=False)
    doubtful = compare(plain=guess, size=fits[SIZE])
    assert doubtful.at["plain", "rows_above_limit"] == len(guess.guesses) > 0
    assert "In 'plain' some rows can't be trusted" in repr(doubtful)
    many = compare(**{f"m{i}": guess for i in range(12)})
    assert "Of 12 models the best one looks better than it is" in repr(many)


@pytest.mark.slow
def test_three_models_on_2700_rows_are_compared_in_two_seconds():
    data = homes_for("alice")
    some = {f"m{i}": stan_lmer(formula, data, seed=1) for i, formula in enumerate((INTERCEPTS, SIZE, SLOPES))}
    start = time.process_time()
    compare(**some)
    assert time.process_time() - start < 3


def test_loo_is_leave_one_out():
    """Against the definition: fit without a row, and look up the row's density."""
    data = SEATTLE.groupby("zipcode", observed=True).head(6).reset_index(drop=True)
    found = loo(stan_lmer(SIZE, data, draws=2000, seed=1))
    for row in (3, 20):
        rest = stan_lmer(SIZE, data.drop(index=row), draws=2000, seed=2)
        mean = rest.predict_draws(data.iloc[[row]]).iloc[:, 0].to_numpy()
        sigma = rest.draws["sigma"].to_numpy()
        z = (data.at[row, "price"] - mean) / sigma
        density = np.mean(np.exp(-0.5 * z**2) / (sigma * np.sqrt(2 * np.pi)))
        assert found.by_row[row] == pytest.approx(np.log(density), abs=0.1)


def test_loo_tells_about_rows_that_it_cannot_judge(fits):
    found = loo(fits[INTERCEPTS], refit=False)
    assert (found.pareto_k > 0.7).sum() >= 1
    assert "have a Pareto k above" in repr(found)
    assert found.by_row.sum() == pytest.approx(found.elpd)
    assert found.by_row.index.equals(SEATTLE.index)


def test_what_can_not_be_compared_is_told(fits):
    with pytest.raises(ValueError, match="at least two fits"):
        compare(one=fits[SIZE])
    with pytest.raises(ValueError, match="with names"):
        compare(fits[SIZE], fits[SLOPES])
    with pytest.raises(TypeError, match="not int"):
        compare_fits(fits[SIZE], 3)
    with pytest.raises(ValueError, match="different outcomes"):
        compare(a=fits[SIZE], b=stan_lmer("log(price) ~ (1 | zipcode)", SEATTLE, draws=50, seed=1))
    with pytest.raises(TypeError, match="not on LinearMixedFit"):
        loo(lmer(SIZE, SEATTLE))


def test_what_does_not_fit_into_memory_is_told(fits, monkeypatch):
    monkeypatch.setattr("mlmkit.bayes.rowwise.MOST_NUMBERS", 1_000_000)
    fit = stan_lmer(SIZE, SEATTLE, seed=1)
    with pytest.raises(ValueError, match=r"4,000 draws for 869 rows .*at most 1,150 for these rows"):
        fit.log_lik()
    with pytest.raises(ValueError, match="more than fit into memory"):
        fit.posterior_predict()
    assert fit.posterior_predict(draws=100, seed=1).shape == (100, 869)
    assert "log_likelihood" not in fit.idata.children


def test_prior_sensitivity_sees_a_strong_prior(fits):
    weak = prior_sensitivity(fits[SIZE])
    assert list(weak.columns) == ["prior", "likelihood", "diagnosis"]
    assert weak.at["fixef[scale_sqft]", "prior"] < 0.05
    strong = prior_sensitivity(stan_lmer(SIZE, SEATTLE, prior=normal(0, 30_000), seed=1))
    assert strong.at["fixef[scale_sqft]", "prior"] > 0.3
    assert strong.at["fixef[scale_sqft]", "diagnosis"] != "-"


def test_a_sensitivity_that_is_no_number_is_not_taken_for_one():
    from mlmkit.bayes.sensitivity import _diagnosis

    assert _diagnosis(np.nan, 0.1, 0.05) == _diagnosis(0.1, np.nan, 0.05) == "could not be computed"
    assert _diagnosis(0.01, 0.1, 0.05) == "-"


def test_prior_sensitivity_is_arvizs(fits):
    from arviz_stats import psense_summary

    ours = prior_sensitivity(fits[SIZE])
    theirs = psense_summary(fits[SIZE].idata, var_names=["fixef", "sigma", "sd_zipcode"], round_to=9)
    np.testing.assert_allclose(
        ours.loc[theirs.index, ["prior", "likelihood"]], theirs[["prior", "likelihood"]]
    )


def test_prior_draws_have_the_priors_moments():
    prior = stan_lmer(
        SLOPES, SEATTLE, prior_PD=True, draws=10_000, seed=1, prior_covariance=decov(2, 1.5, 2, 0.7)
    )
    draws, y = prior.draws, SEATTLE["price"]
    assert prior.method == "prior"
    assert draws["sigma"].mean() == pytest.approx(y.std(), rel=0.03)
    assert draws["scale_sqft"].std() == pytest.approx(2.5 * y.std() / SEATTLE["scale_sqft"].std(), rel=0.03)
    v1, v2 = (draws[f"Sigma[zipcode:{n},{n}]"] for n in ("(Intercept)", "scale_sqft"))
    tau = np.sqrt((v1 + v2) / 2) / draws["sigma"]
    assert tau.mean() == pytest.approx(2 * 0.7, rel=0.03)
    rho = draws["Sigma[zipcode:scale_sqft,(Intercept)]"] / np.sqrt(v1 * v2)
    assert rho.var() == pytest.approx(1 / 5, rel=0.05)  # (1 + rho) / 2 ~ Beta(2, 2)
    effect = draws["b[(Intercept) zipcode:98039]"] / np.sqrt(v1)
    assert effect.std() == pytest.approx(1, rel=0.03)
    assert prior.posterior_predict(draws=200, seed=1).shape == (200, 869)
    assert "prior" in repr(prior)
    with pytest.raises(ValueError, match="flat, and nothing can be drawn"):
        stan_lmer(SIZE, SEATTLE, prior=flat(), prior_PD=True)


def test_three_correlations_from_the_lkj_prior():
    from mlmkit.bayes.from_prior import _correlations

    drawn = _correlations(3, 1.0, 40_000, np.random.default_rng(1))
    np.testing.assert_allclose(np.einsum("saa->sa", drawn), 1.0)
    # uniform over correlation matrices: each correlation has (1 + rho) / 2 ~ Beta(3/2, 3/2), variance 1/4
    for i, j in ((1, 0), (2, 0), (2, 1)):
        assert drawn[:, i, j].var() == pytest.approx(0.25, rel=0.03)
