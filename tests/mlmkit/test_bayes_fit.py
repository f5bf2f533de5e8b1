"""What a Bayesian fit offers, and what it says about bad input."""

import numpy as np
import pandas as pd
import pytest

from mlmkit import (
    FormulaError,
    cauchy,
    decov,
    display,
    exponential,
    flat,
    lmer,
    load_seattle,
    normal,
    stan_glmer,
    stan_lmer,
    student_t,
)

SEATTLE = load_seattle()


@pytest.fixture(scope="module")
def fit():
    return stan_glmer("price ~ (1 | zipcode)", SEATTLE, seed=1)


@pytest.fixture(scope="module")
def slopes():
    return stan_lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", SEATTLE, seed=1)


def test_draws_are_named_as_in_the_lecture(fit, slopes):
    assert fit.draws.shape == (4000, 12)
    assert list(fit.draws.columns[[0, 1, 9, 10, 11]]) == [
        "(Intercept)",
        "b[(Intercept) zipcode:98010]",
        "b[(Intercept) zipcode:98148]",
        "sigma",
        "Sigma[zipcode:(Intercept),(Intercept)]",
    ]
    assert list(slopes.draws.columns[2:4]) == ["b[(Intercept) zipcode:98010]", "b[scale_sqft zipcode:98010]"]
    assert "Sigma[zipcode:scale_sqft,(Intercept)]" in slopes.draws


def test_point_estimates_are_medians_and_coef_is_their_sum(fit):
    draws = fit.draws
    assert fit.fixef["(Intercept)"] == draws["(Intercept)"].median()
    effect = draws["b[(Intercept) zipcode:98039]"]
    assert fit.ranef["zipcode"].at["98039", "(Intercept)"] == effect.median()
    assert fit.coef["zipcode"].at["98039", "(Intercept)"] == pytest.approx(
        draws["(Intercept)"].median() + effect.median()
    )
    mad = 1.4826 * (effect - effect.median()).abs().median()
    assert fit.se_ranef["zipcode"].at["98039", "(Intercept)"] == pytest.approx(mad)
    # fixed and group effect are correlated: the sum is known much better than either
    assert fit.se_coef["zipcode"].at["98039", "(Intercept)"] < mad / 2
    covariance = draws["Sigma[zipcode:(Intercept),(Intercept)]"].mean()
    assert fit.varcorr["zipcode"].sd["(Intercept)"] == pytest.approx(np.sqrt(covariance))


def test_print_has_rstanarms_layout(fit, capsys):
    lines = repr(fit).splitlines()
    assert lines[:5] == [
        "stan_glmer",
        " family:       gaussian [identity]",
        " formula:      price ~ (1 | zipcode)",
        " observations: 869",
        "------",
    ]
    assert lines[5].split() == ["Median", "MAD_SD"]
    assert f"(Intercept) {fit.fixef.iloc[0]:.1f} {fit.se_fixef.iloc[0]:.1f}" in lines
    assert "Num. levels: zipcode 9" in lines
    assert "exact" in repr(fit)
    display(fit)
    assert f"{fit.fixef.iloc[0]:.2f}" in capsys.readouterr().out
    assert "<table>" in fit._repr_html_()


def test_summary_is_a_table_and_prints_in_words(fit):
    table = fit.summary(probs=(0.025, 0.975))
    assert list(table.columns) == ["mean", "sd", "2.5%", "97.5%", "mcse", "Rhat", "n_eff"]
    assert table.index[-1] == "mean_PPD"
    sigma = table.loc["sigma"]
    assert sigma["mcse"] == pytest.approx(sigma["sd"] / np.sqrt(sigma["n_eff"]), rel=1e-3)
    text = repr(table)
    for part in (
        "Model Info:",
        "Estimates:",
        "Fit Diagnostics:",
        "sample:       4000",
        "groups:       zipcode (9)",
    ):
        assert part in text
    assert repr(table.head(2)).split()[0] == "mean"  # a part of it is an ordinary table
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit.summary(probs=(2.5,))


def test_intervals(fit):
    table = fit.posterior_interval(0.5, pars="sigma")
    assert list(table.columns) == ["25%", "75%"]
    assert np.mean(fit.draws["sigma"].between(*table.loc["sigma"])) == pytest.approx(0.5, abs=0.001)
    assert len(fit.posterior_interval()) == fit.draws.shape[1]
    with pytest.raises(ValueError, match="There is no parameter 'tau'"):
        fit.posterior_interval(pars="tau")
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit.posterior_interval(95)


def test_predictions_of_known_and_new_groups(fit):
    new = pd.DataFrame({"zipcode": ["98039", "98199"]})
    mean = fit.posterior_epred(new, seed=1)
    assert mean.shape == (4000, 2)
    sums = fit.draws["(Intercept)"] + fit.draws["b[(Intercept) zipcode:98039]"]
    np.testing.assert_allclose(np.sort(mean[0]), np.sort(sums))
    # a new group: variance of the mean, plus the average variance between groups
    between = fit.draws["Sigma[zipcode:(Intercept),(Intercept)]"].mean()
    assert mean[1].var() == pytest.approx(fit.draws["(Intercept)"].var() + between, rel=0.1)
    outcome = fit.posterior_predict(new, seed=1)
    assert outcome[0].var() == pytest.approx(mean[0].var() + np.mean(fit.draws["sigma"] ** 2), rel=0.1)
    typical = fit.predict_draws(new, 500, new_levels="zero", seed=1)
    assert typical.shape == (500, 2)
    assert typical[1].std() < mean[1].std()
    with pytest.raises(ValueError, match="98199"):
        fit.predict_draws(new)
    assert fit.predict(new, new_levels="zero").tolist() == pytest.approx(
        [fit.coef["zipcode"].at["98039", "(Intercept)"], fit.fixef["(Intercept)"]]
    )


def test_mean_ppd_is_the_mean_of_replications(fit):
    replicated = fit.posterior_predict(draws=1500, seed=2).mean(axis=1)
    assert fit.mean_ppd.mean() == pytest.approx(replicated.mean(), abs=4 * 22_000 / np.sqrt(1000))
    assert fit.mean_ppd.std() == pytest.approx(replicated.std(), rel=0.1)


def test_the_tables_of_every_fit_work_too(slopes):
    tidy = slopes.tidy()
    assert list(tidy.columns) == ["term", "estimate", "std_error", "conf_low", "conf_high", "group", "level"]
    assert {"cor__(Intercept).scale_sqft", "sd__Observation"} <= set(tidy["term"])
    assert (tidy["conf_low"] < tidy["estimate"]).all()
    assert slopes.glance()["method"].tolist() == ["exact"]
    assert 0 < slopes.icc().iloc[0] < 1
    assert len(slopes.shrinkage(term="scale_sqft")) == 9
    assert len(slopes.augment()) == 869
    sims = slopes.sim(100, seed=1)
    assert sims.coef["zipcode"]["scale_sqft"].shape == (100, 9)


def test_shrinkage_weights_are_those_of_the_formula(fit):
    table = fit.shrinkage()
    ratio = fit.sigma**2 / fit.varcorr["zipcode"].cov.iloc[0, 0]
    np.testing.assert_allclose(table["weight"], table["n"] / (table["n"] + ratio))


def test_what_a_bayesian_fit_lacks_it_says(fit):
    assert not hasattr(fit, "aic")
    with pytest.raises(AttributeError, match=r"no deviance: compare Bayesian fits by .*loo"):
        _ = fit.deviance


def test_diagnostics_in_words(fit):
    found = fit.diagnostics()
    assert found.ok
    assert fit.converged
    assert "Pareto k" in repr(found)
    assert found.report["pareto_k"] < 0.7
    assert {"Rhat", "n_eff", "mcse"} <= set(found.table.columns)


def test_prior_summary_shows_what_was_used(slopes):
    text = repr(slopes.prior_summary())
    y, x = SEATTLE["price"], SEATTLE["scale_sqft"]
    assert f"normal(location = 0, scale = {2.5 * y.std() / x.std():.2g})" in text
    assert slopes.priors.aux.scale == pytest.approx(y.std())
    assert "decov(reg. = 1, conc. = 1, shape = 1, scale = 1)" in text
    assert "Specified prior" in text
    given = stan_lmer("price ~ (1 | zipcode)", SEATTLE, prior_intercept=normal(5e5, 1e5), draws=10, seed=1)
    assert "normal(location = 5e+05, scale = 1e+05)" in repr(given.prior_summary())


def test_each_coefficient_can_have_its_own_prior():
    formula = "price ~ scale_sqft + grade + (1 | zipcode)"
    fit = stan_lmer(formula, SEATTLE, prior=normal([0, 1000], [1, 2]), seed=1)
    assert abs(fit.fixef["scale_sqft"]) < 10
    assert fit.fixef["grade"] == pytest.approx(1000, abs=20)
    with pytest.raises(ValueError, match=r"3 values of location.*2 coefficients.*scale_sqft, grade"):
        stan_lmer(formula, SEATTLE, prior=normal([0, 1, 2], 1))


def test_few_groups_are_told():
    two = SEATTLE[SEATTLE["zipcode"].isin(["98010", "98039"])]
    fit = stan_lmer("price ~ (1 | zipcode)", two, seed=1)
    assert any("only 2 groups" in message for message in fit.messages)
    assert "only 2 groups" in repr(fit)


def test_groups_of_one_row_are_told():
    one_each = SEATTLE.groupby("zipcode", observed=True).head(1)
    fit = stan_lmer("price ~ (1 | zipcode)", one_each, seed=1)
    assert any("one row only" in message for message in fit.messages)


@pytest.mark.parametrize(("noise", "told"), [(1e-4, True), (0.01, True), (0.2, False), (1.0, False)])
def test_a_prior_that_pulls_sigma_up_is_told(noise, told):
    """Ten rows in each of eight groups; the true sigma is `noise`, that between groups 1."""
    rng = np.random.default_rng(1)
    g, x = np.repeat(np.arange(8), 10), rng.normal(size=80)
    y = 2 * x + rng.normal(size=8)[g] + noise * rng.normal(size=80)
    data = pd.DataFrame({"y": y, "x": x, "g": g})
    fit = stan_lmer("y ~ x + (1 | g)", data, seed=1)
    said = [message for message in fit.messages if "sigma comes out too large" in message]
    assert bool(said) == told
    off = fit.sigma / lmer("y ~ x + (1 | g)", data).sigma  # what the message is about
    assert (off > 1.1) == told
    wide = stan_lmer("y ~ x + (1 | g)", data, seed=1, prior_covariance=normal(0, 2))
    assert not [message for message in wide.messages if "too large" in message]
    assert wide.sigma == pytest.approx(noise, rel=0.2)


@pytest.mark.parametrize(("draws", "chains"), [(1, 1), (2, 1), (3, 2)])
def test_very_few_draws_break_nothing(draws, chains):
    fit = stan_lmer("price ~ scale_sqft + (1 | zipcode)", SEATTLE, draws=draws, chains=chains, seed=1)
    assert len(fit.draws) == draws * chains
    assert fit.summary().shape == (14, 8)
    assert fit.posterior_predict().shape == (draws * chains, 869)
    assert "Median" in repr(fit)


def test_dropped_rows_and_columns_are_told():
    gaps = SEATTLE.assign(price=SEATTLE["price"].where(np.arange(869) % 50 > 0))
    fit = stan_lmer("price ~ scale_sqft + I(2 * scale_sqft) + (1 | zipcode)", gaps, seed=1)
    assert fit.nobs == 851
    assert list(fit.fixef.index) == ["(Intercept)", "scale_sqft"]
    assert any("18 of 869 rows were dropped" in message for message in fit.messages)
    assert any("combination" in message for message in fit.messages)


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"draws": 0}, ValueError, "draws is 0"),
        ({"draws": 10.5}, ValueError, "whole number"),
        ({"chains": True}, ValueError, "chains is True"),
        ({"chains": 0}, ValueError, "chains is 0"),
        ({"seed": "a"}, ValueError, "seed is 'a'. It must be a whole number"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"progress": "no"}, TypeError, "progress is 'no'. It must be True or False"),
        ({"prior_PD": 1}, TypeError, "prior_PD is 1"),
        ({"prior": 3}, TypeError, "prior can't be 3"),
        ({"prior": normal}, TypeError, "prior can't be the function normal itself"),
        ({"method": "mcmc"}, ValueError, "'auto', 'exact', 'nuts'"),
        (
            {"prior": "normal"},
            TypeError,
            r"prior can't be 'normal'.*normal, student_t, cauchy.*normal\(0, 2.5\)",
        ),
        ({"prior": exponential(1)}, TypeError, "prior can't be exponential"),
        ({"prior_aux": decov()}, TypeError, "prior_aux can't be"),
        ({"prior_covariance": 1.0}, TypeError, "It takes: decov"),
        ({"prior_covariance": flat()}, TypeError, "prior_covariance can't be flat"),
        ({"prior_intercept": normal([0, 1])}, ValueError, "one number"),
        (
            {"method": "exact", "prior_intercept": cauchy(0, 1e6)},
            ValueError,
            "can't be drawn exactly: a prior",
        ),
    ],
)
def test_wrong_options_are_told(options, kind, says):
    with pytest.raises(kind, match=says):
        stan_lmer("price ~ (1 | zipcode)", SEATTLE, **options)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: normal(0, -1), "must be positive, not -1"),
        (lambda: normal(0, 0), "must be positive"),
        (lambda: normal(float("nan"), 1), "finite number"),
        (lambda: exponential(0), "one positive number"),
        (lambda: student_t(df=-2), "df must be one positive number"),
        (lambda: exponential(1, autoscale=None), "must be True or False"),
        (lambda: decov(scale=-1), "scale must be one positive number"),
        (lambda: decov(regularization=float("inf")), "finite number"),
    ],
)
def test_wrong_scales_are_told(make, says):
    with pytest.raises((ValueError, TypeError), match=says):
        make()


@pytest.mark.parametrize(
    ("formula", "family", "says"),
    [
        ("price ~ zipcode", "gaussian", "no random-effects term"),
        ("price ~ (1 | zipcode)", "gamma", "family is 'gamma'"),
        ("price ~ (1 | zipcode)", ["binomial"], "Valid choices: 'gaussian'"),
        ("price ~ offset(price) + (1 | zipcode)", "gaussian", "minus its offset is the same"),
        ("price ~ (1 | zip)", "gaussian", "no column 'zip'"),
        ("price ~ (1 | zipcode)", "binomial", "0 or 1"),
        ("price > 0 ~ (1 | zipcode)", "binomial", "is 1 in all 869 rows"),
        ("zipcode ~ (1 | zipcode)", "binomial", "has 9"),
        ("scale_sqft ~ (1 | zipcode)", "poisson", "must hold counts"),
        ("bathrooms ~ (1 | zipcode)", "poisson", "must hold counts"),
        ("zipcode ~ (1 | zipcode)", "gaussian", "not a number"),
    ],
)
def test_models_that_cannot_be_are_told(formula, family, says):
    with pytest.raises((FormulaError, ValueError), match=says):
        stan_glmer(formula, SEATTLE, family=family)


def test_wrong_requests_are_told(fit):
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit.posterior_interval("0.9")
    with pytest.raises(ValueError, match="draws is 0"):
        fit.posterior_predict(draws=0)
    with pytest.raises(ValueError, match="seed is 'a'"):
        fit.posterior_predict(seed="a")
    with pytest.raises(ValueError, match="n_sims is 0"):
        fit.sim(0)
    with pytest.raises(ValueError, match="draws is 0"):
        fit.prior_only(0)
    assert list(fit.summary(probs=0.5).columns[:3]) == ["mean", "sd", "50%"]


def binary(seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"g": np.repeat(list("abcdef"), 10), "x": rng.normal(size=60)})
    return frame.assign(above=frame["x"] > 0, left=frame["g"] < "d", some=rng.random(60) < 0.5)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("above ~ x + (1 | g)", "Separation: x tells successes from failures without a mistake. The data"),
        ("some & (x > 0) ~ I(x > 0) + (1 | g)", "without a mistake, where it doesn't leave them open"),
        ("left ~ x + (1 | g)", "within each group of 'g' all outcomes are the same"),
        ("some ~ x + (1 | g)", ""),
    ],
)
def test_separation_is_told(formula, says):
    fit = stan_glmer(formula, binary(), family="binomial", draws=50, chains=1, seed=1)
    told = [message for message in fit.messages if "Separation" in message]
    assert len(told) == bool(says)
    assert says in " ".join(told)


def test_separation_and_a_flat_prior_have_no_posterior():
    with pytest.raises(ValueError, match=r"x tells .* there is no posterior\. Use a proper prior"):
        stan_glmer("above ~ x + (1 | g)", binary(), family="binomial", prior=flat())
    fine = stan_glmer("some ~ x + (1 | g)", binary(), family="binomial", prior=flat(), draws=50, seed=1)
    assert abs(fine.fixef["x"]) < 2


def test_a_constant_outcome_is_told():
    with pytest.raises(ValueError, match="nothing to explain"):
        stan_lmer("price ~ (1 | zipcode)", SEATTLE.assign(price=5.0))
