"""Answers travel through JSON and come back; what can't travel says so."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlmkit.answers.draws.packing import MAX_DRAWS
from mlmkit.answers.kinds import BadAnswerError, FitAnswer, TableAnswer, decode, encode, plain
from mlmkit.answers.values import MAX_VALUES

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, np.inf]}, index=["x", "y"])


def there_and_back(answer):
    return decode(json.loads(json.dumps(encode(answer))))


@pytest.mark.parametrize(
    ("answer", "arrives"),
    [
        (None, None),
        (..., None),
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.array(2.5), 2.5),
        (True, True),
        (np.bool_(False), False),
        ("b", "b"),
        (np.str_("b"), "b"),
        (math.inf, math.inf),
        (10**400, math.inf),
        (pd.Series({98010: 1.5, 98014: 2.0}), {"98010": 1.5, "98014": 2.0}),
        (pd.Series({98010.0: 1.5}), {"98010": 1.5}),
        (pd.Series([1.0, 2.0], index=pd.CategoricalIndex(["98010", "98014"])), {"98010": 1.0, "98014": 2.0}),
        (pd.Series({(1, "a"): 1.0, (1, "b"): 2.0}), {"1:a": 1.0, "1:b": 2.0}),
        ({" 98010 ": np.float64(1.5)}, {"98010": 1.5}),
        (pd.DataFrame({"(Intercept)": {"98010": 1.5}}), {"98010": 1.5}),
        (pd.Series([1.0, 2.0]), [1.0, 2.0]),
        ([1, "a"], [1.0, "a"]),
        ((1, 2), [1.0, 2.0]),
        (np.array([[1.0], [2.0]]), [1.0, 2.0]),
        (FRAME, TableAnswer(["x", "y"], ["a", "b"], [[1.0, 3.0], [2.0, math.inf]])),
        (SimpleNamespace(formula="y ~ (1 | g)"), FitAnswer("y ~ (1 | g)")),
    ],
)
def test_an_answer_comes_back_as_what_was_meant(answer, arrives):
    assert there_and_back(answer) == arrives


def test_missing_values_come_back_as_nan():
    for missing in (math.nan, pd.NA, np.nan, pd.NaT):
        assert math.isnan(there_and_back({"a": missing})["a"])
    assert math.isnan(there_and_back(np.float64("nan")))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (object(), "of type object"),
        (3 + 4j, "of type complex"),
        (np.zeros((2, 3)), r"array of shape \(2, 3\)"),
        (["a"] * (MAX_VALUES + 1), "10,001 values.*whole data set"),
        (pd.DataFrame({"a": ["x"] * MAX_VALUES, "b": 1.0}), "20,000 values"),
        (np.zeros(MAX_DRAWS + 1), "1,000,001 values. At most 1,000,000"),
        ("x" * 5_000, "5,000 characters"),
        ([[1, 2], [3, 4]], "value of type list"),
        (pd.Series([1.0, 2.0], index=["a", "a"]), "label a appears more than once"),
        ({98010: 1.0, "98010": 2.0}, "label 98010 appears more than once"),
    ],
)
def test_what_cannot_travel_says_why(answer, says):
    with pytest.raises(BadAnswerError, match=says):
        encode(answer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["number", "by_group", "list", "table", "fit", "formula", "unreadable", "index", "columns"]
            )
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(json_values)
@example({"unreadable": ""})
@settings(max_examples=300, deadline=None)
def test_decode_gives_a_plain_value_or_a_sentence_whatever_arrives(encoded):
    try:
        value = decode(encoded)
    except BadAnswerError as error:
        assert str(error).strip()
    else:
        assert value is None or isinstance(value, float | str | bool | dict | list | TableAnswer | FitAnswer)


@given(st.dictionaries(st.text(max_size=8).map(str.strip), st.floats(allow_nan=False), max_size=6))
def test_numbers_by_group_survive_the_journey(groups):
    assert there_and_back(groups) == groups


@given(st.text())
def test_plain_text_is_one_short_printable_line(text):
    line = plain(text)
    assert len(line) <= 60 and line.isprintable()


def test_plain_does_not_write_out_what_is_not_text():
    assert plain({"a": 1}) == "dict"
