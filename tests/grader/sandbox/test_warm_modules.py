"""A kernel imports little of its own: what a lesson's solution needs is loaded before the fork."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
MOST = 20  # modules that one cell may import
COUNT = """
import contextlib, io, os, sys
import nbformat
from pathlib import Path
from grader.author.build import write_source
from grader.sandbox import inside
from grader.sandbox.provisioner import SandboxProvisioner
from grader.sandbox.trunk import trunk_of

lesson, folder = sys.argv[1], Path(sys.argv[2])
write_source(lesson, folder)
solved = nbformat.read(folder / "source" / lesson / f"{lesson}.ipynb", as_version=4)
released = nbformat.read(Path("lessons") / f"{lesson}.ipynb", as_version=4)
settings = SandboxProvisioner()
settings._code = "".join(cell.source for cell in solved.cells)
assert not inside.warm_up([*settings.modules, *settings._heavy_modules()])
trunk = trunk_of(released).sources
os.chdir(folder)
names, found = {"__name__": "__main__"}, {}
with contextlib.redirect_stdout(io.StringIO()):
    for cell in solved.cells:
        if cell.cell_type == "code":
            before = set(sys.modules)
            tagged = "student" in cell.metadata.get("tags", [])
            exec('STUDENT = "ana"' if tagged else cell.source, names)
            inside.close_figures()
            if cell.source not in trunk:
                found[cell.source] = sorted(set(sys.modules) - before)
worst = max(found, key=lambda source: len(found[source]))
print(len(found[worst]), worst[:60].replace("\\n", " "), *found[worst])
"""


def lessons():
    for path in sorted((REPOSITORY / "lessons").glob("*.ipynb")):
        quick = path.stem[:2] in ("01", "03")
        yield pytest.param(path.stem, marks=pytest.mark.long(25 if quick else 60), id=path.stem)


@pytest.mark.parametrize("lesson", list(lessons()))
def test_no_cell_of_a_solution_imports_much(lesson, tmp_path):
    quiet = {**os.environ, "MPLBACKEND": "agg", "MLMKIT_QUIET": "1"}
    command = [sys.executable, "-W", "ignore", "-c", COUNT, lesson, str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=quiet, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[0]) <= MOST, done.stdout
