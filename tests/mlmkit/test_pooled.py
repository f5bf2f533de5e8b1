import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmkit import lmer
from mlmkit.inference.pooled_means import pooled_means

sds = st.floats(1e-3, 1e3)
groups = st.lists(st.tuples(st.integers(1, 200), st.floats(-100, 100)), min_size=2, max_size=9)


def as_series(pairs):
    sizes, means = zip(*pairs, strict=True)
    return pd.Series(sizes), pd.Series(means)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("rows", [5, 60, None])
def test_with_the_fits_own_standard_deviations_it_gives_the_fits_estimates(seattle, reml, rows):
    sales = seattle if rows is None else seattle.groupby("zipcode", observed=True).head(rows)
    fit = lmer("price ~ (1 | zipcode)", sales, REML=reml)
    prices = sales.groupby("zipcode", observed=True)["price"]
    found = pooled_means(prices.size(), prices.mean(), fit.varcorr["zipcode"].sd["(Intercept)"], fit.sigma)
    np.testing.assert_allclose(found.centre, fit.fixef["(Intercept)"], rtol=1e-9)
    np.testing.assert_allclose(found.estimate, fit.coef["zipcode"]["(Intercept)"], rtol=1e-9)
    np.testing.assert_allclose(found.weight, fit.shrinkage()["weight"], rtol=1e-9)


@given(groups, sds, sds)
def test_weights_lie_between_0_and_1_and_estimates_between_their_two_sources(pairs, between, within):
    sizes, means = as_series(pairs)
    found = pooled_means(sizes, means, between, within)
    assert ((found.weight > 0) & (found.weight < 1 + 1e-12)).all()
    low, high = np.minimum(means, found.centre), np.maximum(means, found.centre)
    assert ((found.estimate >= low - 1e-9) & (found.estimate <= high + 1e-9)).all()


@given(groups, sds, sds, st.floats(0.01, 100))
def test_only_the_ratio_of_the_standard_deviations_counts(pairs, between, within, factor):
    sizes, means = as_series(pairs)
    one = pooled_means(sizes, means, between, within)
    other = pooled_means(sizes, means, factor * between, factor * within)
    np.testing.assert_allclose(one.weight, other.weight)
    np.testing.assert_allclose(one.estimate, other.estimate, atol=1e-8)


@given(groups, sds)
def test_the_limits_are_complete_and_no_pooling(pairs, within):
    sizes, means = as_series(pairs)
    complete = pooled_means(sizes, means, 0.0, within)
    np.testing.assert_allclose(complete.estimate, np.average(means, weights=sizes), atol=1e-9)
    none = pooled_means(sizes, means, math.inf, within)
    np.testing.assert_allclose(none.estimate, means)
    np.testing.assert_allclose(none.centre, means.mean(), atol=1e-9)


@pytest.mark.parametrize(
    ("between", "within", "says"),
    [
        (-1.0, 1.0, "between groups must be 0 or more"),
        (math.nan, 1.0, "between groups must be 0 or more"),
        (1.0, 0.0, "within groups must be positive"),
        (1.0, math.inf, "within groups must be positive"),
        (1.0, math.nan, "within groups must be positive"),
    ],
)
def test_impossible_standard_deviations_are_refused(between, within, says):
    with pytest.raises(ValueError, match=says):
        pooled_means(pd.Series([1, 2]), pd.Series([0.0, 1.0]), between, within)
