"""Fingerprints of a submission and its surroundings: only where one has changed, it is graded again."""

from __future__ import annotations

from traitlets.config import LazyConfigValue

from grader.course.course_folder import folder
from grader.course.files import own_files, print_of
from grader.judge.depends import lesson_modules, print_of_all

REASONS = {
    "submission": "handed in again",
    "lesson": "the lesson was released again with changes",
    "grader": "the questions or the grader have changed",
}


def inputs_of(app, lesson: str, student: str) -> dict[str, str]:
    """Return the fingerprints of a student's submission, of the lesson and of what judges it.

    Returns
    -------
    dict
        With the keys of `REASONS`. A file's time stamp and the time of submission are not part of it.
    """
    return {
        "submission": submission_print(app, lesson, student),
        "lesson": lesson_print(app, lesson),
        "grader": grader_print(app, lesson),
    }


def reason(before: dict[str, str] | None, now: dict[str, str]) -> str:
    """Say why a student is graded: the first of `REASONS` whose fingerprint has changed.

    Parameters
    ----------
    before : dict or None
        The inputs of the last outcome; None where there is none.
    now : dict
        From `inputs_of`.
    """
    if not before:
        return "new"
    changed = [REASONS[name] for name in REASONS if before.get(name) != now[name]]
    return changed[0] if changed else "again"


def submission_print(app, lesson: str, student: str) -> str:
    """Return the fingerprint of everything that a student handed in, notebook and other files."""
    files = own_files(folder(app, "submitted", student, lesson), app.coursedir.ignore)
    return print_of({name: path for name, path in files.items() if name != "timestamp.txt"})


def lesson_print(app, lesson: str) -> str:
    """Return the fingerprint of the released lesson and of the files that come with it."""
    release = folder(app, "release", ".", lesson)
    return print_of(own_files(release, app.coursedir.ignore))


def grader_print(app, lesson: str) -> str:
    """Return the fingerprint of what decides on marks: all that nbgrader runs of ours, and the questions."""
    return print_of_all(*steps_of(app), *lesson_modules(lesson))


def steps_of(app) -> list[str]:
    """Name the modules of `grader` that nbgrader runs a submission through, as the course's settings say."""
    settings = app.config.Autograde
    named = [settings.get("exporter_class", "")]
    for stage in ("sanitize_preprocessors", "autograde_preprocessors"):
        steps = settings.get(stage, [])
        named += steps.get_value([]) if isinstance(steps, LazyConfigValue) else steps
    names = [step if isinstance(step, str) else f"{step.__module__}.{step.__name__}" for step in named]
    return sorted({name.rpartition(".")[0] for name in names if name.startswith("grader.")})
