"""One broken submission: how it is made, and what it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from broken.lesson import GOOD, LESSON

FAULTS: dict[str, Fault] = {}


@dataclass(frozen=True)
class Fault:
    """A broken submission.

    Attributes
    ----------
    name : str
        Such as ``duplicated_check_cell``; also the user name of the student who hands it in.
    build : callable
        Returns what is handed in: a notebook, bytes, or a dict of file names and contents.
    says : str
        Part of what student and instructor must read; empty: nothing.
    marks : dict
        Question to points; None where a person gives them.
    status : {"done", "unreadable"}
    """

    name: str
    build: Callable
    says: str
    marks: dict[str, float | None]
    status: str

    def hand_in(self, root: Path) -> None:
        """Put the submission where collected ones lie."""
        files = self.build()
        if not isinstance(files, dict) or isinstance(files, NotebookNode):
            files = {f"{LESSON}.ipynb": files}
        place = root / "submitted" / self.name / LESSON
        place.mkdir(parents=True)
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = content if isinstance(content, bytes) else nbformat.writes(content).encode()
            path.write_bytes(raw)


def fault(says: str = "", **marks: float | None):
    """Register a mended submission; `marks` are those that differ from full marks."""
    full = GOOD | {f"t20-{name}": points for name, points in marks.items()}
    return _register(says, full, "done")


def unreadable(says: str):
    """Register a submission that can't be read, and gets zero."""
    return _register(says, dict.fromkeys(GOOD, 0.0), "unreadable")


def _register(says, marks, status):
    def decorate(build):
        FAULTS[build.__name__] = Fault(build.__name__, build, says, marks, status)
        return build

    return decorate
