"""What HTML may come from a submission into a page that an instructor or a student opens.

Two Jinja filters for nbconvert, named in ``course/nbgrader_config.py``. nbconvert's own
``clean_html`` turns the tables of pandas and the paragraphs of Markdown into visible tags, and
nbgrader's templates do not clean Markdown cells at all.
"""

from __future__ import annotations

import re
from uuid import uuid4

import bleach
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from grader.pages.mathml import mathml

TEXT = {
    "a",
    "abbr",
    "b",
    "br",
    "cite",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "kbd",
    "mark",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "var",
}
BLOCKS = {
    "blockquote",
    "details",
    "div",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "p",
    "pre",
    "summary",
}
LISTS = {"dd", "dl", "dt", "li", "ol", "ul"}
TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
TAGS = TEXT | BLOCKS | LISTS | TABLES
WITH_CONTENT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,", re.IGNORECASE)
ATTACHED = re.compile(r"!\[[^\]]*\]\(attachment:[^)]*\)")
CELL_ATTRIBUTES = {"align", "colspan", "rowspan", "scope"}


def clean_html(html: str | bytes) -> str:
    """Drop everything from `html` that could run, load, restyle the page or pose as the grader.

    Parameters
    ----------
    html : str or bytes
        HTML from a notebook.

    Returns
    -------
    str
        Structure, text, links and embedded pictures. No scripts, styles, ids, remote pictures, and
        no class of this course's own (``mlm-…``), so that nobody can draw a verdict of their own.

    Examples
    --------
    >>> clean_html('<p onclick="x()">A <b>table</b></p><script>x()</script>')
    '<p>A <b>table</b></p>'
    """
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    return bleach.clean(
        WITH_CONTENT.sub("", text),
        tags=TAGS,
        attributes=_is_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
    )


@pass_context
def markdown2html(context, source: str) -> str:
    """Render the Markdown of the cell in a template's `context`, with its pictures and formulas; clean it.

    >>> markdown2html({}, "*plain* <script>x()</script>").strip()
    '<p><em>plain</em> </p>'

    >>> markdown2html({}, "$x$").strip()
    '<p><math display="inline"><mrow><mi>x</mi></mrow></math></p>'

    A picture that is not there must not cost a student the page:

    >>> markdown2html({}, "see ![my plot](attachment:plot.png)").strip()
    '<p>see [picture missing]</p>'
    """
    attachments = context.get("cell", {}).get("attachments", {})
    attachments = {name: content for name, content in attachments.items() if content}
    try:
        renderer = _Renderer(attachments)
        html = MarkdownWithMath(renderer=renderer).render(source)
    except InvalidNotebook:
        renderer = _Renderer({})
        text = ATTACHED.sub("[picture missing]", source).replace("attachment:", "")
        html = MarkdownWithMath(renderer=renderer).render(text)
    return renderer.with_formulas(clean_html(html))


class _Renderer(IPythonRenderer):
    """Renders Markdown with a mark in the place of each formula, which takes its place after the cleaning."""

    def __init__(self, attachments: dict):
        super().__init__(escape=False, attachments=attachments)
        self._formulas: dict[str, str] = {}

    def _keep(self, formula: str) -> str:
        mark = f"formula-{uuid4().hex}"  # nobody can write it beforehand
        self._formulas[mark] = formula
        return mark

    def inline_math(self, body: str) -> str:
        return self._keep(mathml(body))

    def block_math(self, body: str) -> str:
        return self._keep(mathml(body, block=True))

    def latex_environment(self, name: str, body: str) -> str:
        return self._keep(mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True))

    def with_formulas(self, html: str) -> str:
        for mark, formula in self._formulas.items():
            html = html.replace(mark, formula)
        return html


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return "mlm-" not in value
    if name in ("title", "lang"):
        return True
    if tag == "a":
        return name == "href" and bool(LINK.match(value.strip()))
    if tag == "img":
        return name in ("alt", "width", "height") or (name == "src" and bool(PICTURE.match(value)))
    return tag in ("td", "th") and name in CELL_ATTRIBUTES
