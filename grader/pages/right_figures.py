"""A student's own right answers in a few characters, for those who read what the student wrote of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grader.bank import BankError, questions
from grader.grade.verdicts import HEADINGS
from grader.judge import references
from grader.marks.gradebook import asks_of
from grader.marks.rubric import Rubric
from grader.pages.cards import NUMBER, Card
from mlmkit.answers.kinds import ByGroup, Choice, Draws, Formula, Kind, Number, Table, Verdict
from mlmkit.answers.text import label_text

NAMED = re.compile(r"\bQuestions?\s+(\d+(?:(?:\s*,\s*|\s+(?:and|or)\s+|\s*,\s*(?:and|or)\s+)\d+)*)")
TO = re.compile(r"\bQuestions\s+(\d+)\s+to\s+(\d+)")
MOST = 40  # numbers of one answer


@dataclass(frozen=True)
class RightFigure:
    """What is right for one question on one student's data, and what became of the student's answer."""

    number: str
    id: str
    asks: str
    value: str
    verdict: str


def right_figures(student: str, ids: dict[str, str], verdicts: dict[str, Verdict]) -> list[RightFigure]:
    """Return a student's right answers to these questions, as the grader computed them.

    Parameters
    ----------
    student : str
    ids : dict
        Question id to its number in the lesson.
    verdicts : dict
        Question id to verdict.
    """
    known, found = questions(), []
    for id in filter(known.__contains__, ids):
        try:
            value = value_text(references.kept(known[id], student))
        except BankError:  # a fault of the bank hides one figure, not the page
            value = "can't be computed"
        verdict = HEADINGS[verdicts[id].status] if id in verdicts else ""
        if value:
            found.append(RightFigure(ids[id], id, asks_of(known[id]).rstrip("."), value, verdict))
    return found


def needed(id: str, cards: dict[str, Card], rubric: Rubric) -> dict[str, str]:
    """Choose the questions whose right answers help to read a text: those it or its rubric names, else all.

    Parameters
    ----------
    id : str
        The question that asks for the text.
    cards : dict
        Question id to its card in the released lesson.
    rubric : Rubric

    Returns
    -------
    dict
        Question id to number.
    """
    numbers = {other: card.number for other, card in cards.items()}
    wording = cards[id].wording if id in cards else ""
    about = " ".join([wording, *(f"{item.title} {item.text}" for item in rubric.items)])
    belong = set(named_questions(NUMBER.sub("", about))) - {numbers.get(id)}
    return {other: number for other, number in numbers.items() if number in belong or not belong}


def named_questions(text: str) -> list[str]:
    """Return the numbers of the questions that a text speaks of.

    >>> named_questions("Question 1; Questions 6 and 7, or Questions 10 to 12.")
    ['1', '6', '7', '10', '11', '12']
    """
    found = {int(number) for group in NAMED.findall(text) for number in re.findall(r"\d+", group)}
    for first, last in TO.findall(text):
        found |= set(range(int(first), min(int(last), int(first) + 99) + 1))
    return [str(number) for number in sorted(found)]


def value_text(kind: Kind) -> str:
    """Write what is right as text; nothing for figures and models, which have no figures.

    >>> value_text(Number(600856.44, unit="USD"))
    '600,856 USD'
    """
    unit = f" {kind.unit}" if getattr(kind, "unit", "") else ""
    if isinstance(kind, Number):
        return _number(kind.value) + unit
    if isinstance(kind, ByGroup):
        return _by_label(kind.value) + unit
    if isinstance(kind, Table):
        table = pd.DataFrame(kind.value)
        cells = {
            f"{label_text(row)}, {label_text(column)}": table.loc[row, column]
            for row in table.index
            for column in table.columns
        }
        return _by_label(cells) + unit
    if isinstance(kind, Draws):
        known = {"mean": kind.mean, "sd": kind.sd}
        known |= {f"{100 * float(share):g} %": value for share, value in kind.quantiles.items()}
        return (
            "; ".join(f"{name}: {_some(value)}" for name, value in known.items() if value is not None) + unit
        )
    return str(kind.value) if isinstance(kind, Choice | Formula) else ""


def _some(value) -> str:
    return _by_label(value) if isinstance(value, dict | pd.Series) else _number(value)


def _by_label(values) -> str:
    pairs = list(pd.Series(values).items())
    shown = [f"{label_text(label)}: {_number(value)}" for label, value in pairs[:MOST]]
    return "; ".join(shown) + (f"; and {len(pairs) - MOST} more" if len(pairs) > MOST else "")


def _number(value) -> str:
    if isinstance(value, str | bool | np.bool_):
        return str(value)
    number = float(value)
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:,.4g}" if number % 1 else f"{number:,.0f}"
