"""mlmkit without what a browser lacks: extras, threads, processes, a network."""

import os
import subprocess
import sys

import plain_run
from lesson_cells import run_01


def test_lesson_01_runs_without_extras_threads_and_processes(tmp_path):
    run_01(tmp_path, "--bare")


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
