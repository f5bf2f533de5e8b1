"""Signs of life: whoever waits for a command sees every few seconds that it works."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

SILENCE = 2.0  # seconds


@contextmanager
def signs_of_life(seconds: float = SILENCE) -> Iterator[None]:
    """Write a dot to stderr whenever nothing was written for some seconds, to stdout or stderr.

    Both are passed on line by line, also into a file or a pipe.

    Parameters
    ----------
    seconds : float
        The longest silence.
    """
    kept = sys.stdout, sys.stderr
    ear = _Ear()
    out, err = (_Heard(stream, ear) for stream in kept)
    sys.stdout, sys.stderr = out, err
    with every(seconds / 4, lambda: ear.silent_for(seconds) and err.write_dot()):
        try:
            yield
        finally:
            sys.stdout, sys.stderr = kept
            out.flush()


@contextmanager
def every(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Call `act` every few seconds in a thread, as long as the block runs."""
    over = threading.Event()

    def work():
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def plain(text: str) -> str:
    r"""Write text from a student so that a screen only shows it: control characters become letters.

    >>> print(plain("x\x1b[2Jy"))
    x\x1b[2Jy
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def plain_lines(text: str) -> str:
    """Do the same with a text of several lines, which stay lines."""
    return "\n".join(plain(line) for line in text.split("\n"))


class _Ear:
    """Knows when something was heard last, and whether dots stand in the line."""

    def __init__(self):
        self.last, self.dots = monotonic(), False

    def silent_for(self, seconds: float) -> bool:
        return monotonic() - self.last >= seconds


class _Heard:
    """A stream that tells an `_Ear` of each text."""

    def __init__(self, stream, ear: _Ear):
        self._stream, self._ear = stream, ear

    def write(self, text: str) -> int:
        if self._ear.dots and text.strip():
            self._ear.dots = False
            text = "\n" + text
        self._ear.last = monotonic()
        count = self._stream.write(text)
        if "\n" in text:
            self._stream.flush()
        return count

    def write_dot(self) -> None:
        self._ear.last, self._ear.dots = monotonic(), True
        self._stream.write(".")
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)
