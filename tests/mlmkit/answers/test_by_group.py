"""Numbers by group: labels matter, order and wrapping don't."""

import json
import math

import pandas as pd
import pytest

from mlmkit.answers.kinds import ByGroup, Mistake, decode, encode, from_key, to_key

MEANS = pd.Series({"98010": 100.0, "98014": 200.0, "98024": 300.0}).rename_axis("zipcode")
BY_ZIPCODE = ByGroup(
    MEANS,
    unit="USD",
    mistakes=[
        Mistake(MEANS - 200, says="These are differences from the mean.", name="ranef for coef"),
        Mistake(200.0, says="This is one number for all.", credit=0.5, name="complete pooling"),
    ],
)


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


def reset(series):
    return series.rename("price").reset_index()


@pytest.mark.parametrize(
    "answer",
    [
        MEANS,
        MEANS.iloc[::-1],
        MEANS.to_dict(),
        MEANS.to_frame("(Intercept)"),
        MEANS.set_axis([98010, 98014, 98024]),
        MEANS.set_axis(pd.CategoricalIndex(["98010", "98014", "98024"])),
        reset(MEANS),
    ],
)
def test_labels_matter_and_order_and_wrapping_do_not(answer):
    assert grade(BY_ZIPCODE, answer).status == "right"


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (MEANS.to_list(), "invalid", "without labels. Hand in a Series with"),
        (MEANS.drop("98014"), "invalid", "missing: 98014"),
        (pd.concat([MEANS, pd.Series({"98115": 1.0})]), "invalid", "not asked for: 98115"),
        (MEANS.replace(200.0, math.nan), "invalid", "for 98014 is NaN"),
        (7.0, "invalid", "Your answer is a single number"),
        (MEANS * [1, 2, 1], "wrong", "As expected: 2 of 3 values. Look at 98014."),
        (MEANS * 3, "wrong", "None of the three values"),
        (MEANS * 1.005, "wrong", "close"),
        (MEANS.set_axis(["98014", "98010", "98024"]), "wrong", "As expected: 1 of 3 values."),
    ],
)
def test_numbers_by_group_that_are_not_right_say_why(answer, status, says):
    outcome = grade(BY_ZIPCODE, answer)
    assert outcome.status == status and says in outcome.says


@pytest.mark.parametrize("answer", [200.0, [200.0], MEANS * 0 + 200, {"all": 200.0}])
def test_one_number_for_all_groups_can_be_a_known_mistake(answer):
    outcome = grade(BY_ZIPCODE, answer)
    assert (outcome.status, outcome.mistake, outcome.credit) == ("mistake", "complete pooling", 0.5)


def test_a_group_effect_near_zero_is_not_held_to_its_own_size():
    effects = pd.Series({"a": 1000.0, "b": -1000.0, "c": 0.001})
    assert grade(ByGroup(effects), effects.add([0, 0, 0.05])).status == "right"
    assert grade(ByGroup(effects), effects.add([0, 0, 0.5])).status == "wrong"


def test_an_interval_may_come_as_a_list_where_the_question_allows_it():
    interval = {"lower": 1.0, "upper": 2.0}
    assert grade(ByGroup(interval, in_order=True), (1.0, 2.0)).status == "right"
    assert "lower end comes first" in grade(ByGroup(interval, in_order=True), (2.0, 1.0)).says
    zeros = {"mean size": 1.0, "0 square feet": 2.0}
    refused = grade(ByGroup(zeros, group="zero"), (1.0, 2.0))
    assert refused.status == "invalid" and "one number per zero (mean size, 0 square feet)" in refused.says


def test_the_kind_survives_its_key():
    for kind in (BY_ZIPCODE, ByGroup({"lower": 1.0, "upper": 2.0}, abs={"lower": 0.1, "upper": 0.2})):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert again.grade(decode(encode(kind.value))).status == "right"
        assert to_key(again) == to_key(kind)
