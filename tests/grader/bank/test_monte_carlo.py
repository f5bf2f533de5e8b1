"""Right answers from simulation are not refused, whatever the seed: the lessons' own solutions, again."""

import re
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from grader.author.tagged_lesson import role_of, source_notebook
from grader.bank import questions
from grader.bank.monte_carlo import monte_carlo
from grader.course.repository import ROOT
from grader.judge import judge, references
from mlmkit.answers.kinds import encode
from mlmkit.data import data_fingerprint

SIMULATED = ("03_uncertainty", "05_bayesian_fits")


def solution_of(lesson, student, seed):
    """Run a lesson's solutions with other seeds; return the answers to the graded questions, by id."""
    import matplotlib.pyplot as plt

    cells = [
        cell
        for cell in source_notebook(ROOT / "solutions" / f"{lesson}.md").cells
        if cell.cell_type == "code"
    ]
    answers = {}
    names = {}
    with redirect_stdout(StringIO()):
        for cell in cells:
            source = f'STUDENT = "{student}"' if role_of(cell) == "student" else cell.source
            source = re.sub(r"\bseed=(\d+)", lambda found: f"seed={1000 * seed + int(found[1])}", source)
            exec(source, names)
            names["check"] = lambda question, answer=None: answers.setdefault(question, encode(answer))
    plt.close("all")
    return {id: answers[id] for id, question in questions(lesson).items() if not question.practice}


def refused(lesson, students, seeds):
    """Count the right answers that are not judged right, by question."""
    found = Counter()
    for student in students:
        own = data_fingerprint(references.homes(student))
        for seed in seeds:
            for question, answer in solution_of(lesson, student, seed).items():
                payload = {"question": question, "answer": answer, "data": own}
                verdict = judge(question, payload, student=student, max_points=1)
                found[question] += verdict.status != "right"
    return found


@pytest.mark.parametrize("lesson", SIMULATED)
def test_the_solutions_are_right_with_another_seed(lesson):
    found = refused(lesson, ["grace"], [1])
    asked = {id for id, question in questions(lesson).items() if not question.practice}
    assert set(found) == asked
    assert not +found


@pytest.mark.slow
@pytest.mark.parametrize("lesson", SIMULATED)
def test_hardly_any_right_answer_is_refused(lesson):
    found = refused(lesson, ["ada", "grace", "emmy"], range(40))
    assert max(found.values()) <= 1 and sum(found.values()) <= 2, found


@pytest.mark.parametrize(
    ("statistic", "error"),
    [
        (np.mean, 1.0),
        (np.median, np.sqrt(np.pi / 2)),
        (np.std, np.sqrt(0.5)),
        (lambda draws: np.quantile(draws, 0.05), np.sqrt(0.05 * 0.95) / 0.10314),
    ],
)
def test_the_tolerance_is_five_standard_errors(statistic, error):
    draws = np.random.default_rng(3).normal(size=200_000)
    expected = 5 * error * np.sqrt(1 / 4000 + 1 / 200_000)
    assert monte_carlo(statistic, draws, ess=4000) == pytest.approx(expected, rel=0.2)


def test_the_reference_has_an_error_of_its_own():
    draws = np.random.default_rng(3).normal(size=10_000)
    many = monte_carlo(np.mean, draws, ess=10_000)
    assert many == pytest.approx(5 * np.sqrt(2 / 10_000), rel=0.15)


def test_several_statistics_have_a_tolerance_each():
    draws = np.random.default_rng(3).lognormal(size=20_000)
    low, high = monte_carlo(lambda draws: np.quantile(draws, [0.05, 0.95]), draws, ess=4000)
    assert high > 5 * low
