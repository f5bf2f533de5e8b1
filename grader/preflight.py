"""Look at a submission before (or after) it fails, and say in a sentence what is wrong with its files."""

from __future__ import annotations

import json
from pathlib import Path


def diagnose(submission: Path, lesson: str) -> str | None:
    """Say why the files in a submission can't be graded; None when the files look right.

    Parameters
    ----------
    submission : Path
        The folder that the student handed in.
    lesson : str
        Names the notebook that should be in it.
    """
    notebook = submission / f"{lesson}.ipynb"
    if not notebook.is_file():
        others = ", ".join(sorted(path.name for path in submission.glob("*") if path.name != "timestamp.txt"))
        return f"{notebook.name} was not handed in. The submission holds: {others or 'nothing'}."
    raw = notebook.read_bytes()
    if not raw.strip():
        return f"{notebook.name} is empty."
    try:
        cells = json.loads(raw.decode("utf-8"))["cells"]
    except UnicodeDecodeError:
        return f"{notebook.name} is not text in UTF-8, so it was not saved by Jupyter."
    except json.JSONDecodeError as error:
        return f"{notebook.name} is damaged: it is not valid JSON (line {error.lineno})."
    except (KeyError, TypeError):
        return f"{notebook.name} is not a Jupyter notebook."
    return _duplicated(cells, notebook.name)


def _duplicated(cells, name: str) -> str | None:
    ids = [cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") for cell in cells]
    twice = sorted({id for id in ids if id and ids.count(id) > 1})
    if not twice:
        return None
    cells = ", ".join(twice)
    return f"{name} has two copies of {cells}: a cell was copied or split. Delete one and grade again."
