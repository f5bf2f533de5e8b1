"""What is installed: `mlmkit` for students, without a line of the grader; `mlmkit-grader` for instructors."""

import json
import re
import subprocess
from email.parser import BytesParser
from pathlib import Path

import plain_run
import pytest
from distributions import (
    FOLDERS,
    PYPROJECTS,
    ROOT,
    build,
    copy_repository,
    environment,
    files_of,
    repository_files,
)
from plain_run import cells_of

import mlmkit
from grader.author.build import lesson_names
from grader.author.leaks import expected_numbers, leaks_in

pytestmark = pytest.mark.long(40)

VERSION = mlmkit.__version__
METADATA = {"METADATA", "WHEEL", "RECORD", "top_level.txt", "entry_points.txt", "licenses/LICENSE"}
ARCHIVE = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The three archives."""
    source, target = (tmp_path_factory.mktemp(name) for name in ("source", "dist"))
    copy_repository(source)
    return {
        "wheel": build("wheel", source, target),
        "sdist": build("sdist", source, target),
        "grader": build("wheel", source / "grader", target),
    }


def of_folder(folder):
    """List the files of a folder that its wheel should hold."""
    other = {f"{folder}/{name}" for name in ("pyproject.toml", "README.md", "LICENSE")}
    return set(repository_files(folder)) - other


def metadata(wheel):
    return BytesParser().parsebytes(next(b for n, b in files_of(wheel).items() if n.endswith("/METADATA")))


def test_the_wheel_holds_mlmkit_and_nothing_else(built):
    info = f"mlmkit-{VERSION}.dist-info/"
    jupyter = f"mlmkit-{VERSION}.data/data/etc/jupyter/jupyter_server_config.d/mlmkit.json"
    assert set(files_of(built["wheel"])) == of_folder("mlmkit") | {jupyter} | {
        info + name for name in METADATA - {"entry_points.txt"}
    }
    (module,) = json.loads(files_of(built["wheel"])[jupyter])["ServerApp"]["jpserver_extensions"]
    assert module.replace(".", "/") + ".py" in files_of(built["wheel"])
    suffixes = {path.suffix for path in map(Path, of_folder("mlmkit"))}
    assert suffixes == {".py", ".pyi", ".typed", ".md", ".gz", ".txt", ".json"}
    scripts = [name for name in of_folder("mlmkit") if "/make_" in name]
    assert not scripts, "scripts that made the data belong beside their test"


def test_the_archive_of_the_sources_holds_mlmkit_and_nothing_else(built):
    found = {name for name in files_of(built["sdist"]) if not name.startswith("mlmkit.egg-info/")}
    assert found == of_folder("mlmkit") | ARCHIVE


def test_the_graders_wheel_holds_every_file_of_the_grader(built):
    found = set(files_of(built["grader"]))
    info = f"mlmkit_grader-{VERSION}.dist-info/"
    assert found == of_folder("grader") | {info + name for name in METADATA}
    assert {"grader/bank/l01_pooling.py", "grader/pages/templates/page.css"} <= found
    entry = files_of(built["grader"])[info + "entry_points.txt"].decode()
    assert re.search(r"kernel_provisioners\]\s+mlmkit-sandbox = grader\.sandbox\.provisioner:", entry)


def test_there_is_one_version_number(built):
    assert metadata(built["wheel"])["Version"] == metadata(built["grader"])["Version"] == VERSION
    assert f"mlmkit[bayes,course]=={VERSION}" in metadata(built["grader"]).get_all("Requires-Dist")
    assert re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == VERSION
    assert set(re.findall(r"mlmkit-(\d+\.\d+\.\d+)", (ROOT / "README.md").read_text())) == {VERSION}
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_both_want_the_same_python():
    assert len({PYPROJECTS[name]["project"]["requires-python"] for name in FOLDERS}) == 1


def test_no_answer_of_a_graded_question_lies_in_what_students_install(built):
    texts = {}
    for archive in (built["wheel"], built["sdist"]):
        made = (".gz", "RECORD")  # the sizes of files in RECORD meet an answer by chance
        texts |= {name: body.decode() for name, body in files_of(archive).items() if not name.endswith(made)}
    for lesson in lesson_names():
        numbers = expected_numbers(lesson, "ana")
        said = "; ".join(f"the answer is {value:.9g}" for _, value in numbers)
        assert leaks_in(said, numbers, [])  # one would be seen: numbers of few digits are none
        leaks = [leak for name, text in texts.items() for leak in leaks_in(text, numbers, [], file=name)]
        assert not [str(leak) for leak in leaks]


# Installed ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The Python of an environment into which only the wheel was installed, without extras."""
    return environment(tmp_path_factory.mktemp("student") / "env", built["wheel"])


def run(python, *command, folder):
    return subprocess.run([python, "-P", *command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_students_python_knows_no_grader_and_needs_no_extra(installed, tmp_path):
    for name in ("grader", "numba", "pymc", "arviz_stats", "IPython", "jupyter_client"):
        found = run(installed, "-c", f"import mlmkit, {name}", folder=tmp_path)
        assert f"ModuleNotFoundError: No module named '{name}'" in found.stderr


@pytest.mark.slow
def test_lesson_01_runs_where_only_the_wheel_is_installed(installed, tmp_path):
    lesson = json.loads((ROOT / "lessons" / "01_pooling.ipynb").read_text())
    cells = [cell for cell in cells_of(lesson, "ada") if not cell["graded"]]
    assert 30 < len(cells) < len(cells_of(lesson, "ada"))
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    for key in (ROOT / "lessons").glob("*.practice.json"):
        (tmp_path / key.name).write_bytes(key.read_bytes())
    done = run(installed, plain_run.__file__, "cells.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert not result["failed"]
    assert any("713204.24 195580.93" in text for text in result["shown"].values())


@pytest.mark.slow
def test_what_needs_an_extra_says_how_to_install_it(installed, tmp_path):
    code = """
from mlmkit import *
fit = stan_glmer("price ~ (1 | zipcode)", load_seattle(), seed=1)
print(fit.method, len(fit.draws), fit.diagnostics().ok)
for what in (
    lambda: stan_glmer("price ~ (1 | zipcode)", load_seattle(), method="nuts"),
    lambda: fit.to_pymc(),
    lambda: fit.idata,
    lambda: prior_sensitivity(fit),
):
    try:
        what()
    except ModuleNotFoundError as error:
        print(error)
"""
    done = run(installed, "-c", code, folder=tmp_path)
    install = "pip install 'mlmkit[bayes]'."
    assert done.stdout.splitlines() == [
        "exact 4000 True",
        f"NUTS needs PyMC and nutpie: {install}",
        f"to_pymc() needs PyMC: {install}",
        f"idata needs ArviZ: {install}",
        f"prior_sensitivity() needs ArviZ: {install}",
    ], done.stderr
