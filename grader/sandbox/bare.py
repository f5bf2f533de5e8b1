"""Where there is no jail: a kernel under limits, with a keeper all the same.

The keeper stands between the grading process and the kernel. A kernel that kills its parent kills the keeper,
and so itself: the cells after that are not run, and nothing else happens. Where this machine lets the keeper
open a PID namespace, the kernel can't signal, or see, any process but its own.

In a *closed* room, the kernel works on a copy of the submission, and Landlock and the filter of system
calls deny it everything outside: it reads what a jail shows, and writes into the room. Where root grades,
and others may read this Python, its user is a random number, too. In an *open* room it can do what the
grader can.
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

import mlmkit
from grader.sandbox import inside, landlock, skeleton
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.jail import (
    ANSWER_SECONDS,
    EVERYWHERE,
    GRADER,
    JailError,
    Leash,
    copy_submission,
    environment,
    open_to_others,
    pair,
    random_uid,
    readable,
    require_ready,
    run_ours,
)
from grader.sandbox.limits import Limits
from grader.sandbox.system_calls import program
from grader.sandbox.words import Words

KEEPER = run_ours("bare_keeper")
WITHOUT_PACKAGES = "-S"  # Python's option; it starts in 0.03 s
# What a closed room shows of the machine, beside what a jail does.
DEVICES = ["/dev/random", "/dev/urandom"], ["/dev/full", "/dev/null", "/dev/zero"]  # to read, to write
ABOUT_THE_MACHINE = [
    f"/proc/{name}"
    for name in ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys/vm", "uptime", "version")
]


@cache
def has_own_processes() -> bool:
    """Tell whether a kernel can be given a PID namespace here."""
    if sys.platform != "linux":
        return False
    command = [sys.executable, WITHOUT_PACKAGES, *KEEPER, "probe"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@cache
def why_not_closed() -> str | None:
    """Say why there can be no closed room on this machine; None where there can."""
    if sys.platform != "linux":
        return "Landlock: only on Linux"
    if landlock.version() == 0:
        return "Landlock is not switched on (Linux has it since 5.13)"
    filtered = program(beside_landlock=True)
    if not filtered:
        return f"the filter that Landlock needs beside it is not known for {os.uname().machine}"
    closed = {"reads": readable(), "writes": [], "without": str(GRADER), "uid": None}
    request = json.dumps({"closed": closed, "filter": filtered.hex()})
    command = [sys.executable, WITHOUT_PACKAGES, *KEEPER, "try", request]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return None
    return f"Landlock does not work here ({(tried.stderr.strip().splitlines() or ['no reason given'])[-1]})"


class WarmProcess:
    """A process that has imported the libraries once; kernels are forks of it.

    Parameters
    ----------
    modules : list of str
    closed : bool
        For closed rooms: nothing of the grader's environment is in it.
    """

    def __init__(self, modules: list[str], *, closed: bool):
        self._words = Words()
        self._requests, theirs = pair()
        arguments = [*KEEPER, "warm", str(theirs.fileno()), json.dumps(modules)]
        self._process = _start(arguments, [theirs], self._words, _apart() if closed else _with_us())
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
    """The place of one kernel that is not shut in; offers a `Leash` what a `Jail` offers it.

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
            "modules": list(modules),
            "own_processes": has_own_processes(),
            **self._view(folder, heavy=bool(modules)),
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
            self._process = _start(command, [theirs, *members], self._words, self._environment())
        for handle in members:
            os.close(handle)
        self._leash = Leash(ours, self, "", self._words)
        self._group = self._hear_of_group(ours)
        return self._leash

    def sockets(self, number: str = "") -> Path:
        """Return the folder in which the grader finds the sockets of the kernel."""
        return self.folder

    def _view(self, folder: str, *, heavy: bool) -> dict:
        """Write the part of the request that says what the kernel may do; a `heavy` one will sample."""
        return {
            "folder": str(folder),
            "environment": {},
            "limits": self.limits.for_process(own_user=False),
            "filter": program().hex(),
            "closed": None,
        }

    def _environment(self) -> dict[str, str]:
        """Return the environment of a keeper that is a new process."""
        return _with_us()

    def close(self) -> None:
        """End what is left of the kernel and its keeper. May be called twice."""
        if self._leash is not None and self._leash.lost:  # the keeper was killed: it has tidied up nothing
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._words.close()
        _remove(self.folder)
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


class ClosedRoom(OpenRoom):
    """The place of one kernel that Landlock shuts in: as `OpenRoom`."""

    def __init__(self, limits: Limits):
        super().__init__(limits)
        for name in ("home", "tmp", "sockets", "packages"):
            (self.folder / name).mkdir()
        (self.folder / "packages" / "mlmkit").symlink_to(Path(mlmkit.__file__).parent)

    def sockets(self, number: str = "") -> Path:
        """Return the folder in which the grader finds the sockets of the kernel."""
        return self.folder / "sockets"

    def _view(self, folder: str, *, heavy: bool) -> dict:
        home, uid = self.folder / "home", random_uid() if open_to_others() else None
        for name in (skeleton.BAYES if heavy else skeleton.FONTS, skeleton.kernels()):
            skeleton.prepare(name)
            with suppress(FileNotFoundError):  # a cache that could not be made
                shutil.copytree(skeleton.folder() / name, home, dirs_exist_ok=True)
        copy_submission(folder, home / "work", self.limits.home)
        own = [str(self.folder / name) for name in ("home", "tmp", "sockets")]
        if uid is not None:
            self.folder.chmod(0o711)
            inside.give(own, uid)
        about = ["/proc"] if has_own_processes() else ["/proc/self", *ABOUT_THE_MACHINE]
        return {
            "folder": str(home / "work"),
            "environment": self._environment(),
            "limits": self.limits.for_process(own_user=uid is not None),
            "filter": program(beside_landlock=True).hex(),
            "closed": {
                "reads": [*readable(), str(self.folder / "packages"), *about, *DEVICES[0]],
                "writes": [*own, *DEVICES[1]],
                "without": str(GRADER),
                "uid": uid,
            },
        }

    def _environment(self) -> dict[str, str]:
        home = str(self.folder / "home")
        found = {name: value.replace(inside.HOME, home) for name, value in environment().items()}
        # The folder above mlmkit may be the course's: it is not to be looked into, unless it is a library's.
        above = Path(found["PYTHONPATH"])
        if not any(above.is_relative_to(place) for place in readable()):
            found["PYTHONPATH"] = str(self.folder / "packages")
        return found | {"TMPDIR": str(self.folder / "tmp")}


def _with_us() -> dict[str, str]:
    return {**os.environ, **EVERYWHERE}


def _apart() -> dict[str, str]:
    """Return the environment of a warm process for closed rooms, which has a home to keep caches in."""
    found = environment() | {"HOME": str(Path.home())}
    del found["NUMBA_CACHE_DIR"]  # numba finds a place of its own
    return found


def _remove(folder: Path) -> None:
    """Remove a folder with all that a kernel left there, folders that it had closed included."""
    for place, names, _ in os.walk(folder):
        for path in (os.path.join(place, name) for name in names):
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _start(arguments: list[str], lines: list, words: Words, variables: dict[str, str]) -> subprocess.Popen:
    """Start Python with these arguments and open lines, apart from the grader's terminal."""
    handles = [line if isinstance(line, int) else line.fileno() for line in lines]
    errors = words.open()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        pass_fds=handles,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=variables,
        start_new_session=True,  # Ctrl-C is for the grader
    )
    os.close(errors)
    lines[0].close()
    return process
