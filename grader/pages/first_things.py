"""What an instructor should do first after a lesson: who and what needs a person, each with a link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from grader.marks.gradebook import Class, Submission
from grader.pages.question_rows import QuestionRow, mistakes_by_name

FAR = 0.5  # of the class's median: below it a student is far below
MOST = 12  # names in a sentence


@dataclass(frozen=True)
class Link:
    """A word that leads to a place on the page."""

    text: str
    place: str


@dataclass(frozen=True)
class Step:
    """Something to do: a few words, a sentence, and whom or what it is about."""

    title: str
    says: str
    about: list[Link] = field(default_factory=list)
    revisit: str = ""  # the section with whose name the sentence ends


def student_places(group: Class) -> dict[str, str]:
    """Name the place of each student's row on the page: a user name may hold anything, a place may not."""
    return {item.student: f"student-{number}" for number, item in enumerate(group.submissions, start=1)}


def first_things(
    group: Class, rows: list[QuestionRow], requests: Iterable[tuple[str, str]] = ()
) -> list[Step]:
    """List what to do, the most pressing first; nothing of it where there is nothing to do.

    Parameters
    ----------
    group : Class
    rows : list of QuestionRow
    requests : iterable of tuple
        Student and question id of each request for another look that has no answer yet.
    """
    steps = [
        *_without_marks(group),
        *_requests(group, rows, requests),
        *_waiting(rows),
        *_by_verdict(group, "not_run", "Lost kernel", "Answers that were not run: see why, and grade again."),
        *_by_verdict(
            group, "other_data", "Another name's data", "Answers on another name's zip codes: ask why."
        ),
        *_students(group, "Handed in again", "Newer than what was graded: grade again.", _stale(group)),
        *_students(group, "Nothing handed in", "Ask whether they need help or more time.", _absent(group)),
    ]
    return [*steps, *_far_below(group), *_hardest(rows), *_by_most(rows)]


def _without_marks(group: Class) -> list[Step]:
    """Say who is not graded, together where the reason is the same."""
    reasons: dict[str, list[Submission]] = {}
    for item in group.submissions:
        if item.status in ("not_graded", "failed", "unreadable"):
            reasons.setdefault(item.note, []).append(item)
    return [step for note, items in reasons.items() for step in _students(group, "Not graded", note, items)]


def _requests(group, rows, requests) -> list[Step]:
    of_question: dict[str, list[str]] = {}
    for student, question in requests:
        of_question.setdefault(question, []).append(student)
    by_name = {item.student: item for item in group.submissions}
    return [
        step
        for row in rows
        if row.question.id in of_question
        for step in _students(
            group,
            "Asked for another look",
            f"{row.name}.",
            [by_name[who] for who in of_question[row.question.id] if who in by_name],
        )
    ]


def _waiting(rows: list[QuestionRow]) -> list[Step]:
    return [
        Step(
            "Waiting for you",
            f"{counted(row.waiting, 'answer')} to read and mark.",
            [Link(row.name, f"q-{row.question.id}")],
        )
        for row in rows
        if row.waiting
    ]


def _by_verdict(group: Class, status: str, title: str, says: str) -> list[Step]:
    found = [item for item in group.graded if _with_verdict(item, status)]
    return _students(group, title, says, found)


def _with_verdict(item: Submission, status: str) -> bool:
    return any(verdict.status == status for verdict in item.verdicts.values())


def _stale(group: Class) -> list[Submission]:
    return [item for item in group.submissions if item.stale]


def _absent(group: Class) -> list[Submission]:
    return [item for item in group.submissions if item.status == "absent"]


def _far_below(group: Class) -> list[Step]:
    """Name who earned less than half of what the student in the middle did, for no reason named before."""
    shares = {item.student: item.share for item in group.graded if item.share is not None}
    if len(shares) < 3:
        return []
    edge = FAR * median(shares.values())
    found = [
        item
        for item in group.graded
        if item.student in shares and shares[item.student] < edge
        if not (_with_verdict(item, "not_run") or _with_verdict(item, "other_data"))
    ]
    found.sort(key=lambda item: shares[item.student])
    says = f"Less than {100 * edge:.0f} % of the points, half of the class's median: talk to them."
    return _students(group, "Far below the others", says, found)


def _hardest(rows: list[QuestionRow]) -> list[Step]:
    """Say which question was got wrong most, by which mistake, and what to read again."""
    counted_rows = [row for row in rows if row.right is not None and row.right.count < row.right.answers]
    if not counted_rows:
        return []
    row = min(counted_rows, key=lambda row: row.right.counted)
    says = f"{row.right.answers - row.right.count} of {row.right.answers} answers are not right."
    if row.mistakes:
        mistake = row.mistakes[0]
        says += f" Made most: “{mistake.name}” ({counted(len(mistake.students), 'student')})."
    if row.question.revisit:
        says += f" To read again: {row.question.revisit}."
    return [Step("Got wrong most", says, [Link(row.name, f"q-{row.question.id}")], row.question.revisit)]


def _by_most(rows: list[QuestionRow]) -> list[Step]:
    """Name the mistake made most over the lesson: one misunderstanding may show in several questions."""
    found = mistakes_by_name(rows)[:1]
    return [
        Step(
            "Mistake made most",
            f"“{name}”: {counted(count, 'answer')}.",
            [Link(row.name, f"q-{row.question.id}") for row in where],
        )
        for name, count, where in found
        if count > 1
    ]


def _students(group: Class, title: str, says: str, items: list[Submission]) -> list[Step]:
    if not items:
        return []
    places = student_places(group)
    links = [Link(item.student, places[item.student]) for item in items[:MOST]]
    if len(items) > MOST:
        links.append(Link(f"and {len(items) - MOST} more", "students"))
    return [Step(title, says, links)]


def counted(number: int, word: str) -> str:
    """Write a number with its word.

    >>> counted(1, "answer"), counted(2, "answer")
    ('1 answer', '2 answers')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
