"""Make a page of a lesson that was run: what a reader sees, without what only a student's notebook needs."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from grader.author.tagged_lesson import role_of

PICTURE = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=\s]+)"')
KINDS_OF_TEXT = ("text/html", "text/markdown", "text/plain", "image/png", "image/svg+xml")
INSTEAD = {  # of what a check cell shows
    "practice": "Practice: in your own notebook this is answered at once, with hints.",
    "predict": "A guess: your notebook notes it. It is never judged.",
    "check": "Graded: your notebook records it, on your own data. Right or wrong comes after grading.",
    "manual": "Graded: your instructor reads this text.",
}


def shown(lesson: NotebookNode, pictures: Path, address: str) -> NotebookNode:
    """Make a page of a lesson.

    The cells in which students answer stay as they are, blank. In the place of a check stands a sentence.
    What nbgrader knows about a cell goes, and pictures become files.

    Parameters
    ----------
    lesson : NotebookNode
        A lesson that was run. It is changed.
    pictures : Path
        The folder for the pictures.
    address : str
        Where a reader's browser finds this folder, such as ``../_static/lessons``.

    Returns
    -------
    NotebookNode
    """
    lesson.cells = [part for cell in lesson.cells for part in _parts(cell)]
    for cell in lesson.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in (_output(out, pictures, address) for out in cell.outputs) if out]
    return lesson


def _parts(cell: NotebookNode) -> list[NotebookNode]:
    """Give what stands on the page for one cell."""
    role = role_of(cell)
    if role not in INSTEAD:
        return [cell]
    return [new_markdown_cell(f"```{{container}} in-notebook\n{INSTEAD[role]}\n```")]


def _output(output: NotebookNode, pictures: Path, address: str) -> NotebookNode | None:
    """Keep of an output what a page can show; nothing where that is nothing."""
    if "data" not in output:
        return output
    output.data = {mime: data for mime, data in output.data.items() if mime in KINDS_OF_TEXT}
    output.metadata = {}
    if "text/html" in output.data:
        output.data.pop("image/png", None)  # the HTML holds the same picture, with its description
        output.data["text/html"] = PICTURE.sub(
            lambda found: f'loading="lazy" src="{address}/{_file(found[1], pictures)}"',
            output.data["text/html"],
        )
    return output if output.data else None


def _file(packed: str, pictures: Path) -> str:
    """Write a picture into a file, and return the file's name."""
    content = base64.b64decode(packed)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / name).write_bytes(content)
    return name
