"""One number: right, close, a known mistake, or of another form."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmkit.answers.kinds import ByGroup, Mistake, Number, decode, encode, from_key, to_key

MEANS = pd.Series({"98010": 100.0, "98014": 200.0, "98024": 300.0}).rename_axis("zipcode")
FRAME = pd.DataFrame({"fixed": [1.0, 2.0], "random": [3.0, 4.0]}, index=["a", "b"])


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


@pytest.mark.parametrize(
    "answer",
    [
        100.05,
        np.float32(100),
        np.array([100.0]),
        [100],
        pd.Series([100.0]),
        pd.Series({"(Intercept)": 100.0}),
        pd.DataFrame({"a": [100.0]}),
        {"mean": 100},
    ],
)
def test_one_number_in_any_wrapping_is_that_number(answer):
    assert grade(Number(100.0), answer).status == "right"


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (None, "missing", "not answered"),
        (math.nan, "invalid", "NaN"),
        (-math.inf, "invalid", "infinite"),
        ("100 or so", "invalid", 'text "100 or so". A number is needed'),
        (True, "invalid", "truth value"),
        (MEANS, "invalid", "three numbers with labels"),
        (FRAME, "invalid", "two rows and two columns"),
        ([1, 2], "invalid", "list of two values"),
        (101.0, "wrong", "another number"),
        (150.0, "wrong", "not the expected value"),
    ],
)
def test_a_number_that_is_not_right_says_why(answer, status, says):
    outcome = grade(Number(100.0, unit="USD"), answer)
    assert outcome.status == status and outcome.credit == 0
    assert re.search(says, outcome.says)


@given(st.floats(-1e12, 1e12).filter(lambda x: abs(x) > 1e-6), st.floats(-0.9, 0.9))
def test_a_number_within_the_tolerance_is_right(value, share):
    assert Number(value, rel=1e-3).grade(value * (1 + share * 1e-3)).status == "right"


@given(st.floats(-1e12, 1e12).filter(lambda x: abs(x) > 1e-6), st.floats(1.1, 100))
def test_a_number_outside_the_tolerance_is_wrong(value, share):
    assert Number(value, rel=1e-3).grade(value * (1 + share * 1e-3)).status == "wrong"


TWINS = Number(
    10.0,
    mistakes=[
        Mistake(100.0, says="The variance.", credit=0.5, name="variance"),
        Mistake(100.04, says="Another.", name="another"),
        Mistake(100.2, says="A third.", name="third"),
    ],
)


@pytest.mark.parametrize(
    ("answer", "name", "credit"),
    [
        (100.0, "variance", 0.5),  # by its digits, although another one lies near
        (100.04, "another", 0.0),
        (100.039, "another", 0.0),  # the nearest
        (100.02, "another or variance", 0.5),  # by tolerance, both
        (99.92, "variance", 0.5),  # the nearest by far
        (100.15, "third", 0.0),
    ],
)
def test_the_nearest_mistake_is_named_and_two_where_two_explain_it(answer, name, credit):
    outcome = TWINS.grade(answer)
    assert (outcome.status, set(outcome.mistake.split(" or ")), outcome.credit) == (
        "mistake",
        set(name.split(" or ")),
        credit,
    )
    said = [one.says for one in TWINS.mistakes if one.name in name]
    assert all(one in outcome.says for one in said) and (len(said) == 2) == ("Either" in outcome.says)


def test_of_three_explanations_none_is_told():
    three = [Mistake(100.0 + k / 100, says=f"No {k}.", name=str(k)) for k in range(3)]
    outcome = Number(10.0, mistakes=three).grade(100.005)
    assert outcome.status == "wrong" and "No " not in outcome.says


def test_a_mistake_has_a_tolerance_of_its_own_scale():
    share = Number(0.9, rel=0.0, abs=0.05, mistakes=[Mistake(900.0, says="A count.", name="count")])
    assert share.grade(880.0).mistake == "count" and share.grade(800.0).status == "wrong"
    dollars = Number(500_000.0, rel=0.0, abs=5_000.0, mistakes=[Mistake(500.0, says="Thousands.")])
    assert dollars.grade(503.0).status == "mistake" and dollars.grade(0.0).status == "wrong"
    own = Number(0.9, rel=0.0, abs=0.05, mistakes=[Mistake(900.0, says="A count.", within=1.0)])
    assert own.grade(880.0).status == "wrong" and own.grade(900.5).status == "mistake"
    with pytest.raises(ValueError, match="Tolerances"):
        Number(0.9, mistakes=[Mistake(900.0, says="A count.", within=-1.0)])


def test_a_mistake_inside_the_tolerance_of_the_right_answer_is_known_by_its_digits():
    kind = Number(600_123.4, rel=4e-3, mistakes=[Mistake(601_000.75, says="ML.")])
    for right in (600_123.4, 600_123.0, 600_120, 600_000, 601_000, 601_002.3, 599_000.0):
        assert kind.grade(float(right)).status == "right"
    for wrong in (601_000.75, 601_000.8, 601_001.0):
        assert kind.grade(wrong).says == "ML."


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.93, "rounded"),
        (0.9, "not the expected"),  # one digit may be anything
        (0.9301234, "another number"),
    ],
)
def test_rounding_is_said_only_of_the_right_number_rounded(answer, says):
    assert says in Number(0.9312, rel=1e-4).grade(answer).says


@pytest.mark.parametrize("value", [10.0001, math.nan, math.inf])
def test_a_mistake_that_cannot_be_told_from_the_right_answer_is_left_out(value):
    kind = Number(10.0, mistakes=[Mistake(value, says="No."), Mistake(20.0, says="Twice.")])
    assert [mistake.says for mistake in kind.usable_mistakes] == ["Twice."]


@pytest.mark.parametrize("value", [math.nan, math.inf, "text", None])
def test_an_expected_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match=r"expected value|NaN|None"):
        Number(value)


def test_close_means_close_even_where_the_tolerance_is_wide():
    share = Number(0.05, rel=0.1, abs=0.005)  # a share in simulated draws
    ends = {"lower": 1.0, "upper": 2.0}
    assert "close" not in share.grade(0.0).says
    assert "close" not in ByGroup(ends, rel=0.1).grade({"lower": 1.0, "upper": 3.0}).says
    assert "close" in Number(100.0, rel=1e-3).grade(101.0).says
    assert "close" in ByGroup(ends).grade({"lower": 1.0, "upper": 2.01}).says


def test_wrong_tolerances_and_credits_are_refused():
    with pytest.raises(ValueError, match="Tolerances"):
        Number(1.0, rel=-1)
    with pytest.raises(ValueError, match="credit"):
        Mistake(1.0, says="x", credit=1.0)
    with pytest.raises(ValueError, match="sentence"):
        Mistake(1.0, says=" ")


def test_zero_needs_an_absolute_tolerance_and_gets_it():
    assert Number(0.0, abs=0.01).grade(0.005).status == "right"
    assert Number(0.0).grade(0.0).status == "right"
    assert Number(0.0).grade(1e-300).status == "wrong"


def test_the_kind_survives_its_key():
    for kind in (Number(3.0), Number(3.0, rel=0.01, mistakes=[Mistake(9.0, says="x y")])):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert again.grade(decode(encode(kind.value))).status == "right"
        assert to_key(again) == to_key(kind)
