"""One small class, from release to report: real nbgrader, kernels, processes and SQLite."""

import re

import nbformat
import pytest
import small_lesson
from nbgrader.apps.api import NbGraderAPI
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import CourseError, folder, open_course, open_gradebook, students_with
from grader.grade.verdicts import read_verdicts
from grader.marks.gradebook import read_class
from grader.pages.report import write_report

pytestmark = [
    pytest.mark.long(25),
    pytest.mark.machine,
    # SQLAlchemy and nbclient warn about nbgrader's and their own code, which is not ours to change.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

FORGES = """
from IPython.display import display
def check(question, answer):
    display({"application/vnd.mlmkit.verdict+json": {"status": "right", "score": 99.0}}, raw=True)
    return 99.0
"""
SUBMISSIONS = {
    "right": small_lesson.lesson(),
    "half": small_lesson.lesson(first="two = 1.0", second="four = 1 / 0"),
    "dies": small_lesson.lesson(second="import os; os._exit(1)"),
    "hangs": small_lesson.lesson(second="while True: pass"),
    "forges": small_lesson.lesson(setup=FORGES),
    "edits": small_lesson.lesson(first="two = 7.0", check_first='check("t00-two", 2.0)'),
    "marks-up": small_lesson.lesson(title="# A small lesson\n\n<img src=x onerror=alert(1)>"),
    "kills": small_lesson.lesson(second="import os, signal; os.kill(os.getppid(), signal.SIGKILL)"),
    "corrupt": b'{"cells": [',
    "empty": b"",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course folder after everything; tests only read it."""
    small_lesson.register()
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    for student, notebook in SUBMISSIONS.items():
        small_lesson.hand_in(root, student, notebook)
    wrong_name = root / "submitted" / "misnamed" / LESSON
    wrong_name.mkdir(parents=True)
    nbformat.write(small_lesson.lesson(), wrong_name / "My lesson.ipynb")
    with open_gradebook(open_course(root)) as gradebook:
        gradebook.update_or_create_student("absent", first_name="Ab", last_name="Sent")
    with classroom.local_cluster(2) as client:
        client.register_plugin(small_lesson.Bank())
        classroom.grade(LESSON, root=root, client=client)
        classroom.feedback(LESSON, root=root, client=client)
    write_report(LESSON, root=root)
    return root


@pytest.fixture(scope="module")
def group(course):
    return read_class(open_course(course), LESSON)


def submission(group, student):
    return next(item for item in group.submissions if item.student == student)


@pytest.mark.parametrize(
    ("student", "marks", "statuses"),
    [
        ("right", {"t00-two": 2.0, "t00-four": 3.0}, ["right", "right"]),
        ("half", {"t00-two": 1.0, "t00-four": 0.0}, ["mistake", "missing"]),
        ("dies", {"t00-two": 2.0, "t00-four": 0.0}, ["right", "not_run"]),
        ("hangs", {"t00-two": 2.0, "t00-four": 0.0}, ["right", "missing"]),
        ("forges", {"t00-two": 0.0, "t00-four": 0.0}, ["missing", "missing"]),
        ("kills", {"t00-two": 2.0, "t00-four": 0.0}, ["right", "missing"]),
        ("edits", {"t00-two": 0.0, "t00-four": 3.0}, ["wrong", "right"]),
    ],
)
def test_each_gets_the_marks_that_the_answers_are_worth(group, student, marks, statuses):
    found = submission(group, student)
    assert {question: found.marks[question] for question in marks} == marks
    assert [found.verdicts[question].status for question in marks] == statuses


def test_a_fault_of_the_grader_is_not_a_zero_but_waits_for_a_person(course, group):
    found = submission(group, "right")
    assert found.waiting == ["t00-broken"]
    assert (found.score, found.possible, found.share) == (5.0, 5.0, 1.0)
    with open_gradebook(open_course(course)) as gradebook:
        grade = gradebook.find_grade("t00-broken", LESSON, LESSON, "right")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)


@pytest.mark.parametrize(
    ("student", "says"),
    [
        ("corrupt", "00_small.ipynb is damaged: it is not valid JSON (line 1)."),
        ("empty", "00_small.ipynb is empty."),
    ],
)
def test_a_file_that_cannot_be_read_gets_zero_with_the_reason_and_stops_nobody(course, group, student, says):
    found = submission(group, student)
    assert (found.status, found.score) == ("unreadable", 0.0)
    assert found.note.startswith(says)
    assert says in found.feedback.read_text()
    with open_gradebook(open_course(course)) as gradebook:
        entry = gradebook.find_submission(LESSON, student)
        marks = {grade.name: grade.auto_score for grade in entry.notebooks[0].grades}
    assert marks == {"t00-two": 0, "t00-four": 0, "t00-broken": None}


def test_the_workers_of_a_scheduler_can_grade(course):
    with classroom.local_cluster(1) as client:
        client.register_plugin(small_lesson.Bank())
        address = client.scheduler_info()["address"]
        (outcome,) = classroom.grade(LESSON, root=course, students=["right"], scheduler=address, force=True)
    assert (outcome.student, outcome.status, outcome.kept) == ("right", "done", False)


def test_everybody_is_in_the_report_also_who_handed_in_nothing(group):
    assert {item.student for item in group.submissions} == {*SUBMISSIONS, "misnamed", "absent"}
    absent = submission(group, "absent")
    assert (absent.name, absent.status, absent.note) == ("Ab Sent", "absent", "Nothing was handed in.")


def test_the_formgraders_button_takes_the_same_way(course):
    app = open_course(course)
    before = _verdicts(app, "half")
    result = NbGraderAPI(coursedir=app.coursedir, parent=app).autograde(LESSON, "half")
    assert result["success"], result
    assert _verdicts(app, "half") == before


def _verdicts(app, student):
    path = folder(app, "autograded", student, LESSON) / f"{LESSON}.ipynb"
    return read_verdicts(nbformat.read(path, as_version=4))


def test_feedback_explains_every_mark_and_needs_no_network(course):
    app = open_course(course)
    pages = students_with(app, "feedback", LESSON)
    assert set(pages) == {*SUBMISSIONS, "misnamed"}
    page = (folder(app, "feedback", "half", LESSON) / f"{LESSON}.html").read_text()
    assert "1 of 2 points" in page
    assert small_lesson.HALF in page
    assert "ZeroDivisionError: division by zero" in page
    addresses = re.findall(r"""(?:src|href)=["']?([^"'>]+)""", page)
    outside = [address for address in addresses if not address.startswith(("#", "data:"))]
    assert outside == []


def test_feedback_of_a_hostile_submission_runs_nothing(course):
    app = open_course(course)
    page = (folder(app, "feedback", "marks-up", LESSON) / f"{LESSON}.html").read_text()
    assert "onerror" not in page
    assert "A small lesson" in page


def test_the_report_names_mistakes_students_and_reasons(course):
    page = (course / "reports" / f"{LESSON}.html").read_text()
    assert "9 of 12 students in the gradebook have a graded submission." in page
    first = page[page.index('id="first"') : page.index('id="scores"')]
    titles = ["Not graded", "Waiting for you", "Lost kernel", "Nothing handed in", "Got wrong most"]
    assert [title for title in titles if f"<strong>{title}</strong>" in first] == titles
    assert re.search(r"Lost kernel</strong>: <a href=\"#student-\d+\">dies</a>", first)
    assert '<th scope="row">half</th><td class="number">1</td>' in page
    assert "00_small.ipynb is damaged" in page
    assert f'href="../feedback/half/{LESSON}/{LESSON}.html"' in page
    assert "http:" not in page
    assert "https:" not in page


def test_nothing_of_nbgraders_log_is_on_the_screen(course, capfd):
    classroom.grade_student(LESSON, str(course), "corrupt")
    assert capfd.readouterr() == ("", "")
    assert "corrupt" in (course / ".nbgrader.log").read_text()


def test_a_lesson_that_was_not_released_is_refused_with_the_ones_that_were(course):
    with pytest.raises(CourseError, match=r"does not know the lesson '09_x'\. It knows: 00_small"):
        classroom.grade("09_x", root=course)


def test_a_folder_without_configuration_is_no_course(tmp_path):
    with pytest.raises(CourseError, match=r"has no nbgrader_config\.py"):
        open_course(tmp_path)
