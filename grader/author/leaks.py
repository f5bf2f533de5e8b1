"""Look for answers in what students get: lessons, released notebooks, feedback.

A leak is a number that is the expected answer to a graded question (to five digits or more, also in
thousands or millions), or a line of a solution. What the student wrote or printed is no leak. Looked at is
all that a file holds, not only what one sees: metadata, attachments, comments, attributes, scripts, and
text that was packed as base64. The letter of a choice can't be found this way.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from grader.author.all_text import notebook_text, strings_in, text_of
from grader.author.build import GLOSSARY, KEY_ENDING, lesson_names
from grader.author.tagged_lesson import BEGIN, END, source_notebook
from grader.bank import questions
from grader.course.repository import ROOT
from grader.judge import references
from mlmkit.answers.kinds import DrawsAnswer, TableAnswer

DIGITS = 5  # a number with fewer digits may agree by chance
SCALES = (1.0, 1e-3, 1e-6)  # dollars, thousands, millions
APART = ("bob", "vera")  # students without a zip code of the lecture
SITE_TEXTS = (".html", ".js", ".txt", ".inv")  # besides pictures; what lies in `_static` is the theme's
SHORTEST_CODE = 12  # characters; shorter lines are common to many programs
_THOUSANDS = ",_'\u00a0\u2009\u202f"  # what stands between groups of three digits
_NUMBER = re.compile(
    rf"(?<![\w.])(?<!\d[,])[-−+]?(\d{{1,3}}(?:[{_THOUSANDS}]\d{{3}})+|\d+)(\.\d+)?(?:[eE]([-+]?\d+))?(?![\w])"
)


@dataclass(frozen=True)
class Leak:
    """One answer found where it must not be.

    Attributes
    ----------
    file : str
        Name of the file.
    question : str
        Id of the question, or of the answer cell.
    what : str
        The number or the line of code, as it stands in the file.
    """

    file: str
    question: str
    what: str

    def __str__(self):
        return f"{self.file} shows {self.what!r}, which answers {self.question}."


def expected_numbers(lesson, student):
    """List the numbers that answer the graded questions of a lesson for one student.

    Returns
    -------
    list of (str, float)
        Question id and number.
    """
    numbers = []
    for id, question in questions(lesson).items():
        if not question.practice:
            kind = references.expected(question, student)
            value = kind.answer_with(kind.value)
            numbers += [(id, number) for number in _floats(value) if float(f"{number:.3g}") != number]
    return numbers


def solution_code(source):
    """List the lines of code inside solutions that stand nowhere else in a lesson.

    Parameters
    ----------
    source : NotebookNode
        From `grader.author.tagged_lesson.source_notebook`.

    Returns
    -------
    list of (str, str)
        Id of the answer cell and the line, blanks squeezed.
    """
    inside, outside = [], []
    for cell in source.cells:
        solution = False
        for line in cell.source.split("\n"):
            solution = (solution or BEGIN in line) and END not in line
            (inside if solution else outside).append((cell.id, _squeezed(line)))
    known = "\n".join(line for _, line in outside)
    return [
        (cell, line)
        for cell, line in inside
        if len(line) >= SHORTEST_CODE and not line.startswith("#") and line not in known
    ]


def leaks_in(text, numbers, code, *, file="", own="", digits=DIGITS):
    """Find leaks in a text.

    Parameters
    ----------
    text : str
        What a student gets, as plain text.
    numbers, code : list
        From `expected_numbers` and `solution_code`.
    file : str
        Named in the leaks.
    own : str
        What the student wrote and printed: it may stand in the text too.
    digits : int
        A number with fewer digits is none.

    Returns
    -------
    list of Leak
    """
    own_code, own_tokens = _squeezed(own), {token for token, _, _ in _tokens(own, digits)}
    found = []
    for token, value, half in _tokens(text, digits):
        if token in own_tokens:
            continue
        for id, number in numbers:
            if any(abs(abs(value) - abs(number) * scale) <= half for scale in SCALES):
                found.append(Leak(file, id, token))
                break
    squeezed = _squeezed(text)
    return found + [Leak(file, id, line) for id, line in code if line in squeezed and line not in own_code]


def scan_lesson(name, folder=None, students=("ada", "grace", "emmy"), solutions=None):
    """Look for leaks in a lesson's notebook and key file.

    Parameters
    ----------
    name : str
        Such as ``01_pooling``.
    folder : Path, optional
        Where ``NN_name.ipynb`` lies: ``lessons/``, or ``release/NN_name/`` of a course.
    students : sequence of str
        Whose expected numbers to look for.
    solutions : Path, optional
        Folder of the sources.

    Returns
    -------
    list of Leak
    """
    folder = Path(folder or ROOT / "lessons")
    notebook, key_file = folder / f"{name}.ipynb", folder / f"{name}{KEY_ENDING}"
    key = json.loads(key_file.read_text(encoding="utf-8"))
    numbers, code = _secrets(name, key, students, solutions)
    found = leaks_in(text_of(notebook), numbers, code, file=notebook.name)
    return found + leaks_in("\n".join(strings_in(key["graded"])), numbers, code, file=key_file.name)


def scan_release(folder, name, students=("ada", "grace", "emmy"), solutions=None):
    """Look for leaks in every file of a folder that students fetch, such as ``release/NN_name/``.

    The parameters are those of `scan_lesson`.

    Returns
    -------
    list of Leak
    """
    found = scan_lesson(name, folder, students, solutions)
    code = solution_code(source_notebook(Path(solutions or ROOT / "solutions") / f"{name}.md"))
    numbers = [pair for student in students for pair in expected_numbers(name, student)]
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and path.name not in (f"{name}.ipynb", f"{name}{KEY_ENDING}", GLOSSARY):
            found += leaks_in(text_of(path), numbers, code, file=path.name)
    return found


def scan_lessons(folder=None, students=("ada", "grace", "emmy")):
    """Look for leaks in all lessons."""
    return [leak for name in lesson_names() for leak in scan_lesson(name, folder, students)]


def scan_site(folder, students=APART, lessons=None, solutions=None):
    """Look for leaks in the web pages that everybody may read.

    A lesson's page is held against the answers of this lesson, every other page against those of all.
    The pages show thousands of results on public data: one of them may agree in five digits by chance, so
    six are asked for, and the students share no zip code with the lecture.

    Parameters
    ----------
    folder : Path
        The site.
    students : sequence of str
        Whose expected numbers to look for.
    lessons, solutions : Path, optional
        Folders of the lessons with their keys, and of their sources.

    Returns
    -------
    list of Leak
    """
    folder, lessons = Path(folder), Path(lessons or ROOT / "lessons")
    secrets = {}
    for page in sorted((folder / "lessons").glob("[0-9][0-9]_*.html")):
        key = json.loads((lessons / f"{page.stem}{KEY_ENDING}").read_text(encoding="utf-8"))
        secrets[page.stem] = _secrets(page.stem, key, students, solutions)
    everything = [[part for kinds in secrets.values() for part in kinds[place]] for place in (0, 1)]
    found = []
    for page in sorted(folder.rglob("*")):
        if page.suffix in SITE_TEXTS and "_static" not in page.parts:
            numbers, code = secrets.get(page.stem, everything)
            file = page.relative_to(folder).as_posix()
            found += leaks_in(text_of(page), numbers, code, file=file, digits=DIGITS + 1)
    return found


def _secrets(name, key, students, solutions):
    """List the numbers and the code that answer a lesson, without what its practice tells anyway."""
    # Some students have a zip code of the lecture among their own: what practice tells is public.
    public = [float(text) for text in strings_in(key["practice"]) if re.fullmatch(r"-?\d+\.\d+", text)]
    numbers = [
        (id, number)
        for student in students
        for id, number in expected_numbers(name, student)
        if not any(abs(number - known) <= 1e-9 * abs(number) for known in public)
    ]
    return numbers, solution_code(source_notebook(Path(solutions or ROOT / "solutions") / f"{name}.md"))


def scan_feedback(page, graded, lesson, student, solutions=None):
    """Look for leaks in a student's feedback page.

    Parameters
    ----------
    page : Path
        The HTML page that the student gets.
    graded : Path
        The student's notebook in ``autograded/``. What it holds, apart from the verdicts, is the
        student's own.
    lesson, student : str
        Such as ``01_pooling`` and ``alice``.
    solutions : Path, optional
        Folder of the sources.

    Returns
    -------
    list of Leak
    """
    code = solution_code(source_notebook(Path(solutions or ROOT / "solutions") / f"{lesson}.md"))
    notebook = nbformat.read(graded, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and "outputs" in cell:
            cell.outputs = []
    own = notebook_text(notebook)
    return leaks_in(text_of(page), expected_numbers(lesson, student), code, file=Path(page).name, own=own)


def _floats(value):
    """List the numbers of a decoded answer; text and figures have none."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [number for number in value.values() if isinstance(number, float)]
    if isinstance(value, TableAnswer):
        return [number for row in value.values for number in row if isinstance(number, float)]
    if isinstance(value, DrawsAnswer):
        return [number for draws in value.columns.values() for number in (draws.mean, draws.sd)]
    return []


def _tokens(text, least):
    """Yield each long number of a text: as written, its value, half of its last digit."""
    for match in _NUMBER.finditer(text):
        whole = re.sub(rf"[{_THOUSANDS}]", "", match[1])
        fraction, exponent = (match[2] or ".")[1:], int(match[3] or 0)
        digits = (whole + fraction).lstrip("0")
        if least <= len(digits) <= 25 and abs(exponent) < 100:
            unit = 10.0 ** (exponent - len(fraction))
            yield match[0], float(f"{whole}.{fraction or 0}e{exponent}"), 0.5 * unit


def _squeezed(text):
    return re.sub(r"[ \t]+", "", text)
