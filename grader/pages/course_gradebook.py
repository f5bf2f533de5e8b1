"""The course gradebook: one page and one CSV file over all lessons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.course.course_folder import open_course
from grader.course.files import write_atomically
from grader.marks.course_marks import CourseMarks, Mark, read_course
from grader.marks.spreadsheets import csv_text, number_cell, text_cell
from grader.pages.for_instructors import points, rendered
from grader.pages.question_rows import question_rows, topic_rows
from grader.pages.safe_html import section_id

COLUMNS = ("student", "name", "points", "possible", "share", "missing", "late_points_off", "waiting")
WORDS = {"missing": "missing", "not_graded": "not graded", "not_due": "–", "unreadable": "unreadable"}


@dataclass(frozen=True)
class CourseTopic:
    """A topic over the course: its share of the points in each lesson, and in all."""

    topic: str
    share: float | None
    by_lesson: list[float | None]
    revisit: list[str]


def write_gradebook(*, root: str | Path = ".", say: Callable[[str], None] = print) -> Path:
    """Write ``reports/gradebook.html`` and ``gradebook.csv`` in the course folder.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    CourseError
        If nobody has marks yet.
    """
    app = open_course(root)
    course = read_course(app, say=say)
    path = Path(app.coursedir.root) / "reports" / "gradebook.html"
    write_atomically(path.with_suffix(".csv"), csv_text(gradebook_rows(course)))
    write_atomically(path, render_gradebook(course, path.parent))
    return path


def render_gradebook(course: CourseMarks, place: Path) -> str:
    """Write the page as text; lessons are links to their class reports, where the folder `place` has them."""
    reports = [group.lesson if (place / f"{group.lesson}.html").is_file() else "" for group in course.lessons]
    return rendered(
        "gradebook",
        place,
        course=course,
        columns=[
            (group, _short(group.lesson), report)
            for group, report in zip(course.lessons, reports, strict=True)
        ],
        medians=course.medians(),
        remarks=remarks,
        shown=shown,
        topics=course_topics(course),
        where=lambda section: _where(section, reports),
    )


def shown(mark: Mark) -> str:
    """Write the points of a mark, or the word that stands for them.

    >>> shown(Mark("graded", 15.5, 20.0)), shown(Mark("missing", 0.0, 20.0))
    ('15.5 of 20', 'missing')
    """
    return WORDS.get(mark.state) or f"{points(mark.score)} of {points(mark.possible)}"


def remarks(mark: Mark) -> list[str]:
    """Say what one has to know of the points.

    >>> remarks(Mark("waiting", 15.5, 17.0, penalty=2.0))
    ['−2 late', 'waiting']
    """
    says = [f"−{points(mark.penalty)} late"] if mark.penalty else []
    says += ["waiting"] if mark.state == "waiting" else []
    return [*says, *(["handed in again"] if mark.stale else [])]


def gradebook_rows(course: CourseMarks) -> list[list[str]]:
    """Write a row for each student: totals, then for each lesson its points, those that count, its state."""
    lessons = [group.lesson for group in course.lessons]
    header = [*COLUMNS, *(f"{lesson}{end}" for lesson in lessons for end in ("", "_of", "_state"))]
    return [
        header,
        *(
            [
                text_cell(row.student),
                text_cell(row.name),
                number_cell(row.score),
                number_cell(row.possible),
                number_cell(row.share),
                str(row.count("missing")),
                number_cell(sum(mark.penalty for mark in row.marks)),
                str(row.count("waiting")),
                *(
                    cell
                    for mark in row.marks
                    for cell in (number_cell(mark.score), number_cell(mark.possible), mark.state)
                ),
            ]
            for row in course.students
        ),
    ]


def course_topics(course: CourseMarks) -> list[CourseTopic]:
    """Follow each topic over the lessons, the hardest first."""
    of_lessons = [question_rows(group, {}, {}) for group in course.lessons]
    shares = [{row.topic: row.share for row in topic_rows(rows)} for rows in of_lessons]
    return [
        CourseTopic(row.topic, row.share, [share.get(row.topic) for share in shares], row.revisit)
        for row in topic_rows([row for rows in of_lessons for row in rows])
    ]


def _where(section: str, reports: list[str]) -> str:
    """Return the link to a section of a lesson, in the class report that has it; nothing where none has.

    >>> _where("02: Where the *weights* go", ["", "02_shrinkage"])
    '02_shrinkage.html#section-where-the-weights-go'
    >>> _where("01: The data", ["", "02_shrinkage"])
    ''
    """
    lesson, _, title = section.partition(": ")
    report = next((report for report in reports if report and _short(report) == lesson), "")
    return f"{report}.html#{section_id(title)}" if report else ""


def _short(lesson: str) -> str:
    """Name a lesson by its number, as in its file's name.

    >>> _short("01_pooling")
    '01'
    """
    return lesson.split("_")[0]
