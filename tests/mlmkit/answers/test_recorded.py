"""`check_all` and nbgrader's Validate say what is recorded; of right and wrong they say nothing."""

import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps import validateapp
from nbgrader.server_extensions.validate_assignment import handlers
from nbgrader.utils import compute_checksum
from nbgrader.validator import Validator

from mlmkit import check, check_all
from mlmkit.answers import recorded, server_extension
from mlmkit.answers.validator import RecordedAnswers, conclusion

NUMBER = {"own_data": None, "shape": {"kind": "number", "unit": ""}}
KEY = {"graded": {f"l01-{letter}": NUMBER for letter in "abcd"}, "practice": {}, "predict": {"l01-guess": {}}}
OTHER = {"graded": {"l02-x": NUMBER}, "practice": {}, "predict": {}}
LATER = "Right or wrong comes after grading."


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """What `check_all` says after these checks, in a folder with the keys of two lessons."""
    for name, key in {"01_x": KEY, "02_y": OTHER}.items():
        (tmp_path / f"{name}.practice.json").write_text(json.dumps(key))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "STUDENT", "ana", raising=False)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    recorded.forget()

    def run(*checks):
        for question, answer in checks:
            check(question, answer)
        capsys.readouterr()
        check_all()
        return capsys.readouterr().out.strip()

    yield run
    recorded.forget()


def test_it_counts_answers_and_names_what_is_not_answered(told):
    says = told(("l01-a", 1.0), ("l01-b", ...), ("l01-c", "much"), ("l01-guess", "z"))
    assert says == (
        "Your answers: 2 of 4 answers recorded. 1 not answered: l01-b. "
        "1 not checked, because the check cell was not run: l01-d. "
        f"1 can't be right yet (read the sentence under the check): l01-c. {LATER}"
    )


def test_the_last_check_of_a_question_counts(told):
    assert "1 not answered: l01-a." in told(("l01-a", 1.0), ("l01-a", ...))
    assert "not answered" not in told(("l01-a", 1.0))


def test_a_complete_lesson_hears_of_nothing_but_the_number(told):
    answers = [(question, 1e9) for question in KEY["graded"]]
    assert told(*answers) == f"Your answers: 4 of 4 answers recorded. {LATER}"


def test_a_session_without_checks_is_told_to_run_them(told):
    assert "No check cell was run in this session." in told()


def test_without_a_key_file_it_says_that_there_may_be_more(told, tmp_path):
    for file in tmp_path.glob("*.json"):
        file.unlink()
    assert "there may be more questions" in told(("l01-a", 1.0))


def test_a_broken_key_file_raises_nothing(told, tmp_path):
    (tmp_path / "01_x.practice.json").write_text("{")
    assert "the key file can't be read" in told(("l01-a", 1.0))


@pytest.mark.parametrize(
    ("typed", "login", "says"),
    [
        ("", None, "STUDENT is empty"),
        ("  ", "ana", "STUDENT is empty"),
        (None, None, "The cell with STUDENT was not run"),
        ("ben", "ana", 'STUDENT is "ben", but you are logged in as "ana"'),
        ("Ana ", "ana", None),
    ],
)
def test_a_name_that_cannot_be_right_is_told(told, monkeypatch, typed, login, says):
    if typed is None:
        monkeypatch.delattr(sys.modules["__main__"], "STUDENT")
    else:
        monkeypatch.setattr(sys.modules["__main__"], "STUDENT", typed)
    if login:
        monkeypatch.setenv("JUPYTERHUB_USER", login)
    said = told(("l01-a", 1.0))
    assert says in said if says else said.endswith(LATER)


# Validate -------------------------------------------------------------------------------------------


def graded(cell, grade_id, solution=False):
    cell.metadata["nbgrader"] = {
        "grade": True, "grade_id": grade_id, "points": 2, "solution": solution, "locked": not solution,
        "schema_version": 3, "task": False, "cell_type": cell.cell_type,
    }  # fmt: skip
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return cell


def notebook(student="ana", text="My text."):
    """A lesson of a right, a wrong, a blank and an impossible answer, an error, and a text."""
    code = ["from mlmkit import check", f'STUDENT = "{student}"', "raise ValueError('no')"]
    checks = {"l01-a": "1.0", "l01-b": "...", "l01-c": "float('nan')", "l01-d": "-5"}
    written = graded(new_markdown_cell("YOUR ANSWER HERE"), "l01-text", solution=True)
    written.source = text
    cells = [*map(new_code_cell, code), written]
    cells += [graded(new_code_cell(f'check("{id}", {answer})'), id) for id, answer in checks.items()]
    nb = new_notebook(cells=cells)
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb


@pytest.fixture
def in_nbgraders_place(monkeypatch):
    for module in (handlers, validateapp):
        monkeypatch.setattr(module, "Validator", Validator)
    server_extension._load_jupyter_server_extension(None)


def test_the_button_and_the_command_find_our_validator(in_nbgraders_place):
    assert handlers.Validator is validateapp.Validator is RecordedAnswers


@pytest.mark.long(5)
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_validate_says_what_is_recorded(in_nbgraders_place, tmp_path, capsys, monkeypatch):
    (tmp_path / "01_x.practice.json").write_text(json.dumps(KEY))
    nbformat.write(notebook(), tmp_path / "01_x.ipynb")
    monkeypatch.setattr(RecordedAnswers, "stream", sys.stdout)
    validateapp.ValidateApp.clear_instance()
    app = validateapp.ValidateApp()
    app.extra_args = [str(tmp_path / "01_x.ipynb")]
    app.start()
    assert capsys.readouterr().out.splitlines() == [
        "3 of 4 answers recorded.",
        "1 not answered: l01-b.",
        "1 can't be right yet (read the sentence under the check): l01-c.",
        LATER,
        "One cell stopped with an error. The first begins: raise ValueError('no')",
    ]


def test_a_text_that_was_not_written_and_an_empty_name_are_told():
    says = conclusion(notebook(student="", text="YOUR ANSWER HERE"))
    assert "No text written yet: l01-text." in says
    assert says[-1].startswith("STUDENT is empty")
    assert not any("STUDENT" in line or "text" in line for line in conclusion(notebook()))


def test_a_check_that_was_not_run_is_told():
    assert conclusion(notebook())[:2] == [
        "0 of 4 answers recorded.",
        "4 not checked, because the check cell was not run: l01-a, l01-b, l01-c, l01-d.",
    ]
