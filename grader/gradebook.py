"""What the gradebook and the graded notebooks say about one lesson, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry

from grader.bank import questions
from grader.classroom import outcomes_of
from grader.course import folder, open_gradebook, require_release
from grader.plugins.execute import why_not_isolated
from grader.plugins.feedback import lesson_title
from grader.plugins.verdicts import read_verdicts
from grader.preflight import diagnose
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
        Only a ``graded`` one has marks.
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
    not_isolated : str
        Why the notebook ran without the sandbox; empty where it ran in it.
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
    not_isolated: str = ""
    email: str = ""
    lms_id: str = ""

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
        From `grader.course.open_course`.
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


def _question(cell) -> GradedQuestion:
    meta = cell.metadata["nbgrader"]
    entry = questions().get(meta["grade_id"])
    if entry is None:
        return GradedQuestion(meta["grade_id"], float(meta["points"]), "graded by hand", "", "")
    asks = (entry.function.__doc__ or "").strip().split("\n")[0].removeprefix("Ask ").removeprefix("for ")
    asks = asks[:1].upper() + asks[1:]
    return GradedQuestion(entry.id, float(meta["points"]), entry.topic, entry.revisit, asks)


def _submission(app, gradebook, lesson, student, outcomes) -> Submission:
    names = [part for part in (student.first_name, student.last_name) if part]
    who = {
        "student": student.id,
        "name": " ".join(names),
        "email": student.email or "",
        "lms_id": student.lms_user_id or "",
    }
    notebook = folder(app, "autograded", student.id, lesson) / f"{lesson}.ipynb"
    if notebook.is_file():
        return _graded(app, gradebook, lesson, who, notebook)
    status, note = _why_not_graded(app, lesson, student.id, outcomes.get(student.id))
    return Submission(**who, status=status, note=note)


def _why_not_graded(app, lesson, student, outcome) -> tuple[str, str]:
    if outcome is not None and outcome.status != "done":
        return outcome.status, outcome.message
    submitted = folder(app, "submitted", student, lesson)
    if not submitted.is_dir():
        return "absent", "Nothing was handed in."
    unreadable = diagnose(submitted, lesson)
    if unreadable:
        return "unreadable", unreadable
    return "not_graded", f"Handed in, not graded yet. Run: python -m grader grade {lesson}"


def _graded(app, gradebook, lesson, who, notebook) -> Submission:
    try:
        entry = gradebook.find_submission(lesson, who["student"])
    except MissingEntry:
        note = "The graded notebook is there, but the gradebook has no marks. Grade this student again."
        return Submission(**who, status="not_graded", note=note)
    grades = [grade for part in entry.notebooks for grade in part.grades]
    waiting = [grade.name for grade in grades if grade.needs_manual_grade]
    penalty = sum(part.late_submission_penalty or 0 for part in entry.notebooks)
    notebook = nbformat.read(notebook, as_version=4)
    page = folder(app, "feedback", who["student"], lesson) / f"{lesson}.html"
    return Submission(
        **who,
        status="graded",
        note=_note(waiting, penalty),
        score=max(0.0, entry.score - penalty),
        possible=sum(grade.max_score for grade in grades if not grade.needs_manual_grade),
        marks={grade.name: grade.score for grade in grades},
        verdicts=read_verdicts(notebook),
        waiting=waiting,
        feedback=page if page.is_file() else None,
        not_isolated=why_not_isolated(notebook),
    )


def _note(waiting: list[str], penalty: float) -> str:
    parts = []
    if waiting:
        parts.append(f"To be graded by hand: {', '.join(waiting)}.")
    if penalty:
        parts.append(f"{penalty:.4g} points taken off for handing in late.")
    return " ".join(parts)
