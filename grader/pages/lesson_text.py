"""The sections of a lesson that questions lead to, on the page itself: so "Read again" can be a link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup
from nbformat import NotebookNode

from grader.pages.cards import Fold, blocks
from grader.pages.safe_html import highlight_code, markdown2html, section_id


@dataclass(frozen=True)
class Section:
    """A section of the lesson: the place on the page, its title, its texts and code."""

    id: str
    title: str
    html: Markup


def sections_in(cells: list[NotebookNode], wanted: Iterable[str]) -> list[Section]:
    """Return the sections that `wanted` names, as ``"01: Pooling"`` does, in the order of the lesson.

    >>> from nbformat.v4 import new_markdown_cell
    >>> cells = [new_markdown_cell("## Pooling"), new_markdown_cell("*Text.*"), new_markdown_cell("## Next")]
    >>> [(one.id, one.title, str(one.html)) for one in sections_in(cells, ["01: Pooling"])]
    [('section-pooling', 'Pooling', '<p><em>Text.</em></p>')]
    """
    titles: set[str] = {where.partition(": ")[2] for where in wanted if where}
    found: dict[str, list[str]] = {}
    for block in blocks(cells):
        title = block.title.removesuffix(", continued") if isinstance(block, Fold) else None
        if title in titles:
            found.setdefault(title, []).extend(map(_html, block.cells))
    return [
        Section(section_id(title), title, Markup("\n".join(filter(None, html))))
        for title, html in found.items()
    ]


def _html(cell: NotebookNode) -> str:
    if cell.cell_type == "code":
        return highlight_code(cell.source)
    if cell.cell_type != "markdown":
        return ""
    heading, _, rest = cell.source.partition("\n")
    return markdown2html({}, rest if heading.startswith("#") else cell.source).strip()
