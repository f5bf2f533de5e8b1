"""What may be wider than a phone scrolls inside a box of its own, which the keyboard reaches too."""

from __future__ import annotations

import re

WIDE = re.compile(r'<(/?)table\b[^>]*>|<math display="block">|</math>')
BOX = '<{} class="scroll" role="group" tabindex="0" aria-label="{}">'


def in_boxes(markup: str) -> str:
    """Put each table and each formula on a line of its own into a box, in `markup` that is clean.

    >>> print(in_boxes("<table><tr><th></th></tr></table>"))
    <div class="scroll" role="group" tabindex="0" aria-label="Table"><table><tr><td></td></tr></table></div>
    """
    depth, formula = 0, False

    def boxed(tag: re.Match) -> str:
        nonlocal depth, formula
        if "math" in tag[0]:
            before, formula = formula, tag[0] != "</math>"
            if formula:
                return BOX.format("span", "Formula") + tag[0]
            return f"{tag[0]}</span>" if before else tag[0]  # a formula within a line has no box
        depth += -1 if tag[1] else 1
        if not tag[1]:
            return (BOX.format("div", "Table") if depth == 1 else "") + tag[0]
        return tag[0] + ("</div>" if depth == 0 else "")

    # pandas leaves corners of its headers empty: they head nothing
    return WIDE.sub(boxed, markup).replace("<th></th>", "<td></td>")
