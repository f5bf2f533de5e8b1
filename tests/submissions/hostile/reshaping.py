"""Attacks on the notebook as a file: its cells, its metadata, its magics."""

from nbformat.v4 import new_code_cell, new_output

from hostile.attack import attack
from hostile.lesson import NOT_EXPECTED, WRONG, notebook


def _cell(made, grade_id):
    return next(c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


@attack(NOT_EXPECTED, wrong=True, slow=True)
def raises_its_points():
    """Give itself 1,000 points in the metadata of each check."""
    made = notebook(answers=WRONG)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 1000
    return made


@attack(NOT_EXPECTED, wrong=True)
def edits_locked_cells():
    """Write the right answers into the locked check cells."""
    return notebook(
        answers=WRONG,
        check_two='check("t10-two", 2.0)',
        check_mean='check("t10-mean", homes["price"].mean())',
        check_formula='check("t10-formula", "price ~ (1 | zipcode)")',
    )


@attack(NOT_EXPECTED, wrong=True)
def deletes_the_checks():
    """Delete all check cells, so that nothing can be wrong."""
    made = notebook(answers=WRONG)
    made.cells = [cell for cell in made.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    return made


@attack(slow=True)
def deletes_the_metadata():
    """Delete the metadata of the check cells; the answers are right."""
    made = notebook()
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            del cell.metadata["nbgrader"]
    return made


@attack(NOT_EXPECTED, wrong=True, needs="mending")
def unlocks_the_checks():
    """Mark the check cells as solutions and as unlocked, to keep its own source in them."""
    made = notebook(answers=WRONG, check_two='check("t10-two", 2.0)')
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.update(locked=False, solution=True)
    return made


@attack(NOT_EXPECTED, wrong=True, slow=True)
def turns_checks_into_text():
    """Turn the check cells into text cells that say 6.0."""
    made = notebook(answers=WRONG)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.cell_type, cell.source = "markdown", "6.0"
            del cell["outputs"], cell["execution_count"]
    return made


@attack(NOT_EXPECTED, wrong=True, needs="mending")
def adds_a_second_check():
    """Add a cell with the id of a check, and the right answer in it."""
    made = notebook(answers=WRONG)
    copy = new_code_cell('check("t10-two", 2.0)')
    copy.metadata.nbgrader = dict(_cell(made, "t10-two").metadata.nbgrader)
    made.cells.append(copy)
    return made


@attack(NOT_EXPECTED, wrong=True, slow=True)
def swaps_the_ids_of_cells():
    """Exchange the ids of two check cells."""
    made = notebook(answers=WRONG)
    first, second = _cell(made, "t10-two"), _cell(made, "t10-mean")
    first.metadata.nbgrader, second.metadata.nbgrader = second.metadata.nbgrader, first.metadata.nbgrader
    return made


@attack(NOT_EXPECTED, wrong=True)
def saves_right_outputs():
    """Save forged outputs in the file, with tags that ask for the cells to be skipped."""
    made = notebook(answers=WRONG)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            payload = {"question": cell.metadata.nbgrader.grade_id, "answer": 2.0, "data": None}
            cell.outputs = [
                new_output("display_data", data={"application/vnd.mlmkit.answer+json": payload}),
                new_output("execute_result", data={"text/plain": "6.0"}, execution_count=1),
            ]
            cell.metadata.tags = ["skip-execution", "raises-exception", "nbgrader-skip"]
            cell.metadata.mlmkit = {"not_run": "The grader is broken."}
    return made


@attack()
def names_another_kernel():
    """Name a kernel that does not exist, in a language that does not exist; the answers are right."""
    made = notebook()
    made.metadata.kernelspec = {"name": "../../evil", "display_name": "<b>Evil</b>", "language": "evil"}
    made.metadata.language_info = {"name": "evil", "codemirror_mode": {"name": "<script>"}}
    return made


@attack(slow=True)
def fills_the_metadata():
    """Fill the metadata with settings for nbgrader, nbconvert and Jupyter; the answers are right."""
    made = notebook()
    made.metadata.update(
        {
            "nbgrader": {"student": "adam-honest", "assignment": "../../x", "notebook": "/etc/passwd"},
            "nbconvert": {"template": "/etc/passwd"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}},
            "title": "<script>alert(1)</script>",
            "toc": {"base": "javascript:alert(1)"},
        }
    )
    return made


@attack(slow=True)
def runs_shell_commands():
    """Use magics: a shell that exits, a shell command, a script, a timer; the answers are right."""
    made = notebook("!exit 1")
    for source in ("%%bash\nexit 3", "%run /etc/passwd", "%timeit -n1 -r1 pass", "%%script false\nnothing"):
        made.cells.insert(2, new_code_cell(source))
    return made


@attack("does not exist", marks=(0, 3, 1), slow=True)
def resets_the_namespace():
    """Delete all variables, between an answer and its check; a new start brings the others back."""
    made = notebook(before_mean='from mlmkit import check, homes_for\nhomes = homes_for("@STUDENT@")')
    made.cells.insert(4, new_code_cell("%reset -f"))
    return made


@attack()
def warns_on_stderr():
    """Print warnings, log lines and a progress bar to stderr beside right answers."""
    return notebook(
        """
        import logging, sys, warnings
        def noisy_check(question, answer, check=check):
            warnings.warn("ConvergenceWarning: look out")
            logging.getLogger("x").warning("a log line")
            print("  5%|#     |", file=sys.stderr)
            check(question, answer)
        check = noisy_check
        """
    )


@attack(slow=True)
def shows_widgets():
    """Show sliders and capture outputs with widgets; the answers are right."""
    return notebook(
        """
        import ipywidgets
        out = ipywidgets.Output()
        display(ipywidgets.IntSlider(), out)
        with out:
            print("captured")
        """
    )


@attack(slow=True)
def captures_its_checks():
    """Send the outputs of all checks into a widget, which nobody looks at here; the answers are right."""
    return notebook(
        """
        import ipywidgets
        out = ipywidgets.Output()
        @out.capture()
        def captured(question, answer=None, check=check):
            check(question, answer)
        check = captured
        """
    )


@attack(slow=True)
def nests_its_metadata():
    """Nest the metadata of a cell 400 levels deep; the answers are right."""
    made, nested = notebook(), {}
    for _ in range(400):
        nested = {"x": nested}
    made.cells[0].metadata["deep"] = nested
    return made


@attack(slow=True)
def repeats_cell_ids():
    """Give all cells the same id; the answers are right."""
    made = notebook()
    for cell in made.cells:
        cell.id = "same"
    return made


@attack(slow=True)
def changes_the_folder():
    """Change the working folder and Python's search path; the answers are right."""
    return notebook("import os, sys\nos.chdir('/')\nsys.path[:] = []")
