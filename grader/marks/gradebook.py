"""What the gradebook and the graded notebooks say about one lesson, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry

from grader.bank import Question, find
from grader.course.course_folder import folder, open_gradebook, require_release
from grader.course.notebooks import lesson_title
from grader.grade.fingerprint import submission_print
from grader.grade.outcomes import graded_notebook, outcomes_of
from grader.grade.saved_marks import waits_for_person
from grader.grade.trusted_checks import is_check
from grader.grade.verdicts import read_verdicts
from grader.intake.arrivals import arrival_of
from grader.intake.class_list import class_list
from grader.intake.mending import notices_in, unreadable_reason
from grader.sandbox.run_notes import isolation_of, way_of
from grader.sandbox.rungs import NONE
from mlmkit.answers.kinds import Verdict


@dataclass(frozen=True)
class GradedQuestion:
    """A question as it was asked: id, points, and what the bank says about it."""

    id: str
    max_points: float
    topic: str
    revisit: str
    asks: str


@dataclass(frozen=True)
class Submission:
    """One student's submission.

    Attributes
    ----------
    student, name, email, lms_id : str
        User name; and full name, address and name in the learning management system, where the
        gradebook has them.
    status : {"graded", "not_graded", "unreadable", "failed", "absent"}
        Only a ``graded`` one has marks, and an ``unreadable`` one: zero, or what a person gave instead.
    note : str
        A sentence for the instructor, where there is something to know.
    score : float or None
        Points in the gradebook: marks given by hand count, a late penalty is taken off.
    possible : float
        Points of the questions that are graded already; what waits for a person is left out.
    marks : dict
        Question id to points.
    verdicts : dict
        Question id to `Verdict`.
    waiting : list of str
        Ids of the questions that a person has to grade.
    feedback : Path or None
        The student's feedback page.
    stale : bool
        True if something newer was handed in than what was graded.
    penalty : float
        Points taken off for handing in late.
    isolation : tuple
        What kept the notebook's code apart (``grader.sandbox.rungs``), and why nothing stronger did.
    long_way : str or None
        Why the notebook was run from top to bottom; None where the lesson's own cells were run once for all.
    """

    student: str
    name: str
    status: str
    note: str = ""
    score: float | None = None
    possible: float = 0.0
    marks: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    feedback: Path | None = None
    isolation: tuple[str, str] = (NONE, "")
    long_way: str | None = "it was not run"
    email: str = ""
    lms_id: str = ""
    stale: bool = False
    penalty: float = 0.0

    @property
    def share(self) -> float | None:
        """Points as a share of `possible`, where there are any."""
        return None if self.score is None or not self.possible else self.score / self.possible


@dataclass(frozen=True)
class Class:
    """One lesson and everybody in the course."""

    lesson: str
    title: str
    questions: list[GradedQuestion]
    submissions: list[Submission]

    @property
    def graded(self) -> list[Submission]:
        """The submissions that have marks."""
        return [submission for submission in self.submissions if submission.status == "graded"]

    @property
    def max_score(self) -> float:
        """Points of the whole lesson."""
        return sum(question.max_points for question in self.questions)


def read_class(app, lesson: str) -> Class:
    """Read the marks and verdicts of everybody in the course.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
        From `grader.course.course_folder.open_course`.
    lesson : str
        Such as ``01_pooling``.

    Returns
    -------
    Class
        With every student that the gradebook knows, also those who handed in nothing.
    """
    require_release(app, lesson)
    released = nbformat.read(folder(app, "release", ".", lesson) / f"{lesson}.ipynb", as_version=4)
    asked = [_question(cell) for cell in released.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    outcomes = outcomes_of(app, lesson)
    with open_gradebook(app) as gradebook:
        students = sorted(gradebook.students, key=lambda student: student.id)
        rows = [_submission(app, gradebook, lesson, student, outcomes) for student in students]
    return Class(lesson, lesson_title(released), asked, rows)


def enrolled(app, group: Class) -> Class:
    """Leave out who is no longer in the class list, if they handed in nothing; without a list all stay."""
    listed = class_list(app)
    if listed is None:
        return group
    stay = [item for item in group.submissions if item.student in listed or item.status != "absent"]
    return replace(group, submissions=stay)


def _question(cell) -> GradedQuestion:
    meta = cell.metadata["nbgrader"]
    entry = find(meta["grade_id"])
    if entry is None:
        return GradedQuestion(meta["grade_id"], float(meta["points"]), "graded by hand", "", "")
    return GradedQuestion(entry.id, float(meta["points"]), entry.topic, entry.revisit, asks_of(entry))


def asks_of(question: Question) -> str:
    """Say in a few words what a question of the bank asks for: the first line of its docstring."""
    asks = (question.function.__doc__ or "").strip().split("\n")[0].removeprefix("Ask ").removeprefix("for ")
    return asks[:1].upper() + asks[1:]


def _submission(app, gradebook, lesson, student, outcomes) -> Submission:
    names = [part for part in (student.first_name, student.last_name) if part]
    who = {
        "student": student.id,
        "name": " ".join(names),
        "email": student.email or "",
        "lms_id": student.lms_user_id or "",
    }
    outcome = outcomes.get(student.id)
    notebook = graded_notebook(app, lesson, student.id)
    if notebook.is_file() and (outcome is None or outcome.status in ("done", "unreadable")):
        return _graded(app, gradebook, lesson, who, notebook, outcome)
    status, note = _why_not_graded(app, lesson, student.id, outcome)
    return Submission(**who, status=status, note=note)


def _why_not_graded(app, lesson, student, outcome) -> tuple[str, str]:
    if not folder(app, "submitted", student, lesson).is_dir():
        return "absent", _at_arrival(app, lesson, student) or "Nothing was handed in."
    if outcome is not None and outcome.status == "failed":
        return "failed", outcome.message
    return "not_graded", f"Handed in, not graded yet. Run: python -m grader grade {lesson}"


def _at_arrival(app, lesson, student) -> str:
    """Say what was refused when the lesson was collected, or that the claimed time is not the true one."""
    arrival = arrival_of(app.coursedir.root, lesson, student)
    return arrival.message if arrival else ""


def _graded(app, gradebook, lesson, who, notebook, outcome) -> Submission:
    try:
        entry = gradebook.find_submission(lesson, who["student"])
        nb = nbformat.v4.reads(notebook.read_text(encoding="utf-8"))  # our own file: validated when written
        verdicts = read_verdicts(nb)
    except Exception as error:
        missing = isinstance(error, MissingEntry)
        note = "The gradebook has no marks." if missing else "The graded notebook can't be read."
        return Submission(**who, status="not_graded", note=f"{note} Grade this student again.")
    if not verdicts and any(map(is_check, nb.cells)):
        note = f"Grading was interrupted. Run: python -m grader grade {lesson}"
        return Submission(**who, status="not_graded", note=note)
    grades = [grade for part in entry.notebooks for grade in part.grades]
    penalty = sum(part.late_submission_penalty or 0 for part in entry.notebooks)
    page = folder(app, "feedback", who["student"], lesson) / f"{lesson}.html"
    waiting = [grade.name for grade in grades if waits_for_person(grade)]
    arrived = _at_arrival(app, lesson, who["student"])
    notes = [*([arrived] if arrived else []), *notices_in(nb), *_notes(grades, verdicts, penalty)]
    handed_in = submission_print(app, lesson, who["student"])
    stale = outcome is not None and outcome.inputs["submission"] != handed_in
    if stale:
        notes.append(f"Handed in again since. Run: python -m grader grade {lesson}")
    return Submission(
        **who,
        status="unreadable" if unreadable_reason(nb) else "graded",
        note=" ".join(notes),
        score=max(0.0, entry.score - penalty),
        possible=sum(grade.max_score for grade in grades if not waits_for_person(grade)),
        marks={grade.name: grade.score for grade in grades},
        verdicts=verdicts,
        waiting=waiting,
        feedback=page if page.is_file() else None,
        isolation=isolation_of(nb),
        long_way=way_of(nb),
        stale=stale,
        penalty=min(penalty, entry.score),
    )


def _notes(grades, verdicts, penalty: float) -> list[str]:
    """Say what an instructor should know about the marks."""
    waiting = [grade.name for grade in grades if waits_for_person(grade)]
    by_hand = [grade for grade in grades if grade.manual_score is not None]
    changed = [grade.name for grade in by_hand if grade.name in verdicts and not grade.needs_manual_grade]
    look = [grade.name for grade in by_hand if grade.needs_manual_grade]
    notes = []
    if waiting:
        notes.append(f"To be graded by hand: {', '.join(waiting)}.")
    if changed:
        notes.append(f"Marked by hand, kept: {', '.join(changed)}.")
    if look:
        notes.append(
            f"Marked by hand before the answer or its verdict changed: {', '.join(look)}. "
            "The mark is kept; look at it again in the formgrader."
        )
    if penalty:
        notes.append(f"{penalty:.4g} points taken off for handing in late.")
    return notes
