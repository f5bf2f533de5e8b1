"""The kinds of answers that are text: a choice and a model formula. `mlmkit.answers.kinds` offers them."""

import math
from dataclasses import dataclass, field

from mlmkit.answers.encoding import BadAnswerError, plain
from mlmkit.answers.kind import Kind
from mlmkit.answers.same_model import canonical
from mlmkit.answers.shapes import read


@dataclass(frozen=True, eq=False)
class Choice(Kind):
    """One of several options, named by a letter.

    Parameters
    ----------
    value : str
        The right option.
    mistakes : sequence of Mistake
        Other options, with what is wrong about each.
    options : sequence of str
        All options; a string stands for its letters.

    Examples
    --------
    >>> from mlmkit.answers.kinds import Mistake
    >>> Choice("b", mistakes=[Mistake("a", says="Not all houses: the zip codes.")]).grade(" B) ").status
    'right'
    """

    value: str
    mistakes: tuple = field(default=())
    options: tuple = ("a", "b", "c", "d")

    def __post_init__(self):
        object.__setattr__(self, "options", tuple(self.options))
        self._check_value()
        for mistake in self.mistakes:
            self._normal(mistake.value)

    def shape(self):
        """Describe the form: the options."""
        return {"kind": "choice", "options": list(self.options)}

    def _normal(self, value):
        return read(value, self.shape())

    def _distance(self, given, value):
        return 0.0 if given == value else math.inf

    def _explain(self, given):
        return f'"{given}" is not the right option.'


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

    def __post_init__(self):
        try:
            canonical(self.value)
        except BadAnswerError as error:
            raise ValueError(f"The expected formula can't be used: {error}") from error
        self._check_value()

    def shape(self):
        """Describe the form: a formula."""
        return {"kind": "formula"}

    def _normal(self, value):
        return _model(value)

    def _distance(self, given, value):
        return 0.0 if _model(given) == value else math.inf

    def _misformed(self, answer):
        """Look for a known mistake in a formula that can't be read, such as ``y ~ (g | 1)``."""
        return self._first_mistake(answer) if isinstance(answer, str) else None

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
