"""A picture of each public plot: drawn by the example in its docstring, described by its own words."""

from __future__ import annotations

import doctest
import inspect
from dataclasses import dataclass
from pathlib import Path

import mlmkit
from mlmkit.plots.alt import alt_text

BEGINS = "plot_"


@dataclass(frozen=True)
class Picture:
    """One plot.

    Attributes
    ----------
    name : str
        The function.
    about : str
        The first line of its docstring.
    words : str
        The description that the plot makes of itself.
    """

    name: str
    about: str
    words: str


def plots() -> list[str]:
    """List the public plot functions.

    >>> "plot_shrinkage" in plots()
    True
    """
    return [name for name in mlmkit.__all__ if name.startswith(BEGINS)]


def draw(name: str, folder: Path) -> Picture:
    """Draw the picture of one function into a file of its name.

    Parameters
    ----------
    name : str
        A public plot function.
    folder : Path

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If its example draws nothing, or nothing that is described in words.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    function = getattr(mlmkit, name)
    example = "".join(part.source for part in doctest.DocTestParser().get_examples(inspect.getdoc(function)))
    mpl.use("Agg")
    plt.close("all")
    exec(compile(example, f"<example of {name}>", "exec"), {})
    described = [(plt.figure(number), alt_text(plt.figure(number))) for number in plt.get_fignums()]
    described = [(figure, words) for figure, words in described if words]
    if not described:
        raise ValueError(f"The example of {name} draws no plot that is described in words.")
    figure, words = described[-1]
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close("all")
    return Picture(name, inspect.getdoc(function).split("\n\n")[0].replace("\n", " "), words)
