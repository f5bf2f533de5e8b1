"""What a class has written to the questions that a person grades."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from grader.course.course_folder import CourseError, folder
from grader.grade.outcomes import graded_notebook
from grader.grade.saved_marks import auto_marks
from grader.marks.gradebook import Submission, read_class
from grader.marks.rubric import Rubric, read_rubric
from mlmkit.answers.kinds import Verdict

SHORTEST = 6  # characters of a student's code: one in a thousand million


@dataclass(frozen=True)
class WrittenAnswer:
    """One student's answer.

    Attributes
    ----------
    student, name : str
        User name, and full name where the gradebook has it.
    code : str
        Stands for the student where names are hidden; always the same one in a lesson.
    text : str
        What the student wrote. Nothing of it can be trusted.
    print : str
        Fingerprint of the text.
    verdicts : dict
        Question id to what the grader says about the student's other answers.
    marked : bool
        True if the gradebook has a person's mark.
    stale : bool
        True if something newer was handed in than what was graded.
    """

    student: str
    name: str
    code: str
    text: str
    print: str
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    marked: bool = False
    stale: bool = False


@dataclass(frozen=True)
class WrittenQuestion:
    """A question that a person grades, and all answers to it, in the order of the codes.

    Attributes
    ----------
    id : str
    points : float
        The most that an answer can get.
    rubric : Rubric
    answers : list of WrittenAnswer
        Those that a person has to read.
    blank : int
        How many left the question as it was: the grader gave them 0.
    """

    id: str
    points: float
    rubric: Rubric
    answers: list[WrittenAnswer]
    blank: int = 0


def read_written(app, lesson: str) -> list[WrittenQuestion]:
    """Read the answers of everybody who is graded to all questions that a person grades.

    Raises
    ------
    CourseError
        If the lesson has no such question, or is not released.
    """
    graded = [item for item in read_class(app, lesson).submissions if item.status == "graded"]
    cells = by_hand(_read(folder(app, "release", ".", lesson) / f"{lesson}.ipynb").cells)
    if not cells:
        raise CourseError(f"{lesson} has no question that a person grades.")
    sources = _by_id(_read(folder(app, "source", ".", lesson) / f"{lesson}.ipynb").cells)
    codes = codes_of([item.student for item in graded], lesson)
    marks = auto_marks(app, lesson)
    texts = {item.student: _by_id(_read(graded_notebook(app, lesson, item.student)).cells) for item in graded}
    found = []
    for cell in cells:
        id = cell.metadata.nbgrader["grade_id"]
        rubric = read_rubric(sources[id].source) if id in sources else Rubric()
        read = [item for item in graded if id in texts[item.student]]
        waits = [item for item in read if marks.get(item.student, {}).get(id, 0.0) is None]
        answers = [_answer(item, codes[item.student], id, texts[item.student][id].source) for item in waits]
        answers.sort(key=lambda answer: answer.code)
        found.append(
            WrittenQuestion(
                id, float(cell.metadata.nbgrader["points"]), rubric, answers, len(read) - len(waits)
            )
        )
    return found


def by_hand(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Choose the cells that students fill and a person grades."""
    about = [(cell, cell.metadata.get("nbgrader", {})) for cell in cells]
    return [cell for cell, nbgrader in about if nbgrader.get("grade") and nbgrader.get("solution")]


def codes_of(students: list[str], lesson: str) -> dict[str, str]:
    """Give each student a code that doesn't tell the name, the same one every time.

    >>> codes_of(["ana"], "01_pooling")["ana"] == codes_of(["ana", "ben"], "01_pooling")["ana"]
    True
    """
    long = {student: _code(student, lesson) for student in students}
    length = SHORTEST
    while len({code[:length] for code in long.values()}) < len(long):
        length += 1
    return {student: code[:length] for student, code in long.items()}


def print_of_text(text: str) -> str:
    """Return the fingerprint of an answer; blanks at its ends don't count."""
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:16]


def _code(student: str, lesson: str) -> str:
    digest = hashlib.sha256(f"{lesson}\0{student}".encode("utf-8", "surrogateescape")).digest()
    return base64.b32encode(digest).decode().rstrip("=")


def _answer(item: Submission, code: str, id: str, text: str) -> WrittenAnswer:
    return WrittenAnswer(
        item.student,
        item.name,
        code,
        text,
        print_of_text(text),
        item.verdicts,
        id not in item.waiting,
        item.stale,
    )


def _by_id(cells: list[NotebookNode]) -> dict[str, NotebookNode]:
    return {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in cells}


def _read(path) -> NotebookNode:
    if not path.is_file():
        return nbformat.v4.new_notebook()
    return nbformat.read(path, as_version=4)
