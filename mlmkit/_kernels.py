"""Compiled versions of the innermost loops, used where they pay.

numba takes a second to import, and its first compilation on a machine takes several (then they
are on disk). So compiled kernels are used when the work is large, or when a process has done so
much work that they would have paid. Every kernel has a NumPy twin that gives the same numbers;
without numba, or where its cache can't be written, the twin runs.
"""

ROWS_THAT_PAY = 400_000
GROUPS_THAT_PAY = 20_000
CALLS_THAT_PAY = 4_000

_state = {"module": None, "failed": False, "calls": 0}


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
        _state["calls"] += 1
        if rows < ROWS_THAT_PAY and groups < GROUPS_THAT_PAY and _state["calls"] < CALLS_THAT_PAY:
            return None
        _load()
    return getattr(_state["module"], name, None)


def _load():
    try:
        from mlmkit import _compiled
    except Exception:  # no numba, or nowhere to keep its cache: NumPy does the work
        _state["failed"] = True
    else:
        _state["module"] = _compiled
