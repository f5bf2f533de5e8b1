"""From a tagged source to the lesson that students get."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from grader.author import build as build_module
from grader.author.build import build, build_lessons, check_same, differences
from grader.author.lesson_error import LessonError
from grader.author.tagged_lesson import source_notebook
from grader.bank import Choice, Mistake, Question, get
from grader.course.files import write_atomically
from grader.course.repository import ROOT

SOURCE = Path(__file__).with_name("fixtures") / "01_pooling.md"


def larger():
    return Choice("b", mistakes=[Mistake("a", says="That one is smaller.")])


KNOWN = {
    "l01-mean-price": get("l01-mean-price"),
    "p01-larger": Question(
        "p01-larger", "sizes", "01: Sizes", "01_pooling", (), True, larger, "", ("Draw both.",)
    ),
}

WORKED = 'first, second = 1, 2\nlarger = "b"'


@pytest.fixture(scope="module")
def lesson():
    return build(SOURCE, KNOWN)


@pytest.fixture(scope="module")
def student(lesson):
    """The notebook that students get; cells by id."""
    return {cell.id: cell for cell in nbformat.reads(lesson.student, as_version=4).cells}


@pytest.fixture
def only_these_questions(monkeypatch):
    for module in ("build", "leaks"):
        monkeypatch.setattr(f"grader.author.{module}.questions", lambda name=None: KNOWN)


def a_lesson(tmp_path, *cells):
    """Write a lesson of some cells, given as (tags, source), into a folder of its own."""
    blocks = [
        f"```{{code-cell}}\n:tags: [{tags}]\n{source}\n```\n" if tags is not None else source
        for tags, source in cells
    ]
    path = tmp_path / "01_test.md"
    path.write_text(
        "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
        + "\n".join(blocks)
    )
    return path


ANSWER = ("answer", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION")
CHECK = ("check, points=2", 'check("l01-x", x)')


# ------------------------------------------------------------------ what students get


def test_the_answer_is_replaced_by_a_stub_that_runs_and_hands_in_not_answered(student):
    assert (
        student["l01-mean-price-answer"].source == "# One line is enough.\nmean_price = ...\n# YOUR CODE HERE"
    )
    assert student["l01-manual-1"].source == "Explain it in your own words.\n\nYOUR ANSWER HERE"


def test_nbgrader_finds_its_metadata_though_nobody_typed_it(student):
    roles = {
        id: (
            cell.metadata.nbgrader.grade,
            cell.metadata.nbgrader.solution,
            cell.metadata.nbgrader.get("points"),
        )
        for id, cell in student.items()
        if "nbgrader" in cell.metadata
    }
    assert roles == {
        "l01-mean-price-answer": (False, True, None),
        "l01-mean-price": (True, False, 2),
        "p01-guess-answer": (False, True, None),
        "p01-guess": (False, False, None),
        "p01-larger-answer": (False, True, None),
        "p01-larger": (False, False, None),
        "l01-manual-1": (True, True, 4),
    }
    for check in ("l01-mean-price", "p01-guess", "p01-larger"):
        assert student[check].metadata.nbgrader.locked and student[check].metadata.editable is False
    assert [cell.source for cell in student.values() if "student" in cell.metadata.get("tags", [])] == [
        'STUDENT = ""'
    ]


def test_the_lesson_differs_from_its_source_only_where_it_should(lesson):
    before, after = (nbformat.reads(text, as_version=4) for text in (lesson.source, lesson.student))
    assert differences(before, after) == []
    changed = {b.id for b, a in zip(before.cells, after.cells, strict=True) if a.source != b.source}
    assert changed == {"l01-mean-price-answer", "p01-guess-answer", "p01-larger-answer", "l01-manual-1"}


@pytest.mark.parametrize(
    ("cell", "change", "says"),
    [
        (0, {"source": "# Another title"}, "changed outside of its solution"),
        (4, {"source": 'mean_price = homes["price"].mean()'}, "changed outside"),
        (5, {"outputs": [nbformat.v4.new_output("stream", text="7")]}, "has outputs"),
        (5, {"id": "other"}, "its id"),
    ],
)
def test_a_difference_elsewhere_is_found(lesson, cell, change, says):
    before, after = (nbformat.reads(text, as_version=4) for text in (lesson.source, lesson.student))
    after.cells[cell].update(change)
    assert any(says in problem for problem in differences(before, after))
    assert differences(before, nbformat.v4.new_notebook()) == ["The source has 14 cells, the lesson 0."]


def test_building_twice_gives_the_same_bytes(lesson):
    assert build(SOURCE, KNOWN) == lesson


def test_the_key_holds_forms_of_graded_answers_and_values_of_practice_only(lesson):
    key = json.loads(lesson.key)
    graded = key["graded"]["l01-mean-price"]
    assert graded["own_data"] and set(graded["shape"]) == {"kind", "unit"}
    assert key["practice"]["p01-larger"]["answer"]["value"] == "b"
    assert key["practice"]["p01-larger"]["hints"] == ["Draw both."]
    assert key["practice"]["p01-larger"]["solution"] == WORKED
    assert list(key["predict"]) == ["p01-guess"]


# ------------------------------------------------------------------ files


def test_lessons_are_written_and_found_the_same(tmp_path, only_these_questions):
    lessons = tmp_path / "lessons"
    (notebook,) = build_lessons(solutions=SOURCE.parent, lessons=lessons)
    assert notebook.name == "01_pooling.ipynb"
    names = sorted(path.name for path in lessons.iterdir())
    assert names == ["01_pooling.ipynb", "01_pooling.practice.json", "glossary.md"]
    assert check_same(lessons, SOURCE.parent) == []


def test_a_changed_a_missing_and_a_left_over_lesson_are_found(tmp_path, only_these_questions):
    build_lessons(solutions=SOURCE.parent, lessons=tmp_path)
    notebook = tmp_path / "01_pooling.ipynb"
    notebook.write_text(notebook.read_text().replace("The end.", "The End."))
    (tmp_path / "01_pooling.practice.json").unlink()
    (tmp_path / "glossary.md").write_text("old")
    write_atomically(tmp_path / "07_old.ipynb", "{}")
    problems = check_same(tmp_path, SOURCE.parent)
    assert problems == [
        "07_old.ipynb has no source in fixtures/.",
        "glossary.md differs from its source. Run `make lessons`.",
        "01_pooling.ipynb differs from its source. Run `make lessons`.",
        "01_pooling.practice.json is missing. Run `make lessons`.",
    ]


@pytest.mark.parametrize(
    ("there", "same"),
    [
        ('{"a": [0.90840594, "x", 2]}', True),
        ('{"a": [0.9084, "x", 2]}', False),
        ('{"a": [0.908405941, "y", 2]}', False),
        ('{"a": [0.908405941, "x", 2, 3]}', False),
        ('{"a": [0.908405941, "x", true]}', False),
        ('{"b": [0.908405941, "x", 2]}', False),
        ("{", False),
    ],
)
def test_the_last_digit_of_a_number_in_a_key_is_no_difference(tmp_path, there, same):
    """Two builds of one key, with one thread and with two, differed in the ninth digit of a fit."""
    for name, agrees in (("01_x.practice.json", same), ("01_x.ipynb", False)):
        (tmp_path / name).write_text(there)
        assert build_module._agrees(tmp_path / name, '{"a": [0.908405941, "x", 2]}') == agrees


def test_a_lesson_that_does_not_exist_is_named_with_those_that_do(tmp_path):
    with pytest.raises(LessonError, match=r"no lesson 02_x.*There are: 01_pooling"):
        build_lessons(["02_x"], SOURCE.parent, tmp_path)


# ------------------------------------------------------------------ what authors may get wrong


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([("anwser", "x = 1")], 'tag "anwser" is unknown. Valid tags: answer, check'),
        ([CHECK], "the check has no answer cell before it"),
        ([ANSWER], "no check or practice cell after it"),
        ([ANSWER, ("", "y = 2"), CHECK], "no check or practice cell after it"),
        ([("answer", "x = 1"), CHECK], "one line ### BEGIN SOLUTION"),
        ([("answer", "### END SOLUTION\n### BEGIN SOLUTION"), CHECK], "one line ### BEGIN SOLUTION"),
        ([ANSWER, ("check", 'check("l01-x", x)')], "needs its points as a tag"),
        ([ANSWER, ("check, points=many", 'check("l01-x", x)')], "needs its points as a tag"),
        ([ANSWER, ("check, points=-1", 'check("l01-x", x)')], "between 0 and 1000"),
        ([ANSWER, ("check, points=2", 'check("l01-x", x + 1)')], "a check cell holds one call"),
        ([ANSWER, ("check, points=2", 'check("l01-x", x)\nprint(x)')], "a check cell holds one call"),
        ([ANSWER, ("check, points=2", "check(x, x)")], "a check cell holds one call"),
        ([ANSWER, ("check, points=2", "check(")], "a check cell holds one call"),
        ([ANSWER, CHECK, ANSWER, CHECK], '"l01-x" is already used in 01_test.md, cell 2'),
        ([("", ANSWER[1])], "needs the tag answer or manual"),
        ([("answer, check", ANSWER[1])], "a cell has one role, not answer, check"),
        ([(None, "**Question 2** (2 points). x?\n"), ANSWER, CHECK], "where Question 1 should"),
        ([(None, "**Question 1** (1 point). x?\n"), ANSWER, CHECK], "1 points, but the tags of l01-x say 2"),
        ([(None, "**Question 1.** x?\n"), (None, "**Question 2.** y?\n"), ANSWER, CHECK], "no graded cell"),
    ],
)
def test_a_wrong_source_names_the_cell_and_what_to_do(tmp_path, cells, says):
    with pytest.raises(LessonError) as error:
        source_notebook(a_lesson(tmp_path, *cells))
    assert says in str(error.value) and str(error.value).startswith("01_test.md")


def test_a_lesson_and_its_bank_ask_the_same_questions(tmp_path):
    path = a_lesson(tmp_path, ANSWER, CHECK)
    with pytest.raises(LessonError, match="the bank has no graded question l01-x"):
        source_notebook(path, {})
    asked = Question("l01-x", "t", "r", "01_test", (), False, larger)
    source_notebook(path, {"l01-x": asked})
    with pytest.raises(LessonError, match="no practice cell asks the practice question p01-larger"):
        source_notebook(path, {"l01-x": asked, "p01-larger": KNOWN["p01-larger"]})


def test_a_source_that_is_no_notebook_says_so(tmp_path):
    path = tmp_path / "01_test.md"
    path.write_text("---\nkernelspec: {\n---\n")
    with pytest.raises(LessonError, match=r"01_test.md can't be read as a MyST notebook"):
        source_notebook(path)


def test_two_checks_may_share_an_answer_cell_and_an_author_may_write_the_stub(tmp_path):
    answer = ("answer", "x = 0\n### BEGIN SOLUTION\nx, y = 1, 2\n### END SOLUTION")
    path = a_lesson(tmp_path, answer, CHECK, ("check, points=0.5", 'check("l01-y", y)'))
    first, _, third = source_notebook(path).cells
    assert first.source.split("\n")[:3] == ["x = 0", "y = ...", "### BEGIN SOLUTION"]
    assert first.metadata.nbgrader["grade_id"] == "l01-x-answer"
    assert third.metadata.nbgrader["points"] == 0.5


def test_two_checks_under_one_heading_share_its_points(tmp_path):
    other = ("check, points=0.5", 'check("l01-y", x)')
    heading = (None, "**Question 1** (2.5 points, by hand). x?\n")
    assert len(source_notebook(a_lesson(tmp_path, heading, ANSWER, CHECK, other)).cells) == 4
    with pytest.raises(LessonError, match=r"the tags of l01-x say 2\. "):
        source_notebook(a_lesson(tmp_path, heading, ANSWER, CHECK))


def test_axes_that_the_author_made_are_not_taken_away(tmp_path):
    answer = ("answer", "_, x = (0, [])\n### BEGIN SOLUTION\nx.append(1)\n### END SOLUTION\nx.append(2)")
    first, *_ = source_notebook(a_lesson(tmp_path, answer, CHECK)).cells
    assert "..." not in first.source


def test_key_files_hold_no_digits_that_differ_between_processors():
    for path in (ROOT / "lessons").glob("*.practice.json"):
        numbers = re.findall(r"-?\d+\.\d+(?:e[-+]\d+)?", path.read_text(encoding="utf-8"))
        assert [text for text in numbers if float(text) != float(f"{float(text):.9g}")] == []
