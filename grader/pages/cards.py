"""Lays a graded notebook out for its page: a card for each question, the lesson's text folded.

A student who opens the page on a phone looks for the questions. So each question is a card: its wording, the
student's own answer, and the verdict beside it. What stands between the cards is the lesson, which can be
opened. Nothing is left out, and the order stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat import NotebookNode

from grader.pages.safe_html import section_id

HEADING_OF_ANY_LEVEL = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
HEADING = re.compile(r"^##?\s+(.+?)\s*#*$")
QUESTION = re.compile(r"^\*\*Question (\d+)")
NUMBER = re.compile(
    r"^\*\*Question \d+\.?\*\*\s*(\([^)]*\))?\.?\s*"
)  # the card's title and the points say it
FENCE = re.compile(r"^\s*(```|~~~)")
FIRST = "Beginning of the lesson"


@dataclass
class Fold:
    """A run of the lesson's cells under one heading."""

    title: str
    cells: list[NotebookNode] = field(default_factory=list)


@dataclass
class Card:
    """A question: its number and wording in the lesson, the cells of the answer, at last the graded cell."""

    number: str
    wording: str
    cells: list[NotebookNode]


def lay_out(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells with marks for the page's template, in ``cell.metadata.page``.

    ``opens`` is the title of a section that begins before the cell, ``card`` the question whose card does
    (``number``, ``wording``, ``id``); ``closes`` says what ends after it.
    """
    marked = []
    for block in blocks(cells):
        for cell in block.cells:
            cell.metadata["page"] = NotebookNode()
        first, last = block.cells[0].metadata.page, block.cells[-1].metadata.page
        if isinstance(block, Card):
            wording = NUMBER.sub("", block.wording)
            asked = {"number": block.number, "wording": wording, "id": grade_id(block.cells[-1])}
            first.card, last.closes = NotebookNode(asked), "card"
        else:
            first.opens, last.closes = block.title, "section"
        marked += block.cells
    return marked


def blocks(cells: list[NotebookNode]) -> list[Fold | Card]:
    """Cut a notebook into cards and what stands between them.

    A card begins with the answer cell of its question, and holds what the student put between it and the
    graded cell. The wording is that of the paragraph before which begins with its number.
    """
    found: list[Fold | Card] = []
    section, number, wording, count = FIRST, "", "", 0
    parts = [part for cell in cells for part in pieces(cell)]
    place = 0
    while place < len(parts):
        end = _end_of_card(parts, place)
        part = parts[place]
        if end is not None:
            count += 1
            found.append(Card(number or str(count), wording, parts[place : end + 1]))
            number, wording, place = "", "", end + 1
            continue
        place += 1
        if asked := QUESTION.match(part.source) if _is_text(part) else None:
            if wording:  # a question without a graded cell stays lesson text
                _fold(found, section, new=False).append(_text(wording))
            number, wording = asked[1], part.source
            continue
        title = HEADING.match(part.source.split("\n")[0]) if _is_text(part) else None
        section = _plain(title[1]) if title else section
        _fold(found, section, new=bool(title)).append(part)
    if wording:
        _fold(found, section, new=False).append(_text(wording))
    return found


def pieces(cell: NotebookNode) -> list[NotebookNode]:
    r"""Cut a cell of the lesson's text before each heading of a section and each question.

    >>> [part.source for part in pieces(_text("Text.\n\n## Next\n\nMore.\n\n**Question 2**. What?"))]
    ['Text.', '## Next\n\nMore.', '**Question 2**. What?']
    """
    if not _is_text(cell):
        return [cell]
    runs: list[list[str]] = [[]]
    fenced = False
    for line in cell.source.split("\n"):
        fenced ^= bool(FENCE.match(line))
        if not fenced and (HEADING.match(line) or QUESTION.match(line)) and any(map(str.strip, runs[-1])):
            runs.append([])
        runs[-1].append(line)
    texts = ["\n".join(run).strip() for run in runs]
    return [_text(text, cell) for text in texts] if len(texts) > 1 else [cell]


def cards_of(cells: list[NotebookNode]) -> dict[str, Card]:
    """Return the cards of a lesson's questions by question id."""
    return {grade_id(block.cells[-1]): block for block in blocks(cells) if isinstance(block, Card)}


def grade_id(cell: NotebookNode) -> str:
    """Return nbgrader's name of a cell, or an empty text."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def section_ids(cells: list[NotebookNode]) -> set[str]:
    """Return the ids that the page gives to the headings of these cells."""
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.split("\n")]
    return {section_id(_plain(found[1])) for found in map(HEADING_OF_ANY_LEVEL.match, lines) if found}


def is_graded(cell: NotebookNode) -> bool:
    """Tell whether a cell carries points."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _end_of_card(parts, place) -> int | None:
    """Return where the card ends that begins at a place; None where none does."""
    if is_graded(parts[place]):
        return place
    name = grade_id(parts[place])
    if not (name.endswith("-answer") and parts[place].metadata.nbgrader.get("solution")):
        return None
    for end in range(place + 1, len(parts)):
        if is_graded(parts[end]):
            return end if grade_id(parts[end]) == name.removesuffix("-answer") else None
        if grade_id(parts[end]):  # the next answer: this one has lost its check
            return None
    return None


def _fold(found, section, *, new) -> list:
    """Return the cells of the section that a piece belongs to, begun anew after a card or by a heading."""
    if new or not found or isinstance(found[-1], Card):
        found.append(Fold(section if new or not found else f"{section}, continued"))
    return found[-1].cells


def _is_text(cell) -> bool:
    return cell.cell_type == "markdown" and not is_graded(cell)


def _text(source: str, like: NotebookNode | None = None) -> NotebookNode:
    attached = {"attachments": like.attachments} if like and "attachments" in like else {}
    return NotebookNode(cell_type="markdown", metadata=NotebookNode(), source=source, **attached)


def _plain(title: str) -> str:
    """Return a heading without its marks."""
    return re.sub(r"\$[^$]*\$|[*`\\]|<[^>]*>", "", title).strip()
