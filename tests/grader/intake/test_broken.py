"""Every broken submission, through the real nbgrader: the marks and the sentence that it must get."""

import pytest
from both_ways import differences, graded
from broken import FAULTS, GOOD, LESSON, Bank, make_course, register
from class_of_four import copy_class

from grader import classroom
from grader.course.course_folder import open_course, open_gradebook
from grader.grade.fingerprint import submission_print
from grader.grade.saved_marks import auto_marks
from grader.marks.gradebook import read_class
from grader.pages.report import write_report

pytestmark = [
    pytest.mark.long(110),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


@pytest.fixture(scope="module")
def crew():
    """Two grading processes for all tests of this module."""
    with classroom.local_cluster(2) as client:
        client.register_plugin(Bank())
        yield client


@pytest.fixture(scope="module")
def course(crew, tmp_path_factory):
    """The course folder after everything, and the fingerprints of the submissions before it."""
    register()
    root = tmp_path_factory.mktemp("broken")
    make_course(root)
    classroom.release(LESSON, root=root)
    for fault in FAULTS.values():
        fault.hand_in(root)
    app = open_course(root)
    before = {name: submission_print(app, LESSON, name) for name in FAULTS}
    outcomes = classroom.grade(LESSON, root=root, client=crew)
    classroom.feedback(LESSON, root=root, client=crew)
    write_report(LESSON, root=root)
    return root, before, {outcome.student: outcome for outcome in outcomes}


@pytest.fixture(scope="module")
def marks(course):
    return auto_marks(open_course(course[0]), LESSON)


@pytest.fixture(scope="module")
def group(course):
    group = read_class(open_course(course[0]), LESSON)
    return {item.student: item for item in group.submissions}


@pytest.mark.parametrize("name", FAULTS)
def test_each_gets_the_marks_and_the_sentence(course, marks, group, name):
    fault, found, outcome = FAULTS[name], group[name], course[2][name]
    assert outcome.status == fault.status, outcome.message
    assert marks[name] == fault.marks
    page = found.feedback.read_text()
    if fault.says:
        assert fault.says.replace("`", "") in found.note.replace("`", "")
        assert fault.says.replace("`", "") in _plain(page)
    else:
        assert "About the file" not in page


@pytest.mark.needs_bwrap
def test_the_lecture_run_once_for_all_changes_nothing(course, crew, tmp_path):
    """The class is large enough for the short way: grade a copy of it with every notebook run whole."""
    copy_class(course[0], tmp_path)
    classroom.grade(LESSON, root=tmp_path, client=crew, full=True, force=True)
    short, full = graded(course[0], LESSON), graded(tmp_path, LESSON)
    assert full.short == 0 and short.short >= len(short.told) / 2
    assert short.marks == full.marks
    assert not differences(short, full)


def test_nobody_is_missing_and_an_instructor_can_give_points(course, group):
    assert set(group) == set(FAULTS)
    app = open_course(course[0])
    with open_gradebook(app) as gradebook:
        gradebook.find_grade("t20-four", LESSON, LESSON, "empty_file").manual_score = 1.5
        gradebook.db.commit()
    found = next(item for item in read_class(app, LESSON).submissions if item.student == "empty_file")
    assert (found.score, found.possible) == (1.5, 9.0)


def test_no_file_of_a_student_was_changed(course):
    root, before, _ = course
    app = open_course(root)
    assert {name: submission_print(app, LESSON, name) for name in FAULTS} == before


def test_a_text_that_was_rescued_waits_for_a_person(group):
    assert group["text_in_an_own_cell"].waiting == ["t20-text"]
    assert group["deleted_text_cell"].waiting == []


def test_the_report_shows_what_was_mended(course):
    page = (course[0] / "reports" / f"{LESSON}.html").read_text()
    assert "20_broken.ipynb was saved in UTF-16" in page
    readable = sum(fault.status == "done" for fault in FAULTS.values())
    assert f"{readable} of {len(FAULTS)} students in the gradebook have a graded submission." in page


def test_there_are_enough_of_them():
    assert len(FAULTS) >= 20
    assert GOOD.keys() == {"t20-two", "t20-four", "t20-text"}


def _plain(page):
    for tag in ("<code>", "</code>"):
        page = page.replace(tag, "")
    return page.replace("&#39;", "'").replace("&#x27;", "'").replace("&quot;", '"').replace("&#34;", '"')
