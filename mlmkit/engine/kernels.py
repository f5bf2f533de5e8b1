"""Compiled versions of the innermost loops, used where they pay.

Compiling takes about ten seconds, once on a machine (the result is kept on disk beside this
file); loading what was compiled takes half a second. So compiled kernels are used when they
lie ready and the work is large, or when a process has worked so long that compiling pays.
``python -m mlmkit.engine.kernels`` makes them ready. Every kernel has a NumPy twin that gives the
same numbers; without numba, or where nothing can be written, the twin runs.
"""

from pathlib import Path

ROWS_THAT_PAY = 300_000
GROUPS_THAT_PAY = 10_000
CALLS_THAT_PAY = {True: 5_000, False: 300_000}  # by whether compiled kernels lie ready

_state = {"module": None, "failed": False, "calls": 0, "ready": None}


def compiled(name, *, rows=0, groups=0):
    """Return a compiled kernel, or None where NumPy is the better choice.

    Parameters
    ----------
    name : str
        A function of ``_compiled``.
    rows, groups : int
        How much work there is.

    Returns
    -------
    callable or None
        The kernel.
    """
    if _state["failed"]:
        return None
    if _state["module"] is None:
        if _state["ready"] is None:
            _state["ready"] = lie_ready()
        _state["calls"] += 1
        large = _state["ready"] and (rows >= ROWS_THAT_PAY or groups >= GROUPS_THAT_PAY)
        if not large and _state["calls"] < CALLS_THAT_PAY[_state["ready"]]:
            return None
        _load()
    return getattr(_state["module"], name, None)


def lie_ready():
    """Tell whether kernels were compiled from the present source."""
    source = Path(__file__).with_name("compiled.py")
    kept = [path.stat().st_mtime for path in (source.parent / "__pycache__").glob("compiled.*.nbi")]
    return bool(kept) and max(kept) > source.stat().st_mtime


def _load():
    try:
        from mlmkit.engine import compiled as _compiled
    except Exception:  # no numba, or nowhere to keep its cache: NumPy does the work
        _state["failed"] = True
    else:
        _state["module"] = _compiled


def make_ready():
    """Compile the kernels by using each of them once."""
    import numpy as np
    import pandas as pd

    from mlmkit.engine import crossed as _crossed
    from mlmkit.engine import kernels as _kernels
    from mlmkit.lmm import lmer

    _kernels._load()
    _crossed.SMALL = 0
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": np.repeat(np.arange(20), 10), "h": np.tile(np.arange(10), 20)})
    frame["x"], frame["z"], frame["y"] = rng.normal(size=(3, 200)) + rng.normal(size=20)[frame["g"]]
    for formula in ("y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ x + (x + z | g)", "y ~ x + (1 | g) + (1 | h)"):
        lmer(formula, frame)


if __name__ == "__main__":
    make_ready()
