"""What a term needs around grading: class list, due dates, feedback given back, marks exported."""

import csv
import os
import shutil
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
import small_lesson
from nbgrader.apps.api import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.exchange.default import ExchangeFetchFeedback, ExchangeList
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import CourseError, asked_for, open_course, open_gradebook
from grader.grade.due_dates import due_date, extend, extensions, set_due
from grader.grade.late import PerDay, lateness, renew_penalties
from grader.intake.class_list import add_person, class_list, drop_person, import_class
from grader.intake.people_files import Person, read_people
from grader.marks.export import write_marks
from grader.marks.gradebook import read_class

pytestmark = [
    pytest.mark.long(35),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),  # nbgrader's list leaves them open
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework (77)
    Points Possible,,,,,10
"Alt, Ana",4711,s1,ana,Mo,9
"Bo, Ben",4712,s2,ben,Tu,
"Zed, Zoe",4713,s3,zoe,Tu,1
"Student, Test",9,,9f,,
"""
MOODLE = (
    "\ufeffFirst name;Surname;ID number;Email address;Username\nAna;Alt;17;ana@x.org;ana\nBen;Bo;18;;ben\n"
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Ana and Ben hand in through the exchange, Cid by hand; all are graded and have their pages."""
    root = tmp_path_factory.mktemp("term")
    small_lesson.register()
    small_lesson.make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("c.ExchangeCollect.check_owner = False\n")
    classroom.release(LESSON, root=root)
    for student in ("ana", "ben"):
        work = root / "work" / student
        (work / LESSON).mkdir(parents=True)
        nbformat.write(small_lesson.lesson(), work / LESSON / f"{LESSON}.ipynb")
        classroom.submit(LESSON, student, work, root=root)
    classroom.collect(LESSON, root=root)
    small_lesson.hand_in(root, "cid", small_lesson.lesson(first="two = 1.0"))
    with classroom.local_cluster(1) as crew:
        crew.register_plugin(small_lesson.Bank())
        classroom.grade(LESSON, root=root, client=crew)
        classroom.feedback(LESSON, root=root, client=crew)
    return root


@pytest.fixture
def course(graded, tmp_path):
    """A copy of that course."""
    shutil.copytree(graded, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(graded), str(tmp_path)))
    return tmp_path


@pytest.fixture
def empty(tmp_path):
    """A course folder before its first lesson."""
    small_lesson.make_course(tmp_path)
    return tmp_path


# ---------------------------------------------------------------- feedback


def fetched(root, student):
    """Fetch feedback as the student's assignment list does, and return its pages."""
    app, home = open_course(root), root / "home" / student
    home.mkdir(parents=True, exist_ok=True)
    with asked_for(app, LESSON, student):
        step = ExchangeFetchFeedback(
            coursedir=app.coursedir,
            authenticator=Authenticator(parent=app),
            parent=app,
            assignment_dir=str(home),
            cache=str(root / "cache"),
        )
        step.start()
    return sorted(home.rglob("*.html"))


def test_each_student_fetches_the_own_page_and_who_cant_be_reached_is_named(course, monkeypatch):
    outcomes = {one.student: one for one in classroom.release_feedback(LESSON, root=course)}
    assert {name: one.status for name, one in outcomes.items()} == {
        "ana": "done",
        "ben": "done",
        "cid": "unreachable",
    }
    assert str(course / "feedback" / "cid" / LESSON / f"{LESSON}.html") in outcomes["cid"].message
    # nbgrader's cache holds both hand-ins here, since one account made them
    pages = fetched(course, "ana")
    written = {(course / "feedback" / who / LESSON / f"{LESSON}.html").read_text() for who in ("ana", "ben")}
    assert len(pages) == 2 and {page.read_text() for page in pages} == written
    app = open_course(course)
    listed = ExchangeList(
        coursedir=app.coursedir, authenticator=Authenticator(parent=app), parent=app, cached=True
    ).start()
    entries = [entry for item in listed for entry in item["submissions"]]
    assert len(entries) == 2 and all(entry["has_exchange_feedback"] for entry in entries)


@pytest.mark.filterwarnings("ignore:Passing unrecognized arguments:DeprecationWarning")  # nbgrader's own slip
def test_nbgraders_button_takes_the_same_way(course):
    result = NbGraderAPI(config=open_course(course).config).release_feedback(LESSON)
    assert result["success"], result.get("error")
    assert len(fetched(course, "ana")) == 2


def test_a_page_older_than_the_marks_is_not_given(course):
    page = course / "feedback" / "ana" / LESSON / f"{LESSON}.html"
    marks = (course / "autograded" / "ana" / LESSON / f"{LESSON}.ipynb").stat().st_mtime
    os.utime(page, (marks - 1, marks - 1))
    outcomes = {one.student: one for one in classroom.release_feedback(LESSON, root=course)}
    assert outcomes["ana"].status == "failed" and "older than the marks" in outcomes["ana"].message
    assert outcomes["ben"].status == "done"


def test_pages_for_a_platform_come_in_one_archive(course, capsys):
    assert main(["release-feedback", LESSON, "--zip", "--course", str(course)]) == 0
    shutil.unpack_archive(course / "exports" / f"{LESSON}-feedback.zip", course / "out")
    names = sorted(path.parent.name for path in (course / "out").rglob("*.html"))
    assert names == ["ana", "ben", "cid"]


def test_without_pages_a_sentence_says_what_to_run(empty):
    classroom.release(LESSON, root=empty)
    with pytest.raises(CourseError, match=f"First run: python -m grader feedback {LESSON}"):
        classroom.release_feedback(LESSON, root=empty)


# ---------------------------------------------------------------- the class list


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_list_of_canvas_becomes_the_class(empty, separator):
    app = open_course(empty)
    with (empty / "canvas.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(csv.reader(CANVAS.splitlines()))
    new, stay, gone = import_class(app, empty / "canvas.csv")
    assert (new, stay, gone) == (["ana", "ben", "zoe"], [], [])
    people = class_list(app)
    assert people["ana"] == Person("ana", "Ana", "Alt", "", "4711")


def test_canvas_test_student_and_points_are_nobody(empty):
    (empty / "canvas.csv").write_text(CANVAS)
    assert [one.user for one in read_people(empty / "canvas.csv").people.values()] == ["ana", "ben", "zoe"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_of_moodle_names_who_has_gone(empty, encoding):
    app, file = open_course(empty), empty / "moodle.csv"
    for user in ("ben", "old"):
        add_person(app, Person(user))
    file.write_bytes((MOODLE if encoding == "utf-8" else MOODLE.lstrip("\ufeff")).encode(encoding))
    assert import_class(app, file) == (["ana"], ["ben"], ["old"])
    with open_gradebook(app) as gradebook:
        ana = gradebook.find_student("ana")
        assert (ana.first_name, ana.last_name, ana.email, ana.lms_user_id) == (
            "Ana",
            "Alt",
            "ana@x.org",
            "17",
        )
        assert gradebook.find_student("old")  # nobody's marks are removed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name,Mail\nAna,a@x\n", "has no column with user names. It has: Name, Mail. Say which one it is"),
        ("user\nana\nana\n", "the user name 'ana' stands in lines 2 and 3"),
        ("user\n", "has a header and nobody in it"),
        ("", "is empty"),
        ("user\n../ana\n", "These can't be user names: '../ana'"),
    ],
)
def test_a_bad_list_changes_nothing(empty, text, says):
    app, file = open_course(empty), empty / "list.csv"
    add_person(app, Person("ben"))
    file.write_text(text)
    with pytest.raises(CourseError, match=says.replace("(", r"\(")):
        import_class(app, file)
    assert list(class_list(app)) == ["ben"]
    with pytest.raises(CourseError, match="There is no file"):
        import_class(app, empty / "nothing.csv")


def test_who_is_not_in_the_list_is_told_and_not_graded(course, capsys):
    app = open_course(course)
    for user in ("ana", "ben"):
        add_person(app, Person(user))
    drop_person(app, "cid")  # the first addition took over whom the gradebook knew
    small_lesson.hand_in(course, "zed", small_lesson.lesson())
    outcomes = {one.student: one for one in classroom.grade(LESSON, root=course, workers=1)}
    assert outcomes["zed"].status == "refused" and "class add zed" in outcomes["zed"].message
    assert outcomes["ana"].status == "done"
    with open_gradebook(app) as gradebook:
        assert "zed" not in [student.id for student in gradebook.students]
    with pytest.raises(CourseError, match="Nobody in the class is called 'zed'"):
        drop_person(app, "zed")


def test_the_commands_of_the_class_list(empty, capsys):
    (empty / "list.csv").write_text("Mail,login name\na@x.org,ana\n")
    where = ["--course", str(empty)]
    assert main(["class", "list", *where]) == 0
    assert main(["class", "import", str(empty / "list.csv"), "--user", "Login name", *where]) == 0
    assert main(["class", "add", "ben", "--first", "Ben", "--last", "Bo", *where]) == 0
    assert main(["class", "drop", "ana", *where]) == 0
    assert main(["class", "list", *where]) == 0
    said = capsys.readouterr().out
    assert "There is no class list" in said and said.endswith("ben  Ben Bo\n1 students.\n")


# ---------------------------------------------------------------- due dates


def test_late_hand_ins_are_named_also_where_they_cost_nothing(course, capsys):
    app = open_course(course)
    before = datetime.now(UTC) - timedelta(hours=30)
    assert set_due(app, LESSON, before.isoformat()) == due_date(app, LESSON)
    renew_penalties(app, LESSON)
    late = lateness(app, LESSON)
    assert set(late.hours) == {"ana", "ben"}  # Cid's has no time
    assert "2 were handed in late: ana, ben. No points are taken off" in str(late)
    assert main(["grade", LESSON, "--course", str(course)]) == 0
    assert "2 were handed in late: ana, ben." in capsys.readouterr().out


def test_a_rule_takes_points_for_each_day_and_an_extension_gives_them_back(course):
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('c.AssignLatePenalties.plugin_class = "grader.grade.late.PerDay"\n')
    app = open_course(course)
    set_due(app, LESSON, (datetime.now(UTC) - timedelta(hours=30)).isoformat())
    renew_penalties(app, LESSON)
    score = {one.student: one.score for one in read_class(app, LESSON).submissions}
    assert score["ana"] == pytest.approx(0.8 * 5) and score["cid"] == 4.0  # two days have begun
    assert "Points taken off: ana 1, ben 1." in str(lateness(app, LESSON))
    assert extend(app, LESSON, "ana", "+2d") == timedelta(days=2)
    renew_penalties(app, LESSON)
    assert set(lateness(app, LESSON).hours) == {"ben"}
    extend(app, LESSON, "ana", "+0h")
    assert extensions(app) == {}


@pytest.mark.parametrize(("late", "points"), [(0, 0), (60, 0), (700, 1), (87_001, 2), (10**7, 10)])
def test_minutes_of_grace_and_no_points_below_zero(late, points):
    assert PerDay(grace_minutes=10).late_submission_penalty("ana", 10.0, late) == points


@pytest.mark.parametrize("more", [[], ["2026-12-05 23:59"], ["--student", "ana", "+48h"]])
def test_before_the_release_there_is_no_due_date_and_a_sentence_says_so(empty, capsys, more):
    assert main(["due", LESSON, *more, "--course", str(empty)]) == 1
    assert f"First run: python -m grader release {LESSON}" in capsys.readouterr().err


def test_due_dates_on_the_command_line(course, capsys):
    where = ["--course", str(course)]
    assert main(["due", LESSON, *where]) == 0
    assert main(["due", LESSON, "--student", "ana", "+48h", *where]) == 1
    assert main(["due", LESSON, "2026-12-05 23:59+00:00", *where]) == 0
    assert main(["due", LESSON, "--student", "ana", "+48h", *where]) == 0
    assert main(["due", LESSON, "--student", "nobody", "+48h", *where]) == 1
    assert main(["due", LESSON, "tomorrow", *where]) == 1
    assert main(["due", LESSON, "none", *where]) == 0
    out, err = capsys.readouterr()
    assert "has no due date." in out and "is due on Saturday, 2026-12-05 23:59" in out
    assert "For ana: Monday, 2026-12-07 23:59" in out
    assert "no due date yet, so nobody can be late" in err and "knows no student 'nobody'" in err
    assert "'tomorrow' is no date. Write it as 2026-12-05 23:59" in err


# ---------------------------------------------------------------- export


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_marks_go_into_the_platforms_own_file_and_both_sides_are_told(course):
    (course / "canvas.csv").write_text(CANVAS)
    done = write_marks(LESSON, "canvas", root=course, platform_file=course / "canvas.csv")
    assert (
        rows(done.path)[1:]
        == [
            ["    Points Possible", "", "", "", "", "6"],
            ["Alt, Ana", "4711", "s1", "ana", "Mo", "5"],
            ["Bo, Ben", "4712", "s2", "ben", "Tu", "5"],
        ]
        or done.count == 0
    )
    assert any(line.startswith("zoe. In canvas.csv, but the gradebook") for line in done.left_out)


def test_a_mark_of_work_that_was_replaced_is_not_exported(course):
    write = write_marks(LESSON, "moodle", root=course)
    before = {line[0] for line in rows(write.path)[1:]}
    small_lesson_file = course / "submitted" / "cid" / LESSON / f"{LESSON}.ipynb"
    nbformat.write(small_lesson.lesson(), small_lesson_file)
    done = write_marks(LESSON, "moodle", root=course)
    assert {line[0] for line in rows(done.path)[1:]} == before - {"cid"}
    assert any(line.startswith("cid.") and "Handed in again since" in line for line in done.left_out)


def test_absentees_may_get_a_mark_and_a_dry_run_writes_nothing(course, capsys):
    add_person(open_course(course), Person("dora"))
    dry = write_marks(LESSON, "canvas", root=course, absent=0.0, dry_run=True)
    assert not dry.path.exists()
    wet = write_marks(LESSON, "canvas", root=course, absent=0.0)
    assert ["dora", "", "", "dora", "", "0"] in rows(wet.path)
    assert wet.count == dry.count
    assert main(["export", LESSON, "--to", "canvas", "--dry-run", "--course", str(course)]) == 0
    assert "not in the file: dora. Nothing was handed in." in capsys.readouterr().out
    drop_person(open_course(course), "dora")
    assert "dora" not in {row[3] for row in rows(write_marks(LESSON, "canvas", root=course, absent=0.0).path)}
