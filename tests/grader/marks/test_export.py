"""The files for Canvas and Moodle: who is in them, and with which marks."""

import pytest

from grader.marks.export import canvas_rows, mark_of, moodle_rows, write_marks
from grader.marks.gradebook import Class, GradedQuestion, Submission


@pytest.fixture
def group():
    marks = {"status": "graded", "possible": 20.0}
    return Class(
        "01_pooling",
        "Lesson 1: Pooling",
        [GradedQuestion("q", 20.0, "pooling", "01", "The mean")],
        [
            Submission("ana", "Ana Alt", score=15.5, email="ana@example.org", lms_id="a123", **marks),
            Submission("ben", "", score=0.0, **marks),
            Submission("chen", "", score=12.0, waiting=["q"], **marks),
            Submission("dora", "", "absent", "Nothing was handed in."),
        ],
    )


def marks_of(group):
    return {one.student: mark_of(one) for one in group.submissions if mark_of(one) is not None}


def test_canvas_gets_its_columns_the_points_possible_and_who_is_fully_graded(group):
    assert canvas_rows(group, marks_of(group)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lesson 1: Pooling"],
        ["Points Possible", "", "", "", "", "20"],
        ["Ana Alt", "a123", "", "ana", "", "15.5"],
        ["ben", "", "", "ben", "", "0"],
    ]


def test_moodle_gets_user_names_addresses_and_marks(group):
    assert moodle_rows(group, marks_of(group)) == [
        ["Username", "ID number", "Email address", "Lesson 1: Pooling (of 20 points)"],
        ["ana", "a123", "ana@example.org", "15.5"],
        ["ben", "", "", "0"],
    ]


def test_another_system_is_refused_with_the_two_that_are_known(tmp_path):
    with pytest.raises(ValueError, match="canvas or moodle, not for 'blackboard'"):
        write_marks("01_pooling", "blackboard", root=tmp_path)


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_a_text_is_not_taken_for_a_formula(group, text):
    group.submissions[0] = Submission(
        "ana", text, "graded", score=15.5, possible=20.0, email=text, lms_id=text
    )
    assert canvas_rows(group, marks_of(group))[2] == [f"'{text}", f"'{text}", "", "ana", "", "15.5"]
    assert moodle_rows(group, marks_of(group))[1] == ["ana", f"'{text}", f"'{text}", "15.5"]
