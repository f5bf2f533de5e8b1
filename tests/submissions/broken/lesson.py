"""A lesson with two checks and a written answer, and the good submission that is broken in many ways."""

import textwrap
from pathlib import Path

import nbformat
from distributed import WorkerPlugin
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.bank import Number, question

REPOSITORY = Path(__file__).parents[3]
LESSON = "20_broken"
GOOD = {"t20-two": 2.0, "t20-four": 3.0, "t20-text": None}  # a person reads the text
TEXT = "Because four is twice two: 2 × 2 = 4, naïvely."


def register():
    """Put the questions into the bank of this process."""

    @question("t20-two", topic="numbers", revisit="20: Two")
    def two():
        return Number(2.0)

    @question("t20-four", topic="numbers", revisit="20: Four")
    def four():
        return Number(4.0)


class Bank(WorkerPlugin):
    """Registers the questions in a grading process."""

    def setup(self, worker):
        register()


# What `mlmkit.check` emits, without importing pandas: these tests are about what happens around it.
SETUP = """def check(question, answer):
    payload = {"question": question, "answer": None if answer is ... else answer, "data": None}
    display({"application/vnd.mlmkit.answer+json": payload, "text/plain": "recorded"}, raw=True)"""


def _cells(two, four, text):
    return {
        "title": new_markdown_cell("# A lesson to break"),
        "imports": new_code_cell("import math\nfrom operator import add"),
        "setup": new_code_cell(SETUP),
        "ask-two": new_markdown_cell("**Question 1.** Two?"),
        "t20-two-answer": _marked(new_code_cell(two), solution=True),
        "t20-two": _marked(new_code_cell('check("t20-two", two)'), grade=True, points=2),
        "ask-four": new_markdown_cell("**Question 2.** Four?"),
        "t20-four-answer": _marked(new_code_cell(four), solution=True),
        "t20-four": _marked(new_code_cell('check("t20-four", four)'), grade=True, points=3),
        "ask-text": new_markdown_cell("**Question 3.** Why?"),
        "t20-text": _marked(new_markdown_cell(text), grade=True, solution=True, points=4),
        "end": new_markdown_cell("That was all."),
    }


def _marked(cell, *, grade=False, solution=False, points=None):
    cell.metadata.nbgrader = {
        "cell_type": cell.cell_type,
        "grade": grade,
        "solution": solution,
        "locked": not solution,
        "task": False,
        "schema_version": 3,
    }
    if points is not None:
        cell.metadata.nbgrader["points"] = points
    return cell


def _notebook(cells):
    for name, cell in cells.items():
        cell["id"] = name
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["grade_id"] = name
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=list(cells.values()), metadata={"kernelspec": kernel})


def source():
    """The lesson with its solutions."""
    begin, end = "### BEGIN SOLUTION\n", "\n### END SOLUTION"
    return _notebook(
        _cells(f"two = ...\n{begin}two = 2.0{end}", f"four = ...\n{begin}four = 4.0{end}", f"{begin}Why{end}")
    )


def blank(question):
    """The source of an answer cell as students get it."""
    return f"{question} = ...\n# YOUR CODE HERE"


def good():
    """The good submission: everything right, nothing broken."""
    return _notebook(_cells("two = add(1.0, 1.0)", "half = 2.0\nfour = half * 2", TEXT))


def cell_of(notebook, name):
    """Return a cell by its name in `_cells`."""
    return next(cell for cell in notebook.cells if cell.id == name)


def place_of(notebook, name):
    """Return the place of a cell."""
    return notebook.cells.index(cell_of(notebook, name))


def make_course(root):
    """A course folder with this lesson as source and the course's own configuration."""
    config = f"""
    c = get_config()
    load_subconfig("nbgrader_config.py", path={str(REPOSITORY / "course")!r})
    c.SandboxProvisioner.isolation += ["none"]  # these tests run anywhere
    c.SandboxProvisioner.modules = ["ipykernel.kernelapp", "ipykernel.zmqshell"]  # the lesson needs no other
    c.CourseDirectory.root = {str(root)!r}
    c.Exchange.root = {str(root / "exchange")!r}
    c.Exchange.cache = {str(root / "cache")!r}
    """
    (root / "nbgrader_config.py").write_text(textwrap.dedent(config))
    place = root / "source" / LESSON
    place.mkdir(parents=True)
    nbformat.write(source(), place / f"{LESSON}.ipynb")
