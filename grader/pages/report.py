"""The class report: one HTML page per lesson, readable offline and on paper."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.course.course_folder import open_course, require_release
from grader.course.files import write_atomically
from grader.grade.late import renew_penalties
from grader.grade.verdicts import HEADINGS, sentence_html
from grader.marks.gradebook import Class, GradedQuestion, Submission, read_class
from grader.pages.feedback_page import TEMPLATES, page_css
from grader.pages.policy import policy
from grader.sandbox.rungs import NONE

SHADES = {
    "right": "right",
    "mistake": "part",
    "wrong": "none",
    "invalid": "none",
    "other_data": "none",
    "missing": "blank",
    "not_run": "lost",
    "ungraded": "blank",
}


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
    """

    question: GradedQuestion
    share: float | None
    discrimination: float | None
    waiting: int
    counts: dict[str, int]
    mistakes: list[MistakeRow]


@dataclass(frozen=True)
class TopicRow:
    """What the class did with one topic, and where it is explained."""

    topic: str
    share: float | None
    revisit: list[str]
    questions: list[str]


def write_report(lesson: str, *, root: str | Path = ".") -> Path:
    """Write the class report of `lesson` to ``reports/LESSON.html`` in the course folder.

    Returns
    -------
    Path
        The page. It is replaced in one step, so it is never half written.
    """
    app = open_course(root)
    path = Path(app.coursedir.root) / "reports" / f"{lesson}.html"
    require_release(app, lesson)
    renew_penalties(app, lesson)
    write_atomically(path, render(read_class(app, lesson), path.parent))
    return path


def render(group: Class, place: Path) -> str:
    """Write the page about `group` as text; links to feedback pages are relative to the folder `place`."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "report"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(percent=_percent, points=_points, sentence=_sentence)
    rows = [question_row(question, group.graded) for question in group.questions]
    page = environment.get_template("report.html.j2").render(
        group=group,
        css=Markup(page_css("report/report.css")),
        headings=HEADINGS,
        isolation=" ".join([isolation(group.graded), ways(group.graded)]).strip(),
        histogram=histogram(group),
        link=lambda page: quote(os.fsencode(os.path.relpath(page, place))) if page else None,
        policy=policy(),
        made=datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC"),
        questions=rows,
        shades=SHADES,
        summary=summary(group, rows),
        by_name=mistakes_by_name(rows),
        topics=topic_rows(rows),
        waiting=any(item.waiting for item in group.graded),
    )
    return page.encode("utf-8", "replace").decode("utf-8")  # a name may hold what is no character


def question_row(question: GradedQuestion, graded: list[Submission]) -> QuestionRow:
    """Summarise one question over the graded submissions."""
    waiting = sum(question.id in item.waiting for item in graded)
    marked = [item for item in graded if question.id in item.marks and not waiting]
    own = [item.marks[question.id] for item in marked]
    others = [sum(item.marks.values()) - item.marks[question.id] for item in marked]
    verdicts = [(item.student, item.verdicts[question.id]) for item in graded if question.id in item.verdicts]
    counts = Counter(verdict.status for _, verdict in verdicts)
    return QuestionRow(
        question,
        mean(own) / question.max_points if own else None,
        correlation(own, others),
        waiting,
        {status: counts[status] for status in HEADINGS if counts[status]},
        _mistakes(verdicts),
    )


def _mistakes(verdicts) -> list[MistakeRow]:
    rows = {}
    for student, verdict in verdicts:
        if verdict.mistake:
            rows.setdefault(verdict.mistake, MistakeRow(verdict.mistake, verdict.message, []))
            rows[verdict.mistake].students.append(student)
    return sorted(rows.values(), key=lambda row: (-len(row.students), row.name))


def mistakes_by_name(rows: list[QuestionRow]) -> list[tuple[str, int, list[str]]]:
    """Count each named mistake over the lesson: name, how many answers, in which questions.

    The most frequent comes first. One misunderstanding often shows in several questions.
    """
    where: dict[str, list[str]] = {}
    for row in rows:
        for mistake in row.mistakes:
            where.setdefault(mistake.name, []).extend([row.question.id] * len(mistake.students))
    found = [(name, len(ids), list(dict.fromkeys(ids))) for name, ids in where.items()]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def correlation(one: list[float], other: list[float]) -> float | None:
    """Pearson's correlation; None for fewer than three pairs, or where one side does not vary.

    >>> round(correlation([0, 1, 2], [0, 2, 4]), 6)
    1.0
    """
    if len(one) < 3:
        return None
    centre_one, centre_other = mean(one), mean(other)
    square = sum((a - centre_one) ** 2 for a in one) * sum((b - centre_other) ** 2 for b in other)
    if square <= 1e-18:
        return None
    product = sum((a - centre_one) * (b - centre_other) for a, b in zip(one, other, strict=True))
    return product / math.sqrt(square)


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


def histogram(group: Class) -> list[dict]:
    """Count the scores in ten equal classes of the share of points; full marks fall into the last."""
    shares = [item.share for item in group.graded if item.share is not None]
    counts = Counter(min(9, max(0, math.floor(share * 10 + 1e-9))) for share in shares)
    highest = max(counts.values(), default=1)
    return [
        {
            "low": 10 * place,
            "high": 10 * place + 10,
            "count": counts[place],
            "height": counts[place] / highest,
        }
        for place in range(10)
    ]


def summary(group: Class, rows: list[QuestionRow]) -> list[str]:
    """Say in a few sentences what an instructor wants to know first."""
    total, graded = len(group.submissions), group.graded
    says = [f"{len(graded)} of {total} students in the gradebook have a graded submission."]
    if not graded:
        return says
    shares = [item.share for item in graded if item.share is not None]
    if shares:
        average, middle = _percent(mean(shares)), _percent(median(shares))
        says.append(f"They earned {average} of their points on average (median {middle}).")
    marked = [row for row in rows if row.share is not None]
    if marked:
        hardest = min(marked, key=lambda row: row.share)
        share = _percent(hardest.share)
        says.append(f"The hardest question is {hardest.question.id}: {share} of its points were earned.")
    by_name = mistakes_by_name(rows)
    if by_name:
        name, count, _ = by_name[0]
        says.append(f"The most frequent named mistake is “{name}” ({_answers(count)}).")
    waiting = sum(len(item.waiting) for item in graded)
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        says.append(f"{_answers(waiting)} {verb} for a person to grade: open the formgrader.")
    return says


def isolation(graded: list[Submission]) -> str:
    """Say in a sentence what kept the code of the students apart."""
    by_rung = Counter(item.isolation[0] for item in graded)
    count = by_rung.pop(NONE, 0)
    names = [f"{rung} ({number})" if len(by_rung) > 1 else rung for rung, number in by_rung.most_common()]
    apart = f"was isolated by {' and '.join(names)}." if names else ""
    if not count:
        return f"The code of the students {apart}" if apart else ""
    why = "; ".join({item.isolation[1]: 0 for item in graded if item.isolation[0] == NONE})
    return (
        f"Not isolated: {count} of {len(graded)} submissions {'was' if count == 1 else 'were'} run without "
        f"the sandbox, because {why}. Their code could read and change what the grader can."
        f"{f' The other code {apart}' if apart else ''}"
    )


def ways(graded: list[Submission]) -> str:
    """Say for how many submissions the lesson's own cells were not run again."""
    short = sum(item.long_way is None for item in graded)
    if not short:
        return ""
    return (
        f"For {short} of {len(graded)} submissions the lecture's cells were run once for all, and only the "
        "students' own for each."
    )


def _answers(count: int) -> str:
    return f"{count} answer" if count == 1 else f"{count} answers"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _points(points: float | None) -> str:
    return "–" if points is None else f"{points:.1f}".removesuffix(".0")


def _sentence(text: str) -> Markup:
    return Markup(sentence_html(text))
