"""Compare model formulas as models, not as text.

``y ~ 1 + x + (1 + x | g)`` and ``y ~ x + (x|g)`` are one model; ``(1 + x | g)`` and ``(x || g)`` are two.
"""

import re

from mlmkit.encoding import BadAnswerError, plain

MAX_LENGTH = 300
MAX_NAMES = 8  # a*b*c*… doubles the terms with each name


def canonical(formula):
    """Write a formula in a form in which equal models are equal.

    Parameters
    ----------
    formula : str
        In lme4's language. It is parsed, never evaluated.

    Returns
    -------
    tuple
        Response, set of fixed terms, and set of (grouping factor, set of its correlated terms).

    Raises
    ------
    BadAnswerError
        If the text isn't a formula, or is far larger than any that a question asks for.

    Examples
    --------
    >>> canonical("y ~ x + (x|g)") == canonical("y ~ 1+x + (1 + x | g)")
    True
    """
    text = " ".join(formula.split())
    if (
        len(text) > MAX_LENGTH
        or len(set(re.findall(r"[^\W\d]\w*", text))) > MAX_NAMES
        or "^" in text
        or "**" in text
    ):
        raise BadAnswerError(
            "The formula is too long or too deep to compare. Write out the few terms that you need."
        )
    if text.count("~") != 1:
        raise BadAnswerError(
            f'"{plain(text)}" is not a model formula: it needs one "~" between the outcome and the terms.'
        )
    response, right = (side.strip() for side in text.split("~"))
    if not response:
        raise BadAnswerError(f'The formula "{plain(text)}" has no outcome before the "~".')
    fixed, bars = _split_bars(right)
    blocks = [block for bar in bars for block in _blocks(bar)]
    return _squeezed(response), _terms(fixed), frozenset(blocks)


def _squeezed(text):
    return text.replace(" ", "")


def _split_bars(text):
    """Take the bracketed terms with a bar out of the right-hand side."""
    fixed, bars, depth, start = "", [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            raise BadAnswerError(f'The formula "{plain(text)}" closes a bracket that was never opened.')
        if letter == "(" and depth == 1:
            start = place
        elif letter == ")" and depth == 0:
            inside = text[start + 1 : place]
            bars += [inside] if "|" in inside else []
            fixed += "" if "|" in inside else f"({inside})"
        elif depth == 0:
            fixed += letter
    if depth:
        raise BadAnswerError(f'The formula "{plain(text)}" opens a bracket that is never closed.')
    if "|" in fixed:
        raise BadAnswerError(f'The bar in "{plain(text)}" needs brackets around it: (1 | group).')
    return re.sub(r"(\+\s*)+(?=\+|$)", "", fixed.strip()).strip().lstrip("+ ") or "1", bars


def _blocks(bar):
    """Turn the inside of a bar term into (grouping factor, correlated terms) pairs."""
    left, double, right = bar.partition("||")
    if not double:
        left, _, right = bar.partition("|")
    if not left.strip() or not right.strip() or "|" in right:
        raise BadAnswerError(
            f'"({plain(bar)})" needs terms before the bar and a grouping factor after it: (1 | group).'
        )
    terms = _terms(left)
    parts = [frozenset([term]) for term in terms] if double else [terms]
    return [(group, part) for group in _groups(right) for part in parts]


def _groups(text):
    """Name the grouping factors: ``a/b`` is ``a`` and ``a:b``; order within ``a:b`` doesn't matter."""
    names = [name.strip() for name in text.split("/")]
    nested = [":".join(names[: depth + 1]) for depth in range(len(names))]
    return [":".join(sorted(_squeezed(name).split(":"))) for name in nested]


def _terms(text):
    """Expand one side with formulaic: terms are sets of factors; the intercept is the empty set."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        terms = list(Formula(text))
    except (FormulaicError, RecursionError, TypeError, ValueError, AttributeError) as error:
        raise BadAnswerError(f'"{plain(text)}" can\'t be read as the terms of a model.') from error
    return frozenset(
        frozenset(factor.expr.replace(" ", "") for factor in term.factors) - {"1"} for term in terms
    )
