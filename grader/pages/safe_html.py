"""What HTML may come from a submission into a page that an instructor or a student opens.

Two Jinja filters for nbconvert, named in ``course/nbgrader_config.py``. nbconvert's own
``clean_html`` turns the tables of pandas and the paragraphs of Markdown into visible tags, and
nbgrader's templates do not clean Markdown cells at all.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from html import escape, unescape
from uuid import uuid4

from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from markupsafe import Markup
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

from grader.pages.mathml import formula

TEXT = {
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strong", "sub", "sup", "u", "var",
}  # fmt: skip
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = {
    "blockquote", "details", "div", "figcaption", "figure", "hr", "img", "p", "pre", "summary",
} | HEADINGS  # fmt: skip
LISTS = {"dd", "dl", "dt", "li", "ol", "ul"}
TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
TAGS = TEXT | BLOCKS | LISTS | TABLES
CLASSES = {"anchor-link", "dataframe", "highlight", "hl-ipython3", *STANDARD_TYPES.values()} - {""}
OPENS = re.compile(r"<(script|style)\b", re.IGNORECASE)
LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,", re.IGNORECASE)
ATTACHED = re.compile(r"!\[[^\]]*\]\(attachment:[^)]*\)")
CLOSES = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}
NUMBER = re.compile(r"&#(?=[0-9]{8}|[xX][0-9a-fA-F]{7})")  # no character has so many digits; bleach stumbles
TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*)((?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*)""")
VALUE = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
SEPARATOR = re.compile(r"""[\s/"']+""")
CLOSE_THEMSELVES = {
    "area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "source", "td", "th", "tr", "wbr",
}  # fmt: skip
FORMATTING = {  # these come back in each block
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
}  # fmt: skip
DEEPEST, DEEPEST_FORMATTING, MOST_ATTRIBUTES = 60, 12, 60
LONGEST_HTML = 400_000  # characters; a table of sixty rows and ten columns has 20,000
LONGEST_TEXT = 20_000  # of one Markdown cell; a long report has 5,000
SECTION = re.compile(r"section-[a-z0-9-]{1,80}")  # ids of headings; no question's id begins so
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
        Structure, text, links and embedded pictures. No scripts, styles, ids, remote pictures, and only
        the classes of tables and highlighted code, so that nobody can draw a verdict of their own. What
        would take too long to read comes as plain text, with a sentence.

    Examples
    --------
    >>> clean_html('<p onclick="x()">A <b>table</b></p><script>x()</script>')
    '<p>A <b>table</b></p>'
    """
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    return _clean(text, {})


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
    source = shortened(source, LONGEST_TEXT)
    try:
        renderer = _Renderer(attachments)
        html = MarkdownWithMath(renderer=renderer).render(source)
    except InvalidNotebook:
        renderer = _Renderer({})
        text = ATTACHED.sub("[picture missing]", source).replace("attachment:", "")
        html = MarkdownWithMath(renderer=renderer).render(text)
    return _clean(html, renderer.formulas)


def section_id(title: str) -> str:
    """Return the id of the heading of a section, for links on the page.

    >>> section_id("Read *the* print-out: σ")
    'section-read-the-print-out'
    """
    return "section-" + re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")[:80]


def highlight_code(source: str, language: str | None = None, metadata: dict | None = None) -> str:
    """Colour Python code, whatever language a notebook says that it is in.

    >>> "<span class=" in highlight_code("x = 1")
    True
    """
    return Highlight2HTML(pygments_lexer="ipython3")(source)


def shortened(text: str, longest: int) -> str:
    """Cut a text that is too long for a page, and say so at its end.

    >>> print(shortened("abcdef", 3))
    abc
    […] Too long for this page: the first 3 of 6 characters are shown.
    """
    if len(text) <= longest:
        return text
    rest = f"the first {longest:,} of {len(text):,} characters are shown"
    return f"{text[:longest]}\n[…] Too long for this page: {rest}."


class _Renderer(IPythonRenderer):
    """Renders Markdown with a mark in the place of each formula, which takes its place while cleaning."""

    def __init__(self, attachments: dict):
        super().__init__(escape=False, attachments=attachments)
        self.formulas: dict[str, tuple[str, bool]] = {}  # of each mark: the TeX, and whether on its own line

    def _keep(self, tex: str, *, block: bool) -> str:
        mark = f"formula-{uuid4().hex}."  # nobody can write it beforehand
        self.formulas[mark] = tex, block
        return mark

    def inline_math(self, body: str) -> str:
        return self._keep(body, block=False)

    def block_math(self, body: str) -> str:
        return self._keep(body, block=True)

    def heading(self, text: str, level: int, **attributes) -> str:
        title = unescape(re.sub(r"<[^>]*>|formula-\w+\.", "", text))
        return f'<h{level} id="{section_id(title)}">{text}</h{level}>\n'

    def latex_environment(self, name: str, body: str) -> str:
        return self._keep(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)


def _clean(text: str, formulas: dict[str, tuple[str, bool]]) -> str:
    """Clean HTML; formulas come in the place of their marks, but only where the mark is text."""
    text = NUMBER.sub("&amp;#", _without_scripts(text))
    if why := _too_much(text):
        return f"<p>[…] {why}</p><pre>{escape(shortened(text, 2_000))}</pre>"
    cleaner = Cleaner(
        tags=TAGS,
        attributes=_is_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        filters=[partial(_Ours, formulas=formulas)],
    )
    return cleaner.clean(text)


class _Ours(Filter):
    """The last look at each tag: classes on the list only, formulas drawn in text and nowhere else.

    It works on the parsed document, so a formula can't land inside a tag, whatever the markup around it.
    """

    def __init__(self, source, formulas):
        super().__init__(source)
        self._formulas = formulas
        self._marks = re.compile("|".join(map(re.escape, formulas))) if formulas else None

    def __iter__(self):
        for token in super().__iter__():
            if token["type"] == "Characters" and self._marks:
                yield from self._with_formulas(token["data"])
                continue
            if token["type"] in ("StartTag", "EmptyTag"):
                self._tidy(token)
            yield token

    def _tidy(self, token: dict) -> None:
        attributes = token["data"]
        if (None, "class") in attributes:
            known = [word for word in unescape(attributes.pop((None, "class"))).split() if word in CLASSES]
            if known:
                attributes[None, "class"] = " ".join(known)
        if self._marks:
            for name, value in attributes.items():
                attributes[name] = self._marks.sub(lambda mark: self._formulas[mark[0]][0], value)

    def _with_formulas(self, text: str):
        place = 0
        for mark in self._marks.finditer(text):
            yield {"type": "Characters", "data": text[place : mark.start()]}
            yield from _tokens(formula(self._formulas[mark[0]][0], block=self._formulas[mark[0]][1]))
            place = mark.end()
        yield {"type": "Characters", "data": text[place:]}


def _tokens(element):
    """Walk over an element as html5lib's filters do."""
    name = {"namespace": None, "name": element.tag}
    data = {(None, key): value for key, value in element.attrib.items()}
    yield {"type": "StartTag", **name, "data": data}
    yield {"type": "Characters", "data": element.text or ""}
    for child in element:
        yield from _tokens(child)
        yield {"type": "Characters", "data": child.tail or ""}
    yield {"type": "EndTag", **name, "data": {}}


def _without_scripts(text: str) -> str:
    """Leave out scripts and style sheets with what is in them, reading the text once.

    What is left is cleaned afterwards: this is only to show no code where a script stood.
    """
    parts, place, closed = [], 0, {"script": True, "style": True}
    for start in OPENS.finditer(text):
        name = "script" if start[1][:2].lower() == "sc" else "style"
        if start.start() < place or not closed[name]:
            continue
        end = CLOSES[name].search(text, start.end())
        if end is None:
            closed[name] = False  # nor for any that follows
            continue
        parts.append(text[place : start.start()])
        place = end.end()
    return "".join([*parts, text[place:]])


def _too_much(text: str) -> str | None:
    """Say why the parser would take too long for a text; None where it would not.

    The parser's time grows with the square of how deep tags are nested and how many attributes one has.
    """
    if len(text) > LONGEST_HTML:
        return "Too long for this page. Its beginning follows as plain text."
    depth = Counter()
    for tag in TAG.finditer(text):
        closes, name, inside = tag[1], tag[2].lower(), tag[3]
        if len(SEPARATOR.findall(VALUE.sub("", inside))) > MOST_ATTRIBUTES:
            return "A tag with too many attributes. The text follows as it is."
        if closes:
            depth[name] -= depth[name] > 0
        elif name not in CLOSE_THEMSELVES and not inside.endswith("/"):
            depth[name] += 1
            total = depth.total()
            if total > DEEPEST or sum(depth[mark] for mark in FORMATTING) > DEEPEST_FORMATTING:
                return "Tags nested too deeply to be shown. The text follows as it is."
    return None


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name in ("class", "title", "lang"):
        return True  # `_Ours` looks at the classes
    if name == "id":
        return tag in HEADINGS and bool(SECTION.fullmatch(value))
    if tag == "a":
        return name == "href" and bool(LINK.match(value.strip()))
    if tag == "img":
        return name in ("alt", "width", "height") or (name == "src" and bool(PICTURE.match(value)))
    return tag in ("td", "th") and name in CELL_ATTRIBUTES


def inline(text: str) -> Markup:
    """Render a line of our own Markdown without the paragraph around it.

    >>> str(inline("Its *unit*"))
    'Its <em>unit</em>'
    """
    html = markdown2html({}, text).strip()
    return Markup(html.removeprefix("<p>").removesuffix("</p>"))
