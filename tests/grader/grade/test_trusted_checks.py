"""What counts in a check cell, and what is said when nothing counts. No kernels: outputs are written here."""

import pytest
import small_lesson
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade

from grader.grade.trusted_checks import TrustedChecks
from grader.grade.verdicts import MIME, read_verdict, read_verdicts

ANSWER = "application/vnd.mlmkit.answer+json"
RESOURCES = {"nbgrader": {"student": "ana"}}


@pytest.fixture(autouse=True, scope="module")
def bank():
    small_lesson.register()


def recorded(value, question="t00-two"):
    """What `check` emits."""
    return new_output("display_data", data={ANSWER: {"question": question, "answer": value, "data": None}})


def error(name, value):
    return new_output("error", ename=name, evalue=value, traceback=[])


def judge(*outputs, answer_outputs=(), metadata=None):
    """Put outputs into the first check cell (and its answer cell) and return the judged check cell."""
    notebook = small_lesson.lesson()
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    by_id["t00-two"].outputs = list(outputs)
    by_id["t00-two"].metadata.update(metadata or {})
    by_id["t00-two-answer"].outputs = list(answer_outputs)
    TrustedChecks().preprocess(notebook, RESOURCES)
    return by_id["t00-two"]


def status_and_score(cell):
    verdict = read_verdict(cell)
    return verdict.status, verdict.score


@pytest.mark.parametrize(
    ("value", "expected"), [(2.0, ("right", 2.0)), (1.0, ("mistake", 1.0)), (7.0, ("wrong", 0.0))]
)
def test_one_recorded_answer_is_judged_and_nbgrader_takes_its_score(value, expected):
    cell = judge(recorded(value))
    assert status_and_score(cell) == expected
    assert len(cell.outputs) == 1
    assert determine_grade(cell) == (expected[1], 2.0)


@pytest.mark.parametrize(
    "noise",
    [
        new_output("stream", name="stderr", text="ConvergenceWarning: look out"),
        new_output("execute_result", data={"text/plain": "0.0"}, execution_count=1),
        error("ValueError", "after the answer"),
    ],
)
def test_a_right_answer_keeps_its_marks_whatever_else_is_printed(noise):
    assert status_and_score(judge(noise, recorded(2.0))) == ("right", 2.0)


@pytest.mark.parametrize(
    "forgery",
    [
        new_output("execute_result", data={"text/plain": "2.0"}, execution_count=1),
        new_output("execute_result", data={"text/plain": "nan"}, execution_count=1),
        new_output("stream", name="stdout", text="2.0"),
        new_output("display_data", data={MIME: {"status": "right", "score": 2.0, "max_points": 2.0}}),
        recorded(2.0, question="t00-four"),
        new_output("display_data", data={ANSWER: "not a dict"}),
    ],
)
def test_nothing_but_a_recorded_answer_counts(forgery):
    cell = judge(forgery)
    assert status_and_score(cell) == ("missing", 0.0)
    assert determine_grade(cell) == (0.0, 2.0)


@pytest.mark.parametrize(
    "value", [{"number": "nan"}, {"by_group": {"a": 1e999}}, [[]], {"x": {}}, "two", True]
)
def test_hostile_values_never_raise_and_never_score(value):
    status, score = status_and_score(judge(recorded(value)))
    assert status in ("invalid", "wrong")
    assert score == 0.0


def test_two_answers_are_not_one():
    cell = judge(recorded(1.0), recorded(2.0))
    assert status_and_score(cell) == ("invalid", 0.0)
    assert "2 answers to this question were recorded" in read_verdict(cell).message


def test_a_name_error_is_explained_in_words():
    cell = judge(error("NameError", "name 'two' is not defined"))
    assert read_verdict(cell).message.startswith("The check stopped because `two` does not exist.")
    assert "<code>two</code>" in cell.outputs[0].data["text/html"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TypeError", "'<' not supported between instances of 'float' and 'ellipsis'"),
        ("AttributeError", "'ellipsis' object has no attribute 'sum'"),
    ],
)
def test_an_answer_that_builds_on_three_dots_is_told_so(name, value):
    message = read_verdict(judge(error(name, value))).message
    assert message.startswith("The check stopped: it uses an answer that is still three dots.")


def test_the_error_in_the_answer_cell_is_the_reason_when_nothing_was_answered():
    broken = [error("ZeroDivisionError", "division by zero")]
    for outputs in ([], [recorded(None)], [error("NameError", "name 'two' is not defined")]):
        message = read_verdict(judge(*outputs, answer_outputs=broken)).message
        assert message.startswith("Your answer cell stopped with an error")
        assert message.endswith("Python said: ZeroDivisionError: division by zero")


def test_a_cell_that_did_not_run_says_why():
    cell = judge(metadata={"mlmkit": {"not_run": "The notebook stopped in code cell 3: the kernel died."}})
    verdict = read_verdict(cell)
    assert (verdict.status, verdict.score) == ("not_run", 0.0)
    assert verdict.message.startswith("The notebook stopped in code cell 3: the kernel died.")


def test_markup_from_a_student_does_not_reach_the_page():
    cell = judge(error("<script>", "<img src=x onerror=alert(1)>"))
    html = cell.outputs[0].data["text/html"]
    assert "<script" not in html
    assert "<img" not in html


def test_a_fault_of_the_bank_costs_no_marks_and_waits_for_a_person():
    notebook = small_lesson.lesson()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "t00-broken":
            cell.outputs = [recorded(1.0, "t00-broken")]
    TrustedChecks().preprocess(notebook, RESOURCES)
    verdict = read_verdicts(notebook)["t00-broken"]
    assert verdict.status == "ungraded"
    assert "not your fault" in verdict.message


def test_a_check_that_the_bank_does_not_know_waits_for_a_person():
    notebook = small_lesson.lesson()
    check = small_lesson.graded("t00-unknown", 'check("t00-unknown", 1)', 4)
    notebook.cells.append(check)
    TrustedChecks().preprocess(notebook, RESOURCES)
    assert read_verdict(check).status == "ungraded"


def test_cells_that_are_no_checks_are_left_alone():
    notebook = small_lesson.lesson()
    own_test = small_lesson.graded("instructors-own", "assert True", 4)
    notebook.cells.append(own_test)
    TrustedChecks().preprocess(notebook, RESOURCES)
    assert own_test.outputs == []
