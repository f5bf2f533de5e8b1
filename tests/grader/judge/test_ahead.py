"""What is right is there before the class waits; nothing is computed twice, and no fault ends the rest."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import small_lesson

from grader.__main__ import main
from grader.bank import get, questions
from grader.judge import ahead, references
from grader.judge.reference_cache import FOLDER, folder

pytestmark = [pytest.mark.long(25), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

LESSON = "01_pooling"
CLASS = ["ada", "grace", "alan"]
MANY = [f"student{number}" for number in range(2 * ahead.ENOUGH)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "kept"))
    references.forget()
    yield tmp_path
    references.forget()


def entries():
    """What is kept, and when it was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder().glob("*.json")}


def fill(students=CLASS, **options):
    return ahead.compute(ahead.waiting(LESSON, students), **options)


def test_grading_finds_what_was_computed_ahead(place, monkeypatch):
    assert fill() == []
    asked = [one for one in questions(LESSON).values() if references.is_personal(one)]
    assert len(entries()) == len(CLASS) * len(asked)
    with monkeypatch.context() as patch:
        patch.setattr(references, "expected", lambda *_: pytest.fail("computed again"))
        for question in asked:
            assert references.kept(question, "grace").value is not None


def test_nothing_is_computed_twice(place):
    fill(CLASS[:2])
    before = entries()
    assert list(ahead.waiting(LESSON, CLASS)) == CLASS[2:]
    fill()
    assert before.items() <= entries().items() and ahead.waiting(LESSON, CLASS) == {}


def test_for_many_students_processes_share_the_work(place):
    assert fill(MANY, workers=2) == []
    assert ahead.waiting(LESSON, MANY) == {}


def test_one_fault_is_named_and_costs_nothing_else(place, monkeypatch):
    broken = replace(get("l01-fixef"), function=lambda homes: 1 / 0)
    # Its module stays the bank's, so it is one that is kept.
    broken.function.__module__ = "grader.bank.l01_pooling"
    monkeypatch.setitem(questions.__globals__["_registry"], "l01-fixef", broken)
    failures = fill(CLASS[:1])
    assert len(failures) == 1 and "l01-fixef failed on the data of 'ada'" in failures[0]
    assert ahead.waiting(LESSON, CLASS[:1]) == {"ada": ["l01-fixef"]}


STOP = """
import sys
from grader.judge import ahead
if __name__ == "__main__":
    left = ahead.waiting("05_bayesian_fits", [f"student{n}" for n in range(40)])
    print("begins", flush=True)
    ahead.compute(left, workers=2)
"""


def test_ctrl_c_ends_it_soon_and_what_was_computed_stays(place):
    script = place / "stop.py"
    script.write_text(STOP)
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "begins\n"
    while not list((place / "kept").rglob("*.json")):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # a terminal's Ctrl-C reaches all processes
    _, errors = process.communicate(timeout=60)
    assert errors.count("Traceback") == 1 and errors.rstrip().endswith("KeyboardInterrupt")
    assert 0 < len(list((place / "kept").rglob("*.json"))) < 40 * 10


def test_collect_and_release_say_what_they_compute(place, monkeypatch, capsys):
    small_lesson.make_course(place)
    command = ["--course", str(place)]
    main(["release", LESSON, *command])
    assert "Computing" not in capsys.readouterr().out  # nobody is known yet
    for student in CLASS[:2]:
        small_lesson.hand_in(place, student, small_lesson.lesson(), LESSON)
    assert main(["collect", LESSON, *command]) == 0
    said = capsys.readouterr().out
    assert "Computing what is right for 2 students" in said and "Computed for 2, there already for 0." in said
    main(["class", "add", "ada", *command])
    main(["class", "add", "alan", *command])
    assert main(["release", LESSON, *command]) == 0
    assert "Computed for 1, there already for 1." in capsys.readouterr().out


def test_where_nothing_is_kept_nothing_is_said(place, monkeypatch):
    monkeypatch.setenv(FOLDER, "")
    assert not ahead.is_possible(LESSON)
    (place / "file").write_text("no folder")
    monkeypatch.setenv(FOLDER, str(place / "file"))
    assert not ahead.is_possible(LESSON)
    monkeypatch.setenv(FOLDER, str(place / "not" / "there" / "yet"))
    assert ahead.is_possible(LESSON) and not ahead.is_possible("99_nothing")
