"""Every hostile submission in one course, with honest classmates: real nbgrader, kernels, processes, SQLite."""

import hashlib
import importlib.util
import shutil

import hostile
import pytest
from hostile import ATTACKS, HONEST, LESSON, QUESTIONS

from grader import classroom
from grader.course import folder, open_course
from grader.gradebook import read_class
from grader.report import write_report

pytestmark = [
    # SQLAlchemy and nbclient warn about nbgrader's and their own code, which is not ours to change.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

ISOLATED = importlib.util.find_spec("grader.plugins.sandbox") is not None and shutil.which("bwrap") is not None
RUN = [name for name, attack in ATTACKS.items() if ISOLATED or not attack.sandbox]


def prints(root):
    """Take a fingerprint of every file that no submission may change."""
    files = [root / "nbgrader_config.py", *(root / "source").rglob("*.ipynb")]
    files += [path for student in HONEST for path in (root / "submitted" / student).rglob("*.ipynb")]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None for path in files}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course folder after grading; tests only read it."""
    hostile.register()
    root = tmp_path_factory.mktemp("course")
    hostile.make_course(root)
    classroom.release(LESSON, root=root)
    hostile.hand_in_honest(root)
    for name in RUN:
        hostile.hand_in(root, ATTACKS[name])
    before = prints(root)
    with classroom.local_cluster(2) as client:
        client.register_plugin(hostile.Bank())
        classroom.grade(LESSON, root=root, client=client)
        classroom.feedback(LESSON, root=root, client=client)
    write_report(LESSON, root=root)
    return root, before


@pytest.fixture(scope="module")
def found(course):
    return {item.student: item for item in read_class(open_course(course[0]), LESSON).submissions}


@pytest.mark.parametrize("name", RUN)
def test_it_gets_its_mark_and_its_sentence(name, found):
    attack, submission = ATTACKS[name], found[name]
    if not attack.marks:
        assert submission.status == "unreadable" and attack.says in submission.note
        return
    assert submission.status == "graded", submission.note
    says = submission.verdicts[attack.where].message
    assert (tuple(submission.marks[id] for id in QUESTIONS), attack.says in says) == (attack.marks, True), says


@pytest.mark.parametrize("student", HONEST)
def test_honest_classmates_keep_their_marks(student, found):
    assert tuple(found[student].marks[id] for id in QUESTIONS) == HONEST[student][1]


def test_nothing_of_the_course_was_changed(course):
    root, before = course
    assert prints(root) == before


@pytest.mark.parametrize("name", [name for name in RUN if ATTACKS[name].absent])
def test_nothing_runs_on_the_pages(name, course):
    root, _ = course
    page = (folder(open_course(root), "feedback", name, LESSON) / f"{LESSON}.html").read_text()
    report = (root / "reports" / f"{LESSON}.html").read_text()
    for part in ATTACKS[name].absent:
        assert part not in page and part not in report


def test_the_corpus_is_large_and_says_what_it_does():
    assert len(ATTACKS) >= 60
    assert sum(attack.wrong for attack in ATTACKS.values()) >= 25
    for attack in ATTACKS.values():
        assert attack.about.endswith(".") and len(attack.about) < 130
        assert attack.wrong <= (sum(attack.marks) in (0, 4)), "wrong answers get nothing"
