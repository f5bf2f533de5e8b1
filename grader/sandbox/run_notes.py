"""What a graded notebook says of how it was run: read here, and written for whoever opens it."""

from __future__ import annotations

import html

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grader.intake.mending import METADATA
from grader.sandbox.rungs import NONE


def way_of(notebook: NotebookNode) -> str | None:
    """Say why `notebook` was run from top to bottom; None where it went the short way."""
    return notebook.metadata.get(METADATA, {}).get("long_way", "it ran long ago")


def not_run_reason(cell: NotebookNode) -> str | None:
    """Why `cell` was not run to its end; None when it was."""
    return cell.metadata.get(METADATA, {}).get("not_run")


def isolation_of(notebook: NotebookNode) -> tuple[str, str]:
    """Say on which of `grader.sandbox.rungs.RUNGS` the code of `notebook` ran, and why on no stronger one."""
    how = notebook.metadata.get(METADATA, {}).get("isolation", {})
    return how.get("rung", NONE), how.get("why", "") if "rung" in how else "it ran long ago"


def say_in(cell: NotebookNode, sentence: str) -> None:
    """Append `sentence` to the outputs of `cell`, for whoever reads the notebook."""
    data = {
        "text/plain": sentence,
        "text/html": f'<div class="mlm-notice">{html.escape(sentence)}</div>',
    }
    cell.outputs.append(new_output("display_data", data=data))


def mark_not_run(cell: NotebookNode, reason: str) -> None:
    """Note in `cell`, for us and for whoever reads it, why it was not run."""
    cell.metadata[METADATA] = {"not_run": reason}
    say_in(cell, f"{reason} This cell was not run.")
