"""The class report: one HTML page per lesson, readable offline and on paper; its answers as CSV and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import nbformat
from markupsafe import Markup

from grader.course.course_folder import folder, open_course, require_release
from grader.course.files import write_atomically
from grader.grade.late import renew_penalties
from grader.grade.verdicts import HEADINGS
from grader.intake.request_log import requests_of
from grader.marks.gradebook import Class, Submission, enrolled, read_class
from grader.pages.answers_file import answer_records, answers_csv, answers_json
from grader.pages.asked import OPTION, Asked, asked_in
from grader.pages.drawings import histogram, scatter
from grader.pages.explained import with_link
from grader.pages.first_things import first_things, student_places
from grader.pages.for_instructors import percent, rendered
from grader.pages.item_statistics import Difficulty, difficulty, right_answers
from grader.pages.lesson_text import Section, sections_in
from grader.pages.question_rows import QuestionRow, mistakes_by_name, question_rows, topic_rows
from grader.pages.safe_html import markdown2html
from grader.sandbox.rungs import NONE

SHADES = {
    "right": "right",
    "mistake": "part",
    "wrong": "none",
    "invalid": "none",
    "other_data": "none",
    "missing": "blank",
    "not_run": "lost",
    "ungraded": "blank",
}


@dataclass(frozen=True)
class Findings:
    """What the report says about a class: a row for each question, and how hard the questions are."""

    rows: list[QuestionRow]
    difficulty: Difficulty


def write_report(lesson: str, *, root: str | Path = ".") -> Path:
    """Write the class report of `lesson` to ``reports/LESSON.html`` in the course folder.

    The answers behind it stand beside it, in ``LESSON.csv`` and ``LESSON.json``.

    Returns
    -------
    Path
        The page. Each file is replaced in one step, so none is ever half written.
    """
    app = open_course(root)
    path = Path(app.coursedir.root) / "reports" / f"{lesson}.html"
    require_release(app, lesson)
    renew_penalties(app, lesson)
    group = enrolled(app, read_class(app, lesson))
    released = folder(app, "release", ".", lesson) / f"{lesson}.ipynb"
    cells = nbformat.read(released, as_version=4).cells
    found = findings(group, asked_in(cells))
    records = answer_records(group, found.rows)
    write_atomically(path.with_suffix(".csv"), answers_csv(records))
    write_atomically(path.with_suffix(".json"), answers_json(group, found.rows, records))
    asked_again = [
        (one.student, one.question) for one in requests_of(app.coursedir.root, lesson) if one.is_open
    ]
    sections = sections_in(cells, [row.question.revisit for row in found.rows])
    write_atomically(path, render(group, found, path.parent, asked_again, sections))
    return path


def findings(group: Class, asked: Mapping[str, Asked]) -> Findings:
    """Compute what the report says; `asked` has the questions as they stand in the lesson."""
    hard = difficulty(right_answers(group))
    return Findings(question_rows(group, asked, hard.right), hard)


def render(
    group: Class,
    found: Findings,
    place: Path,
    requests: Iterable[tuple[str, str]] = (),
    sections: Sequence[Section] = (),
) -> str:
    """Write the page about `group` as text; links to feedback pages are relative to the folder `place`.

    What is to be read again is a link to one of the `sections`; where there is none, it is text.
    """
    rows, ids = found.rows, {section.id for section in sections}
    return rendered(
        "report",
        place,
        group=group,
        headings=HEADINGS,
        isolation=" ".join([isolation(group.graded), ways(group.graded)]).strip(),
        histogram=histogram(group),
        difficulty=found.difficulty,
        scatter=scatter(rows),
        questions=rows,
        shades=SHADES,
        steps=first_things(group, rows, requests),
        places=student_places(group),
        summary=summary(group),
        by_name=mistakes_by_name(rows),
        topics=topic_rows(rows),
        waiting=any(item.waiting for item in group.graded),
        wording=_wording,
        sections=sections,
        linked=lambda sentence, revisit: Markup(with_link(sentence, revisit, ids)),
    )


def summary(group: Class) -> list[str]:
    """Say in a sentence or two how the class did."""
    total, graded = len(group.submissions), group.graded
    says = [f"{len(graded)} of {total} students in the gradebook have a graded submission."]
    shares = [item.share for item in graded if item.share is not None]
    if shares:
        average, middle = percent(mean(shares)), percent(median(shares))
        says.append(f"They earned {average} of their points on average (median {middle}).")
    return says


def isolation(graded: list[Submission]) -> str:
    """Say in a sentence what kept the code of the students apart."""
    by_rung = Counter(item.isolation[0] for item in graded)
    count = by_rung.pop(NONE, 0)
    names = [f"{rung} ({number})" if len(by_rung) > 1 else rung for rung, number in by_rung.most_common()]
    apart = f"was isolated by {' and '.join(names)}." if names else ""
    if not count:
        return f"The code of the students {apart}" if apart else ""
    why = "; ".join({item.isolation[1]: 0 for item in graded if item.isolation[0] == NONE})
    return (
        f"Not isolated: {count} of {len(graded)} submissions {'was' if count == 1 else 'were'} run without "
        f"the sandbox, because {why}. Their code could read and change what the grader can."
        f"{f' The other code {apart}' if apart else ''}"
    )


def ways(graded: list[Submission]) -> str:
    """Say for how many submissions the lesson's own cells were not run again."""
    short = sum(item.long_way is None for item in graded)
    if not short:
        return ""
    return (
        f"For {short} of {len(graded)} submissions the lecture's cells were run once for all, and only the "
        "students' own for each."
    )


def _wording(row: QuestionRow) -> Markup:
    """Write a question's wording, without the options where a table lists them."""
    text = OPTION.sub("", row.asked.wording) if row.options else row.asked.wording
    return Markup(markdown2html({}, text))
