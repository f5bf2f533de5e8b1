"""What an expected answer and a mark depend on: one list, read from the imports, so nothing is forgotten.

Of `grader`, a list holds the modules that one begins with and all that they import, late imports included.
`mlmkit` counts as a whole, with its data: its public names are loaded on demand, so imports don't tell, and
students' code may use all of it. Then come the versions of the packages that compute.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import mlmkit
from grader.course.files import print_of

GRADER, MLMKIT = Path(__file__).resolve().parents[1], Path(mlmkit.__file__).resolve().parent
COMPUTE = ("formulaic", "numpy", "pandas", "scipy", "statsmodels")


def lesson_modules(lesson: str | None = None) -> list[str]:
    """Name the modules of the bank that hold questions: of one lesson, or of all.

    >>> lesson_modules("01_pooling")
    ['grader.bank.l01_pooling']
    """
    pattern = "l[0-9][0-9]_*" if lesson is None else f"l{lesson}"
    return sorted(f"grader.bank.{path.stem}" for path in GRADER.glob(f"bank/{pattern}.py"))


@cache
def print_of_all(*modules: str) -> str:
    """Return one fingerprint of all that these modules of `grader` depend on.

    It is the same on every machine that has the same files and versions; it is computed once per process.
    """
    versions = [f"{name} {version(name)}" for name in COMPUTE]
    return hashlib.sha256("\n".join([print_of(files_behind(*modules)), *versions]).encode()).hexdigest()


def files_behind(*modules: str) -> dict[str, Path]:
    """List the files that these modules of `grader` depend on.

    Parameters
    ----------
    *modules : str
        Such as ``"grader.judge"``.

    Returns
    -------
    dict
        Name, from the package on, to path.

    Examples
    --------
    >>> "grader/bank/monte_carlo.py" in files_behind("grader.bank.l05_bayesian_fits")
    True
    """
    files = {f"grader/{path.relative_to(GRADER).as_posix()}": path for path in _paths_behind(modules)}
    for path in MLMKIT.rglob("*"):
        compiled, prose = "__pycache__" in path.parts, path.suffix == ".md"
        if path.is_file() and not compiled and not prose:
            files[f"mlmkit/{path.relative_to(MLMKIT).as_posix()}"] = path
    return files


def _paths_behind(modules) -> set[Path]:
    """Follow the imports within `grader`. Of the packages that they pass through, the ``__init__`` counts."""
    waiting, seen, paths = list(modules), set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _path_of(name)
        if path is None:
            raise ModuleNotFoundError(f"There is no module {name}, so it can't be told what marks depend on.")
        paths.add(path)
        paths |= {place / "__init__.py" for place in path.parents if place.is_relative_to(GRADER)}
        waiting += _imported(path)
    return paths


def _imported(path: Path) -> set[str]:
    """Name the modules of `grader` that a file imports, or names in a string for others to import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_nearest(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {_nearest(f"{node.module}.{alias.name}") for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(_nearest(node.value))
    return found - {None}


def _nearest(name: str) -> str | None:
    """Name the module that `name` is, or is defined in; None outside of `grader`."""
    while name.startswith("grader."):
        if _path_of(name):
            return name
        name = name.rpartition(".")[0]
    return None


def _path_of(module: str) -> Path | None:
    place = GRADER.joinpath(*module.split(".")[1:])
    found = [path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()]
    return found[0] if found else None
