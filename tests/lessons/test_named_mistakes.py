"""Every named mistake of every lesson, handed in by a student and graded by nbgrader on that student's data.

Student m1 answers each graded question with the first usable mistake of the bank, m2 with the second, and
so on. The notebooks go through the class's own release and autograding, kernels included.
"""

import nbformat
import pytest

from grader import classroom
from grader.author.build import lesson_names, write_source
from grader.author.tagged_lesson import checked_question, role_of
from grader.bank import get, questions
from grader.course.course_folder import folder, open_course
from grader.demo.running import make_folder
from grader.grade.verdicts import read_verdicts
from grader.judge import judge, references
from mlmkit.answers.kinds import Draws, Figure, TableAnswer
from mlmkit.data import data_fingerprint

pytestmark = [
    pytest.mark.slow,  # up to ten notebooks a lesson, each with a kernel of its own
    # SQLAlchemy and nbclient warn about nbgrader's and their own code, which is not ours to change.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


@pytest.mark.parametrize("lesson", lesson_names())
def test_each_mistake_gets_its_sentence_and_its_credit(lesson, tmp_path):
    graded = [id for id, question in questions(lesson).items() if not question.practice]
    students = [f"m{k + 1}" for k in range(max(len(references.expected(id, "m1").mistakes) for id in graded))]
    make_folder(tmp_path)
    write_source(lesson, tmp_path)
    classroom.release(lesson, root=tmp_path)
    app = open_course(tmp_path)
    released = nbformat.read(folder(app, "release", ".", lesson) / f"{lesson}.ipynb", as_version=4)
    points = _points(released)
    assert set(points) == set(graded)
    problems = []
    for place, student in enumerate(students):
        hand_in = folder(app, "submitted", student, lesson) / f"{lesson}.ipynb"
        hand_in.parent.mkdir(parents=True)
        nbformat.write(_work(released, student, place), hand_in)
        # The task that each grading process runs; in this process, the reference fits are shared.
        outcome = classroom.grade_student(lesson, str(tmp_path), student)
        assert outcome.status == "done", outcome.message
        notebook = nbformat.read(folder(app, "autograded", student, lesson) / hand_in.name, as_version=4)
        verdicts = read_verdicts(notebook)
        for id in graded:
            mistakes = references.expected(id, student).usable_mistakes
            if place < len(mistakes):
                verdict = _judge_draws(id, student, place, points[id]) or verdicts[id]
                problems += _differences(verdict, mistakes[place], points[id], student)
    assert not problems, "\n".join(problems)


def _points(notebook):
    checks = [cell for cell in notebook.cells if role_of(cell) == "check"]
    return {checked_question(cell): cell.metadata.nbgrader["points"] for cell in checks}


def _work(released, student, place):
    """Fill in the lesson; of its other cells, only imports, data and nbgrader's cells are kept, for speed."""
    work = nbformat.from_dict(released)
    for cell, check in zip(released.cells, [*released.cells[1:], None], strict=True):
        if role_of(cell) == "student":
            work.cells[released.cells.index(cell)].source = f'STUDENT = "{student}"'
        elif role_of(cell) == "answer" and role_of(check) == "check":
            code = _answer_code(checked_question(check), student, place)
            if code is not None:
                name = check.source.rpartition(",")[2].strip(" )\n")
                work.cells[released.cells.index(cell)].source = code.replace("ANSWER", name)
    work.cells = [
        cell
        for cell in work.cells
        if "nbgrader" in cell.metadata or role_of(cell) == "student" or "homes_for" in cell.source
    ]
    return work


def _answer_code(id, student, place):
    """Write code that hands in one mistake; None if the question has fewer, or asks for draws."""
    kind = references.expected(id, student)
    if place >= len(kind.usable_mistakes) or isinstance(kind, Draws):
        return None
    value = kind.answer_with(kind.usable_mistakes[place].value)
    if isinstance(kind, Figure):
        return _figure_code(value.axes[0])
    if isinstance(value, TableAnswer):
        return f"import pandas as pd\nANSWER = pd.DataFrame({value.values}, {value.index}, {value.columns})"
    if isinstance(value, dict):
        return f"import pandas as pd\nANSWER = pd.Series({value})"
    return f"ANSWER = {value!r}"


def _figure_code(panel):
    draw = {"line": "plot", "points": "scatter", "bars": "bar"}
    lines = ["import matplotlib.pyplot as plt", "_, ANSWER = plt.subplots()"]
    lines += [f"ANSWER.{draw[m.type]}({list(map(float, m.x))}, {list(map(float, m.y))})" for m in panel.marks]
    lines += [f"ANSWER.set(xlabel={panel.xlabel!r}, ylabel={panel.ylabel!r})"]
    lines += [f"ANSWER.set(xscale={panel.xscale!r}, yscale={panel.yscale!r})"]
    for side, ticks in (("x", panel.xticks), ("y", panel.yticks)):
        if ticks:
            places, names = zip(*ticks, strict=True)
            lines.append(f"ANSWER.set_{side}ticks({list(map(float, places))}, {list(names)})")
    lines += [f"ANSWER.text(0.5, 0.5, {word!r}, transform=ANSWER.transAxes)" for word in panel.legend]
    return "\n".join(lines)


def _judge_draws(id, student, place, points):
    """Judge draws directly: a mistake is known by mean, sd and quantiles, and these are what travels."""
    kind = references.expected(id, student)
    if not isinstance(kind, Draws):
        return None
    columns = kind.answer_with(kind.usable_mistakes[place].value).columns
    packed = {
        label: [s.count, s.not_finite, s.mean, s.sd, s.ess, 1.0, *s.quantiles] for label, s in columns.items()
    }
    own = data_fingerprint(references.homes(student)) if "homes" in get(id).needs else None
    payload = {"question": id, "answer": {"draws": packed}, "data": own}
    return judge(id, payload, student=student, max_points=points)


def _differences(verdict, mistake, points, student):
    names = (verdict.mistake or "").split(" or ")  # two mistakes may explain one answer
    worth = mistake.credit * points
    fair = verdict.score == pytest.approx(worth) if len(names) == 1 else verdict.score >= worth
    if verdict.status == "mistake" and mistake.name in names and fair and mistake.says in verdict.message:
        return []
    found = (verdict.status, verdict.mistake, verdict.score)
    return [f"{student}, {verdict.question}: {found} {verdict.message!r}, not {mistake.name!r}."]
