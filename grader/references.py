"""Reference data, reference fits and expected answers, each computed once per process."""

from functools import lru_cache

import pandas as pd

from grader.bank import BankError, get
from mlmkit.data import homes_for, load_seattle
from mlmkit.kinds import Kind

_fits = {}
_MAX_FITS = 64


@lru_cache(maxsize=64)
def homes(student):
    """Return a student's own house sales. Treat the frame as read-only: it is shared."""
    return homes_for(student)


@lru_cache(maxsize=1)
def seattle():
    """Return the lecture's data, for practice questions. Treat the frame as read-only: it is shared."""
    return load_seattle()


def fits(formula, data):
    """Fit a mixed model by REML and by ML.

    Parameters
    ----------
    formula : str
        In lme4's language.
    data : DataFrame
        Such as ``homes``. The fits are remembered by its contents.

    Returns
    -------
    tuple
        The REML fit and the ML fit.
    """
    from mlmkit import lmer

    key = (formula, tuple(data.columns), len(data), int(pd.util.hash_pandas_object(data, index=False).sum()))
    if key not in _fits:
        if len(_fits) >= _MAX_FITS:
            _fits.pop(next(iter(_fits)))
        _fits[key] = (lmer(formula, data, REML=True), lmer(formula, data, REML=False))
    return _fits[key]


@lru_cache(maxsize=2048)
def expected(question, student):
    """Return what is right for a question on a student's data.

    Parameters
    ----------
    question : str or Question
        Its id, or the question itself.
    student : str
        User name; without effect for practice questions.

    Returns
    -------
    mlmkit.kinds.Kind

    Raises
    ------
    BankError
        If the question's function fails or gives something else than a kind.
    """
    question = get(question) if isinstance(question, str) else question
    sources = {"homes": lambda: homes(student), "seattle": seattle}
    try:
        kind = question.function(**{name: sources[name]() for name in question.needs})
    except Exception as error:
        raise BankError(f"Question {question.id} failed on the data of {student!r}: {error}") from error
    if not isinstance(kind, Kind):
        raise BankError(
            f"Question {question.id} must return a Number, ByGroup, …; it returned {type(kind).__name__}."
        )
    return kind
