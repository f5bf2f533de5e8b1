"""Reference data, fits, posteriors and expected answers, each computed once per process or kept on disk."""

from functools import lru_cache

import pandas as pd

from grader import reference_cache
from grader.bank import BankError, get
from mlmkit.answers.kinds import Kind
from mlmkit.data import homes_for, load_seattle

_fits = {}
_posteriors = {}
_MAX_FITS = 64
_CHAINS, _DRAWS = 4, 10_000  # of a reference posterior: ten times what a student draws


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

    key = (formula, *_contents(data))
    if key not in _fits:
        if len(_fits) >= _MAX_FITS:
            _fits.pop(next(iter(_fits)))
        _fits[key] = (lmer(formula, data, REML=True), lmer(formula, data, REML=False))
    return _fits[key]


def forget():
    """Forget all fits, posteriors and expected answers of this process."""
    for function in (expected, kept):
        function.cache_clear()
    _fits.clear()
    _posteriors.clear()


def fits_on(student):
    """List the fits that are remembered and were made on this student's sales or on a part of them.

    Returns
    -------
    list of (str, int, bool)
        Formula, number of rows, and whether the REML fit or the ML fit is singular.
    """
    zipcodes = set(homes(student)["zipcode"].unique())
    return [
        (key[0], key[2], reml.is_singular or ml.is_singular)
        for key, (reml, ml) in _fits.items()
        if set(reml.ranef) == {"zipcode"} and set(reml.ranef["zipcode"].index) == zipcodes
    ]


def posterior(formula, data, scale=1.0):
    """Draw precisely from the posterior of a Gaussian model with one grouping factor.

    Parameters
    ----------
    formula : str
        In lme4's language.
    data : DataFrame
        Such as ``homes``. The draws are remembered by its contents.
    scale : float
        Of the prior ``decov(scale=...)``; every other prior is the default.

    Returns
    -------
    StanFit
        With 40,000 draws of the exact sampler.
    """
    from mlmkit import decov, stan_glmer

    key = (formula, scale, *_contents(data))
    if key not in _posteriors:
        if len(_posteriors) >= _MAX_FITS:
            _posteriors.pop(next(iter(_posteriors)))
        _posteriors[key] = stan_glmer(
            formula,
            data,
            method="exact",
            prior_covariance=decov(scale=scale),
            draws=_DRAWS,
            chains=_CHAINS,
            seed=5,
        )
    return _posteriors[key]


def _contents(data):
    return tuple(data.columns), len(data), int(pd.util.hash_pandas_object(data, index=False).sum())


@lru_cache(maxsize=2048)
def kept(question, student):
    """Return what `expected` does, from disk if it was computed before on the same sales.

    Mistakes that can't be told from the right answer are left out: it is for judging, not for looking at
    the bank.
    """
    question = get(question) if isinstance(question, str) else question
    if "homes" not in question.needs or not question.function.__module__.startswith("grader.bank."):
        return expected(question, student)
    return reference_cache.look_up(question, homes(student), lambda: expected(question, student))


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
