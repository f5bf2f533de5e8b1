"""Run a lesson's code cells in a plain Python: no kernel, no IPython. Needs nothing of this repository.

``python plain_run.py cells.json [--bare | --elsewhere]`` reads a list of {"id", "source"} and prints one line
of JSON: what each cell showed, and the traceback of each that failed. ``--bare`` takes away what a browser
doesn't have, ``--elsewhere`` what only Unix has; then all modules of mlmkit are imported first.
"""

import ast
import contextlib
import importlib
import io
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
import traceback

OPTIONAL = {"arviz", "arviz_base", "arviz_plots", "arviz_stats", "ipywidgets", "numba", "nutpie", "psutil"}
OPTIONAL |= {"pymc", "pytensor", "xarray"}

UNIX = {"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}

OTHERS = ("matplotlib.pyplot", "nbgrader.utils", "nutpie", "psutil", "pymc", "seaborn", "statsmodels.api")


def cells_of(notebook, student):
    """List the code cells of a notebook (parsed JSON), with the student's name filled in."""
    found = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if "student" in cell["metadata"].get("tags", []):
            source = source.replace('""', f'"{student}"')
        if cell["cell_type"] == "code":
            graded = bool(cell["metadata"].get("nbgrader", {}).get("grade"))
            found.append({"id": cell["id"], "source": source, "graded": graded})
    return found


def run(cells):
    """Run cells one after the other in one namespace; a cell that fails doesn't stop the next."""
    names = {"__name__": "__main__"}
    shown, failed, seconds = {}, {}, {}
    for cell in cells:
        out, start = io.StringIO(), time.perf_counter()
        try:
            with contextlib.redirect_stdout(out):
                _run_cell(cell["source"], names)
        except Exception:
            failed[cell["id"]] = traceback.format_exc()
        shown[cell["id"]], seconds[cell["id"]] = out.getvalue(), round(time.perf_counter() - start, 3)
    return {"shown": shown, "failed": failed, "seconds": seconds}


def _run_cell(source, names):
    """Run one cell and print its last value, as a notebook would."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    if last is not None and not source.rstrip().endswith(";"):
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
        if value is not None:
            print(repr(value))
            if hasattr(value, "_repr_html_"):
                value._repr_html_()
    if "matplotlib.pyplot" in sys.modules:
        _draw_open_figures(sys.modules["matplotlib.pyplot"])


def _draw_open_figures(plt):
    """Draw and close what the cell has drawn, as a notebook does."""
    for number in plt.get_fignums():
        plt.figure(number).savefig(io.BytesIO(), format="png")
    plt.close("all")


class _NotHere:
    """An importer that finds none of the optional packages."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in OPTIONAL:
            raise ModuleNotFoundError(f"No module named {name!r} (taken away by the test)", name=name)


def take_away():
    """Take away the optional packages, threads and processes."""
    import matplotlib.font_manager  # noqa: F401  lists this machine's fonts, once, by a process and a thread

    def refused(*args, **kwargs):
        raise RuntimeError("can't start new thread or process (taken away by the test)")

    assert not OPTIONAL & {name.partition(".")[0] for name in sys.modules}
    sys.meta_path.insert(0, _NotHere())
    threading.Thread.start = refused
    subprocess.Popen.__init__ = refused
    for name in ("fork", "posix_spawn", "system", "execv"):
        setattr(os, name, refused)


def take_unix_away():
    """Take away what Windows lacks, after the other packages have been loaded, and load all of mlmkit."""
    for name in OTHERS:
        importlib.import_module(name)

    class NotOnWindows:
        def find_spec(self, name, path=None, target=None):
            if name in UNIX:
                raise ModuleNotFoundError(f"No module named {name!r} (taken away by the test)", name=name)

    assert not [name for name in sys.modules if name.startswith("mlmkit")]
    sys.meta_path.insert(0, NotOnWindows())
    for name in UNIX:
        sys.modules.pop(name, None)
    for name in ("fork", "getuid", "geteuid", "killpg", "posix_spawn", "sched_getaffinity", "setsid"):
        delattr(os, name)
    for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "alarm", "setitimer"):
        delattr(signal, name)
    import mlmkit

    for module in pkgutil.walk_packages(mlmkit.__path__, "mlmkit."):
        importlib.import_module(module.name)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        lesson = json.load(file)
    if "--bare" in sys.argv:
        take_away()
    if "--elsewhere" in sys.argv:
        take_unix_away()
    print(json.dumps(run(lesson)))
