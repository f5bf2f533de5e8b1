"""What is kept on disk is what would be computed, and no fault of the files costs an answer."""

import json
import multiprocessing
import time

import numpy as np
import pytest

from grader.author.build import lesson_names
from grader.bank import Number, Question, get, questions
from grader.judge import judge, reference_cache, references
from grader.judge.reference_cache import FOLDER, contents_of, folder, look_up
from mlmkit.answers.kinds import encode
from mlmkit.data import data_fingerprint, homes_for

pytestmark = pytest.mark.long(60)

QUESTION = "l01-sd-zipcode"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    references.kept.cache_clear()
    references.expected.cache_clear()
    yield tmp_path
    references.kept.cache_clear()


def look(value=1.0, student="ada", id=QUESTION):
    """Ask for an entry; return the value that came and how often it had to be made."""
    made = []

    def make():
        made.append(1)
        return Number(value)

    return look_up(get(id), contents_of(homes_for(student)), make).value, len(made)


def test_an_entry_is_made_once_for_each_question_and_each_students_data(place):
    assert look(1.5) == (1.5, 1)
    assert look(9.9) == (1.5, 0)
    assert look(2.5, student="grace") == (2.5, 1)
    assert look(3.5, id="l01-fixef") == (3.5, 1)
    assert look(9.9, student="ADA ") == (1.5, 0)  # the same sales
    assert len(list(place.rglob("*.json"))) == 3


@pytest.mark.parametrize(
    "content",
    ["", "x", "{}", "digest\n{}", "\udcff", None],
    ids=["empty", "x", "json", "digest", "bytes", "cut"],
)
def test_a_damaged_entry_is_made_anew_and_mended(place, content):
    look(1.5)
    (path,) = place.rglob("*.json")
    whole = path.read_text()
    path.write_bytes((whole[:-5] if content is None else content).encode("utf-8", "surrogateescape"))
    assert look(2.5) == (2.5, 1)
    assert look(9.9) == (2.5, 0)


def test_a_changed_digit_is_noticed(place):
    look(1.5)
    (path,) = place.rglob("*.json")
    path.write_text(path.read_text().replace("1.5", "1.6"))
    assert look(2.5) == (2.5, 1)


def test_a_change_of_the_bank_makes_new_entries_and_old_ones_go(place, monkeypatch):
    look(1.5)
    for state in range(5):
        monkeypatch.setattr(reference_cache, "bank_digest", lambda state=state: f"{state}" * 64)
        assert look(2.0 + state) == (2.0 + state, 1)
        time.sleep(0.01)
    assert sorted(item.name[:1] for item in place.iterdir()) == ["2", "3", "4"]


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(FOLDER, str(tmp_path / "file"))
    assert look(1.5) == (1.5, 1)
    assert look(2.5) == (2.5, 1)


def test_an_empty_variable_keeps_nothing(monkeypatch):
    monkeypatch.setenv(FOLDER, "")
    assert folder() is None
    assert look(1.5) == (1.5, 1) and look(2.5) == (2.5, 1)


def test_questions_that_are_not_of_the_bank_are_never_kept(place):
    own = Question("t00-kept", "t", "r", "00_t", ("homes",), False, lambda homes: Number(2.0))
    assert references.kept(own, "ada").value == 2.0
    assert not list(place.rglob("*.json"))


def write_many(place, student, start):
    """Write and read the same entry over and over, in a process of its own."""
    import os

    os.environ[FOLDER] = str(place)
    question, homes = get(QUESTION), homes_for(student)
    start.wait()
    for _ in range(200):
        path = folder() / "x.json"
        reference_cache._write(path, Number(1.5))
        assert reference_cache._read(path).value == 1.5
        assert look_up(question, homes, lambda: Number(1.5)).value == 1.5


def test_processes_share_a_folder_and_never_read_half_an_entry(place):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    crew = [context.Process(target=write_many, args=(place, "ada", start)) for _ in range(3)]
    for process in crew:
        process.start()
    for process in crew:
        process.join(60)
    assert [process.exitcode for process in crew] == [0, 0, 0]
    assert {item.suffix for item in folder().iterdir()} == {".json"}  # no drafts are left


@pytest.mark.parametrize("lesson", lesson_names())
def test_what_is_kept_judges_as_what_is_computed(place, lesson):
    own = data_fingerprint(homes_for("ada"))
    asked = {id: question for id, question in questions(lesson).items() if not question.practice}
    for _ in range(2):  # made, then read
        references.kept.cache_clear()
        for id in asked:
            fresh, kept = references.expected(id, "ada"), references.kept(id, "ada")
            for value in [fresh.value, *(mistake.value for mistake in fresh.mistakes)]:
                answer = fresh.answer_with(value)
                one, other = fresh.grade(answer), kept.grade(answer)
                assert one == other or (np.isnan(one.credit) and np.isnan(other.credit)), id
    assert len(list(place.rglob("*.json"))) == sum("homes" in question.needs for question in asked.values())
    right = {"question": QUESTION, "answer": encode(references.expected(QUESTION, "ada").value), "data": own}
    assert judge(QUESTION, right, student="ada", max_points=2).score == 2


def test_entries_are_plain_json(place):
    look(1.5)
    (path,) = place.rglob("*.json")
    assert json.loads(path.read_text().partition("\n")[2])["value"] == 1.5
