"""Outages: a full disk, a silent database. What to wait for, and what to tell the instructor."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from grader.course.course_folder import CourseError

PAUSES = (1, 2, 4, 8, 15)  # seconds before each new attempt: half a minute in all
_NO_ROOM = {errno.ENOSPC: "The disk is full", errno.EDQUOT: "The disk quota is used up"}
_NO_ROOM[errno.EFBIG] = "A file grew beyond the size that this account may write"
_SQLITE_NO_ROOM = ("database or disk is full", "disk i/o error")
_SQLITE_CLOSED = ("readonly database", "unable to open database file")


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, then what caused it, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def no_room(error: BaseException) -> str | None:
    """Say that nothing can be written, for want of room or of the right to, if `error` comes from that.

    >>> no_room(OSError(errno.ENOSPC, "No space left on device"))
    'The disk is full. Make room for more files.'
    """
    for cause in chain_of(error):
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return f"{_NO_ROOM[cause.errno]}. Make room for more files."
        if isinstance(cause, OSError) and cause.errno == errno.EROFS:
            return f"The disk can only be read, and this has to be written: {cause.filename}."
        says = str(cause.orig).lower() if isinstance(cause, OperationalError) else ""
        if any(text in says for text in _SQLITE_NO_ROOM):
            return "The gradebook could not be written: the disk is full. Make room for more files."
        if any(text in says for text in _SQLITE_CLOSED):
            return "The gradebook can't be written: its file, or its folder, can only be read."
    return None


def no_database(error: BaseException) -> str | None:
    """Say that the gradebook's database does not answer or is busy, if that is what `error` comes from.

    Two graders who add the same row at the same moment count as busy: the second attempt finds the row.
    """
    if no_room(error):
        return None
    for cause in chain_of(error):
        lost = isinstance(cause, DBAPIError) and cause.connection_invalidated
        if lost or isinstance(cause, OperationalError | InterfaceError | IntegrityError):
            reason = str(cause.orig).strip().splitlines()[0]
            return f"The gradebook's database can't be used now: {reason}."
    return None


def with_patience[Result](work: Callable[[], Result]) -> Result:
    """Do `work`; when the database does not answer, wait and do it again from its beginning.

    Raises
    ------
    CourseError
        When the database stays silent for half a minute, or nothing can be written.
    """
    for pause in (*PAUSES, None):
        try:
            return work()
        except Exception as error:
            if says := no_room(error):
                raise CourseError(says) from error
            says = no_database(error)
            if says is None:
                raise
            if pause is None:
                raise CourseError(says) from error
        sleep(pause)
    raise AssertionError("not reached")


@contextmanager
def explained() -> Iterator[None]:
    """Turn an outage inside into a `CourseError` with a sentence."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        says = no_room(error) or no_database(error)
        if says is None:
            raise
        raise CourseError(says) from error
