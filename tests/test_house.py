"""The rules that keep the house in order: requirements, imports, style and commands."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_mlmkit_never_imports_grader():
    for path in (ROOT / "mlmkit").rglob("*.py"):
        assert "grader" not in set(imports_of(path)), path


def test_only_bayes_knows_pymc_and_arviz():
    bayesian = ("arviz", "pymc", "nutpie", "pytensor")  # prefixes: arviz_stats and arviz_base are ArviZ too
    for path in (ROOT / "mlmkit").rglob("*.py"):
        if "bayes" not in path.relative_to(ROOT).with_suffix("").parts:
            assert not [name for name in imports_of(path) if name.startswith(bayesian)], path


def test_a_fit_is_looked_into_through_its_solution_only():
    names = {"fit", "fits", "found", "sims", "solution", "posterior", "design", "model"}
    private = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value.id}.{node.attr}"
        for path in (ROOT / "mlmkit").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
        if node.attr.startswith("_") and not node.attr.startswith("__")
    ]
    assert not private


def test_importing_mlmkit_is_light():
    heavy = {
        "matplotlib",
        "seaborn",
        "scipy",
        "statsmodels",
        "pymc",
        "arviz",
        "numba",
        "formulaic",
        "IPython",
    }
    code = "import sys, mlmkit; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert not loaded & heavy


NOTHING_COMES_BACK = {"display", "set_alt_text", "check", "check_all", "hint", "regrade", "shrinkage_slider"}


def undocumented(thing, *, attribute=False):
    """List what a docstring lacks: an example, and for functions every parameter and what comes back."""
    text = thing.__doc__ or ""
    lacks = [] if ">>>" in text else ["an example"]
    if not inspect.isfunction(thing) or attribute:
        return lacks
    names = [name for name in inspect.signature(thing).parameters if name != "self"]
    documented = re.search(r"Parameters\n\s*-+\n(.*?)(?:\n\s*\n|$)", text, re.S)
    head = documented[1] if documented else ""
    line = r"^\s*(?:\*{{0,2}}\w+, )*\*{{0,2}}{}(?:, \*{{0,2}}\w+)*(?: : .*)?$"
    lacks += [f"the parameter {name}" for name in names if not re.search(line.format(name), head, re.M)]
    if "Returns\n" not in text and thing.__name__ not in NOTHING_COMES_BACK:
        lacks.append("what it returns")
    return lacks


def test_every_public_name_exists_and_is_documented():
    import mlmkit

    gaps = {}
    for name in mlmkit.__all__:
        thing = getattr(mlmkit, name)
        lacks = undocumented(thing, attribute=thing.__module__.startswith("mlmkit.bayes"))
        gaps |= {name: lacks} if lacks else {}
    assert not gaps


def test_everything_public_of_a_fit_is_documented():
    from mlmkit.fits.generalized import GeneralizedFit
    from mlmkit.fits.linear import LinearMixedFit

    gaps = {}
    for kind in (LinearMixedFit, GeneralizedFit):
        for name in dir(kind):
            thing = inspect.getattr_static(kind, name)
            function = getattr(thing, "fget", None) or getattr(thing, "func", None) or thing
            if name.startswith("_") or not callable(function):
                continue
            lacks = undocumented(function, attribute=function is not thing)
            gaps |= {f"{kind.__name__}.{name}": lacks} if lacks else {}
    assert not gaps


def test_style():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_the_readme_and_the_makefile_know_the_same_commands():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    told = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= told <= targets


def tracked_text():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, files.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".gz", ".png"}:
            yield name, path.read_text(encoding="utf-8")


def test_no_file_names_a_package_registry_or_a_machine():
    # Written in pieces, so that this test does not find itself.
    words = [
        "p" + "ypi.org",
        "python" + "hosted",
        "npm" + "js.org",
        "index-" + "url",
        "/ro" + "ot/",
        "/wo" + "rk/",
    ]
    for name, text in tracked_text():
        assert not [word for word in words if word in text], name
