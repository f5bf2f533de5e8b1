"""What the tests of single lessons share: the lesson that a module names as LESSON, and the sales."""

import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from grader.author.tagged_lesson import source_notebook
from grader.bank import questions
from grader.course.repository import ROOT
from mlmkit import load_seattle

mpl.use("Agg")
sys.path.insert(0, str(Path(__file__).parent))  # for handed_in


@pytest.fixture(scope="module")
def cells(request):
    """The cells of the lesson's source."""
    lesson = request.module.LESSON
    return source_notebook(ROOT / "solutions" / f"{lesson}.md", questions(lesson)).cells


@pytest.fixture(scope="module")
def prose(cells):
    """The text of the lesson, without its marks for code and solutions."""
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"### (BEGIN|END) SOLUTION|```", "", text).replace("{,}", ",")


@pytest.fixture(scope="module")
def flat(prose):
    """The text without line ends, so that a sentence can be found across them."""
    return " ".join(prose.split())


@pytest.fixture(scope="module")
def seattle():
    """The lecture's data."""
    return load_seattle()
