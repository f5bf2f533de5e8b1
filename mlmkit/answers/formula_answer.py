"""A model formula as an answer, compared as a model and not as text.

``y ~ 1 + x + (1 + x | g)`` and ``y ~ x + (x|g)`` are one model; ``(1 + x | g)`` and ``(x || g)`` are two.
"""

import math
import re
from dataclasses import dataclass, field
from typing import ClassVar

from mlmkit.answers.forms import alone
from mlmkit.answers.kind import Kind
from mlmkit.answers.text import MAX_TEXT, BadAnswerError, plain
from mlmkit.answers.values import bounded
from mlmkit.frame.formula import FormulaError, parse

# A student's formula is parsed in the grader's process. a*b*c*… doubles the terms with each name, and a
# power can ask for billions of them.
MAX_LENGTH = 300
MAX_NAMES = 8


@dataclass(frozen=True)
class FitAnswer:
    """A fitted model that was handed in: only its formula travels."""

    formula: str

    def described(self):
        """Say what it is."""
        return "a fitted model"


@dataclass(frozen=True, eq=False)
class Formula(Kind):
    """A model formula, compared as a model and not as text.

    Parameters
    ----------
    value : str
        The right formula.
    mistakes : sequence of Mistake
        Other formulas. One that can't be read, such as ``y ~ (g | 1)``, is compared as text.

    Examples
    --------
    >>> Formula("y ~ x + (x | g)").grade("y ~ 1 + x + (1+x|g)").status
    'right'
    """

    value: str
    mistakes: tuple = field(default=())

    name: ClassVar[str] = "formula"
    form: ClassVar[str] = "fit"

    @classmethod
    def encode(cls, answer, shape):
        """Take a fit; a formula in quotes is text and travels as such."""
        if not isinstance(getattr(answer, "formula", None), str):
            return None
        return {cls.form: {"formula": answer.formula[:MAX_TEXT]}}

    @classmethod
    def decode(cls, content):
        """Read the formula of a fit."""
        formula = bounded(content, dict).get("formula")
        if not isinstance(formula, str) or len(formula) > MAX_TEXT:
            raise BadAnswerError("The fit that arrived can't be read.")
        return FitAnswer(formula)

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: a formula in quotes."""
        return 'a model formula in quotes, such as "y ~ x + (1 | g)"'

    @classmethod
    def read(cls, answer, shape):
        """Read the text of a model formula, from text or from a fit."""
        answer = alone(answer)
        if isinstance(answer, FitAnswer):
            answer = answer.formula
        if not isinstance(answer, str):
            raise cls.mismatch(answer, shape)
        if not answer.strip():
            raise BadAnswerError("The formula is empty. Write it in quotes.")
        canonical(answer)  # one that can't be parsed says why
        return answer

    @classmethod
    def echo(cls, value):
        """Repeat the formula."""
        return f' "{plain(value)}"'

    def __post_init__(self):
        try:
            canonical(self.value)
        except BadAnswerError as error:
            raise ValueError(f"The expected formula can't be used: {error}") from error
        self._check_value()

    def shape(self):
        """Describe the form: a formula."""
        return {"kind": self.name}

    def _normal(self, value):
        return _model(value)

    def _distance(self, given, value):
        return 0.0 if _model(given) == value else math.inf

    def _misformed(self, answer):
        """Look for a known mistake in a formula that can't be read, such as ``y ~ (g | 1)``."""
        return self._named(self._near(answer)) if isinstance(answer, str) else None

    def _explain(self, given):
        response, fixed, random, _ = _model(given)
        right = self._normal(self.value)
        if response != right[0]:
            return f"The outcome before the ~ is not the one that the question is about: {plain(response)}."
        if fixed == right[1] and random != right[2]:
            return "The fixed terms are right. Look at the terms in brackets with a bar."
        if random == right[2] and fixed != right[1]:
            return "The terms in brackets with a bar are right. Look at the other terms."
        return "This is another model than the one that the question describes."


def _model(formula):
    """Take a formula for the model that it stands for, or for its own text where it can't be read."""
    if not isinstance(formula, str):
        return formula
    try:
        return canonical(formula)
    except BadAnswerError:
        return "".join(formula.split())


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
