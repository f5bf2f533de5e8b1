"""What became of each student's submission: one small file each, written last, in one step.

It is the completion marker of a grading run. A run that is killed leaves either the whole file or none,
and `is_complete` compares it with what it speaks of: the submission, the lesson, the questions, the graded
notebook and the marks in the gradebook.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from grader.course.course_folder import LOG, folder
from grader.course.files import file_print, write_atomically


@dataclass(frozen=True)
class Outcome:
    """What became of one student's task.

    Attributes
    ----------
    student : str
    status : {"done", "unreadable", "refused", "failed", "stop"}
        ``unreadable``: the submitted file is at fault, and the marks are zero. ``refused``: what lies in
        ``submitted/`` is nobody's submission, so nothing of it is in the gradebook. ``failed``: the grader is
        at fault, and there are no marks. ``stop``: nobody can be graded now (disk full, no database).
    message : str
        For the instructor; empty when all went well.
    seconds : float
        Wall time.
    inputs : dict
        Fingerprints of what was graded, see `grader.grade.fingerprint`.
    notebook : str
        SHA-256 of the graded notebook.
    marks : dict
        Question id to the points that the grader gave; None where a person gives them.
    why : str
        Why the student was graded: see `grader.grade.fingerprint.reason`.
    kept : bool
        True when nothing had to be done: everything was there and nothing had changed.
    """

    student: str
    status: str
    message: str = ""
    seconds: float = 0.0
    inputs: dict[str, str] = field(default_factory=dict)
    notebook: str = ""
    marks: dict[str, float | None] = field(default_factory=dict)
    why: str = ""
    kept: bool = False


def keep(app, lesson: str, outcome: Outcome) -> None:
    """Write down what became of one student."""
    text = json.dumps(asdict(replace(outcome, kept=False)), indent=1)
    write_atomically(_folder(app, lesson) / f"{outcome.student}.json", text)


def outcomes_of(app, lesson: str) -> dict[str, Outcome]:
    """Return what became of each student when `lesson` was graded last."""
    found = {path.stem: _read(path) for path in sorted(_folder(app, lesson).glob("*.json"))}
    return {student: outcome for student, outcome in found.items() if outcome is not None}


def outcome_of(app, lesson: str, student: str) -> Outcome | None:
    """Return what became of one student, or None."""
    return _read(_folder(app, lesson) / f"{student}.json")


def is_complete(app, lesson: str, outcome: Outcome | None, inputs: dict, marks: dict | None) -> bool:
    """Tell whether a student needs no grading.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
    lesson : str
    outcome : Outcome or None
        What was written down.
    inputs : dict
        What there is to grade now.
    marks : dict or None
        What the gradebook has.
    """
    return (
        outcome is not None
        and outcome.status in ("done", "unreadable")
        and (outcome.inputs, outcome.marks) == (inputs, marks)
        and outcome.notebook == file_print(graded_notebook(app, lesson, outcome.student))
    )


def graded_notebook(app, lesson: str, student: str) -> Path:
    """Return where a student's graded notebook lies, or would lie."""
    return folder(app, "autograded", student, lesson) / f"{lesson}.ipynb"


def failure_text(last: str) -> str:
    """Say that the grader failed, not the student."""
    return f"The grader failed on this submission ({last}). {LOG} in the course folder has the details."


def _folder(app, lesson: str) -> Path:
    return Path(app.coursedir.root) / ".cache" / "outcomes" / lesson


def _read(path: Path) -> Outcome | None:
    """Read a marker. One that can't be read (another version's, a damaged disk) counts as none."""
    try:
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
