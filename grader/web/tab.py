"""What runs in the browser's tab, beside the cells: the guest's IPython, and what an editor asks of it.

The worker (``browser/worker.js``) calls these functions, and hears what they send.
"""

import contextlib
import json
import random
from time import monotonic
from types import MappingProxyType

import comm
import guest_inside as inside
import stored_draws
from left_out import names_made, why_left_out

MEMORY = (
    "The memory of this tab is full. Restart the kernel, run the cells again from the top, and keep fewer or "
    "smaller objects.\n"
)
SHELL = inside.SHELL


class _Cell:
    """The cell that runs now, and the names that earlier cells would have made if they could run here."""

    source = ""
    left_out = frozenset()
    parent = MappingProxyType({})  # Jupyter's message that asks for it


class _Comm(comm.base_comm.BaseComm):
    """A widget's line to the page."""

    kernel = SHELL  # the widget `Output` asks it which message is being answered

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **more):
        """Send a message of this widget."""
        inside._flush()
        about = {"comm_id": self.comm_id, "metadata": metadata or {}, **more}
        inside.send(msg_type, {**about, "data": data or {}, "buffers": [*map(bytes, buffers or ())]})


class _Watched(inside.Stream):
    """A stream that somebody is looking at: what is written is sent at the end of a line."""

    PAUSE, LINES = 0.2, 20  # so many lines are sent at once; those after them wait for so many seconds

    def __init__(self, name):
        super().__init__(name)
        self._sent = self._since = 0

    def write(self, text):
        """Keep `text`; send what there is where a line ends, unless many have just been sent."""
        super().write(text)
        if ("\n" in text or "\r" in text) and self._may_send():
            self.flush()
        return len(text)

    def _may_send(self):
        now = monotonic()
        if now >= self._since + self.PAUSE:
            self._sent, self._since = 0, now
        self._sent += 1
        return self._sent <= self.LINES


def run(code, silent, store_history, parent="{}"):
    """Run a cell; say what to do where the memory is full."""
    _Cell.source, _Cell.parent, SHELL.error = code, json.loads(parent), None
    SHELL.run_cell(code, silent=silent, store_history=store_history)
    error = SHELL.error
    if error and error["ename"] in ("MemoryError", "_ArrayMemoryError"):
        inside.send("stream", {"name": "stderr", "text": MEMORY})
    inside._flush()
    inside.send("reply", {"status": "error", **error} if error else {"status": "ok"})


def touched(message):
    """Tell a widget what somebody did with it."""
    _Cell.parent = json.loads(message)
    getattr(comm.get_comm_manager(), _Cell.parent["header"]["msg_type"])(None, None, _Cell.parent)
    inside._flush()
    inside.send("reply", {"status": "ok"})


def complete(code, cursor):
    """List what the name under the cursor may become."""
    text, matches = SHELL.complete(None, code, cursor)
    content = {"matches": matches, "cursor_start": cursor - len(text), "cursor_end": cursor}
    inside.send("reply", {"status": "ok", "metadata": {}, **content})


def inspect(code, cursor, detail):
    """Show the documentation of the name under the cursor."""
    from IPython.utils.tokenutil import token_at_cursor

    data = {}
    with contextlib.suppress(KeyError):
        data = SHELL.object_inspect_mime(token_at_cursor(code, cursor), detail_level=detail)
    inside.send("reply", {"status": "ok", "found": bool(data), "data": data, "metadata": {}})


def is_complete(code):
    """Tell whether code is a whole cell, for consoles."""
    status, indent = SHELL.input_transformer_manager.check_complete(code)
    inside.send("reply", {"status": status, "indent": " " * (indent or 0)})


def load_ahead(name):
    """Import a module that the lessons use, while the student reads."""
    # In the trap there is `get_ipython`, by which pandas tells a notebook from a terminal.
    with contextlib.suppress(Exception), SHELL.builtin_trap:  # the cell that needs it says so
        __import__(name)
    inside.send("reply", {"status": "ok"})


def woken():
    """Be another Python than the one whose memory this was: with random numbers of its own."""
    random.seed()
    if "numpy" in inside.sys.modules:
        inside.sys.modules["numpy"].random.seed()
    inside.send("reply", {"status": "ok"})


def _show(usual, kind, error, lines):
    """Show a traceback, or a sentence where the browser is to blame: then the next cells are run."""
    reason = why_left_out(error, _Cell.left_out)
    if reason is None:
        usual(kind, error, lines)
        return
    with contextlib.suppress(SyntaxError):  # a cell with magics
        _Cell.left_out |= names_made(_Cell.source) - SHELL.user_ns.keys()
    box = f'<div role="status" style="border-left: 4px solid #777; padding: 0.3em 0.8em">{reason}</div>'
    inside.sys.stdout.flush()
    inside.send("display_data", {"data": {"text/plain": reason, "text/html": box}, "metadata": {}})


def _start():
    inside.HEARD = 0  # nobody can interrupt a cell here but by a new worker: no cell need be watched
    inside.sys.stdout, inside.sys.stderr = _Watched("stdout"), _Watched("stderr")
    SHELL.get_parent = lambda: _Cell.parent
    comm.create_comm = _Comm
    SHELL.Completer.use_jedi = False
    usual = SHELL._showtraceback
    SHELL._showtraceback = lambda *what: _show(usual, *what)
    stored_draws.look_here_first()


_start()
