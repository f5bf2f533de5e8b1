"""One number as an answer."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.forms import alone
from mlmkit.answers.kind import Kind
from mlmkit.answers.text import BadAnswerError, in_unit
from mlmkit.answers.tolerance import (
    CLOSE,
    NEARLY,
    NOT_BY_CHANCE,
    ROUNDED,
    SHARE,
    check_tolerance,
    gap,
    is_rounded,
    same_digits,
)
from mlmkit.answers.values import finite


@dataclass(frozen=True, eq=False)
class Number(Kind):
    """One number.

    Parameters
    ----------
    value : float
        The right answer.
    rel, abs : float
        Tolerance: ``rel`` times the expected number, plus ``abs`` in its units.
    mistakes : sequence of Mistake
        A wrong number that fits two of them is told both.
    unit : str, optional
        Named when an answer has the wrong form, for example ``"USD"``.
    round_up : bool
        Take the next whole number too: 28 where 27.3 sales are needed.

    Examples
    --------
    >>> from mlmkit.answers.kinds import Mistake
    >>> Number(100.0, mistakes=[Mistake(10.0, says="This is the square root.")]).grade(10.0).status
    'mistake'
    """

    value: float
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""
    round_up: bool = False

    name: ClassVar[str] = "number"
    of_fit: ClassVar[tuple] = ('fit.fixef["(Intercept)"]', "fit.sigma", 'fit.se_fixef["(Intercept)"]')

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: "one number (in USD)"."""
        return "one number" + in_unit(shape.get("unit"))

    @classmethod
    def read(cls, answer, shape):
        """Read one finite number. A Series, list or table that holds exactly one value is that number."""
        number = alone(answer)
        if isinstance(number, bool) or not isinstance(number, float | str):
            raise cls.mismatch(answer, shape)
        return finite(number, unit=shape.get("unit"))

    @classmethod
    def echo(cls, value):
        """Repeat the number."""
        return f" {value:,.2f}" if abs(value) >= 1000 else f" {value:.6g}"

    def __post_init__(self):
        check_tolerance(self)
        self._check_value()

    def shape(self):
        """Describe the form: one number, its unit."""
        return {"kind": self.name, "unit": self.unit}

    def _normal(self, value):
        return self.read(decode(encode(value)), self.shape())

    def _distance(self, given, value):
        if self.round_up and given in [math.ceil(value * (1 + share)) for share in (-self.rel, self.rel)]:
            return 0.0
        return gap(given, value, self.abs + self.rel * abs(value))

    def _mistake_distance(self, given, mistake):
        return gap(given, self._wrong[id(mistake)], self._room(mistake))

    def _room(self, mistake):
        """How far an answer may be from a mistake: the same share of it as of the right answer."""
        if mistake.within is not None:
            return mistake.within
        value, size = abs(self._known(self.value)), abs(self._known(mistake.value))
        return self.rel * size + self.abs * (size / value if value else 1.0)

    def apart_by_tolerance(self, mistake):
        """Tell whether no number lies within both tolerances, the mistake's and the right answer's."""
        try:
            value, other = self._known(self.value), self._known(mistake.value)
        except BadAnswerError:  # a mistake that is not finite on this data
            return False
        return abs(value - other) > self.abs + self.rel * abs(value) + self._room(mistake)

    def apart_by_digits(self, value, other):
        """Tell whether two numbers come from two computations."""
        try:
            value, other = self._known(value), self._known(other)
        except BadAnswerError:
            return False
        return gap(value, other, abs(other)) > NOT_BY_CHANCE

    def _is_surely(self, given, value):
        return same_digits(given, value)

    def _near(self, given):
        """As `Kind._near`; but where rounding the right answer explains it too, nobody is accused."""
        return [] if is_rounded(given, self._right) else super()._near(given)

    def _explain(self, given):
        value = self._right
        if is_rounded(given, value):
            return CLOSE if super()._near(given) else ROUNDED
        near = self._distance(given, value) <= NEARLY and abs(given - value) <= SHARE * abs(value)
        return CLOSE if near else super()._explain(given)
