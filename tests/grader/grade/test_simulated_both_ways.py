"""What simulated students answer, right and wrong, is judged alike both ways, in every lesson.

Six students hand in each lesson, with answers of `grader.author.students` written into its cells. It takes
20 to 40 minutes for all lessons on two cores; one lesson, such as ``-k 03_uncertainty``, one to four.
"""

import numbers
import os
from itertools import cycle, islice

import nbformat
import numpy as np
import pandas as pd
import pytest
from both_ways import told

from grader import classroom
from grader.author.build import lesson_names, write_source
from grader.author.students import answers_of
from grader.author.students.work import Work
from grader.bank import get
from grader.course.course_folder import open_course
from grader.demo.running import make_folder
from grader.demo.sample_class import SampleStudent, sample_notebook
from grader.grade import whole_class
from grader.grade.saved_marks import auto_marks
from grader.judge import references
from grader.sandbox.commute import is_the_same_each_time
from grader.sandbox.run_notes import way_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_bwrap,
    pytest.mark.filterwarnings("ignore"),  # students' ways to fit warn; nobody looks at that here
]

STUDENTS = 6
LONGEST = 60  # numbers that a student would type
TYPED = (np.ndarray, pd.Series, pd.DataFrame, list, tuple, dict)


def as_code(value):
    """Write an answer as a student could type it; None where nobody would."""
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    if isinstance(value, numbers.Real):
        return f"float('{float(value)}')"
    if not isinstance(value, TYPED) or np.size(value) > LONGEST:
        return None
    if isinstance(value, pd.DataFrame):
        columns = as_code({name: list(column) for name, column in value.items()})
        return columns and f"pd.DataFrame({columns}, index={list(map(str, value.index))})"
    if isinstance(value, pd.Series):
        inside = as_code(list(value))
        return inside and f"pd.Series({inside}, index={list(map(str, value.index))})"
    if isinstance(value, dict):
        parts = {str(name): as_code(part) for name, part in value.items()}
        inside = [f"{name!r}: {part}" for name, part in parts.items()]
        return None if None in parts.values() else f"{{{', '.join(inside)}}}"
    parts = [as_code(part) for part in value]
    return None if None in parts else f"[{', '.join(parts)}]"


def typed_answers(lesson, number):
    """Choose one student's answers: right ones and wrong ones, other ones for each student."""
    name = f"simulated{number:03}"
    work, found = Work(references.homes(name), number), {}
    for place, (id, function) in enumerate(answers_of(lesson).items()):
        if get(id).practice:
            continue
        values = [value for _, some in function(work) for value in some]
        start = (7 * number + 3 * place) % len(values)
        tried = islice(cycle(values), start, start + len(values))
        code = next((text for text in map(as_code, tried) if text), None)
        if code is not None and number:  # the first hands in the lesson's own solution
            found[id] = code
    references.forget()
    return SampleStudent(name, "simulated", answers=found)


@pytest.fixture(scope="module", params=lesson_names())
def graded(request, tmp_path_factory):
    """Both ways: marks, and what is seen of each notebook; and the reasons for the long way."""
    lesson, root, found = request.param, tmp_path_factory.mktemp("simulated"), []
    make_folder(root)
    write_source(lesson, root)
    classroom.release(lesson, root=root)
    source, released = (
        nbformat.read(root / step / lesson / f"{lesson}.ipynb", 4) for step in ("source", "release")
    )
    for number in range(STUDENTS):
        student = typed_answers(lesson, number)
        place = root / "submitted" / student.id / lesson
        place.mkdir(parents=True)
        nbformat.write(sample_notebook(student, source, released), place / f"{lesson}.ipynb")
    with pytest.MonkeyPatch.context() as patch, classroom.local_cluster(os.cpu_count() or 1) as client:
        patch.setattr(whole_class, "FEW", 0)
        for full in (False, True):
            classroom.grade(lesson, root=root, client=client, full=full, force=True)
            paths = sorted((root / "autograded").glob(f"*/{lesson}/{lesson}.ipynb"))
            notebooks = [nbformat.read(path, as_version=4) for path in paths]
            marks = auto_marks(open_course(root), lesson)
            found.append((marks, [told(notebook) for notebook in notebooks], list(map(way_of, notebooks))))
    return found


def test_most_take_the_short_way(graded):
    (_, _, ways), (_, _, long) = graded
    assert None not in long
    assert ways.count(None) >= STUDENTS / 2, ways


def test_marks_and_sentences_are_equal(graded):
    assert len(graded[0][0]) == STUDENTS
    assert graded[0][0] == graded[1][0]
    assert [sentences for _, sentences in graded[0][1]] == [sentences for _, sentences in graded[1][1]]


def test_cells_show_the_same(graded):
    differ = [
        ("".join(one[0])[:80], str(one[1:])[:300], str(other[1:])[:300])
        for (short, _), (long, _) in zip(graded[0][1], graded[1][1], strict=True)
        for one, other in zip(short, long, strict=True)
        if one != other and is_the_same_each_time("".join(one[0]))
    ]
    assert not differ
