"""How close is close enough, and what digits tell: what the kinds that hold numbers share."""

import math
from decimal import Decimal

EXACTLY = 1e-6  # relative difference below which two numbers come from the same computation
NOT_BY_CHANCE = 20 * EXACTLY  # so far apart, they don't
PRINTED = 5  # significant digits that are enough to know a rounded number by
TYPED = 12  # a number with more significant digits was not rounded
NEARLY = 20  # within this many tolerances, a wrong number is called close,
SHARE = 0.05  # if it is within this share too: tolerances for simulated answers are wide
CLOSE = (
    "Your answer is close to the expected value, but it is another number. "
    "Look at each step: which sales, which fit, which quantity."
)
ROUNDED = "This is the expected value, rounded. Hand in the value with all its digits."


def gap(given, value, tolerance):
    """Distance of two numbers in tolerances; 0 when they are equal, however small the tolerance."""
    if given == value:
        return 0.0
    return abs(given - value) / tolerance if tolerance > 0 else math.inf


def is_rounded(given, value, least=2):
    """Tell whether a number is another one, rounded to the digits that it is written with.

    Parameters
    ----------
    given, value : float
    least : int
        Significant digits that it must have at least; zeros at its end may be digits too.

    Examples
    --------
    >>> is_rounded(0.93, 0.9312), is_rounded(0.94, 0.9312), is_rounded(600_000.0, 600_123.4)
    (True, False, True)
    """
    if given == 0 or not math.isfinite(given):
        return False
    written = _written(given)
    places = max(-written.as_tuple().exponent, least - 1 - written.adjusted())
    return len(written.as_tuple().digits) <= TYPED and abs(given - value) <= 0.5000001 * 10.0**-places


def _written(number):
    return Decimal(repr(float(number))).normalize()


def same_digits(given, value, size=None):
    """Tell whether two numbers come from one computation; `given` may be printed with few digits.

    Parameters
    ----------
    given, value : float
    size : float, optional
        What "relative" is relative to; default the value itself.
    """
    size = abs(value) if size is None else size
    if abs(given - value) <= EXACTLY * size:
        return True
    return is_rounded(given, value) and len(_written(given).as_tuple().digits) >= PRINTED


def check_tolerance(kind):
    """Fail early when an author's tolerances can't be right."""
    given = [kind.abs, *(mistake.within for mistake in kind.mistakes if mistake.within is not None)]
    each = [size for one in given for size in (one.values() if isinstance(one, dict) else [one])]
    if not all(math.isfinite(size) and size >= 0 for size in [kind.rel, *each]):
        raise ValueError("Tolerances are finite and not negative.")
