"""The twelve sample students of lesson 01: the score and the sentence that each of them must get.

This is `python -m grader demo`: the real lesson, nbgrader's exchange, kernels, two grading processes, SQLite.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from both_ways import differences, graded

from grader import classroom
from grader.author.leaks import scan_feedback, scan_release
from grader.course.course_folder import folder, open_course
from grader.demo.running import run_demo
from grader.demo.sample_class import LESSON, SAMPLE_CLASS, sample_notebook
from grader.grade import whole_class
from grader.grade.verdicts import read_verdicts
from grader.marks.gradebook import read_class

pytestmark = [
    pytest.mark.long(160),
    pytest.mark.machine,
    # SQLAlchemy and nbclient warn about nbgrader's and their own code, which is not ours to change.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

NO_RECORD = "No answer was recorded here."
NOT_ANSWERED = "This question was not answered."
DOTS = "Your answer cell stopped: it uses an answer that is still three dots."
OTHER_DATA = "This answer was computed from other data than yours"
NAN = "The value is NaN, not a number."
NO_FIT = "Your answer cell stopped because `my_fit` does not exist."
ALL = [  # in the order of the lesson
    "l01-mean-price",
    "l01-group-means",
    "l01-formula",
    "l01-sd-zipcode",
    "l01-sd-within",
    "l01-fixef",
    "l01-which-average",
    "l01-interval",
    "l01-ranef",
    "l01-few-sales",
]
OWN_DATA = [question for question in ALL if question != "l01-formula"]

# Student -> points (of 17; the report's 3 are given by hand), and question -> points, status, sentence.
# Questions that are not listed are right.
EXPECTED = {
    "ana": (17.0, {}),
    "ben": (17.0, {}),
    "chen": (17.0, {}),
    "dora": (
        15.5,
        {
            "l01-sd-zipcode": (1.0, "mistake", "This is the variance of the zip-code effects"),
            "l01-sd-within": (0.5, "mistake", "This is the variance, in squared dollars."),
        },
    ),
    "emil": (16.0, {"l01-sd-zipcode": (1.0, "mistake", "This comes from a fit with REML=False.")}),
    "fatma": (
        12.0,
        {
            "l01-ranef": (0.0, "mistake", "These are the estimated mean prices of the zip codes"),
            "l01-few-sales": (0.0, "mistake", "These are the random effects"),
        },
    ),
    "goran": (
        11.0,
        {
            "l01-fixef": (0.0, "mistake", "This is the mean of all houses."),
            "l01-which-average": (0.0, "mistake", "They are two different quantities"),
            "l01-few-sales": (0.0, "mistake", "These are the plain means of the ten sales: no pooling."),
        },
    ),
    "hanna": (
        8.0,
        dict.fromkeys(
            ("l01-interval", "l01-which-average", "l01-ranef", "l01-few-sales", "l01-formula"),
            (0.0, "missing", NOT_ANSWERED),
        ),
    ),
    "igor": (
        7.0,
        {
            "l01-sd-zipcode": (0.0, "missing", "Your answer cell stopped because `my_model` does not exist."),
            "l01-fixef": (0.0, "missing", NO_FIT),
            "l01-sd-within": (0.0, "missing", NO_FIT),
            "l01-interval": (0.0, "missing", NO_FIT),
            "l01-which-average": (0.0, "missing", DOTS),
            "l01-ranef": (0.0, "missing", NO_FIT),
        },
    ),
    "jana": (
        12.0,
        {
            "l01-mean-price": (0.0, "invalid", NAN),
            "l01-group-means": (0.0, "invalid", "The value for 98"),
            "l01-sd-zipcode": (0.0, "invalid", "The value is infinite."),
        },
    ),
    "kaspar": (0.0, dict.fromkeys(ALL, (0.0, "missing", NO_RECORD))),
    "lena": (1.0, dict.fromkeys(OWN_DATA, (0.0, "other_data", OTHER_DATA))),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's course folder, and what the demo said."""
    root = tmp_path_factory.mktemp("demo")
    said = []
    run_demo(root, say=said.append)
    return root, said


@pytest.fixture(scope="module")
def group(demo):
    return read_class(open_course(demo[0]), LESSON)


@pytest.mark.parametrize("student", EXPECTED)
def test_each_sample_student_gets_the_score_and_the_sentences(group, student):
    found = next(item for item in group.submissions if item.student == student)
    points, expected = EXPECTED[student]
    assert found.score == points
    assert list(found.verdicts) == ALL
    for question, verdict in found.verdicts.items():
        wanted = expected.get(question, (verdict.max_points, "right", "Right."))
        assert (verdict.score, verdict.status) == wanted[:2], (question, verdict.message)
        assert verdict.message.startswith(wanted[2]), question
        assert found.marks[question] == verdict.score


def test_the_sample_class_is_the_one_that_is_expected(group):
    assert [student.id for student in SAMPLE_CLASS] == list(EXPECTED)
    assert [item.student for item in group.submissions] == list(EXPECTED)


def test_the_name_of_another_student_is_said(group):
    notes = {item.student: item.note for item in group.submissions}
    assert 'The notebook has the name "ana" in STUDENT, but "lena" handed it in.' in notes["lena"]
    assert not any("STUDENT" in note for student, note in notes.items() if student != "lena")


def test_a_written_answer_waits_and_an_empty_one_does_not(group):
    waiting = {item.student for item in group.submissions if item.waiting == ["l01-report"]}
    assert waiting == {student.id for student in SAMPLE_CLASS if student.report}
    empty = [item for item in group.submissions if item.student not in waiting]
    assert all(item.marks["l01-report"] == 0 for item in empty)


def test_the_demo_ends_with_one_line_that_says_what_was_done(demo):
    root, said = demo
    assert said[-1] == (
        "demo: 12 of 12 students graded, 120 answers to 11 questions judged; "
        f"class report: {root / 'reports' / LESSON}.html"
    )
    assert [line for line in said if line.startswith("demo:")] == said[-1:]


def test_the_report_counts_the_mistakes_and_links_to_the_feedback(demo):
    root, _ = demo
    page = (root / "reports" / f"{LESSON}.html").read_text()
    assert "“variance for standard deviation”: 2 answers." in page
    for student in EXPECTED:
        link = f"../feedback/{student}/{LESSON}/{LESSON}.html"
        assert f'href="{link}"' in page
        assert (root / "reports" / link).is_file()


def test_feedback_gives_away_no_answer(demo):
    root, _ = demo
    app = open_course(root)
    for student in EXPECTED:
        page = folder(app, "feedback", student, LESSON) / f"{LESSON}.html"
        graded = folder(app, "autograded", student, LESSON) / f"{LESSON}.ipynb"
        assert scan_feedback(page, graded, LESSON, student) == []


def test_what_students_fetch_gives_away_no_answer(demo):
    root, _ = demo
    outbound = list((root / "exchange").glob(f"*/outbound/{LESSON}"))
    assert len(outbound) == 1
    for place in (folder(open_course(root), "release", ".", LESSON), *outbound):
        assert scan_release(place, LESSON) == []


def test_plain_nbgrader_autograde_takes_the_same_way(demo, tmp_path):
    """A copy of the course, one student, the command that nbgrader documents."""
    root, _ = demo
    copy = tmp_path / "course"
    keep = shutil.ignore_patterns("autograded", "feedback", "exchange")
    shutil.copytree(root, copy, ignore=keep)
    tools = Path(sys.executable).parent
    command = [tools / "nbgrader", "autograde", LESSON, "--student", "dora", "--course-dir", copy]
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    graded = nbformat.read(copy / "autograded" / "dora" / LESSON / f"{LESSON}.ipynb", as_version=4)
    expected = EXPECTED["dora"][1]
    found = {id: (v.score, v.status) for id, v in read_verdicts(graded).items() if v.status != "right"}
    assert found == {question: wanted[:2] for question, wanted in expected.items()}


@pytest.mark.needs_bwrap
def test_the_lecture_run_once_for_all_changes_nothing(demo, tmp_path):
    """The demo's class is small, so every notebook was run whole: grade a copy of it the short way."""
    root, _ = demo
    shutil.copytree(root, tmp_path, ignore=shutil.ignore_patterns("autograded"), dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, classroom.local_cluster(1) as crew:
        patch.setattr(whole_class, "FEW", 0)
        classroom.grade(LESSON, root=tmp_path, client=crew, force=True)
    short, full = graded(tmp_path, LESSON), graded(root, LESSON)
    assert full.short == 0 and short.short >= len(SAMPLE_CLASS) / 2
    assert short.marks == full.marks
    assert not differences(short, full)


def test_a_sample_student_who_answers_a_question_that_is_not_asked_is_refused(demo):
    root, _ = demo
    source = nbformat.read(root / "source" / LESSON / f"{LESSON}.ipynb", as_version=4)
    stranger = type(SAMPLE_CLASS[0])("eve", "answers something else", answers={"l99-nothing": "1"})
    with pytest.raises(ValueError, match="eve answers l99-nothing"):
        sample_notebook(stranger, source, source)
