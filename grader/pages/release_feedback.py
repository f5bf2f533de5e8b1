"""Give the feedback pages to the students: through the exchange, or as one archive for a learning platform.

nbgrader's own step needs a secret and a time beside each page, and ends for all students where one has none.
Here each student has an outcome.
"""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

from grader.course.course_folder import CourseError, asked_for, folder, open_course, students_with
from grader.course.files import write_atomically
from grader.course.nbgrader_steps import exchange_step, run_step
from grader.grade.outcomes import Outcome, graded_notebook
from grader.intake.arrivals import arrival_of
from grader.intake.platform_files import of_moodle
from grader.pages.give_feedback import page_path

SECRET = "submission_secret.txt"
NO_WAY = (
    "Not handed in through the exchange, so the page can't be fetched from there. Give it in another way: {}"
)
OLD = "The page is older than the marks. First run: python -m grader feedback {}"


class ReleaseOneByOne(ExchangeReleaseFeedback):
    """Our way in the place of nbgrader's, named in ``nbgrader_config.py`` for its command and its buttons."""

    def copy_files(self) -> None:
        """Put each student's page where the student can fetch it: under a name made from a secret."""
        lesson, asked = self.coursedir.assignment_id, self.coursedir.student_id
        students = students_with(self, "feedback", lesson) if asked == "*" else [asked]
        self.outcomes = [self._release(lesson, student) for student in students]
        for outcome in self.outcomes:
            if outcome.message:
                self.log.warning("%s: %s", outcome.student, outcome.message)

    def _release(self, lesson: str, student: str) -> Outcome:
        page, graded = page_path(self, lesson, student), graded_notebook(self, lesson, student)
        if not page.is_file() or (graded.is_file() and graded.stat().st_mtime > page.stat().st_mtime):
            return Outcome(student, "failed", OLD.format(lesson))
        handed_in = folder(self, "submitted", student, lesson)
        names = [path.stem for path in handed_in.glob("*.ipynb")]  # as nbgrader lists them for the student
        try:
            secret = (handed_in / SECRET).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret or not names:
            return Outcome(student, "unreachable", NO_WAY.format(page))
        for name in names:
            target = Path(self.dest_path) / f"{notebook_hash(secret=secret, notebook_id=name)}.html"
            write_atomically(target, page.read_text(encoding="utf-8"))
            os.chmod(target, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
        return Outcome(student, "done")


def release_feedback(lesson: str, *, root: str | Path = ".") -> list[Outcome]:
    """Put the feedback pages of a lesson into the exchange, where students fetch them.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    root : path
        The course folder.

    Returns
    -------
    list of Outcome
        One for each student who has a page: ``done``, ``unreachable`` or ``failed`` with a sentence.

    Raises
    ------
    CourseError
        If there is no page yet.
    """
    app = open_course(root)
    _require_pages(app, lesson)
    step = exchange_step(ReleaseOneByOne, app)
    with asked_for(app, lesson):
        run_step(step)
    return step.outcomes


def feedback_archive(lesson: str, *, root: str | Path = ".") -> Path:
    """Write all feedback pages of a lesson into ``exports/LESSON-feedback.zip``, as ``NAME/LESSON.html``.

    What was collected from Moodle's archive goes back in the folders that Moodle named: it reads them again.
    """
    app = open_course(root)
    students = _require_pages(app, lesson)
    path = Path(app.coursedir.root) / "exports" / f"{lesson}-feedback.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            name = _moodles_name(app, lesson, student) or student
            archive.write(page_path(app, lesson, student), f"{name}/{lesson}.html")
    draft.replace(path)
    return path


def _moodles_name(app, lesson: str, student: str) -> str:
    """Return the folder in which Moodle handed out this student's work; empty where it did not."""
    arrival = arrival_of(app.coursedir.root, lesson, student)
    label = arrival.folder.removeprefix(f"{student}+{lesson}+") if arrival else ""
    return label if of_moodle(label) else ""


def _require_pages(app, lesson: str) -> list[str]:
    students = [
        name for name in students_with(app, "feedback", lesson) if page_path(app, lesson, name).is_file()
    ]
    if not students:
        raise CourseError(
            f"There are no feedback pages of {lesson!r}. First run: python -m grader feedback {lesson}"
        )
    return students
