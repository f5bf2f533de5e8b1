"""What all kinds of answers share: an expected value, a tolerance, and known mistakes."""

import math
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import ClassVar

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.text import BadAnswerError
from mlmkit.answers.values import described

EXACTLY = 1e-6  # relative difference below which two numbers come from the same closed formula
NOT_BY_CHANCE = 20 * EXACTLY  # so far apart, they don't


# eq=False here and in the kinds: their values may be Series, which have no single truth value.
@dataclass(frozen=True, eq=False)
class Mistake:
    """A known wrong answer and what to tell the student who gives it.

    Parameters
    ----------
    value : object
        The wrong answer, computed by the same code as the right one. Of the same form as the right
        answer; for `ByGroup` also a single number, which then stands for every group.
    says : str
        What the student reads: what this number is, and what the question asks instead.
    credit : float
        Share of the points, from 0 to below 1.
    name : str, optional
        Short label in the class report. Default: the first words of `says`.
    exact : bool
        True for a value with a closed formula (a mean, a standard deviation of nine numbers), which nobody
        gets from an optimiser that stopped early. It is recognised by its digits, also where it lies inside
        the tolerance of the right answer.

    Examples
    --------
    >>> Mistake(4.0, says="This is the variance. Its square root is in dollars.", credit=0.5).name
    'This is the variance.'
    """

    value: object
    says: str
    credit: float = 0.0
    name: str | None = None
    exact: bool = False

    def __post_init__(self):
        if not isinstance(self.says, str) or not self.says.strip():
            raise ValueError("A mistake needs a sentence: says=… is empty.")
        if not 0 <= self.credit < 1:
            raise ValueError(f"The credit of a mistake is a share from 0 to below 1, not {self.credit}.")
        if self.name is None:
            object.__setattr__(self, "name", " ".join(self.says.split()[:4]))


@dataclass(frozen=True)
class Outcome:
    """What a kind says about an answer: status, share of the points, sentence, name of the mistake."""

    status: str
    credit: float
    says: str
    mistake: str | None = None


class Kind:
    """What all kinds of answers share. A kind is one module, which records, reads and judges it.

    The class says how answers of the kind look; the student's kernel and the grader use the same code. An
    object of it says what is right for one question: it has ``value`` and ``mistakes``.

    A new kind sets `name`, defines `wanted`, `read`, `shape`, `_normal` and `_distance`, and stands in the
    list of `mlmkit.answers.kinds`. If its answers are neither numbers, texts nor lists, it also has a `form`,
    `encode` and `decode`.

    Attributes
    ----------
    name : str
        Names the kind in shapes and in key files.
    form : str
        The one key under which its answers travel; empty where bare values or another kind's form do.
    of_fit : tuple of str
        What of a fit may be meant where a fit is handed in: three examples.
    """

    name: ClassVar[str] = ""
    form: ClassVar[str] = ""
    of_fit: ClassVar[tuple] = ()

    # ------------------------------------------------ how answers of this kind look

    @classmethod
    def encode(cls, answer, shape):
        """Return a student's object as ``{form: JSON values}``, or None if another kind should look at it."""
        return None

    @classmethod
    def decode(cls, content):
        """Read what `encode` wrote under its form. It may be anything: give a value or `BadAnswerError`."""
        raise NotImplementedError

    @classmethod
    def wanted(cls, shape):
        """Say in words what a question of this shape asks for."""
        raise NotImplementedError

    @classmethod
    def read(cls, answer, shape):
        """Read a decoded answer in a question's shape, or raise `BadAnswerError` that says what is wrong."""
        raise NotImplementedError

    @classmethod
    def echo(cls, value):
        """Repeat what was recorded, so that the student sees it; nothing where it would be long."""
        return ""

    @classmethod
    def mismatch(cls, answer, shape):
        """Return the error for an answer of another form than asked for."""
        says = f"This question asks for {cls.wanted(shape)}. Your answer is {described(answer)}."
        if cls.of_fit and hasattr(answer, "formula"):
            which, (*two, third) = "numbers" if "group" in shape else "number", cls.of_fit
            says += f" Which {which} of this fit? For example {', '.join(two)} or {third}."
        return BadAnswerError(says)

    # ------------------------------------------------ what is right for one question

    def shape(self):
        """Describe the form of an answer, without any value: a plain dict with the kind's name."""
        raise NotImplementedError

    def _normal(self, value):
        """Return a value (right answer or mistake) in the form in which `_distance` compares."""
        raise NotImplementedError

    def _distance(self, given, value):
        """Return how far two values in normal form are apart, in tolerances: at most 1 is the same."""
        raise NotImplementedError

    def _difference(self, given, value):
        """Return the largest relative difference; infinite for kinds whose values have no digits."""
        return math.inf

    def _explain(self, given):
        """Say what is wrong with an answer that fits no known mistake."""
        return "This is not the expected value."

    def answer_with(self, value):
        """Return the decoded answer of a student who hands in `value`, the right one or a mistake's."""
        return decode(encode(value))

    def to_entries(self):
        """Write this kind as plain JSON values."""
        entries = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**entries, "value": self._packed(self.value), "mistakes": self._mistake_entries()}

    def _mistake_entries(self):
        entries = [
            {**asdict(mistake), "value": self._packed(mistake.value)} for mistake in self.usable_mistakes
        ]
        return [{name: item for name, item in entry.items() if name != "exact" or item} for entry in entries]

    @classmethod
    def from_entries(cls, entries):
        """Make a kind from what `to_entries` wrote."""
        return cls(
            **{**entries, "value": cls._unpacked(entries["value"]), "mistakes": cls._mistakes_of(entries)}
        )

    @classmethod
    def _mistakes_of(cls, entries):
        return [Mistake(**{**one, "value": cls._unpacked(one["value"])}) for one in entries["mistakes"]]

    def _packed(self, value):
        """Write a value, the right one or a mistake's, as JSON values for a key."""
        return encode(value)

    @classmethod
    def _unpacked(cls, packed):
        """Turn `_packed`'s result back into what an author would write."""
        return decode(packed)

    @cached_property
    def usable_mistakes(self):
        """The mistakes that can be told from the right answer on this data, in the order given."""
        return [mistake for mistake in self.mistakes if self.is_usable(mistake)]

    def is_usable(self, mistake):
        """Tell whether a mistake can be told from the right answer."""
        if mistake.exact:
            return self._apart_by_digits(mistake.value, self.value)
        return self.told_apart(mistake.value, self.value)

    def apart(self, mistake):
        """Return how far a mistake lies from the right answer, in tolerances; NaN for figures."""
        return self._distance(self._normal(mistake.value), self._normal(self.value))

    def hides(self, earlier, later):
        """Tell whether `later` can be taken for `earlier`, a mistake that is tried before it."""
        if earlier.exact and later.exact:
            return not self._apart_by_digits(earlier.value, later.value)
        if earlier.exact or later.exact:
            return False
        return not self.told_apart(later.value, earlier.value)

    def _apart_by_digits(self, value, other):
        try:
            return self._difference(self._normal(value), self._normal(other)) > NOT_BY_CHANCE
        except BadAnswerError:
            return False

    def told_apart(self, value, other):
        """Tell whether no answer could be taken for both of two values (their tolerances don't overlap)."""
        try:
            return self._distance(self._normal(value), self._normal(other)) > 2
        except BadAnswerError:  # a mistake that is not finite on this data
            return False

    def _check_value(self):
        """Fail early, and in the author's words, when the expected value itself can't be right."""
        object.__setattr__(self, "mistakes", tuple(self.mistakes))
        try:
            self._normal(self.value)
        except BadAnswerError as error:
            raise ValueError(
                f"The expected value of this {type(self).__name__} can't be used: {error}"
            ) from error

    def grade(self, answer):
        """Compare a decoded answer with the right one and with the known mistakes.

        Parameters
        ----------
        answer : object
            From `mlmkit.answers.encoding.decode`.

        Returns
        -------
        Outcome
        """
        if answer is None:
            return Outcome("missing", 0.0, "This question was not answered.")
        try:
            given = self.read(answer, self.shape())
        except BadAnswerError as error:
            return self._misformed(answer) or Outcome("invalid", 0.0, str(error))
        exact = self._exact_mistake(given)
        if exact is None and self._distance(given, self._normal(self.value)) <= 1:
            return Outcome("right", 1.0, "Right.")
        return exact or self._first_mistake(given) or Outcome("wrong", 0.0, self._explain(given))

    def _misformed(self, answer):
        """Name the mistake behind an answer of the wrong form, or return None."""

    def _exact_mistake(self, given):
        for mistake in self.usable_mistakes:
            if mistake.exact and self._difference(given, self._normal(mistake.value)) <= EXACTLY:
                return Outcome("mistake", float(mistake.credit), mistake.says, mistake.name)
        return None

    def _first_mistake(self, given):
        for mistake in self.usable_mistakes:
            if mistake.exact and not self.told_apart(mistake.value, self.value):
                continue
            if self._distance(given, self._normal(mistake.value)) <= 1:
                return Outcome("mistake", float(mistake.credit), mistake.says, mistake.name)
        return None
