"""The instructor guide as everybody may read it: without the sections about single graded questions."""

from __future__ import annotations

import re

from grader.bank import questions

LEFT_OUT = """
```{{note}}
Students read this site too, so {number} sections about single graded questions are left out.
Instructors find them in `course/instructor-guide.md` of the repository.
```
"""


def public_guide(text: str) -> str:
    r"""Leave out each section that names a graded question.

    Parameters
    ----------
    text : str
        ``course/instructor-guide.md``.

    Returns
    -------
    str

    Examples
    --------
    >>> print(public_guide("# Guide\n\n## Steps\nRelease.\n\n## Lesson 1\nl01-mean-price: it.\n").strip())
    # Guide
    <BLANKLINE>
    ```{note}
    Students read this site too, so 1 sections about single graded questions are left out.
    Instructors find them in `course/instructor-guide.md` of the repository.
    ```
    <BLANKLINE>
    ## Steps
    Release.
    """
    graded = [id for id, question in questions().items() if not question.practice]
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, graded))})(?![\w-])")
    head, *sections = sections_of(text)
    kept = [section for section in sections if not named.search(section)]
    number = len(sections) - len(kept)
    return head.rstrip() + "\n" + (LEFT_OUT.format(number=number) if number else "") + "\n" + "".join(kept)


def sections_of(text: str) -> list[str]:
    r"""Split a page before each heading of the second level; what stands before the first one comes first.

    >>> sections_of("# A\n\n## B\n```\n## no heading\n```\n## C\n")
    ['# A\n\n', '## B\n```\n## no heading\n```\n', '## C\n']
    """
    sections, fence = [""], ""
    for line in text.splitlines(keepends=True):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        if line.startswith("## ") and not fence:
            sections.append("")
        sections[-1] += line
    return sections
