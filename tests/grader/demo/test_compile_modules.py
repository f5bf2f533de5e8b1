"""`make demo` begins when what it needs is compiled, and compiles the rest behind it."""

import os
import re
import subprocess
import sys

import pytest

from grader.course.repository import ROOT


@pytest.mark.long(30)
def test_what_grading_loads_is_compiled(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    command = [sys.executable, "-m", "grader.demo.compile_modules"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
    folders = {path.parent.name for path in tmp_path.rglob("__init__.*.pyc")}
    assert {"pandas", "scipy", "seaborn", "IPython", "ipykernel", "nbgrader", "distributed"} <= folders
    assert "pymc" not in folders  # for later lessons, and so behind the demo


def test_only_the_demo_begins_before_all_is_compiled():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "$(MAKE) --no-print-directory $(READY)" in text
    assert re.findall(r"^(\S+): .*\$\(START\)", text, re.MULTILINE) == ["$(READY)", "demo"]
