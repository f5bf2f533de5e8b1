"""Files that are too large: what reading them costs, and what is left of them."""

import json
import time
import tracemalloc
from pathlib import Path

import nbformat
import pytest

from grader.intake.preflight import FaultError, read_notebook
from grader.intake.repair import grade_id, repair
from grader.intake.room import MAX_CELLS, MAX_CODE, cells_within_limits

LESSON = Path(__file__).parents[3] / "lessons" / "01_pooling.ipynb"


def code(source, **metadata):
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def read(tmp_path, before=(), after=()):
    """Read and mend the lesson with cells around it; return notebook, notices, and seconds."""
    data = json.loads(LESSON.read_text())
    data["cells"] = [*before, *data["cells"], *after]
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(data))
    start = time.process_time()
    nb, notices = read_notebook(path, "x.ipynb")
    notices += repair(nb, nbformat.read(LESSON, 4), "ana")
    return nb, notices, time.process_time() - start


MANY = {
    "empty": [code("")] * 20_000,
    "full": [code("x = 1")] * 20_000,
    "long": [code("1;" * 100_000)] * 100,
    "copies": [code("x = 1", nbgrader={"grade_id": "l01-fixef-answer"})] * 3_000,
}


@pytest.mark.parametrize("what", MANY)
@pytest.mark.parametrize("where", ["before", "after"])
def test_what_is_too_much_is_left_out_quickly_and_the_questions_stay(tmp_path, what, where):
    nb, notices, seconds = read(tmp_path, **{where: MANY[what]})
    assert seconds < 6
    assert len(nb.cells) <= MAX_CELLS + 20  # checks are put back
    assert "cells were left out" in notices[0]
    asked = {grade_id(cell) for cell in nbformat.read(LESSON, 4).cells} - {None}
    assert {grade_id(cell) for cell in nb.cells} >= asked


def test_a_lesson_of_ordinary_size_loses_nothing(tmp_path):
    nb, notices, _ = read(tmp_path, after=[code("x = 1")] * 500)
    assert len(nb.cells) == len(nbformat.read(LESSON, 4).cells) + 500
    assert not [notice for notice in notices if "left out" in notice]


def test_cells_that_are_none_are_counted_too():
    kept, says = cells_within_limits([None, 3, []] * MAX_CELLS)
    assert len(kept) == MAX_CELLS
    assert says.startswith("has 6,000 cells")


def test_one_cell_that_is_too_long_is_left_out_alone():
    kept, says = cells_within_limits([code("1"), code("x" * (MAX_CODE + 1)), code("2")])
    assert [cell["source"] for cell in kept] == ["1", "2"]
    assert says.endswith("so 1 cell was left out")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" + "[]," * 5_000_000 + "[]]", "5.0 million lists"),
        ("[" + "0," * 9_000_000 + "0]", "9.0 million elements"),
    ],
)
def test_a_file_of_many_parts_is_refused_before_it_is_in_memory(tmp_path, text, says):
    path = tmp_path / "x.ipynb"
    path.write_text('{"cells": ' + text + "}")
    del text
    size = path.stat().st_size
    tracemalloc.start()
    with pytest.raises(FaultError, match=says):
        read_notebook(path, "x.ipynb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * size + 2**20
