"""A review: chosen by marks of a real gradebook, on fresh data, answered in a real kernel."""

import json
import re

import nbformat
import numpy as np
import pytest
import small_lesson
from nbclient import NotebookClient
from review_answers import RIGHT

from grader import classroom
from grader.__main__ import main
from grader.author.build import write_source
from grader.author.tagged_lesson import role_of
from grader.bank import get, questions
from grader.classroom.reviews import PARTS, START, asked_in, choose, data_name, made
from grader.course.course_folder import CourseError, folder, open_course
from grader.judge import references
from mlmkit import zipcodes_for
from mlmkit.answers.encoding import encode
from mlmkit.answers.practice import practised

ALL = [id for part in PARTS.values() for id in part.asks]


@pytest.mark.parametrize("lesson", PARTS)
def test_each_question_stands_alone_and_its_right_answer_is_right(lesson, capsys):
    _, key = made("ada", list(PARTS[lesson].asks), lesson[:2])
    around = {}
    exec(START.format(name=data_name("ada")), around)
    exec(PARTS[lesson].given, around)
    for id in PARTS[lesson].asks:
        text, _ = asked_in(lesson, id)
        assert not re.search(r"(Question|Practice) \d", text), "it speaks of another question"
        exec(RIGHT[id], around)
        reply = practised(f"review-{id}", key["practice"][f"review-{id}"], encode(around["answer"]))
        assert (reply.mood, reply.says) == ("good", "Right."), id
    assert set(key["practice"]) == {f"review-{id}" for id in PARTS[lesson].asks}


@pytest.mark.parametrize("student", ["ada", "grace", "emmy", "imaginary student"])
def test_the_data_are_nobody_elses_and_the_answers_are_not_the_graded_ones(student):
    assert not set(zipcodes_for(data_name(student))) & set(zipcodes_for(student))
    for id in ALL[:10]:
        fresh, own = (references.expected(id, name) for name in (data_name(student), student))
        assert get(id).own == "homes"
        assert np.any(np.asarray(encode_value(fresh)) != np.asarray(encode_value(own))), id


def encode_value(kind):
    """Write what is right as numbers."""
    return [float(text) for text in re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", repr(kind.value))]


def test_what_lost_most_is_asked_again_and_nothing_else_before_it():
    lost = dict.fromkeys(ALL, 0.0) | {"l03-ratio": 1.0, "l02-weights": 0.5}
    chosen = choose(lost, "05_bayesian_fits")
    assert {"l03-ratio", "l03-totals", "l02-weights", "l02-sales-needed"} <= set(chosen)  # and their topics
    assert len(chosen) == 10 and chosen == sorted(chosen, key=ALL.index)
    assert max(get(id).lesson for id in choose({}, "05_bayesian_fits")) == "05_bayesian_fits"
    assert {get(id).lesson for id in choose({}, "10_capstone")} == set(PARTS)


# A class ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Lesson 1: one student has everything right, one has nothing, one handed in nothing."""
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    config = root / "nbgrader_config.py"
    config.write_text(re.sub(r".*(timeout|modules) = .*\n", "", config.read_text()))
    write_source("01_pooling", root)
    classroom.release("01_pooling", root=root)
    for student, step in {"right": "source", "blank": "release"}.items():
        place = folder(open_course(root), step, ".", "01_pooling") / "01_pooling.ipynb"
        notebook = nbformat.read(place, as_version=4)
        for cell in notebook.cells:
            if role_of(cell) == "student" or cell.source.startswith('STUDENT = ""'):
                cell.source = f'STUDENT = "{student}"'
        small_lesson.hand_in(root, student, notebook, "01_pooling")
        assert classroom.grade_student("01_pooling", str(root), student).status == "done"
    return root


def asked(root, student):
    """List what a review asks."""
    key = root / "review" / student / "review_05" / "review_05.practice.json"
    return [id.removeprefix("review-") for id in json.loads(key.read_text())["practice"]]


pytestmark = [
    pytest.mark.long(60),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


def test_each_student_is_asked_what_this_student_got_wrong(course, capsys):
    assert main(["review", "05_bayesian_fits", "--course", str(course)]) == 0
    assert capsys.readouterr().out.count("wrote ") == 2
    lessons = {who: [get(id).lesson for id in asked(course, who)] for who in ("right", "blank")}
    assert lessons["blank"].count("01_pooling") == 5
    assert lessons["right"].count("01_pooling") < 5
    assert main(["review", "05_bayesian_fits", "--class", "--course", str(course)]) == 0
    assert asked(course, "right") == asked(course, "blank")
    with pytest.raises(CourseError, match="no student 'nobody'"):
        classroom.review("05_bayesian_fits", root=course, student="nobody")
    with pytest.raises(CourseError, match="no lesson '5'"):
        classroom.review("5", root=course)


def test_a_review_is_answered_in_a_kernel(course):
    (path,) = classroom.review("05_bayesian_fits", root=course, student="blank")
    notebook = nbformat.read(path, as_version=4)
    checks = [cell for cell in notebook.cells if cell.source.startswith("check(")]
    for cell, check in zip(notebook.cells, notebook.cells[1:], strict=False):
        if check in checks:
            id, name = re.match(r'check\("review-(.+)", (\w+)\)', check.source).groups()
            cell.source = f"{RIGHT[id]}{name} = answer"
    NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    said = [output.data["text/plain"] for cell in checks for output in cell.outputs]
    assert len(said) == len(questions_of(path)) == 10
    assert all(text.endswith(": Right.") for text in said), said


def questions_of(path):
    """List the ids of a key."""
    return json.loads(path.with_name("review_05.practice.json").read_text())["practice"]


def test_without_marks_there_is_nothing_to_review(tmp_path):
    small_lesson.make_course(tmp_path)
    with pytest.raises(CourseError, match="No lesson up to 05_bayesian_fits is graded yet"):
        classroom.review("05_bayesian_fits", root=tmp_path)


def test_every_id_is_known():
    assert set(ALL) <= set(questions()) and set(RIGHT) == set(ALL)
