"""The questions of a lesson as students see them: their number and their wording."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import shorten

from nbformat import NotebookNode

from grader.pages.cards import NUMBER, cards_of

OPTION = re.compile(r"^[-*] +\*\*(\w)\)\*\* +(.+?)(?=^[-*] +\*\*\w\)|\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """How a question stands in the lesson: its number, as in "Question 3", and its wording in Markdown."""

    number: str
    wording: str

    @property
    def options(self) -> dict[str, str]:
        """The options of a choice, each with its letter; empty where the question has none."""
        return {letter: " ".join(text.split()) for letter, text in OPTION.findall(self.wording)}

    @property
    def short(self) -> str:
        r"""The first sentence, as plain text.

        >>> Asked("1", "How much is **it**, $\\sigma$?\n\nMore.").short
        'How much is it, \\sigma?'
        """
        first = re.sub(r"[*`$]", "", self.wording.split("\n\n")[0])
        return shorten(re.split(r"(?<=[.?!])\s", first, maxsplit=1)[0], 90, placeholder=" …")


def asked_in(cells: list[NotebookNode]) -> dict[str, Asked]:
    """Find the graded questions among the cells of a lesson.

    >>> from nbformat.v4 import new_code_cell, new_markdown_cell
    >>> check = new_code_cell(metadata={"nbgrader": {"grade": True, "grade_id": "l01-x"}})
    >>> asked_in([new_markdown_cell("**Question 3** (2 points). How many?"), check])
    {'l01-x': Asked(number='3', wording='How many?')}
    """
    return {
        id: Asked(card.number, NUMBER.sub("", card.wording).strip()) for id, card in cards_of(cells).items()
    }
