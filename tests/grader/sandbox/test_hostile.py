"""Every hostile submission in one course, with honest classmates: real nbgrader, kernels, SQLite."""

import hashlib
from collections import Counter
from html.parser import HTMLParser

import hostile
import pytest
from hostile import ATTACKS, HONEST, LESSON, QUESTIONS

from grader import classroom
from grader.course.course_folder import folder, open_course
from grader.marks.gradebook import read_class
from grader.pages.feedback_page import TEMPLATES
from grader.pages.report import write_report
from grader.sandbox.jail import why_not

pytestmark = [
    pytest.mark.long(210),
    pytest.mark.machine,
    # SQLAlchemy and nbclient warn about nbgrader's and their own code, which is not ours to change.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

# No "none": an attack that the sandbox has to stop never runs without it. Less memory: taking it takes time.
SETTINGS = """
c.SandboxProvisioner.isolation = ["bubblewrap"]
c.SandboxProvisioner.memory = 1024
c.SturdyExecute.timeout = 8
"""
RUN = [
    pytest.param(
        name,
        marks=[pytest.mark.slow] * attack.slow + [pytest.mark.needs_bwrap] * (attack.needs == "sandbox"),
    )
    for name, attack in ATTACKS.items()
]


def prints(root):
    """Take a fingerprint of every file that no submission may change."""
    files = [root / "nbgrader_config.py", *(root / "source").rglob("*.ipynb")]
    files += [path for student in HONEST for path in (root / "submitted" / student).rglob("*.ipynb")]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None for path in files}


@pytest.fixture(scope="module")
def course(request, tmp_path_factory):
    """The course folder after grading the attacks that this run asks for; tests only read it."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {item.callspec.params["name"] for item in mine if "name" in item.callspec.params}
    if why_not():
        asked = {name for name in asked if ATTACKS[name].needs != "sandbox"}
    hostile.register()
    root = tmp_path_factory.mktemp("course")
    hostile.make_course(root, settings="" if why_not() else SETTINGS)
    classroom.release(LESSON, root=root)
    hostile.hand_in_honest(root)
    for name in sorted(asked):
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
    assert (tuple(submission.marks[id] for id in QUESTIONS), attack.says in says) == (attack.marks, True), (
        says
    )


@pytest.mark.parametrize("student", HONEST)
def test_honest_classmates_keep_their_marks(student, found):
    assert tuple(found[student].marks[id] for id in QUESTIONS) == HONEST[student][1]


def test_nothing_of_the_course_was_changed(course):
    root, before = course
    assert prints(root) == before


TAGS = {"script", "iframe", "object", "embed", "base", "meta", "link", "style", "svg", "form", "input"}


class Dangers(HTMLParser):
    """Counts what runs, loads, covers the page or poses as the grader."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def handle_starttag(self, tag, attrs):
        self.found[tag] += tag in TAGS
        for name, value in attrs:
            value = (value or "").strip().lower()
            self.found[name] += name.startswith("on") or name in ("srcdoc", "formaction")
            self.found["address"] += name in ("src", "href") and not value.startswith(
                ("#", "data:image", "../")
            )
            self.found["verdict"] += name == "class" and "mlm-" in value


def dangers(page):
    parser = Dangers()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("name", RUN)
def test_nothing_runs_on_the_feedback_page(name, course):
    app = open_course(course[0])
    if not ATTACKS[name].marks:
        return
    page, *honest = (
        (folder(app, "feedback", student, LESSON) / f"{LESSON}.html").read_text(encoding="utf-8")
        for student in (name, *HONEST)
    )
    found, allowed = dangers(page), dangers(honest[0])
    allowed["verdict"] = allowed["verdict"] // 3 * 4  # a wrong answer has a sentence, too
    assert found <= allowed
    assert len(page) < 12_000_000


def test_nothing_runs_on_the_class_report_and_nothing_in_it_is_unprintable(course, found):
    page = (course[0] / "reports" / f"{LESSON}.html").read_text(encoding="utf-8")
    found_there = dangers(page)
    assert not {"iframe", "form"} & set(+found_there)
    assert (found_there["script"], found_there["address"]) == (1, 2)  # ours, and its CSV and JSON files
    assert (TEMPLATES / "sorting.js").read_text(encoding="utf-8") in page
    assert not [letter for letter in page if ord(letter) < 32 and letter not in "\n\t"]
    for submission in found.values():
        assert submission.note.isprintable()
        assert all(verdict.message.isprintable() for verdict in submission.verdicts.values())


def test_the_corpus_is_large_and_says_what_it_does():
    assert len(ATTACKS) >= 60
    assert sum(attack.wrong for attack in ATTACKS.values()) >= 25
    for attack in ATTACKS.values():
        assert attack.about.endswith(".") and len(attack.about) < 130
    assert all(attack.marks in ((), (0, 0, 0)) for attack in ATTACKS.values() if attack.wrong)
