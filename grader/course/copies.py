"""Copies of the lessons to work in: `lessons/` itself is made from `solutions/`, and nobody edits it.

Whatever somebody changed in a copy stays. A newer version of a lesson replaces a copy that nobody touched,
and goes beside one that somebody did.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from grader.course.files import write_atomically
from grader.course.repository import ROOT

WORK = ROOT / "workspace" / "lessons"
COPIED = ("*.ipynb", "*.practice.json", "glossary.md")
RECORD = ".copied.json"  # what was copied here, by name: a file that is not what was copied was changed


def copy_lessons(lessons: Path = ROOT / "lessons", work: Path = WORK) -> list[str]:
    """Copy the notebooks of `lessons` and what lies beside them to `work`, and overwrite nobody's work.

    Parameters
    ----------
    lessons, work : Path

    Returns
    -------
    list of str
        A sentence for each file that was copied; nothing where all is as it was.
    """
    work.mkdir(parents=True, exist_ok=True)
    record = work / RECORD
    copied = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    said = []
    for source in sorted(path for ending in COPIED for path in lessons.glob(ending)):
        said += _put(source, work / source.name, copied)
    write_atomically(record, json.dumps(copied, indent=1))
    return said


def _put(source: Path, target: Path, copied: dict[str, str]) -> list[str]:
    """Bring `target` up to date, or the file beside it where somebody has changed it."""
    new = _print(source)
    if target.exists() and copied.get(target.name) == new:
        return []  # this version was copied before: what came of it is its owner's
    changed = target.exists() and _print(target) not in (new, copied.get(target.name))
    if changed:
        said = _put(source, _beside(target), copied)
        return [f"You changed {target}, so it stays as it is. {line}" for line in said]
    _replace(source, target)
    copied[target.name] = new
    return [f"Copied {source.name} to {target}."]


def _beside(target: Path) -> Path:
    """Name the place of a new version: ``01_pooling.new.ipynb`` beside ``01_pooling.ipynb``."""
    name, dot, ending = target.name.partition(".")
    return target.with_name(f"{name}{dot}new.{ending}")


def _replace(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.draft")
    draft.write_bytes(source.read_bytes())
    draft.replace(target)


def _print(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
