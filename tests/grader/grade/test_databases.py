"""Gradebooks under stress: PostgreSQL, several graders at once, a server that is away, a full disk."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import postgres
import pytest
import small_lesson
from class_of_four import copy_class, grade_serially, make_class, results
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import CourseError, open_course
from grader.grade import outages
from grader.grade.saved_marks import auto_marks

pytestmark = [
    pytest.mark.long(115),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
SCRIPT = Path(__file__).parents[1] / "class_of_four.py"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course with SQLite in which four have handed in and nothing is graded."""
    small_lesson.register()
    root = tmp_path_factory.mktemp("released")
    make_class(root)
    return root


@pytest.fixture(scope="module")
def serial(released, tmp_path_factory):
    """What a serial run with SQLite gives."""
    root = tmp_path_factory.mktemp("serial")
    copy_class(released, root)
    grade_serially(root)
    return results(root)


@pytest.fixture(scope="module")
def server():
    with postgres.server() as there:
        yield there


@pytest.fixture
def course(tmp_path, released, server):
    """The same course with PostgreSQL."""
    copy_class(released, tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {server.url(tmp_path.name.replace('-', '_'))!r}\n")
    classroom.release(LESSON, root=tmp_path)
    return tmp_path


def graders(root, count):
    """Start several graders at the same time, each with its own processes."""
    return [
        subprocess.Popen([sys.executable, SCRIPT, root, "1"], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]


def said_by(runs):
    return [run.communicate(timeout=300)[0].split("\n")[1] for run in runs]


@pytest.mark.needs_postgres
def test_two_graders_with_postgres_share_the_work_and_agree_with_sqlite(course, serial):
    said = said_by(graders(course, 2))
    assert all(line.startswith("done") for line in said)
    graded = [student for line in said for student in line.split()[1:]]
    assert sorted(set(graded)) == ["ana", "ben", "chen", "dora"]
    assert len(graded) == 4  # nobody twice
    assert results(course) == serial


@pytest.mark.needs_postgres
def test_a_database_that_is_away_for_five_seconds_costs_nothing(course, server, serial):
    (run,) = graders(course, 1)
    assert run.stdout.readline() == "ready\n"
    time.sleep(1)
    server.stop()
    time.sleep(5)
    server.start()
    assert run.communicate(timeout=300)[0].startswith("done")
    assert results(course) == serial


@pytest.mark.needs_postgres
def test_a_database_that_stays_away_gives_a_sentence(course, server, monkeypatch, capsys):
    monkeypatch.setattr(outages, "PAUSES", (0.1,))
    server.stop()
    try:
        outcome = classroom.grade_student(LESSON, str(course), "ana")
        assert main(["grade", LESSON, "--course", str(course)]) == 1
        assert main(["report", LESSON, "--course", str(course)]) == 1
    finally:
        server.start()
    assert outcome.status == "stop"
    assert outcome.message.startswith("The gradebook's database can't be used now: connection to server")
    said = capsys.readouterr().err
    assert said.startswith("grade: The gradebook's database can't be used now")
    assert "Traceback" not in said
    assert classroom.grade_student(LESSON, str(course), "ana").status == "done"


@pytest.mark.slow
def test_two_graders_with_sqlite_agree_too(tmp_path, released, serial):
    copy_class(released, tmp_path)
    assert all(line.startswith("done") for line in said_by(graders(tmp_path, 2)))
    assert results(tmp_path) == serial


def test_a_disk_without_room_gives_a_sentence_and_leaves_nothing_half_written(tmp_path, released, serial):
    copy_class(released, tmp_path)
    notebook = small_lesson.lesson(title="# A small lesson\n" + "x" * 2_000_000)
    nbformat.write(notebook, tmp_path / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb")
    limit = 1_500_000  # bytes that one file may have: enough for the gradebook, not for this notebook

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    run = subprocess.run(
        [sys.executable, SCRIPT, tmp_path, "1"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        preexec_fn=little_room,
    )
    assert "error A file grew beyond the size that this account may write. Make room" in run.stdout
    assert "of 4 students are done. Run the same command again" in run.stdout
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "autograded" / "ana").exists() or not os.listdir(tmp_path / "autograded" / "ana")
    app = open_course(tmp_path)
    assert set(auto_marks(app, LESSON)["ana"].values()) == {None}
    nbformat.write(small_lesson.lesson(), tmp_path / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb")
    grade_serially(tmp_path)
    assert results(tmp_path) == serial


def test_an_address_where_nothing_answers_gives_a_sentence(tmp_path, released, capsys):
    copy_class(released, tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseDirectory.db_url = "postgresql+psycopg2://grader@localhost:1/none"\n')
    with pytest.raises(CourseError, match="The gradebook's database can't be used now"), outages.explained():
        auto_marks(open_course(tmp_path), LESSON)
