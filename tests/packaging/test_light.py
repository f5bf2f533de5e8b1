"""mlmkit without what a browser lacks: extras, threads, processes, a network."""

import json
import os
import subprocess
import sys

import plain_run
from distributions import ROOT

from grader.authoring import source_notebook
from grader.bank import questions

LECTURE = "713204.24 195580.93"  # the lecture's first estimate and its standard error


def prepare(lesson, folder):
    """Lay a lesson's cells, solutions included, and its practice key into a folder."""
    solved = source_notebook(ROOT / "solutions" / f"{lesson}.md", questions(lesson))
    cells = plain_run.cells_of(json.loads(json.dumps(solved)), "ada")
    (folder / "cells.json").write_text(json.dumps(cells))
    for file in ROOT.glob("lessons/*.practice.json"):
        (folder / file.name).write_bytes(file.read_bytes())
    return cells


def check_practice(result):
    """Every practice question of the solution was answered at once, and was right."""
    said = [text for id, text in result["shown"].items() if "-practice-" in id and text]
    assert len(said) >= 4 and all(": Right." in text for text in said), said


def test_lesson_01_runs_without_extras_threads_and_processes(tmp_path):
    cells = prepare("01_pooling", tmp_path)
    command = [sys.executable, "-P", plain_run.__file__, "cells.json", "--bare"]
    env = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["failed"] == {} and len(result["shown"]) == len(cells) > 40
    assert any(LECTURE in text for text in result["shown"].values())
    check_practice(result)


TAKEN = """
import os, subprocess, threading
import plain_run
plain_run.take_away()
for away in (
    lambda: __import__("numba"),
    lambda: __import__("arviz_stats.base"),
    lambda: __import__("pymc"),
    lambda: __import__("nutpie"),
    lambda: __import__("ipywidgets"),
    lambda: __import__("psutil"),
    threading.Thread(target=print).start,
    lambda: subprocess.run(["true"]),
    os.fork,
):
    try:
        away()
    except (ModuleNotFoundError, RuntimeError) as error:
        print(str(error).endswith("(taken away by the test)"))
    else:
        print("still there:", away)
"""


def test_what_is_taken_away_is_really_away():
    folder = os.path.dirname(plain_run.__file__)
    command = [sys.executable, "-c", TAKEN]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True"] * 9, done.stdout + done.stderr
