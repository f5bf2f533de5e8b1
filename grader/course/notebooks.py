"""What is true of every notebook of a lesson, whoever wrote in it."""


def lesson_title(notebook) -> str:
    """Return the first heading of a notebook, without the marks of Markdown.

    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> lesson_title(new_notebook(cells=[new_markdown_cell("# 1. Pooling")]))
    '1. Pooling'
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return "Feedback"
