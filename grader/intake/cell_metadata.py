"""nbgrader's look at its own metadata, which costs a class a tenth of its grading: once for equal cells."""

from __future__ import annotations

import json

from nbformat import NotebookNode
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
