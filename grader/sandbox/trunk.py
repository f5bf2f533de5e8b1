"""What all submissions of a lesson have in common: the trunk, which is run once, before any student's code.

The *trunk* are the released lesson's code cells that no answer, check or user name can touch: lecture code.
A warm process runs them once, and each submission's kernel is a fork of it that runs only the *late* cells.

That is the *short way*. It is taken only where the text of the cells proves that it gives the same as a run
from top to bottom, the *long way*: each late cell may change places with each cell of the trunk behind it
(`grader.sandbox.commute`). A cell of the trunk that may not, because a student uses its names, is run again
in its turn. Whatever casts doubt on this sends a submission the long way.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from grader.intake.mending import released_lesson
from grader.sandbox.bindings import Notebook
from grader.sandbox.commute import (
    DoubtError,
    Effects,
    bound_by,
    effects_of,
    is_the_same_each_time,
    may_change_places,
    require_ordinary,
)
from grader.sandbox.own_names import as_typed, told_apart
from grader.sandbox.trees import never_runs

IMPORTABLE = {".py", ".pyc", ".so", ".zip", ".pth"}


class LongWayError(Exception):
    """A submission has to be run from top to bottom. Its text says why."""


@dataclass(frozen=True)
class Trunk:
    """The trunk of a lesson.

    Attributes
    ----------
    sources : tuple of str
        Its cells, in order.
    doubtful : frozenset of str
        Those of them, before all late cells, whose text doesn't tell what they do. They are the author's.
    """

    sources: tuple[str, ...]
    doubtful: frozenset[str] = frozenset()

    @property
    def print(self) -> str:
        """A fingerprint of its text."""
        return hashlib.sha256(json.dumps(self.sources).encode()).hexdigest()[:16]

    def plan(self, cells: Sequence[NotebookNode]) -> Plan:
        """Say which cells of a notebook need not be run after the trunk.

        Raises
        ------
        LongWayError
            If a cell of the trunk is missing, moved or changed; or if nothing proves that the short way gives
            the same as a run from top to bottom.
        """
        code = [place for place, cell in enumerate(cells) if cell.cell_type == "code" and cell.source.strip()]
        left, trunk = iter(code), {}
        for number, source in enumerate(self.sources):
            place = next((place for place in left if cells[place].source == source), None)
            if place is None:
                raise LongWayError(f"the lesson has {_begin(source)}, here it is missing or changed")
            trunk[place] = number
        return self._plan([(place, cells[place].source) for place in code], trunk)

    def _plan(self, code: list[tuple[int, str]], trunk: dict[int, int]) -> Plan:
        """Run late what is not of the trunk, and what of it meets the names of a late cell before it."""
        apart = dict(zip((place for place, _ in code), told_apart(text for _, text in code), strict=True))
        notebook = Notebook.of(apart.values())
        late: list[Effects] = []
        last, given, changed = max(trunk, default=-1), {}, set()
        for place, typed in code:
            source = apart[place]
            try:
                if never_runs(typed):
                    continue
                if place not in trunk:
                    require_ordinary(source)
                    if place < last:
                        late.append(effects_of(source, notebook))
                    continue
                known = late or typed not in self.doubtful
                effects = effects_of(source, notebook) if known else None
            except DoubtError as doubt:
                raise LongWayError(f"{_begin(typed)} has {as_typed(str(doubt))}") from None
            if all(may_change_places(before, effects) for before in late):
                given[place] = trunk[place]
            else:
                late.append(effects)
                changed |= effects.changes
        if changed & bound_by(apart[place] for place in given):
            raise LongWayError("a cell of the lesson that has to be run again changes what stands before it")
        numbers = {place: count for count, (place, _) in enumerate(code, 1)}
        return Plan(
            given,
            [numbers[place] for place in trunk],
            [count for place, count in numbers.items() if place not in given],
            self._restore({number: apart[place] for place, number in given.items()}),
        )

    def _restore(self, left: dict[int, str]) -> dict[str, int | None]:
        """Say which names stand for something else behind the trunk than behind some of its cells.

        Parameters
        ----------
        left : dict
            Number to text, with the names that are told apart, of the cells that are not run again.
        """
        behind = {name: number for number, text in enumerate(self.sources) for name in bound_by([text])}
        wanted = {name: number for number, text in sorted(left.items()) for name in bound_by([text])}
        return {name: wanted.get(name) for name, number in behind.items() if wanted.get(name) != number}


@dataclass(frozen=True)
class Plan:
    """The short way of one notebook.

    Attributes
    ----------
    given : dict
        Place of a cell in the notebook to its number in the trunk: what it shows is known.
    counts : list of int
        What Jupyter numbers the trunk's cells in this notebook, all of them.
    late : list of int
        What it numbers the cells that the kernel runs, in order.
    restore : dict
        Names that the kernel has to begin with as the cell of this number in the trunk left them; with None,
        without them.
    """

    given: dict[int, int]
    counts: list[int]
    late: list[int]
    restore: dict[str, int | None]


def trunk_of_lesson(path: str) -> Trunk:
    """Choose the trunk of the released lesson at `path`; it is kept while the file is the same."""
    return _trunk_of(path, os.stat(path).st_mtime_ns)


@lru_cache(maxsize=4)
def _trunk_of(path: str, changed: int) -> Trunk:
    return trunk_of(released_lesson(path))


def trunk_of(released: NotebookNode) -> Trunk:
    """Choose the cells of the trunk: those that may change places with all late cells before them.

    Parameters
    ----------
    released : NotebookNode
        The lesson as students get it.
    """
    cells = [(source, effects) for source, why, effects in _lecture_cells(released) if why is None]
    doubtful = frozenset(source for source, effects in cells if effects is None)
    return Trunk(tuple(source for source, _ in cells), doubtful)


def lecture_cells(released: NotebookNode) -> list[tuple[str, str | None]]:
    """List the lesson's own cells, and why one is not of the trunk; None where it is.

    Parameters
    ----------
    released : NotebookNode
        The lesson as students get it.
    """
    return [(source, why) for source, why, _ in _lecture_cells(released)]


def _lecture_cells(released: NotebookNode) -> list[tuple[str, str | None, Effects | None]]:
    cells = [cell for cell in released.cells if cell.cell_type == "code" and cell.source.strip()]
    apart = told_apart(cell.source for cell in cells)
    notebook = Notebook.of(apart)
    late: list[Effects | None] = []  # None: nothing is known of what such a cell does
    found = []
    for cell, source in zip(cells, apart, strict=True):
        effects, doubt = _read(source, notebook)
        why = _why_late(cell.source, effects, doubt, late)
        if is_students(cell) or why is not None:
            late.append(effects)
        if not is_students(cell):
            found.append((cell.source, why, effects))
    return found


def is_students(cell: NotebookNode) -> bool:
    """Tell whether a cell of the lesson is an answer, a check or the one for the user name."""
    return "nbgrader" in cell.metadata or "student" in cell.metadata.get("tags", [])


def require_nothing_to_import(folder: Path) -> None:
    """Raise `LongWayError` if a submission's folder has files that an import could find there."""
    for path in Path(folder).iterdir():
        if path.suffix in IMPORTABLE or (path.is_dir() and not path.name.startswith(".")):
            raise LongWayError(f"a file that code could import: {path.name[:40]}")


def _why_late(source: str, effects: Effects | None, doubt: str, late: list[Effects | None]) -> str | None:
    """Say why a cell of the lesson may not run before these late ones; None where it may."""
    if effects is None:
        same = not late and is_the_same_each_time(source)
        return None if same else f"doubt: {doubt}"
    if not late and not effects.notes and not effects.chance:
        return None
    if effects.notes or effects.chance:
        return "it tells mlmkit something" if effects.notes else "left to chance"
    if None in late:
        return "behind a cell in doubt"
    return (
        None if all(may_change_places(other, effects) for other in late) else "shares names with a late cell"
    )


def _read(source: str, notebook: Notebook) -> tuple[Effects | None, str]:
    try:
        return effects_of(source, notebook), ""
    except DoubtError as doubt:
        return None, as_typed(str(doubt))


def _begin(source: str) -> str:
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return f'the cell that begins with "{lines[0][:40]}"'
