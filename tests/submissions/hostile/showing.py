"""Attacks on whoever reads the pages: students' feedback, the class report, the formgrader."""

from nbformat.v4 import new_markdown_cell

from hostile.attack import attack
from hostile.lesson import RIGHT, notebook

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@attack()
def writes_scripts_into_text():
    """Put scripts, frames and links with code into the text of the lesson."""
    return notebook(
        title=f'# Title {EVIL}\n\n[click](javascript:alert(3)) <iframe src="//evil.example"></iframe>'
        '<base href="//evil.example"><meta http-equiv="refresh" content="0">'
        '<style>body {display: none}</style><svg onload=alert(4)><a href="javascript:alert(5)">x</a></svg>'
    )


@attack()
def displays_scripts():
    """Display HTML, JavaScript, SVG, Markdown and LaTeX that hold scripts."""
    return notebook(
        f"""
        for mime in ("text/html", "application/javascript", "image/svg+xml", "text/markdown", "text/latex"):
            display({{mime: '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>' + {EVIL!r}}},
                    raw=True)
        """
    )


@attack("stopped", marks=(0, 3, 1))
def raises_scripts():
    """Raise an error whose name and text are HTML."""
    return notebook(
        f"raise type({EVIL!r}, (Exception,), {{}})({EVIL!r})",
        two=f"raise type({EVIL!r}, (Exception,), {{}})({EVIL!r})",
    )


@attack("can't be read as the terms", marks=(2, 3, 0), where="t10-formula")
def answers_with_scripts():
    """Answer a formula with HTML in its names."""
    return notebook(answers=(*RIGHT[:2], f"'price ~ (1 | zipcode) + ' + {EVIL!r}"))


@attack("Your answer is", marks=(0, 3, 1))
def labels_with_scripts():
    """Answer a Series whose labels are HTML."""
    return notebook(
        answers=(f"pd.Series([1.0, 2.0], index=[{EVIL!r}, 'b'])", *RIGHT[1:]), code="import pandas as pd"
    )


@attack()
def draws_its_own_verdict():
    """Draw HTML that looks like the grader's verdict, above the true one."""
    return notebook(
        """
        from IPython.display import HTML
        display(HTML('<div class="mlm-verdict mlm-right forged" style="color: red">6 of 6 points</div>'))
        """
    )


@attack("Your answer cell stopped with an error", marks=(0, 3, 1))
def colours_the_terminal():
    """Print and raise codes that clear a terminal, move its cursor and rename its window."""
    codes = "'\\x1b[2J\\x1b[H\\x1b]0;owned\\x07\\x1b[31mred\\x9b31m'"
    return notebook(f"print({codes})", two=f"raise ValueError({codes})")


@attack()
def writes_a_latex_bomb():
    """Write a formula whose macros expand to billions of characters."""
    bomb = r"\def\a{lol}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c}"
    made = notebook(f"display({{'text/latex': r'$${bomb}\\d\\d\\d$$'}}, raw=True)")
    made.cells.insert(1, new_markdown_cell(f"$${bomb}\\d\\d\\d\\d$$"))
    return made


@attack()
def attaches_files():
    """Attach files with paths and HTML for names to a text cell."""
    made = notebook()
    cell = new_markdown_cell("![x](attachment:../../../evil.png) ![y](/etc/passwd)")
    cell.attachments = {"../../../evil.png": {"image/png": "AAAA", "text/html": EVIL}}
    made.cells.insert(1, cell)
    return made


@attack()
def writes_markdown_that_takes_for_ever():
    """Write text on which slow Markdown readers hang: thousands of brackets and quotes."""
    made = notebook()
    made.cells.insert(
        1, new_markdown_cell("[" * 3000 + "](" * 3000 + "\n\n" + "> " * 500 + "x" + "*a_ " * 5000)
    )
    return made
