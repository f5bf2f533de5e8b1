"""Simulation-based calibration of the exact sampler: the true values' ranks among the draws are uniform.

Parameters come from the prior, data from them, and the fit's draws from the posterior; then a true value is
just one more draw. Number of rounds, seed and limit were written down before the first run:
2,000 rounds, seed 2022, and one false alarm in 100 runs of the whole test.

The limit is the simultaneous band of the ranks' empirical distribution (T. Säilynoja, P.-C. Bürkner and
A. Vehtari (2022), "Graphical test for discrete uniformity and its applications in goodness-of-fit evaluation
and multiple sample comparison", Statistics and Computing 32, 32), with Holm's correction for the number of
quantities. The log likelihood is ranked too: it sees errors that no single parameter shows (M. Modrák et al.
(2023), "Simulation-based calibration checking for Bayesian computation", Bayesian Analysis).
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from mlmkit import normal, stan_lmer

ROUNDS, DRAWS, SEED, FALSE_ALARM = 2_000, 99, 2022, 0.01
PRIORS = {"prior": normal(0, 1), "prior_intercept": normal(0, 2), "prior_aux": normal(0, 1)}


def most_extreme(ranks):
    """Return the smallest two-sided pointwise p-value of the ranks' empirical distribution, per column."""
    rounds, points = len(ranks), np.arange(1, DRAWS + 1)
    counts = np.array([np.bincount(column, minlength=DRAWS + 1) for column in ranks.T])
    below = counts.cumsum(axis=1)[:, :-1].T  # (points, columns): how many ranks lie below each point
    share = (points / (DRAWS + 1))[:, None]
    low, high = binom.cdf(below, rounds, share), binom.sf(below - 1, rounds, share)
    return 2 * np.minimum(low, high).min(axis=0)


@cache
def uniform_ranks(rounds, simulations=10_000):
    """Simulate `most_extreme` for uniform ranks."""
    rng = np.random.default_rng(1)
    parts = [rng.integers(0, DRAWS + 1, (rounds, 500)) for _ in range(simulations // 500)]
    return np.concatenate([most_extreme(part) for part in parts])


def p_values(ranks):
    """Compare the ranks of every quantity with uniform ones: the share that is as extreme."""
    null = uniform_ranks(len(ranks))
    return (1 + (null <= most_extreme(ranks)[:, None]).sum(axis=1)) / (1 + len(null))


def rejected(ranks, names):
    """List the quantities that Holm's procedure rejects."""
    p, found = pd.Series(p_values(ranks), index=names).sort_values(), []
    for k, (name, value) in enumerate(p.items()):
        if value > FALSE_ALARM / (len(p) - k):
            break
        found.append(f"{name} (p = {value:.5f})")
    return found


def test_the_judge_accepts_uniform_ranks_and_sees_small_faults():
    rng = np.random.default_rng(3)
    fair = rng.integers(0, DRAWS + 1, (ROUNDS, 6))
    assert rejected(fair, list("abcdef")) == []
    shifted = fair.copy()
    z = rng.normal(size=(ROUNDS, DRAWS + 1))
    shifted[:, 2] = (z[:, 1:] < z[:, :1] + 0.15).sum(axis=1)  # draws that lie too low by 0.15 sd
    shifted[:, 4] = (1.15 * z[:, 1:] < z[:, :1]).sum(axis=1)  # draws that are 15% too wide
    assert [text[0] for text in sorted(rejected(shifted, list("abcdef")))] == ["c", "e"]


def calibrate(formula, rounds=ROUNDS, groups=6, rows=5, prior_covariance=None):
    """Run the rounds; return the ranks and the names of the quantities."""
    seeds = np.random.SeedSequence(SEED).generate_state(rounds + 3)
    rng = np.random.default_rng(seeds[-1])
    frame = pd.DataFrame({"g": np.repeat([f"g{j}" for j in range(groups)], rows)})
    frame["h"] = [f"h{j}" for j in np.arange(len(frame)) % 4]  # crossed with g
    frame["x"] = rng.normal(size=len(frame))
    frame["z"] = np.where(np.arange(len(frame)) % 2, 1.0, -1.0)
    start = frame.assign(y=rng.normal(size=len(frame)))
    priors = PRIORS | {"prior_covariance": prior_covariance}
    truth = stan_lmer(formula, start, **priors, prior_PD=True, draws=rounds, chains=1, seed=int(seeds[-2]))
    means = truth.predict_draws().to_numpy()
    outcomes = truth.predict_draws(kind="outcome", seed=int(seeds[-3])).to_numpy()
    true_sigma, ranks = truth.draws["sigma"].to_numpy(), []
    for k, y in enumerate(outcomes):
        data = frame.assign(y=y)
        fit = stan_lmer(formula, data, **priors, method="exact", draws=DRAWS, chains=1, seed=int(seeds[k]))
        found = (fit.draws.to_numpy() < truth.draws.iloc[k].to_numpy()).sum(axis=0)
        drawn = log_likelihood(y, fit.predict_draws().to_numpy(), fit.draws["sigma"].to_numpy())
        true = log_likelihood(y, means[k : k + 1], true_sigma[k : k + 1])
        ranks.append([*found, (drawn < true).sum()])
    return np.array(ranks), [*truth.draws.columns, "log likelihood"]


def log_likelihood(y, mean, sigma):
    return -len(y) * np.log(sigma) - 0.5 * ((y - mean) ** 2).sum(axis=1) / sigma**2


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (1 + x | g)"])
def test_the_exact_sampler_is_calibrated(formula):
    ranks, names = calibrate(formula)
    assert rejected(ranks, names) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "between"),
    [
        ("y ~ x + (1 | g) + (1 | h)", None),
        ("y ~ x + (1 + x + z | g)", None),
        ("y ~ x + (1 + x | g) + (1 | h)", normal(0, 1)),
    ],
)
def test_larger_models_are_calibrated_too(formula, between):
    """The plan: 500 rounds, each of these takes ten times as long; the rest as above."""
    ranks, names = calibrate(formula, rounds=500, prior_covariance=between)
    assert rejected(ranks, names) == []
