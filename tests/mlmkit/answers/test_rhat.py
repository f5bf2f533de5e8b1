"""R-hat agrees with ArviZ's, and says NaN where nothing can be compared."""

import math
import warnings

import numpy as np
import pytest
from arviz_stats.base import array_stats

from mlmkit.answers.draws.rhat import rhat

RNG = np.random.default_rng(20260101)


def arviz(chains):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(array_stats.rhat(np.asarray(chains), chain_axis=0, draw_axis=1))


def autocorrelated(share, chains, draws):
    noise = RNG.normal(size=(chains, draws))
    for place in range(1, draws):
        noise[:, place] += share * noise[:, place - 1]
    return noise


def many_chains():
    """Draws of all sorts: autocorrelated, shifted, stretched, with ties, with tails, standing still."""
    for shape in [(2, 4), (2, 5), (4, 7), (4, 500), (8, 1001)]:
        chains = RNG.normal(size=shape)
        yield from (chains, chains * 1e200, 1e-200 * chains, np.exp(3 * chains), np.sort(chains))
        yield chains + np.linspace(0, 2, shape[0])[:, None]
        yield chains * np.linspace(1, 5, shape[0])[:, None]  # only the tails differ
        yield np.round(chains)
        yield RNG.standard_cauchy(shape)
        yield np.vstack([chains, np.zeros(shape[1])])
        yield RNG.poisson(0.3, shape).astype(float)
    for share in (0.5, 0.9, 0.99, 1.0, -0.5):
        yield autocorrelated(share, 4, 400)
    for _ in range(200):
        yield RNG.normal(size=(int(RNG.integers(2, 6)), int(RNG.integers(4, 60)))) + RNG.normal(size=1)


def test_it_is_the_rhat_of_arviz():
    found = [(rhat(chains), arviz(chains)) for chains in many_chains()]
    mine, theirs = np.array(found).T
    np.testing.assert_allclose(mine, theirs, rtol=1e-10, equal_nan=True)
    assert len(found) > 250 and np.isfinite(mine).mean() > 0.9
    assert np.max(mine[np.isfinite(mine)]) > 2 > 1.01 > np.min(mine)


@pytest.mark.parametrize("shape", [(2, 3), (4, 1), (1, 100)])
def test_too_few_draws_or_chains_tell_nothing(shape):
    assert math.isnan(rhat(RNG.normal(size=shape)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_draw_that_is_not_finite_spoils_it(bad):
    # ArviZ gives a number for infinite draws: it ranks them. Here they are refused before that counts.
    chains = RNG.normal(size=(4, 100))
    chains[2, 5] = bad
    assert math.isnan(rhat(chains))


def test_chains_that_stand_still_give_nan_or_a_large_number_without_a_warning():
    assert math.isnan(rhat(np.ones((4, 100))))
    assert rhat(np.repeat([[1.0], [2.0]], 100, axis=1)) > 1e6
