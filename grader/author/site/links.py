"""Where the pages of a site lead, and what they load: links arrive, nothing comes from another host."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
ONLY_NAMED = {"canonical", "alternate", "author", "license", "next", "prev", "search", "index", "genindex"}
_IN_STYLES = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])\s*((?:https?:)?//[^"')\s]+)""")


@dataclass
class _Page(HTMLParser):
    """What stands in one page."""

    places: set = field(default_factory=set)
    links: list = field(default_factory=list)
    loads: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.places |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        address = attributes.get(LOADS.get(tag, ""), "")
        if address and not (tag == "link" and set(attributes.get("rel", "").split()) & ONLY_NAMED):
            self.loads.append(address)


def faults(folder: Path) -> list[str]:
    """Follow all links within a site, and look for what its pages load from elsewhere.

    Links to other hosts are not followed.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of str
        A sentence for each link that leads nowhere, and for each file that another host would be asked for.
    """
    pages = {path: _read(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder).as_posix()
        for link in dict.fromkeys(page.links + page.loads):
            if not _arrives(link, path, pages):
                found.append(f"{name}: the link {link} leads nowhere.")
        found += [f"{name} loads {address}." for address in page.loads if _outside(address)]
    for path in sorted(folder.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name} loads {address}." for address in _IN_STYLES.findall(text)]
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _outside(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https") or address.startswith("//")


def _arrives(link: str, page: Path, pages: dict[Path, _Page]) -> bool:
    """Tell whether a link leads to a file of the site, and to a place that exists in it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].places
