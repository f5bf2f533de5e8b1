"""The room itself: what a submission sees, made by bubblewrap, and how it ends.

A jail sees the system's programs, this Python with its libraries, and `mlmkit`, all read-only; and no
network. It does not see the course, the gradebook, `grader`, or anybody's home.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import mlmkit
from grader.sandbox import inside, skeleton
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.limits import MB, Limits
from grader.sandbox.system_calls import program
from grader.sandbox.words import Words

# Who builds the room: bubblewrap, or a module of ours that knows its options.
BUILDERS = ("bubblewrap", "namespaces")
SCRIPT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
module = importlib.import_module(sys.argv[2])
del sys.path[0]
module.main(*sys.argv[3:])
"""
GRADER = Path(__file__).parents[1]
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr")
SETTINGS = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "R")
# One thread per kernel: submissions are graded side by side, and sums come out the same everywhere.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
# What a kernel's environment has, with a jail and without.
EVERYWHERE = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MLMKIT_QUIET": "1",
    **dict.fromkeys(THREADS, "1"),
    # The allocators of Arrow's and Rust's libraries start threads at import. A fork would lose them.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "_RJEM_MALLOC_CONF": "background_thread:false",
}
# Outlives the grader, however that ends: tidies up after bubblewrap.
JANITOR = """
spool=$1 groups=$2; shift 2
"$@"; status=$?
rm -rf -- "$spool"
for try in 1 2 3 4 5; do [ -z "$groups" ] || rmdir $groups 2>/dev/null && break; sleep 0.2; done
exit $status
"""
ANSWER_SECONDS = 600  # imports, and without a jail once compiling, on a machine that does other work


class JailError(Exception):
    """A jail or a kernel in it could not be started. Its text says why."""


class Jail:
    """A process of bubblewrap, or of `grader.sandbox.namespaces`, with its keeper.

    Parameters
    ----------
    limits : Limits
    builder : str
        One of `BUILDERS`.
    modules : list of str, optional
        Makes it a warm jail: its keeper imports them, and `fork` starts kernels.
    trunk : sequence of str
        Cells of a lesson that a warm jail runs once; its kernels begin behind them.
    heavy : bool
        The trunk may sample.

    Attributes
    ----------
    cgroup : Cgroup
        For all processes of a submission together.
    """

    def __init__(
        self,
        limits: Limits,
        builder: str,
        modules: list[str] | None = None,
        trunk: Sequence[str] = (),
        *,
        heavy: bool = False,
    ):
        self.limits, self.builder, self.modules = limits, builder, modules
        # Short and in the system's own place: a socket's whole path has 107 characters.
        self.spool = Path(tempfile.mkdtemp(prefix=f"mlm-{os.getpid()}-", dir="/tmp"))
        self.cgroup = Cgroup(limits.memory + limits.home, limits.processes)
        self._words = Words()
        self._process = None
        if modules is not None:
            homes = _skeletons(builder, heavy=heavy)
            self._requests, theirs = pair()
            texts = json.dumps(modules), json.dumps(trunk)
            self._start(["warm", str(theirs.fileno()), *texts, *homes], [theirs.fileno()])
            theirs.close()
            self._requests.settimeout(ANSWER_SECONDS)
            try:
                require_ready(json.loads(self._hear()))
            except JailError:
                self.close()
                raise

    def fork(
        self,
        submission: str,
        connection: dict,
        argv: list[str],
        modules: list[str],
        behind_trunk: dict[str, list | dict] | None = None,
    ) -> Leash:
        """Start a kernel in a warm jail. `modules` are imported first, where they are not yet.

        `behind_trunk` has ``counts``, ``late`` and ``restore`` of a `grader.sandbox.trunk.Plan`.
        """
        request = self._prepare(submission, connection, argv, bool(modules))
        request |= {"modules": modules, **(behind_trunk or {})}
        ours, theirs = pair()
        words = Words()
        handles = [words.open(), *self.cgroup.open()]
        socket.send_fds(self._requests, [json.dumps(request).encode()], [theirs.fileno(), *handles])
        theirs.close()
        for handle in handles:
            os.close(handle)
        return Leash(ours, self, request["id"], words)

    def run(self, submission: str, connection: dict, argv: list[str], *, heavy: bool = False) -> Leash:
        """Start the one kernel of a cold jail; a `heavy` one will sample."""
        request = self._prepare(submission, connection, argv, heavy)
        ours, theirs = pair()
        handles = [theirs.fileno(), *self.cgroup.open()]
        self._start(["cold", ",".join(map(str, handles)), json.dumps(request)], handles, request["id"])
        theirs.close()
        for handle in handles[1:]:
            os.close(handle)
        return Leash(ours, self, request["id"], self._words)

    def close(self) -> None:
        """End the jail and every process in it, and wait until nothing is left of it."""
        if self.modules is not None:
            self._requests.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, 9)
                self._process.wait()
        self._words.close()
        shutil.rmtree(self.spool, ignore_errors=True)
        self.cgroup.remove()

    def sockets(self, number: str) -> Path:
        """Return the folder in which the grader finds the sockets of a kernel."""
        return self.spool / number / "sockets"

    def forget(self, number: str) -> None:
        """Remove what the grader kept of a submission."""
        shutil.rmtree(self.spool / number, ignore_errors=True)

    def alive(self) -> bool:
        """Tell whether the jail still stands, for this process."""
        return self._process is not None and self._process.poll() is None

    def _prepare(self, submission: str, connection: dict, argv: list[str], heavy: bool) -> dict:
        """Lay the files of a submission ready for the keeper, and write the request."""
        homes = _skeletons(self.builder, heavy=heavy)
        number = secrets.token_hex(4)
        sockets = self.sockets(number)
        sockets.mkdir(parents=True)
        copy_submission(submission, sockets.with_name("submission"), self.limits.home)
        text = json.dumps(connection | {"ip": f"{inside.SOCKETS}/k"})
        (sockets / Path(inside.CONNECTION_FILE).name).write_text(text)
        return {
            "id": number,
            "uid": random_uid(),
            "limits": self.limits.for_process(own_user=True),
            "filter": program().hex(),
            "home_bytes": self.limits.home,
            "skeletons": homes,
            "fresh": [*_fresh_places(), "/dev/shm"],
            "argv": argv,
        }

    def _start(self, arguments: list[str], handles: list[int], number: str | None = None) -> None:
        keeper = [sys.executable, "-B", "/run/inside.py", *arguments]
        groups = " ".join(map(str, self.cgroup.folders))
        errors = self._words.open()
        self._process = subprocess.Popen(
            ["sh", "-c", JANITOR, "sh", str(self.spool), groups, *self._view(number), "--", *keeper],
            pass_fds=handles,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment(),  # a student may read that of bubblewrap itself
            start_new_session=True,  # Ctrl-C is for the grader
        )
        os.close(errors)

    def _view(self, number: str | None) -> list[str]:
        """Write the builder's command; `number` is the submission of a cold jail."""
        view = [*_command(self.builder, nested=number is None), *_libraries()]
        view += ["--ro-bind", str(skeleton.folder()), inside.SKELETONS]
        size = str(self.limits.home)
        for place in _fresh_places():
            view += ["--perms", "1777", "--size", size, "--tmpfs", place]
        if number is None:
            return [*view, "--dev", "/dev", *_sealed(), "--bind", str(self.spool), inside.SPOOL]
        spool = self.spool / number
        view += ["--dev", "/dev", "--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", *_sealed()]
        view += ["--bind", str(spool / "sockets"), inside.SOCKETS]
        return [*view, "--ro-bind", str(spool / "submission"), "/run/submission"]

    def _hear(self) -> bytes:
        """Read one message of a warm jail's keeper, or raise with what it said last."""
        try:
            message = self._requests.recv(65536)
        except TimeoutError:
            message = b""
        if not message:
            raise JailError(f"The sandbox did not start: {self._words.last_line()}")
        return message


class Leash:
    """The grader's end of the line to a kernel's keeper. Let go of it, and the kernel is gone."""

    def __init__(self, line: socket.socket, jail: Jail, number: str, words: Words):
        self._line, self.jail, self.number, self._words = line, jail, number, words
        self.returncode: int | None = None
        self.lost = False  # the keeper went away without a word

    @property
    def sockets(self) -> Path:
        """The folder with the kernel's sockets."""
        return self.jail.sockets(self.number)

    def last_words(self) -> str:
        """Return the last line that the keeper or the kernel wrote."""
        return self._words.last_line()

    def poll(self, seconds: float = 0.0) -> int | None:
        """Return the kernel's exit code, or None while it runs; wait for its end up to some seconds."""
        if self.returncode is None:
            self._line.settimeout(seconds)
            with suppress(TimeoutError, BlockingIOError):
                self._ended(self._receive())
        return self.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the kernel; 9 ends all processes of the submission."""
        if self.poll() is None:
            with suppress(OSError):
                self._line.settimeout(1.0)
                self._line.send(b"%d" % number)

    def end(self) -> None:
        """End all processes of the submission, and wait for it. Remove its sockets and files."""
        self.signal(9)
        self.poll(5.0)
        self._line.close()
        self._words.close()
        if self.returncode is None:
            self.returncode = -9
        if self.jail.modules is None:
            self.jail.close()
        else:
            self.jail.forget(self.number)

    def _receive(self) -> bytes:
        try:
            return self._line.recv(65536)
        except ConnectionError:
            return b""

    def _ended(self, message: bytes) -> None:
        if message.startswith(b"failed"):
            self.returncode = 1
            raise JailError(message.decode(errors="replace").strip().splitlines()[-1])
        self.lost = not message
        self.returncode = int(message.split()[1]) if message else -9


@cache
def why_not(builder: str = "bubblewrap") -> str | None:
    """Say why `builder` can't build a jail on this machine; None where it can."""
    if sys.platform != "linux":
        return f"{builder}: only on Linux"
    if builder == "bubblewrap" and shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run(
        [*_command(builder, nested=True), *_libraries(), "--dev", "/dev", "--", sys.executable, "-c", ""],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode == 0:
        return None
    said = tried.stderr.strip().splitlines()
    verb = "do" if builder == "namespaces" else "does"
    return f"{builder} {verb} not work here ({said[-1] if said else f'exit code {tried.returncode}'})"


def run_ours(module: str) -> list[str]:
    """Return Python's arguments that run ``main`` of a module of this package: one that needs no library."""
    return ["-c", SCRIPT, str(GRADER.parent), f"grader.sandbox.{module}"]


def environment() -> dict[str, str]:
    """Return the environment variables of a kernel: none of the grader's own, which may hold passwords."""
    kept = {name: os.environ[name] for name in ("TZ", "LANG", "LC_ALL") if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": inside.HOME,
        "USER": "student",
        "LOGNAME": "student",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CACHE_DIR": f"{inside.HOME}/.cache/numba",
        "PYTHONPATH": str(Path(mlmkit.__file__).parents[1]),  # of which a jail has nothing but mlmkit
        **EVERYWHERE,
    }


def _command(builder: str, *, nested: bool) -> list[str]:
    """Begin the builder's command: namespaces and environment.

    A keeper that makes namespaces of its own (`nested`) needs the privileges for it. They count in the
    jail only, unless the grader is root; the kernel gives them up before it runs anything.
    """
    command = ["bwrap"] if builder == "bubblewrap" else [sys.executable, "-IS", *run_ours("namespaces")]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.getuid() != 0:
        command += ["--unshare-user", *(["--cap-add", "ALL"] if nested else [])]
    command += ["--clearenv"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    return command


def _libraries() -> list[str]:
    """Mount what a kernel reads: the system's programs, Python, and the packages of this environment."""
    mounts = []
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            mounts += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            mounts += ["--ro-bind", str(place), str(place)]
    made: set[Path] = set()
    mounts += _parents(Path("/etc/settings"), made)
    for name in SETTINGS:
        mounts += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    seen = [Path("/usr"), *(Path(place) for place in SYSTEM)]
    for place in _python_folders():
        if not any(place.is_relative_to(other) for other in seen):
            mounts += [*_parents(place, made), "--ro-bind", str(place), str(place)]
            seen.append(place)
    if any(GRADER.is_relative_to(place) for place in seen):  # installed among the libraries
        mounts += ["--tmpfs", str(GRADER), "--remount-ro", str(GRADER)]
    for place in ("/tmp", inside.HOME, inside.SOCKETS, inside.SPOOL, "/run/submission", inside.SKELETONS):
        mounts += [*_parents(Path(place), made), "--perms", "0755", "--dir", place]
    return [*mounts, "--ro-bind", inside.__file__, "/run/inside.py", "--proc", "/proc"]


def _skeletons(builder: str, *, heavy: bool) -> list[str]:
    """Make what has to lie in a home, where it is not there yet; return its names. `heavy`: for sampling."""
    names = [skeleton.BAYES if heavy else skeleton.FONTS, skeleton.kernels()]
    for name in names:
        if not skeleton.is_there(name):
            skeleton.prepare(name, [*_command(builder, nested=False), *_libraries()])
    return names


def _sealed() -> list[str]:
    """Close what bubblewrap made itself; nobody may write there."""
    return ["--remount-ro", "/dev", "--remount-ro", "/"]


def _fresh_places() -> list[str]:
    """List the places that each submission gets empty and to itself.

    ``/tmp`` is left out where this project or its Python lies in it; then it is read-only.
    """
    hidden = [place for place in _python_folders() if place.is_relative_to("/tmp")]
    return [inside.HOME] if hidden else ["/tmp", inside.HOME]


def _python_folders() -> list[Path]:
    """List the folders of this Python, as it names them and as they really lie; outer ones first."""
    named = {Path(sys.prefix), Path(sys.base_prefix), Path(mlmkit.__file__).parent}
    named |= {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")}
    named |= {Path(os.path.realpath(sys.executable)).parents[1]}
    return sorted({place.absolute() for place in named} | {place.resolve() for place in named})


def random_uid() -> int | None:
    """Return a user for one kernel, to whom not even what its room forgot is open; None without root."""
    return 2**20 + secrets.randbelow(2**30) if os.getuid() == 0 else None


@cache
def readable() -> list[str]:
    """List what a kernel reads, as `_libraries` mounts it; what is not there is on the list all the same."""
    return [*SYSTEM, *(f"/etc/{name}" for name in SETTINGS), *map(str, _python_folders())]


@cache
def open_to_others() -> bool:
    """Tell whether any user of this machine can run this Python."""
    folders = {parent for place in _python_folders() for parent in (place, *place.parents)}
    return all(folder.stat().st_mode & 0o1 for folder in folders)


def _parents(place: Path, made: set[Path]) -> list[str]:
    """Make the folders above `place` readable: bubblewrap's own are closed to other users."""
    mounts = []
    for parent in reversed(place.parents):
        if parent not in made and parent != Path("/"):
            mounts += ["--perms", "0755", "--dir", str(parent)]
            made.add(parent)
    return mounts


def copy_submission(source: str, target: Path, room: int) -> None:
    """Copy a submission's folder. Links are copied as links; devices and pipes are left out."""
    left = room

    def leave_out(folder: str, names: list[str]) -> list[str]:
        nonlocal left
        special = []
        for path in (Path(folder, name) for name in names):
            if path.is_file() and not path.is_symlink():
                left -= path.stat().st_size
            elif not (path.is_symlink() or path.is_dir()):
                special.append(path.name)
        if left < 0:
            raise JailError(f"The files of the submission are larger than {room // MB} MB together.")
        return special

    shutil.copytree(source, target, symlinks=True, ignore=leave_out)


def pair() -> tuple[socket.socket, socket.socket]:
    """Make a line between two processes, on which a message arrives whole, and the end is noticed."""
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM  # macOS has no other
    return socket.socketpair(socket.AF_UNIX, kind)


def require_ready(said: dict) -> None:
    """Raise `JailError` if a warm process can't be forked, by what it said of itself."""
    if said["failed"]:
        raise JailError(f"{', '.join(said['failed'])} could not be imported")
    if said["trunk"]:
        raise JailError(said["trunk"])
    if said["threads"] > 1:
        raise JailError("an imported library runs threads, which a fork would lose")
