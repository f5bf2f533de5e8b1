"""Complete and no pooling against statsmodels, and shrinkage against its formula."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from mlmkit import complete_pooling, lmer, no_pooling, shrinkage


def dummies(seattle):
    return pd.get_dummies(seattle["zipcode"]).astype(float)


def test_complete_pooling_is_least_squares(seattle):
    fit = complete_pooling("price ~ scale_sqft + (1 | zipcode)", seattle)
    X = np.column_stack([np.ones(len(seattle)), seattle["scale_sqft"]])
    other = OLS(seattle["price"].to_numpy(), X).fit()
    assert np.allclose(fit.fixef, other.params, rtol=1e-10)
    assert np.allclose(fit.se_fixef, other.bse, rtol=1e-10)
    assert fit.sigma == pytest.approx(np.sqrt(other.scale))
    assert fit.loglik == pytest.approx(other.llf)
    assert fit.r_squared == pytest.approx(other.rsquared)
    assert fit.aic == pytest.approx(other.aic + 2)  # R counts sigma, statsmodels doesn't
    assert (fit.coef["zipcode"]["scale_sqft"] == fit.fixef["scale_sqft"]).all()
    assert np.allclose(fit.predict(seattle.head(4)), other.fittedvalues[:4])


@pytest.mark.parametrize("slope", ["shared", "own", "none"])
def test_no_pooling_is_least_squares_with_dummies(seattle, slope):
    D = dummies(seattle)
    x = seattle["scale_sqft"].to_numpy()
    formula, X = {
        "none": ("price ~ (1 | zipcode)", D),
        "shared": ("price ~ scale_sqft + (1 | zipcode)", np.column_stack([D, x])),
        "own": ("price ~ scale_sqft + (1 + scale_sqft | zipcode)", np.column_stack([D, D.mul(x, axis=0)])),
    }[slope]
    fit = no_pooling(formula, seattle)
    other = OLS(seattle["price"].to_numpy(), np.asarray(X)).fit()
    groups = slice(0, 9)
    table, errors = fit.coef["zipcode"], fit.se_coef["zipcode"]
    assert np.allclose(table["(Intercept)"], other.params[groups], rtol=1e-9)
    assert np.allclose(errors["(Intercept)"], other.bse[groups], rtol=1e-9)
    if slope != "none":
        assert np.allclose(table["scale_sqft"].to_numpy()[-1], other.params[-1], rtol=1e-9)
        assert np.allclose(errors["scale_sqft"].to_numpy()[-1], other.bse[-1], rtol=1e-9)
    assert fit.sigma == pytest.approx(np.sqrt(other.scale))
    assert fit.df_residual == other.df_resid
    assert fit.loglik == pytest.approx(other.llf)
    assert np.allclose(fit.fitted, other.fittedvalues)
    assert np.allclose(fit.predict(seattle.tail(7)), other.fittedvalues[-7:])


def test_one_regression_a_group(seattle):
    fit = no_pooling("price ~ scale_sqft", seattle, group="zipcode")
    for zipcode, rows in seattle.groupby("zipcode", observed=True):
        alone = np.polyfit(rows["scale_sqft"], rows["price"], 1)[::-1]
        assert np.allclose(fit.coef["zipcode"].loc[zipcode], alone, rtol=1e-8)
    assert fit.fixef.empty and fit.ngrps == {"zipcode": 9}


def test_print_outs(seattle):
    text = repr(no_pooling("price ~ (1 | zipcode)", seattle))
    assert "zipcode98039 2161300.00" in text and text.endswith(
        "n = 869, k = 9\nresidual sd = 460882.13, R-Squared = 0.48"
    )
    assert "<table>" in complete_pooling("price ~ 1", seattle)._repr_html_()


@pytest.mark.parametrize("reml", [True, False])
def test_partial_pooling_is_the_weighted_average(seattle, reml):
    fit = lmer("price ~ (1 | zipcode)", seattle, REML=reml)
    table = shrinkage(fit)
    ratio = fit.sigma**2 / fit.varcorr["zipcode"].sd["(Intercept)"] ** 2
    assert np.allclose(table["weight"], table["n"] / (table["n"] + ratio), rtol=1e-10)
    average = table["weight"] * table["no_pooling"] + (1 - table["weight"]) * fit.fixef["(Intercept)"]
    assert np.allclose(average, table["partial_pooling"], rtol=1e-10)
    assert np.allclose(table["complete_pooling"], seattle["price"].mean())
    assert np.allclose(table["no_pooling"], seattle.groupby("zipcode", observed=True)["price"].mean())


def test_shrinkage_of_slopes_lies_between_the_extremes(seattle):
    fit = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle)
    table = fit.shrinkage(term="scale_sqft")
    assert ((table["weight"] > 0) & (table["weight"] < 1)).all()
    own = no_pooling("price ~ scale_sqft", seattle, group="zipcode").coef["zipcode"]["scale_sqft"]
    assert np.allclose(table["no_pooling"], own)


def test_shrinkage_without_fixed_effects(seattle):
    table = lmer("price ~ 0 + (1 | zipcode)", seattle).shrinkage()
    assert np.allclose(table["partial_pooling"], table["weight"] * table["no_pooling"])
    assert (table["complete_pooling"] == 0).all()
