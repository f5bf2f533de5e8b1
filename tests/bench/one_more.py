"""Benchmark: what one more submission costs, beside stock nbgrader and beside its own code alone, in one run.

    python -m tests.bench.one_more                           the short notebook, and lessons 01, 03 and 05
    python -m tests.bench.one_more --students 6 03_uncertainty

What one more costs is the difference between a class and a class of two, divided by how many more there are:
so the start tells nothing. These are processor seconds of the whole machine, in one process: let the machine
do nothing else. The *floor* is what the cells of a submission take that are its own (answers, checks, and the
lesson's cells that use them), in an IPython that has run the lesson before: no start, no message, no sandbox.
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
FEWEST = 2
WAYS = ("stock", "full", "ours")  # in nbgrader; here, every cell run for each; here, the lecture run once
FLOOR_OF = 5  # submissions, the first of which is not counted


def difference(how, kind, students):
    """Return the processor seconds of one more submission."""
    used = []
    for size in (FEWEST, students):
        with TemporaryDirectory(prefix="bench-") as folder:
            grading.make_course(Path(folder), size, kind, measure=False)
            used.append(grading.run(how, Path(folder), kind, 1)[1])
    return (used[1] - used[0]) / (students - FEWEST)


def floor(kind):
    """Return the processor seconds of a submission's own cells, in a process of its own."""
    with TemporaryDirectory(prefix="bench-") as folder:
        grading.make_course(Path(folder), FLOOR_OF, kind, measure=False)
        command = [sys.executable, "-W", "ignore", "-m", __spec__.name, "--floor", folder, kind]
        done = subprocess.run(
            command, env=os.environ | EVERYWHERE, stdout=subprocess.PIPE, text=True, check=True
        )
    return float(done.stdout)


def print_floor(root, kind):
    """Print the median of what the submissions' own cells take, one submission after the other."""
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
    print(median(took[1:]))


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
    options.add_argument("--students", type=int, default=12)
    options.add_argument("--floor", nargs=2, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.floor:
        return print_floor(Path(asked.floor[0]), asked.floor[1])
    print(f"\nProcessor seconds of one more submission, from {FEWEST} to {asked.students} of them:\n")
    print("| notebook | stock nbgrader | the long way | the short way | its own cells | stock | own cells |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in asked.notebooks:
        stock, full, ours = (difference(how, kind, asked.students) for how in WAYS)
        least = floor(kind)
        seconds = " | ".join(f"{value:.2f}" for value in (stock, full, ours, least))
        print(
            f"| {kind} | {seconds} | {stock / ours:.1f} times | {ours / least:.1f} times |",
            flush=True,
        )


if __name__ == "__main__":
    main()
