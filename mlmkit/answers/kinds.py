"""The kinds of answers: the one list of them, and the one place to import from.

A kind holds what is right for a question, the tolerance, and which wrong answers are worth a sentence. The
grader judges graded answers with it; `mlmkit.check` judges practice answers with the same code.

To add a kind: write its module, a subclass of `Kind`, and add its class to the list below.
"""

from mlmkit.answers.by_group import ByGroup
from mlmkit.answers.choice import Choice
from mlmkit.answers.draws import Draws, DrawsAnswer
from mlmkit.answers.encoding import MIME, decode, encode, from_key, register, to_key
from mlmkit.answers.figure import Figure, FigureAnswer
from mlmkit.answers.forms import TableAnswer
from mlmkit.answers.formula_answer import FitAnswer, Formula
from mlmkit.answers.kind import Kind, Mistake, Outcome
from mlmkit.answers.model_answer import Model, ModelAnswer
from mlmkit.answers.number import Number
from mlmkit.answers.table import Table
from mlmkit.answers.text import BadAnswerError, plain
from mlmkit.answers.verdicts import STATUSES, Verdict, verdict

__all__ = [
    "MIME",
    "STATUSES",
    "BadAnswerError",
    "ByGroup",
    "Choice",
    "Draws",
    "DrawsAnswer",
    "Figure",
    "FigureAnswer",
    "FitAnswer",
    "Formula",
    "Kind",
    "Mistake",
    "Model",
    "ModelAnswer",
    "Number",
    "Outcome",
    "Table",
    "TableAnswer",
    "Verdict",
    "decode",
    "encode",
    "from_key",
    "plain",
    "to_key",
    "verdict",
]

# In this order they are asked whether an object is theirs: a fit may be a model, a long Series is draws.
register(Model, Figure, Draws, Table, ByGroup, Formula, Number, Choice)
