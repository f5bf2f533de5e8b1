"""Compare model formulas as models, not as text.

``y ~ 1 + x + (1 + x | g)`` and ``y ~ x + (x|g)`` are one model; ``(1 + x | g)`` and ``(x || g)`` are two.
"""

import re

from mlmkit.answers.encoding import BadAnswerError, plain
from mlmkit.frame.formula import FormulaError, parse

# A student's formula is parsed in the grader's process. a*b*c*… doubles the terms with each name, and a
# power can ask for billions of them.
MAX_LENGTH = 300
MAX_NAMES = 8


def canonical(formula):
    """Write a formula in a form in which equal models are equal.

    Parameters
    ----------
    formula : str
        In lme4's language. It is parsed, never evaluated.

    Returns
    -------
    tuple
        Response, set of fixed terms, set of (grouping factor, set of its correlated terms), offsets.

    Raises
    ------
    BadAnswerError
        If the text isn't a formula, or is far larger than any that a question asks for.

    Examples
    --------
    >>> canonical("y ~ x + (x|g)") == canonical("y ~ 1+x + (1 + x | g)")
    True
    """
    text = re.sub(r"\b(?:np|numpy)\.", "", " ".join(formula.split()))  # np.log(price) is log(price)
    names = set(re.findall(r"[^\W\d]\w*", text))
    if len(text) > MAX_LENGTH or len(names) > MAX_NAMES or "^" in text or "**" in text:
        raise BadAnswerError("The formula is too long to compare. Write out the few terms that you need.")
    try:
        parts = parse(text)
    except (FormulaError, RecursionError) as error:
        reason = error.message if isinstance(error, FormulaError) else "It has too many brackets."
        raise BadAnswerError(
            f'"{plain(text)}" can\'t be read as a model formula. {plain(reason, 300)}'
        ) from error
    blocks = frozenset(block for bar in parts.bars for block in _blocks(bar))
    offsets = frozenset(_squeezed(offset) for offset in parts.offsets)
    return _squeezed(parts.response), _terms(parts.fixed), blocks, offsets


def _squeezed(text):
    return text.replace(" ", "")


def _blocks(bar):
    """Split a bar term into (grouping factor, correlated terms) pairs: one, or one per term for ``||``."""
    group, terms = ":".join(sorted(bar.group)), _terms(bar.columns)
    return [(group, part) for part in ([frozenset([term]) for term in terms] if bar.independent else [terms])]


def _terms(text):
    """Expand one side with formulaic: terms are sets of factors; the intercept is the empty set."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        terms = list(Formula(text))
        factors = [[factor.expr.replace(" ", "") for factor in term.factors] for term in terms]
    except (FormulaicError, RecursionError, TypeError, ValueError, AttributeError) as error:
        raise BadAnswerError(f'"{plain(text)}" can\'t be read as the terms of a model.') from error
    return frozenset(frozenset(names) - {"1"} for names in factors)
