"""How hard questions are: held against lme4 and arm, against simulated classes, and against NumPy."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from grader.pages import item_statistics
from grader.pages.item_statistics import averaged_share, correlation, difficulty, wilson

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="module")
def of_r():
    return json.loads((REFERENCE / "rasch.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def verbagg(of_r):
    answers = of_r["verbagg"]["right"].items()
    return [
        (student, item, int(bit))
        for student, bits in answers
        for item, bit in zip(of_r["verbagg"]["items"], bits, strict=True)
    ]


def test_shares_and_intervals_are_those_of_lme4_and_arm(verbagg, of_r):
    found = difficulty(verbagg)
    assert found.by_model
    theirs = of_r["verbagg"]["question"]
    assert [found.right[row["question"]].counted for row in theirs] == pytest.approx(
        [row["counted"] for row in theirs]
    )
    for name, tolerance in (("share", 5e-4), ("low", 0.012), ("high", 0.012)):  # the edges are of draws
        ours = [getattr(found.right[row["question"]], name) for row in theirs]
        assert ours == pytest.approx([row[name] for row in theirs], abs=tolerance)
    assert "students differ by 1.4 and questions by 1.0" in found.says


def test_the_model_draws_shares_towards_each_other(verbagg):
    found = difficulty(verbagg).right.values()
    assert np.std([one.share for one in found]) < np.std([one.counted for one in found])


def test_the_sample_class_is_singular_as_in_r_and_says_so(of_r):
    with (REFERENCE / "rasch_sample.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    answers = [(r["student"], f"q{n:02d}", int(bit)) for r in rows for n, bit in enumerate(r["right"])]
    found = difficulty(answers)
    assert of_r["sample"]["singular"]
    assert not found.by_model
    assert "is singular: questions differ no more than chance alone" in found.says
    assert found.right["q00"].share == found.right["q00"].counted == 9 / 12
    assert (found.right["q00"].low, found.right["q00"].high) == wilson(9, 12)


def a_class(seed, students=40, questions=12, sd=1.0):
    """Simulate a class; return its answers and each question's true share in a class of such students."""
    rng = np.random.default_rng(seed)
    ability, ease = rng.normal(0, sd, students), 0.8 + rng.normal(0, 1, questions)
    right = rng.random((students, questions)) < 1 / (1 + np.exp(-(ability[:, None] + ease)))
    answers = [(f"s{s}", f"q{q}", int(right[s, q])) for s in range(students) for q in range(questions)]
    return answers, {f"q{q}": averaged_share(ease[q], sd) for q in range(questions)}


@pytest.mark.long(7)
def test_simulated_difficulties_come_back_better_than_plain_shares():
    """Intervals hold the truth about as often as they say; the estimates are nearer to it than the counts."""
    held, ours, counts = [], [], []
    for seed in range(25):
        answers, truth = a_class(seed, students=15)
        found = difficulty(answers)
        if not found.by_model:  # singular by chance
            continue
        for question, share in truth.items():
            one = found.right[question]
            held.append(one.low <= share <= one.high)
            ours.append((one.share - share) ** 2)
            counts.append((one.counted - share) ** 2)
    assert len(held) >= 20 * 12
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(ours) < 0.85 * np.mean(counts)


def test_a_large_class_needs_no_model():
    answers, _ = a_class(1, students=200, questions=3)
    found = difficulty(answers)
    assert not found.by_model
    assert found.says.startswith("Share and Wilson's")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([("a", "x", 1), ("b", "x", 0), ("c", "x", 1)], "three students and three questions"),
        ([(s, q, 1) for s in "abc" for q in "xyz"], "all answers are the same"),
    ],
)
def test_too_little_for_a_model_says_so(answers, says):
    found = difficulty(answers)
    assert not found.by_model
    assert says in found.says


def test_no_answers_have_no_difficulty():
    assert difficulty([]).right == {}


def test_a_question_that_all_get_right_has_a_share_below_one():
    answers, _ = a_class(3)
    answers = [(s, q, 1 if q == "q0" else right) for s, q, right in answers]
    found = difficulty(answers).right["q0"]
    assert found.counted == 1
    assert 0.8 < found.low < found.share < found.high < 1


def test_a_fit_that_did_not_converge_gives_plain_shares(monkeypatch, verbagg):
    import mlmkit

    fit = mlmkit.glmer
    broken = type("Broken", (), {"converged": False, "is_singular": False})

    def not_converged(*arguments):
        broken.varcorr = fit(*arguments).varcorr
        return broken

    monkeypatch.setattr(mlmkit, "glmer", not_converged)
    found = item_statistics.difficulty(verbagg)
    assert "did not converge" in found.says
    assert found.right["S1DoCurse"].share == found.right["S1DoCurse"].counted


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_is_that_of_statsmodels(pair):
    assert wilson(*pair) == pytest.approx(proportion_confint(*pair, method="wilson"), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=20))
def test_correlation_is_pearsons_or_none(pairs):
    one, other = map(list, zip(*pairs, strict=True))
    found = correlation(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-9)


def test_two_students_are_too_few_for_a_correlation():
    assert correlation([0, 1], [0, 1]) is None
