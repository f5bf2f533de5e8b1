"""The bank of questions: the only place that knows what is right.

One module per lesson (``l01_pooling.py`` for lesson ``01_pooling``), one function per question. The
function's parameters name the data that it needs. It yields what is right, as a kind from
`mlmkit.answers.kinds` that says how close is close enough, and then the mistakes worth naming, in the order
in which they are tried: `grader.bank.builders` has those that recur.

Examples
--------
A question in ``grader/bank/l01_pooling.py``::

    @question("l01-mean-price", topic="complete pooling", revisit="01: Complete pooling")
    def mean_price(homes):
        price = homes["price"]
        yield Number(price.mean(), rel=5e-4, unit="dollars")
        yield thousands(price.mean())
        yield wrong(price.std(), "standard deviation for mean").says('''This tells how much prices differ from
            house to house. The question asks for their mean.''')

>>> from grader.bank import get
>>> get("l01-mean-price").lesson
'01_pooling'
"""

import difflib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, wraps

from mlmkit.answers.kinds import ByGroup, Choice, Draws, Figure, Formula, Mistake, Model, Number, Table
from mlmkit.data import SOURCES

__all__ = [
    "BankError",
    "ByGroup",
    "Choice",
    "Draws",
    "Figure",
    "Formula",
    "Mistake",
    "Model",
    "Number",
    "Question",
    "Table",
    "find",
    "get",
    "practice",
    "question",
    "questions",
]

# What a question may ask for, by `practice`: a student's part of a source, or the whole.
_DATA = {False: tuple(SOURCES), True: tuple(source.whole for source in SOURCES.values())}
_registry = {}
MOST_HINTS = 3


class BankError(Exception):
    """The bank is at fault: an unknown question, or one whose function fails. Never a student's doing."""


@dataclass(frozen=True)
class Question:
    """A question of the bank.

    Attributes
    ----------
    id : str
        As in the lesson's ``check("l01-mean-price", …)``.
    topic, revisit : str
        What it is about, and where to read again.
    lesson : str
        Such as ``01_pooling``.
    needs : tuple of str
        Data that the function takes: ``homes`` (the student's own sales) or ``seattle`` (the lecture's), or
        those of another source in `mlmkit.data`. One at most.
    practice : bool
        True for a question that is answered at once and never graded.
    function : callable
        Gives the kind of answer, with the expected value and the mistakes.
    idea : str
        What is asked for, in symbols.
    hints : tuple of str
        For practice: shown one after the other.
    """

    id: str
    topic: str
    revisit: str
    lesson: str
    needs: tuple[str, ...]
    practice: bool
    function: Callable
    idea: str = ""
    hints: tuple[str, ...] = ()

    @property
    def own(self):
        """Whose part of the data counts: the name of a source, or None if all students have the same."""
        return next((name for name in self.needs if name in SOURCES), None)


def question(id, *, topic, revisit, idea=""):
    """Register a graded question.

    Its function takes ``homes``, or nothing if the answer is the same for every student. It yields what is
    right and then the mistakes; or it returns the right answer, with mistakes or without.

    Parameters
    ----------
    id : str
        Lower-case letters, digits and hyphens; it begins with the lesson's number, as in ``l01-mean-price``.
    topic : str
        Groups questions in the class report.
    revisit : str
        Where the student reads again, as in ``"01: Complete pooling"``.
    idea : str
        What is asked for in symbols: TeX without dollar signs and without values. It stands beside what a
        recognised mistake did (``wrong(…, did=…)``).

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    BankError
        If the id is taken or malformed, or the function asks for data that don't exist.
    """
    return _register(id, topic, revisit, idea, practice=False)


def practice(id, *, topic, revisit, idea="", hints=()):
    """Register a practice question. Its function takes ``seattle``, the lecture's data, or nothing.

    Parameters, result and errors are those of `question`; ``hints`` are up to three steps towards the answer,
    of which each further wrong answer shows one.
    """
    if isinstance(hints, str) or len(hints) > MOST_HINTS:
        raise BankError(f'Question {id}: hints are a tuple of up to {MOST_HINTS} sentences, ("…", "…").')
    return _register(id, topic, revisit, idea, practice=True, hints=tuple(hints))


def _register(id, topic, revisit, idea, *, practice, hints=()):
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", id):
        raise BankError(
            f'The question id "{id}" may hold lower-case letters, digits and single hyphens only.'
        )
    if not topic or not revisit:
        raise BankError(f"Question {id} needs a topic and a section to revisit.")

    def decorate(function):
        needs = tuple(inspect.signature(function).parameters)
        if not set(needs) <= set(_DATA[practice]) or len(needs) > 1:
            sort = "practice" if practice else "graded"
            raise BankError(
                f"Question {id} asks for {', '.join(needs)}. "
                f"A {sort} question may take one of {', '.join(_DATA[practice])}."
            )
        known = _registry.get(id)
        if known and (known.function.__module__, known.function.__name__) != (
            function.__module__,
            function.__name__,
        ):
            raise BankError(f"The question id {id} is used twice, in {known.lesson} and {_lesson(function)}.")
        _registry[id] = Question(
            id, topic, revisit, _lesson(function), needs, practice, _whole(function), idea, hints
        )
        return function

    return decorate


def _whole(function):
    """Put together what a question's function yields: first the kind, then its mistakes."""

    @wraps(function)
    def kind_with_mistakes(**data):
        answer = function(**data)
        if not isinstance(answer, Iterator):
            return answer
        kind, *mistakes = answer
        if isinstance(kind, Mistake):
            raise BankError("What is right comes first: yield a Number, ByGroup, … before the mistakes.")
        for mistake in mistakes:
            if not isinstance(mistake, Mistake):
                raise BankError(f'A mistake has no sentence. Add .says("…") to {mistake}.')
        return replace(kind, mistakes=mistakes) if mistakes else kind

    return kind_with_mistakes


def _lesson(function):
    """Name the lesson from the module: ``grader.bank.l01_pooling`` is lesson ``01_pooling``."""
    return function.__module__.rpartition(".")[2].removeprefix("l")


@cache
def _load(beginning="l"):
    """Import the lessons' modules whose names begin so, and their questions register. All take seconds."""
    for module in pkgutil.iter_modules(__path__):
        if re.fullmatch(r"l\d\d_\w+", module.name) and module.name.startswith(beginning):
            importlib.import_module(f"{__name__}.{module.name}")


def questions(lesson=None):
    """List the questions, in the order in which the modules define them.

    Parameters
    ----------
    lesson : str, optional
        Such as ``01_pooling``; default all lessons.

    Returns
    -------
    dict
        Question id to `Question`.
    """
    _load(f"l{lesson or ''}")
    known = sorted(_registry.items(), key=lambda item: item[1].lesson)  # whichever was loaded first
    return {id: entry for id, entry in known if lesson in (None, entry.lesson)}


def find(id):
    """Return one question, or None if there is none with this id. Other lessons are not loaded for it."""
    if id not in _registry and re.match(r"l\d\d-", id):
        _load(f"{id[:3]}_")
    return _registry.get(id)


def get(id):
    """Return one question.

    Raises
    ------
    BankError
        If there is none with this id; the text lists the nearest ids.
    """
    if found := find(str(id)):
        return found
    near = difflib.get_close_matches(str(id), questions(), n=3, cutoff=0.4)
    raise BankError(f"The bank has no question {id!r}." + (f" Near: {', '.join(near)}." if near else ""))
