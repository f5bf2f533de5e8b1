"""Jupyter's way into the sandbox: a kernel provisioner, and the manager that chooses it.

`SturdyExecute` starts its kernels with `SandboxKernelManager`, so everything that runs submissions takes
this way: ``nbgrader autograde``, the formgrader's button, ``python -m grader grade``. The kernels of
JupyterLab itself don't.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import dedent

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Dict, DottedObjectName, Enum, Integer, List, Type, Unicode
from traitlets.config import Config

from grader.course.files import remove_leftovers
from grader.sandbox import inside
from grader.sandbox.bare import ClosedRoom, OpenRoom, WarmProcess
from grader.sandbox.guest import GuestLimits, command
from grader.sandbox.jail import ANSWER_SECONDS, BUILDERS, Jail, JailError, Leash
from grader.sandbox.limits import MB, Limits
from grader.sandbox.processor_time import ProcessorTime
from grader.sandbox.rungs import GUEST, ISOLATED, LANDLOCK, NONE, RUNGS, choose

NAME = "mlmkit-sandbox"  # the entry point in pyproject.toml
OF_PLAN = ("counts", "late", "restore")  # what a kernel that begins behind a trunk has to know of its plan


@dataclass(frozen=True)
class Isolation:
    """How a kernel was kept apart.

    Attributes
    ----------
    rung : str
        One of `grader.sandbox.rungs.RUNGS`.
    why : str
        Why there was no stronger rung.
    kind : {"warm", "cold"}
        A fork of a process that has the libraries loaded, or a new process.
    why_cold : str
    memory : {"together", "each process"}
        For whom the limits of memory and processes hold.
    """

    rung: str
    why: str = ""
    kind: str = "cold"
    why_cold: str = ""
    memory: str = "each process"


class SandboxProvisioner(LocalProvisioner):
    """Start a kernel as much apart as this machine and the settings allow, and note how."""

    isolation = List(
        Enum(list(RUNGS)),
        default_value=ISOLATED,
        minlen=1,
        help=dedent(
            """
            Ways to keep a submission apart. The strongest of these that works on this machine is taken, in
            this order: "bubblewrap", "namespaces" (the same room without bubblewrap), "Landlock" (files and
            network only), "guest" (a WebAssembly Python, if it is installed). Where none works, nothing is
            graded. With "none" among them it is graded all the same, under limits only, and the class report
            says so.
            """
        ),
    ).tag(config=True)

    warm = Bool(
        True,
        help="Fork kernels from a process that has the libraries loaded. False: a new Python for each.",
    ).tag(config=True)

    memory = Integer(
        4096,
        help=dedent(
            """
            Megabytes of memory for a submission: for each of its processes, and for all of them together
            where Linux lets the grader make a control group (the class report says which).
            """
        ),
    ).tag(config=True)

    processes = Integer(128, help="Processes and threads that a submission may run at the same time.").tag(
        config=True
    )

    cpu_seconds = Integer(
        900, help="Seconds of processor time for each process of a submission. Then it is ended."
    ).tag(config=True)

    file_size = Integer(64, help="Megabytes of the largest file that a submission may write.").tag(
        config=True
    )

    home = Integer(
        256,
        help="Megabytes of all files together (in memory, and gone after the run). Not with Landlock.",
    ).tag(config=True)

    open_files = Integer(512, help="Files and sockets that a process may have open.").tag(config=True)

    modules = List(
        Unicode(),
        default_value=[
            "ipykernel.kernelapp",
            "ipykernel.zmqshell",
            # What ipykernel loads when it begins. Not matplotlib_inline, which takes hold of the kernel then.
            "ipykernel.debugger",
            "IPython.core.completerlib",
            "IPython.core.debugger",
            "IPython.core.logger",
            "IPython.core.oinspect",
            "IPython.extensions.storemagic",
            "IPython.core.pylabtools",
            "sqlite3",
            "tornado.platform.asyncio",
            "tornado.queues",
            "zmq.utils.garbage",
            "numpy",
            "pandas",
            "scipy.stats",
            "matplotlib.pyplot",
            "formulaic",
            "statsmodels.api",
            "statsmodels.formula.api",
            "pyarrow.pandas_compat",
            "PIL.PngImagePlugin",
            "seaborn",
            # `import mlmkit` is light: its parts are loaded by who uses them.
            "mlmkit.answers",
            "mlmkit.data",
            "mlmkit.fits.glmer",
            "mlmkit.fits.linear",
            "mlmkit.fits.lmer",
            "mlmkit.plots",
            "mlmkit.fits.pooling",
            "mlmkit.inference.simulations",
            "mlmkit.compile_kernels:load_fits",
        ],
        help="Modules that are imported once, before the first submission; behind a colon, what is called.",
    ).tag(config=True)

    modules_when_mentioned = Dict(
        default_value={
            # dask comes with what ArviZ computes, and the last with a model that has to be sampled.
            word: ["pymc", "arviz", "nutpie", "mlmkit.bayes", "dask.array", "mlmkit.bayes.nuts_pymc"]
            for word in ("stan_lmer", "stan_glmer", "pymc", "arviz")
        },
        help="Modules that are imported once, before the first submission whose code has the given word.",
    ).tag(config=True)

    leash: Leash | None = None
    processor_time = ProcessorTime()  # of a kernel that has started, another
    how = Isolation(NONE, "the kernel was not started yet")
    behind_trunk = False  # the kernel has begun there: the trunk's cells are not to be run
    _room: OpenRoom | None = None

    @property
    def limits(self) -> Limits:
        """The limits in bytes."""
        return Limits(
            memory=self.memory * MB,
            processes=self.processes,
            cpu_seconds=self.cpu_seconds,
            file_size=self.file_size * MB,
            open_files=self.open_files,
            home=self.home * MB,
        )

    @property
    def has_process(self) -> bool:
        """Tell whether there is a kernel to look after."""
        return self.leash is not None or super().has_process

    async def pre_launch(self, **kwargs):
        """Let the kernel listen on socket files, which need no network."""
        self._code = kwargs.pop("code", "")
        self._trunk = kwargs.pop("trunk", ())
        self._ours = {name: kwargs.pop(name, []) for name in OF_PLAN}
        self.behind_trunk = False
        manager = self.parent
        if os.name == "posix":
            manager.transport = "ipc"
            ports = {
                f"{name}_port": number
                for number, name in enumerate(("shell", "iopub", "stdin", "hb", "control"), 1)
            }
            manager.set_trait("ip", "not known yet")
            for port, number in ports.items():
                setattr(manager, port, number)
        self._rung, self._why = choose(self.isolation, self._heavy_modules())
        if self._rung not in BUILDERS:
            if os.name == "posix":
                self._room = self._make_room()
                manager.ip = str(self._room.sockets() / "k")
                if self._rung == LANDLOCK:
                    manager.connection_file = str(self._room.sockets() / "connection.json")
            return await super().pre_launch(**kwargs)
        manager.connection_file = inside.CONNECTION_FILE
        self.connection_info = manager.get_connection_info()
        cmd = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        return kwargs | {"cmd": cmd}

    async def launch_kernel(self, cmd, **kwargs):
        """Start the kernel in the room that was chosen."""
        if self._rung in BUILDERS:
            return await self._launch_in_jail(cmd, **kwargs)
        if self._rung == GUEST:
            cmd = command(cmd, self.memory, self.home)
        if os.name == "posix":
            return await self._launch_in_room(cmd, **kwargs)
        self.how = Isolation(self._rung, self._why)
        return await super().launch_kernel(cmd, **kwargs)

    async def _launch_in_jail(self, cmd, **kwargs):
        manager = self.parent
        outside = os.path.realpath(inside.CONNECTION_FILE)
        argv = [inside.CONNECTION_FILE if part == outside else part for part in cmd]
        info = {
            **self.connection_info,
            "key": self.connection_info["key"].decode(),
            "kernel_name": manager.kernel_name,
        }
        submission = kwargs.get("cwd") or os.getcwd()
        why_cold = self._reason_against_warm(cmd)
        if why_cold is None:
            ours = self._ours if self.behind_trunk else {}
            self.leash = self._jail.fork(submission, info, argv, self._heavy_modules(), ours)
        else:
            jail = Jail(self.limits, self._rung)
            self.leash = jail.run(submission, info, argv, heavy=bool(self._heavy_modules()))
        self._note(self.leash.jail, why_cold)
        manager.ip = self.connection_info["ip"] = str(self.leash.sockets / "k")
        manager.connection_file = str(self.leash.sockets.parent / "connection.json")
        await self._until_it_listens()
        return self.connection_info

    async def poll(self):
        """Return None while the kernel runs, else its exit code."""
        return self.leash.poll() if self.leash is not None else await super().poll()

    async def wait(self):
        """Wait for the end of the kernel."""
        if self.leash is None:
            return await super().wait()
        while self.leash.poll() is None:
            await asyncio.sleep(0.01)
        code = self.leash.returncode
        self.leash.end()
        self.leash = None
        return code

    async def send_signal(self, signum):
        """Send a signal to the kernel: to its process, not to its keeper."""
        if self.leash is not None:
            self.leash.signal(signum)
        else:
            await super().send_signal(signum)

    async def kill(self, restart=False):
        """End all processes of the submission."""
        if self.leash is not None:
            self.leash.end()
        else:
            await super().kill(restart)

    async def terminate(self, restart=False):
        """End all processes of the submission: nothing of a student's has to be tidied up politely."""
        await self.kill(restart)

    async def cleanup(self, restart=False):
        """Leave nothing behind."""
        if self.leash is not None:
            self.leash.end()
            self.leash = None
        if self._room is not None:
            self._room.close()
        await super().cleanup(restart)

    def _reason_against_fork(self, cmd) -> str | None:
        if self._rung == GUEST:
            return "a WebAssembly guest can't be forked"
        if not self.warm:
            return "the configuration switches warm kernels off (SandboxProvisioner.warm)"
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            return "it is not a kernel of this Python"
        return None

    def _reason_against_warm(self, cmd) -> str | None:
        """Say why this kernel can't be a fork, or lay the warm jail ready."""
        if reason := self._reason_against_fork(cmd):
            return reason
        if self._trunk:
            with suppress(JailError):  # the long way is always there
                heavy = self._heavy_modules()
                modules = (*self.modules, *heavy)
                self._jail = warm_jail(self.limits, self._rung, modules, self._trunk, heavy=bool(heavy))
                self.behind_trunk = True
                return None
        try:
            self._jail = warm_jail(self.limits, self._rung, tuple(self.modules))
        except JailError as error:
            return str(error)
        return None

    def _heavy_modules(self) -> list[str]:
        mentioned = [names for word, names in self.modules_when_mentioned.items() if word in self._code]
        return sorted({name for names in mentioned for name in names})

    def _make_room(self) -> OpenRoom:
        if self._rung == LANDLOCK:
            return ClosedRoom(self.limits)
        return OpenRoom(GuestLimits(**asdict(self.limits)) if self._rung == GUEST else self.limits)

    async def _launch_in_room(self, cmd, **kwargs):
        closed, heavy = self._rung == LANDLOCK, self._heavy_modules()
        why_cold, warm = self._reason_against_fork(cmd), None
        if sys.platform != "linux":
            why_cold = "only Linux forks a process with such libraries reliably"
        elif closed and heavy:  # their caches belong into a home, and here each kernel has a place of its own
            why_cold = "it samples"
        if why_cold is None:
            try:
                warm = warm_process(closed, tuple(self.modules))
            except JailError as error:
                why_cold = str(error)
        self.leash = self._room.run(cmd, kwargs.get("cwd") or os.getcwd(), warm, heavy)
        self._note(self._room, why_cold)
        await self._until_it_listens()
        return self.connection_info

    def _note(self, room: Jail | OpenRoom, why_cold: str | None) -> None:
        together = "together" if room.cgroup.folders else "each process"
        kind = "cold" if why_cold else "warm"
        self.how = Isolation(self._rung, self._why, kind, why_cold or "", together)

    async def _until_it_listens(self, seconds=ANSWER_SECONDS):
        """Wait for the kernel's sockets, so that nobody waits for a kernel that never was."""
        for _ in range(int(seconds / 0.002)):
            doors = sorted(self.leash.sockets.glob("k-*"))
            if len(doors) == inside.PORTS:
                self.processor_time = ProcessorTime(doors[0])
                return
            if self.leash.poll() is not None:
                break
            await asyncio.sleep(0.002)
        says = self.leash.last_words()
        self.leash.end()
        raise JailError(f"The kernel did not start in the sandbox: {says}")


def allow_none(config: Config) -> None:
    """Change the settings so that submissions run also where nothing can keep them apart."""
    allowed = SandboxProvisioner(config=config).isolation
    config.SandboxProvisioner.isolation = [*allowed, NONE]


class SandboxKernelManager(AsyncKernelManager):
    """Jupyter's kernel manager, whose kernels run in the sandbox whatever their kernelspec says."""

    client_class = DottedObjectName("grader.sandbox.client.PromptClient")
    client_factory = Type(klass="grader.sandbox.client.PromptClient")

    @property
    def kernel_spec(self):
        """The kernelspec, with our provisioner."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata = {**spec.metadata, "kernel_provisioner": {"provisioner_name": NAME}}
        return spec


_warm: dict[tuple, Jail | WarmProcess] = {}
_failed: dict[tuple, str] = {}
_lock = threading.Lock()


def warm_jail(
    limits: Limits,
    builder: str,
    modules: tuple[str, ...],
    trunk: tuple[str, ...] = (),
    *,
    heavy: bool = False,
) -> Jail:
    """Return this process's warm jail for these settings; make one, or a new one where it has died.

    Of the jails with a lesson's trunk, the last one is kept only.

    Raises
    ------
    JailError
        If it can't be had; it is tried once in a process.
    """
    key = (os.getpid(), limits, builder, modules, trunk)
    for other in [other for other in _warm if other[0] == os.getpid() and len(other) == len(key)]:
        if trunk and other[-1] not in ((), trunk):
            _warm.pop(other).close()
    return _kept(key, lambda: Jail(limits, builder, list(modules), trunk, heavy=heavy))


def warm_process(closed: bool, modules: tuple[str, ...]) -> WarmProcess:
    """Return this process's warm process for kernels without a jail; as `warm_jail`."""
    return _kept((os.getpid(), closed, modules), lambda: WarmProcess(list(modules), closed=closed))


def _kept(key: tuple, make: Callable[[], Jail | WarmProcess]):
    with _lock:
        if key in _failed:
            raise JailError(_failed[key])
        if key in _warm and not _warm[key].alive():
            _warm.pop(key).close()  # killed from outside: nobody else would remove its folder
        if key not in _warm:
            for place in {"/tmp", tempfile.gettempdir()}:
                remove_leftovers(Path(place), "mlm", "mlm-words")
            try:
                _warm[key] = make()
            except JailError as error:
                _failed[key] = str(error)
                raise
        return _warm[key]


@atexit.register
def close_warm_jails() -> None:
    """End the warm jails and processes of this process."""
    for key in [key for key in _warm if key[0] == os.getpid()]:
        _warm.pop(key).close()
