"""Every question of the bank takes its own right answer in every honest form."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from grader.author.build import lesson_names
from grader.bank import questions
from grader.judge import judge, references
from mlmkit.answers.kinds import ByGroup, Number, Table, encode
from mlmkit.data import data_fingerprint
from tests.mlmkit.answers.test_forms import forms_of_series, forms_of_table

STUDENT = "alice"
QUICK = [id for lesson in lesson_names()[:4] for id in questions(lesson)]  # lesson 05 draws for long


def forms_of_number(value):
    yield from (value, np.array(value), [value], pd.Series({"x": value}), f"{value:,.9f}", f"${value:.9f}")


def forms_of(kind):
    value = kind.value
    if isinstance(kind, Number):
        return forms_of_number(float(value))
    if isinstance(kind, ByGroup):
        return forms_of_series(pd.Series(value))
    return forms_of_table(value) if isinstance(kind, Table) else ()


def status(question, answer):
    own = questions()[question].own
    data = data_fingerprint(references.own(own, STUDENT)) if own else None
    payload = {"question": question, "answer": encode(answer), "data": data}
    return judge(question, json.loads(json.dumps(payload)), student=STUDENT, max_points=1).status


@pytest.mark.parametrize("question", QUICK)
def test_a_question_takes_its_right_answer_in_every_form(question):
    kind = references.expected(question, STUDENT)
    for answer in forms_of(kind):
        assert status(question, answer) == "right", answer


@pytest.mark.parametrize("question", ["l01-interval", "l03-ratio", "l03-new-house"])
def test_an_interval_is_a_pair_or_quantiles(question):
    ends = list(references.expected(question, STUDENT).value.values())
    for answer in (ends, tuple(ends), np.array(ends), pd.Series(ends, [0.05, 0.95]), pd.DataFrame([ends])):
        assert status(question, answer) == "right"


def test_the_sales_that_are_needed_may_be_rounded_up():
    question, right = "l02-sales-needed", references.expected("l02-sales-needed", STUDENT).value
    assert status(question, math.ceil(right)) == "right" != status(question, math.floor(right))


def test_draws_of_all_zip_codes_may_be_an_array():
    s = references.expected("l03-totals", STUDENT).value
    draws = np.random.default_rng(1).normal(s["mean"], s["sd"], (4_000, 9))
    assert status("l03-totals", draws) == status("l03-totals", draws.T) == "right"
    assert status("l03-totals", draws[:, ::-1]) == "wrong"  # other zip codes' draws
