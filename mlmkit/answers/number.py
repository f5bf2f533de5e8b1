"""One number as an answer."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.forms import alone
from mlmkit.answers.kind import Kind
from mlmkit.answers.text import in_unit
from mlmkit.answers.tolerance import CLOSE, NEARLY, SHARE, check_tolerance, gap
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
        In the order in which they are tried.
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

    def _difference(self, given, value):
        return gap(given, value, abs(value))

    def _explain(self, given):
        value = self._normal(self.value)
        near = self._distance(given, value) <= NEARLY and abs(given - value) <= SHARE * abs(value)
        return CLOSE if near else super()._explain(given)
