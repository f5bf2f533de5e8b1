"""Formulas on pages that are read without a network: TeX to MathML, which browsers draw themselves."""

from __future__ import annotations

from html import unescape
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element

# The converter's name for a block of aligned lines.
ENVIRONMENTS = {"aligned": "align*", "split": "align*"}
ATTRIBUTES = {"columnalign", "columnspacing", "display", "displaystyle", "fence", "largeop", "linethickness",
              "mathvariant", "maxsize", "minsize", "movablelimits", "rowspacing", "scriptlevel", "separator",
              "stretchy", "width", "xmlns"}  # fmt: skip
ELEMENTS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup",
    "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none",
}  # fmt: skip
MOST_BRACES = 300
LONGEST = 5_000  # characters of one formula; a person writes a few hundred


def mathml(tex: str, *, block: bool = False) -> str:
    r"""Turn a formula into MathML that is safe to show.

    Parameters
    ----------
    tex : str
        TeX without the dollar signs.
    block : bool
        On a line of its own.

    Returns
    -------
    str
        A ``<math>`` element, with nothing in it that could run or load; the TeX itself, escaped, where it
        can't be read.

    Examples
    --------
    >>> mathml("x < 3")
    '<math display="inline"><mrow><mi>x</mi><mo>&lt;</mo><mn>3</mn></mrow></math>'
    >>> print(mathml(r"\frac{"))
    <code>\frac{</code>
    """
    return ElementTree.tostring(formula(tex, block=block), encoding="unicode")


def formula(tex: str, *, block: bool = False) -> ElementTree.Element:
    r"""Turn a formula into a ``<math>`` element, as `mathml` does; ``<code>`` where it can't be read.

    >>> formula("x").tag, formula(r"\frac{").tag
    ('math', 'code')
    """
    for name, known in ENVIRONMENTS.items():
        tex = tex.replace(rf"\begin{{{name}}}", rf"\begin{{{known}}}").replace(
            rf"\end{{{name}}}", rf"\end{{{known}}}"
        )
    try:
        if len(tex) > LONGEST or tex.count("{") > MOST_BRACES:
            raise ValueError("too long")
        element = convert_to_element(tex, display="block" if block else "inline")
        for part in element.iter():
            if part.tag not in ELEMENTS:
                raise ValueError(f"<{part.tag}> in a formula")
            part.text = unescape(part.text or "").replace("~", "∼")  # \sim
            for name in set(part.attrib) - ATTRIBUTES:  # \href{javascript:...}, styles, ids
                del part.attrib[name]
        del element.attrib["xmlns"]  # HTML needs none
        return element
    except Exception:  # the converter has many ways to say that it can't read a formula
        shown = ElementTree.Element("code")
        shown.text = tex
        return shown
