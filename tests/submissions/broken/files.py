"""Faults of the file: its name, its place, its encoding, its format, or no file at all."""

import copy
import io
import json
import math
import zipfile

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from broken.fault import fault, unreadable
from broken.lesson import LESSON, good

NAME = f"{LESSON}.ipynb"


def text(notebook=None):
    return nbformat.writes(notebook or good())


@fault()
def nothing_wrong():
    return good()


@fault()
def outputs_only():
    """Run in another version of Jupyter: other outputs, numbers and times, the same answers."""
    notebook = good()
    for count, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.execution_count = 100 + count
            cell.outputs = [nbformat.v4.new_output("stream", text="99.0\n")]
            cell.metadata["execution"] = {"iopub.execute_input": "2030-01-01T00:00:00Z"}
    return notebook


@fault(f"{NAME} was saved with a byte order mark")
def byte_order_mark():
    return b"\xef\xbb\xbf" + text().encode()


@fault(f"{NAME} was saved in UTF-16")
def utf_16():
    return text().encode("utf-16")


@fault(f"{NAME} was saved in UTF-16")
def utf_16_without_mark():
    return text().encode("utf-16-le")


@fault(f"{NAME} was saved in the encoding Latin-1")
def latin_1():
    return text().encode("latin-1")


@fault("My lesson (1).ipynb was graded instead.")
def wrong_file_name():
    return {"My lesson (1).ipynb": good()}


@fault(f"{NAME}.txt was graded instead.")
def browser_added_an_ending():
    return {f"{NAME}.txt": good()}


@fault(f"{LESSON}/{NAME} was graded instead.")
def nested_folder():
    return {f"{LESSON}/{NAME}": good(), f"{LESSON}/.ipynb_checkpoints/{LESSON}-checkpoint.ipynb": good()}


@fault(f"{NAME} is empty. {LESSON}-Copy1.ipynb was graded instead.")
def empty_file_beside_a_copy():
    return {NAME: b"", f"{LESSON}-Copy1.ipynb": good()}


@fault("was graded instead.")
def two_equal_copies():
    return {"one.ipynb": good(), "two.ipynb": good()}


@unreadable("It is not clear which one counts. Hand in one of them")
def two_different_copies():
    other = good()
    other.cells[4].source = "two = 3.0"
    return {"one.ipynb": good(), "two.ipynb": other}


@unreadable(f"{NAME} was not handed in. The submission holds: {LESSON}.html, data.csv.")
def missing_notebook():
    return {f"{LESSON}.html": b"<html></html>", "data.csv": b"1,2"}


@unreadable("The submission holds: lesson.zip. Archives are not unpacked: hand in the notebook itself.")
def archive_instead_of_notebook():
    return {"lesson.zip": zipped()}


@unreadable(f"{NAME} is an archive (ZIP), not a notebook.")
def archive_in_the_notebooks_name():
    return zipped()


def zipped():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(NAME, text())
    return archive.getvalue()


@fault("The settings of a cell of `t20-two` were changed; the original ones count.")
def not_a_number_in_the_json():
    """NaN and Infinity, which Python writes into JSON and others can't read, wherever a number may stand."""
    data = json.loads(text())
    data["metadata"]["x"] = data["nbformat_minor"] = math.nan
    for place, cell in enumerate(data["cells"]):
        cell["metadata"] |= {"x": math.inf, "tags": [math.nan]}
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"points": math.nan, "schema_version": -math.inf}
        if cell["cell_type"] == "code":
            cell["execution_count"] = math.nan
            cell["outputs"] = [{"output_type": "display_data", "data": math.nan, "metadata": math.inf}]
        elif place:
            cell["attachments"] = {"a.png": {"image/png": math.nan}}
    return json.dumps(data).encode()


@unreadable(f"{NAME} was not handed in. The submission holds: nothing.")
def only_a_time_stamp():
    return {"timestamp.txt": b"no time at all"}


@unreadable(f"{NAME} is empty.")
def empty_file():
    return b""


@unreadable(f"{NAME} is damaged: it is not valid JSON (line 1).")
def corrupt_json():
    return b'{"cells": [{"cell_type": '


@unreadable(f"{NAME} is damaged: it is not valid JSON (line 1).")
def web_page_instead_of_notebook():
    return b"<!DOCTYPE html><html><body>Sign in</body></html>"


@unreadable(f"{NAME} is damaged: its JSON can't be read.")
def endless_brackets():
    return b"[" * 200_000


@unreadable(f"{NAME} is not a Jupyter notebook.")
def json_of_something_else():
    return b'{"name": "requirements", "cells": 3}'


@fault("what came after it is lost", four=0.0, text=0.0)
def truncated_after_question_one():
    whole = text()
    return whole[: whole.index('"id": "t20-four-answer"')].encode()


@unreadable(f"{NAME} is another lesson: its questions are l02-weights, l02-icc.")
def notebook_of_another_lesson():
    return new_notebook(cells=[new_code_cell(f'check("{id}", 1)') for id in ("l02-weights", "l02-icc")])


@unreadable(f"{NAME} has none of the lesson's questions.")
def notebook_without_questions():
    return new_notebook(cells=[new_code_cell("print(1)")])


@fault(f"{NAME} was saved in an old format (version 3); it was converted.")
def old_format():
    return nbformat.writes(good(), version=3).encode()


@fault()
def format_4_0_without_cell_ids():
    data = json.loads(text())
    data["nbformat_minor"] = 0
    for cell in data["cells"]:
        del cell["id"]
    return json.dumps(data).encode()


@fault()
def half_a_character():
    """A lone surrogate: valid in JSON, impossible in a file."""
    return text().replace("naïvely", r"\ud83d").encode()


@fault()
def invalid_by_the_schema():
    """Cells with fields of wrong types, and things that are no cells."""
    data = json.loads(text())
    data["cells"] += [None, 7, {"cell_type": "code"}, {"cell_type": "chart", "source": {"a": 1}}]
    data["cells"][0]["metadata"] = "none"
    data["cells"][0]["attachments"] = [1]
    data["cells"][1]["outputs"] = "none"
    data["cells"][2]["id"] = "not an id: " + "x" * 100
    data["cells"].append(copy.deepcopy(data["cells"][2]))
    return json.dumps(data).encode()
