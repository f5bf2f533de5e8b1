"""The cells of a solved lesson, and what they must show."""

import json
import os
import subprocess
import sys

import plain_run
from distributions import ROOT

from grader.author.tagged_lesson import source_notebook
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


def run_01(folder, option):
    """Run lesson 01 in a plain Python from which `option` of plain_run.py takes something away; check it."""
    cells = prepare("01_pooling", folder)
    command = [sys.executable, "-P", plain_run.__file__, "cells.json", option]
    env = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["failed"] == {} and len(result["shown"]) == len(cells) > 40
    assert any(LECTURE in text for text in result["shown"].values())
    check_practice(result)
