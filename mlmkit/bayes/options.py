"""Options of a fit: what is valid, and what is said where one isn't."""

from collections.abc import Callable
from functools import wraps
from inspect import signature

import numpy as np

METHODS = ("auto", "exact", "nuts")


def count(name, value):
    """Check a number of draws or chains."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(
            f"{name} is {value!r}. It must be a whole number of at least 1. Usual are draws=1000, chains=4."
        )
    return int(value)


def check_seed(seed):
    """Check what makes draws repeatable: a whole number, a generator, or None for other draws every time."""
    if seed is None or isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed is {seed!r}. It must be a whole number such as 1, or None.")
    return int(seed)


def check_method(method):
    """Check the name of a method."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}. Valid choices: {', '.join(map(repr, METHODS))}.")


def true_or_false(name, value, also=()):
    """Check an argument that is True or False."""
    if not isinstance(value, (bool, np.bool_)) and value not in also:
        raise TypeError(f"{name} is {value!r}. It must be True or False.")


ELSEWHERE = {
    "iter": "Here draws counts what each chain keeps, and tune its warm-up.",
    "warmup": "Here it is called tune.",
    "control": "control=list(adapt_delta=…) is target_accept=… here.",
    "thin": "Nothing is thinned; all draws are kept.",
    "refresh": "progress=False is silent.",
    "init": "Starting points are chosen at random.",
    "adapt_delta": "Here it is called target_accept.",
    "QR": "Columns are centred and scaled inside, so no QR is needed.",
    "algorithm": "method is 'auto', 'exact' or 'nuts'.",
    "subset": "Pass the rows: data[data['x'] > 0].",
    "offset": "Write it into the formula: y ~ x + offset(z) + (1 | g).",
    "REML": "A Bayesian fit has no REML: variances are averaged over.",
    "family": "stan_lmer is for Gaussian outcomes; stan_glmer takes family.",
    "prior_covariance": "This model has no groups; stan_glmer takes prior_covariance.",
}


def r_arguments[Function: Callable](function: Function) -> Function:
    """Answer an argument of R's that has another name here with a sentence."""
    known = list(signature(function).parameters)

    @wraps(function)
    def checked(*given, **named):
        for name in named:
            if name not in known:
                more = ELSEWHERE.get(name, "")
                raise TypeError(
                    f"{function.__name__} has no argument {name!r}. {more + ' ' * bool(more)}"
                    f"Its arguments: {', '.join(known)}."
                )
        return function(*given, **named)

    return checked  # type: ignore[return-value]
