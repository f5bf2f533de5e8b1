"""mlmkit with the lowest versions that it declares, on the lowest Python."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from distributions import PYPROJECTS, copy_repository, environment, install

MLMKIT, GRADER = (PYPROJECTS[name]["project"] for name in ("mlmkit", "mlmkit-grader"))
EXTRAS = MLMKIT["optional-dependencies"]
# What PyMC and ArviZ do is written for their present versions, and those want present versions of the rest.
NEEDS_BAYES = re.compile(r"pymc|nuts|arviz|loo\(")


def lowest_python():
    """Find Python 3.12, or take the one that runs the tests."""
    version = re.search(r">=(3\.\d+)", MLMKIT["requires-python"])[1]
    uv = Path(sys.executable).with_name("uv")
    found = subprocess.run([uv, "python", "find", version], capture_output=True, text=True, check=False)
    return found.stdout.strip() or sys.executable


@pytest.mark.slow
def test_the_tests_of_mlmkit_pass_with_the_lowest_versions(tmp_path):
    repository = copy_repository(tmp_path / "repository")
    notebooks = [line for line in GRADER["dependencies"] if re.match("nb|ipykernel|jupyter", line)]
    notebooks = [line for line in notebooks if not line.startswith("nbgrader")]
    tests = PYPROJECTS["mlmkit"]["dependency-groups"]["test"]
    wanted = [*MLMKIT["dependencies"], *EXTRAS["fast"], *EXTRAS["course"], *notebooks, *tests]
    options = ["--resolution", "lowest-direct"]
    python = environment(tmp_path / "env", *wanted, python=lowest_python(), options=options)
    install(python, repository, options=["--no-deps", "--no-build-isolation", "--editable"])
    for line in MLMKIT["dependencies"]:
        name, bound = line.split(">=")
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
        assert version.strip().startswith(bound), f"{name}: {version} was installed, {bound} is declared"
    files = sorted((repository / "tests" / "mlmkit").rglob("test_*.py"))
    files = [str(path) for path in files if not NEEDS_BAYES.search(path.read_text())]
    assert len(files) > 25
    # Old releases warn about new ones of what they need.
    command = [python, "-m", "pytest", "-q", "-n", "2", "-o", "filterwarnings=default", *files]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
