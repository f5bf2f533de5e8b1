"""The marks of the whole course: everybody's lessons, what counts of each, and who needs help first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from grader.course.course_folder import CourseError, open_gradebook
from grader.grade.due_dates import due_date, extensions
from grader.grade.late import renew_penalties
from grader.marks.gradebook import Class, Submission, enrolled, read_class

FAR = 0.5  # of the class's median: below it a student is far below
FALL = 0.25  # share of points: so much less than in the lessons before is a fall


@dataclass(frozen=True)
class Mark:
    """What a student has in one lesson.

    Attributes
    ----------
    state : {"graded", "waiting", "unreadable", "missing", "not_graded", "not_due"}
        ``waiting``: graded, but an answer waits for a person, and its points are left out. ``missing``:
        nothing was handed in until the due date: zero points of all. ``not_due``: there is still time.
    score, possible : float or None
        Points earned and points that there were; both None where the lesson does not count yet.
    penalty : float
        Points taken off for handing in late; `score` is without them.
    stale : bool
        True if something newer was handed in than what was graded.
    """

    state: str
    score: float | None = None
    possible: float | None = None
    penalty: float = 0.0
    stale: bool = False

    @property
    def share(self) -> float | None:
        """Points as a share of those that there were."""
        return self.score / self.possible if self.score is not None and self.possible else None


@dataclass(frozen=True)
class StudentMarks:
    """A student's marks in the order of the lessons, and why to look at them."""

    student: str
    name: str
    marks: list[Mark]
    reasons: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Points over all lessons that count."""
        return sum(mark.score or 0.0 for mark in self.marks)

    @property
    def possible(self) -> float:
        """Points that there were in them."""
        return sum(mark.possible or 0.0 for mark in self.marks)

    @property
    def share(self) -> float | None:
        """Share of the points over the lessons: each lesson weighs as many points as it has."""
        return self.score / self.possible if self.possible else None

    def count(self, state: str) -> int:
        """Count the lessons in a state."""
        return sum(mark.state == state for mark in self.marks)


@dataclass(frozen=True)
class CourseMarks:
    """The lessons that somebody has marks in, and everybody's marks; who needs help most comes first."""

    lessons: list[Class]
    students: list[StudentMarks]

    def medians(self) -> list[float | None]:
        """Return the median share of each lesson, over those who handed it in."""
        return [
            median(shares)
            if (shares := [one.share for one in group.graded if one.share is not None])
            else None
            for group in self.lessons
        ]


def read_course(app, *, now: datetime | None = None, say: Callable[[str], None] = print) -> CourseMarks:
    """Read the marks of all lessons that somebody has marks in.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
    now : datetime, optional
        With its time zone: what is due later does not count for those who handed in nothing.
    say : callable
        Is told each lesson that is read.

    Raises
    ------
    CourseError
        If nobody has marks yet.
    """
    now = now or datetime.now(UTC)
    with open_gradebook(app) as gradebook:
        names = sorted(item.name for item in gradebook.assignments if item.submissions)
    groups, dues, more = [], {}, extensions(app)
    for lesson in names:
        say(f"Reading {lesson}.")
        renew_penalties(app, lesson)
        group = enrolled(app, read_class(app, lesson))
        if group.graded:
            groups.append(group)
            dues[lesson] = due_date(app, lesson)
    if not groups:
        raise CourseError("Nobody has marks yet. First run: python -m grader grade LESSON")

    def is_due(lesson: str, student: str) -> bool:
        due = dues[lesson]
        return due is None or due + more.get((lesson, student), timedelta()) <= now

    return course_marks(groups, is_due)


def course_marks(groups: list[Class], is_due: Callable[[str, str], bool]) -> CourseMarks:
    """Put the lessons of a course together.

    Parameters
    ----------
    groups : list of Class
        In the order of the lessons.
    is_due : callable
        Tells of a lesson and a student whether the time is over.
    """
    names: dict[str, str] = {}
    found: dict[str, dict[str, Mark]] = {}
    for group in groups:
        for item in group.submissions:
            names[item.student] = item.name or names.get(item.student, "")
            mark = mark_in(item, group.max_score, is_due(group.lesson, item.student))
            found.setdefault(item.student, {})[group.lesson] = mark
    rows = [
        StudentMarks(student, names[student], [marks.get(group.lesson, Mark("not_due")) for group in groups])
        for student, marks in found.items()
    ]
    shares = [row.share for row in rows if row.share is not None]
    middle = median(shares) if shares else 0.0
    rows = [StudentMarks(row.student, row.name, row.marks, reasons(row, middle)) for row in rows]
    rows.sort(key=lambda row: (2.0 if row.share is None else row.share, -row.count("missing"), row.student))
    return CourseMarks(groups, rows)


def mark_in(item: Submission, max_score: float, due: bool) -> Mark:
    """Say what a submission counts."""
    if item.status in ("graded", "unreadable"):
        state = "waiting" if item.waiting else item.status
        return Mark(state, item.score, item.possible, item.penalty, item.stale)
    if item.status == "absent":
        return Mark("missing", 0.0, max_score) if due else Mark("not_due")
    return Mark("not_graded")


def reasons(row: StudentMarks, middle: float) -> list[str]:
    """Say why to look at a student, where there is a reason.

    Parameters
    ----------
    row : StudentMarks
    middle : float
        The median of the class's shares.
    """
    says = []
    if missing := row.count("missing"):
        says.append(f"{missing} {'lesson' if missing == 1 else 'lessons'} missing")
    if row.share is not None and row.share < FAR * middle:
        says.append("under half of the median")
    shares = [mark.share for mark in row.marks if mark.share is not None and mark.state != "missing"]
    if len(shares) > 1 and shares[-1] < sum(shares[:-1]) / len(shares[:-1]) - FALL:
        before = sum(shares[:-1]) / len(shares[:-1])
        says.append(f"fell to {100 * shares[-1]:.0f} % from {100 * before:.0f} %")
    if failed := row.count("not_graded"):
        says.append(f"{failed} not graded")
    return says
