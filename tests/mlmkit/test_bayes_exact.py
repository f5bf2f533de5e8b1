"""The exact sampler against rstanarm's long runs, against the lecture, and against itself."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlmkit import decov, flat, load_seattle, normal, stan_glmer, stan_lmer
from mlmkit.bayes.exact import laplace
from mlmkit.bayes.pareto import pareto_k

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "rstanarm.json").read_text())
MODELS = ["m1", "m2", "m3"]
QUANTILES = {"2.5%": 0.025, "10%": 0.1, "25%": 0.25, "90%": 0.9, "97.5%": 0.975}
WORST = 4  # combined Monte Carlo standard errors


@cache
def fitted(model):
    return stan_glmer(REFERENCE[model]["formula"], load_seattle(), draws=5_000, seed=20)


def mcse_quantile(values, prob, ess):
    """Standard error of a sample quantile, from the spread of neighbouring order statistics."""
    reach = np.sqrt(prob * (1 - prob) / ess)
    low, high = np.quantile(values, [max(prob - reach, 0), min(prob + reach, 1)])
    return (high - low) / 2


@pytest.mark.parametrize("model", MODELS)
def test_summaries_are_rstanarms(model):
    fit = fitted(model)
    ess = fit.diagnostics().report["importance_ess"]
    table = fit.draws.assign(mean_PPD=fit.mean_ppd)
    compared = 0
    for name, theirs in REFERENCE[model]["rstanarm"].items():
        if name == "log-posterior":
            continue
        ours = table[name].to_numpy()
        centred = ours - ours.mean()
        se_sd = np.sqrt((np.mean(centred**4) - np.var(ours) ** 2) / ess) / (2 * ours.std())
        figures = [
            (ours.mean(), theirs["mean"], ours.std() / np.sqrt(ess), theirs["mcse_mean"]),
            (ours.std(ddof=1), theirs["sd"], se_sd, theirs["mcse_sd"]),
            (np.median(ours), theirs["median"], mcse_quantile(ours, 0.5, ess), theirs["mcse_median"]),
        ]
        for label, prob in QUANTILES.items():
            error = theirs.get(f"mcse_q{label[:-1]}")
            if error:
                figures.append(
                    (np.quantile(ours, prob), theirs[label], mcse_quantile(ours, prob, ess), error)
                )
        for mine, other, error, other_error in figures:
            assert abs(mine - other) <= WORST * np.hypot(error, other_error), name
            compared += 1
    assert compared > 80


@pytest.mark.parametrize("model", MODELS)
def test_means_and_quantiles_are_the_exact_ones(model):
    fit = fitted(model)
    ess = fit.diagnostics().report["importance_ess"]
    assert ess > 15_000
    for name, exact in REFERENCE[model]["exact"].items():
        if name in ("mean_PPD", "coef_rstanarm_style"):
            continue
        ours = fit.draws[name].to_numpy()
        error = np.hypot(ours.std() / np.sqrt(ess), exact["mcse_mean"])
        assert abs(ours.mean() - exact["mean"]) <= WORST * error, name
        for label, prob in [("q0.025", 0.025), ("q0.5", 0.5), ("q0.975", 0.975)]:
            # the share of our draws below their quantile: no density estimate needed
            error = np.sqrt(prob * (1 - prob) * (1 / ess + 1 / 300_000))
            assert abs(np.mean(ours < exact[label]) - prob) <= WORST * error, (name, label)


def test_the_lectures_print_out():
    fit = fitted("m1")
    # The lecture's own Monte Carlo errors (its n_eff is 655 to 863) dominate.
    assert fit.fixef["(Intercept)"] == pytest.approx(720051.6, abs=4 * 8096 * 1.25)
    assert fit.se_fixef["(Intercept)"] == pytest.approx(186543.3, rel=0.2)
    assert fit.sigma == pytest.approx(461411.2, abs=4 * 262.5 * 1.25)
    assert fit.varcorr["zipcode"].sd["(Intercept)"] == pytest.approx(647744, rel=0.08)
    assert fit.varcorr.sigma == pytest.approx(461387, abs=4 * 262.5)
    assert fit.summary().at["mean_PPD", "mean"] == pytest.approx(632532.1, abs=4 * 361.9)
    lecture = [433620.9, 459609.4, 582635.4, 259477.4, 2142106.6, 491242.3, 901322.4, 881198.8, 287707.1]
    assert fit.coef["zipcode"]["(Intercept)"].to_numpy() == pytest.approx(
        np.array(lecture), abs=4 * 8170 * 1.25
    )


def test_the_same_seed_gives_the_same_draws():
    first, second, third = (
        stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=s, draws=50) for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first.draws, second.draws)
    assert not first.draws.equals(third.draws)


def test_units_play_no_part():
    data = load_seattle().assign(
        price=lambda d: d["price"] / 1e6 + 50, scale_sqft=lambda d: d["scale_sqft"] * 1e3
    )
    formula = "price ~ scale_sqft + (1 | zipcode)"
    small, large = (stan_lmer(formula, d, seed=3).draws for d in (data, load_seattle()))
    np.testing.assert_allclose(small["sigma"] * 1e6, large["sigma"], rtol=1e-6)
    np.testing.assert_allclose(small["scale_sqft"] * 1e9, large["scale_sqft"], rtol=1e-5)
    np.testing.assert_allclose((small["(Intercept)"] - 50) * 1e6, large["(Intercept)"], rtol=1e-5)


def fake(groups, per_group, seed=5, between=1.0):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), per_group)
    x = rng.normal(size=len(g))
    effects = between * rng.normal(size=(groups, 2)) * [1.0, 0.5]
    y = 1 + 2 * x + effects[g, 0] + effects[g, 1] * x + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str)})


def test_exact_agrees_with_a_sum_over_a_grid():
    """A second way to the same posterior: the full covariance matrix of y, on a grid of (sigma, tau)."""
    data = fake(5, 4)
    y, n = data["y"].to_numpy(), len(data)
    X = np.column_stack([np.ones(n), data["x"] - data["x"].mean()])
    same = (data["g"].to_numpy()[:, None] == data["g"].to_numpy()).astype(float)
    sy = y.std(ddof=1)
    prior_cov = np.diag([(2.5 * sy) ** 2, (2.5 * sy / data["x"].std(ddof=1)) ** 2])
    sigmas, taus = np.exp(np.linspace(-1.2, 1.2, 60)), np.exp(np.linspace(-5, 3, 80))
    log_p = np.empty((60, 80))
    for i, s in enumerate(sigmas):
        for j, t in enumerate(taus):
            V = s**2 * (np.eye(n) + t**2 * same) + X @ prior_cov @ X.T
            r = y - y.mean()
            log_p[i, j] = (
                -0.5 * (np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)) - s / sy - t + np.log(s * t)
            )
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    fit = stan_lmer("y ~ x + (1 | g)", data, draws=10_000, seed=1)
    tau = np.sqrt(fit.draws["Sigma[g:(Intercept),(Intercept)]"]) / fit.draws["sigma"]
    assert fit.draws["sigma"].mean() == pytest.approx((p.sum(axis=1) @ sigmas), rel=0.01)
    assert tau.mean() == pytest.approx(p.sum(axis=0) @ taus, rel=0.02)
    assert np.mean(tau < 1.0) == pytest.approx(p.sum(axis=0) @ (taus < 1.0), abs=0.02)


def test_no_group_differences_and_perfect_correlation_are_no_obstacle():
    alike = stan_lmer("y ~ x + (1 + x | g)", fake(12, 10, between=0.0), seed=1)
    assert alike.converged
    assert alike.varcorr["g"].sd.max() < 0.7
    data = fake(12, 30)
    data["y"] += 5 * pd.to_numeric(data["g"]) * (1 + data["x"])
    tied = stan_lmer("y ~ x + (1 + x | g)", data, seed=1)
    assert tied.converged
    assert tied.varcorr["g"].corr.iloc[0, 1] > 0.9


def test_the_number_of_rows_plays_no_part_beyond_one_pass():
    fit = stan_lmer("y ~ x + (1 + x || g)", fake(6, 20_000), draws=100, seed=1)
    assert fit.method == "exact"
    assert fit.sigma == pytest.approx(1.0, abs=0.02)
    assert list(fit.varcorr) == ["g", "g.1"]


def test_models_without_an_intercept_and_with_an_offset():
    data = fake(8, 20)
    plain = stan_lmer("y ~ 0 + x + (0 + x | g)", data, seed=1)
    assert list(plain.fixef.index) == ["x"]
    moved = stan_lmer("y ~ x + offset(10 + 0 * x) + (1 | g)", data.assign(y=data["y"] + 10), seed=1)
    still = stan_lmer("y ~ x + (1 | g)", data, seed=1)
    np.testing.assert_allclose(moved.draws["(Intercept)"], still.draws["(Intercept)"], atol=1e-8)
    np.testing.assert_allclose(moved.mean_ppd, still.mean_ppd + 10)


def test_a_strong_prior_wins_and_a_flat_one_yields():
    data = load_seattle()
    strong = stan_lmer("price ~ scale_sqft + (1 | zipcode)", data, prior=normal(0, 10), seed=1)
    assert abs(strong.fixef["scale_sqft"]) < 50
    free = stan_lmer(
        "price ~ scale_sqft + (1 | zipcode)",
        data,
        prior=flat(),
        prior_intercept=flat(),
        prior_aux=flat(),
        seed=1,
    )
    assert free.fixef["scale_sqft"] == pytest.approx(403385, abs=2000)
    tight = stan_lmer("price ~ (1 | zipcode)", data, prior_covariance=decov(scale=0.01), seed=1)
    assert tight.varcorr["zipcode"].sd.iloc[0] < 0.5 * fitted("m1").varcorr["zipcode"].sd.iloc[0]


def test_pareto_k_is_arviz_stats():
    from arviz_stats.base import array_stats

    for seed, spread in enumerate([0.3, 1.0, 2.0, 3.0]):
        weights = np.random.default_rng(seed).normal(0, spread, 5_000)
        _, k = array_stats.psislw(-weights)  # it takes log ratios upside down
        assert pareto_k(weights) == pytest.approx(float(k), abs=0.02)
    assert pareto_k(np.zeros(100)) == -np.inf


def test_laplace_finds_mode_and_curvature():
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    precision = np.linalg.inv(covariance)

    def log_density(u):
        d = u - np.array([1.0, -2.0])
        return -0.5 * np.einsum("sa,ab,sb->s", d, precision, d)

    mode, found = laplace(log_density, np.random.default_rng(0).normal(size=(20, 2)))
    assert mode == pytest.approx([1.0, -2.0], abs=1e-3)
    assert found == pytest.approx(covariance, rel=1e-3)
