"""All lessons, solutions included, in a Python compiled to WebAssembly: no threads, processes or network."""

import json
import re
import subprocess
from pathlib import Path

import plain_run
import pytest
from distributions import PYPROJECTS, ROOT, build, copy_repository, environment, install
from lesson_cells import LECTURE, check_practice, prepare

from grader.author.build import lesson_names

pytestmark = pytest.mark.slow

# formulaic and what it needs: the interpreter brings all else that mlmkit needs.
EXTRA = ("arviz", "nutpie", "pymc", "pytensor", "xarray")  # of `mlmkit[bayes]`: not there
NEEDS_EXTRA = re.compile(rf"ModuleNotFoundError: (No module named '({'|'.join(EXTRA)})|.*'mlmkit\[bayes\]')")
BESIDE = ("formulaic", "interface-meta", "narwhals", "wrapt")


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment that has the WebAssembly Python."""
    wanted = PYPROJECTS["mlmkit"]["dependency-groups"]["wasm"]
    return environment(tmp_path_factory.mktemp("wasm") / "env", *wanted)


@pytest.fixture(scope="module")
def site(python, tmp_path_factory):
    """A folder with mlmkit's wheel, unpacked, and the locked versions of what it needs there."""
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    wheel = build("wheel", copy_repository(source), wheels)
    lock = (ROOT / "requirements.txt").read_text()
    pins = [re.search(rf"^{name}==[^\s;]+", lock, re.M)[0] for name in BESIDE]
    install(python, wheel, *pins, options=["--no-deps", "--target", str(site)])
    return site


@pytest.mark.parametrize("lesson", lesson_names())
def test_the_lesson_runs_in_webassembly(lesson, python, site, tmp_path):
    cells = prepare(lesson, tmp_path)
    (tmp_path / "plain_run.py").write_bytes(Path(plain_run.__file__).read_bytes())
    command = [python, Path(__file__).with_name("wasm_run.py"), site, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["shown"]) == {cell["id"] for cell in cells}
    assert unexcused(result["failed"]) == []
    assert len(result["failed"]) <= 0.1 * len(cells)
    check_practice(result)
    if lesson == "01_pooling":
        assert any(LECTURE in text for text in result["shown"].values())


def unexcused(failed):
    """List last lines of failures that nothing excuses: a cell that needs `EXTRA`, and what uses that."""
    last = [trace.strip().splitlines()[-1] for trace in failed.values()]
    missing = [line for line in last if NEEDS_EXTRA.match(line)]
    later = [line for line in last if missing and line.startswith("NameError: name ")]
    return [line for line in last if line not in missing + later]
