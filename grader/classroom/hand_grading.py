"""Written answers, read and marked by a person: the page goes out, the marks come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grader.course.course_folder import CourseError, folder, open_course, require_release
from grader.course.files import write_atomically
from grader.grade.late import renew_penalties
from grader.marks.hand_marks import Agreement, compare, read_marks, save_marks
from grader.marks.written_answers import read_written
from grader.pages.written_page import render_written


@dataclass(frozen=True)
class Page:
    """The page that was written: where, with how many answers, and how many of them have no mark yet."""

    path: Path
    answers: int
    waiting: int


@dataclass(frozen=True)
class TakenIn:
    """What became of the marks of one or two graders.

    Attributes
    ----------
    count : int
        Marks that were written.
    refused : list of str
        A sentence for each entry that was not taken.
    changed : list of str
        A sentence for each earlier mark by hand that is another one now.
    waiting : list of str
        Students and questions that still wait for a person.
    agreement : Agreement or None
        Of two graders.
    """

    count: int
    refused: list[str]
    changed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    agreement: Agreement | None = None


def written_page(lesson: str, *, root: str | Path = ".") -> Page:
    """Write ``reports/LESSON-written.html`` in the course folder: all answers that a person grades.

    Raises
    ------
    CourseError
        If the lesson has no such question, or nobody has answered one.
    """
    app = open_course(root)
    require_release(app, lesson)
    written = read_written(app, lesson)
    answers = [answer for question in written for answer in question.answers]
    if not answers:
        raise CourseError(
            f"No written answer of {lesson} is graded yet. First run: python -m grader grade {lesson}"
        )
    released = nbformat.read(folder(app, "release", ".", lesson) / f"{lesson}.ipynb", as_version=4)
    path = Path(app.coursedir.root) / "reports" / f"{lesson}-written.html"
    write_atomically(path, render_written(lesson, released, written))
    return Page(path, len(answers), sum(not answer.marked for answer in answers))


def take_marks(
    lesson: str, files: list[Path], *, root: str | Path = ".", take: str = "", dry_run: bool = False
) -> TakenIn:
    """Put the marks of one or two graders into nbgrader's gradebook.

    Parameters
    ----------
    lesson : str
    files : list of path
        One or two files that the page has saved.
    root : path
        The course folder.
    take : {"", "first", "second"}
        Of two graders: whose mark counts where they differ. Default: none is written there.
    dry_run : bool
        Check and compare, and write nothing.

    Raises
    ------
    CourseError
        If a file can't be read, or there are more than two.
    """
    if not 1 <= len(files) <= 2:
        raise CourseError("Name one file of marks, or the files of two graders.")
    app = open_course(root)
    require_release(app, lesson)
    written = read_written(app, lesson)
    read = [read_marks(Path(path), lesson, written) for path in files]
    refused = [f"{one.grader}: {says}" if len(read) > 1 else says for one in read for says in one.refused]
    agreement = compare(*read, written, take) if len(read) > 1 else None
    marks = agreement.marks if agreement else read[0].marks
    changed = save_marks(app, lesson, marks, written, dry_run=dry_run)
    if not dry_run:
        renew_penalties(app, lesson)
    done = {(mark.question, mark.student) for mark in marks}
    waiting = [
        f"{answer.code}, {question.id}"
        for question in written
        for answer in question.answers
        if not answer.marked and (question.id, answer.student) not in done
    ]
    return TakenIn(len(marks), refused, changed, waiting, agreement)
