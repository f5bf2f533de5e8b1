"""Find and read the notebook in a submission, whatever state it is in. A student's file is never changed.

What is unambiguous is repaired, and a sentence says so: another encoding, an old format, another file name,
a file that ends in the middle. What is not gives a fault: a sentence for the student and the instructor.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from grader.course.files import has_links, own_files
from grader.intake.room import MAX_BYTES, cells_within_limits, why_too_large

CHECK_CALL = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")
PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
ARCHIVES = {b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"BZh": "bzip2"}
# What else cells of these kinds have. A function of nbformat would look at each; the notebook is looked at.
_KINDS = {"code": {"execution_count": None, "outputs": []}, "markdown": {}, "raw": {}}
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KEPT_METADATA = ("nbgrader", "tags", "deletable", "editable")


@dataclass(frozen=True)
class Reading:
    """What could be read of a submission: a valid notebook and what was repaired, or a fault."""

    notebook: NotebookNode | None
    notices: tuple[str, ...] = ()
    fault: str | None = None


class FaultError(Exception):
    """A file can't be read as a notebook. Its text says why."""


def read_submission(place: Path, lesson: str, known: set[str], ignore: list[str]) -> Reading:
    """Read the notebook that a student handed in.

    Parameters
    ----------
    place : Path
        The folder that the student handed in.
    lesson : str
        Names the notebook that should be in it.
    known : set of str
        The ids of the lesson's cells, by which its notebook is recognised.
    ignore : list of str
        File names and patterns to leave out.
    """
    name = f"{lesson}.ipynb"
    files = own_files(place, ignore)
    expected = _try(files[name], name, known) if name in files else None
    if expected is not None and expected.fault is None:
        return expected
    others = {other: path for other, path in files.items() if ".ipynb" in other.lower() and other != name}
    found = {other: _try(path, Path(other).name, known) for other, path in sorted(others.items())}
    good = {other: reading for other, reading in found.items() if reading.fault is None}
    if good:
        return _choose(good, name, expected)
    if expected is not None:
        return expected
    if len(found) == 1:
        return next(iter(found.values()))
    there = ", ".join(sorted(file for file in files if file != "timestamp.txt"))
    says = f"{name} was not handed in. The submission holds: {there or 'nothing'}."
    if any(file.lower().endswith(PACKED) for file in files):
        says += " Archives are not unpacked: hand in the notebook itself."
    if has_links(place):
        says += " Links are not followed: hand in the files themselves."
    return Reading(None, fault=says)


def _choose(good: dict[str, Reading], name: str, expected: Reading | None) -> Reading:
    """Take the notebook that has another name than it should, unless there are several different ones."""
    contents = {json.dumps([cell.source for cell in reading.notebook.cells]) for reading in good.values()}
    if len(contents) > 1:
        names = ", ".join(good)
        return Reading(
            None,
            fault=f"{name} was not handed in, but several notebooks of this lesson: {names}. "
            f"It is not clear which one counts. Hand in one of them, with the name {name}.",
        )
    other, reading = next(iter(good.items()))
    why = expected.fault if expected else f"{name} was not handed in."
    return Reading(reading.notebook, (f"{why} {other} was graded instead.", *reading.notices))


def _try(path: Path, name: str, known: set[str]) -> Reading:
    try:
        notebook, notices = read_notebook(path, name)
        _require_lesson(notebook, name, known)
    except FaultError as fault:
        return Reading(None, fault=str(fault))
    return Reading(notebook, tuple(notices))


def read_notebook(path: Path, name: str) -> tuple[NotebookNode, list[str]]:
    """Read a file as a valid notebook of today's format, without outputs.

    Returns
    -------
    NotebookNode
    list of str
        What was repaired on the way.

    Raises
    ------
    FaultError
        If there is no notebook to be had from it.
    """
    notices = []
    entries, left_out = cells_within_limits(raw_cells(path, name, notices))
    if left_out:
        notices.append(f"{name} {left_out}.")
    cells = [cell for cell in map(_valid_cell, entries) if cell is not None]
    _give_ids(cells)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel}), notices


def raw_cells(path: Path, name: str, notices: list[str]) -> list:
    """Read the list of cells in a file, as they stand there: each of them may be anything.

    Raises
    ------
    FaultError
        If there is no such list to be had from it.
    """
    text = _text(path, name, notices)
    data = _parsed(text, name, notices)
    version = data.get("nbformat")
    if isinstance(version, int) and version < 4 and "worksheets" in data:
        data = _upgraded(data, name)
        notices.append(f"{name} was saved in an old format (version {version}); it was converted.")
    if not isinstance(data.get("cells"), list):
        raise FaultError(f"{name} is not a Jupyter notebook.")
    return data["cells"]


def _text(path: Path, name: str, notices: list[str]) -> str:
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise FaultError(f"{name} can't be opened ({error.strerror}).") from error
    if size > MAX_BYTES:
        raise FaultError(
            f"{name} has {size / 1e6:.0f} MB, and the limit is {MAX_BYTES / 1e6:.0f} MB. "
            "Clear all outputs, save, and hand in again."
        )
    if not raw.strip():
        raise FaultError(f"{name} is empty.")
    for start, kind in ARCHIVES.items():
        if raw.startswith(start):
            raise FaultError(
                f"{name} is an archive ({kind}), not a notebook. Hand in the notebook that is in it."
            )
    encoding, called = _encoding(raw)
    if called:
        notices.append(f"{name} was saved {called}, not as Jupyter does; it was converted.")
    return raw.decode(encoding, "replace")


def _encoding(raw: bytes) -> tuple[str, str]:
    """Find the encoding of a file of JSON, whose first characters are plain ASCII."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "in UTF-16"
    if raw[1:2] == b"\0" or raw[:1] == b"\0":
        return ("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"), "in UTF-16"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", "with a byte order mark"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the file ends in the middle of a character
            return "utf-8", ""
        return "cp1252", "in the encoding Latin-1"
    return "utf-8", ""


def _parsed(text: str, name: str, notices: list[str]) -> dict:
    if says := why_too_large(text):
        raise FaultError(f"{name} {says}. Clear all outputs, save, and hand in again.")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        cells = _cells_before_damage(text)
        if not cells:
            raise FaultError(f"{name} is damaged: it is not valid JSON (line {error.lineno}).") from error
        notices.append(
            f"{name} is damaged (line {error.lineno}). The {len(cells)} cells before that place were read; "
            "what came after it is lost. Hand in the whole file if you still have it."
        )
        return _writable({"cells": cells})
    except (ValueError, RecursionError) as error:
        raise FaultError(f"{name} is damaged: its JSON can't be read.") from error
    if not isinstance(data, dict):
        raise FaultError(f"{name} is not a Jupyter notebook.")
    return _writable(data)


def _writable(data: dict) -> dict:
    """Replace halves of characters (lone surrogates): valid in JSON, but impossible to write to a file."""
    return json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))


def _cells_before_damage(text: str) -> list:
    """Return the whole cells of a file that is not valid JSON, up to the first that is not whole."""
    start = re.search(r'"cells"\s*:\s*\[', text)
    cells, place, decoder = [], start.end() if start else len(text), json.JSONDecoder()
    try:
        while True:
            place = re.compile(r"[\s,]*").match(text, place).end()
            cell, place = decoder.raw_decode(text, place)
            cells.append(cell)
    except (ValueError, RecursionError):
        return cells


def _upgraded(data: dict, name: str) -> dict:
    try:
        return nbformat.convert(nbformat.reader.reads(json.dumps(data)), 4)
    except Exception as error:  # each version of the format fails in its own way
        raise FaultError(f"{name} is in an old format of notebooks, and damaged.") from error


def _valid_cell(entry) -> NotebookNode | None:
    """Make a valid cell without outputs of whatever stands in the list of cells."""
    if not isinstance(entry, dict):
        return None
    source = entry.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind = entry.get("cell_type")
    source = source if isinstance(source, str) else ""
    kind = kind if kind in ("code", "raw") else "markdown"
    found = entry.get("metadata")
    found = found if isinstance(found, dict) else {}
    kept = {key: found[key] for key in _KEPT_METADATA if key in found}
    tags = kept.get("tags", [])
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        del kept["tags"]
    cell = {"id": entry.get("id"), "cell_type": kind, "metadata": kept, "source": source, **_KINDS[kind]}
    attachments = entry.get("attachments")
    if entry.get("cell_type") == "markdown" and _are_attachments(attachments):
        cell["attachments"] = attachments
    return nbformat.from_dict(cell)


def _are_attachments(found) -> bool:
    """Tell whether `found` has the form of pictures pasted into a cell: name, then type, then text."""
    return isinstance(found, dict) and all(
        isinstance(bundle, dict) and all(isinstance(part, str) for part in bundle.values())
        for bundle in found.values()
    )


def _give_ids(cells: list[NotebookNode]) -> None:
    """Give an id to each cell that has none, or one that is used already; always the same ids."""
    taken = set()
    for place, cell in enumerate(cells):
        name = cell["id"]
        if not isinstance(name, str) or not _CELL_ID.fullmatch(name) or name in taken:
            name = f"cell-{place}"
        while name in taken:
            name += "x"
        cell["id"] = name
        taken.add(name)


def _require_lesson(notebook: NotebookNode, name: str, known: set[str]) -> None:
    """Refuse the notebook of another lesson."""
    ids, asked = set(), []
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader")
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        calls = CHECK_CALL.findall(cell.source)
        ids.update({cell["id"], grade_id if isinstance(grade_id, str) else "", *calls})
        asked += [call for call in calls if call not in asked]
    if ids & known:
        return
    if asked:
        more = ", …" if len(asked) > 3 else ""
        raise FaultError(f"{name} is another lesson: its questions are {', '.join(asked[:3])}{more}.")
    raise FaultError(f"{name} has none of the lesson's questions.")
