"""Faults of the cells: copied, split, merged, deleted, moved, edited, and without their metadata."""

import copy

from nbformat.v4 import new_code_cell, new_markdown_cell

from broken.fault import fault
from broken.lesson import TEXT, blank, cell_of, good, place_of


def twin(cell, source=None):
    """A copy of a cell as Jupyter makes it: the same metadata, another cell id."""
    other = copy.deepcopy(cell)
    other["id"] = cell.id + "-2"
    other.source = cell.source if source is None else source
    return other


@fault("The check of `t20-two` was there 2 times; the last one counts.")
def duplicated_check_cell():
    notebook = good()
    place = place_of(notebook, "t20-two")
    notebook.cells.insert(place, twin(notebook.cells[place]))
    return notebook


@fault("The answer cell of `t20-two` was there 2 times; one of them counts.")
def duplicated_answer_cell():
    notebook = good()
    place = place_of(notebook, "t20-two-answer")
    notebook.cells.insert(place, twin(notebook.cells[place]))
    return notebook


@fault("The answer cell of `t20-two` was there 2 times; one of them counts.")
def blank_copy_below_the_answer():
    """Run as it is, the blank copy would take the answer back."""
    notebook = good()
    place = place_of(notebook, "t20-two-answer")
    notebook.cells.insert(place + 1, twin(notebook.cells[place], blank("two")))
    return notebook


@fault("The answer to `t20-two` was there 2 times, each time different.")
def two_different_answers():
    notebook = good()
    place = place_of(notebook, "t20-two-answer")
    notebook.cells.insert(place, new_markdown_cell("First I thought:"))
    notebook.cells.insert(place, twin(cell_of(notebook, "t20-two-answer"), "two = 3.0"))
    return notebook


@fault("The answer to `t20-four` was split into 2 cells; they were put together.")
def split_answer_cell():
    notebook = good()
    cell = cell_of(notebook, "t20-four-answer")
    top, bottom = cell.source.split("\n")
    cell.source = top
    notebook.cells.insert(place_of(notebook, cell.id) + 1, twin(cell, bottom))
    return notebook


@fault("The check of `t20-four` was there 2 times; the last one counts.")
def split_check_cell():
    notebook = good()
    cell = cell_of(notebook, "t20-four")
    cell.source = 'check("t20-four",'
    notebook.cells.insert(place_of(notebook, cell.id) + 1, twin(cell, "four)"))
    return notebook


@fault("The text of `t20-text` was in 2 cells; they were put together.")
def split_text_cell():
    notebook = good()
    cell = cell_of(notebook, "t20-text")
    notebook.cells.insert(place_of(notebook, cell.id) + 1, twin(cell, "And so on."))
    return notebook


@fault("The check of `t20-two` was missing; it was put back.")
def check_merged_into_the_answer():
    notebook = good()
    check = notebook.cells.pop(place_of(notebook, "t20-two"))
    cell_of(notebook, "t20-two-answer").source += "\n\n" + check.source
    return notebook


@fault("The answer and the check of `t20-two` were one cell; they were taken apart.")
def answer_merged_into_the_check():
    notebook = good()
    answer = notebook.cells.pop(place_of(notebook, "t20-two-answer"))
    check = cell_of(notebook, "t20-two")
    check.source = f"{answer.source}\n\n{check.source}"
    return notebook


@fault("The check of `t20-two` was missing; it was put back.")
def deleted_check_cell():
    notebook = good()
    del notebook.cells[place_of(notebook, "t20-two")]
    return notebook


@fault("The check of `t20-four` was missing; it was put back.")
def all_checks_deleted():
    notebook = good()
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("t20-two", "t20-four")]
    return notebook


@fault("", two=0.0)
def deleted_answer_cell():
    """Nothing to mend: the answer is gone."""
    notebook = good()
    del notebook.cells[place_of(notebook, "t20-two-answer")]
    return notebook


@fault("")
def answer_moved_to_an_own_cell():
    notebook = good()
    place = place_of(notebook, "t20-two-answer")
    notebook.cells[place] = new_code_cell(notebook.cells[place].source)
    notebook.cells.insert(place + 1, new_markdown_cell("That was it."))
    return notebook


@fault("The cell for the text of `t20-text` was missing, so there is no text to read.", text=0.0)
def deleted_text_cell():
    notebook = good()
    del notebook.cells[place_of(notebook, "t20-text")]
    return notebook


@fault("The cell of `t20-text` was missing; the text at its place was taken instead.")
def text_in_an_own_cell():
    """A person must read it: it is not "no response"."""
    notebook = good()
    notebook.cells[place_of(notebook, "t20-text")] = new_markdown_cell(TEXT)
    return notebook


@fault("The cell with the imports was missing; it was put back at the top.")
def deleted_imports():
    notebook = good()
    del notebook.cells[place_of(notebook, "imports")]
    return notebook


@fault("The check of `t20-two` was changed; its original text counts.")
def edited_check_cell():
    notebook = good()
    cell_of(notebook, "t20-two").source = 'print("checking")\ncheck("t20-two", 3.0)'
    return notebook


@fault("The settings of a cell of `t20-two` were changed; the original ones count.")
def edited_points():
    notebook = good()
    cell_of(notebook, "t20-two").metadata.nbgrader.update(points=200, locked=False)
    return notebook


@fault("A cell of `t20-four` had become another kind of cell; it was changed back.")
def answer_turned_into_markdown():
    notebook = good()
    place = place_of(notebook, "t20-four-answer")
    cell = notebook.cells[place]
    notebook.cells[place] = new_markdown_cell(cell.source, metadata=cell.metadata, id=cell.id)
    return notebook


@fault("The check of `t20-four` stood before its answer; it was moved behind it.")
def check_moved_above_its_answer():
    notebook = good()
    check = notebook.cells.pop(place_of(notebook, "t20-four"))
    notebook.cells.insert(place_of(notebook, "t20-two-answer"), check)
    return notebook


@fault("The check of `t20-four` stood before its answer; it was moved behind it.")
def cells_in_reverse_order():
    """The good submission from bottom to top, with the first cells where they belong."""
    notebook = good()
    notebook.cells = notebook.cells[:3] + notebook.cells[:2:-1]
    return notebook


@fault("The notebook had lost nbgrader's marks, as it happens in other programs than Jupyter: 5 cells were")
def metadata_stripped_by_vs_code():
    notebook = good()
    for cell in notebook.cells:
        cell.metadata.clear()
    return notebook


@fault("The notebook had lost nbgrader's marks, as it happens in other programs than Jupyter: 4 cells were")
def metadata_and_ids_replaced_by_colab():
    """The text is found by its place, so it needs no metadata."""
    notebook = good()
    for number, cell in enumerate(notebook.cells):
        cell.metadata.clear()
        cell.metadata["id"] = cell["id"] = f"aBc{number}"
    return notebook


@fault("")
def unknown_nbgrader_cell():
    """A cell copied from another lesson, with its metadata."""
    notebook = good()
    other = twin(cell_of(notebook, "t20-two"), 'check("l02-icc", 1.0)')
    other.metadata.nbgrader["grade_id"] = "l02-icc"
    notebook.cells.insert(5, other)
    return notebook


@fault("")
def nonsense_in_nbgraders_metadata():
    notebook = good()
    cell_of(notebook, "title").metadata["nbgrader"] = "yes"
    cell_of(notebook, "ask-two").metadata["nbgrader"] = {"grade_id": ["t20-two"], "grade": True}
    cell_of(notebook, "end").metadata["nbgrader"] = {"grade": True, "schema_version": 99}
    return notebook


@fault('The notebook has the name "bob" in STUDENT')
def name_of_another_student():
    notebook = good()
    notebook.cells.insert(3, new_code_cell('STUDENT = "bob"'))
    return notebook
