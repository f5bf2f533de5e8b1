"""What a right answer is, and which wrong ones are worth a sentence: the kinds of answers to questions.

A kind holds the expected value, the tolerance and the known mistakes. The grader judges graded
answers with it; `mlmkit.check` judges practice answers with the same code.
"""

import math
from dataclasses import asdict, dataclass, field, fields

from mlmkit.encoding import BadAnswerError, decode, encode, plain
from mlmkit.encoding import Table as _TableAnswer
from mlmkit.same_model import canonical
from mlmkit.shapes import a_few, count_of, read, read_by_group, read_table

STATUSES = ("right", "mistake", "wrong", "missing", "invalid", "other_data", "not_run", "ungraded")
NEARLY = 20  # within this many tolerances, a wrong number is called close


@dataclass(frozen=True)
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

    Examples
    --------
    >>> Mistake(4.0, says="This is the variance. Its square root is in dollars.", credit=0.5).name
    'This is the variance.'
    """

    value: object
    says: str
    credit: float = 0.0
    name: str | None = None

    def __post_init__(self):
        if not isinstance(self.says, str) or not self.says.strip():
            raise ValueError("A mistake needs a sentence: says=… is empty.")
        if not 0 <= self.credit < 1:
            raise ValueError(f"The credit of a mistake is a share from 0 to below 1, not {self.credit}.")
        if self.name is None:
            object.__setattr__(self, "name", " ".join(self.says.split()[:4]))


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth and why. Texts are plain: escape them before they go into HTML.

    Attributes
    ----------
    status : {"right", "mistake", "wrong", "missing", "invalid", "other_data", "not_run", "ungraded"}
        How the answer was taken. "ungraded": the grader itself failed, and a person has to look.
    score, max_points : float
        Points; ``0 <= score <= max_points``.
    message : str
        What the student reads. Every score below the maximum has a reason.
    mistake : str or None
        Short name of the known mistake.
    question, topic, revisit : str
        The question's id, what it is about, and where to read again.
    """

    status: str
    score: float
    max_points: float
    message: str
    mistake: str | None = None
    question: str = ""
    topic: str = ""
    revisit: str = ""

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"Status {self.status!r} is unknown. Choose from {', '.join(STATUSES)}.")
        if not (math.isfinite(self.score) and 0 <= self.score <= self.max_points):
            raise ValueError(f"The score {self.score} is not between 0 and {self.max_points}.")
        if not self.message:
            raise ValueError("A verdict needs a message.")

    def as_dict(self):
        """Return the verdict as a plain dict, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries):
        """Make a verdict from `as_dict`'s result."""
        return cls(**{item.name: entries[item.name] for item in fields(cls) if item.name in entries})


@dataclass(frozen=True)
class Outcome:
    """What a kind says about an answer: status, share of the points, sentence, name of the mistake."""

    status: str
    credit: float
    says: str
    mistake: str | None = None


class Kind:
    """What all kinds share. A kind has ``value``, ``mistakes``, and the four methods below."""

    def shape(self):
        """Describe the form of an answer, without any value: see `mlmkit.shapes`."""
        raise NotImplementedError

    def _normal(self, value):
        """Return a value (right answer or mistake) in the form in which `_distance` compares."""
        raise NotImplementedError

    def _distance(self, given, value):
        """Return how far two values in normal form are apart, in tolerances: at most 1 is the same."""
        raise NotImplementedError

    def _explain(self, given):
        """Say what is wrong with an answer that fits no known mistake."""
        return "This is not the expected value."

    @property
    def usable_mistakes(self):
        """The mistakes that can be told from the right answer on this data, in the order given."""
        return [mistake for mistake in self.mistakes if self.told_apart(mistake.value, self.value)]

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
            From `mlmkit.encoding.decode`.

        Returns
        -------
        Outcome
        """
        if answer is None:
            return Outcome("missing", 0.0, "This question was not answered.")
        try:
            given = read(answer, self.shape())
        except BadAnswerError as error:
            return self._misformed(answer) or Outcome("invalid", 0.0, str(error))
        if self._distance(given, self._normal(self.value)) <= 1:
            return Outcome("right", 1.0, "Right.")
        return self._first_mistake(given) or Outcome("wrong", 0.0, self._explain(given))

    def _misformed(self, answer):
        """Name the mistake behind an answer of the wrong form, or return None."""

    def _first_mistake(self, given):
        for mistake in self.usable_mistakes:
            if self._distance(given, self._normal(mistake.value)) <= 1:
                return Outcome("mistake", float(mistake.credit), mistake.says, mistake.name)
        return None


def _gap(given, value, tolerance):
    """Distance of two numbers in tolerances; 0 when they are equal, however small the tolerance."""
    if given == value:
        return 0.0
    return abs(given - value) / tolerance if tolerance > 0 else math.inf


_CLOSE = (
    "Your answer is close, but not as close as rounding inside the computer explains. "
    "Hand in the value without rounding it, and check each step."
)


def _check_tolerance(kind):
    if not (math.isfinite(kind.rel) and math.isfinite(kind.abs) and kind.rel >= 0 and kind.abs >= 0):
        raise ValueError("Tolerances are finite and not negative.")


@dataclass(frozen=True)
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

    Examples
    --------
    >>> Number(100.0, mistakes=[Mistake(10.0, says="This is the square root.")]).grade(10.0).status
    'mistake'
    """

    value: float
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""

    def __post_init__(self):
        _check_tolerance(self)
        self._check_value()

    def shape(self):
        """Describe the form: one number, its unit."""
        return {"kind": "number", "unit": self.unit}

    def _normal(self, value):
        return read(decode(encode(value)), self.shape())

    def _distance(self, given, value):
        return _gap(given, value, self.abs + self.rel * abs(value))

    def _explain(self, given):
        return (
            _CLOSE if self._distance(given, self._normal(self.value)) <= NEARLY else super()._explain(given)
        )


class _Labelled(Kind):
    """Numbers with labels: all must be close, and the labels must agree."""

    def _distance(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        floor = 0.1 * max(abs(number) for number in value.values())
        return max(self._one_distance(given[label], value[label], floor) for label in value)

    def _one_distance(self, given, value, floor):
        # A group effect may be nearly 0 by chance: then "relative" means relative to the larger ones.
        return _gap(given, value, self.abs + self.rel * max(abs(value), floor))

    def _explain(self, given):
        value = self._normal(self.value)
        if self._distance(given, value) <= NEARLY:
            return _CLOSE
        floor = 0.1 * max(abs(number) for number in value.values())
        wrong = [label for label in value if self._one_distance(given[label], value[label], floor) > 1]
        if len(wrong) == len(value):
            return f"None of the {count_of(len(value), 'value')} is the expected one."
        labels = [label if isinstance(label, str) else " ".join(label) for label in wrong]
        return (
            f"{len(value) - len(wrong)} of the {count_of(len(value), 'value')} are as expected. "
            f"Look at {a_few(labels)}."
        )


@dataclass(frozen=True)
class ByGroup(_Labelled):
    """One number per group. Labels matter, their order doesn't.

    Parameters
    ----------
    value : Series or dict
        The right answer, group label to number.
    rel, abs : float
        Tolerance of each number: ``rel`` times its size (at least a tenth of the largest), plus ``abs``.
    mistakes : sequence of Mistake
        Their values are Series, dicts, or single numbers (the same for every group).
    unit, group : str, optional
        Unit, and what a label names. Default for ``group``: the name of the Series' index.

    Examples
    --------
    >>> ByGroup({"98010": 1.0, "98014": 2.0}).grade({"98014": 2.0, "98010": 1.0}).status
    'right'
    """

    value: object
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""
    group: str = ""

    def __post_init__(self):
        _check_tolerance(self)
        if not self.group:
            name = getattr(getattr(self.value, "index", None), "name", None)
            object.__setattr__(self, "group", str(name or "group"))
        self._check_value()

    def _labels(self):
        return list(_by_group(self.value))

    def shape(self):
        """Describe the form: a number per label."""
        labels = self._labels()
        return {
            "kind": "by_group",
            "group": self.group,
            "unit": self.unit,
            "count": len(labels),
            "labels": labels,
        }

    def _normal(self, value):
        answer = decode(encode(value))
        if isinstance(answer, float):
            answer = dict.fromkeys(self._labels(), answer)
        return read_by_group(answer, self.shape())

    def _misformed(self, answer):
        """Look for a known mistake in a single number where one per group is asked for."""
        if isinstance(answer, dict | list) and len(answer) == 1:
            answer = next(iter(answer.values() if isinstance(answer, dict) else answer))
        if isinstance(answer, bool) or not isinstance(answer, float) or not math.isfinite(answer):
            return None
        return self._first_mistake(dict.fromkeys(self._labels(), answer))


def _by_group(value):
    """Decode an author's Series or dict."""
    answer = decode(encode(value))
    if not isinstance(answer, dict) or not answer:
        raise ValueError("ByGroup needs a Series with group labels as index, or a dict of label to number.")
    return answer


@dataclass(frozen=True)
class TableOf(_Labelled):
    """A table of numbers. Row and column labels matter, their order doesn't. Exported as ``Table``.

    Parameters
    ----------
    value : DataFrame
        The right answer, with two columns or more.
    rel, abs : float
        Tolerance of each number, as in `ByGroup`.
    mistakes : sequence of Mistake
        Their values are data frames.
    unit, group : str, optional
        Unit, and what a row is.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["x", "y"])
    >>> Table(table).grade(decode(encode(table[["b", "a"]]))).status
    'right'
    """

    value: object
    rel: float = 1e-3
    abs: float = 0.0
    mistakes: tuple = field(default=())
    unit: str = ""
    group: str = "row"

    def __post_init__(self):
        _check_tolerance(self)
        self._check_value()

    def shape(self):
        """Describe the form: row labels and columns."""
        answer = decode(encode(self.value))
        if not isinstance(answer, _TableAnswer):
            raise ValueError("Table needs a data frame with two columns or more; for one column use ByGroup.")
        return {
            "kind": "table",
            "unit": self.unit,
            "group": self.group,
            "columns": answer.columns,
            "labels": answer.index,
            "count": len(answer.index),
        }

    def _normal(self, value):
        return read_table(decode(encode(value)), self.shape())


Table = TableOf


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Formula(Kind):
    """A model formula, compared as a model and not as text.

    Parameters
    ----------
    value : str
        The right formula.
    mistakes : sequence of Mistake
        Other formulas.

    Examples
    --------
    >>> Formula("y ~ x + (x | g)").grade("y ~ 1 + x + (1+x|g)").status
    'right'
    """

    value: str
    mistakes: tuple = field(default=())

    def __post_init__(self):
        self._check_value()

    def shape(self):
        """Describe the form: a formula."""
        return {"kind": "formula"}

    def _normal(self, value):
        return canonical(read(value, self.shape()))

    def _distance(self, given, value):
        return 0.0 if _model(given) == _model(value) else math.inf

    def _explain(self, given):
        response, fixed, random = _model(given)
        right = self._normal(self.value)
        if response != right[0]:
            return f"The outcome before the ~ is not the one that the question is about: {plain(response)}."
        if fixed == right[1]:
            return "The fixed terms are right. Look at the terms in brackets with a bar."
        if random == right[2]:
            return "The terms in brackets with a bar are right. Look at the other terms."
        return "This is another model than the one that the question describes."


def _model(formula):
    return canonical(formula) if isinstance(formula, str) else formula


KINDS = {"number": Number, "by_group": ByGroup, "choice": Choice, "formula": Formula, "table": Table}


def to_key(kind):
    """Write a kind as plain JSON values, for the key file of practice questions."""
    entries = {item.name: getattr(kind, item.name) for item in fields(kind)}
    entries["value"] = encode(kind.value)
    entries["mistakes"] = [
        {**asdict(mistake), "value": encode(mistake.value)} for mistake in kind.usable_mistakes
    ]
    return {"kind": kind.shape()["kind"], **entries}


def from_key(entries):
    """Make a kind from `to_key`'s result."""
    entries = dict(entries)
    kind = KINDS[entries.pop("kind")]
    mistakes = [
        Mistake(**{**mistake, "value": _from_json(mistake["value"])}) for mistake in entries.pop("mistakes")
    ]
    return kind(**{**entries, "value": _from_json(entries["value"]), "mistakes": mistakes})


def _from_json(encoded):
    value = decode(encoded)
    if isinstance(value, _TableAnswer):
        import pandas as pd

        return pd.DataFrame(value.values, index=value.index, columns=value.columns)
    return value


def verdict(kind, encoded, *, max_points, question="", topic="", revisit="", hint=""):
    """Judge an encoded answer and word the verdict.

    Parameters
    ----------
    kind : Kind
        What is right.
    encoded : object
        The answer as JSON values. It may be anything: hostile values are "invalid", never an exception.
    max_points : float
        Points for a right answer.
    question, topic, revisit, hint : str
        Id of the question, its topic, where to read again, and a further hint for a wrong answer.

    Returns
    -------
    Verdict
    """
    try:
        outcome = kind.grade(decode(encoded))
    except BadAnswerError as error:
        outcome = Outcome("invalid", 0.0, str(error))
    says = outcome.says
    if outcome.status == "wrong":
        says = " ".join([says, hint] if hint else [says])
    if outcome.status in ("wrong", "mistake") and revisit:
        says = f"{says} Read again: {revisit}."
    return Verdict(
        outcome.status,
        outcome.credit * max_points,
        float(max_points),
        says,
        mistake=outcome.mistake,
        question=question,
        topic=topic,
        revisit=revisit,
    )
