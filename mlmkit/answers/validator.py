"""nbgrader's *Validate* says which answers are recorded, and not that a lesson of wrong answers is a success.

nbgrader runs the notebook anew and then looks for errors. Our checks raise none, because what is right is
known at grading time only. So it said "Success! Your notebook passes all the tests." to every lesson.
"""

import html
import os
import re

from nbgrader.utils import determine_grade, is_grade
from nbgrader.validator import Validator

from mlmkit.answers import recorded
from mlmkit.answers.check import MARKS, state_of
from mlmkit.answers.kinds import MIME
from mlmkit.answers.text import count_of

CELL_SECONDS = 120  # nbgrader's own 30 are short for a fit with NUTS on an old laptop
TYPED = re.compile(r"""^STUDENT\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')""", re.MULTILINE)
# JupyterLab's dialog knows "failed" cells and "success" only. This leaves the first's own words away.
FRAME = (
    "<style>#validation-message p, #validation-message .jp-RenderedText:not(:last-child) {{ display: none; }}"
    " #validation-message ul {{ margin: 0; padding-left: 1.2em; white-space: normal; "
    "font: var(--jp-ui-font-size1, 1rem)/1.5 var(--jp-ui-font-family, sans-serif); }}</style><ul>{}</ul>"
)


class RecordedAnswers(Validator):
    """nbgrader's validator, with another conclusion: see `server_extension.take_nbgraders_place`."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.config.Execute.setdefault("timeout", CELL_SECONDS)
        self._notebook = None

    def _get_failed_cells(self, nb):
        """Keep the notebook as it came out of the run; which cells failed doesn't matter here."""
        self._notebook = nb
        return []

    def validate(self, filename):
        """Run a notebook, and say what is recorded in nbgrader's form for a dialog.

        A check cell that was changed is reported as nbgrader does it.
        """
        results = super().validate(filename)
        if results or self._notebook is None:
            return results
        says = conclusion(self._notebook, self.log)
        items = "".join(f"<li>{html.escape(line)}</li>" for line in says)
        return {"failed": [{"source": "", "error": FRAME.format(items), "raw_error": "\n".join(says)}]}

    def validate_and_print(self, filename):
        """Do the same for ``nbgrader validate``."""
        results = self.validate(filename)
        if "failed" in results:
            self.stream.write(f"{results['failed'][0]['raw_error']}\n")
            return
        super()._print_num_changed(len(results.get("changed", [])))
        for cell in results.get("changed", []):
            self._print_changed(cell["source"])
        super()._print_num_type_changed(len(results.get("type_changed", [])))
        for cell in results.get("type_changed", []):
            self._print_type_changed(cell["old_type"], cell["new_type"], cell["source"])


def conclusion(nb, log=None, *, state=None, login=None):
    """Say what of a notebook that was just run would be handed in.

    Parameters
    ----------
    nb : NotebookNode
    log : logging.Logger, optional
    state : callable, optional
        Tells how a check cell ended: `state_of_cell`, where the notebook was just run.
    login : str, optional
        The name that the student is known by here; by default the one of a hub.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from nbformat.v4 import new_notebook
    >>> conclusion(new_notebook())
    ['This notebook has no graded questions.']
    """
    graded = [cell for cell in nb.cells if is_grade(cell)]
    state = state or state_of_cell
    checks = {_id(cell): state(cell) for cell in graded if cell.cell_type == "code"}
    blank = [_id(cell) for cell in graded if cell.cell_type != "code" and determine_grade(cell, log)[0] == 0]
    if not graded:
        return ["This notebook has no graded questions."]
    says = recorded.overview(checks) if checks else []
    if blank:
        says.insert(-1, f"No text written yet: {', '.join(blank)}.")
    typed = typed_name(nb)
    login = login or os.environ.get("JUPYTERHUB_USER")
    name = [] if typed is None else recorded.about_name(typed, login)
    return says + _about_errors(nb) + name


def _id(cell):
    return cell.metadata.nbgrader.grade_id


def state_of_cell(cell):
    """Tell how a check cell ended, by its outputs."""
    for output in cell.outputs:
        data = output.get("data", {})
        if MIME in data:
            bad = data.get("text/plain", "").startswith(MARKS["bad"])
            return state_of(data[MIME]["answer"], "bad" if bad else "plain")
    return recorded.NOT_RUN


def _about_errors(nb):
    """Say where the code stops with an error."""
    failed = [
        cell
        for cell in nb.cells
        if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs)
    ]
    if not failed:
        return []
    first = next(iter(failed[0].source.strip().splitlines()), "")[:60]
    return [f"{count_of(len(failed), 'cell').capitalize()} stopped with an error. The first begins: {first}"]


def typed_name(nb):
    """Return the name in STUDENT; None where a notebook has none."""
    found = [match for cell in nb.cells if cell.cell_type == "code" for match in TYPED.finditer(cell.source)]
    return (found[-1][1] or found[-1][2] or "") if found else None
