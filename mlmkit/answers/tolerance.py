"""How close is close enough: what the kinds that hold numbers share."""

import math

NEARLY = 20  # within this many tolerances, a wrong number is called close,
SHARE = 0.05  # if it is within this share too: tolerances for simulated answers are wide
CLOSE = (
    "Your answer is close, but not as close as rounding inside the computer explains. "
    "Hand in the value without rounding it, and check each step."
)


def gap(given, value, tolerance):
    """Distance of two numbers in tolerances; 0 when they are equal, however small the tolerance."""
    if given == value:
        return 0.0
    return abs(given - value) / tolerance if tolerance > 0 else math.inf


def check_tolerance(kind):
    """Fail early when an author's tolerances can't be right."""
    each = kind.abs.values() if isinstance(kind.abs, dict) else [kind.abs]
    if not all(math.isfinite(size) and size >= 0 for size in [kind.rel, *each]):
        raise ValueError("Tolerances are finite and not negative.")
