"""Read lme4's formula language: find the bars, and what stands beside them.

``parse`` turns text into a `MixedFormula`. Building matrices from it is the work of ``design``.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from mlmkit.frame.expressions import NAME as _NAME
from mlmkit.frame.expressions import UnreadableError, names_in, tokens

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {")", "]", "}"}
QUOTES = {'"', "'", "`"}
NAME = re.compile(_NAME)
# Around a random-effects term, these name the structure of its covariance matrix (lme4 2, glmmTMB).
STRUCTURE = re.compile(r"(us|diag|homdiag|cs|homcs|ar1|hetar1|toep|ou|rr|mat|gau)\s*(?=\()")


class FormulaError(ValueError):
    """A formula that can't be read or doesn't fit the data; the message shows the place.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    formula : str
        The whole formula.
    position : int, optional
        The place, counted from 0, that the message is about.

    Examples
    --------
    >>> from mlmkit import FormulaError, lmer, load_seattle
    >>> try:
    ...     lmer("price ~ (1 | zipcode", load_seattle())
    ... except FormulaError as error:
    ...     print(error)
    The bracket '(' is never closed: add ')'.
        price ~ (1 | zipcode
                ^
    """

    def __init__(self, message, formula=None, position=None):
        self.message, self.formula, self.position = message, formula, position
        place = ""
        if formula is not None:
            place = f"\n    {formula}"
            if position is not None:
                place += f"\n    {' ' * position}^"
        super().__init__(message + place)

    def __reduce__(self):
        return type(self), (self.message, self.formula, self.position)


@dataclass(frozen=True)
class Bar:
    """One random-effects term: columns that vary, and the grouping factor they vary between.

    Attributes
    ----------
    columns : str
        The left side of the bar, such as ``1 + x``.
    group : tuple of str
        Columns of the data whose combination is the grouping factor.
    place : int
        Where the term begins in the formula.
    independent : bool
        True for ``||`` and ``diag(...)``: every term of `columns` gets a variance, and no correlation.
    diagonal : bool
        True for ``diag(...)``, which keeps the columns of a factor apart, too.
    nested : bool
        True for the combinations that ``a/b`` stands for.
    """

    columns: str
    group: tuple
    place: int
    independent: bool = False
    diagonal: bool = False
    nested: bool = False

    @property
    def label(self):
        """The factor's name, as lme4 writes it: ``zipcode``, ``cask:batch``, ``c:(b:a)`` for ``a/b/c``."""
        if not self.nested:
            return ":".join(self.group)
        written = ":".join(self.group[-2:])
        for name in reversed(self.group[:-2]):
            written = f"{name}:({written})"
        return written


@dataclass(frozen=True)
class MixedFormula:
    """A formula taken apart.

    Attributes
    ----------
    text : str
        The formula as it was written.
    response : str
        The left side of ``~``.
    fixed : str
        The right side without bars and offsets.
    bars : tuple of Bar
        The random-effects terms; ``a/b`` is already two of them.
    offsets : tuple of str
        What stood in ``offset(...)``.
    """

    text: str
    response: str
    fixed: str
    bars: tuple
    offsets: tuple = ()

    @cached_property
    def names(self):
        """All that looks like a column's name, once each: of the outcome, of predictors and of groups."""
        texts = [self.response, self.fixed, *self.offsets, *(bar.columns for bar in self.bars)]
        found = [name for text in texts for name in names_in(text)]
        return tuple(dict.fromkeys(found + [name for bar in self.bars for name in bar.group]))

    def with_dot(self, columns):
        """Write out ``.``: all columns of the data but those of the outcome, as R does.

        Parameters
        ----------
        columns : iterable of str
            The data's columns.

        Returns
        -------
        MixedFormula
            Without the dot; this one if it has none.
        """
        if "." not in names_in(self.fixed):
            return self
        used = names_in(self.response)
        rest = " + ".join(f"`{name}`" for name in columns if name not in used)
        dots = [token.place for token in tokens(self.fixed) if token.text == "."]
        fixed = self.fixed
        for place in reversed(dots):
            fixed = f"{fixed[:place]}({rest}){fixed[place + 1 :]}"
        return replace(self, fixed=fixed)


def parse(formula):
    """Take a mixed-model formula apart.

    Parameters
    ----------
    formula : str
        lme4's language: ``(1 | g)``, ``(1 + x | g)``, ``(0 + x | g)``, ``(x || g)``,
        ``(1 | g1/g2)``, ``(1 | g1:g2)``, ``us(x | g)``, ``diag(x | g)``, any number of such terms.

    Returns
    -------
    MixedFormula
        The parts. A formula without bars has an empty ``bars``.

    Raises
    ------
    FormulaError
        If the formula isn't text or can't be read. The message shows the place.

    Examples
    --------
    >>> from mlmkit.frame.formula import parse
    >>> parsed = parse("price ~ scale_sqft + (1 + scale_sqft | zipcode)")
    >>> parsed.fixed, parsed.bars[0].columns, parsed.bars[0].label
    ('scale_sqft', '1 + scale_sqft', 'zipcode')
    """
    if isinstance(formula, MixedFormula):
        return formula
    if not isinstance(formula, str):
        raise FormulaError(
            f"A formula is text such as 'price ~ x + (1 | zipcode)', not {type(formula).__name__}."
        )
    return _parse(formula)


@lru_cache(maxsize=512)
def _parse(text):
    try:
        tokens(text)
    except UnreadableError as problem:
        raise FormulaError(str(problem), text, problem.place) from None
    _check_brackets(text)
    tildes = [i for i, char, depth in _walk(text) if char == "~"]
    if len(tildes) != 1:
        raise FormulaError(
            "A formula needs exactly one '~' between the outcome and the predictors, "
            f"and this one has {len(tildes)}.",
            text,
            tildes[1] if tildes else None,
        )
    response, start = text[: tildes[0]].strip(), tildes[0] + 1
    if not response:
        raise FormulaError("The outcome is missing: its name stands before '~'.", text, 0)
    fixed, bars, offsets = [], [], []
    for sign, piece, place in _summands(text, start):
        structure, bracketed, begin = _structure(piece, place)
        inner = _inside_brackets(bracketed)
        if inner is not None and _bar_positions(inner):
            if sign == "-":
                raise FormulaError("A random-effects term can't be taken away with '-'.", text, place)
            _require_offered(structure, inner, text, place)
            bars += _read_bar(text, inner, begin, diagonal=structure == "diag")
        elif _bar_positions(piece):
            raise FormulaError(
                f"Put brackets around the random-effects term: ({piece}).",
                text,
                place + _bar_positions(piece)[0],
            )
        elif piece.startswith("offset(") and sign == "+":
            offsets.append(piece[len("offset(") : -1].strip())
        else:
            fixed.append(f"{sign} {piece}")
    joined = " ".join(fixed).removeprefix("+ ") or "1"
    return MixedFormula(text, response, joined, tuple(bars), tuple(offsets))


def _walk(text):
    """Yield (position, character, depth) outside quotes; depth counts open brackets."""
    depth, quote = 0, None
    for i, char in enumerate(text):
        if quote:
            quote = None if char == quote else quote
        elif char in QUOTES:
            quote = char
        else:
            depth -= char in CLOSING
            yield i, char, depth
            depth += char in OPENING


def _check_brackets(text):
    waiting = []
    for i, char, _ in _walk(text):
        if char in OPENING:
            waiting.append(i)
        elif char in CLOSING:
            if not waiting or OPENING[text[waiting[-1]]] != char:
                raise FormulaError(f"There is a closing '{char}' without its opening bracket.", text, i)
            waiting.pop()
    if waiting:
        raise FormulaError(
            f"The bracket '{text[waiting[-1]]}' is never closed: add '{OPENING[text[waiting[-1]]]}'.",
            text,
            waiting[-1],
        )


def _summands(text, start):
    """Split the right side at its outer + and - into (sign, text, position)."""
    pieces, sign, begin = [], "+", start

    def finish(end):
        piece = text[begin:end]
        if piece.strip():
            pieces.append((sign, piece.strip(), begin + len(piece) - len(piece.lstrip())))
        return bool(piece.strip())

    for i, char, depth in _walk(text):
        if i < start or depth or char not in "+-":
            continue
        if not finish(i) and (pieces or (i > start and text[start:i].strip())):
            raise FormulaError(f"Something is missing before this '{char}'.", text, i)
        sign, begin = char, i + 1
    if not finish(len(text)):
        if not pieces and not text[start:].strip():
            raise FormulaError(
                "The right side of '~' is empty. Write 1 for a model with an intercept only.",
                text,
                max(start - 1, 0),
            )
        raise FormulaError("The formula ends where a term is expected.", text, len(text))
    return pieces


def _inside_brackets(piece):
    """Return what a piece holds between its outer brackets, or None if it isn't wholly bracketed."""
    if not (piece.startswith("(") and piece.endswith(")")):
        return None
    if any(depth == 0 for i, _, depth in _walk(piece) if 0 < i < len(piece) - 1):
        return None
    return piece[1:-1]


def _bar_positions(text):
    return [i for i, char, depth in _walk(text) if char == "|" and depth == 0]


def _structure(piece, place):
    """Split ``diag(x | g)`` into the name, the bracket and where that begins; the name may be empty."""
    named = STRUCTURE.match(piece)
    return (named[1], piece[named.end() :], place + named.end()) if named else ("", piece, place)


def _require_offered(structure, inner, text, place):
    options = structure and any(char == "," and not depth for _, char, depth in _walk(inner))
    if structure not in ("", "us", "diag") or options:
        raise FormulaError(
            f"'{structure}(...)' gives the covariance matrix a structure that isn't offered here. Write "
            "(1 + x | group) for any variances and correlations, or (1 + x || group) for no correlation.",
            text,
            place,
        )


def _read_bar(text, inner, place, *, diagonal=False):
    bars = _bar_positions(inner)
    double = len(bars) == 2 and bars[1] == bars[0] + 1
    if len(bars) > 1 and not double:
        raise FormulaError(
            "A random-effects term has one '|': (columns | group).", text, place + 1 + bars[-1]
        )
    columns, group = inner[: bars[0]].strip(), inner[bars[-1] + 1 :].strip()
    if not columns or not group:
        side, example = ("left", "(1 | group)") if not columns else ("right", f"({columns} | group)")
        raise FormulaError(f"The {side} side of '|' is empty. For example: {example}.", text, place)
    at = place + 1 + bars[-1] + 1
    nested = "/" in group
    apart = {"independent": double or diagonal, "diagonal": diagonal and not double}
    return [
        Bar(columns, names, place, **apart, nested=nested) for names in _grouping_factors(text, group, at)
    ]


def _grouping_factors(text, group, at):
    """Expand ``a/b`` to ``b:a`` and ``a``, as lme4 does; the finest factor first."""
    flat = re.sub(r"[()]", " ", group)
    names = NAME.findall(flat)
    if re.sub(r"[\s/:]", "", NAME.sub("", flat)) or len(names) != len(re.split(r"[/:]", flat)):
        raise FormulaError(
            f"'{group}' isn't a grouping factor. Right of '|' stands a column name, "
            "a nesting such as school/class, or a combination such as school:class.",
            text,
            min(at, len(text) - 1),
        )
    levels = [tuple(NAME.findall(part)) for part in flat.split("/")]
    nested = [tuple(name for part in reversed(levels[: k + 1]) for name in part) for k in range(len(levels))]
    return [tuple(name.strip("`") for name in names) for names in reversed(nested)]
