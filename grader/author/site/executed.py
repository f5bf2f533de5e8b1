"""Run a lesson once as it is handed out, blank, and keep what it showed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from grader.author.build import GLOSSARY, KEY_ENDING
from grader.course.files import write_atomically
from grader.course.repository import ROOT

LONGEST = 600  # seconds for a cell; all lessons take less than a minute each
# What decides what a lesson shows, besides its own text: the library and the locked packages.
LIBRARY = "mlmkit"
LOCK = "requirements.txt"


def executed(notebook: Path, kept: Path) -> NotebookNode:
    """Give a lesson with its outputs; it is run only if nothing was kept of this lesson and library.

    Nobody's name stands in it, so that what it shows belongs to an imaginary student.

    Parameters
    ----------
    notebook : Path
        Such as ``lessons/01_pooling.ipynb``, with its practice key beside it.
    kept : Path
        The folder in which lessons that were run are kept, by the hash of what they depend on.

    Returns
    -------
    NotebookNode

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell ends with an error: a blank lesson has none.
    """
    file = kept / f"{notebook.stem}-{_fingerprint(notebook)}.ipynb"
    if file.is_file():
        return nbformat.read(file, as_version=4)
    lesson = nbformat.read(notebook, as_version=4)
    _run(lesson, notebook)
    for older in kept.glob(f"{notebook.stem}-*.ipynb"):
        older.unlink()
    write_atomically(file, nbformat.writes(lesson))
    return lesson


def _run(lesson: NotebookNode, notebook: Path) -> None:
    """Run all cells, in a folder of their own: what a cell writes must not lie in ``lessons/``."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (notebook.with_suffix("").name + KEY_ENDING, GLOSSARY):
            if (beside := notebook.with_name(name)).is_file():
                shutil.copyfile(beside, Path(folder) / name)
        own = {"IPYTHONDIR": str(Path(folder) / ".ipython"), "PYTHONHASHSEED": "0"}
        NotebookClient(
            lesson,
            kernel_name="python3",
            timeout=LONGEST,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],  # else each kernel warns of its ports
            resources={"metadata": {"path": folder}},
        ).execute(env=_environment() | own)


def _environment() -> dict[str, str]:
    """Take over the environment, without a backend of matplotlib that would hide the pictures."""
    return {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}


def _fingerprint(notebook: Path) -> str:
    """Hash all that a lesson's outputs depend on."""
    key = notebook.with_name(notebook.stem + KEY_ENDING)
    files = [notebook, key, ROOT / LOCK, *sorted((ROOT / LIBRARY).rglob("*.*"))]
    prints = [
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
        if path.is_file() and path.suffix != ".pyc"
    ]
    return hashlib.sha256(json.dumps(prints).encode()).hexdigest()[:16]
