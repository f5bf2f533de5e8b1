"""Words of answers: the error that students read, labels, counts, and foreign text made harmless."""

import math
import numbers

MAX_TEXT = 2_000  # characters in one text
_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


class BadAnswerError(ValueError):
    """An answer that can't be read or has the wrong form. Its text is a sentence for the student."""


def plain(text, limit=60):
    """Make text that came from a student fit for a sentence: one line, printable, short."""
    if not isinstance(text, str):
        text = type(text).__name__  # str() of something hostile may take for ever
    line = "".join(letter if letter.isprintable() else " " for letter in str(text)[: 4 * limit])
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def label_text(label):
    """Write a group label as text: 98010, 98010.0 and "98010 " all become "98010"; a tuple joins with ":"."""
    if isinstance(label, tuple):
        return ":".join(label_text(part) for part in label)
    if isinstance(label, numbers.Real) and not isinstance(label, bool) and math.isfinite(label):
        return f"{label:.15g}"
    return str(label).strip()


def count_of(number, noun):
    """Write a count in words: ``count_of(9, "number")`` is "nine numbers"."""
    return f"one {noun}" if number == 1 else f"{_WORDS.get(number, f'{number:,}')} {noun}s"


def a_few(labels, limit=5):
    """Name some labels: the first few, then how many more."""
    shown = ", ".join(plain(label, 30) for label in labels[:limit])
    return shown if len(labels) <= limit else f"{shown} and {len(labels) - limit} more"


def in_unit(unit):
    """Add a unit to what is asked for: " (in USD)", or nothing."""
    return f" (in {unit})" if unit else ""
