"""A figure as an answer.

Matplotlib's objects are read in `reading`, what arrives in `answer`. The data are found in `matching`, axis
labels and legend are judged in `labels`, and `figure_kind` puts it together.
"""

from mlmkit.answers.figure.answer import FigureAnswer
from mlmkit.answers.figure.figure_kind import Figure

__all__ = ["Figure", "FigureAnswer"]
