"""Compiled versions of the innermost loops, used where they save more time than they cost.

Compiling takes some twenty seconds, once on a machine (the result is kept on disk beside this
file); loading what was compiled takes half a second. So a process begins with NumPy, adds up what compiled
kernels would have saved, and loads them when that reaches what loading costs.
``python -m mlmkit.compile_kernels`` makes them ready. Whoever asks for a kernel does the same with NumPy (or
with SciPy's sparse matrices) where it gets None: without numba, and where nothing can be written.
"""

import os
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

UNIT = 1e-4  # seconds: what a compiled kernel saves when it has little to do
COST = {True: 0.5 / UNIT, False: 30.0 / UNIT}  # of loading, of compiling too; by whether kernels lie ready

FILES = ("compiled", "compiled_sums", "compiled_rows")
_state = {"kernels": None, "failed": False, "saved": 0.0, "ready": None}


def compiled(name, saves=1.0):
    """Return a compiled kernel, or None where NumPy is the better choice.

    Parameters
    ----------
    name : str
        A function of `FILES`.
    saves : float
        How much time it would save, in units of a small fit's kernel.

    Returns
    -------
    callable or None
        The kernel.
    """
    if _state["failed"]:
        return None
    if _state["kernels"] is None:
        if _state["ready"] is None:
            _state["ready"] = lie_ready()
        _state["saved"] += saves
        if _state["saved"] < COST[_state["ready"]]:
            return None
        load()
    return None if _state["failed"] else _state["kernels"][name]


def lie_ready():
    """Tell whether all kernels were compiled from the present source."""
    for name in FILES:
        kept = [path.stat().st_mtime for path in _kept(name)]
        if not kept or max(kept) < Path(__file__).with_name(f"{name}.py").stat().st_mtime:
            return False
    return True


def mark_ready():
    """Renew the times of what was compiled: numba goes by a file's contents, `lie_ready` by its time."""
    for name in FILES:
        for path in _kept(name):
            path.touch()


def _kept(name):
    """List numba's lists of what it has compiled: where its ``NUMBA_CACHE_DIR`` says, or beside this file."""
    folder = Path(__file__).parent
    if "NUMBA_CACHE_DIR" in os.environ:  # numba adds a digest of the source's folder to its name
        return list(Path(os.environ["NUMBA_CACHE_DIR"]).glob(f"{folder.name}_*/{name}.*.nbi"))
    return list((folder / "__pycache__").glob(f"{name}.*.nbi"))


def load():
    """Make the compiled kernels available now, whatever the work; they compile at their first call."""
    try:
        modules = [import_module(f"mlmkit.engine.{name}") for name in FILES]
    except Exception:  # no numba, or nowhere to keep its cache: NumPy does the work
        _state["failed"] = True
    else:
        _state["kernels"] = {name: kernel for module in modules for name, kernel in vars(module).items()}


@contextmanager
def only(*, compiled):
    """Use compiled kernels always (True) or never (False), for a comparison."""
    before = dict(_state)
    _state.update(failed=not compiled)
    try:
        if compiled and _state["kernels"] is None:
            load()
        yield
    finally:
        _state.update(failed=before["failed"])
