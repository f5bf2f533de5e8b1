"""Simulation draws as an answer.

What travels is a summary of the draws (`summary`, `packing`). Their form is checked in `checks`, they are
judged by their Monte Carlo error in `judging`, and `draws_kind` puts it together.
"""

from mlmkit.answers.draws.draws_kind import Draws
from mlmkit.answers.draws.summary import DrawsAnswer

__all__ = ["Draws", "DrawsAnswer"]
