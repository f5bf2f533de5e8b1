"""Reference data and expected answers, each computed once per process or kept on disk."""

from functools import lru_cache

from grader.bank import BankError, get, reference_fits
from grader.judge import reference_cache
from mlmkit.answers.kinds import Kind
from mlmkit.data import SOURCES, data_fingerprint, part_for


@lru_cache(maxsize=64)
def own(source, student):
    """Return a student's own part of a source, such as homes. Treat it as read-only: it is shared."""
    return part_for(source, student)


@lru_cache(maxsize=64)
def own_fingerprint(source, student):
    """Return the fingerprint that an answer must bear which was computed from a student's own part."""
    return data_fingerprint(own(source, student))


@lru_cache(maxsize=64)
def _own_contents(source, student):
    return reference_cache.contents_of(own(source, student))


def homes(student):
    """Return a student's own house sales."""
    return own("homes", student)


def seattle():
    """Return the lecture's data."""
    return whole("homes")


@lru_cache
def whole(source):
    """Return a source's table for practice questions. Treat it as read-only: it is shared."""
    return SOURCES[source].load()


def forget():
    """Forget all fits, posteriors and expected answers of this process."""
    for function in (expected, kept):
        function.cache_clear()
    reference_fits.forget()


def is_personal(question):
    """Tell whether what is right depends on the student's data, for a question of the bank: that is kept."""
    return question.own is not None and question.function.__module__.startswith("grader.bank.")


def is_kept(question, student):
    """Tell whether `kept` would find what is right on disk."""
    return reference_cache.is_there(question, _own_contents(question.own, student))


@lru_cache(maxsize=2048)
def kept(question, student):
    """Return what `expected` does, from disk if it was computed before on the same sales.

    Mistakes that can't be told from the right answer are left out: it is for judging, not for looking at
    the bank.
    """
    question = get(question) if isinstance(question, str) else question
    if not is_personal(question):
        return expected(question, student)
    contents = _own_contents(question.own, student)
    return reference_cache.look_up(question, contents, lambda: expected(question, student))


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
    mlmkit.answers.kinds.Kind

    Raises
    ------
    BankError
        If the question's function fails or gives something else than a kind.
    """
    question = get(question) if isinstance(question, str) else question
    wholes = {source.whole: name for name, source in SOURCES.items()}
    try:
        data = {
            name: whole(wholes[name]) if name in wholes else own(name, student) for name in question.needs
        }
        kind = question.function(**data)
    except Exception as error:
        raise BankError(f"Question {question.id} failed on the data of {student!r}: {error}") from error
    if not isinstance(kind, Kind):
        raise BankError(
            f"Question {question.id} must return a Number, ByGroup, …; it returned {type(kind).__name__}."
        )
    return kind
