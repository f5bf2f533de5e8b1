"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

MB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of a submission; sizes in bytes.

    Attributes
    ----------
    memory : int
        For each process; for all together where there is a control group.
    processes : int
        Processes and threads.
    cpu_seconds : int
        Processor time of each process.
    file_size : int
        Of each file.
    open_files : int
    home : int
        Of all files together.
    """

    memory: int
    processes: int
    cpu_seconds: int
    file_size: int
    open_files: int
    home: int

    def for_process(self, *, own_user: bool) -> dict[str, int]:
        """Return the limits that a process can carry, by the names of setrlimit(2).

        Parameters
        ----------
        own_user : bool
            True where the kernel runs as a user of its own: the number of processes is counted by user.
        """
        # DATA counts what a program writes to. AS would count libraries too, which differ from machine to
        # machine; it is there for memory that DATA leaves out.
        limits = {
            "DATA": self.memory,
            "AS": 4 * self.memory,
            "CPU": self.cpu_seconds,
            "FSIZE": self.file_size,
            "NOFILE": self.open_files,
            "CORE": 0,
        }
        return {**limits, "NPROC": self.processes} if own_user else limits
