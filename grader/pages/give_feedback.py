"""Write the feedback pages: one student's, and those of everybody whose submission is graded."""

from __future__ import annotations

import resource
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html import escape
from pathlib import Path
from time import monotonic

from nbgrader.apps import api, generatefeedbackapp
from nbgrader.converters import GenerateFeedback, NbGraderException
from nbgrader.utils import capture_log

from grader.course.course_folder import CourseError, asked_for, folder, open_course, students_with
from grader.course.files import write_atomically
from grader.grade.cluster import crew_of, for_each
from grader.grade.late import renew_penalties
from grader.grade.outages import with_patience
from grader.grade.outcomes import Outcome, failure_text, graded_notebook
from grader.intake.request_log import requests_of
from grader.pages.policy import policy

CPU_SECONDS = 60  # for one page; the longest of the lessons takes two
MEMORY = 2 << 30  # bytes, on top of what the process has


class OneFeedback(GenerateFeedback):
    """nbgrader's ``GenerateFeedback`` for one student: any name, and a page that is never half there."""

    def init_notebooks(self) -> None:
        """Name the one notebook. nbgrader would look for it with a pattern, in which ``[`` is no bracket."""
        lesson, student = self.coursedir.assignment_id, self.coursedir.student_id
        path = graded_notebook(self.parent, lesson, student)
        self.assignments = {str(path.parent): [str(path)]}

    def convert_notebooks(self) -> None:
        """Write the page in one step."""
        lesson, student = self.coursedir.assignment_id, self.coursedir.student_id
        about = {
            "student": student,
            "assignment": lesson,
            "notebook": lesson,
            "db_url": self.coursedir.db_url,
            "requests": requests_of(self.coursedir.root, lesson, student),
        }
        ((path,),) = self.assignments.values()
        page, _ = self.exporter.from_filename(path, resources={"unique_key": lesson, "nbgrader": about})
        page_path(self.parent, lesson, student).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(page_path(self.parent, lesson, student), page)
        self.set_permissions(lesson, student)


class GiveFeedback(GenerateFeedback):
    """Our way in the place of nbgrader's, for the formgrader's buttons and ``nbgrader generate_feedback``."""

    def start(self) -> None:
        """Write the pages of those who are asked for.

        Raises
        ------
        NbGraderException
            If a page can't be drawn; all others are written first. The formgrader shows the text.
        """
        course = self.coursedir
        asked = None if course.student_id == "*" else [course.student_id]
        outcomes = feedback(course.assignment_id, root=course.root, students=asked)
        failed = [f"{outcome.student}: {outcome.message}" for outcome in outcomes if outcome.status != "done"]
        if failed:
            raise NbGraderException(" ".join(failed))


def take_nbgraders_place() -> None:
    """Let nbgrader write feedback by `GiveFeedback`; ``nbgrader_config.py`` calls it.

    nbgrader has a setting for each class of its exchange, but none for this one. It finds the class by a name
    in these two modules.
    """
    for module in (api, generatefeedbackapp):
        module.GenerateFeedback = GiveFeedback


def feedback(
    lesson: str,
    *,
    root: str | Path = ".",
    workers: int = 2,
    scheduler: str | None = None,
    students: list[str] | None = None,
    client=None,
) -> list[Outcome]:
    """Write the feedback page of every student whose submission of `lesson` is graded.

    Where a page can't be drawn, because it takes too long or too much memory, a short one says so.

    The parameters are those of `grader.grade.whole_class.grade`.
    """
    app = open_course(root)
    graded = students_with(app, "autograded", lesson)
    if not graded:
        raise CourseError(f"Nothing is graded of {lesson!r}. First run: python -m grader grade {lesson}")
    if unknown := sorted(set(students or []) - set(graded)):
        raise CourseError(f"Nothing of {lesson!r} is graded of: {', '.join(unknown)}.")
    students = students or graded
    with_patience(partial(renew_penalties, app, lesson))
    task = partial(write_feedback, lesson, str(Path(root).resolve()))
    with crew_of(workers, scheduler, client) as crew:
        written = for_each(students, task, crew, "Feedback")
    for student in students:
        if written[student].status == "failed":
            write_atomically(page_path(app, lesson, student), sorry_page(lesson, student))
    return [written[student] for student in students]


def write_feedback(lesson: str, root: str, student: str) -> Outcome:
    """Write one student's feedback page."""
    started, app = monotonic(), open_course(root)
    with asked_for(app, lesson, student), warnings.catch_warnings(), limited():
        warnings.simplefilter("ignore")
        result = capture_log(OneFeedback(coursedir=app.coursedir, parent=app, force=True))
    if result["success"]:
        return Outcome(student, "done", seconds=monotonic() - started)
    last = result["error"].strip().splitlines()[-1]
    return Outcome(student, "failed", failure_text(last), monotonic() - started)


def page_path(app, lesson: str, student: str) -> Path:
    """Return where a student's feedback page lies, or would lie."""
    return folder(app, "feedback", student, lesson) / f"{lesson}.html"


def sorry_page(lesson: str, student: str) -> str:
    """Write the page of a student whose notebook can't be drawn."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{policy()}\n'
        f"<title>Feedback: {escape(lesson)}</title>\n</head>\n<body>\n<main>\n<h1>{escape(lesson)}</h1>\n"
        f"<p>Feedback for <strong>{escape(student)}</strong></p>\n<p>Your notebook could not be shown as a "
        "page: something in it takes too long, or too much memory. Your marks are kept. Ask your instructor "
        "for them.</p>\n</main>\n</body>\n</html>\n"
    )


@contextmanager
def limited(seconds: int = CPU_SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Let this process use so many seconds of processor time and bytes of memory more, inside the block.

    Beyond the memory there is a `MemoryError`. Beyond the time the system ends the process: in a grading
    process, `grader.grade.cluster.for_each` reports it.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    more = {
        resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime) + seconds,
        resource.RLIMIT_AS: pages * resource.getpagesize() + memory if pages else resource.RLIM_INFINITY,
    }
    before = {kind: resource.getrlimit(kind) for kind in more}
    try:
        for kind, most in more.items():
            soft, hard = before[kind]
            known = [limit for limit in (soft, hard, most) if limit != resource.RLIM_INFINITY]
            resource.setrlimit(kind, (min(known, default=resource.RLIM_INFINITY), hard))
        yield
    finally:
        for kind, limits in before.items():
            resource.setrlimit(kind, limits)
