"""What the class did with each question, mistake and topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

from grader.grade.verdicts import HEADINGS
from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages.asked import Asked
from grader.pages.item_statistics import Right, correlation
from grader.pages.options_chosen import Options, options_chosen


@dataclass(frozen=True)
class MistakeRow:
    """A named mistake: what the students were told, and who made it."""

    name: str
    says: str
    students: list[str]


@dataclass(frozen=True)
class QuestionRow:
    """What the class did with one question.

    Attributes
    ----------
    question : GradedQuestion
    asked : Asked
        Its number and wording in the lesson.
    share : float or None
        Mean share of its points, 0 to 1: the higher, the easier. None while answers wait for a person.
    discrimination : float or None
        Correlation of the points for it with the points for all other questions. None where
        everybody got the same, or while answers wait for a person.
    waiting : int
        Answers that a person has to grade.
    counts : dict
        Verdict status to number of students.
    mistakes : list of MistakeRow
        The most frequent first.
    right : Right or None
        The share of right answers, as estimated.
    options : Options or None
        Of a choice: who chose what.
    """

    question: GradedQuestion
    asked: Asked
    share: float | None
    discrimination: float | None
    waiting: int
    counts: dict[str, int]
    mistakes: list[MistakeRow]
    right: Right | None = None
    options: Options | None = None

    @property
    def name(self) -> str:
        """The name that students know it by."""
        return f"Question {self.asked.number}"


@dataclass(frozen=True)
class TopicRow:
    """What the class did with one topic, and where it is explained."""

    topic: str
    share: float | None
    revisit: list[str]
    questions: list[str]


def question_rows(group: Class, asked: Mapping[str, Asked], right: Mapping[str, Right]) -> list[QuestionRow]:
    """Summarise each question over the graded submissions.

    Parameters
    ----------
    group : Class
    asked : dict
        Question id to number and wording, from `grader.pages.asked`. A question that it does not know is
        numbered by its place.
    right : dict
        Question id to the share of right answers, from `grader.pages.item_statistics`.
    """
    return [
        _question_row(question, asked.get(question.id, Asked(str(place), "")), right, group.graded)
        for place, question in enumerate(group.questions, start=1)
    ]


def _question_row(question: GradedQuestion, asked: Asked, right, graded: list[Submission]) -> QuestionRow:
    waiting = sum(question.id in item.waiting for item in graded)
    marked = [item for item in graded if question.id in item.marks and not waiting]
    own = [item.marks[question.id] for item in marked]
    others = [sum(item.marks.values()) - item.marks[question.id] for item in marked]
    verdicts = [(item.student, item.verdicts[question.id]) for item in graded if question.id in item.verdicts]
    counts = Counter(verdict.status for _, verdict in verdicts)
    return QuestionRow(
        question,
        asked,
        mean(own) / question.max_points if own else None,
        correlation(own, others),
        waiting,
        {status: counts[status] for status in HEADINGS if counts[status]},
        _mistakes(verdicts),
        right.get(question.id),
        options_chosen(question.id, graded, asked.options),
    )


def _mistakes(verdicts) -> list[MistakeRow]:
    rows = {}
    for student, verdict in verdicts:
        if verdict.mistake:
            rows.setdefault(verdict.mistake, MistakeRow(verdict.mistake, verdict.message, []))
            rows[verdict.mistake].students.append(student)
    return sorted(rows.values(), key=lambda row: (-len(row.students), row.name))


def mistakes_by_name(rows: list[QuestionRow]) -> list[tuple[str, int, list[QuestionRow]]]:
    """Count each named mistake over the lesson: name, how many answers, in which questions.

    The most frequent comes first. One misunderstanding often shows in several questions.
    """
    where: dict[str, list[tuple[QuestionRow, int]]] = {}
    for row in rows:
        for mistake in row.mistakes:
            where.setdefault(mistake.name, []).append((row, len(mistake.students)))
    found = [
        (name, sum(count for _, count in places), [row for row, _ in places])
        for name, places in where.items()
    ]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def topic_rows(rows: list[QuestionRow]) -> list[TopicRow]:
    """Summarise by topic, the one with the smallest share of points first."""
    topics: dict[str, list[QuestionRow]] = {}
    for row in rows:
        topics.setdefault(row.question.topic, []).append(row)
    found = [_topic_row(topic, members) for topic, members in topics.items()]
    return sorted(found, key=lambda row: 2.0 if row.share is None else row.share)


def _topic_row(topic: str, members: list[QuestionRow]) -> TopicRow:
    marked = [row for row in members if row.share is not None]
    points = sum(row.question.max_points for row in marked)
    earned = sum(row.share * row.question.max_points for row in marked)
    revisit = list(dict.fromkeys(row.question.revisit for row in members if row.question.revisit))
    return TopicRow(topic, earned / points if points else None, revisit, [row.question.id for row in members])
