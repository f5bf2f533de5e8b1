"""Practice in steps: hints one after the other, the worked solution after three tries, guesses only noted."""

import json
import os

import pytest

from mlmkit import check, hint
from mlmkit.answers import practice
from mlmkit.answers.kinds import Mistake, Number, to_key
from mlmkit.answers.verdicts import verdict

SD = Number(3.0, mistakes=[Mistake(9.0, says="This is the variance.", did=r"\sigma_\alpha^2 < 1")])
ENTRY = {
    "answer": to_key(SD),
    "revisit": "01: Spread",
    "idea": r"\sigma_\alpha",
    "hints": ["Look at the print-out.", "Take the root."],
    "solution": "sd = variance**0.5  # <the root>",
}
KEY = {
    "graded": {"l01-sd": {"own_data": None, "shape": {"kind": "number", "unit": ""}}},
    "practice": {"l01-practice-sd": ENTRY, "l01-practice-bare": {**ENTRY, "hints": [], "idea": ""}},
    "predict": {"l01-guess-sd": {}},
}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """What a function tells, in a folder with the key file."""
    practice.forget()
    (tmp_path / "01_x.practice.json").write_text(json.dumps(KEY))
    monkeypatch.chdir(tmp_path)

    def run(function, *arguments):
        function(*arguments)
        return capsys.readouterr().out.strip()

    yield run
    practice.forget()


def test_each_other_wrong_answer_gets_the_next_hint(told):
    id = "l01-practice-sd"
    assert told(check, id, 5.0).endswith("Read again: 01: Spread. Hint 1 of 2: Look at the print-out.")
    assert told(check, id, 5.0).endswith("Hint 1 of 2: Look at the print-out.")  # the same try again
    assert told(check, id, 9.0).endswith("the variance. Read again: 01: Spread. Hint 2 of 2: Take the root.")
    assert told(check, id, 7.0).endswith("Hint 2 of 2: Take the root.")
    assert told(check, id, 3.0) == f"{id}: Right."


def test_the_solution_can_be_opened_after_three_different_tries():
    practice.forget()
    replies = [practice.practised("q", ENTRY, answer) for answer in (5.0, 5.0, 6.0, 7.0)]
    assert ["<details" in reply.more for reply in replies] == [False, False, False, True]
    assert "sd = variance**0.5  # &lt;the root&gt;" in replies[-1].more
    assert practice.practised("q", ENTRY, 3.0).more == ""
    assert "<details" not in practice.practised("other", ENTRY, 5.0).more  # tries are counted by question
    practice.forget()


def test_an_answer_of_the_wrong_form_is_no_try():
    practice.forget()
    replies = [practice.practised("q", ENTRY, answer) for answer in ("a", "b", "c", "d")]
    assert not any("Hint" in reply.says or reply.more for reply in replies)


def test_hints_come_without_a_try(told):
    id = "l01-practice-sd"
    assert told(hint, id) == f"{id}: Hint 1 of 2: Look at the print-out."
    assert told(hint, id) == f"{id}: Hint 2 of 2: Take the root."
    assert "last hint. After 3 different tries you can open the worked solution" in told(hint, id)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("l01-practice-bare", "there is no hint to this question. Read again: 01: Spread."),
        ("l01-sd", "there are hints to practice questions only."),
        ("l01-guess-sd", "there are hints to practice questions only."),
        ("l01-practice-sdd", "there is no question with this id. Did you mean l01-practice-sd"),
        (3, "int: there is no question with this id."),
    ],
)
def test_hints_that_are_not_there(told, question, says):
    assert says in told(hint, question)


def test_a_question_without_hints_says_what_is_wrong_all_the_same(told):
    assert told(check, "l01-practice-bare", 9.0).endswith("This is the variance. Read again: 01: Spread.")


@pytest.mark.parametrize(
    ("guess", "says"),
    [
        ("b", "your guess (b) is noted. Run on, and compare."),
        (12.5, "your guess (12.5) is noted. Run on, and compare."),
        ([1, 2], "your guess is noted. Run on, and compare."),
        (float("nan"), "your guess is noted. Run on, and compare."),
        (..., "no guess yet. Replace the three dots: a wrong guess costs nothing."),
    ],
)
def test_a_guess_is_only_noted(told, guess, says):
    assert told(check, "l01-guess-sd", guess) == f"l01-guess-sd: {says}"


def test_what_was_done_stands_beside_the_idea_in_symbols():
    practice.forget()
    known = practice.practised("q", ENTRY, 9.0).more
    assert r"$\sigma_\alpha^2 &lt; 1$" in known and r"$\sigma_\alpha$" in known
    assert practice.practised("q", ENTRY, 5.0).more == ""  # nothing was recognised
    assert practice.practised("q", {**ENTRY, "idea": ""}, 9.0).more == ""


def test_of_two_explanations_neither_is_shown_in_symbols():
    two = [Mistake(9.0, says="One.", name="one", did="a"), Mistake(9.0, says="Other.", name="other", did="b")]
    assert verdict(Number(3.0, mistakes=two), 9.0, max_points=1, idea="c").did == ""


def test_a_key_without_steps_still_answers(told, tmp_path):
    old = {"answer": ENTRY["answer"], "revisit": "01: Spread", "hint": "Draw."}
    (tmp_path / "01_x.practice.json").write_text(json.dumps({"graded": {}, "practice": {"q": old}}))
    assert told(check, "q", 5.0).endswith("Read again: 01: Spread.")


def test_an_id_that_meant_another_value_in_another_process_means_nothing_here():
    kind = Number(3.0, mistakes=[Mistake(9.0, says="This is the variance.")])
    vars(kind)["_seen"] = {id(mistake.value): (object(), 3.0) for mistake in kind.mistakes}
    found = verdict(kind, 9.0, max_points=1)
    assert found.status == "mistake" and "This is the variance." in found.message


def test_a_key_file_is_read_once_until_it_changes(told, tmp_path, monkeypatch):
    read, usual = [], json.loads
    monkeypatch.setattr(json, "loads", lambda text: (read.append(text), usual(text))[1])
    id, file = "l01-practice-sd", tmp_path / "01_x.practice.json"
    os.utime(file, (0, 0))  # clocks of files may be coarse
    assert [told(check, id, 3.0) for _ in range(3)] == [f"{id}: Right."] * 3
    assert len(read) == 1
    file.write_text(file.read_text().replace("3.0", "4.0"))  # as many characters
    assert told(check, id, 4.0) == f"{id}: Right."
    (tmp_path / "02_x.practice.json").write_text(json.dumps({"practice": {"l02-other": ENTRY}}))
    assert told(check, "l02-other", 3.0) == "l02-other: Right."
    assert len(read) == 3
