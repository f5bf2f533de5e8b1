"""The lesson that is attacked: three questions, 6 points, on the student's own sales."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import nbformat
import small_lesson
from distributed import WorkerPlugin
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from small_lesson import answer, graded

from grader.bank import Formula, Mistake, Number, question
from hostile.attack import Attack, Link
from hostile.friend import port_of_a_friend

LESSON = "00_hostile"
QUESTIONS = {"t10-two": 2, "t10-mean": 3, "t10-formula": 1}
RIGHT = ("2.0", 'homes["price"].mean()', '"price ~ (1 | zipcode)"')
WRONG = ("7.0", "1.0", '"price ~ 1"')
NOT_EXPECTED = "This is not the expected value."

SETUP = """
from mlmkit import check, homes_for

STUDENT = "@STUDENT@"
homes = homes_for(STUDENT)
"""


def register():
    """Put the questions into the bank of this process."""

    @question("t10-two", topic="small numbers", revisit="00: Two")
    def two():
        return Number(2.0, mistakes=[Mistake(1.0, says=small_lesson.HALF, credit=0.5, name="half")])

    @question("t10-mean", topic="means", revisit="00: Means")
    def mean(homes):
        return Number(homes["price"].mean(), unit="dollars")

    @question("t10-formula", topic="formulas", revisit="00: Formulas")
    def formula():
        return Formula("price ~ (1 | zipcode)")


class Bank(WorkerPlugin):
    """Registers the questions in a grading process, also in one that is started later."""

    def setup(self, worker):
        register()


def notebook(code="", *, answers=RIGHT, before_two="", before_mean="", after_mean="", last="", **replaced):
    """Make a submission.

    Parameters
    ----------
    code : str
        Code in a cell of its own, before the first question.
    answers : tuple of str
        Expressions for the three answers.
    before_two, before_mean, after_mean, last : str
        Code in the answer cells around those answers, or in a last cell.
    **replaced : str
        Other source for a cell: ``title``, ``setup``, ``two``, ``check_two`` and so on.
    """
    two, mean, formula = answers
    cells = {
        "title": new_markdown_cell("# A lesson under attack\n\nWith a formula: $y_{ij}$."),
        "setup": new_code_cell(SETUP),
        "code": new_code_cell(textwrap.dedent(code)),
        "two": _answer("t10-two", before_two, f"two = {two}"),
        "check_two": graded("t10-two", 'check("t10-two", two)', 2),
        "mean": _answer("t10-mean", before_mean, f"mean = {mean}", after_mean),
        "check_mean": graded("t10-mean", 'check("t10-mean", mean)', 3),
        "formula": _answer("t10-formula", "", f"formula = {formula}"),
        "check_formula": graded("t10-formula", 'check("t10-formula", formula)', 1),
        "last": new_code_cell(textwrap.dedent(last)),
    }
    for name, source in replaced.items():
        cells[name].source = textwrap.dedent(source)
    made = new_notebook(cells=[cells[name] for name in cells if name != "last" or last])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def _answer(question_id, before, line, after=""):
    lines = [textwrap.dedent(before), line, textwrap.dedent(after)]
    return answer(f"{question_id}-answer", "\n".join(part for part in lines if part))


def source():
    """Make the lesson with its solutions, as it lies in ``source/``."""
    made = notebook()
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = f"### BEGIN SOLUTION\n{cell.source}\n### END SOLUTION"
    return made


def stock_source():
    """Make the same lesson as nbgrader's own manual would have it: asserts in hidden tests."""
    made = source()
    tests = {
        "t10-two": "assert two == 2.0",
        "t10-mean": 'assert abs(mean - homes["price"].mean()) < 1',
        "t10-formula": 'assert formula.replace(" ", "") == "price~(1|zipcode)"',
    }
    for cell in made.cells:
        test = tests.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if test:
            cell.source = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
    return made


def make_course(root: Path, made=None, settings: str = "") -> None:
    """Make a course folder with the lesson as source and the course's own configuration.

    Parameters
    ----------
    root : Path
    made : NotebookNode, optional
        The source; default: that of `source`.
    settings : str
        Lines for the end of the configuration.
    """
    small_lesson.make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(settings)
    folder = root / "source" / LESSON
    folder.mkdir()
    nbformat.write(made or source(), folder / f"{LESSON}.ipynb")


def hand_in(root: Path, attack: Attack) -> Path:
    """Put a hostile submission where collected submissions lie; return its folder."""
    folder = root / "submitted" / attack.name / LESSON
    folder.mkdir(parents=True)
    made = attack.build()
    if made is not None:
        text = made if isinstance(made, str) else json.dumps(made, indent=1)
        (folder / f"{LESSON}.ipynb").write_text(_filled(text, root, attack.name), encoding="utf-8")
    for name, content in attack.files.items():
        path = folder / name
        if isinstance(content, Link):
            path.symlink_to(_filled(content.target, root, attack.name))
        else:
            path.write_text(_filled(content, root, attack.name), encoding="utf-8")
    return folder


def _filled(text, root, student):
    text = text.replace("@STUDENT@", student).replace("@COURSE@", str(root))
    return text.replace("@PORT@", str(port_of_a_friend())) if "@PORT@" in text else text


HONEST = {
    "adam-honest": (notebook(), (2, 3, 1)),
    "mia-honest": (notebook(answers=("1.0", RIGHT[1], WRONG[2])), (1, 3, 0)),
    "zoe-honest": (notebook(), (2, 3, 1)),
}


def hand_in_honest(root: Path) -> None:
    """Put the submissions of the honest classmates beside the hostile ones."""
    for student, (made, _) in HONEST.items():
        folder = root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        text = _filled(nbformat.writes(made), root, student)
        (folder / f"{LESSON}.ipynb").write_text(text, encoding="utf-8")
