"""Which option of a choice the students took: in the class, and among its upper and its lower third."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from grader.bank import BankError, questions
from grader.judge.references import kept
from grader.marks.gradebook import Submission
from mlmkit.answers.kinds import Choice, Verdict

FEWEST = 6  # students, for thirds


@dataclass(frozen=True)
class OptionRow:
    """An option: how many chose it, also in the upper and the lower third; for how many it is right.

    Where the data decide, an option is right for some students only; ``hits`` of them chose it.
    """

    letter: str
    text: str
    count: int
    upper: int | None
    lower: int | None
    right: int
    hits: int


@dataclass(frozen=True)
class Options:
    """All options of a question, and how large the class and its thirds are that chose among them.

    ``upper`` and ``lower`` are None where the class is too small for thirds, or all have the same share.
    """

    rows: list[OptionRow]
    answers: int
    upper: int | None
    lower: int | None


def options_chosen(question: str, graded: list[Submission], texts: dict[str, str]) -> Options | None:
    """Count the options of a question; None for a question that is no choice.

    Parameters
    ----------
    question : str
        Its id.
    graded : list of Submission
    texts : dict
        What stands behind each letter in the lesson; empty for a question that is no choice.
    """
    if not texts or question not in questions():  # other questions' answers may take long to compute
        return None
    chosen = {item.student: option for item in graded if (option := _chosen(question, item))}
    if not chosen:
        return None
    upper, lower = thirds([item for item in graded if item.student in chosen])
    letters = Counter(letter for letter, _ in chosen.values())
    rights = Counter(right for _, right in chosen.values())
    among = [
        None if third is None else Counter(letter for who, (letter, _) in chosen.items() if who in third)
        for third in (upper, lower)
    ]
    return Options(
        [
            OptionRow(
                letter,
                texts.get(letter, ""),
                letters[letter],
                *(None if count is None else count[letter] for count in among),
                rights[letter],
                sum(both == (letter, letter) for both in chosen.values()),
            )
            for letter in sorted({*texts, *letters, *rights})
        ],
        len(chosen),
        None if upper is None else len(upper),
        None if lower is None else len(lower),
    )


def thirds(graded: list[Submission]) -> tuple[set[str] | None, set[str] | None]:
    """Name the students of the upper and the lower third, by their share of the points; ties belong to both.

    Nobody is in both of them: where the edges of the thirds are the same share, there are none.
    """
    shares = {item.student: item.share or 0.0 for item in graded}
    order = sorted(shares.values())
    if len(order) < FEWEST or order[len(order) // 3 - 1] == order[-(len(order) // 3)]:
        return None, None
    low, high = order[len(order) // 3 - 1], order[-(len(order) // 3)]
    return (
        {who for who, share in shares.items() if share >= high},
        {who for who, share in shares.items() if share <= low},
    )


def _chosen(question: str, item: Submission) -> tuple[str, str] | None:
    """Find the option that a student chose, and the right one; None where nothing tells it.

    The verdict tells it: a right answer is the right option, and each other option has its mistake.
    """
    verdict = item.verdicts.get(question)
    if verdict is None or verdict.status not in ("right", "mistake", "wrong"):
        return None
    try:
        kind = kept(question, item.student)
    except BankError:
        return None
    letter = letter_of(verdict, kind) if isinstance(kind, Choice) else ""
    return (letter, kind.value) if letter else None


def letter_of(verdict: Verdict, kind: Choice) -> str:
    """Tell from a verdict which option was chosen; an empty text where it does not.

    >>> letter_of(Verdict("wrong", 0, 1, '"c" is not the right option. Read again: 01.'), Choice("b"))
    'c'
    """
    if verdict.status == "right":
        return kind.value
    if verdict.status == "mistake":
        same = [one for one in kind.mistakes if one.name == verdict.mistake]
        found = [one for one in same if verdict.message.startswith(one.says)] or same
        return str(found[0].value) if found else ""
    return next((letter for letter in kind.options if verdict.message.startswith(f'"{letter}" is not')), "")
