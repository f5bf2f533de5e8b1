"""One answer in, one verdict out, whatever arrives."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.bank import BankError, ByGroup, Choice, Number, Question
from grader.judge import judge
from grader.judge.references import expected, homes
from mlmkit.answers.kinds import STATUSES, Verdict, encode
from mlmkit.data import data_fingerprint, homes_for, radon_for

QUESTION = "l01-mean-price"  # of the bank: the mean price of the student's houses


def payload(answer, student="alice", question=QUESTION):
    return {"question": question, "answer": encode(answer), "data": data_fingerprint(homes(student))}


def verdict(payload, student="alice"):
    return judge(QUESTION, payload, student=student, max_points=2)


def test_the_right_answer_on_the_students_own_data_gets_all_points():
    result = verdict(payload(homes_for("alice")["price"].mean()))
    assert (result.status, result.score, result.max_points, result.message) == ("right", 2.0, 2.0, "Right.")
    assert result.question == QUESTION and result.topic and result.revisit


def test_a_known_mistake_gets_its_credit_and_its_sentence():
    kind = expected(QUESTION, "alice")
    for mistake in kind.usable_mistakes:
        result = verdict(payload(mistake.value))
        assert (result.status, result.mistake) == ("mistake", mistake.name)
        assert result.score == 2 * mistake.credit and result.message.startswith(mistake.says)


def test_the_right_answer_on_the_data_of_another_student_says_whose_data_to_use():
    result = verdict(payload(homes_for("bob")["price"].mean(), student="bob"))
    assert (result.status, result.score) == ("other_data", 0.0)
    assert data_fingerprint(homes("alice")) in result.message and "user name is alice" in result.message


def test_a_number_that_is_right_is_right_however_the_data_were_loaded():
    right = homes_for("alice")["price"].mean()
    assert verdict({**payload(right), "data": None}).score == 2
    assert verdict(payload(right, student="bob")).score == 2
    assert verdict(payload(right), student="bob").score == 0


def test_a_letter_from_other_data_counts_for_nothing(monkeypatch):
    asked = Question("t00-z", "t", "r", "00_t", ("homes",), False, lambda homes: Choice("b"))
    monkeypatch.setattr("grader.judge.judging.get", lambda id: asked)
    sent = payload("b", student="bob", question="t00-z")
    assert judge("t00-z", sent, student="alice", max_points=1).status == "other_data"
    assert judge("t00-z", sent, student="bob", max_points=1).status == "right"


def test_an_answer_from_another_source_is_judged_on_that_sources_own_data(monkeypatch):
    def mean(my_radon):
        return ByGroup(my_radon.groupby("county", observed=True)["log_radon"].mean())

    asked = Question("t00-r", "t", "r", "00_t", ("my_radon",), False, mean)
    monkeypatch.setattr("grader.judge.judging.get", lambda id: asked)
    mine, other = radon_for("alice"), data_fingerprint(radon_for("bob"))
    sent = {"question": "t00-r", "answer": encode(mean(mine).value), "data": data_fingerprint(mine)}
    assert judge("t00-r", sent, student="alice", max_points=1).status == "right"
    wrong = encode(mean(mine).value + 1)
    for loaded, status in (
        (data_fingerprint(mine), "wrong"),
        (f"{data_fingerprint(homes('alice'))}; {data_fingerprint(mine)}", "wrong"),
        (other, "other_data"),
        (data_fingerprint(homes("alice")), "other_data"),
        (data_fingerprint(mine)[:-1], "other_data"),
        ([data_fingerprint(mine)], "other_data"),
    ):
        sent |= {"answer": wrong, "data": loaded}
        assert judge("t00-r", sent, student="alice", max_points=1).status == status


def test_an_answer_before_the_data_were_loaded_says_so():
    result = verdict({**payload(1.0), "data": None})
    assert result.status == "other_data" and "before your own data were loaded" in result.message


@pytest.mark.parametrize("nothing", [None, payload(None), payload(...), {**payload(None), "data": None}])
def test_no_answer_is_missing(nothing):
    assert verdict(nothing).status == "missing"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_right(value):
    result = verdict(payload(value))
    assert (result.status, result.score) == ("invalid", 0.0)


def test_an_answer_to_another_question_counts_for_nothing():
    answer = homes_for("alice")["price"].mean()
    result = verdict(payload(answer, question="l01-other"))
    assert (result.status, result.score) == ("invalid", 0.0) and "l01-other" in result.message


def test_capital_letters_in_the_user_name_make_no_difference():
    assert verdict(payload(homes_for("alice")["price"].mean()), student="Alice").score == 2


def nested(depth):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = [
    [],
    "text",
    7,
    True,
    {"answer": 1.0},
    {"question": QUESTION},
    {"question": nested(500), "answer": 1.0, "data": None},
    payload(1.0) | {"answer": nested(500)},
    payload(1.0) | {"answer": {"by_group": {f"g{n}": 1.0 for n in range(100_000)}}},
    payload(1.0) | {"answer": "x" * 10**6},
    payload(1.0) | {"answer": 10**5000},
    payload(1.0) | {"answer": {"number": ["nan"]}},
    payload(1.0) | {"answer": {"table": {"index": [[]], "columns": [{}], "values": [[1]]}}},
    payload(1.0) | {"answer": {"unreadable": {"a": 1}}},
    payload(1.0) | {"answer": {"fit": {"formula": "y ~ (a+b)**99999"}}},
    payload(1.0) | {"data": "\ud800" * 100},
    payload(1.0) | {"data": {"a": [1]}},
]


@pytest.mark.parametrize("bad", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_payload_gets_no_points_and_a_short_reason(bad):
    result = verdict(bad)
    assert result.score == 0 and result.status in ("invalid", "other_data")
    assert 10 < len(result.message) < 600
    json.dumps(result.as_dict()).encode()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(
    anything
    | st.fixed_dictionaries({"question": st.just(QUESTION), "answer": anything, "data": anything})
    | anything.map(lambda answer: payload(1.0) | {"answer": answer})
)
@settings(max_examples=300, deadline=None)
def test_judge_never_raises_on_what_a_student_sends(bad):
    result = verdict(bad)
    assert isinstance(result, Verdict) and result.status in STATUSES
    assert 0 <= result.score <= 2 and result.message
    assert result.status == "right" or result.score < 2


def test_an_unknown_question_is_the_banks_fault_and_lists_near_ids():
    with pytest.raises(BankError, match=r"no question .l01-mean-prise.\. Near: .*l01-mean-price"):
        judge("l01-mean-prise", None, student="alice", max_points=1)


@pytest.mark.parametrize("result", [3.0, Number])
def test_a_question_that_gives_no_kind_is_the_banks_fault(result):
    broken = Question("t00-x", "t", "r", "00_t", ("homes",), False, lambda homes: result)
    with pytest.raises(BankError, match="must return"):
        expected(broken, "alice")


def test_a_question_that_fails_is_the_banks_fault():
    broken = Question("t00-y", "t", "r", "00_t", ("homes",), False, lambda homes: homes["sqm"])
    with pytest.raises(BankError, match="t00-y failed on the data of 'alice'"):
        expected(broken, "alice")
