"""How much processor time a submission has used, and what is left of an allowance.

A limit by the clock would make a busy machine cost points: two notebooks that wait for one processor take
twice as long, and compute the same. So limits count processor time, and the clock only for whoever waits.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psutil


class ProcessorTime:
    """The processor time of a kernel, of all processes that it started, and of its keeper.

    Parameters
    ----------
    door : Path, optional
        A socket on which the kernel listens, before anything of a student's runs in it.
    """

    def __init__(self, door: Path | None = None):
        self._keeper, self._most = _keeper_of(door) if door else None, 0.0

    def used(self) -> float:
        """Return seconds of processor time; infinity where this system does not tell whose a socket is."""
        if self._keeper is None:
            return float("inf")
        with suppress(psutil.Error):
            seconds = 0.0
            for process in (self._keeper, *self._keeper.children(recursive=True)):
                with suppress(psutil.Error):  # ended in this moment: its parent has its time
                    seconds += sum(process.cpu_times()[:4])  # its own, and of ended children
            self._most = max(self._most, seconds)
        return self._most


class Allowance:
    """Seconds of processor time that something may take, from the first time on that one asks `is_over`.

    Parameters
    ----------
    seconds : float or None
        None: as long as it likes.
    patience : float
        How many times as long the clock may run, for what waits and computes nothing.
    meter : ProcessorTime

    Examples
    --------
    >>> class Idle:
    ...     used = staticmethod(lambda: 0.0)
    >>> Allowance(0.0, 1e9, Idle()).is_over(), Allowance(5.0, 2.0, Idle()).is_over()
    (True, False)
    """

    def __init__(self, seconds: float | None, patience: float, meter: ProcessorTime):
        self.seconds, self.patience = seconds, patience
        self._meter, self._start, self._used = meter, monotonic(), None

    def is_over(self) -> bool:
        """Tell whether it is used up: by the clock at least, which is never ahead of one processor."""
        if self._used is None:
            self._used = self._meter.used()
        if self.seconds is None or self.clock < self.seconds:
            return False
        return self.clock >= self.patience * self.seconds or self.worked >= self.seconds

    @property
    def clock(self) -> float:
        """Seconds by the clock since it began."""
        return monotonic() - self._start

    @property
    def worked(self) -> float:
        """Seconds of processor time since it began."""
        used = self._meter.used()
        return self.clock if used == float("inf") else used - self._used


def _keeper_of(door: Path) -> psutil.Process | None:
    """Find the keeper: the parent of the kernel, which listens at `door`."""
    if not hasattr(socket, "SO_PEERCRED"):  # only Linux has it
        return None
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError, psutil.Error):
        line.connect(str(door))
        about = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return psutil.Process(struct.unpack("3i", about)[0]).parent()  # of pid, uid, gid
    return None
