"""Formulas are equal when their models are."""

import json

import pytest

from mlmkit.answers.formula_answer import canonical
from mlmkit.answers.kinds import BadAnswerError, Formula, Mistake, decode, encode, from_key, to_key

VARYING = Formula(
    "price ~ scale_sqft + (1 + scale_sqft | zipcode)",
    mistakes=[
        Mistake("price ~ scale_sqft + (1 | zipcode)", says="Only the intercept varies here."),
        Mistake("price ~ scale_sqft + (zipcode | 1)", says="The bar is turned round."),
    ],
)


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y ~ (1|g)", "y ~ 1 + (1 | g)"),
        ("y ~ a*b + (1|g)", "y ~ a + b + b:a + (1|g)"),
        ("y ~ x + (x || g)", "y ~ x + (1 | g) + (0 + x | g)"),
        ("y ~ (1 | g/h)", "y ~ (1 | g) + (1 | h:g)"),
        ("log(y) ~ x + (1 | g)", "log( y ) ~ x + (1 | g)"),
        ("y ~ x - 1 + (1|g)", "y ~ 0 + x + (1|g)"),
    ],
)
def test_equal_models(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y ~ (1|g)", "y ~ (1|h)"),
        ("y ~ (1|g)", "y ~ 1"),
        ("y ~ (1|g)", "log(y) ~ (1|g)"),
        ("y ~ x + (x|g)", "y ~ x + (x||g)"),
        ("y ~ x + (x|g)", "y ~ x + (0+x|g)"),
        ("y ~ x + (1|g)", "y ~ x - 1 + (1|g)"),
        ("y ~ a:b + (1|g)", "y ~ a*b + (1|g)"),
        ("y ~ x + (1|g)", "y ~ x + offset(w) + (1|g)"),
    ],
)
def test_different_models(one, other):
    assert canonical(one) != canonical(other)


def test_numpys_prefix_of_a_function_makes_no_other_model():
    assert canonical("np.log(y) ~ np.sqrt(x) + (1|g)") == canonical("log(y) ~ sqrt(x) + (1|g)")
    assert canonical("amp.y ~ (1|g)") != canonical("y ~ (1|g)")


@pytest.mark.parametrize(
    "text", ["", "y", "y ~", "~ x", "y ~ x ~ z", "y ~ (1|g", "y ~ x y", "y ~ 'a", "y ~ *"]
)
def test_what_is_no_formula_says_so(text):
    with pytest.raises(BadAnswerError, match="can't be read"):
        canonical(text)


@pytest.mark.parametrize(
    "formula",
    [
        "price ~ scale_sqft + (1 + scale_sqft | zipcode)",
        "price~1+scale_sqft+(scale_sqft|zipcode)",
        "price ~ (scale_sqft + 1 | zipcode) + scale_sqft",
    ],
)
def test_one_model_written_in_several_ways_is_one_model(formula):
    assert grade(VARYING, formula).status == "right"


@pytest.mark.parametrize(
    ("formula", "status", "says"),
    [
        ("price ~ scale_sqft + (1 | zipcode)", "mistake", "Only the intercept"),
        ("price~scale_sqft+( zipcode|1 )", "mistake", "turned round"),
        ("price ~ scale_sqft + (scale_sqft || zipcode)", "wrong", "fixed terms are right"),
        ("price ~ 0 + scale_sqft + (scale_sqft | zipcode)", "wrong", "Look at the other terms"),
        ("sqft ~ scale_sqft + (scale_sqft | zipcode)", "wrong", "outcome before the ~"),
        ("price ~ 1", "wrong", "another model"),
        ("price ~ (1 | zipcode", "invalid", "never closed"),
        ("price", "invalid", "exactly one '~'"),
        ("", "invalid", "empty"),
        (3.0, "invalid", "a model formula in quotes"),
    ],
)
def test_other_formulas_say_where_they_differ(formula, status, says):
    outcome = grade(VARYING, formula)
    assert outcome.status == status and says in outcome.says


@pytest.mark.parametrize(
    "bomb",
    [
        "y ~ " + "*".join("abcdefghijklmnopqrstuvwxyz"),
        "y ~ (a + b)**99999999",
        "y ~ (a + b)^9999999",
        "y ~ " + "(" * 5000 + "a" + ")" * 5000,
        "y ~ " + ":".join(["(a+b)"] * 60),
    ],
)
def test_a_formula_that_would_explode_is_refused_at_once(bomb):
    assert grade(VARYING, bomb[:2000]).status in ("invalid", "wrong")


def test_the_kind_survives_its_key():
    for kind in (VARYING, Formula("y ~ x")):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert again.grade(decode(encode(kind.value))).status == "right"
        assert to_key(again) == to_key(kind)
