"""Write the tables of points and questions into the syllabus and the instructor guide.

Points, numbers and minutes stand in the lesson's source, topics and what is asked in the bank. Only the last
column of the guide's tables, "what to watch", is written by hand: it is kept. The tables stand between two
comments, ``<!-- questions of 01_pooling -->`` or ``<!-- points of all lessons -->``, and ``<!-- end -->``.
"""

import re
from dataclasses import dataclass
from functools import cache

from grader.author.build import lesson_names
from grader.author.lesson_error import LessonError
from grader.author.numbered import headed
from grader.author.tagged_lesson import role_of, source_notebook
from grader.bank import questions
from grader.course.files import write_atomically
from grader.course.repository import ROOT

GUIDE, SYLLABUS = (ROOT / "course" / name for name in ("instructor-guide.md", "syllabus.md"))
_BLOCK = r"<!-- {} -->\n(.*?)<!-- end -->"


@dataclass(frozen=True)
class Facts:
    """What a lesson's source says about itself."""

    minutes: int
    graded_minutes: int
    points: dict  # question id to points, in the lesson's order; the texts that are graded by hand too
    by_hand: tuple  # their ids
    numbers: dict  # question id to its number in the text, such as "3"

    @property
    def total(self):
        """All points."""
        return sum(self.points.values())

    @property
    def total_by_hand(self):
        """Points for texts."""
        return sum(self.points[id] for id in self.by_hand)


@cache
def facts(lesson):
    """Read minutes and points from ``solutions/NN_name.md``."""
    path = ROOT / "solutions" / f"{lesson}.md"
    text = path.read_text(encoding="utf-8")
    minutes = re.search(r"About (\d+) minutes", text)
    if not minutes:
        raise LessonError(f'{path.name} doesn\'t say how long it takes: write "About 120 minutes" there.')
    cells = source_notebook(path, questions(lesson)).cells
    graded = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return Facts(
        int(minutes[1]),
        sum(map(int, re.findall(r"^\| .+ \(graded\) \| (\d+) \|$", text, re.MULTILINE))),
        {cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader["points"] for cell in graded},
        tuple(cell.metadata.nbgrader["grade_id"] for cell in graded if role_of(cell) == "manual"),
        {id: heading[1] if heading else "" for heading, below in headed(cells) for id in below},
    )


def points_table():
    """Write the syllabus's table: a row a lesson."""
    lines = [
        "| lesson | minutes | of these, for graded questions | points | of these, by the instructor |",
        "| --- | --- | --- | --- | --- |",
    ]
    for lesson in lesson_names():
        f = facts(lesson)
        row = int(lesson[:2]), f.minutes, f.graded_minutes, f.total, f.total_by_hand
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines) + "\n"


def questions_table(lesson, notes):
    """Write the guide's table of a lesson's graded questions.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    notes : dict
        Question id to what stands under "what to watch".
    """
    f = facts(lesson)
    lines = [
        f"{f.minutes} minutes: {f.minutes - f.graded_minutes} to read and practise, "
        f"{f.graded_minutes} for the graded questions. "
        f"{f.total} points, {f.total_by_hand} of them for the text that you grade.",
        "",
        "| question | points | topic | what it asks | what to watch |",
        "| --- | --- | --- | --- | --- |",
    ]
    for id, points in f.points.items():
        topic, asks = ("", "a short text, graded by you") if id in f.by_hand else asked(questions(lesson)[id])
        lines.append(f"| {f.numbers[id]} `{id}` | {points} | {topic} | {asks} | {notes.get(id, '')} |")
    return "\n".join(lines) + "\n"


def asked(question):
    """Say what a question is about and what it asks: the first line of its function's docstring."""
    if not question.function.__doc__:
        raise LessonError(
            f"The function of {question.id} in the bank has no docstring. Say in a line what it asks for: "
            'the guide\'s table shows it, such as """Ask for the mean price of all houses."""'
        )
    first = question.function.__doc__.strip().split("\n")[0]
    return question.topic, first.removeprefix("Ask ").removeprefix("for ").rstrip(".")


def guide(text):
    """Return the guide's text with all its tables made anew."""
    for lesson in lesson_names():
        found = re.search(_BLOCK.format(f"questions of {lesson}"), text, re.DOTALL)
        if not found:
            raise _no_place("guide", f"questions of {lesson}")
        notes = _notes(found[1])
        lost = ", ".join(set(notes) - set(facts(lesson).points))
        if lost:
            raise LessonError(f"The guide has a note on {lost}, which lesson {lesson} doesn't ask. Move it.")
        text = text.replace(found[0], _block(f"questions of {lesson}", questions_table(lesson, notes)))
    return text


def _notes(block):
    """Read the last column of a table: question id to note."""
    rows = re.findall(r"^\| \d+ `([^`]+)` \|(.*)\|$", block, re.MULTILINE)
    return {id: re.split(r"(?<!\\)\|", cells)[-1].strip() for id, cells in rows}


def syllabus(text):
    """Return the syllabus's text with its table made anew."""
    name = "points of all lessons"
    found = re.search(_BLOCK.format(name), text, re.DOTALL)
    if not found:
        raise _no_place("syllabus", name)
    return text.replace(found[0], _block(name, points_table()))


def _block(name, table):
    """Put a table between its comments."""
    return f"<!-- {name} -->\n\n{table}\n<!-- end -->"


def _no_place(page, name):
    return LessonError(
        f"The {page} has no place for a table. Write these two lines where it should stand: "
        f"<!-- {name} --> and <!-- end -->."
    )


def write_tables():
    """Make the tables of both pages anew.

    Returns
    -------
    list of Path
        The pages whose tables have changed.

    Raises
    ------
    LessonError
        If a lesson has no place in the guide, or its source doesn't say how long it takes.
    """
    changed = []
    for path, make in ((GUIDE, guide), (SYLLABUS, syllabus)):
        text = path.read_text(encoding="utf-8")
        if (new := make(text)) != text:
            write_atomically(path, new)
            changed.append(path)
    return changed
