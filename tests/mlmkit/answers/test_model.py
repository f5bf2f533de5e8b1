"""A model is judged by its density, however it is written and whatever posterior it gives."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest

from mlmkit import check, decov, load_seattle, stan_glmer
from mlmkit.answers.check import _shape_of
from mlmkit.answers.kinds import BadAnswerError, Mistake, Model, decode, encode, from_key, to_key

SALES = load_seattle().groupby("zipcode", observed=True).head(20)
CODES = SALES["zipcode"].cat.codes.to_numpy()
PRICES = SALES["price"].to_numpy()


def model(tau=lambda: pm.Exponential("tau", 1 / 5e5), constant=0.0, spread=1.0):
    with pm.Model() as made:
        mu, between, sigma = pm.Normal("mu", 6e5, 1e6), tau(), pm.Exponential("sigma", 1 / 5e5)
        alpha = pm.Normal("alpha", mu, between, shape=9)
        pm.Normal("price", alpha[CODES], spread * sigma, observed=PRICES)
        if constant:
            pm.Potential("constant", pm.math.constant(constant))
    return made


POINTS = [
    {"mu": 5e5, "tau": 2e5, "sigma": 3e5, "alpha": 5e5},
    {"mu": 9e5, "tau": 8e5, "sigma": 5e5, "alpha": [4e5, 5e5, 6e5, 3e5, 2e6, 5e5, 9e5, 9e5, 3e5]},
    {"mu": 7e5, "tau": 3e6, "sigma": 4e5, "alpha": 7e5},
]
CAUCHY = model(lambda: pm.HalfCauchy("tau", 5e5))
KIND = Model(
    model(),
    points=POINTS,
    mistakes=[
        Mistake(CAUCHY, says="A half-Cauchy prior.", name="half-Cauchy"),
        Mistake(model(lambda: pm.Exponential("tau", 5e5)), says="Rate for scale.", credit=0.5),
    ],
)


def grade(answer, kind=KIND):
    return kind.grade(decode(json.loads(json.dumps(encode(answer, kind.shape())))))


@pytest.mark.parametrize(
    "same",
    [
        model(),
        model(constant=12.5),
        model(lambda: pm.Gamma("tau", 1.0, 1 / 5e5)),
        model(lambda: pm.Weibull("tau", 1.0, 5e5)),
    ],
    ids=["again", "up to a constant", "as a gamma", "as a Weibull"],
)
def test_the_same_model_is_right_however_it_is_written(same):
    assert grade(same).status == "right"


def test_priors_that_give_nearly_the_same_posterior_are_told_apart():
    assert grade(CAUCHY).mistake == "half-Cauchy"
    assert grade(model(lambda: pm.Exponential("tau", 5e5))).credit == 0.5
    wrong = grade(model(lambda: pm.Exponential("tau", 1 / 5.001e5)))
    assert wrong.status == "wrong" and wrong.says.endswith("Look at tau.")


def test_another_likelihood_is_another_model():
    wrong = grade(model(spread=1.01))
    assert wrong.status == "wrong" and wrong.says.endswith("Look at price.")


def test_a_prior_that_excludes_a_point_is_wrong_and_not_an_error():
    assert grade(model(lambda: pm.Uniform("tau", 0, 1e6))).status == "wrong"


def test_other_variables_are_refused_with_the_names():
    with pm.Model() as other:
        pm.Normal("mu"), pm.Normal("tau_2")
    with pytest.raises(BadAnswerError, match=r"mu, tau_2\. This question asks for alpha, mu, sigma, tau"):
        encode(other, KIND.shape())


def test_a_fit_by_stan_glmer_is_judged_by_its_model():
    first, same, other = (
        stan_glmer(
            "price ~ (1 | zipcode)", SALES, draws=50, chains=1, seed=seed, prior_covariance=decov(scale=s)
        )
        for seed, s in ((1, 1.0), (2, 1.0), (3, 1.1))
    )
    names = [variable.name for variable in first.to_pymc().free_RVs]
    points = [dict.fromkeys(names, 3e5), dict.fromkeys(names, 6e5)]
    kind = Model(first.to_pymc(), points)
    assert grade(same, kind).status == "right"
    assert grade(other, kind).status == "wrong"


def test_a_kind_goes_through_its_key():
    kind = from_key(json.loads(json.dumps(to_key(KIND))))
    assert kind.shape() == KIND.shape()
    assert grade(CAUCHY, kind).mistake == "half-Cauchy" and grade(model(), kind).status == "right"


def test_check_looks_at_the_points_that_the_lesson_gives(tmp_path, monkeypatch):
    key = {"graded": {"x-model": {"shape": KIND.shape(), "own_data": False}}, "practice": {}}
    (tmp_path / "x.practice.json").write_text(json.dumps(key))
    monkeypatch.chdir(tmp_path)
    assert KIND.grade(decode(encode(model(), _shape_of("x-model")))).status == "right"
    assert _shape_of("x-other") is None


@pytest.mark.parametrize(
    "bad",
    [{}, [], {"tau": 1}, {"tau": [True]}, {"tau": ["1"]}, {"tau": [1.0]}, {"tau": [10**400]}, {"tau": [[]]}],
)
def test_a_forged_model_gets_nothing(bad):
    try:
        outcome = KIND.grade(decode({"model": bad}))
    except BadAnswerError:
        return
    assert outcome.credit == 0


def test_forged_nan_and_infinity_are_wrong():
    for value in (math.nan, math.inf):
        assert KIND.grade(decode({"model": {"tau": [value] * 3}})).status == "wrong"


def test_points_must_be_of_use():
    with pytest.raises(ValueError, match="two points"):
        Model(model(), POINTS[:1])
    with pytest.raises(ValueError, match="support"):
        Model(model(), [POINTS[0], {**POINTS[1], "tau": -1.0}])
    assert np.isfinite(KIND.apart(KIND.mistakes[0])) and KIND.usable_mistakes == list(KIND.mistakes)


def test_without_pymc_the_sentence_says_what_is_missing(tmp_path, monkeypatch, capsys):
    class FitWithoutPymc:
        def to_pymc(self):
            raise ModuleNotFoundError("No module named 'pymc'", name="pymc")

    key = {"graded": {"x-model": {"shape": KIND.shape(), "own_data": False}}, "practice": {}}
    (tmp_path / "x.practice.json").write_text(json.dumps(key))
    monkeypatch.chdir(tmp_path)
    check("x-model", FitWithoutPymc())
    assert "needs PyMC, and pymc is not installed here. Install it with" in capsys.readouterr().out


def test_a_model_where_another_kind_is_asked_for_is_not_evaluated():
    fit = SimpleNamespace(to_pymc=None, formula="y ~ (1 | g)")
    assert encode(fit, {"kind": "formula"}) == {"fit": {"formula": "y ~ (1 | g)"}}
    with pytest.raises(BadAnswerError, match="of type Model, which can't be handed in"):
        encode(model())
