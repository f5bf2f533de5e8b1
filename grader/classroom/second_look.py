"""Requests for a second look: the list of them, and the instructor's answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

from grader.course.course_folder import CourseError, folder, open_course, require_release
from grader.grade.late import renew_penalties
from grader.grade.outcomes import graded_notebook
from grader.intake.asking import asked_past_collect
from grader.intake.request_log import Request, log_answer, requests_of
from grader.marks.gradebook import Submission, read_class
from grader.marks.hand_marks import give_points
from grader.pages.cards import Card, blocks, grade_id

LONGEST = 5_000  # characters of an answer


@dataclass(frozen=True)
class Asked:
    """A request, and what one has to know to answer it.

    Attributes
    ----------
    request : Request
    number : str
        The question's number in the lesson.
    work : str
        What the student handed in for it: code or text. Nothing of it can be trusted.
    says : str
        The verdict's sentence; empty where a person graded it.
    points : float or None
        The mark in the gradebook; None where there is none.
    most : float
        The points of the question.
    """

    request: Request
    number: str
    work: str
    says: str
    points: float | None
    most: float


def list_requests(lesson: str, *, root: str | Path = ".") -> list[Asked]:
    """Return the requests for a second look at a lesson, the open ones first."""
    app = open_course(root)
    require_release(app, lesson)
    asked_past_collect(app, lesson)
    group = read_class(app, lesson)
    submissions = {item.student: item for item in group.submissions}
    most = {question.id: question.max_points for question in group.questions}
    released = nbformat.read(folder(app, "release", ".", lesson) / f"{lesson}.ipynb", as_version=4)
    cards = [block for block in blocks(released.cells) if isinstance(block, Card)]
    numbers = {grade_id(card.cells[-1]): card.number for card in cards}
    found = []
    for request in requests_of(app.coursedir.root, lesson):
        item = submissions.get(request.student) or Submission(request.student, "", "absent")
        verdict, id = item.verdicts.get(request.question), request.question
        found.append(
            Asked(
                request,
                numbers.get(id, ""),
                _work(graded_notebook(app, lesson, request.student), id),
                verdict.message if verdict else "",
                None if id in item.waiting else item.marks.get(id),
                most.get(id, 0.0),
            )
        )
    return found


def answer_request(
    lesson: str,
    student: str,
    question: str,
    text: str,
    *,
    root: str | Path = ".",
    points: float | None = None,
) -> list[Request]:
    """Answer a student's open requests about a question; with `points`, these are the mark from now on.

    Returns
    -------
    list of Request
        Those that were answered.

    Raises
    ------
    CourseError
        If there is no open one, the answer is empty or too long, or the points don't fit the question.
    """
    app = open_course(root)
    require_release(app, lesson)
    requests = requests_of(app.coursedir.root, lesson)
    asked = [one for one in requests if one.is_open and (one.student, one.question) == (student, question)]
    if not asked:
        names = ", ".join(f"{one.student} {one.question}" for one in requests if one.is_open)
        raise CourseError(f"{student} has no open request about {question}. Open are: {names or 'none'}.")
    if not text.strip() or len(text) > LONGEST:
        raise CourseError(f"An answer has 1 to {LONGEST:,} characters.")
    if points is not None:
        give_points(app, lesson, student, question, points)
        renew_penalties(app, lesson)
    log_answer(app.coursedir.root, lesson, asked, text.strip(), points)
    return asked


def _work(path: Path, question: str) -> str:
    """Return the student's answer to a question: the answer cell's code, or the text."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # not graded, or damaged
        return ""
    by_id = {grade_id(cell): cell for cell in cells}
    cell = by_id.get(f"{question}-answer") or by_id.get(question)
    return cell.source if cell else ""
