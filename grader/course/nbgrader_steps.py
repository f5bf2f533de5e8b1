"""nbgrader's own steps, one at a time: generate, release, hand in, collect."""

from __future__ import annotations

import errno
import traceback

from nbgrader.auth import Authenticator

from grader.course.course_folder import LOG, CourseError


def exchange_step(exchange_class, app, **traits):
    """Prepare a step that goes through the exchange folder."""
    return exchange_class(
        coursedir=app.coursedir, authenticator=Authenticator(parent=app), parent=app, **traits
    )


def run_step(step) -> None:
    """Run one step of nbgrader; a failure becomes a sentence, the details are in the log."""
    try:
        step.start()
    except Exception as error:
        step.log.error(traceback.format_exc())
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # `grader.grade.outages` has a sentence for it
        raise CourseError(f"{type(step).__name__} failed: {error} ({LOG} has the details.)") from error
