"""Marks that a person gave on the page of written answers: read, checked, put into the gradebook."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from nbgrader.api import MissingEntry

from grader.course.course_folder import CourseError, open_gradebook
from grader.marks.agreement import kappa
from grader.marks.written_answers import WrittenAnswer, WrittenQuestion
from mlmkit.answers.kinds import plain

FORMAT = "mlmkit written marks 1"
LARGEST = 20_000_000  # bytes of a file
LONGEST = 5_000  # characters of a comment


@dataclass(frozen=True)
class HandMark:
    """One grader's mark for one answer: points, the rubric's items that were met, a comment."""

    question: str
    student: str
    code: str
    points: float
    items: tuple[str, ...]
    comment: str


@dataclass(frozen=True)
class MarksFile:
    """One grader's file: whose it is, the marks that can be taken, and a sentence for each that can't."""

    grader: str
    marks: list[HandMark]
    refused: list[str]


@dataclass(frozen=True)
class Agreement:
    """What two graders' marks for the same answers have in common.

    Attributes
    ----------
    both : int
        Answers that both have marked.
    kappas : list of tuple
        Question, what is compared (points, or an item of the rubric), kappa or None.
    differ : list of str
        A sentence for each answer for which they gave other points.
    marks : list of HandMark
        What can be written: where they give the same points, and what one of them alone has marked.
    """

    both: int
    kappas: list[tuple[str, str, float | None]]
    differ: list[str]
    marks: list[HandMark]


def read_marks(path: Path, lesson: str, written: list[WrittenQuestion]) -> MarksFile:
    """Read a file that the page has saved, and check every entry against what there is to grade now.

    Parameters
    ----------
    path : Path
    lesson : str
    written : list of WrittenQuestion
        From `grader.marks.written_answers.read_written`.

    Raises
    ------
    CourseError
        If it is no such file, or one of another lesson.
    """
    data = _content(path)
    if data.get("lesson") != lesson:
        raise CourseError(
            f"{path.name} has marks of the lesson {plain(data.get('lesson'))!r}, not of {lesson!r}."
        )
    entries = data["marks"]
    twice = Counter((_text(entry, "question"), _text(entry, "code")) for entry in entries)
    known = {question.id: question for question in written}
    marks, refused = [], []
    for entry in entries:
        key = _text(entry, "question"), _text(entry, "code")
        try:
            if twice[key] > 1:
                raise ValueError("It is in the file more than once.")
            marks.append(_mark(entry, known))
        except ValueError as fault:
            refused.append(f"{plain(key[1]) or 'an entry'}, {plain(key[0]) or 'no question'}: {fault}")
    return MarksFile(plain(data.get("grader"), 40) or path.stem, marks, refused)


def compare(one: MarksFile, other: MarksFile, written: list[WrittenQuestion], take: str = "") -> Agreement:
    """Compare the marks of two graders.

    Parameters
    ----------
    one, other : MarksFile
    written : list of WrittenQuestion
    take : {"", "first", "second"}
        Whose mark counts where they gave other points. Default: nobody's.
    """
    first, second = ({(mark.question, mark.student): mark for mark in given.marks} for given in (one, other))
    both = [key for key in first if key in second]
    differ = [key for key in both if not math.isclose(first[key].points, second[key].points, abs_tol=1e-9)]
    settled = {"first": first, "second": second}.get(take, {})
    marks = [mark for key, mark in chain(second.items(), first.items()) if key not in differ]
    unique = {(mark.question, mark.student): mark for mark in marks}  # of equal ones the first grader's
    unique |= {key: settled[key] for key in differ if settled}
    says = [
        f"{first[key].code}, {key[0]}: {one.grader} {first[key].points:g}, "
        f"{other.grader} {second[key].points:g}"
        for key in differ
    ]
    kappas = [row for question in written for row in _kappas(question, first, second)]
    return Agreement(len(both), kappas, says, list(unique.values()))


def save_marks(app, lesson: str, marks: Iterable[HandMark], written: list[WrittenQuestion], *, dry_run=False):
    """Put points and comments into nbgrader's gradebook, all of them or none.

    Returns
    -------
    list of str
        A sentence for each mark that a person had given before and that is another one now.
    """
    questions = {question.id: question for question in written}
    changed = []
    with open_gradebook(app) as gradebook:
        for mark in marks:
            names = mark.question, lesson, lesson, mark.student
            grade, comment = gradebook.find_grade(*names), gradebook.find_comment(*names)
            if grade.manual_score is not None and grade.manual_score != mark.points:
                changed.append(
                    f"{mark.code}, {mark.question}: {grade.manual_score:g} before, {mark.points:g} now"
                )
            grade.manual_score, grade.needs_manual_grade = mark.points, False
            comment.manual_comment = comment_text(mark, questions[mark.question])
        if dry_run:
            gradebook.db.rollback()
        else:
            gradebook.db.commit()
    return changed


def give_points(app, lesson: str, student: str, question: str, points: float) -> None:
    """Put one mark by hand into the gradebook. It stays when the same answer is graded again.

    Raises
    ------
    CourseError
        If the student has no such question, or the points don't lie between 0 and its points.
    """
    with open_gradebook(app) as gradebook:
        try:
            grade = gradebook.find_grade(question, lesson, lesson, student)
        except MissingEntry:
            raise CourseError(f"The gradebook has no mark of {student} for {question}.") from None
        if not 0 <= points <= grade.max_score:  # false for NaN, too
            raise CourseError(f"{question} has {grade.max_score:g} points: {points:g} does not fit.")
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def comment_text(mark: HandMark, question: WrittenQuestion) -> str:
    """Write what the student reads: the comment, and the rubric's titles with what was met.

    Of an item that takes points off there is a line only where it does.
    """
    lines = []
    for item in question.rubric.items:
        met = item.title in mark.items
        if item.points >= 0:
            lines.append(
                f"{'✔' if met else '✘'} {item.title} ({item.points if met else 0:g} of {item.points:g})"
            )
        elif met:
            lines.append(f"✘ {item.title} (−{-item.points:g})")
    return "\n\n".join(filter(None, [mark.comment.strip(), "\n".join(lines)]))


def _content(path: Path) -> dict:
    try:
        if path.stat().st_size > LARGEST:
            raise CourseError(f"{path.name} is too large to be a file of marks.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{path.name} is no file of marks: it is not valid JSON.") from error
    entries = data.get("marks") if isinstance(data, dict) else None
    if not isinstance(entries, list) or data.get("format") != FORMAT:
        raise CourseError(
            f'{path.name} is no file of marks. Name one that "Save marks" on the page has written, '
            "such as written-01_pooling-ana.json."
        )
    return data


def _mark(entry, known: dict[str, WrittenQuestion]) -> HandMark:
    """Check one entry; a `ValueError` says in a sentence what is wrong."""
    question = known.get(_text(entry, "question"))
    if question is None:
        raise ValueError("The lesson has no such question that a person grades.")
    code = _text(entry, "code")
    answer = next((one for one in question.answers if one.code == code), None)
    if answer is None:
        raise ValueError("No answer that a person reads has this code now.")
    _refuse_stale(entry, answer)
    points, comment, items = entry.get("points"), entry.get("comment", ""), entry.get("items", [])
    number = isinstance(points, int | float) and not isinstance(points, bool) and math.isfinite(points)
    if not number or not 0 <= points <= question.points:
        raise ValueError(f"The points have to be a number from 0 to {question.points:g}.")
    if not isinstance(comment, str) or len(comment) > LONGEST:
        raise ValueError(f"The comment has to be a text of at most {LONGEST:,} characters.")
    titles = [item.title for item in question.rubric.items]
    if not isinstance(items, list) or not all(item in titles for item in items):
        raise ValueError("The rubric has changed since the page was written.")
    comment = "".join(sign for sign in comment if sign.isprintable() or sign == "\n")
    return HandMark(question.id, answer.student, code, float(points), tuple(dict.fromkeys(items)), comment)


def _refuse_stale(entry, answer: WrittenAnswer) -> None:
    if _text(entry, "print") != answer.print:
        raise ValueError(
            "The answer has changed since the page was written. Write the page again and read it."
        )
    if answer.stale:
        raise ValueError("Something newer was handed in. Grade it first, then write the page again.")


def _text(entry, name: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""


def _kappas(question: WrittenQuestion, first: dict, second: dict) -> list[tuple[str, str, float | None]]:
    keys = [key for key in first if key in second and key[0] == question.id]
    if not keys:
        return []
    points = [[given[key].points for key in keys] for given in (first, second)]
    rows = [(question.id, "points", kappa(*points, most=question.points))]
    for item in question.rubric.items:
        met = [[float(item.title in given[key].items) for key in keys] for given in (first, second)]
        rows.append((question.id, item.title, kappa(*met, most=1)))
    return rows
