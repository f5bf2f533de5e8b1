"""What a plot must say besides its data: axis labels, scales, and words in its legend."""

import re

from mlmkit.answers.figure.matching import SCALES

AXES = ("x", "y")
LONG = 4  # letters; shorter words must stand alone: "n" is not in "dollars per unit"


def required(kind):
    """Count what a `Figure` asks for besides the data."""
    asked = (kind.xlabel, kind.ylabel, kind.xscale, kind.yscale)
    return sum(item is not None for item in asked) + len(kind.legend)


def flaws(kind, panel, scales, names):
    """List what is missing: pairs of a sentence and a short name.

    Parameters
    ----------
    kind : Figure
    panel : AxesAnswer
    scales : tuple of float
        In which scale the data of x and y were found: 1, or 0.001 for thousands.
    names : tuple of str
        What the student calls the two axes: ("x", "y"), or ("y", "x") where they are exchanged.

    Returns
    -------
    list of (str, str)
    """
    found = []
    wanted = ((kind.xlabel, kind.xscale), (kind.ylabel, kind.yscale))
    has = ((panel.xlabel, panel.xscale), (panel.ylabel, panel.yscale))
    for (words, scale_wanted), (label, scale_has), factor, name in zip(
        wanted, has, scales, names, strict=True
    ):
        found += _label_flaws(words, label, factor, name)
        if scale_wanted is not None and scale_has != scale_wanted:
            found.append(
                (f"The {name} axis is not on a {scale_wanted} scale.", f"{scale_wanted} scale missing")
            )
    written = " ".join([*panel.legend, *panel.texts, panel.title])
    found += [
        (f'Neither legend nor text says "{word}".', "legend missing")
        for word in kind.legend
        if not _says(written, word)
    ]
    return found


def _label_flaws(words, label, factor, name):
    if words is None:
        return []
    choices = " or ".join(f'"{word}"' for word in words)
    if not label.strip():
        hint = f" ({choices})" if words else ""
        return [(f"The {name} axis has no label: say what it shows{hint}.", "axis label missing")]
    if words and not any(_says(label, word) for word in words):
        return [(f'The label of the {name} axis, "{label}", should name {choices}.', "axis label unclear")]
    if factor != 1 and not any(_says(label, word) for word in SCALES[factor]):
        unit = SCALES[factor][0]
        return [(f"The {name} axis is in {unit}, and its label doesn't say so.", "unit missing")]
    return []


def _says(text, word):
    """Tell whether a text contains a word, in any case; a short word must stand alone."""
    text, word = text.casefold(), word.casefold().strip()
    if len(word) >= LONG or not word.isalnum():
        return word in text
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None
