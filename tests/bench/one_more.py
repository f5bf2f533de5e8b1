"""Benchmark: what one more submission costs, beside stock nbgrader and beside its own code alone, in one run.

    python -m tests.bench.one_more                           the short notebook, and lessons 01, 03 and 05
    python -m tests.bench.one_more --students 6 03_uncertainty

Two submissions are graded before, in the same process, so the start tells nothing. These are processor
seconds of the whole machine: let it do nothing else. The *floor* are the processor seconds of the cells of a
submission that are its own (answers, checks, and the lesson's cells that use them), in an IPython that has
run the lesson before: no start, no message, no sandbox.
"""

import argparse
import io
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import nbformat
from IPython.core.interactiveshell import InteractiveShell

from grader.sandbox.jail import EVERYWHERE
from grader.sandbox.trunk import LongWayError, trunk_of_lesson
from mlmkit.compile_kernels import load_fits
from tests.bench import grading

NOTEBOOKS = ("short", "01_pooling", "03_uncertainty", "05_bayesian_fits")
FLOOR = "floor"
FIRST = 2  # submissions that are not counted: they pay for the start
WAYS = ("stock", "full", "ours")  # in nbgrader; here, every cell run for each; here, the lecture run once


def seconds(how, kind, students):
    """Return the processor seconds of one more submission, measured in a process of its own."""
    with TemporaryDirectory(prefix="bench-") as folder, open(Path(folder) / "bench.log", "w") as log:
        grading.make_course(Path(folder), FIRST + students, kind, measure=False)
        command = [sys.executable, "-W", "ignore", "-m", __spec__.name, "--run", how, folder, kind]
        environment = os.environ | (EVERYWHERE if how == FLOOR else {})
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, check=True
        )
    return float(done.stdout.split()[-1])


def print_way(how, root, kind):
    """Grade some submissions, then the others, and print what each of these took of the whole machine."""
    names = sorted(path.name for path in (root / "submitted").iterdir())
    with grading.WAYS[how](root, kind, 1) as grade:
        grade(names[:FIRST])
        began = grading.busy()
        grade(names[FIRST:])
        print((grading.busy() - began) / len(names[FIRST:]))


def print_floor(root, kind):
    """Print the median of what the submissions' own cells take of this process, one after the other."""
    lesson, took = grading.lesson_of(kind), []
    submissions = [
        nbformat.read(path, 4).cells for path in sorted(root.glob(f"submitted/*/{lesson}/*.ipynb"))
    ]
    given = given_by_trunk(root / "release" / lesson / f"{lesson}.ipynb", submissions[0])
    load_fits()  # as in the process that the kernels are forks of
    shell = InteractiveShell.instance()
    for cells in submissions:
        shell.reset()
        own = 0
        for place, cell in enumerate(cells):
            if cell.cell_type == "code":
                own += seconds_of(shell, cell.source) * (place not in given)
        took.append(own)
    print(median(took[FIRST:]))


def seconds_of(shell, source):
    """Run a cell, and show nothing; return its processor seconds."""
    with redirect_stdout(io.StringIO()):
        began = time.process_time()
        done = shell.run_cell(source, store_history=False)
        spent = time.process_time() - began
    done.raise_error()
    return spent


def given_by_trunk(released, cells):
    """Return the places of the cells that a kernel finds done; none, where a submission goes the long way."""
    try:
        return trunk_of_lesson(str(released)).plan(cells).given
    except LongWayError:
        return {}


def main():
    """Run what the arguments ask for."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("notebooks", nargs="*", default=NOTEBOOKS)
    options.add_argument("--students", type=int, default=10)
    options.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.run:
        how, root, kind = asked.run
        return print_floor(Path(root), kind) if how == FLOOR else print_way(how, Path(root), kind)
    print(f"\nProcessor seconds of one more submission, the mean of {asked.students}:\n")
    print("| notebook | stock nbgrader | the long way | the short way | its own cells | stock | own cells |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in asked.notebooks:
        found = [seconds(how, kind, asked.students) for how in (*WAYS, FLOOR)]
        stock, _, ours, floor = found
        row = " | ".join(f"{value:.2f}" for value in found)
        print(f"| {kind} | {row} | {stock / ours:.1f} times | {ours / floor:.1f} times |", flush=True)


if __name__ == "__main__":
    main()
