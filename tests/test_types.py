"""Types of the public functions: mypy reads the library, and what its users write with it.

``python -m tests.test_types`` writes ``mlmkit/__init__.pyi`` anew, after a public name came or went.
"""

import os
import subprocess
import sys
from pathlib import Path

import mlmkit

ROOT = Path(__file__).parents[1]
STUB = ROOT / "mlmkit" / "__init__.pyi"
WRITTEN_BY_A_USER = """
from typing import reveal_type

import mlmkit

homes = mlmkit.load_seattle()
fit = mlmkit.lmer("price ~ (1 | zipcode)", homes, REML=False)
reveal_type(fit)
reveal_type(fit.is_singular)
reveal_type(mlmkit.glmer("waterfront ~ (1 | zipcode)", homes).family)
reveal_type(mlmkit.zipcodes_for("alice"))
reveal_type(mlmkit.stan_glmer("price ~ (1 | zipcode)", homes))
mlmkit.lmer("price ~ (1 | zipcode)", homes, reml=False)
mlmkit.load_sales()
"""
MYPY_SAYS = [
    'note: Revealed type is "mlmkit.fits.linear.LinearMixedFit"',
    'note: Revealed type is "bool"',
    'note: Revealed type is "str"',
    'note: Revealed type is "list[str]"',
    'note: Revealed type is "mlmkit.bayes.fit.StanFit"',
    'error: Unexpected keyword argument "reml" for "lmer"  [call-arg]',
    'note: "lmer" defined in "mlmkit.fits.lmer"',
    'error: Module has no attribute "load_sales"  [attr-defined]',
]


def stub():
    """Write what type checkers read instead of ``__init__.py``, which imports a name on first use."""
    lines = ['"""The public names, for type checkers. Made by tests/test_types.py."""', ""]
    homes = {}
    for name in mlmkit.__all__:
        homes.setdefault(getattr(mlmkit, name).__module__, []).append(name)
    for module, names in sorted(homes.items()):
        lines += [f"from {module} import {name} as {name}" for name in sorted(names)]
    return "\n".join([*lines, "", "__version__: str", ""])


def mypy(*arguments):
    command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--no-error-summary", *arguments]
    environment = {**os.environ, "MYPYPATH": str(ROOT), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    return run.stdout.splitlines() + run.stderr.splitlines()


def test_the_stub_has_the_public_names():
    assert STUB.read_text(encoding="utf-8") == stub()


def test_the_library_keeps_to_its_types(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WRITTEN_BY_A_USER)
    lines = [line for line in mypy("mlmkit", str(script)) if line.strip()]
    said = [line.partition(": ")[2] for line in lines if "script.py:" in line]
    assert [line for line in lines if "script.py:" not in line] == []
    assert said == MYPY_SAYS


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
