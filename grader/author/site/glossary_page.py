"""The glossary as a page of the site: each word leads to the lesson that introduces it."""

from __future__ import annotations

import re

_WORD = re.compile(r"^(\*\*.+?\*\*) \((\d+(?:, \d+)*)\)", re.MULTILINE)


def linked(text: str, names: list[str]) -> str:
    """Make links of the numbers of lessons behind the words.

    Parameters
    ----------
    text : str
        ``course/glossary.md``.
    names : list of str
        The lessons of the site; other numbers stay as they are.

    Examples
    --------
    >>> linked("**draw** (3, 5). One value (1) of many.", ["03_uncertainty"])
    '**draw** ([3](03_uncertainty.ipynb), 5). One value (1) of many.'
    """
    pages = {int(name[:2]): f"{name}.ipynb" for name in names}

    def link(number: str) -> str:
        return f"[{number}]({pages[int(number)]})" if int(number) in pages else number

    return _WORD.sub(
        lambda word: f"{word[1]} ({', '.join(link(number) for number in word[2].split(', '))})", text
    )
