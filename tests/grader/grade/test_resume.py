"""Grading goes on where it was stopped, and gives the same as a run that never was."""

import os
import random
import shutil
import signal
import time

import nbformat
import pytest
import small_lesson
from class_of_four import (
    STUDENTS,
    copy_class,
    grade_serially,
    grade_the_rest,
    make_class,
    results,
    slow_down,
    start,
)
from nbgrader.apps.api import NbGraderAPI
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import CourseError, folder, open_course, open_gradebook
from grader.grade.late import renew_penalties
from grader.grade.outcomes import outcome_of
from grader.marks.gradebook import read_class

pytestmark = [
    pytest.mark.long(90),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course in which four have handed in and nothing is graded; tests copy it."""
    root = tmp_path_factory.mktemp("released")
    make_class(root)
    return root


@pytest.fixture(scope="module")
def serial(released, tmp_path_factory):
    """What a serial run gives."""
    small_lesson.register()
    root = tmp_path_factory.mktemp("serial")
    copy_class(released, root)
    grade_serially(root)
    return results(root)


@pytest.fixture(scope="module")
def graded(released, crew, tmp_path_factory):
    """A course in which two have handed in and are graded; tests copy it."""
    root = tmp_path_factory.mktemp("graded")
    copy_class(released, root)
    for student in ("chen", "dora"):
        shutil.rmtree(root / "submitted" / student)
    outcomes = classroom.grade(LESSON, root=root, client=crew)
    assert {outcome.student: outcome.why for outcome in outcomes} == {"ana": "new", "ben": "new"}
    return root


@pytest.fixture
def pair(tmp_path, graded, crew):
    """A graded class of two, and a function that grades again and says who was graded, and why."""
    copy_class(graded, tmp_path)

    def grade(**options):
        outcomes = classroom.grade(LESSON, root=tmp_path, client=crew, **options)
        return {outcome.student: outcome.why for outcome in outcomes if not outcome.kept}

    return tmp_path, grade


def submitted(root, student):
    return root / "submitted" / student / LESSON / f"{LESSON}.ipynb"


def test_only_what_changed_is_graded_again(pair):
    root, grade = pair
    before = results(root)
    assert grade() == {}
    assert results(root) == before
    nbformat.write(small_lesson.lesson(first="two = 1.0"), submitted(root, "ana"))
    os.utime(submitted(root, "ana"), (0, 0))  # an old time stamp: stock nbgrader skips it
    assert "Handed in again since." in _row(root, "ana").note
    assert grade() == {"ana": "handed in again"}
    assert _row(root, "ana").marks["t00-two"] == 1.0
    (submitted(root, "ben").parent / "data.csv").write_text("1,2")
    assert grade() == {"ben": "handed in again"}
    assert grade(students=["ana"], force=True) == {"ana": "again"}


def test_what_is_missing_is_found(pair):
    """The graded notebook deleted, replaced by half of one, or the marks gone from the gradebook."""
    root, grade = pair
    app = open_course(root)
    graded = folder(app, "autograded", "ana", LESSON) / f"{LESSON}.ipynb"
    graded.unlink()
    assert grade() == {"ana": "again"}
    graded.chmod(0o644)
    graded.write_text(graded.read_text()[:1000])
    assert _row(root, "ana").note == "The graded notebook can't be read. Grade this student again."
    assert grade() == {"ana": "again"}
    with open_gradebook(app) as gradebook:
        gradebook.find_grade("t00-two", LESSON, LESSON, "ben").auto_score = None
        gradebook.db.commit()
    assert grade() == {"ben": "again"}


def test_a_new_release_is_a_reason(pair):
    root, grade = pair
    source = root / "source" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[0].source += "\n\nMore words."
    nbformat.write(notebook, source)
    classroom.release(LESSON, root=root)
    assert set(grade().values()) == {"the lesson was released again with changes"}


def test_marks_by_hand_stay_and_ask_for_a_look_only_when_their_answer_changed(pair):
    root, grade = pair
    with open_gradebook(open_course(root)) as gradebook:
        for question, points in {"t00-two": 0.5, "t00-four": 2.5, "t00-broken": 1.0}.items():
            grade_row = gradebook.find_grade(question, LESSON, LESSON, "ana")
            grade_row.manual_score, grade_row.needs_manual_grade = points, False
        gradebook.db.commit()
    nbformat.write(small_lesson.lesson(first="two = 1.0"), submitted(root, "ana"))
    for force in (False, True):  # what asked for a look still does after one more run
        grade(force=force)
        row = _row(root, "ana")
        assert row.marks == {"t00-two": 0.5, "t00-four": 2.5, "t00-broken": 1.0}
        assert (row.score, row.possible, row.waiting) == (4.0, 6.0, [])
        assert "Marked by hand, kept: t00-four, t00-broken." in row.note
        assert "Marked by hand before the answer or its verdict changed: t00-two." in row.note


def test_half_a_run_of_stock_nbgrader_is_not_taken_for_graded(pair):
    """A killed stock run leaves the notebook that was not run; the gradebook may have old marks."""
    root, grade = pair
    app = open_course(root)
    graded = folder(app, "autograded", "ana", LESSON) / f"{LESSON}.ipynb"
    graded.chmod(0o644)
    graded.write_bytes(submitted(root, "ana").read_bytes())
    assert _row(root, "ana").note.startswith("Grading was interrupted.")
    assert grade() == {"ana": "again"}


def test_the_formgraders_button_and_then_a_run_agree(pair):
    root, grade = pair
    before, app = results(root), open_course(root)
    assert NbGraderAPI(coursedir=app.coursedir, parent=app).autograde(LESSON, "ana")["success"]
    assert results(root) == before
    grade()
    assert results(root) == before


def test_a_moved_due_date_changes_the_penalty_without_running_anything(pair):
    root, grade = pair
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    (submitted(root, "ana").parent / "timestamp.txt").write_text("2030-01-02 00:00:00 UTC")
    app = open_course(root)

    def due(date):
        with open_gradebook(app) as gradebook:
            gradebook.update_or_create_assignment(LESSON, duedate=date)
        changed = renew_penalties(app, LESSON)
        assert grade() == {}
        return changed, _row(root, "ana").score

    assert due("2030-01-01") == (["ana"], 0.0)
    assert due("2030-01-03") == (["ana"], 5.0)
    assert due("2030-01-03") == ([], 5.0)
    assert due(None) == ([], 5.0)


def test_somebody_who_handed_in_nothing_cannot_be_graded(pair):
    root, _ = pair
    with pytest.raises(CourseError, match="was handed in by: eve"):
        classroom.grade(LESSON, root=root, students=["ana", "eve"])


def _row(root, student):
    rows = read_class(open_course(root), LESSON).submissions
    return next(row for row in rows if row.student == student)


def test_ctrl_c_says_how_many_are_done_and_what_to_run(tmp_path, released, serial, crew):
    copy_class(released, tmp_path)
    for student in ("ben", "chen"):  # else all four are done before the signal arrives
        slow_down(tmp_path / "submitted" / student / LESSON / f"{LESSON}.ipynb")
    run = start(tmp_path, "1")
    assert run.stdout.readline() == "ready\n"
    _wait_for_outcome(tmp_path)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to every process
    said, errors = run.communicate(timeout=60)
    assert "Traceback" not in errors
    done = len(list((tmp_path / ".cache" / "outcomes" / LESSON).glob("*.json")))
    assert 1 <= done < len(STUDENTS)
    assert said.startswith("stopped ")
    assert "of 4 students are done. Run the same command again: it goes on with the rest." in said
    assert len(grade_the_rest(tmp_path, crew)) == len(STUDENTS) - done
    assert results(tmp_path) == serial


@pytest.mark.parametrize(("kills", "workers"), [(2, "1"), pytest.param(20, "2", marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_as_a_serial_run(tmp_path, released, serial, crew, kills, workers):
    copy_class(released, tmp_path)
    moments = random.Random(kills)
    for number in range(kills):
        run = start(tmp_path, workers)
        assert run.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 3))
        if number % 2:
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()  # the workers notice and stop
        run.communicate()
        for row in read_class(open_course(tmp_path), LESSON).submissions:
            outcome = outcome_of(open_course(tmp_path), LESSON, row.student)
            assert row.status in ("graded", "not_graded")
            assert outcome is None or outcome.status == "done"
    grade_the_rest(tmp_path, crew)
    assert results(tmp_path) == serial


def _wait_for_outcome(root):
    place = root / ".cache" / "outcomes" / LESSON
    deadline = time.monotonic() + 60
    while not list(place.glob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
