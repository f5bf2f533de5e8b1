"""What all kinds of answers share: an expected value, a tolerance, and known mistakes."""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import ClassVar

from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.text import BadAnswerError
from mlmkit.answers.values import described

CLEARLY = 0.25  # tolerances: a mistake that is so much nearer than another is the better explanation
TWO = "Two mistakes give an answer like this. Either: {} Or: {}"


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
    within : float or dict, optional
        How far an answer may be off and still be taken for this mistake, in its own units; by label where
        the answer has labels. Default: as large a share of it as the right answer's tolerance is of the right
        answer. For a figure, in place of its ``rel``. Kinds without such tolerances ignore it.
    did : str, optional
        The same in symbols: TeX without dollar signs and without values. It is shown beside the right idea.

    Examples
    --------
    >>> Mistake(4.0, says="This is the variance. Its square root is in dollars.", credit=0.5).name
    'This is the variance.'
    """

    value: object
    says: str
    credit: float = 0.0
    name: str | None = None
    within: object = None
    did: str = ""

    def __post_init__(self):
        if not isinstance(self.says, str) or not self.says.strip():
            raise ValueError("A mistake needs a sentence: says=… is empty.")
        if not 0 <= self.credit < 1:
            raise ValueError(f"The credit of a mistake is a share from 0 to below 1, not {self.credit}.")
        if self.name is None:
            object.__setattr__(self, "name", " ".join(self.says.split()[:4]))


@dataclass(frozen=True)
class Outcome:
    """What a kind says about an answer: status, share of the points, sentence, the mistake, its symbols."""

    status: str
    credit: float
    says: str
    mistake: str | None = None
    did: str = ""


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

    def _mistake_distance(self, given, mistake):
        """Return how far an answer is from a mistake, in the mistake's own tolerances."""
        return self._distance(given, self._wrong[id(mistake)])

    def _is_surely(self, given, value):
        """Tell whether an answer comes from the computation of `value`, whatever the tolerances say."""
        return False

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
        return [
            {name: item for name, item in one.items() if item is not None and (name != "did" or item)}
            for one in entries
        ]

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
    def _seen(self):
        return {}

    def _known(self, value):
        """Return `_normal` of the right answer or of a mistake, made once: each meets all others."""
        seen = self._seen.get(id(value))
        if seen is None or seen[0] is not value:  # in a copy, or from another process, an id is another's
            seen = self._seen[id(value)] = value, self._normal(value)
        return seen[1]

    @cached_property
    def usable_mistakes(self):
        """The mistakes that can be told from the right answer on this data, in the order given."""
        return [mistake for mistake in self.mistakes if self.is_usable(mistake)]

    @cached_property
    def _right(self):
        return self._known(self.value)

    @cached_property
    def _wrong(self):
        return {id(one): self._known(one.value) for one in self.usable_mistakes}

    @cached_property
    def _by_digits(self):
        return [one for one in self.usable_mistakes if self.apart_by_digits(one.value, self.value)]

    @cached_property
    def _by_tolerance(self):
        return [one for one in self.usable_mistakes if self.apart_by_tolerance(one)]

    def is_usable(self, mistake):
        """Tell whether a mistake can be told from the right answer."""
        return self.apart_by_digits(mistake.value, self.value) or self.apart_by_tolerance(mistake)

    def apart(self, mistake):
        """Return how far a mistake lies from the right answer, in tolerances; NaN for figures."""
        return self._distance(self._known(mistake.value), self._known(self.value))

    def hides(self, earlier, later):
        """Tell whether an answer with the value of one mistake may be taken for the other one."""
        return not (
            self.apart_by_digits(later.value, earlier.value) or self.told_apart(later.value, earlier.value)
        )

    def apart_by_digits(self, value, other):
        """Tell whether two values have other digits; False for kinds that have none."""
        return False

    def apart_by_tolerance(self, mistake):
        """Tell whether no answer could be taken both for a mistake and for the right answer."""
        return self.told_apart(mistake.value, self.value)

    def told_apart(self, value, other):
        """Tell whether no answer could be taken for both of two values (their tolerances don't overlap)."""
        try:
            return self._distance(self._known(value), self._known(other)) > 2
        except BadAnswerError:  # a mistake that is not finite on this data
            return False

    def _check_value(self):
        """Fail early, and in the author's words, when the expected value itself can't be right."""
        object.__setattr__(self, "mistakes", tuple(self.mistakes))
        try:
            self._known(self.value)
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
        return self._recognised(given) or Outcome("wrong", 0.0, self._explain(given))

    def _misformed(self, answer):
        """Name the mistake behind an answer of the wrong form, or return None."""

    def _recognised(self, given):
        """Take an answer for right or for a mistake, or return None.

        Digits come first: they tell two computations apart also where tolerances don't. Then the right
        answer, then the mistakes within whose own tolerance the answer lies.
        """
        sure = [] if self._is_surely(given, self._right) else self._sure(given)
        if sure:
            return self._named(sure)
        if self._distance(given, self._right) <= 1:
            return Outcome("right", 1.0, "Right.")
        return self._named(self._near(given))

    def _sure(self, given):
        """List the mistakes whose digits an answer has."""
        return [one for one in self._by_digits if self._is_surely(given, self._wrong[id(one)])]

    def _near(self, given):
        """List the mistakes that an answer may be, the nearest first: all that lie hardly farther away."""
        known = self._by_tolerance
        near = sorted((self._mistake_distance(given, one), place) for place, one in enumerate(known))
        return [known[place] for distance, place in near if distance <= min(1.0, near[0][0] + CLEARLY)]

    def _named(self, fits):
        """Say which mistake it is: one, or either of two. Of more, none: most would be false."""
        fits = list({one.name: one for one in reversed(fits)}.values())[::-1]
        if not 0 < len(fits) <= 2:
            return None
        alone = len(fits) == 1
        says = fits[0].says if alone else TWO.format(*(one.says for one in fits))
        credit = max(float(one.credit) for one in fits)
        name = " or ".join(one.name for one in fits)
        return Outcome("mistake", credit, says, name, fits[0].did if alone else "")
