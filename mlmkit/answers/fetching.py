"""Fetching a lesson on a hub: the student's user name stands in it already.

A line of ``nbgrader_config.py`` puts it in place:
``c.ExchangeFactory.fetch_assignment = "mlmkit.answers.fetching.FetchWithName"``.
"""

import os
from pathlib import Path

import nbformat
from nbgrader.exchange.default import ExchangeFetchAssignment
from nbgrader.utils import get_username

EMPTY = 'STUDENT = ""'


class FetchWithName(ExchangeFetchAssignment):
    """nbgrader's fetching; then the cell for the name says who fetched, where it is still empty.

    The folder is closed to other accounts: it would have the permissions of the released one, which all read.
    """

    def do_copy(self, src, dest):
        """Copy the lesson, and write the name into its notebooks."""
        super().do_copy(src, dest)
        Path(dest).chmod(0o700)
        for path in sorted(Path(dest).glob("*.ipynb")):
            self._fill_in(path, get_username())

    def _fill_in(self, path, name):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        cells = [cell for cell in notebook.cells if cell.source.strip() == EMPTY]
        if not cells:
            return
        for cell in cells:
            cell.source = f'STUDENT = "{name}"'
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n", encoding="utf-8")
        draft.chmod(path.stat().st_mode)
        os.replace(draft, path)
        self.log.info("Your user name, %s, stands in %s.", name, path.name)
