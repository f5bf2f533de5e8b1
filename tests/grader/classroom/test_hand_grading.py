"""From a written answer to the student's page: the page, the marks, the gradebook, a request, an answer."""

import json
import re
import shutil

import nbformat
import pytest
import small_lesson
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import CourseError, open_course, open_gradebook
from grader.intake.request_log import Request, log_requests
from grader.marks.gradebook import read_class
from grader.marks.hand_marks import FORMAT
from grader.marks.written_answers import read_written
from grader.pages.report import write_report

pytestmark = [pytest.mark.long(15), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

RUBRIC = """### BEGIN SOLUTION
**Rubric.**

- [1] **The mean.** Of the houses (Question 1).
- [2] **The number.** Its value.

- Say which mean.
### END SOLUTION"""
TEXTS = {"ana": "The mean of <b>houses</b> is two.", "ben": "Two.\n\n</script><script>alert(1)</script>"}


def lesson(text):
    notebook = small_lesson.lesson()
    asked = new_markdown_cell("**Question 4** (3 points, read by your instructor). Which mean?")
    cell = new_markdown_cell(text)
    about = {"grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3}
    cell.metadata.nbgrader = {**about, "grade_id": "t00-text", "points": 3}
    notebook.cells += [asked, cell]
    return notebook


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in which ana and ben wrote a text, and chen left it blank."""
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    small_lesson.register()
    nbformat.write(lesson(RUBRIC), root / "source" / LESSON / f"{LESSON}.ipynb")
    classroom.release(LESSON, root=root)
    for student, text in TEXTS.items():
        small_lesson.hand_in(root, student, lesson(text))
    released = root / "release" / LESSON / f"{LESSON}.ipynb"
    small_lesson.hand_in(root, "chen", released.read_bytes())
    for student in (*TEXTS, "chen"):
        outcome = classroom.grade_student(LESSON, str(root), student)
        assert outcome.status == "done", outcome.message
    return root


@pytest.fixture
def course(graded, tmp_path):
    copy = tmp_path / "course"
    shutil.copytree(graded, copy)
    config = copy / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(graded), str(copy)))
    return copy


def marks_file(root, grader="gerda", **points):
    """Write what the page saves: points of each student, all with the first item and a comment."""
    (question,) = read_written(open_course(root), LESSON)
    marks = [
        {
            "question": question.id,
            "code": answer.code,
            "print": answer.print,
            "points": points[answer.student],
            "items": ["The mean"],
            "comment": "Well said.",
        }
        for answer in question.answers
        if answer.student in points
    ]
    path = root / f"written-{grader}.json"
    path.write_text(json.dumps({"format": FORMAT, "lesson": LESSON, "grader": grader, "marks": marks}))
    return path


def row(root, student):
    return {item.student: item for item in read_class(open_course(root), LESSON).submissions}[student]


def test_only_who_wrote_something_is_read_and_the_rubric_comes_from_the_source(course):
    (question,) = read_written(open_course(course), LESSON)
    assert sorted(answer.student for answer in question.answers) == ["ana", "ben"]
    assert {answer.student: answer.text for answer in question.answers} == TEXTS
    assert (question.blank, question.points) == (1, 3.0)
    assert [item.title for item in question.rubric.items] == ["The mean", "The number"]
    assert question.rubric.comments == ("Say which mean.",)


def test_the_page_has_every_text_as_text_the_right_figures_and_no_name(course):
    page = classroom.written_page(LESSON, root=course)
    assert (page.answers, page.waiting) == (2, 2)
    html = page.path.read_text()
    assert "The mean of &lt;b&gt;houses&lt;/b&gt; is two." in html
    assert "<script>alert" not in html
    assert html.count("Right for this student") == 2
    assert html.count("<dd>2 ") == 2  # Question 1, which the rubric names; not Question 2
    assert "1 left it blank" in html


def test_the_formgrader_has_rubric_and_right_figures_beside_the_answer_and_the_students_page_has_not(course):
    app = FormgradeExtension()
    app.initialize([], root=str(course))
    about = {
        **dict.fromkeys(("submission_id", "base_url", "first_name", "last_name", "notebook_path"), "x"),
        **{"assignment_id": LESSON, "notebook_id": LESSON, "student": "ana", "index": 0, "total": 1},
    }
    graded = course / "autograded" / "ana" / LESSON / f"{LESSON}.ipynb"
    html, _ = HTMLExporter(config=app.config).from_filename(str(graded), resources=about)
    page = BeautifulSoup(html, "html.parser")
    *numbers, text = page.select("details.beside")
    assert [item.text for item in text.select("li")] == [
        "1 point: The mean. Of the houses (Question 1).",
        "2 points: The number. Its value.",
    ]
    assert [figure.text[:2] for figure in text.select("dd")] == ["2 "]  # Question 1, which the rubric names
    assert [figure.dd.text.split()[0] for figure in numbers[:2]] == ["2", "4"]
    assert text.find_previous("div", class_="nbgrader_cell").find(id="t00-text")
    classroom.feedback(LESSON, root=course)
    feedback = (course / "feedback" / "ana" / LESSON / f"{LESSON}.html").read_text()
    assert "The number. Its value" not in feedback and 'class="beside"' not in feedback


def test_marks_go_into_the_gradebook_the_formgrader_and_the_students_page(course):
    done = classroom.take_marks(LESSON, [marks_file(course, ana=1, ben=2.5)], root=course)
    assert (done.count, done.refused, done.waiting) == (2, [], [])
    assert row(course, "ana").marks["t00-text"] == 1
    assert "t00-text" not in row(course, "ana").waiting
    app = open_course(course)
    (seen,) = (
        one
        for one in NbGraderAPI(coursedir=app.coursedir, parent=app).get_submissions(LESSON)
        if one["student"] == "ben"
    )
    assert seen["score"] == 2.5 + 5  # and what the checks gave
    with open_gradebook(app) as gradebook:
        comment = gradebook.find_comment("t00-text", LESSON, LESSON, "ben").comment
        assert not gradebook.find_grade("t00-text", LESSON, LESSON, "ben").needs_manual_grade
    assert comment == "Well said.\n\n✔ The mean (1 of 1)\n✘ The number (0 of 2)"
    assert classroom.write_feedback(LESSON, str(course), "ben").status == "done"
    page = (course / "feedback" / "ben" / LESSON / f"{LESSON}.html").read_text()
    assert "2.5 of 3 points" in page
    assert "Well said.\n\n✔ The mean (1 of 1)" in page
    assert "Say which mean" not in page  # what only instructors read


def test_marks_stay_when_the_same_answer_is_graded_again_and_ask_for_a_look_when_it_changed(course):
    classroom.take_marks(LESSON, [marks_file(course, ana=1)], root=course)
    classroom.grade_student(LESSON, str(course), "ana")
    assert "Marked by hand before" not in row(course, "ana").note
    assert row(course, "ana").marks["t00-text"] == 1
    old = marks_file(course, "hugo", ana=3)
    handed_in = course / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb"
    nbformat.write(lesson("Another text."), handed_in)
    refused = classroom.take_marks(LESSON, [old], root=course).refused
    assert "Something newer was handed in" in refused[0]
    classroom.grade_student(LESSON, str(course), "ana")
    assert "The answer has changed" in classroom.take_marks(LESSON, [old], root=course).refused[0]
    assert "Marked by hand before" in row(course, "ana").note
    assert row(course, "ana").marks["t00-text"] == 1
    classroom.take_marks(LESSON, [marks_file(course, ana=2)], root=course)
    assert "Marked by hand before" not in row(course, "ana").note


def test_a_dry_run_writes_nothing_and_a_changed_mark_is_told(course):
    path = marks_file(course, ana=1)
    assert classroom.take_marks(LESSON, [path], root=course, dry_run=True).count == 1
    assert row(course, "ana").waiting == ["t00-broken", "t00-text"]
    classroom.take_marks(LESSON, [path], root=course)
    done = classroom.take_marks(LESSON, [marks_file(course, ana=2)], root=course)
    assert done.changed[0].endswith("t00-text: 1 before, 2 now")
    assert len(done.waiting) == 1  # ben's


def test_two_graders_on_the_command_line(course, capsys):
    files = [marks_file(course, "gerda", ana=1, ben=2), marks_file(course, "hugo", ana=1, ben=0)]
    command = ["written", LESSON, "--course", str(course)]
    assert main([*command, "--marks", str(files[0]), "--marks", str(files[1])]) == 0
    said = capsys.readouterr().out
    assert "2 answers have marks of both graders" in said
    assert "t00-text: gerda 2, hugo 0" in said
    assert "1 mark written" in said
    assert "t00-text" in row(course, "ben").waiting
    assert main([*command, "--marks", str(files[0]), "--marks", str(files[1]), "--take", "second"]) == 0
    assert row(course, "ben").marks["t00-text"] == 0
    assert main([*command, "--marks", str(course / "none.json")]) == 1
    assert main(command) == 0
    assert "2 written answers, 0 without a mark" in capsys.readouterr().out


def test_a_lesson_without_texts_or_a_class_without_answers(course):
    shutil.rmtree(course / "autograded")
    with pytest.raises(CourseError, match="First run: python -m grader grade 00_small"):
        classroom.written_page(LESSON, root=course)
    nbformat.write(small_lesson.lesson(), course / "release" / LESSON / f"{LESSON}.ipynb")
    with pytest.raises(CourseError, match="no question that a person grades"):
        classroom.written_page(LESSON, root=course)


HOSTILE = "<script>alert(1)</script>\n\x1b[2J"


def asked_again(root):
    """List the questions that the class report says to look at once more."""
    page = BeautifulSoup(write_report(LESSON, root=root).read_text(), "html.parser")
    steps = page.select_one("#first").find_all("li")
    return [re.search(r"Question \d+", one.text)[0] for one in steps if "another look" in one.text]


def test_a_request_is_listed_answered_and_shown(course, capsys):
    log_requests(course, LESSON, [Request("ana", "t00-four", HOSTILE), Request("ben", "t00-text", "Please.")])
    command = ["requests", LESSON, "--course", str(course)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "ana, question 2 (t00-four), 3 of 3 points" in said
    assert "four = 4.0" in said
    assert "verdict: Right." in said
    assert "ben, question 4 (t00-text), no mark yet" in said
    assert "2 open, 0 answered." in said
    assert "\x1b" not in said
    assert asked_again(course) == ["Question 2", "Question 4"]
    assert main([*command, "--answer", "ana", "t00-four", "You are <right>.", "--points", "2.5"]) == 0
    assert asked_again(course) == ["Question 4"]
    assert row(course, "ana").marks["t00-four"] == 2.5
    assert main(command) == 0
    assert "1 open, 1 answered." in capsys.readouterr().out
    classroom.grade_student(LESSON, str(course), "ana")
    assert row(course, "ana").marks["t00-four"] == 2.5  # the mark stays
    assert "Marked by hand, kept: t00-four." in row(course, "ana").note
    classroom.write_feedback(LESSON, str(course), "ana")
    page = (course / "feedback" / "ana" / LESSON / f"{LESSON}.html").read_text()
    card = page.split('id="t00-four"')[1].split("</article>")[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in card
    assert "You are &lt;right&gt;." in card
    assert "Your instructor changed this mark" in card
    assert "regrade(&#34;t00-four&#34;" in card or 'regrade("t00-four"' in card
    assert "Please." not in page  # another student's


@pytest.mark.parametrize(
    ("student", "question", "text", "points", "says"),
    [
        ("ben", "t00-four", "No.", None, "has no open request about t00-four. Open are: ana t00-four."),
        ("ana", "t00-four", " ", None, "An answer has 1 to"),
        ("ana", "t00-four", "Yes.", 3.5, "t00-four has 3 points: 3.5 does not fit"),
        ("ana", "t00-four", "Yes.", float("nan"), "nan does not fit"),
        ("ana", "t00-four", "Yes.", -1.0, "-1 does not fit"),
    ],
)
def test_an_answer_that_does_not_fit_is_not_given(course, student, question, text, points, says):
    log_requests(course, LESSON, [Request("ana", "t00-four", "Why?")])
    with pytest.raises(CourseError, match=says):
        classroom.answer_request(LESSON, student, question, text, root=course, points=points)
    (asked,) = classroom.list_requests(LESSON, root=course)
    assert asked.request.is_open
    assert asked.points == 3
