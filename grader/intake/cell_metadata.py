"""Two of nbgrader's own steps, which ask for each cell of each submission what they know already.

Together they were a quarter of what the grading process does for a submission.
"""

from __future__ import annotations

import json

from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import NbGraderPreprocessor

MOST = 5_000  # kinds of cells that are remembered: a lesson has some 60


class CheckMetadata(NbGraderPreprocessor):
    """nbgrader's ``CheckCellMetadata``, which reads its schema, and looks at what is equal, once only."""

    def preprocess(self, nb: NotebookNode, resources):
        """Raise nbgrader's ``ValidationError`` where the metadata of `nb` can't be what a lesson has."""
        _validator.validate_nb(nb)
        return nb, resources


class Validator(MetadataValidator):
    """nbgrader's own, but for the cells that it has found good before."""

    def __init__(self):
        super().__init__()
        self._good: set[str] = set()

    def validate_cell(self, cell: NotebookNode) -> None:
        """Look at one cell: at its kind, and at nbgrader's metadata."""
        looked_at = json.dumps([cell.cell_type, cell.metadata.get("nbgrader")], sort_keys=True)
        if looked_at in self._good:
            return
        super().validate_cell(cell)
        if len(self._good) >= MOST:  # a submission may hold anything
            self._good.clear()
        self._good.add(looked_at)


_validator = Validator()


class OverwriteCells(preprocessors.OverwriteCells):
    """nbgrader's own, which reads from the gradebook what a lesson's cells are: all in one go."""

    def preprocess_cell(self, cell: NotebookNode, resources, cell_index: int):
        """Put a cell of the lesson back to what it has to be."""
        if not isinstance(self.gradebook, _Lesson):
            self.gradebook = _Lesson(self.gradebook, self.notebook_id, self.assignment_id)
        return super().preprocess_cell(cell, resources, cell_index)


class _Lesson:
    """A gradebook that has read the cells of one notebook."""

    def __init__(self, gradebook: Gradebook, notebook: str, assignment: str):
        self._gradebook = gradebook
        found = gradebook.find_notebook(notebook, assignment)
        self._cells = {
            "source": {cell.name: cell for cell in found.source_cells},
            "graded": {cell.name: cell for cell in (*found.grade_cells, *found.task_cells)},
        }

    def find_source_cell(self, name: str, notebook: str, assignment: str):
        """Return what the lesson has under this name, or raise nbgrader's ``MissingEntry``."""
        return self._find("source", name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str):
        """Return what is graded under this name, or raise nbgrader's ``MissingEntry``."""
        return self._find("graded", name)

    def __getattr__(self, name: str):
        return getattr(self._gradebook, name)

    def _find(self, kind: str, name: str):
        if name not in self._cells[kind]:
            raise MissingEntry(f"No such {kind} cell: {name}")
        return self._cells[kind][name]
