"""How large a submission may be: numbers, and what is left out of one that is larger.

The grader reads a file before any sandbox does. So what is too much is found by counting characters, before
the file is understood, and by leaving out cells, before anybody looks into them.
"""

from __future__ import annotations

from collections import Counter

MAX_BYTES = 50_000_000
# Each list and each object takes some hundred bytes of memory, each element of a list some sixty.
MAX_LISTS, MAX_ELEMENTS = 1_000_000, 5_000_000
MAX_CELLS = 2_000
MAX_CODE, MAX_TEXT = 1_000_000, 20_000_000  # characters of all cells together; pasted pictures count as text

COPIES = 5  # of a question's cell, that are sure to stay


def why_too_large(text: str) -> str | None:
    """Say what is too much in a text of JSON, without reading it; None where nothing is.

    Examples
    --------
    >>> why_too_large('{"cells": []}') is None
    True
    >>> why_too_large("[" * 2_000_000)
    'has 2.0 million lists, and the limit is 1.0 million'
    """
    counts = {
        "lists": (text.count("[") + text.count("{"), MAX_LISTS),
        "elements of lists": (text.count(","), MAX_ELEMENTS),
    }
    for what, (count, limit) in counts.items():
        if count > limit:
            return f"has {count / 1e6:.1f} million {what}, and the limit is {limit / 1e6:.1f} million"
    return None


def cells_within_limits(entries: list) -> tuple[list, str]:
    """Leave out cells that are too many or too large: empty ones first, the lesson's questions last.

    Parameters
    ----------
    entries : list
        Cells as they stand in the file, which may be anything.

    Returns
    -------
    list
        The cells that stay, in their order.
    str
        What was left out, for a sentence; empty where nothing was.

    Examples
    --------
    >>> cells_within_limits([{"source": "1"}])
    ([{'source': '1'}], '')
    """
    sizes = [_size(entry) for entry in entries]
    room, stay = {"code": MAX_CODE, "text": MAX_TEXT}, set()
    ranks = _ranks(entries, sizes)
    for place in sorted(range(len(entries)), key=ranks.__getitem__):
        entry = entries[place]
        kind = "code" if isinstance(entry, dict) and entry.get("cell_type") == "code" else "text"
        if len(stay) < MAX_CELLS and sizes[place] <= room[kind]:
            room[kind] -= sizes[place]
            stay.add(place)
    if len(stay) == len(entries):
        return entries, ""
    out = len(entries) - len(stay)
    return [entries[place] for place in sorted(stay)], (
        f"has {len(entries):,} cells with {sum(sizes):,} characters. The limits are {MAX_CELLS:,} cells, "
        f"{MAX_CODE:,} characters of code and {MAX_TEXT:,} of text, so "
        f"{out:,} {'cell was' if out == 1 else 'cells were'} left out"
    )


def _ranks(entries: list, sizes: list[int]) -> list[int]:
    """Tell whose turn it is: cells of a question (some copies of each), other cells, empty ones."""
    copies, ranks = Counter(), []
    for entry, size in zip(entries, sizes, strict=True):
        metadata = entry.get("metadata") if isinstance(entry, dict) else None
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        copies[name if isinstance(name, str) else None] += 1
        asked = isinstance(name, str) and copies[name] <= COPIES
        ranks.append(0 if asked else 1 if size else 2)
    return ranks


def _size(entry) -> int:
    """Count the characters of a cell: its source, and pictures pasted into it."""
    if not isinstance(entry, dict):
        return 0
    source = entry.get("source", "")
    if isinstance(source, list):
        size = sum(len(line) for line in source if isinstance(line, str))
    else:
        size = len(source) if isinstance(source, str) else 0
    attachments = entry.get("attachments")
    return size + (len(str(attachments)) if attachments else 0)
