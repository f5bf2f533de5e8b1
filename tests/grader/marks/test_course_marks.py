"""The course gradebook: what counts of each lesson, who needs help first, its page and its CSV file."""

import csv
import io
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
import small_lesson
from hypothesis import given
from hypothesis import strategies as st
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import CourseError, open_course
from grader.grade.due_dates import extend, set_due
from grader.intake.class_list import add_person, drop_person
from grader.intake.people_files import Person
from grader.marks.course_marks import Mark, course_marks, mark_in, read_course
from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages.course_gradebook import COLUMNS, course_topics, gradebook_rows, render_gradebook

BOTH = [
    GradedQuestion("q-a", 4.0, "pooling", "01: Pooling", ""),
    GradedQuestion("q-b", 6.0, "spread", "01: Spread", ""),
]


def graded(student, a, b, penalty=0.0, waiting=()):
    possible = 10.0 - sum(one.max_points for one in BOTH if one.id in waiting)
    return Submission(
        student,
        "",
        "graded",
        score=a + b - penalty,
        possible=possible,
        marks={"q-a": a, "q-b": b},
        waiting=list(waiting),
        penalty=penalty,
    )


def absent(student):
    return Submission(student, "", "absent", "Nothing was handed in.")


def lesson(name, *submissions, questions=BOTH):
    return Class(name, f"Lesson {name}", questions, list(submissions))


def always(lesson, student):
    return True


@pytest.fixture
def course():
    again = [BOTH[0], GradedQuestion("q-b", 6.0, "pooling", "02: Again", "")]
    first = [graded("ana", 4, 6), graded("ben", 4, 4, penalty=2.0), graded("eve", 4, 5), absent("dan")]
    second = [graded("ana", 4, 0, waiting=["q-b"]), graded("ben", 4, 5), graded("eve", 1, 1), absent("dan")]
    return course_marks([lesson("01_a", *first), lesson("02_b", *second, questions=again)], always)


def test_totals_weigh_lessons_by_their_points(course):
    rows = {row.student: (row.score, row.possible, row.share) for row in course.students}
    assert rows["ana"] == (14, 14, 1)  # what waits is left out of both
    assert rows["ben"] == (15, 20, 0.75)  # the late penalty is taken off
    assert rows["dan"] == (0, 20, 0)  # a missing lesson is zero of its points


def test_who_needs_help_comes_first_and_why(course):
    assert [(row.student, row.reasons) for row in course.students] == [
        ("dan", ["2 lessons missing", "under half of the median"]),
        ("eve", ["fell to 20 % from 90 %"]),
        ("ben", []),
        ("ana", []),
    ]


def test_medians_are_over_those_who_handed_in(course):
    assert course.medians() == [median([1, 0.6, 0.9]), median([1, 0.9, 0.2])]


def test_topics_are_followed_over_the_lessons(course):
    spread, pooling = course_topics(course)  # the hardest first
    assert (pooling.topic, pooling.revisit) == ("pooling", ["01: Pooling", "02: Again"])
    assert pooling.by_lesson == [pytest.approx(1.0), pytest.approx(3 / 4)]  # q-b of lesson 2 waits
    assert pooling.share == pytest.approx((4 + 3) / 8)
    assert spread.by_lesson == [pytest.approx(15 / 18), None]


@pytest.mark.parametrize(
    ("item", "due", "mark"),
    [
        (absent("a"), True, Mark("missing", 0.0, 10.0)),
        (absent("a"), False, Mark("not_due")),
        (Submission("a", "", "failed", "The grader failed."), True, Mark("not_graded")),
        (Submission("a", "", "unreadable", "", 0.0, 10.0), False, Mark("unreadable", 0.0, 10.0)),
        (graded("a", 4, 1, penalty=0.5), True, Mark("graded", 4.5, 10.0, 0.5)),
    ],
)
def test_what_a_submission_counts(item, due, mark):
    assert mark_in(item, 10.0, due) == mark


def test_who_joined_late_owes_nothing_of_lessons_before(course):
    later = course_marks([lesson("01_a", graded("ana", 4, 6)), lesson("02_b", graded("new", 2, 3))], always)
    new = next(row for row in later.students if row.student == "new")
    assert (new.marks[0].state, new.share) == ("not_due", 0.5)


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 6)), min_size=1, max_size=8))
def test_the_order_is_that_of_the_totals(scores):
    found = course_marks([lesson("01_a", *(graded(f"s{n}", *both) for n, both in enumerate(scores)))], always)
    shares = [row.share for row in found.students]
    assert shares == sorted(shares)


def test_the_csv_file_has_a_row_a_student_and_stable_columns(course):
    rows = gradebook_rows(course)
    assert tuple(rows[0][: len(COLUMNS)]) == COLUMNS
    assert rows[0][len(COLUMNS) :] == ["01_a", "01_a_of", "01_a_state", "02_b", "02_b_of", "02_b_state"]
    text = io.StringIO("\n".join(",".join(row) for row in rows))
    ben = next(row for row in csv.DictReader(text) if row["student"] == "ben")
    assert (ben["points"], ben["possible"], ben["share"], ben["late_points_off"]) == ("15", "20", "0.75", "2")
    dan = dict(zip(rows[0], rows[1], strict=True))
    assert (dan["missing"], dan["01_a"], dan["01_a_state"]) == ("2", "0", "missing")


def test_names_are_text_on_the_page_and_no_formula_in_the_file(tmp_path):
    found = course_marks([lesson("01_a", graded("=1+1<script>", 1, 1))], always)
    assert gradebook_rows(found)[1][0] == "'=1+1<script>"
    page = render_gradebook(found, tmp_path)
    assert "=1+1&lt;script&gt;" in page
    assert page.count("<script>") == 1


def test_a_lesson_leads_to_its_report_where_there_is_one(course, tmp_path):
    (tmp_path / "02_b.html").touch()
    page = render_gradebook(course, tmp_path)
    assert '<a href="02_b.html">Lesson 02_b</a>' in page
    assert '"01_a.html"' not in page
    assert '01: Pooling; <a href="02_b.html#section-again">02: Again</a>' in page
    assert "8 of 10" not in page
    assert "6 of 10" in page
    assert "−2 late" in page


@pytest.mark.long(10)
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_course_from_its_folder(tmp_path):
    """Whoever has more time is not missing yet; nobody's marks are an error that says what to do."""
    small_lesson.register()
    small_lesson.make_course(tmp_path)
    classroom.release(LESSON, root=tmp_path)
    app = open_course(tmp_path)
    with pytest.raises(CourseError, match="Nobody has marks yet"):
        read_course(app, say=str)
    small_lesson.hand_in(tmp_path, "ana", small_lesson.lesson())
    assert classroom.grade_student(LESSON, str(tmp_path), "ana").status == "done"
    for name in ("ana", "ben", "chen"):
        add_person(app, Person(name, "", "", "", ""))
    due = datetime.now(UTC) - timedelta(hours=1)
    set_due(app, LESSON, due.isoformat())
    extend(app, LESSON, "chen", "+48h")
    said = []
    found = read_course(app, say=said.append)
    assert said == [f"Reading {LESSON}."]
    states = {row.student: row.marks[0].state for row in found.students}
    assert (states["ben"], states["chen"]) == ("missing", "not_due")
    later = read_course(app, now=due + timedelta(hours=49), say=str)
    assert [row.marks[0].state for row in later.students] == ["missing", "missing", "waiting"]
    drop_person(app, "ben")
    assert {row.student for row in read_course(app, say=str).students} == {"ana", "chen"}
