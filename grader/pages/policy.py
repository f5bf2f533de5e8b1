"""What a browser may do with a page: a Content-Security-Policy (W3C, level 3), written into the page itself.

The pages are clean before (`safe_html`, `tame`). This is the second lock: where something slips through
the first one, the browser still runs no script and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re

from jinja2 import pass_context
from markupsafe import Markup, escape

HANDLER = re.compile(r"""\son[a-z]+="([^"]*)\"""")
EVERYWHERE = "default-src 'none'; base-uri 'none'; form-action 'none'"


def policy(*more: str) -> Markup:
    """Return the ``<meta>`` element of a page: nothing from elsewhere and no scripts, but for `more`.

    >>> print(policy())  # doctest: +ELLIPSIS
    <meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; ...
    """
    rules = "; ".join([EVERYWHERE, *(more or ("style-src 'unsafe-inline'", "img-src data:"))])
    return Markup(f'<meta http-equiv="Content-Security-Policy" content="{escape(rules)}">')


def with_script(script: str) -> tuple[str, ...]:
    """Return the rules of a page of ours that holds this one script, and no other, beside its style."""
    return "style-src 'unsafe-inline'", "img-src data:", f"script-src {_hash(script)}"


@pass_context
def only_ours(context, markup: str) -> Markup:
    """Let the scripts in nbgrader's own `markup` run, and no other: a filter for the formgrader's page.

    A script runs if it carries this page's nonce, a random word that nobody can know beforehand. Handlers of
    events can't carry one; they are listed by their hash.
    """
    nonce = context["resources"]["nonce"]
    return Markup(re.sub(r"<script\b", f'<script nonce="{nonce}"', markup))


def formgrader_policy(nonce: str, markup: str) -> Markup:
    """Return the policy of a formgrader page, whose own scripts have this nonce; see `only_ours`."""
    handlers = sorted({_hash(code) for code in HANDLER.findall(markup)})
    return policy(
        " ".join([f"script-src 'nonce-{nonce}' 'unsafe-hashes'", *handlers]),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
    )


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
