"""Names that a cell binds before it reads them are told apart, all of them and no others."""

import re
from pathlib import Path

import pytest

from grader.author.build import source_notebook
from grader.sandbox.bindings import names_of
from grader.sandbox.own_names import as_typed, told_apart
from grader.sandbox.trees import parsed

LESSONS = sorted((Path(__file__).parents[3] / "solutions").glob("[0-9]*.md"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_cell_says_the_same_with_other_names(path: Path):
    """Python itself (its symbol tables) finds the same names in both texts, but for the marks."""
    cells = [cell.source for cell in source_notebook(path).cells if cell.cell_type == "code"]
    sources = [source for source in cells if parsed(source) is not None]
    for typed, apart in zip(sources, told_apart(sources), strict=True):
        before, after = names_of(typed), names_of(apart)
        assert {as_typed(name) for name in after.uses} == before.uses
        assert {as_typed(name) for name in after.binds} == before.binds
        of_cell = re.findall(r"·\w+", apart)
        assert len(set(of_cell)) <= 1


def test_what_a_generator_will_read_is_not_the_cells_own():
    kept = "one = 1\nrest = (one for _ in [1])"
    assert told_apart([kept, "one = 2", "list(rest)"])[0] == kept


def test_parameters_keep_their_names():
    cell = "def f(one, *more, two=3):\n    return [one + it for it in more]\n\none = f(1)\none"
    assert told_apart([cell])[0].splitlines()[0].endswith("(one, *more, two=3):")
