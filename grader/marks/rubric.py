"""The rubric of a question that a person grades, read from its solution in the lesson's source.

A line ``- [1] **Title.** More.`` is an item: its points, a title that the student reads too, and what only
the instructor reads. Points below zero are taken off. A line ``- Text`` is a comment to copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LINE = re.compile(r"-\s+(?:\[(-?\d+(?:\.\d+)?)\]\s+)?(.+)")
TITLE = re.compile(r"\*\*(.+?)\*\*\s*(.*)", re.DOTALL)
MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


@dataclass(frozen=True)
class Item:
    """One part of a rubric: its points, its title, and what counts."""

    points: float
    title: str
    text: str

    @property
    def worth(self) -> str:
        """Its points in words.

        >>> Item(-0.5, "Too long", "").worth
        '−0.5 points'
        """
        return f"{self.points:g} point{'' if abs(self.points) == 1 else 's'}".replace("-", "−")


@dataclass(frozen=True)
class Rubric:
    """What an answer is read for, and comments to begin with."""

    items: tuple[Item, ...] = ()
    comments: tuple[str, ...] = ()
    rest: str = field(default="", compare=False)

    def points(self, titles, most: float) -> float:
        """Add up the points of the items with these titles: not below 0, not above `most`."""
        return min(most, max(0.0, sum(item.points for item in self.items if item.title in titles)))


def read_rubric(source: str) -> Rubric:
    r"""Read the list in a solution cell; a cell without one gives a rubric without items.

    Parameters
    ----------
    source : str
        The cell in the lesson's source.

    Returns
    -------
    Rubric
        ``rest`` is what stands outside of the list.

    Examples
    --------
    >>> read_rubric("- [1] **The mean.** Of the\n  houses.\n- [0.5] **Its unit.**\n\n- Say which mean.").items
    (Item(points=1.0, title='The mean', text='Of the houses.'), Item(points=0.5, title='Its unit', text=''))
    """
    items, comments, rest = [], [], []
    for entry in _entries(source):
        found = LINE.fullmatch(entry)
        if not found:
            rest.append(entry)
        elif found[1] is None:
            comments.append(found[2])
        else:
            items.append(_item(float(found[1]), found[2], [item.title for item in items]))
    return Rubric(tuple(items), tuple(comments), "\n".join(rest).strip())


def _entries(source: str) -> list[str]:
    """Join what belongs together: a line that begins with ``-`` and those below it that are indented."""
    entries: list[str] = []
    for line in source.split("\n"):
        if line.strip() in MARKS:
            continue
        if line.startswith("  ") and line.strip() and entries and entries[-1].startswith("-"):
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line)
    return entries


def _item(points: float, text: str, taken: list[str]) -> Item:
    found = TITLE.fullmatch(text)
    title, rest = (found[1].rstrip("."), found[2]) if found else (text, "")
    name, count = title, 1
    while name in taken:
        count += 1
        name = f"{title} ({count})"
    return Item(points, name, rest)
