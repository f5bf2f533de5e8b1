"""Make what students open from what authors write: ``solutions/NN_name.md`` to ``lessons/NN_name.ipynb``.

The way goes through nbgrader's own generate step, in a temporary course, so that the lesson in
``lessons/`` is the one that a class gets. The same source gives the same bytes every time.
"""

import json
import logging
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from grader.author.lesson_error import LessonError
from grader.author.tagged_lesson import (
    BEGIN,
    END,
    checked_question,
    role_of,
    source_notebook,
    worked_solution,
)
from grader.bank import questions
from grader.course.files import write_atomically
from grader.course.repository import ROOT
from grader.judge import references
from mlmkit.answers.kinds import to_key

KEY_ENDING = ".practice.json"
GLOSSARY = "glossary.md"  # lies beside each lesson, wherever a student has fetched it to
_TWO_STUDENTS = ("ada", "grace")  # any two: what differs between students never enters a key file


@dataclass(frozen=True)
class Lesson:
    """A lesson in its three forms, as text ready to write.

    Attributes
    ----------
    name : str
        Such as ``01_pooling``.
    source : str
        The notebook with solutions, for ``course/source``.
    student : str
        The notebook that students get.
    key : str
        What `mlmkit.check` knows: answers to practice questions, forms of graded ones.
    """

    name: str
    source: str
    student: str
    key: str


def lesson_names(solutions=None):
    """List the lessons that exist: ``["01_pooling", …]``."""
    return sorted(path.stem for path in Path(solutions or ROOT / "solutions").glob("[0-9][0-9]_*.md"))


def build(path, known=None):
    """Build one lesson in memory.

    Parameters
    ----------
    path : Path
        Such as ``solutions/01_pooling.md``.
    known : dict, optional
        The questions of the lesson, by id. Default: those of the bank.

    Returns
    -------
    Lesson

    Raises
    ------
    LessonError
        If the source is wrong, or what students get would differ from it where it must not.
    """
    path = Path(path)
    known = questions(path.stem) if known is None else known
    source = source_notebook(path, known)
    student = _generate(source, path.stem)
    unexpected = differences(source, student)
    if unexpected:
        raise LessonError(f"{path.name}: the lesson differs from its source. {unexpected[0]}")
    return Lesson(path.stem, _text(source), _text(student), _key(path.stem, known, source.cells))


def build_lessons(names=None, solutions=None, lessons=None):
    """Write lessons for students.

    Parameters
    ----------
    names : list of str, optional
        Such as ``["01_pooling"]``. Default: all.
    solutions, lessons : Path, optional
        Folders. Default: those of the repository.

    Returns
    -------
    list of Path
        The notebooks written.
    """
    solutions, lessons = Path(solutions or ROOT / "solutions"), Path(lessons or ROOT / "lessons")
    written = []
    for name in names or lesson_names(solutions):
        lesson = build(_source_path(solutions, name))
        for file, text in _student_files(lesson).items():
            if not _agrees(lessons / file, text):
                write_atomically(lessons / file, text)
        written.append(lessons / f"{name}.ipynb")
    write_atomically(lessons / GLOSSARY, _glossary())
    return written


def check_same(lessons=None, solutions=None):
    """Compare ``lessons/`` with what the solutions make now.

    Returns
    -------
    list of str
        A sentence for each file that differs, is missing, or has no source. Empty when all is well.
    """
    solutions, lessons = Path(solutions or ROOT / "solutions"), Path(lessons or ROOT / "lessons")
    expected = {GLOSSARY: _glossary()}
    for name in lesson_names(solutions):
        expected.update(_student_files(build(_source_path(solutions, name))))
    there = {path.name for ending in ("*.ipynb", f"*{KEY_ENDING}", GLOSSARY) for path in lessons.glob(ending)}
    problems = [f"{file} has no source in {solutions.name}/." for file in sorted(there - set(expected))]
    for file, text in expected.items():
        if file not in there:
            problems.append(f"{file} is missing. Run `make lessons`.")
        elif not _agrees(lessons / file, text):
            problems.append(f"{file} differs from its source. Run `make lessons`.")
    return problems


def write_source(name, course, solutions=None):
    """Write a lesson with solutions into a course, where nbgrader's generate step looks for it.

    Parameters
    ----------
    name : str
        Such as ``01_pooling``.
    course : Path
        The course root. The files go to ``source/NN_name/``.
    solutions : Path, optional
        Folder of the sources.

    Returns
    -------
    Path
        The notebook written.
    """
    lesson = build(_source_path(Path(solutions or ROOT / "solutions"), name))
    folder = Path(course) / "source" / name
    write_atomically(folder / f"{name}{KEY_ENDING}", lesson.key)
    write_atomically(folder / GLOSSARY, _glossary())
    return write_atomically(folder / f"{name}.ipynb", lesson.source)


def differences(source, student):
    """Compare a lesson with its source, line by line, leaving out the solutions.

    Parameters
    ----------
    source, student : NotebookNode
        The notebook with solutions, and the one that students get.

    Returns
    -------
    list of str
        A sentence for each difference that must not be there. Empty when all is well.
    """
    if len(source.cells) != len(student.cells):
        return [f"The source has {len(source.cells)} cells, the lesson {len(student.cells)}."]
    problems = []
    for number, (before, after) in enumerate(zip(source.cells, student.cells, strict=True), start=1):
        if before.cell_type != after.cell_type or before.id != after.id:
            problems.append(f"Cell {number} changed its type or its id.")
        elif after.source != _without_solution(before):
            problems.append(f"Cell {number} ({before.id}) changed outside of its solution.")
        if after.get("outputs"):
            problems.append(f"Cell {number} ({before.id}) has outputs.")
    return problems


def _without_solution(cell):
    """Replace the solution of a cell by nbgrader's stub, independently of nbgrader."""
    meta = cell.metadata.get("nbgrader", {})
    stub = "# YOUR CODE HERE" if cell.cell_type == "code" else "YOUR ANSWER HERE"
    if meta.get("solution") and BEGIN not in cell.source:
        return stub
    kept, inside = [], False
    for line in cell.source.split("\n"):
        if BEGIN in line:
            kept.append(line[: len(line) - len(line.lstrip())] + stub)
            inside = True
        elif END in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _generate(notebook, name):
    """Run nbgrader's generate step in a temporary course and read its result."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import SaveCells

    with tempfile.TemporaryDirectory() as folder:
        write_atomically(Path(folder) / "source" / name / f"{name}.ipynb", _text(notebook))
        config = _course_config()
        config.CourseDirectory.root = folder
        config.CourseDirectory.assignment_id = name
        course = CourseDirectory(config=config)
        generator = GenerateAssignment(coursedir=course, config=config, no_database=True)
        # Without SaveCells there is no gradebook to make, and no marks to record in it.
        generator.preprocessors = [step for step in generator.preprocessors if step is not SaveCells]
        generator.log = _quiet_log()
        generator.start()
        return nbformat.read(Path(folder) / "release" / name / f"{name}.ipynb", as_version=4)


def _course_config():
    """Read the settings that the class's own nbgrader uses."""
    from traitlets.config.loader import PyFileConfigLoader

    return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "course")).load_config()


def _quiet_log():
    log = logging.getLogger("grader.author.build")
    log.setLevel(logging.ERROR)
    return log


def _student_files(lesson):
    return {f"{lesson.name}.ipynb": lesson.student, f"{lesson.name}{KEY_ENDING}": lesson.key}


def _glossary():
    return (ROOT / "course" / GLOSSARY).read_text(encoding="utf-8")


def _source_path(solutions, name):
    path = solutions / f"{name}.md"
    if not path.is_file():
        there = ", ".join(lesson_names(solutions)) or "none"
        raise LessonError(f"There is no lesson {name} in {solutions.name}{os.sep}. There are: {there}.")
    return path


def _text(notebook):
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _key(name, known, cells):
    """Write the key file: answers to practice questions, and only the forms of graded ones."""
    guesses = {checked_question(cell): {} for cell in cells if role_of(cell) == "predict"}
    texts = {cell.metadata.nbgrader["grade_id"]: {} for cell in cells if role_of(cell) == "manual"}
    key = {"lesson": name, "graded": {}, "practice": {}, "predict": guesses, "by_hand": texts}
    for id, question in known.items():
        if question.practice:
            key["practice"][id] = {
                "answer": to_key(references.expected(question, _TWO_STUDENTS[0])),
                "revisit": question.revisit,
                "idea": question.idea,
                "hints": list(question.hints),
                "solution": worked_solution(cells, id),
            }
        else:
            key["graded"][id] = {"shape": _common_shape(question), "own_data": question.own}
    return json.dumps(_rounded(key), indent=1, ensure_ascii=False) + "\n"


def _agrees(path, text):
    """Tell whether a file holds this text; in a key, the last digits of numbers don't count."""
    if not path.is_file():
        return False
    there = path.read_text(encoding="utf-8")
    if there == text or not path.name.endswith(KEY_ENDING):
        return there == text
    try:
        return _same_values(json.loads(there), json.loads(text))
    except json.JSONDecodeError:
        return False


def _same_values(one, other):
    """Compare JSON values; numbers that a fit gives depend on the processor and its threads."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-7, abs_tol=1e-12)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same_values(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_values, one, other))
    return type(one) is type(other) and one == other


def _rounded(value):
    """Round numbers to nine digits: the last ones differ between processors, and a lesson must not."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return value


def _common_shape(question):
    """Describe the form of an answer, as far as it is the same for every student."""
    one, other = (references.expected(question, student).shape() for student in _TWO_STUDENTS)
    return {part: value for part, value in one.items() if other.get(part) == value}
