"""One course folder, opened the way nbgrader opens it: its configuration, its gradebook, its log."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from nbgrader import api, dbutil
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.baseapp import NbGrader

from grader.course.screen import plain_lines

LOG = ".nbgrader.log"


class CourseError(Exception):
    """Something in the course folder is not as it has to be. Its text says what to do."""


def open_course(root: str | Path) -> NbGrader:
    """Open the course folder `root` with its ``nbgrader_config.py``, as the ``nbgrader`` command does.

    Parameters
    ----------
    root : path
        The folder that holds ``nbgrader_config.py``.

    Returns
    -------
    nbgrader.apps.baseapp.NbGrader
        Its ``coursedir`` knows the folders and the gradebook. It logs to ``.nbgrader.log`` in
        `root` and prints nothing.

    Raises
    ------
    CourseError
        If the folder has no ``nbgrader_config.py``.
    """
    root = Path(root).resolve()
    if not (root / "nbgrader_config.py").is_file():
        raise CourseError(
            f"{root} has no nbgrader_config.py, so it is not a course folder. "
            "Run this in course/, or name the folder with --course."
        )
    _put_tools_on_path()
    app = NbGrader(log_level=logging.ERROR)
    app.load_cwd_config = False  # only the configuration of the course folder counts
    app.initialize([], root=str(root))
    app.coursedir.root = str(root)
    _log_to_file(app, root / LOG)
    return app


@cache
def _newest_tables() -> str:
    """Name the form of a new gradebook's tables, without nbgrader's way: a program that takes seconds."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()


api.get_alembic_version = _newest_tables
# SQLAlchemy keeps with an engine how each query is written in SQL. nbgrader made one whenever it opened a
# gradebook: a fifth of what a grading process does for a submission. Closing one closes its connections.
api.create_engine = cache(api.create_engine)
os.register_at_fork(after_in_child=api.create_engine.cache_clear)


def open_gradebook(app: NbGrader) -> Gradebook:
    """Open the gradebook of `app`. Use it in a ``with`` statement."""
    return Gradebook(app.coursedir.db_url, app.coursedir.course_id)


@contextmanager
def asked_for(app: NbGrader, lesson: str, student: str = "*") -> Iterator[None]:
    """Point nbgrader's course directory at one lesson and student."""
    app.coursedir.assignment_id, app.coursedir.student_id = lesson, student
    try:
        yield
    finally:
        app.coursedir.assignment_id, app.coursedir.student_id = "", "*"


def folder(app: NbGrader, step: str, student: str, lesson: str) -> Path:
    """Return a folder of the course, such as ``folder(app, "submitted", "ana", "01_pooling")``.

    For ``source`` and ``release`` the student is ``"."``.
    """
    name = getattr(app.coursedir, f"{step}_directory")
    return Path(app.coursedir.format_path(name, student, lesson))


def students_with(app: NbGrader, step: str, lesson: str) -> list[str]:
    """List the students who have a folder for `lesson` at a step, such as ``submitted``."""
    pattern = folder(app, step, "*", lesson)
    place = pattern.parts.index("*")
    found = Path(*pattern.parts[:place]).glob(str(Path(*pattern.parts[place:])))
    return sorted(path.parts[place] for path in found if path.is_dir())


def handed_in_at(coursedir, place: Path):
    """Return the time of a submission; None where ``timestamp.txt`` is missing or no time."""
    with suppress(Exception):  # nbgrader raises several kinds of errors here, one of them a typo
        return coursedir.get_existing_timestamp(str(place))
    return None


def require_release(app: NbGrader, lesson: str) -> None:
    """Raise `CourseError` if the gradebook does not know `lesson`, with the lessons that it does know."""
    with open_gradebook(app) as gradebook:
        try:
            gradebook.find_assignment(lesson)
        except MissingEntry:
            known = ", ".join(sorted(item.name for item in gradebook.assignments)) or "none yet"
            raise CourseError(
                f"The gradebook does not know the lesson {lesson!r}. It knows: {known}. "
                f"First run: python -m grader release {lesson}"
            ) from None


def _log_to_file(app: NbGrader, path: Path) -> None:
    handler = logging.FileHandler(path, delay=True, encoding="utf-8")
    handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(message)s"))
    for old in list(app.log.handlers):
        app.log.removeHandler(old)
        old.close()
    app.log.addHandler(handler)
    app.log.setLevel(logging.INFO)
    app.log.propagate = False


class _PlainFormatter(logging.Formatter):
    """Writes names of students' files so that a screen on which the log is read only shows them."""

    def format(self, record):
        """Write one entry."""
        return plain_lines(super().format(record))


def _put_tools_on_path() -> None:
    """Nbgrader calls some tools (alembic, jupyter) by name: let it find those of this environment."""
    tools = str(Path(sys.executable).parent)
    if tools not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", "")])
