"""Each kind tells right from wrong, names the mistake, and says what form it wanted."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.kinds import (
    ByGroup,
    Choice,
    Formula,
    Mistake,
    Number,
    Table,
    Verdict,
    from_key,
    to_key,
    verdict,
)

MEANS = pd.Series({"98010": 100.0, "98014": 200.0, "98024": 300.0}).rename_axis("zipcode")
BY_ZIPCODE = ByGroup(
    MEANS,
    unit="USD",
    mistakes=[
        Mistake(MEANS - 200, says="These are differences from the mean.", name="ranef for coef"),
        Mistake(200.0, says="This is one number for all.", credit=0.5, name="complete pooling"),
    ],
)
FRAME = pd.DataFrame({"fixed": [1.0, 2.0], "random": [3.0, 4.0]}, index=["a", "b"])
VARYING = Formula(
    "price ~ scale_sqft + (1 + scale_sqft | zipcode)",
    mistakes=[
        Mistake("price ~ scale_sqft + (1 | zipcode)", says="Only the intercept varies here."),
        Mistake("price ~ scale_sqft + (zipcode | 1)", says="The bar is turned round."),
    ],
)


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


# ------------------------------------------------------------------ numbers


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
        ("100", "invalid", 'one number \\(in USD\\).*the text "100"'),
        (True, "invalid", "truth value"),
        (MEANS, "invalid", "three numbers with labels"),
        (FRAME, "invalid", "two rows and two columns"),
        ([1, 2], "invalid", "list of two values"),
        (101.0, "wrong", "close"),
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


def test_the_first_mistake_that_fits_gives_the_sentence_and_the_credit():
    kind = Number(
        10.0,
        mistakes=[
            Mistake(100.0, says="The variance.", credit=0.5, name="variance"),
            Mistake(100.01, says="Another."),
        ],
    )
    outcome = kind.grade(100.0)
    assert (outcome.status, outcome.credit, outcome.says, outcome.mistake) == (
        "mistake",
        0.5,
        "The variance.",
        "variance",
    )


@pytest.mark.parametrize("value", [10.001, 10.015, math.nan, math.inf])
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


# ------------------------------------------------------------------ numbers by group


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
    assert grade(ByGroup(interval, in_order=True), (2.0, 1.0)).status == "wrong"
    refused = grade(ByGroup(interval, group="end"), (1.0, 2.0))
    assert refused.status == "invalid" and "one number per end (lower, upper)" in refused.says


# ------------------------------------------------------------------ tables


def test_a_table_in_any_order_is_right_and_a_wrong_cell_is_named():
    assert grade(Table(FRAME), FRAME.iloc[::-1, ::-1]).status == "right"
    off = FRAME.copy()
    off.loc["b", "random"] = 9.0
    assert "Look at b random." in grade(Table(FRAME), off).says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (FRAME.rename(columns={"random": "ranef"}), "missing columns: random; columns not asked for: ranef"),
        (FRAME.rename(index={"b": "c"}), "missing: b; not asked for: c"),
        (FRAME.replace(4.0, math.nan), "in row b, column random is NaN"),
        (FRAME["fixed"], "data frame with the columns fixed, random"),
    ],
)
def test_a_table_of_another_form_says_what_is_missing(answer, says):
    outcome = grade(Table(FRAME), answer)
    assert outcome.status == "invalid" and says in outcome.says


def test_a_table_can_be_a_known_mistake():
    kind = Table(
        FRAME, mistakes=[Mistake(FRAME[["random", "fixed"]].set_axis(FRAME.columns, axis=1), says="Swapped.")]
    )
    swapped = pd.DataFrame({"random": FRAME["fixed"], "fixed": FRAME["random"]})
    assert grade(kind, swapped).status == "mistake"


# ------------------------------------------------------------------ choices and formulas


@pytest.mark.parametrize("answer", ["b", " B ", "(b)", "b)", "B.", ["b"], "'b'"])
def test_capitals_blanks_and_brackets_do_not_matter_in_a_choice(answer):
    assert grade(Choice("b"), answer).status == "right"


def test_other_choices_are_mistakes_wrong_or_invalid():
    kind = Choice("b", mistakes=[Mistake("a", says="That is the mean of houses.")])
    assert grade(kind, "A").says == "That is the mean of houses."
    assert grade(kind, "c").status == "wrong"
    assert grade(kind, "e").status == "invalid" and '"a", "b", "c", "d"' in grade(kind, "e").says
    assert grade(kind, 2).status == "invalid"
    with pytest.raises(ValueError, match="one of the letters"):
        Choice("e")


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


# ------------------------------------------------------------------ keys and verdicts


@pytest.mark.parametrize(
    "kind",
    [
        Number(3.0, rel=0.01, mistakes=[Mistake(9.0, says="x y")]),
        BY_ZIPCODE,
        Choice("b"),
        VARYING,
        Table(FRAME),
    ],
)
def test_a_kind_survives_its_key(kind):
    again = from_key(to_key(kind))
    assert again.grade(decode(encode(kind.value))).status == "right"
    assert to_key(again) == to_key(kind)


def test_a_verdict_never_lacks_a_reason_or_leaves_its_range():
    with pytest.raises(ValueError, match="message"):
        Verdict("wrong", 0.0, 2.0, "")
    with pytest.raises(ValueError, match="not between"):
        Verdict("right", 3.0, 2.0, "Right.")
    with pytest.raises(ValueError, match="not between"):
        Verdict("right", math.nan, 2.0, "Right.")
    with pytest.raises(ValueError, match="Choose from"):
        Verdict("fine", 0.0, 2.0, "x")


def test_a_verdict_gives_points_the_reason_and_where_to_read():
    kind = Number(10.0, mistakes=[Mistake(100.0, says="This is the variance.", credit=0.5, name="variance")])
    about = {"max_points": 3, "question": "q", "topic": "t", "revisit": "01: x", "hint": "Draw it."}
    right, half, none = (verdict(kind, answer, **about) for answer in (10.0, 100.0, 5.0))
    assert (right.score, right.message) == (3.0, "Right.")
    assert (half.score, half.message, half.mistake) == (
        1.5,
        "This is the variance. Read again: 01: x.",
        "variance",
    )
    assert none.score == 0 and none.message.endswith("Draw it. Read again: 01: x.")
    assert Verdict.from_dict(half.as_dict()) == half
