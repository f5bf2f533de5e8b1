"""One of several options as an answer."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from mlmkit.answers.forms import alone
from mlmkit.answers.kind import Kind
from mlmkit.answers.text import plain


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

    name: ClassVar[str] = "choice"

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: the options."""
        return "one of the letters " + ", ".join(f'"{option}"' for option in shape["options"])

    @classmethod
    def read(cls, answer, shape):
        """Read one of the options; capitals, blanks, brackets and full stops around it don't matter."""
        answer = alone(answer)
        if isinstance(answer, bool):
            answer = str(answer)
        if not isinstance(answer, str):
            raise cls.mismatch(answer, shape)
        letter = answer.strip().strip("().:'\"").strip().casefold()
        for option in shape["options"]:
            if letter == option.casefold():
                return option
        raise cls.mismatch(answer, shape)

    @classmethod
    def echo(cls, value):
        """Repeat the option."""
        return f' "{plain(value)}"'

    def __post_init__(self):
        object.__setattr__(self, "options", tuple(self.options))
        self._check_value()
        for mistake in self.mistakes:
            self._normal(mistake.value)

    def shape(self):
        """Describe the form: the options."""
        return {"kind": self.name, "options": list(self.options)}

    def _normal(self, value):
        return self.read(value, self.shape())

    def _distance(self, given, value):
        return 0.0 if given == value else math.inf

    def _explain(self, given):
        return f'"{given}" is not the right option.'
