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
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from grader.sandbox.cgroups import Cgroup
from grader.sandbox.jail import Leash, last_line, pair
from grader.sandbox.limits import Limits

# -S: it needs no other library, and starts in 0.03 s.
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from grader.sandbox import bare_keeper
bare_keeper.main(*sys.argv[2:])
"""
KEEPER = [sys.executable, "-S", "-c", SCRIPT, str(Path(__file__).parents[2])]


@cache
def has_own_processes() -> bool:
    """Tell whether a kernel can be given a PID namespace here."""
    if sys.platform != "linux":
        return False
    return subprocess.run([*KEEPER, "probe"], capture_output=True, check=False).returncode == 0


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
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._process = None

    def run(self, argv: list[str], folder: str, environment: dict[str, str]) -> Leash:
        """Start a keeper, and through it the kernel `argv` in `folder`."""
        request = {
            "argv": argv,
            "folder": str(folder),
            "limits": self.limits.for_process(own_user=False),
            "own_processes": has_own_processes(),
        }
        ours, theirs = pair()
        handles = [theirs.fileno(), *self.cgroup.open()]
        self._process = subprocess.Popen(
            [*KEEPER, "keep", ",".join(map(str, handles)), json.dumps(request)],
            pass_fds=handles,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=environment,  # not among the arguments, which every user can read
            start_new_session=True,  # Ctrl-C is for the grader, and `close` ends the whole group
        )
        theirs.close()
        for handle in handles[1:]:
            os.close(handle)
        return Leash(ours, self, "")

    def sockets(self, number: str) -> Path:
        """Return the folder in which the grader finds the sockets of the kernel."""
        return self.folder

    def last_words(self) -> str:
        """Return the last line that the keeper or the kernel wrote before it ended."""
        return last_line(self._errors)

    def close(self) -> None:
        """End what is left of the kernel and its keeper. May be called twice."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.cgroup.remove()
