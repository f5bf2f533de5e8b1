"""How an answer travels: from a Python object in the student's kernel to plain JSON, and back.

The student's side is `encode`, the grader's side is `decode`. `decode` trusts nothing: whatever the
JSON holds, it gives back a plain value or raises `BadAnswerError` with a sentence.

Numbers, texts and lists are read here. All else is read by the kinds of answers, which are asked in the order
in which `mlmkit.answers.kinds` registers them.
"""

import numbers
from decimal import Decimal

import numpy as np
import pandas as pd

from mlmkit.answers.text import BadAnswerError, plain
from mlmkit.answers.values import decode_list, decode_value, encode_list, encode_value, unwrapped

MIME = "application/vnd.mlmkit.answer+json"
KINDS: list = []  # filled by `mlmkit.answers.kinds`, the one place that lists them


def register(*kinds):
    """Add kinds of answers: subclasses of `mlmkit.answers.kind.Kind`. Earlier ones are asked first."""
    KINDS.extend(kinds)


def encode(answer, shape=None):
    """Turn an answer into JSON-ready values.

    Parameters
    ----------
    answer : object
        A number, text, truth value, Series or dict by group, data frame or nested dict, list or 1-d array, a
        fit, a matplotlib figure or axes. Hundreds of numbers without text are draws: see
        `mlmkit.answers.draws`. None and Ellipsis stand for "not answered".
    shape : dict, optional
        What the question asks for, where that is known. A Bayesian model needs it: its density is taken
        where the question says.

    Returns
    -------
    object
        What ``json.dumps`` can write: a bare value, or a dict with one key, the form.

    Raises
    ------
    BadAnswerError
        If the answer is of another type or too large. The text says what to hand in instead.

    Examples
    --------
    >>> import pandas as pd
    >>> encode(pd.Series({98010: 1.5, 98014: float("nan")}))
    {'by_group': {'98010': 1.5, '98014': {'number': 'nan'}}}
    """
    if answer is None or answer is Ellipsis:
        return None
    answer = unwrapped(answer)
    if isinstance(answer, (str, bool, np.bool_, numbers.Real, Decimal)):
        return encode_value(answer)
    for kind in KINDS:
        encoded = kind.encode(answer, shape)
        if encoded is not None:
            return encoded
    if isinstance(answer, (list, tuple, set, frozenset, pd.Index, np.ndarray)):
        return encode_list(answer)
    if hasattr(answer, "params") and hasattr(answer, "bse"):
        raise BadAnswerError(
            "Your answer is a fitted model of statsmodels. Which number of this fit? For example "
            'fit.params["Intercept"], fit.bse["Intercept"] or fit.scale ** 0.5.'
        )
    raise BadAnswerError(
        f"Your answer is of type {plain(type(answer).__name__)}, which can't be handed in. "
        "Hand in a number, text, a Series, a data frame, a list or a figure."
    )


def decode(encoded):
    """Read what `encode` wrote.

    Parameters
    ----------
    encoded : object
        Parsed JSON. It comes from a student's kernel: it may be anything.

    Returns
    -------
    float, str, bool, None, dict, list, or what a kind's ``decode`` makes, such as a DrawsAnswer
        ``dict`` is numbers by group (label to float). Not finite numbers come back as floats.

    Raises
    ------
    BadAnswerError
        If the JSON isn't in one of the forms, or is too large.

    Examples
    --------
    >>> decode({"by_group": {"98010": 1.5, "98014": {"number": "nan"}}})
    {'98010': 1.5, '98014': nan}
    """
    if encoded is None:
        return None
    if not isinstance(encoded, dict) or set(encoded) == {"number"}:
        return decode_value(encoded)
    readers = {kind.form: kind.decode for kind in KINDS if kind.form}
    readers |= {"list": decode_list, "unreadable": _decode_unreadable}
    if len(encoded) == 1:
        ((form, content),) = encoded.items()
        if form in readers:
            return readers[form](content)
    raise BadAnswerError(
        "The answer arrived in a form that can't be read. Run the check cell again and save."
    )


def _decode_unreadable(content):
    said = plain(content, limit=300).strip() if isinstance(content, str) else ""
    raise BadAnswerError(said or "The answer can't be read.")


def kind_of(shape):
    """Return the class of the kind that a shape or a key names under "kind"."""
    known = {kind.name: kind for kind in KINDS}
    if shape["kind"] not in known:
        raise ValueError(f"There is no kind of answer {shape['kind']!r}. Choose from {', '.join(known)}.")
    return known[shape["kind"]]


def to_key(kind):
    """Write a kind as plain JSON values, for the key file of practice questions."""
    return {"kind": kind.name, **kind.to_entries()}


def from_key(entries):
    """Make a kind from `to_key`'s result."""
    entries = dict(entries)
    kind = kind_of(entries)
    del entries["kind"]
    return kind.from_entries(entries)
