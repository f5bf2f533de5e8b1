"""What a lesson's text says of its questions, "**Question 3** (2 points)", against what its cells say.

The class report and the feedback take a question's number from the text, marks come from the tag of its check
cell, and students read the text. So text and cells must say the same. A lesson without such headings is fine.
"""

import re

_HEADING = re.compile(r"^\*\*Question (\d+)\.?\*\*(?: *\((\d+(?:\.\d+)?) points?\b)?", re.MULTILINE)


def headed(cells):
    """Give each heading "Question N" with the graded cells below it; None for graded cells without one.

    Parameters
    ----------
    cells : list of NotebookNode
        Cells with nbgrader's metadata.

    Returns
    -------
    list of tuple
        A match, whose groups are number and points, and a dict of question id to points.
    """
    found = []
    for cell in cells:
        if cell.cell_type == "markdown":
            found += [(heading, {}) for heading in _HEADING.finditer(cell.source)]
        entries = cell.metadata.get("nbgrader", {})
        if entries.get("grade"):
            if not found:
                found.append((None, {}))
            found[-1][1][entries["grade_id"]] = entries["points"]
    return found


def misnumbered(cells):
    """Find the first question whose number or points in the text are not those of its place and its cells.

    Parameters
    ----------
    cells : list of NotebookNode
        Cells with nbgrader's metadata.

    Returns
    -------
    str or None
        A sentence.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_markdown_cell
    >>> text = new_markdown_cell("**Question 2** (3 points). How many?")
    >>> check = new_code_cell(metadata={"nbgrader": {"grade": True, "grade_id": "l01-x", "points": 3}})
    >>> misnumbered([text, check])
    'The heading "Question 2" stands where Question 1 should. Number the questions in the order in which ...'
    """
    questions = [(heading, below) for heading, below in headed(cells) if heading]
    for place, (heading, below) in enumerate(questions, start=1):
        number, points = heading.groups()
        if int(number) != place:
            return (
                f'The heading "Question {number}" stands where Question {place} should. '
                "Number the questions in the order in which they stand."
            )
        if not below:
            return f'Under "Question {number}" there is no graded cell. Give it a check, or another heading.'
        if points and float(points) != sum(below.values()):
            return (
                f"The text of Question {number} says {points} points, but the tags of {', '.join(below)} say "
                f"{sum(below.values()):g}. Students read the text, the grader takes the tags: "
                "let both say the same."
            )
    return None
