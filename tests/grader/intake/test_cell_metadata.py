"""Equal cells are looked at once; a cell that nbgrader refuses is refused each time."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.nbgraderformat import SchemaTooOldError, ValidationError
from nbgrader.preprocessors import CheckCellMetadata

from grader.intake import cell_metadata
from grader.intake.cell_metadata import CheckMetadata

GOOD = {
    "grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3,
    "grade_id": "q", "points": 2, "cell_type": "code", "checksum": "0" * 32,
}  # fmt: skip
BAD = {
    "no points": {"points": None},
    "points that are text": {"points": "many"},
    "an empty id": {"grade_id": ""},
    "another kind of yes": {"grade": "yes"},
    "the form of another time": {"schema_version": 1},
}


def notebook(*changes):
    cells = [
        new_code_cell(metadata={"nbgrader": {**GOOD, "grade_id": f"q{number}", **change}})
        for number, change in enumerate(changes)
    ]
    return new_notebook(cells=cells)


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_what_nbgrader_refuses_is_refused_each_time(change):
    for _ in range(2):
        CheckMetadata().preprocess(notebook({}), {})
        for look in (CheckMetadata(), CheckCellMetadata()):
            with pytest.raises((ValidationError, SchemaTooOldError)):
                look.preprocess(notebook({}, change), {})


def test_two_cells_of_one_name_are_refused_though_each_is_known():
    CheckMetadata().preprocess(notebook({"grade_id": "twice"}), {})
    with pytest.raises(ValidationError, match="Duplicate"):
        CheckMetadata().preprocess(notebook({"grade_id": "twice"}, {"grade_id": "twice"}), {})


def test_a_known_cell_is_not_looked_at_again_and_what_is_remembered_has_an_end(monkeypatch):
    looks = []
    monkeypatch.setattr(cell_metadata, "MOST", 3)
    monkeypatch.setattr(
        "nbgrader.nbgraderformat.v3.MetadataValidatorV3.validate_cell", lambda _, cell: looks.append(cell)
    )
    validator = cell_metadata.Validator()
    for _ in range(2):
        validator.validate_cell(notebook({}).cells[0])
    assert len(looks) == 1
    for points in range(10, 13):
        validator.validate_cell(notebook({"points": points}).cells[0])
    validator.validate_cell(notebook({}).cells[0])
    assert len(looks) == 5
