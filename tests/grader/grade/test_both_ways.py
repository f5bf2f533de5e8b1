"""The lecture run once for all, or for each: equal marks, sentences and outputs."""

import shutil

import nbformat
import pytest
from both_ways import told
from broken import FAULTS, Bank, make_course
from broken import LESSON as SMALL

from grader import classroom
from grader.author.build import write_source
from grader.course.course_folder import open_course
from grader.demo.running import hand_in, make_folder
from grader.demo.sample_class import LESSON, SAMPLE_CLASS
from grader.grade import whole_class
from grader.grade.saved_marks import auto_marks
from grader.sandbox.run_notes import way_of

pytestmark = [
    pytest.mark.long(200),
    pytest.mark.needs_bwrap,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


def sample_class(root):
    """Hand in as the twelve sample students do."""
    make_folder(root)
    write_source(LESSON, root)
    classroom.release(LESSON, root=root)
    hand_in(root, SAMPLE_CLASS)
    classroom.collect(LESSON, root=root)
    return LESSON


def broken_class(root):
    """Hand in what is broken, each in its own way."""
    make_course(root)
    classroom.release(SMALL, root=root)
    for fault in FAULTS.values():
        fault.hand_in(root)
    return SMALL


@pytest.fixture(scope="module", params=[sample_class, broken_class], ids=["sample", "broken"])
def graded(request, tmp_path_factory):
    """Both ways: marks, and what is seen of each notebook; and how many took the short one."""
    root, found = tmp_path_factory.mktemp("both"), []
    lesson = request.param(root)
    with pytest.MonkeyPatch.context() as patch, classroom.local_cluster(2) as client:
        patch.setattr(whole_class, "FEW", 0)
        client.register_plugin(Bank())
        for full in (False, True):
            classroom.grade(lesson, root=root, client=client, full=full, force=True)
            app = open_course(root)
            seen, short = {}, 0
            for path in sorted((root / "autograded").glob(f"*/{lesson}/{lesson}.ipynb")):
                notebook = nbformat.read(path, as_version=4)
                short += way_of(notebook) is None
                seen[path.parts[-3]] = told(notebook)
            found.append((auto_marks(app, lesson), seen, short))
            shutil.rmtree(root / "autograded")
    return found


def test_the_short_way_is_taken_where_it_can_be(graded):
    (_, seen, short), (_, _, long) = graded
    assert long == 0
    assert short >= len(seen) / 2


def test_marks_are_equal(graded):
    assert graded[0][0] == graded[1][0]


def test_everybodys_notebook_shows_the_same(graded):
    short, long = graded[0][1], graded[1][1]
    assert short.keys() == long.keys()
    differ = [
        (student, one[0][:60], str(one[1:])[:300], str(other[1:])[:300])
        for student in short
        for one, other in zip(short[student][0], long[student][0], strict=True)
        if one != other
    ]
    assert not differ
    assert {student: pair[1] for student, pair in short.items()} == {
        student: pair[1] for student, pair in long.items()
    }
