"""What runs in the browser's tab, beside the cells: the guest's IPython, and what an editor asks of it.

The worker (``browser/worker.js``) calls these functions, and hears what they send.
"""

import contextlib
import os

os.environ["HOME"] = os.environ.get("HOME", "/home/student")

import guest_inside as inside  # noqa: E402

MEMORY = (
    "The memory of this tab is full (it has 4 GB at most). Restart the kernel, run the cells again from the top, and keep fewer "
    "or smaller objects.\n"
)

inside.HEARD = 0  # nobody can interrupt a cell here but by a new worker: no cell need be watched
inside.SHELL.Completer.use_jedi = False


def run(code, silent, store_history):
    """Run a cell; say what to do where the memory is full."""
    inside.SHELL.error = None
    inside.SHELL.run_cell(code, silent=silent, store_history=store_history)
    error = inside.SHELL.error
    if error and error["ename"] in ("MemoryError", "_ArrayMemoryError"):
        inside.send("stream", {"name": "stderr", "text": MEMORY})
    inside.sys.stdout.flush()
    inside.sys.stderr.flush()
    inside.send("reply", {"status": "error", **error} if error else {"status": "ok"})


def complete(code, cursor):
    """List what the name under the cursor may become."""
    text, matches = inside.SHELL.complete(None, code, cursor)
    content = {"matches": matches, "cursor_start": cursor - len(text), "cursor_end": cursor}
    inside.send("reply", {"status": "ok", "metadata": {}, **content})


def inspect(code, cursor, detail):
    """Show the documentation of the name under the cursor."""
    from IPython.utils.tokenutil import token_at_cursor

    data = {}
    try:
        data = inside.SHELL.object_inspect_mime(token_at_cursor(code, cursor), detail_level=detail)
    except KeyError:
        pass
    inside.send("reply", {"status": "ok", "found": bool(data), "data": data, "metadata": {}})


def is_complete(code):
    """Tell whether code is a whole cell, for consoles."""
    status, indent = inside.SHELL.input_transformer_manager.check_complete(code)
    inside.send("reply", {"status": status, "indent": " " * (indent or 0)})


def load_ahead(name):
    """Import a module that the lessons use, while the student reads."""
    with contextlib.suppress(Exception):  # the cell that needs it says so
        __import__(name)
    inside.send("reply", {"status": "ok"})
