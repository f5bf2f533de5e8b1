"""Read and mend a submission before nbgrader looks at it: two classes named in ``nbgrader_config.py``.

`SubmissionExporter` reads the file in whatever state it is; `RepairCells` mends its cells. What they did
stands in the notebook's metadata, for the feedback page and the class report. A submission that can't
be read becomes a notebook with the lesson's graded cells and nothing else: it gets zero marks with the
reason, which an instructor can override in the formgrader.
"""

from __future__ import annotations

import copy
import json
import os
from functools import lru_cache
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.intake.preflight import Reading, read_submission
from grader.intake.repair import grade_id, repair

METADATA = "mlmkit"  # in the notebook: {"notices": [...], "unreadable": "..."}; in a cell: {"not_run": "..."}


class SubmissionExporter(NotebookExporter):
    """nbconvert's notebook exporter, for files from students."""

    def from_filename(self, filename, resources=None, **kw):
        """Read what was handed in where `filename` should be; a notebook of our own is read as it is."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **kw)
        path, coursedir = Path(filename), self.parent.coursedir
        lesson = resources["nbgrader"]["notebook"]
        place = coursedir.format_path(coursedir.release_directory, ".", resources["nbgrader"]["assignment"])
        released_path = os.path.join(place, f"{lesson}.ipynb")
        released = released_lesson(released_path)
        known = {grade_id(cell) for cell in released.cells} - {None}
        reading = read_submission(path.parent, lesson, known, coursedir.ignore)
        nb = reading.notebook or zero_notebook(released, reading.fault)
        nb.metadata[METADATA] = _about(reading)
        resources["metadata"] = {"name": lesson, "path": str(path.parent)}
        resources["nbgrader"]["released"] = released_path
        return self.from_notebook_node(nb, resources, **kw)


class RepairCells(NbGraderPreprocessor):
    """Mend copied, split, merged, deleted, moved and edited cells, and say so in the notebook's metadata."""

    def preprocess(self, nb, resources):
        """Mend `nb`, which `SubmissionExporter` has read."""
        about = nb.metadata.setdefault(METADATA, {"notices": []})
        names = resources["nbgrader"]
        if "unreadable" not in about:
            about["notices"] += repair(nb, released_lesson(names["released"]), names["student"])
        return nb, resources


def unreadable_reason(nb: NotebookNode) -> str | None:
    """Why a submission could not be read, so that there is nothing to run; None where it could."""
    return nb.metadata.get(METADATA, {}).get("unreadable")


def unreadable_in(path: Path) -> str | None:
    """Return `unreadable_reason` of a notebook file."""
    return json.loads(path.read_text(encoding="utf-8"))["metadata"].get(METADATA, {}).get("unreadable")


def notices_in(nb: NotebookNode) -> list[str]:
    """Return what was repaired in a submission, and why it could not be read: sentences."""
    about = nb.metadata.get(METADATA, {})
    return [about["unreadable"]] if "unreadable" in about else list(about.get("notices", []))


def zero_notebook(released: NotebookNode, fault: str) -> NotebookNode:
    """Make the notebook that stands for a submission that can't be read: the graded cells, not run."""
    title = next((cell.source for cell in released.cells if cell.source.startswith("# ")), "# Lesson")
    cells = [new_markdown_cell(title.split("\n")[0], id="title")]
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell = copy.deepcopy(cell)
            cell.metadata[METADATA] = {"not_run": fault}
            cells.append(cell)
    return new_notebook(cells=cells, metadata=copy.deepcopy(released.metadata))


def released_lesson(path: str) -> NotebookNode:
    """Read the lesson as students get it. Treat it as read-only: it is shared."""
    return _released(path, os.stat(path).st_mtime_ns)


@lru_cache(maxsize=4)
def _released(path: str, changed: int) -> NotebookNode:
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nb


def _about(reading: Reading) -> dict:
    if reading.fault is not None:
        return {"notices": [], "unreadable": reading.fault}
    return {"notices": list(reading.notices)}
