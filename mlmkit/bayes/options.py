"""Options of a fit: what is valid, and what is said where one isn't."""

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
