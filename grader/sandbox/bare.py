"""Where there is no jail: a kernel of the grader's own user, under limits, with a keeper all the same.

The keeper stands between the grading process and the kernel. A kernel that kills its parent kills the keeper,
and so itself: the cells after that are not run, and nothing else happens. Where this machine lets the keeper
open a PID namespace, the kernel can't signal, or see, any process but its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from grader.sandbox.cgroups import Cgroup
from grader.sandbox.jail import ANSWER_SECONDS, EVERYWHERE, JailError, Leash, pair, require_ready
from grader.sandbox.limits import Limits
from grader.sandbox.system_calls import program
from grader.sandbox.words import Words

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from grader.sandbox import bare_keeper
del sys.path[0]
bare_keeper.main(*sys.argv[2:])
"""
KEEPER = ["-c", SCRIPT, str(Path(__file__).parents[2])]
WITHOUT_PACKAGES = "-S"  # Python's option; it starts in 0.03 s


@cache
def has_own_processes() -> bool:
    """Tell whether a kernel can be given a PID namespace here."""
    if sys.platform != "linux":
        return False
    command = [sys.executable, WITHOUT_PACKAGES, *KEEPER, "probe"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class WarmProcess:
    """A process that has imported the libraries once; kernels are forks of it.

    Parameters
    ----------
    modules : list of str
    """

    def __init__(self, modules: list[str]):
        self._words = Words()
        self._requests, theirs = pair()
        arguments = [*KEEPER, "warm", str(theirs.fileno()), json.dumps(modules)]
        self._process = _start(arguments, [theirs], self._words)
        self._requests.settimeout(ANSWER_SECONDS)
        try:
            require_ready(json.loads(self._hear()))
        except JailError:
            self.close()
            raise

    def fork(self, request: dict, handles: list[int]) -> None:
        """Let it fork a keeper with its kernel."""
        socket.send_fds(self._requests, [json.dumps(request).encode()], handles)

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._requests.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self._process.kill()
        self._process.wait()
        self._words.close()

    def _hear(self) -> bytes:
        with suppress(TimeoutError):
            if message := self._requests.recv(65536):
                return message
        raise JailError(f"The warm process did not start: {self._words.last_line()}")


class OpenRoom:
    """The place of one kernel without a jail; offers a `Leash` what a `Jail` offers it.

    Parameters
    ----------
    limits : Limits

    Attributes
    ----------
    folder : Path
        For the kernel's sockets.
    cgroup : Cgroup
        For all processes of the submission together.
    """

    modules = None  # serves one kernel, as a cold jail does

    def __init__(self, limits: Limits):
        self.limits = limits
        # Short and in the system's own place: a socket's whole path has 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix=f"mlm-{os.getpid()}-", dir="/tmp"))
        self.cgroup = Cgroup(limits.memory, limits.processes)
        self._words = Words()
        self._process: subprocess.Popen | None = None
        self._leash: Leash | None = None
        self._group: int | None = None

    def run(
        self, argv: list[str], folder: str, warm: WarmProcess | None = None, modules: list[str] = ()
    ) -> Leash:
        """Start a keeper, and through it the kernel `argv` in `folder`.

        Parameters
        ----------
        argv : list of str
        folder : str
        warm : WarmProcess, optional
            Both are forks of it, and it imports `modules` first.
        modules : list of str
        """
        request = {
            "argv": argv,
            "folder": str(folder),
            "limits": self.limits.for_process(own_user=False),
            "filter": program().hex(),
            "own_processes": has_own_processes(),
            "modules": list(modules),
        }
        ours, theirs = pair()
        members = self.cgroup.open()
        if warm is not None:
            members.insert(0, self._words.open())
            warm.fork(request, [theirs.fileno(), *members])
            theirs.close()
        else:
            handles = ",".join(map(str, [theirs.fileno(), *members]))
            command = [WITHOUT_PACKAGES, *KEEPER, "cold", handles, json.dumps(request)]
            self._process = _start(command, [theirs, *members], self._words)
        for handle in members:
            os.close(handle)
        self._leash = Leash(ours, self, "", self._words)
        self._group = self._hear_of_group(ours)
        return self._leash

    def sockets(self, number: str) -> Path:
        """Return the folder in which the grader finds the sockets of the kernel."""
        return self.folder

    def close(self) -> None:
        """End what is left of the kernel and its keeper. May be called twice."""
        if self._leash is not None and self._leash.lost:  # the keeper was killed: it has tidied up nothing
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._words.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.cgroup.remove()

    def _hear_of_group(self, line: socket.socket) -> int:
        """Wait for the keeper's first word, its process group; the kernel is started after that."""
        line.settimeout(ANSWER_SECONDS)
        try:
            word, _, number = line.recv(65536).decode(errors="replace").partition(" ")
        except (TimeoutError, ConnectionError):
            word, number = "", ""
        if word == "group":
            return int(number)
        says = number.strip().splitlines()[-1] if number else self._words.last_line()
        self.close()
        raise JailError(f"The kernel did not start: {says}")


def _start(arguments: list[str], lines: list, words: Words) -> subprocess.Popen:
    """Start Python with these arguments and open lines, apart from the grader's terminal."""
    handles = [line if isinstance(line, int) else line.fileno() for line in lines]
    errors = words.open()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        pass_fds=handles,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env={**os.environ, **EVERYWHERE},
        start_new_session=True,  # Ctrl-C is for the grader
    )
    os.close(errors)
    lines[0].close()
    return process
