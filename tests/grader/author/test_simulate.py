"""Students' answers against the bank: no false sentence, no dead mistake, nothing wrong that passes."""

import ast
from pathlib import Path

import numpy as np
import pytest

from grader.author import simulate, students
from grader.author.build import lesson_names
from grader.author.simulate import Tally, item_statistics
from grader.author.students import RIGHT, UNNAMED, answers_of
from grader.bank import Mistake, Number, Question, questions

pytestmark = pytest.mark.long(120)

LESSONS = lesson_names()


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_student_is_told_the_truth(lesson):
    tallies = simulate.simulate(lesson, 1, progress=False)
    assert not {tally.question: tally.faults for tally in tallies if tally.faults}


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_two_hundred_students_are_told_the_truth(lesson):
    tallies = simulate.simulate(lesson, 200, workers=2, progress=False)
    assert not {tally.question: tally.faults for tally in tallies if tally.faults}
    statistics = item_statistics([one for one in tallies if not questions()[one.question].practice])
    assert (statistics["discrimination"] > 0).mean() > 0.9
    assert statistics["difficulty"].corr(statistics["right"]) < -0.8


def test_every_question_has_answers():
    for lesson in LESSONS:
        assert set(answers_of(lesson)) == set(questions(lesson))
    assert answers_of("99_none") == {}


def test_the_answers_know_nothing_of_the_bank():
    for path in Path(students.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [
                name for name in names if name.startswith(("grader.bank", "grader.judge", "mlmkit.answers"))
            ]


@pytest.fixture
def a_question(monkeypatch):
    """Replace the questions and the answers by one of each."""

    def use(kind, *given):
        asked = Question("t00-q", "t", "r", "00_t", ("homes",), False, lambda homes: kind)
        monkeypatch.setattr("grader.author.simulate.get", lambda id: asked)
        monkeypatch.setattr("grader.judge.judging.get", lambda id: asked)
        monkeypatch.setattr("grader.author.simulate.answers_of", lambda lesson: {"t00-q": lambda work: given})
        monkeypatch.setattr("grader.judge.references.get", lambda id: asked)
        (tally,) = simulate.simulate("00_t", 3, progress=False)
        return tally

    return use


KIND = Number(
    10.0, mistakes=[Mistake(20.0, says="Twice.", name="twice"), Mistake(30.0, says="3.", name="dead")]
)


@pytest.mark.parametrize(
    ("deserves", "answer", "where"),
    [
        (UNNAMED, 20.0, "accused"),
        ("other", 20.0, "accused"),
        (RIGHT, 11.0, "refused"),
        (UNNAMED, 10.0, "passed"),
        ("twice", 15.0, "untold"),
        ("twice", 20.0, None),
        ("right or twice", 20.0, None),
        ("right or twice", 10.0, None),
        (UNNAMED, 15.0, None),
        (RIGHT, 10.0, None),
    ],
)
def test_what_becomes_of_an_answer_is_counted(a_question, deserves, answer, where):
    tally = a_question(KIND, (deserves, [answer]))  # for three students
    found = {name for name in ("accused", "refused", "passed", "untold") if getattr(tally, name)}
    assert found == ({where} - {None})
    assert bool(tally.faults) == (
        where in ("accused", "refused", "passed") or (deserves, answer) == ("twice", 15.0)
    )


def test_a_mistake_that_nobody_is_told_is_dead(a_question):
    tally = a_question(KIND, ("dead", [31.0]), ("twice", [20.0]))
    assert tally.dead == ["dead"] and tally.untried == []
    assert a_question(KIND, ("twice", [20.0])).untried == ["dead"]


def test_the_command_prints_what_it_found(a_question, capsys):
    a_question(KIND, (UNNAMED, [20.0]))
    assert simulate.main("00_t", 3, workers=1) == 1
    assert "accused falsely" in capsys.readouterr().out


def test_a_question_that_is_harder_is_found_harder():
    rng = np.random.default_rng(2)
    tallies = [Tally(f"t00-{n}") for n in range(4)]
    for number in range(150):
        for place, tally in enumerate(tallies):
            passes = place == 3 and rng.random() < 0.9  # most wrong answers to the last one earn full marks
            tally.marks += [(f"s{number}", RIGHT, True), (f"s{number}", UNNAMED, bool(passes))]
    statistics = item_statistics(tallies)
    assert statistics["difficulty"].idxmin() == "t00-3"
    assert statistics["discrimination"].drop("t00-3").min() > statistics["discrimination"]["t00-3"] - 0.1
