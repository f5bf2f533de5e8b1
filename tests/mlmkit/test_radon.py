"""The radon models of Gelman and Hill (2007), chapters 12 and 13: the figures that the book prints.

rstanarm's table has the logarithm of radon + 0.1; the book takes 0.1 for the three houses without radon.
"""

import numpy as np
import pytest

from mlmkit import complete_pooling, lmer, load_radon, no_pooling


@pytest.fixture(scope="module")
def radon():
    table = load_radon().rename(columns={"floor": "x", "log_uranium": "u"})
    picocuries = (np.exp(table["log_radon"]) - 0.1).round(1)
    return table.assign(y=np.log(picocuries.where(picocuries > 0, 0.1)))


# formula: estimates, standard errors, standard deviations between counties, residual, AIC, DIC, deviance
BOOK = {
    "y ~ 1 + (1 | county)": ([1.31], [0.05], [0.31], 0.80, 2265.4, 2251.0, 2255.2),
    "y ~ x + (1 | county)": ([1.46, -0.69], [0.05, 0.07], [0.33], 0.76, 2179.3, 2156.0, 2163.7),
    "y ~ x + u + (1 | county)": (
        [1.47, -0.67, 0.72],
        [0.04, 0.07, 0.09],
        [0.16],
        0.76,
        2144.2,
        2111.4,
        2122.8,
    ),
    "y ~ x + (1 + x | county)": ([1.46, -0.68], [0.05, 0.09], [0.35, 0.34], 0.75, 2180.3, 2153.9, 2161.1),
    "y ~ x + u + x:u + (1 + x | county)": (
        *([1.47, -0.67, 0.81, -0.42], [0.04, 0.08, 0.09, 0.23], [0.12, 0.31]),
        *(0.75, 2142.6, 2101.9, 2114.2),
    ),
}


@pytest.mark.parametrize("formula", BOOK)
def test_a_model_of_the_book(radon, formula):
    fit, (estimates, errors, between, residual, *criteria) = lmer(formula, radon), BOOK[formula]
    assert fit.fixef.round(2).tolist() == estimates
    assert fit.se_fixef.round(2).tolist() == errors
    assert fit.varcorr["county"].sd.round(2).tolist() == between
    assert round(fit.sigma, 2) == residual
    assert [round(value, 1) for value in (fit.aic, fit.dic, fit.deviance)] == criteria


def test_the_correlations_of_the_book(radon):
    for formula, correlation in (("y ~ x + (1 + x | county)", -0.34), ("y ~ x * u + (1 + x | county)", 0.41)):
        assert round(lmer(formula, radon).varcorr["county"].corr.iloc[0, 1], 2) == correlation


def test_the_counties_of_the_book(radon):
    fit = lmer("y ~ x + (1 | county)", radon)
    counties = ["AITKIN", "ANOKA", "BECKER"]
    assert fit.coef["county"].loc[counties, "(Intercept)"].round(2).tolist() == [1.19, 0.93, 1.48]
    assert fit.ranef["county"].loc[counties, "(Intercept)"].round(2).tolist() == [-0.27, -0.53, 0.02]
    assert fit.se_ranef["county"].loc[counties, "(Intercept)"].round(2).tolist() == [0.25, 0.10, 0.26]


def test_the_two_extremes_of_the_book(radon):
    complete, none = complete_pooling("y ~ x", radon), no_pooling("y ~ x + (1 | county)", radon)
    assert complete.fixef.round(2).tolist() == [1.33, -0.61]
    assert (round(complete.sigma, 2), round(complete.r_squared, 2)) == (0.82, 0.07)
    assert none.fixef.round(2).tolist() == [-0.72]
    assert none.coef["county"]["(Intercept)"].iloc[:2].round(2).tolist() == [0.84, 0.87]
    assert round(none.sigma, 2) == 0.76


def test_without_pooling_nothing_tells_a_county_from_its_uranium():
    with_uranium = lmer("log_radon ~ floor + log_uranium + (1 | county)", load_radon()).shrinkage()
    assert with_uranium["no_pooling"].isna().all()
    assert with_uranium.drop(columns="no_pooling").notna().all(axis=None)
    without = lmer("log_radon ~ floor + (1 | county)", load_radon()).shrinkage()
    assert without["no_pooling"].abs().max() < 5
