"""A lesson of two questions, small enough to grade in a second: for tests of the machinery."""

import textwrap
from pathlib import Path

import nbformat
from distributed import WorkerPlugin
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.bank import Mistake, Number, question

REPOSITORY = Path(__file__).parents[2]
LESSON = "00_small"

HALF = "This is one half of it."


def register():
    """Put the questions into the bank of this process; ``t00-broken`` has a fault in the bank itself."""

    @question("t00-two", topic="small numbers", revisit="00: Two")
    def two():
        return Number(2.0, mistakes=[Mistake(1.0, says=HALF, credit=0.5, name="half")])

    @question("t00-four", topic="larger numbers", revisit="00: Four")
    def four():
        return Number(4.0)

    @question("t00-broken", topic="faults", revisit="00: Faults")
    def broken():
        raise ZeroDivisionError("a fault in the bank")


class Bank(WorkerPlugin):
    """Registers the questions in a grading process, also in one that is started later."""

    def setup(self, worker):
        register()


# What `mlmkit.check` emits, without importing pandas: these tests are about what happens afterwards.
SETUP = """
from IPython.display import display
def check(question, answer):
    if answer is ...:
        answer = None
    payload = {"question": question, "answer": answer, "data": None}
    display({"application/vnd.mlmkit.answer+json": payload, "text/plain": "recorded"}, raw=True)
"""


def graded(grade_id, source, points):
    """A locked check cell."""
    cell = new_code_cell(source)
    cell.metadata.nbgrader = {
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "grade_id": grade_id,
        "points": points,
        "schema_version": 3,
    }
    return cell


def answer(grade_id, source):
    """An answer cell."""
    cell = graded(grade_id, source, 0)
    cell.metadata.nbgrader.update(grade=False, solution=True, locked=False)
    del cell.metadata.nbgrader["points"]
    return cell


def lesson(first="two = 2.0", second="four = 4.0", **replaced):
    """Make the lesson with these answers; `replaced` puts other source into named cells."""
    cells = {
        "title": new_markdown_cell("# A small lesson\n\nWith a formula: $y_{ij}$."),
        "setup": new_code_cell(SETUP),
        "first": answer("t00-two-answer", f"### BEGIN SOLUTION\n{first}\n### END SOLUTION"),
        "check_first": graded("t00-two", 'check("t00-two", two)', 2),
        "second": answer("t00-four-answer", f"### BEGIN SOLUTION\n{second}\n### END SOLUTION"),
        "check_second": graded("t00-four", 'check("t00-four", four)', 3),
        "third": answer("t00-broken-answer", "### BEGIN SOLUTION\nanything = 1.0\n### END SOLUTION"),
        "check_third": graded("t00-broken", 'check("t00-broken", anything)', 1),
    }
    for name, source in replaced.items():
        cells[name].source = source
    notebook = new_notebook(cells=list(cells.values()))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def make_course(root):
    """A course folder with the small lesson as source and the course's own configuration."""
    config = f"""
    c = get_config()
    load_subconfig("nbgrader_config.py", path={str(REPOSITORY / "course")!r})
    c.CourseDirectory.root = {str(root)!r}
    c.Exchange.root = {str(root / "exchange")!r}
    c.Exchange.cache = {str(root / "cache")!r}
    c.SturdyExecute.timeout = 3
    c.SandboxProvisioner.isolation += ["none"]  # these tests run anywhere
    c.SandboxProvisioner.modules = ["ipykernel.kernelapp", "ipykernel.zmqshell"]  # the lesson needs no other
    """
    (root / "nbgrader_config.py").write_text(textwrap.dedent(config))
    source = root / "source" / LESSON
    source.mkdir(parents=True)
    nbformat.write(lesson(), source / f"{LESSON}.ipynb")


def hand_in(root, student, notebook, lesson=LESSON):
    """Put a notebook (or raw bytes) where collected submissions lie."""
    place = root / "submitted" / student / lesson
    place.mkdir(parents=True)
    if isinstance(notebook, bytes):
        (place / f"{lesson}.ipynb").write_bytes(notebook)
    else:
        nbformat.write(notebook, place / f"{lesson}.ipynb")
