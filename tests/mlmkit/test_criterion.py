"""The criterion at any place, against lme4's figures, statsmodels' and the textbook formula."""

import numpy as np
import pandas as pd
import pytest
from from_r import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmkit import criterion_at, lmer

VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def reml(seattle):
    return lmer(VARYING, seattle)


def by_the_book(data, sd, corr, sigma, reml):
    """Compute minus two times the (restricted) log-likelihood from the covariance matrix of all prices."""
    X = np.column_stack([np.ones(len(data)), data["scale_sqft"]])
    y = data["price"].to_numpy()
    cov = np.outer(sd, sd) * np.array([[1, corr], [corr, 1]])
    same = data["zipcode"].to_numpy()[:, None] == data["zipcode"].to_numpy()
    V = np.where(same, X @ cov @ X.T, 0) + sigma**2 * np.eye(len(data))
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    residual = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
    value = np.linalg.slogdet(V)[1] + residual @ inverse @ residual
    value += (len(data) - 2 * reml) * np.log(2 * np.pi)
    return value + (np.linalg.slogdet(information)[1] if reml else 0)


@pytest.mark.parametrize("REML", [True, False])
@pytest.mark.parametrize("place", [((2e5, 1e5), 0.3, 2e5), ((4e5, 1e4), -0.9, 1.5e5), ((1e5, 1e5), 1.0, 2e5)])
def test_it_is_the_likelihood_of_the_textbook(seattle, REML, place):
    sample = seattle.groupby("zipcode", observed=True).head(12)
    fit = lmer(VARYING, sample, REML=REML)
    assert criterion_at(fit, *place) == pytest.approx(by_the_book(sample, *place, REML), rel=1e-9)


@pytest.mark.parametrize("REML", [True, False])
def test_it_is_the_fits_own_criterion_at_the_fit(seattle, REML):
    fit = lmer(VARYING, seattle, REML=REML)
    term = fit.varcorr["zipcode"]
    assert criterion_at(fit, term.sd, term.corr) == pytest.approx(fit.criterion, abs=1e-8)


def test_it_agrees_with_what_statsmodels_reported_where_it_stopped(reml):
    """Figures of MixedLM, statsmodels 0.15.0, default settings, November 2026; it warned."""
    there = criterion_at(
        reml, [249091.87239193, 193697.02254059], 0.9831081773952864, sigma=196579.5239519975
    )
    assert there == pytest.approx(23659.595425261057, abs=1e-6)
    assert there - reml.criterion == pytest.approx(0.45, abs=0.001)


def test_it_agrees_with_lme4_where_lme4_stopped(reml):
    models = reference()
    models = models.get("models", models)

    lme4 = models["seattle_sqft_slope_REML"]["lme4_default"]
    # lme4 1.1-31 reports this correlation there, and the REML criterion 23659.1454246.
    there = criterion_at(reml, lme4["sds"]["zipcode"], 0.98980181264, lme4["sigma"])
    assert there == pytest.approx(23659.1454246, abs=1e-6)
    assert 0 < there - reml.criterion < 1e-5


@settings(max_examples=40, deadline=None)
@given(st.floats(1e3, 1e6), st.floats(1e3, 1e6), st.floats(-1, 1), st.floats(5e4, 1e6))
def test_no_place_lies_below_the_fit(reml, a, b, corr, sigma):
    assert criterion_at(reml, [a, b], corr, sigma) >= reml.criterion - 1e-6


def test_the_units_of_the_predictor_move_reml_by_a_constant_and_ml_not(seattle, reml):
    raw = lmer(VARYING.replace("scale_sqft", "sqft_living"), seattle)
    assert raw.criterion - reml.criterion == pytest.approx(2 * np.log(seattle["sqft_living"].std()), abs=1e-6)
    assert raw.deviance == pytest.approx(reml.deviance, abs=1e-6)


def test_standard_deviations_may_have_names_in_any_order(reml):
    there = criterion_at(reml, [3e5, 2e5], 0.5)
    assert criterion_at(reml, {"scale_sqft": 2e5, "(Intercept)": 3e5}, 0.5) == there
    assert criterion_at(reml, pd.Series({"scale_sqft": 2e5, "(Intercept)": 3e5}), 0.5) == there


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sd": [1e5]}, r"2 varying terms \(\(Intercept\), scale_sqft\), but 1 standard dev"),
        ({"sd": [1e5, -1]}, "zero or a positive number, not -1"),
        ({"sd": {"(Intercept)": 1e5, "slope": 1}}, "Missing: scale_sqft; unknown: slope"),
        ({"sd": [1e5, 1e5], "corr": 1.2}, "each lies from −1 to 1"),
        ({"sd": [1e5, 1e5], "corr": np.nan}, "matrix of numbers"),
        ({"sd": [1e5, 1e5], "sigma": 0}, "above zero"),
    ],
)
def test_impossible_places_are_refused_in_a_sentence(reml, options, says):
    with pytest.raises(ValueError, match=says):
        criterion_at(reml, **options)


def test_a_model_with_two_terms_in_brackets_is_refused(seattle):
    fit = lmer("price ~ scale_sqft + (1 + scale_sqft || zipcode)", seattle)
    with pytest.raises(ValueError, match="one term in brackets; this one has 2"):
        criterion_at(fit, [1e5, 1e5])
