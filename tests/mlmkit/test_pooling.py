"""Complete and no pooling beside R's lm and glm, and shrinkage beside its formula."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE, data_for

from mlmkit import complete_pooling, confint, lmer, no_pooling, shrinkage

SUCCESSES = "cbind(incidence, size - incidence)"
LIKE_R = {
    "complete": lambda: complete_pooling("Reaction ~ Days + (1 | Subject)", data_for("sleepstudy")),
    "none": lambda: no_pooling("Reaction ~ Days + (1 | Subject)", data_for("sleepstudy")),
    "none_slopes": lambda: no_pooling("Reaction ~ Days", data_for("sleepstudy"), group="Subject"),
    "binomial": lambda: complete_pooling(f"{SUCCESSES} ~ period", data_for("cbpp"), family="binomial"),
    "binomial_none": lambda: no_pooling(
        f"{SUCCESSES} ~ period + (1 | herd)", data_for("cbpp").query("herd != '12'"), family="binomial"
    ),
    "poisson": lambda: complete_pooling(
        "incidence ~ period + offset(log(size))", data_for("cbpp"), family="poisson"
    ),
}


@pytest.fixture(scope="module")
def from_r():
    return json.loads((REFERENCE / "regressions.json").read_text())


@pytest.mark.parametrize("name", LIKE_R)
def test_every_number_is_that_of_r(from_r, name):
    fit, other = LIKE_R[name](), from_r[name]
    table = confint(fit)
    assert set(table.index) == set(other["coef"])
    errors = dict(zip(table.index, fit.statsmodels.bse, strict=True))
    for term, value in other["coef"].items():
        # R stops its search for glm when the deviance changes by less than 1e-8 of itself.
        assert table.loc[term, "estimate"] == pytest.approx(value, rel=1e-6, abs=1e-6)
        assert errors[term] == pytest.approx(other["se"][term], rel=1e-5)
        limits = [other["confint"][term][side] for side in ("2.5 %", "97.5 %")]
        assert table.loc[term, ["low", "high"]].tolist() == pytest.approx(limits, rel=1e-5)
    for number in ("loglik", "aic", "bic", "deviance"):
        assert getattr(fit, number) == pytest.approx(other[number], rel=1e-8), number
    assert fit.df_residual == other["df"]


@pytest.mark.parametrize("name", ["complete", "binomial", "poisson"])
def test_print_outs_are_those_of_arm(from_r, name):
    mine, other = repr(LIKE_R[name]()).splitlines(), [line.rstrip() for line in from_r[name]["text"]]
    start = next(i for i, line in enumerate(other) if "coef.est" in line)
    assert mine[-len(other) + start :] == other[start:]


@pytest.mark.parametrize("name", ["binomial", "binomial_none", "poisson"])
def test_residuals_are_those_of_statsmodels(name):
    fit = LIKE_R[name]()
    assert np.allclose(fit.resid("pearson"), fit.statsmodels.resid_pearson)
    assert np.allclose(fit.resid("deviance"), fit.statsmodels.resid_deviance)


def test_groups_and_predictions(seattle):
    fit = no_pooling("price ~ scale_sqft + (1 | zipcode)", seattle)
    X = np.column_stack([pd.get_dummies(seattle["zipcode"]).astype(float), seattle["scale_sqft"]])
    beta, rss = np.linalg.lstsq(X, seattle["price"].to_numpy())[:2]
    assert np.allclose(fit.coef["zipcode"]["(Intercept)"], beta[:9], rtol=1e-9)
    assert (fit.coef["zipcode"]["scale_sqft"] == fit.fixef["scale_sqft"]).all()
    assert fit.sigma == pytest.approx(np.sqrt(rss[0] / (869 - 10)))
    assert np.allclose(fit.fitted, X @ beta) and np.allclose(fit.predict(seattle.tail(7)), X[-7:] @ beta)
    errors = fit.sigma * np.sqrt(np.diagonal(np.linalg.inv(X.T @ X)))
    assert np.allclose(fit.se_coef["zipcode"]["(Intercept)"], errors[:9], rtol=1e-9)
    with pytest.raises(ValueError, match="has not seen these groups of zipcode: 98199"):
        fit.predict(pd.DataFrame({"zipcode": ["98199"], "scale_sqft": [0.0]}))


def test_complete_pooling_takes_any_group(seattle):
    fit = complete_pooling("price ~ scale_sqft + (1 | zipcode)", seattle)
    new = pd.DataFrame({"zipcode": ["98199"], "scale_sqft": [2.0]})
    assert fit.predict(new).item() == pytest.approx(fit.fixef @ [1, 2])
    assert (fit.coef["zipcode"]["scale_sqft"] == fit.fixef["scale_sqft"]).all()


def test_a_predictor_of_the_group_has_no_effect_of_its_own_without_pooling(seattle):
    data = seattle.assign(far=(seattle["zipcode"] == "98039") * 1.0)
    fit, plain = (no_pooling(f"price ~ {x}scale_sqft + (1 | zipcode)", data) for x in ("far + ", ""))
    assert list(fit.fixef.index) == ["scale_sqft"] and any("far was dropped" in text for text in fit.messages)
    assert fit.fixef["scale_sqft"] == pytest.approx(plain.fixef["scale_sqft"], rel=1e-10)
    assert np.allclose(fit.predict(data.head(5)), plain.predict(data.head(5)))


def test_groups_without_a_success_are_named_in_a_sentence():
    data = data_for("cbpp")  # shared by the tests: changed in a copy only
    data = data.assign(incidence=data["incidence"].where(data["herd"] != "2", 0))
    fit = no_pooling(f"{SUCCESSES} ~ (1 | herd)", data, family="binomial")
    assert any("no finite estimates" in text for text in fit.messages)
    own = fit.coef["herd"]["(Intercept)"]
    assert own["2"] < -15 and (own.drop("2") > -5).all()


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
