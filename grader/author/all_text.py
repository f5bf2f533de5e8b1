"""All text that a file holds, also what one does not see: metadata, attributes, comments, packed text."""

import base64
import binascii
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat

_PICTURE = re.compile(r"data:(?:image|font)/[\w/+.-]+;base64,[A-Za-z0-9+/=\s]*")
_WITHIN_A_WORD = {
    "a",
    "b",
    "code",
    "em",
    "font",
    "i",
    "mark",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
}
_PACKED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{16,}={0,2}")  # what may be text in base64


def text_of(path):
    """Read all text in a file; pictures are left out.

    Parameters
    ----------
    path : Path
        A notebook, a page, a JSON file, or any other file, whose printable parts are read.
    """
    path = Path(path)
    content = path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix == ".ipynb":
        content = notebook_text(nbformat.reads(content, as_version=4))
    elif path.suffix == ".html":
        content = _page_text(content)
    elif path.suffix == ".json":
        content = "\n".join(strings_in(json.loads(content)))
    return _unpacked(content)


def notebook_text(notebook):
    """Collect all text in a notebook: sources, outputs of every kind, metadata, attachments."""
    parts = list(strings_in(notebook.metadata))
    for cell in notebook.cells:
        parts += [cell.source, *strings_in(cell.metadata), *_bundles(cell.get("attachments", {}).values())]
        for output in cell.get("outputs", []):
            parts += [output.get("text", ""), *output.get("traceback", []), output.get("evalue", "")]
            parts += [*_bundles([output.get("data", {})]), *strings_in(output.get("metadata", {}))]
    return "\n".join(parts)


def strings_in(content):
    """Yield all texts and numbers of parsed JSON, as text."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from strings_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from strings_in(value)
    else:
        yield str(content)


def _bundles(bundles):
    """Yield the text in MIME bundles; HTML as a person reads it and as it is written."""
    for bundle in bundles:
        for mime, data in bundle.items():
            if mime == "text/html":
                yield _page_text(data)
            elif not mime.startswith("image/") or mime == "image/svg+xml":
                yield from strings_in(data)


class _Page(HTMLParser):
    """Collects a page's text as one reads it, and apart from it comments, attributes and scripts."""

    def __init__(self):
        super().__init__()
        self.shown, self.hidden, self.inside = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.hidden += [value for _, value in attrs if value]
        self.inside = tag
        self._part(tag)

    def handle_endtag(self, tag):
        self.inside = ""
        self._part(tag)

    def _part(self, tag):
        """Keep the numbers of two table cells apart, but not the parts of one in which a digit is bold."""
        if tag not in _WITHIN_A_WORD:
            self.shown.append("\n")

    def handle_data(self, data):
        if self.inside != "style":
            (self.hidden if self.inside == "script" else self.shown).append(data)

    def handle_comment(self, data):
        self.hidden.append(data)


def _page_text(text):
    page = _Page()
    page.feed(_PICTURE.sub("", text))
    page.close()
    return "\n".join(["".join(page.shown), *page.hidden])


def _unpacked(text):
    """Append what is packed as base64 in a text."""
    parts = [text]
    for match in _PACKED.finditer(text):
        try:
            inside = base64.b64decode(match[0], validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if inside.replace("\n", " ").isprintable():
            parts.append(inside)
    return "\n".join(parts)
