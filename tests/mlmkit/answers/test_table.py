"""A table: row and column labels matter, order doesn't."""

import json
import math

import pandas as pd
import pytest

from mlmkit.answers.kinds import Mistake, Table, decode, encode, from_key, to_key

FRAME = pd.DataFrame({"fixed": [1.0, 2.0], "random": [3.0, 4.0]}, index=["a", "b"])


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


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


def test_the_kind_survives_its_key():
    for kind in (Table(FRAME), Table(FRAME, mistakes=[Mistake(FRAME * 2, says="Twice.")])):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert again.grade(decode(encode(kind.value))).status == "right"
        assert to_key(again) == to_key(kind)
