"""What a keeper and its kernel write past Jupyter: a file of their own, which they can't read."""

from __future__ import annotations

import os
import tempfile


class Words:
    r"""A file without a name: the grader reads its last line, a jail gets a handle that only appends.

    Examples
    --------
    >>> words = Words()
    >>> handle = words.open()
    >>> os.write(handle, b"first\nlast\n")
    11
    >>> words.last_line()
    'last'
    >>> os.close(handle)
    >>> words.close()
    """

    def __init__(self):
        number, self._path = tempfile.mkstemp(prefix=f"mlm-words-{os.getpid()}-")
        self._number: int | None = number

    def open(self) -> int:
        """Open it for writing, once, and take its name away; whoever calls closes the handle."""
        try:
            return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        finally:
            self._forget_name()

    def last_line(self) -> str:
        """Return the last line, or say that there is none."""
        if self._number is None:
            return "it gave no reason"
        size = os.fstat(self._number).st_size
        lines = os.pread(self._number, 4000, max(0, size - 4000)).decode(errors="replace")
        return lines.strip().split("\n")[-1] or "it gave no reason"

    def close(self) -> None:
        """Let go of it. May be called twice."""
        if self._number is not None:
            self._forget_name()
            os.close(self._number)
            self._number = None

    def _forget_name(self) -> None:
        if self._path:
            os.unlink(self._path)
            self._path = ""
