"""`regrade` records a request, or says why it can't."""

import json

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from mlmkit import check, regrade
from mlmkit.answers.regrade import LONGEST, REQUEST

NUMBER = {"own_data": None, "shape": {"kind": "number", "unit": ""}}
KEY = {
    "graded": {"l01-ranef": NUMBER},
    "practice": {"l01-practice": {"answer": {}, "revisit": ""}},
    "predict": {"l01-guess": {}},
    "by_hand": {"l01-report": {}},
}


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What `regrade` shows in a notebook, in a folder with a lesson's key."""
    (tmp_path / "01_x.practice.json").write_text(json.dumps(KEY))
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell.instance()

    def run(*arguments, function=regrade):
        with capture_output() as shown:
            function(*arguments)
        (output,) = shown.outputs
        return output.data

    yield run
    shell.reset(new_session=False)
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("question", ["l01-ranef", "l01-report"])
def test_a_request_is_recorded_and_the_student_told_what_to_do(asked, question):
    data = asked(question, "I used REML, as asked.")
    assert data[REQUEST] == {"question": question, "why": "I used REML, as asked."}
    assert 'recorded: "I used REML, as asked." Save the notebook and hand it in again.' in data["text/plain"]
    assert "keep the time" in data["text/plain"]


@pytest.mark.parametrize(
    ("question", "why", "says"),
    [
        ("l01-ranf", "why", "Did you mean l01-ranef"),
        ("l01-practice", "why", "nothing of it is graded"),
        ("l01-guess", "why", "nothing of it is graded"),
        ("l01-ranef", " ", "Say why, in quotes"),
        ("l01-ranef", None, "Say why, in quotes"),
        (7, "why", "no question with this id"),
        ("l01-ranef", "x" * (LONGEST + 1), "2,001 characters; at most 2,000"),
    ],
)
def test_what_can_not_be_recorded_is_not(asked, question, why, says):
    data = asked(question, why)
    assert REQUEST not in data
    assert says in data["text/plain"]


def test_a_reason_of_the_longest_length_fits(asked):
    assert asked("l01-ranef", "x" * LONGEST)[REQUEST]["why"] == "x" * LONGEST


def test_markup_in_a_reason_stays_text(asked):
    data = asked("l01-ranef", "<img src=x onerror=alert(1)>")
    assert "<img" not in data["text/html"]


def test_without_a_key_or_with_a_damaged_one_it_is_recorded_all_the_same(asked, tmp_path):
    (tmp_path / "01_x.practice.json").write_text("{")
    assert REQUEST in asked("l01-anything", "why")
    (tmp_path / "01_x.practice.json").unlink()
    assert REQUEST in asked("l01-anything", "why")


def test_a_text_needs_no_check(asked):
    says = asked("l01-report", "my text", function=check)["text/plain"]
    assert "your instructor reads this text" in says
