"""From an author's tagged lesson to a notebook with nbgrader's metadata, which nobody types.

A lesson is a MyST notebook, ``solutions/NN_name.md``. Its cells carry tags:

========================  =========================================================================
``answer``                the student's cell; ``### BEGIN SOLUTION`` and ``### END SOLUTION`` around
                          what is taken out
``check``, ``points=2``   locked and graded: ``check("l01-mean-price", mean_price)``, after its answer cell
``practice``              locked, not graded: ``check("p01-median", median_price)``, after its answer cell
``predict``               a guess, which is only noted; like ``practice``, but the bank knows nothing of it
``student``               where the student types their user name
``manual``, ``points=4``  graded by a person; also ``id=l01-report``, else the id is made from the place
========================  =========================================================================
"""

import ast
import hashlib
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from grader.author.lesson_error import LessonError
from grader.author.numbered import misnumbered

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
ROLES = ("answer", "check", "practice", "predict", "student", "manual")
CHECKS = ("check", "practice", "predict")  # cells that hold check(…)
OTHER_TAGS = ("hide-input", "raises-exception", "remove-cell")


def source_notebook(path, known=None):
    """Read a lesson and give it nbgrader's metadata.

    Parameters
    ----------
    path : Path
        Such as ``solutions/01_pooling.md``.
    known : dict, optional
        Question id to `grader.bank.Question` of this lesson. When given, the checks of the lesson
        and these questions must be the same.

    Returns
    -------
    NotebookNode
        With solutions, without outputs; the same bytes every time.

    Raises
    ------
    LessonError
        For a tag that doesn't exist, a check without an answer cell, an id used twice, a question whose
        number or points in the text are not those of its cell, …
    """
    path = Path(path)
    try:
        notebook = jupytext.read(path, fmt="md:myst")
    except Exception as error:  # jupytext, yaml and nbformat each have errors of their own
        raise LessonError(f"{path.name} can't be read as a MyST notebook: {error}") from error
    _mark_cells(notebook.cells, path)
    if problem := misnumbered(notebook.cells):
        raise LessonError(f"{path.name}: {problem}")
    if known is not None:
        _compare_with_bank(notebook.cells, known, path)
    _name_cells(notebook.cells, path.stem)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def checked_question(cell):
    """Return the question id of a check, practice or predict cell, or None for another cell."""
    return _call(cell)[0] if role_of(cell) in CHECKS else None


def worked_solution(cells, question):
    """Return the solved code of the answer cell before the check of a question, without marks and dots."""
    place = next(place for place, cell in enumerate(cells) if checked_question(cell) == question)
    answer = next(cell for cell in reversed(cells[:place]) if role_of(cell) == "answer")
    lines = answer.source.split("\n")
    kept = [line for line in lines if line.strip() not in (BEGIN, END) and not line.endswith(" = ...")]
    return "\n".join(kept).strip("\n")


def role_of(cell):
    """Return the one of `ROLES` that a cell is tagged with, or None."""
    roles = [tag for tag in cell.metadata.get("tags", []) if tag in ROLES]
    return roles[0] if roles else None


def _mark_cells(cells, path):
    """Write the nbgrader metadata of all cells, pairing each check with the answer cell before it."""
    answer, taken, manual = None, {}, 0
    for number, cell in enumerate(cells, start=1):
        where = f"{path.name}, cell {number} ({_first_line(cell)})"
        options = _read_tags(cell, where)
        role = role_of(cell)
        if role == "answer":
            _refuse_unchecked(answer)
            _require_region(cell, where)
            answer = {"cell": cell, "where": where, "names": []}
        elif role in CHECKS:
            question = _mark_check(cell, role, options, answer, where)
            _take(question, taken, where)
        elif role == "manual":
            manual += 1
            lesson = path.stem.partition("_")[0]
            question = options.get("id") or f"l{lesson}-manual-{manual}"
            _mark(cell, question, grade=True, solution=True, points=_points(options, where))
            _take(question, taken, where)
        elif role == "student":
            cell.metadata["deletable"] = False
        elif cell.cell_type == "code":
            if BEGIN in cell.source:
                raise LessonError(f"{where}: a cell with a solution needs the tag answer or manual.")
            _refuse_unchecked(answer)
            answer = None
    _refuse_unchecked(answer)


def _mark_check(cell, role, options, answer, where):
    if answer is None:
        raise LessonError(f"{where}: the check has no answer cell before it.")
    question, names = _call(cell, where)
    if not answer["names"]:
        _mark(answer["cell"], f"{question}-answer", solution=True)
    _insert_unanswered(answer["cell"], [name for name in names if name not in answer["names"]])
    answer["names"] += names
    if role == "check":
        _mark(cell, question, grade=True, locked=True, points=_points(options, where))
    else:
        _mark(cell, question, locked=True)
    return question


def _mark(cell, grade_id, *, grade=False, solution=False, locked=False, points=None):
    entries = {
        "cell_type": cell.cell_type,
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    cell.metadata["nbgrader"] = entries if points is None else {**entries, "points": points}


def _read_tags(cell, where):
    """Return the options among the tags (points, id) and keep the plain tags in the cell."""
    tags, options, plain_tags = cell.metadata.get("tags", []), {}, []
    for tag in tags:
        name, equals, value = str(tag).partition("=")
        if equals and name in ("points", "id"):
            options[name] = value
        elif tag in ROLES + OTHER_TAGS:
            plain_tags.append(tag)
        else:
            valid = ", ".join(ROLES + OTHER_TAGS)
            raise LessonError(f'{where}: the tag "{tag}" is unknown. Valid tags: {valid}, points=…, id=….')
    if sum(tag in ROLES for tag in plain_tags) > 1:
        raise LessonError(f"{where}: a cell has one role, not {', '.join(plain_tags)}.")
    if plain_tags:
        cell.metadata["tags"] = plain_tags
    return options


def _points(options, where):
    try:
        points = float(options["points"])
    except (KeyError, ValueError):
        raise LessonError(f"{where}: a graded cell needs its points as a tag, such as points=2.") from None
    if not 0 < points < 1000:
        raise LessonError(f"{where}: the points must lie between 0 and 1000, not {points:g}.")
    return int(points) if points == int(points) else points


def _call(cell, where="cell"):
    """Read ``check("id", name, …)``: the id and the names checked."""
    wrong = LessonError(
        f'{where}: a check cell holds one call, check("question-id", name), and nothing else.'
    )
    try:
        (statement,) = ast.parse(cell.source).body
        call = statement.value
        first, *rest = call.args
        names = [argument.id for argument in rest]
        fine = isinstance(statement, ast.Expr) and call.func.id == "check" and isinstance(first.value, str)
    except (SyntaxError, ValueError, AttributeError):
        raise wrong from None
    if not fine or len(names) != 1 or call.keywords:
        raise wrong
    return first.value, names


def _insert_unanswered(cell, names):
    """Put ``name = ...`` before the solution, so that a blank lesson runs and hands in "not answered"."""
    lines = cell.source.split("\n")
    place = next(number for number, line in enumerate(lines) if BEGIN in line)
    given = _assigned("\n".join(lines[:place]))
    new = [f"{name} = ..." for name in names if name not in given]
    cell.source = "\n".join(lines[:place] + new + lines[place:])


def _assigned(code):
    """List the names that code binds, as in ``_, axes = plt.subplots()``."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # an open bracket before the solution
        return set()
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def _require_region(cell, where):
    lines = [line.strip() for line in cell.source.split("\n")]
    if lines.count(BEGIN) != 1 or lines.count(END) != 1 or lines.index(BEGIN) > lines.index(END):
        raise LessonError(f"{where}: an answer cell needs one line {BEGIN} and, after it, one line {END}.")


def _refuse_unchecked(answer):
    if answer and not answer["names"]:
        raise LessonError(f"{answer['where']}: this answer cell has no check or practice cell after it.")


def _take(question, taken, where):
    if question in taken:
        raise LessonError(f'{where}: the question id "{question}" is already used in {taken[question]}.')
    taken[question] = where


def _compare_with_bank(cells, known, path):
    """Refuse a lesson whose checks and whose questions in the bank are not the same."""
    for role, practice in (("check", False), ("practice", True)):
        asked = {checked_question(cell) for cell in cells if role_of(cell) == role}
        in_bank = {id for id, question in known.items() if question.practice == practice}
        kind = "practice" if practice else "graded"
        if asked - in_bank:
            raise LessonError(
                f"{path.name}: the bank has no {kind} question {', '.join(sorted(asked - in_bank))}."
            )
        if in_bank - asked:
            raise LessonError(
                f"{path.name}: no {role} cell asks the {kind} question {', '.join(sorted(in_bank - asked))}."
            )


def _name_cells(cells, lesson):
    """Give every cell an id that depends on its contents only, so that a rebuild changes nothing."""
    taken = set()
    for cell in cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = name or hashlib.sha256(f"{lesson}\n{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        while name in taken:
            name += "x"
        taken.add(name)
        cell["id"] = name


def _first_line(cell):
    line = cell.source.split("\n")[0]
    return line if len(line) <= 40 else line[:39] + "…"
