"""Requests for a second look and their answers: one file for each lesson, a line of JSON for each event.

Lines are added and never changed. One is whole or not there: it is written in one step, under a lock, and
what a full disk has cut off is taken away again. A line that can't be read counts as none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

PLACE = "requests"


@dataclass(frozen=True)
class Request:
    """A student asks to look at a mark again.

    Attributes
    ----------
    student, question : str
    why : str
        The student's words: nothing of it can be trusted.
    at : str
        When it was noticed (UTC).
    came : str
        How, in words; empty where it was handed in through the exchange.
    answer : str
        The instructor's words; empty while it is open.
    points : float or None
        The mark that came of it; None where the old one stays.
    answered_at : str
        When (UTC); empty while it is open.
    """

    student: str
    question: str
    why: str
    at: str = ""
    came: str = ""
    answer: str = ""
    points: float | None = None
    answered_at: str = ""

    @property
    def id(self) -> str:
        """The same for the same words of the same student about the same question."""
        text = "\0".join([self.student, self.question, self.why])
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered."""
        return not self.answered_at


def requests_of(root: str | Path, lesson: str, student: str | None = None) -> list[Request]:
    """Return the requests of a lesson, the open ones first, each group in the order of arrival."""
    found: dict[str, Request] = {}
    for event in _events(_path(root, lesson)):
        if event.get("event") == "asked":
            request = Request(
                event["student"], event["question"], event["why"], event["at"], event.get("came", "")
            )
            found.setdefault(request.id, request)
        for id in event.get("answers", ()):
            if id in found:
                found[id] = replace(
                    found[id], answer=event["text"], points=event["points"], answered_at=event["at"]
                )
    mine = [item for item in found.values() if student is None or item.student == student]
    return sorted(mine, key=lambda item: not item.is_open)


def log_requests(root: str | Path, lesson: str, requests: list[Request]) -> list[Request]:
    """Write down the requests that are not there yet, and return them."""
    if not requests:
        return []
    path = _path(root, lesson)
    with _alone(path):
        known = {item.id for item in requests_of(root, lesson)}
        new = list({item.id: item for item in requests if item.id not in known}.values())
        _add(
            path,
            [
                {
                    "event": "asked",
                    "student": item.student,
                    "question": item.question,
                    "why": item.why,
                    "at": _now(),
                    **({"came": item.came} if item.came else {}),
                }
                for item in new
            ],
        )
    return new


def log_answer(root: str | Path, lesson: str, requests: list[Request], text: str, points: float | None):
    """Write down what the instructor says to these requests."""
    path = _path(root, lesson)
    ids = [item.id for item in requests]
    with _alone(path):
        _add(path, [{"event": "answered", "answers": ids, "text": text, "points": points, "at": _now()}])


def _path(root: str | Path, lesson: str) -> Path:
    return Path(root, PLACE, f"{lesson}.jsonl")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _events(path: Path) -> Iterator[dict]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def _add(path: Path, events: list[dict]) -> None:
    """Add lines in one step; where the disk is full, what was cut off is taken away."""
    text = "".join(json.dumps(event) + "\n" for event in events).encode()
    if not text:
        return
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            text = text if file.read(1) == b"\n" else b"\n" + text  # after a line that was cut off
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until nobody else writes to the log; the lock goes away with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
