"""What the cells of a lesson's trunk show: one ordinary run in the sandbox, kept for all submissions."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_notebook

from grader.course.files import write_atomically
from grader.judge.depends import print_of_all
from grader.sandbox.trunk import LongWayError, Trunk

type Outputs = list[list[NotebookNode]]
_kept: dict[str, Outputs] = {}


def outputs_of(trunk: Trunk, folder: Path | None, run: Callable[[NotebookNode], NotebookNode]) -> Outputs:
    """Return the outputs of the trunk's cells, in their order.

    Parameters
    ----------
    trunk : Trunk
    folder : Path or None
        Where they are kept, by what they depend on. None: in this process only.
    run : callable
        Executes a notebook from top to bottom and returns it.

    Raises
    ------
    LongWayError
        If a cell fails, warns, or was not run: such a lesson has no short way.
    """
    name = f"{trunk.print}-{print_of_all('grader.sandbox.execute')[:16]}"
    if name not in _kept:
        _kept[name] = _make(trunk, run) if folder is None else _from_file(folder / f"{name}.json", trunk, run)
    for source, outputs in zip(trunk.sources, _kept[name], strict=True):
        if any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs):
            raise LongWayError(f"a cell of the lesson fails or warns: {source.strip().splitlines()[0][:40]}")
    return _kept[name]


def _from_file(path: Path, trunk: Trunk, run: Callable[[NotebookNode], NotebookNode]) -> Outputs:
    """Read what is kept; the first process makes it, while the others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.is_file():
            write_atomically(path, json.dumps(_make(trunk, run)))
    found = json.loads(path.read_text(encoding="utf-8"))
    return [[from_dict(output) for output in outputs] for outputs in found]


def _make(trunk: Trunk, run: Callable[[NotebookNode], NotebookNode]) -> Outputs:
    notebook = new_notebook(cells=[new_code_cell(source) for source in trunk.sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = run(notebook).cells
    if any(cell.execution_count is None for cell in cells):
        raise LongWayError("the lesson's own cells could not be run to their end")
    return [cell.outputs for cell in cells]
