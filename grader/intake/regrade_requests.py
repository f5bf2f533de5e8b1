"""Requests for a second look in a notebook that arrives, and whether anything else in it is new.

Who asks must not become late by asking: a hand-in whose work is the same as the one before, and that adds
requests, is no new submission. The work is what a mark depends on. The grader runs a notebook anew, so these
are its code, its written answers and the files beside it; what it showed when the student ran it is not.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from grader.course.files import file_print, own_files
from grader.intake.preflight import FaultError, raw_cells, read_notebook
from grader.intake.request_log import Request
from grader.intake.safe_copy import SECRET, TIME
from mlmkit.answers.regrade import LONGEST, REQUEST

MANY = 50  # requests of one hand-in; the rest is left out
CALLS = "regrade"


def requests_in(place: Path, lesson: str, student: str, known: set[str]) -> tuple[list[Request], int]:
    """Find the requests that ``regrade`` has recorded in a hand-in.

    Parameters
    ----------
    place : Path
        The folder that was handed in.
    lesson, student : str
    known : set of str
        The ids of the lesson's questions: a request for another one counts for nothing.

    Returns
    -------
    list of Request
        Each once, at most 50.
    int
        How many were left out because they are too many.
    """
    try:
        cells = raw_cells(_notebook(place, lesson), lesson, [])
    except (FaultError, OSError):
        return [], 0
    found = {}
    for payload in _payloads(cells):
        question, why = payload.get("question"), payload.get("why")
        if isinstance(question, str) and question in known and isinstance(why, str) and why.strip():
            request = Request(student, question, _words(why))
            found.setdefault(request.id, request)
    requests = list(found.values())
    return requests[:MANY], len(requests[MANY:])


def work_print(place: Path, lesson: str, ignore: list[str], texts: set[str]) -> str:
    """Return the fingerprint of a hand-in's work: requests, outputs and empty cells don't count in it.

    Nor do the student's own remarks, unless a written answer has lost its cell: then one of them may be it.
    Of a notebook that can't be read, every byte counts.

    Parameters
    ----------
    place : Path
    lesson : str
    ignore : list of str
        File names and patterns to leave out.
    texts : set of str
        The ids of the lesson's written answers.
    """
    name = f"{lesson}.ipynb"
    files = own_files(place, [*ignore, TIME, SECRET])
    parts = [(other, file_print(path)) for other, path in sorted(files.items()) if other != name]
    try:
        notebook, _ = read_notebook(place / name, name)
        cells = [(cell.cell_type, _name(cell), _source(cell)) for cell in notebook.cells]
        remarks = not texts <= {name for _, name, _ in cells}
        parts += [cell for cell in cells if cell[1] or (cell[2] and (cell[0] == "code" or remarks))]
    except FaultError:
        parts += [(name, file_print(place / name))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def without_requests(source: str) -> str:
    r"""Return code without calls of ``regrade`` that only record; what else stands in their lines stays.

    >>> without_requests('mu = 2\nfrom mlmkit import regrade\nregrade("l01-fixef", "Why?")')
    'mu = 2'
    >>> without_requests('regrade("l01-fixef", "Why?"); mu = 2')
    'regrade("l01-fixef", "Why?"); mu = 2'
    """
    if CALLS not in source:
        return source.strip()
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source.strip()
    lines = source.split("\n")
    used = [line for node in statements for line in range(node.lineno - 1, node.end_lineno)]
    for node in statements:
        own = range(node.lineno - 1, node.end_lineno)
        if _only_asks(node) and all(used.count(line) == 1 for line in own):
            for line in own:
                lines[line] = ""
    return "\n".join(lines).strip()


def _only_asks(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = [(alias.name, alias.asname) for alias in node.names]
        return node.module == "mlmkit" and names == [(CALLS, None)]
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and getattr(call.func, "id", None) == CALLS
        and all(
            isinstance(part, ast.Constant) for part in [*call.args, *(one.value for one in call.keywords)]
        )
    )


def _name(cell) -> str:
    nbgrader = cell.metadata.get("nbgrader")
    return str(nbgrader.get("grade_id")) if isinstance(nbgrader, dict) else ""


def _source(cell) -> str:
    return without_requests(cell.source) if cell.cell_type == "code" else cell.source.strip()


def _notebook(place: Path, lesson: str) -> Path:
    """Find the notebook, also where a learning platform has given the only one another name."""
    path = place / f"{lesson}.ipynb"
    others = [] if path.exists() else [one for one in place.glob("*.ipynb") if not one.is_symlink()]
    return others[0] if len(others) == 1 else path


def _payloads(cells: list):
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else ():
            data = output.get("data") if isinstance(output, dict) else None
            payload = data.get(REQUEST) if isinstance(data, dict) else None
            if isinstance(payload, dict):
                yield payload


def _words(why: str) -> str:
    """Make a reason fit for a page and a screen: lines of printable characters, not too long."""
    text = why[: LONGEST + 1]
    text = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
