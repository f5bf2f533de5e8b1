"""What lies in every home is not compiled a second time: on a new machine, the first mark waits for it."""

from pathlib import Path

import pytest

import mlmkit
from grader.sandbox import skeleton

pytestmark = pytest.mark.long(8)


def test_what_is_compiled_beside_the_modules_is_taken_along(tmp_path, monkeypatch):
    there = {path.name: path for path in Path(mlmkit.__file__).parent.glob("engine/__pycache__/*.nbc")}
    if not there:
        pytest.skip("no kernels were compiled here (python -m mlmkit.compile_kernels)")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    skeleton.prepare(skeleton.kernels())
    made = skeleton.folder() / skeleton.kernels()
    found = {path.name: path for path in made.glob(".cache/numba/engine_*/*.nbc")}
    assert found.keys() >= there.keys()
    # numba has written none of them again: it has found that they fit.
    assert all(found[name].stat().st_mtime_ns == path.stat().st_mtime_ns for name, path in there.items())
