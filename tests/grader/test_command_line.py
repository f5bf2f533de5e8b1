"""The instructor's commands: what they say when all goes well and when it does not."""

import os
import subprocess
import sys

import pytest
import small_lesson
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.repository import ROOT

pytestmark = [pytest.mark.long(10), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

COMMANDS = [
    "demo",
    "lab",
    "lessons",
    "release",
    "collect",
    "grade",
    "feedback",
    "report",
    "gradebook",
    "export",
    "check-bank",
    "site",
]


@pytest.fixture
def course(tmp_path):
    small_lesson.make_course(tmp_path)
    return tmp_path


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {command} " in said for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 100


def test_a_python_without_the_packages_says_which_one_to_use():
    """As when nobody has activated the environment: -S leaves its packages out."""
    bare = [sys.executable, "-S", "-m", "grader", "report", "01_pooling"]
    run = subprocess.run(bare, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout == ""
    assert (
        run.stderr.startswith(f"This Python, {sys.executable}, has no pandas") and run.stderr.count("\n") == 1
    )
    assert ".venv/bin/python -m grader" in run.stderr


def test_release_collect_and_report_of_a_course_in_another_folder(course, capsys):
    assert main(["release", LESSON, "--course", str(course)]) == 0
    assert (course / "exchange" / "multilevel" / "outbound" / LESSON / f"{LESSON}.ipynb").is_file()
    assert main(["collect", LESSON, "--course", str(course)]) == 0
    assert "0 submissions of 00_small: none" in capsys.readouterr().out
    assert main(["grade", LESSON, "--course", str(course)]) == 1
    assert "Nobody has handed in '00_small' yet" in capsys.readouterr().err
    assert main(["feedback", LESSON, "--course", str(course)]) == 1
    assert "First run: python -m grader grade 00_small" in capsys.readouterr().err
    assert main(["report", LESSON, "--course", str(course)]) == 0
    assert all((course / "reports" / f"{LESSON}.{end}").is_file() for end in ("html", "csv", "json"))
    assert main(["gradebook", "--course", str(course)]) == 1
    assert "Nobody has marks yet" in capsys.readouterr().err
    assert main(["export", LESSON, "--to", "canvas", "--course", str(course)]) == 0
    assert (course / "exports" / f"{LESSON}-canvas.csv").is_file()


@pytest.mark.parametrize("command", ["grade", "collect", "feedback"])
def test_on_windows_a_sentence_says_what_to_use_and_nothing_else_happens(command, capsys, monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    assert main([command, LESSON]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"{command} wants Linux, and this is win32, where it can't run.")
    assert "WSL" in err and "Containerfile" in err and err.count("\n") == 1


def test_on_macos_a_sentence_comes_first_and_the_command_goes_on(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("grader.commands.one_lesson._grade", lambda options: print("graded"))
    assert main(["grade", LESSON]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("grade wants Linux, and this is darwin, where it was not tried.")
    assert out.endswith("graded\n")
    assert main(["due", LESSON, "--course", str(tmp_path)]) == 1 and "Linux" not in capsys.readouterr().err


def test_a_lesson_that_does_not_exist(course, capsys):
    assert main(["release", "99_nothing", "--course", str(course)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("release: There is no source of the lesson '99_nothing'")
    assert "Traceback" not in said


def test_a_scheduler_that_is_not_there(course, capsys):
    classroom.release(LESSON, root=course)
    small_lesson.hand_in(course, "ana", small_lesson.lesson())
    command = ["grade", LESSON, "--course", str(course), "--scheduler"]
    assert main([*command, "nonsense://"]) == 1
    assert "There is no dask scheduler at 'nonsense://'" in capsys.readouterr().err


def test_a_folder_that_is_no_course(tmp_path, capsys):
    assert main(["report", LESSON, "--course", str(tmp_path)]) == 1
    assert "has no nbgrader_config.py, so it is not a course folder" in capsys.readouterr().err


def test_the_module_runs_and_is_quick_to_explain_itself():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "grader", "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "nbgrader" not in done.stderr  # help imports nothing heavy
    assert "pandas" not in done.stderr


def test_grading_does_not_start_with_a_grammar_that_no_notebook_needs():
    """jsonschema's, of addresses with letters of all languages: it takes a second, in every process."""
    code = "import grader.classroom, sys; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


FIRST = """
import builtins, sys
import grader.__main__ as commands

def stop(words, **options):
    sys.exit(f"{len(sys.modules)} modules, then: {words}")

builtins.print = stop
commands.main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "command",
    [
        ["demo"],
        ["lab"],
        ["lessons"],
        ["handout"],
        *(
            [name, "01_pooling"]
            for name in (
                "release",
                "collect",
                "grade",
                "feedback",
                "report",
                "review",
                "written",
                "requests",
                "due",
            )
        ),
        ["release-feedback", "01_pooling"],
        ["export", "01_pooling", "--to", "canvas"],
        ["gradebook"],
        ["class", "list"],
        ["class", "import", "x.csv"],
        ["class", "add", "ana"],
        ["class", "drop", "ana"],
        ["check-bank"],
        ["simulate", "01_pooling"],
    ],
    ids=" ".join,
)
def test_the_first_words_come_before_the_imports(command):
    """Python starts with some 80 modules; nbgrader alone brings 1,500 and seconds."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST, *command], capture_output=True, text=True, check=False
    )
    count, _, words = done.stderr.partition(" modules, then: ")
    assert int(count) < 200, done.stderr
    assert words.strip().endswith(".")
    assert "{" not in words
