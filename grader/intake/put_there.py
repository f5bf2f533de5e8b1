"""What lies in ``submitted/``: `collect` put it there, or somebody by hand."""

from __future__ import annotations

from pathlib import Path

from grader.course.course_folder import folder
from grader.intake.class_list import not_listed
from grader.intake.inbound import NAMES, is_student

UNLISTED = (
    "Not in the class list (class.csv), so not graded. To add this student: python -m grader class add {}"
)


def put_there(app, lesson: str) -> dict[str, str]:
    """Return who has something for `lesson` in ``submitted/``, with the reason why it can't be graded.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
    lesson : str

    Returns
    -------
    dict
        Student to a sentence; to an empty text where all is well.
    """
    pattern = folder(app, "submitted", "*", lesson)
    above = Path(*pattern.parts[: pattern.parts.index("*")])
    names = sorted(path.name for path in above.iterdir()) if above.is_dir() else []
    found = {name: _fault(above, name, folder(app, "submitted", name, lesson)) for name in names}
    unlisted = set(not_listed(app, list(found)))
    return {
        name: fault or (UNLISTED.format(name) if name in unlisted else "")
        for name, fault in found.items()
        if fault is not None
    }


def _fault(above: Path, name: str, place: Path) -> str | None:
    """Say why `place` can't be graded; None where there is nothing."""
    try:
        return _fault_of_place(above, name, place)
    except OSError as error:
        return f"{place.relative_to(above.parent)} can't be read: {error.strerror}."


def _fault_of_place(above: Path, name: str, place: Path) -> str | None:
    steps = [place, *place.parents][: len(place.parts) - len(above.parts)]
    for step in reversed(steps):
        if step.is_symlink():
            return f"{step.relative_to(above.parent)} is a link. Put the files themselves there."
    if not place.exists():
        return None
    if not is_student(name):
        return f"{NAMES} Give the folder in {above.name}/ such a name."
    if not place.is_dir():
        return f"{place.relative_to(above.parent)} is a file. It has to be a folder, with the notebook in it."
    return ""
