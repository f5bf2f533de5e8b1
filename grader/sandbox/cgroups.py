"""A limit for all processes of a submission together: Linux control groups, version 2 or 1.

``RLIMIT_AS`` and ``RLIMIT_CPU`` hold for each process alone, so a submission that starts ten may use ten
times as much. A control group counts them together. Making one needs the right to: root on most
machines, and ordinary users where systemd hands a part of the tree to them.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

ROOT = Path("/sys/fs/cgroup")
NEEDED = {"memory", "pids"}
STALE = re.compile(r"mlmkit-(\d+)-")


class Cgroup:
    """Control groups for one jail.

    Parameters
    ----------
    memory : int
        Bytes that all processes together may use.
    processes : int
        Processes and threads at the same time.
    root : Path
        Where the control groups of this machine lie.

    Attributes
    ----------
    folders : list of Path
        One (version 2) or two (version 1); empty where none can be had.
    """

    def __init__(self, memory: int, processes: int, root: Path = ROOT):
        self.folders: list[Path] = []
        name = f"mlmkit-{os.getpid()}-{uuid4().hex[:8]}"
        for make in (_make_v2, _make_v1):
            with suppress(OSError, StopIteration):
                self.folders = make(root, name, memory, processes)
                break

    def open(self) -> list[int]:
        """Open the lists of members; whoever writes 0 into all of them joins. Close them after use."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY) for folder in self.folders]

    def remove(self) -> None:
        """Remove the groups. Their processes have to be gone."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()
        self.folders = []


def _make_v2(root: Path, name: str, memory: int, processes: int) -> list[Path]:
    """Make a group beside or above our own, wherever the two controllers are handed down."""
    mount = next(place for place in (root, root / "unified") if (place / "cgroup.controllers").is_file())
    own = mount / _own_group("").lstrip("/")
    for parent in (own, *own.parents):
        handed_down = _words(parent / "cgroup.subtree_control")
        if handed_down >= NEEDED and os.access(parent / "cgroup.procs", os.W_OK):
            values = {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes}
            return [_make(parent, name, values)]
        if parent == mount:
            break
    raise StopIteration


def _make_v1(root: Path, name: str, memory: int, processes: int) -> list[Path]:
    """Make a group in each of the two hierarchies, below our own."""
    values = {
        "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
        "pids": {"pids.max": processes},
    }
    made = []
    try:
        for controller, entries in values.items():
            parent = root / controller / _own_group(controller).lstrip("/")
            made.append(_make(parent if parent.is_dir() else root / controller, name, entries))
    except OSError:
        for folder in made:
            folder.rmdir()
        raise
    return made


def _make(parent: Path, name: str, values: dict[str, int]) -> Path:
    _sweep(parent)
    folder = parent / name
    folder.mkdir()
    try:
        for file, value in values.items():
            if "sw" not in file or (folder / file).exists():  # swap is not counted everywhere
                (folder / file).write_text(str(value))
        os.close(os.open(folder / "cgroup.procs", os.O_WRONLY))
    except OSError:
        folder.rmdir()
        raise
    return folder


def _sweep(parent: Path) -> None:
    """Remove empty groups of graders that were killed."""
    for folder in parent.glob("mlmkit-*"):
        owner = STALE.match(folder.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            with suppress(OSError):
                folder.rmdir()


def _own_group(controller: str) -> str:
    """Return this process's group in a hierarchy of version 1, or ("") in version 2."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and (controller or not controllers):
            return path
    return "/"


def _words(path: Path) -> set[str]:
    return set(path.read_text().split()) if path.is_file() else set()
