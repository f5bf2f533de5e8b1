"""One list says what a mark depends on: whatever changes on it makes marks and kept answers stale."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets.config import Config, LazyConfigValue

from grader.author.build import lesson_names
from grader.course import files
from grader.course.course_folder import open_course
from grader.course.repository import ROOT
from grader.grade.fingerprint import REASONS, grader_print, reason, steps_of
from grader.judge import depends
from grader.judge.depends import COMPUTE, files_behind, lesson_modules, print_of_all
from grader.judge.reference_cache import bank_digest
from grader.sandbox.execute import SturdyExecute

pytestmark = pytest.mark.long(60)

LESSON = "05_bayesian_fits"  # its tolerances come from `monte_carlo`
SAME = {"submission": "as before", "lesson": "as before"}


@pytest.fixture(scope="module")
def app():
    return open_course(ROOT / "course")


@pytest.fixture(autouse=True)
def fresh():
    """Let every fingerprint be computed anew, and forget those of a test that pretends."""
    print_of_all.cache_clear()
    yield
    print_of_all.cache_clear()


@pytest.fixture
def change(monkeypatch):
    """Pretend that the contents of one file are others."""
    monkeypatch.setattr(depends, "files_behind", cache(depends.files_behind))  # the imports stay as they are
    prints = {}

    def known(path):
        if path not in prints:
            prints[path] = files.hashlib.sha256(path.read_bytes()).hexdigest()
        return prints[path]

    def changed(path):
        monkeypatch.setattr(files, "file_print", lambda other: "new" if other == path else known(other))
        print_of_all.cache_clear()

    return changed


def test_the_steps_are_those_that_the_course_names():
    def named(**settings):
        return steps_of(SimpleNamespace(config=Config(Autograde=Config(settings))))

    later = LazyConfigValue()
    later.append("grader.intake.mending.RepairCells")
    assert named() == []
    assert named(exporter_class="grader.intake.mending.SubmissionExporter") == ["grader.intake.mending"]
    assert named(autograde_preprocessors=[SturdyExecute, "nbgrader.preprocessors.LimitOutput"]) == [
        "grader.sandbox.execute"
    ]
    assert named(sanitize_preprocessors=later) == ["grader.intake.mending"]


def test_every_lesson_has_its_questions_on_the_list():
    assert [lesson_modules(name) for name in lesson_names()] == [
        [f"grader.bank.l{name}"] for name in lesson_names()
    ]
    assert lesson_modules() == [f"grader.bank.l{name}" for name in lesson_names()]


def test_each_file_on_the_list_makes_marks_stale(app, change):
    listed = files_behind(*steps_of(app), *lesson_modules(LESSON))
    assert {"grader/bank/monte_carlo.py", "grader/judge/judging.py", "grader/intake/repair.py"} <= set(listed)
    assert {"mlmkit/data/king_county.csv.gz", "mlmkit/__init__.py"} <= set(listed)
    assert "grader/sandbox/client.py" in listed  # named in a string, for traitlets to import
    before = grader_print(app, LESSON)
    for name, path in listed.items():
        change(path)
        assert grader_print(app, LESSON) != before, name
        assert (
            reason({**SAME, "grader": before}, {**SAME, "grader": grader_print(app, LESSON)})
            == REASONS["grader"]
        )
    change(Path("nothing"))
    assert grader_print(app, LESSON) == before


def test_each_file_that_decides_what_is_right_makes_kept_answers_stale(change):
    listed = files_behind("grader.judge.references", *lesson_modules())
    assert {f"grader/bank/l{name}.py" for name in lesson_names()} <= set(listed)
    assert {"grader/bank/monte_carlo.py", "grader/bank/reference_fits.py"} <= set(listed)
    change(Path("nothing"))
    before = bank_digest()
    for name, path in listed.items():
        change(path)
        assert bank_digest() != before, name


def test_what_cannot_matter_makes_nothing_stale(app):
    listed = set(files_behind(*steps_of(app), *lesson_modules(LESSON)))
    rooms = {name.split("/")[1] for name in listed if name.startswith("grader/")}
    assert not rooms & {"author", "marks", "pages", "classroom", "demo", "commands", "__main__.py"}
    assert "grader/bank/l01_pooling.py" not in listed
    assert "grader/judge/judging.py" not in files_behind("grader.judge.references", *lesson_modules())


@pytest.mark.parametrize("package", COMPUTE)
def test_another_version_of_what_computes_makes_both_stale(app, package, monkeypatch):
    before = grader_print(app, LESSON), bank_digest()
    print_of_all.cache_clear()
    real = depends.version
    monkeypatch.setattr(depends, "version", lambda name: "0.1" if name == package else real(name))
    assert grader_print(app, LESSON) != before[0] and bank_digest() != before[1]


def test_a_copy_of_the_tree_has_the_same_fingerprint_until_a_file_is_edited(tmp_path):
    code = "from grader.judge.depends import *; print(print_of_all('grader.judge', *lesson_modules()))"
    copied = 'cp -r grader mlmkit $0 && cd $0 && $1 -c "$2"'
    first = run_in(ROOT, [sys.executable, "-c", code])
    assert run_in(ROOT, ["sh", "-c", copied, str(tmp_path), sys.executable, code]) == first
    with (tmp_path / "grader" / "bank" / "monte_carlo.py").open("a") as file:
        file.write("TIMES = 6.0\n")
    assert run_in(tmp_path, [sys.executable, "-c", code]) != first


JUDGE_EACH_KIND = """
import json, sys

opened = set()
sys.addaudithook(lambda event, about: event == "open" and opened.add(str(about[0])))

from grader import bank
from grader.bank import questions
from grader.judge import judge, references
from mlmkit.answers.kinds import Kind
from mlmkit.data import data_fingerprint

named = {name: getattr(bank, name) for name in bank.__all__}
kinds = {name for name, thing in named.items() if isinstance(thing, type) and issubclass(thing, Kind)}
wanted = kinds - {"Model"}  # no lesson asks for a fit yet
own, statuses = data_fingerprint(references.homes("ada")), {}
for id, question in questions().items():
    if question.practice or not wanted - statuses.keys():
        continue
    kind = references.expected(question, "ada")
    if type(kind).__name__ not in statuses:
        payload = {"question": id, "answer": 1.0, "data": own}
        statuses[type(kind).__name__] = judge(id, payload, student="ada", max_points=1).status
        judge(id, None, student="ada", max_points=1)
files = {module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)}
print(json.dumps([statuses, sorted(wanted), sorted(files | opened)]))
"""


@pytest.mark.parametrize("entry", ["judge", "steps"])
def test_whatever_is_loaded_and_read_is_on_the_list(app, entry):
    if entry == "judge":
        listed = files_behind("grader.judge", *lesson_modules())
        statuses, wanted, used = json.loads(run_in(ROOT, [sys.executable, "-c", JUDGE_EACH_KIND]))
        assert sorted(statuses) == wanted
    else:
        listed = files_behind(*steps_of(app), *lesson_modules())
        load = f"import json, sys, grader.bank, {', '.join(steps_of(app))}; grader.bank.questions()\n"
        tell = "print(json.dumps([getattr(m, '__file__', None) or '' for m in sys.modules.values()]))"
        used = json.loads(run_in(ROOT, [sys.executable, "-c", load + tell]))
    ours = {path for path in used if Path(path).is_relative_to(ROOT) and path.startswith(OURS)}
    assert len(ours) > 30
    assert {path for path in ours if not path.endswith(".pyc")} <= set(map(str, listed.values()))


OURS = tuple(f"{ROOT}/{package}/" for package in ("grader", "mlmkit"))


def run_in(folder, command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
