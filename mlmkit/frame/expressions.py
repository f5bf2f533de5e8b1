"""R's expressions inside a formula: ``log(x + 1)``, ``c == "hi"``, ``cut(x, 3)``.

An expression becomes tokens; from the tokens come R's label for it, the columns that it names, and the
same expression as a Python syntax tree, which ``evaluate`` works out.
"""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

NAME = r"`[^`]+`|[^\W\d][\w.]*|\.[^\W\d]?[\w.]*"  # a column of the data; letters of any language
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?L?)
    |(?P<name>"""
    + NAME
    + r""")
    |(?P<operator>%\w*/?%|<=|>=|==|!=|&&|\|\||::|\*\*|[-+*/^:<>=&|!(),~\[\]{}$@;?])""",
    re.VERBOSE,
)
CONSTANTS: dict[str, object] = {
    "TRUE": True,
    "FALSE": False,
    "NA": float("nan"),
    "NaN": float("nan"),
    "Inf": float("inf"),
}
CONSTANTS |= {"pi": 3.141592653589793, "NULL": None, "True": True, "False": False}
_PYTHON = {"^": "**", "&": " and ", "&&": " and ", "|": " or ", "||": " or ", "!": " not "}
_PYTHON |= {"%in%": " in ", "%%": "%", "%/%": "//"}
_SPACED = {"+", "-", "*", "<", ">", "<=", ">=", "==", "!=", "&", "|", "&&", "||", "%in%", "=", "~"}


class UnreadableError(ValueError):
    """An expression that can't be read; `place` is where, counted from 0 in its text."""

    def __init__(self, message, place=0):
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Token:
    """A piece of a formula: its kind (name, number, string, operator), its text, and where it begins."""

    kind: str
    text: str
    place: int

    @property
    def name(self):
        """The name without backticks."""
        return self.text.strip("`")


@lru_cache(maxsize=2048)
def tokens(text):
    """Split a piece of formula into tokens; blanks are left out.

    Raises
    ------
    UnreadableError
        At a character that has no meaning in a formula.
    """
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise UnreadableError(f"'{text[place]}' has no meaning in a formula.", place)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], place))
        place = match.end()
    return tuple(found)


@lru_cache(maxsize=2048)
def names_in(text):
    """List what stands for a column in a piece of formula, once each: neither functions nor constants."""
    pieces = tokens(text)
    found = {}
    for token, after in zip(pieces, [*pieces[1:], None], strict=True):
        if token.kind != "name" or token.text in CONSTANTS:
            continue
        if after is None or after.text not in ("(", "::", "="):
            found[token.name] = None
    return tuple(found)


@lru_cache(maxsize=2048)
def label(text):
    """Write an expression as R prints it: ``I(x>4)`` is ``I(x > 4)``, ``poly(x,2)`` is ``poly(x, 2)``."""
    pieces = tokens(text)
    if len(pieces) == 1 and pieces[0].kind == "name":
        return pieces[0].name
    written, before = "", None
    for token in pieces:
        written += _printed(token, _is_unary(token, before))
        before = token
    return written


def _printed(token, unary):
    if token.kind == "number":
        whole = token.text.endswith("L")
        return token.text if whole else r_number(float(token.text))
    if token.kind == "string":
        return '"' + token.text[1:-1].replace('"', '\\"').replace("\\\\", "\\") + '"'
    if token.text == ",":
        return ", "
    if token.text in _SPACED and not unary:
        return f" {token.text} "
    return {"**": "^"}.get(token.text, token.text)


def _is_unary(token, before):
    """Tell a sign from a difference: a sign stands first, or after an operator or an opening bracket."""
    if token.text not in ("+", "-", "!"):
        return False
    return before is None or (before.kind == "operator" and before.text != ")")


def r_number(value):
    """Print a number as R does: fifteen digits, and 1e+05 where that is shorter than 100000."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else ("Inf" if value > 0 else "-Inf")
    digits = next(d for d in range(1, 16) if d == 15 or float(f"{value:.{d - 1}e}") == float(f"{value:.14e}"))
    scientific = f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - int(scientific.partition("e")[2]))
    fixed = f"{value:.{decimals}f}"
    return fixed if len(fixed) <= len(scientific) else scientific


@lru_cache(maxsize=2048)
def syntax_tree(text):
    """Translate an expression to a Python syntax tree.

    Returns
    -------
    tree : ast.expr
        Names are ``_0``, ``_1``, … so that ``IQ.verb`` and ``größe`` are names like any other.
    names : tuple of str
        What they stand for.

    Raises
    ------
    UnreadableError
        If it is no expression, or uses a part of R's language that isn't offered.
    """
    pieces, names, written = tokens(text), [], []
    for k, token in enumerate(pieces):
        after = pieces[k + 1].text if k + 1 < len(pieces) else ""
        if token.kind == "name" and after == "::":
            continue  # splines::bs
        if token.kind == "name" and after == "=" and token.text not in CONSTANTS:
            written.append(token.name.replace(".", "_"))
        elif token.kind == "name":
            names.append(token.name)
            written.append(f"_{len(names) - 1}")
        elif token.kind == "operator":
            written.append(_operator(token))
        else:
            written.append(token.text.removesuffix("L") if token.kind == "number" else token.text)
    try:
        return ast.parse(" ".join(written).strip(), mode="eval").body, tuple(names)
    except SyntaxError:
        raise UnreadableError(
            f"'{text}' can't be read as an expression. Is an operator or a comma missing?"
        ) from None


def _operator(token):
    if token.text == "::":
        return ""
    if token.text in ("[", "]", "$", "{", "}", "~", "@", ";", "?", ":"):
        raise UnreadableError(
            f"'{token.text}' inside an expression isn't offered. Make the column in pandas first.",
            token.place,
        )
    if token.text.startswith("%") and token.text not in _PYTHON:
        raise UnreadableError(f"The operator {token.text} isn't offered.", token.place)
    return _PYTHON.get(token.text, token.text)
