"""Compares what cells showed in the tab with what they showed natively, number by number.

Both Pythons draw the same random numbers from the same seed, so nothing differs by chance. What differs is
the order in which sums were added up, and where a search came to its end. Hence two tolerances: relative to
the number itself, and to the largest number beside it (for the ones that are zero but for rounding).
"""

import math
import re

ANSWER = "application/vnd.mlmkit.answer+json"
RELATIVE = 1e-6  # a search stops when a step changes less than this
BESIDE = 1e-9  # of the largest number in the same output
RECORDED = 1e-7  # of the largest number in an answer: draws are recorded with seven digits
NUMBER = re.compile(r"(?<![\w.])[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.?\d+)(?:e[-+]?\d+)?(?![\w])")
# pandas' names of styled tables; addresses; how statsmodels' search ended: where it is flat, rounding decides
ENDED = r"Gradient optimization failed, \|grad\| = [\d.]+|Retrying MixedLM optimization with \w+"
CHANGING = re.compile(rf"T_[0-9a-f]{{5}}|0x[0-9a-f]+|{ENDED}")
STORED = re.compile(r"^Stored draws: .*\n", re.MULTILINE)  # said in the tab alone
PICTURES = ("image/png", "image/svg+xml")


def differences(native, tab):
    """List what differs between two lists of outputs (nbformat's) of one cell, in words."""
    native, tab = _said(native), _said(tab)
    if [kind for kind, _ in native] != [kind for kind, _ in tab]:
        return [f"natively {[kind for kind, _ in native]}, in the tab {[kind for kind, _ in tab]}"]
    found = []
    for (kind, one), (_, other) in zip(native, tab, strict=True):
        compare = answers_differ if kind == ANSWER else texts_differ
        if why := compare(one, other):
            found.append(f"{kind}: {why}")
    return found


def answers_differ(native, tab):
    """Say where two recorded answers differ; None where they are the same."""
    one, other = [], []
    if (shape := _flat(native, one)) != _flat(tab, other):
        return f"{shape} and {_flat(tab, [])}"
    return _numbers_differ(one, other, RECORDED)


def texts_differ(native, tab):
    """Say where two texts differ: in their words, or in a number; None where they are the same."""
    native, tab = CHANGING.sub("", native), CHANGING.sub("", tab)
    one, other = NUMBER.sub("#", native), NUMBER.sub("#", tab)
    if one.split() != other.split():
        return f"the words of {native!r} and {tab!r}"
    return _numbers_differ(*(list(map(_value, NUMBER.findall(text))) for text in (native, tab)), BESIDE)


def _numbers_differ(native, tab, beside):
    if len(native) != len(tab):
        return f"{len(native)} and {len(tab)} numbers"
    largest = max(map(abs, filter(math.isfinite, native)), default=0)
    for one, other in zip(native, tab, strict=True):
        if not math.isclose(one, other, rel_tol=RELATIVE, abs_tol=beside * largest) and one is not other:
            if math.isnan(one) and math.isnan(other):
                continue
            return f"{one!r} and {other!r}"
    return None


def _said(outputs):
    """List (kind, content) of all that a cell showed, pictures by the words that describe them."""
    found, printed = [], ""
    for output in outputs:
        if output["output_type"] == "stream":
            printed += "".join(output["text"])
        elif output["output_type"] == "error":
            found.append(("error", output["evalue"]))
        for mime, content in sorted(output.get("data", {}).items()):
            if mime in PICTURES:
                content = output["metadata"].get(mime, {}).get("alt", "")
            elif mime != ANSWER and "".join(content).startswith("<img "):
                content = re.sub(r'src="data:[^"]*"', "", "".join(content))
            found.append((mime, content if mime == ANSWER else "".join(content)))
    return [("printed", STORED.sub("", printed)), *found]


def _flat(value, numbers):
    """Describe a value of JSON without its numbers, which are appended to a list."""
    if isinstance(value, dict):
        return {key: _flat(part, numbers) for key, part in value.items()}
    if isinstance(value, list):
        return [_flat(part, numbers) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return numbers.append(float(value))
    return value


def _value(text):
    return float(text.replace(",", "").replace("−", "-"))
