"""Requests for a second look in what arrives: they are written down, and make nobody late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from grader.course.course_folder import folder
from grader.intake.inbound import HandIn
from grader.intake.mending import released_lesson
from grader.intake.put_there import put_there
from grader.intake.regrade_requests import MANY, requests_in, work_print
from grader.intake.repair import grade_id
from grader.intake.request_log import Request, log_requests, requests_of
from grader.intake.safe_copy import RefusedError

ONLY_ASKS = (
    "Asks for another look at {which}. Nothing else has changed, "
    "so what was handed in before stays, with its time."
)
ALSO_NEW = "Asks for another look at {which}. The answers have changed too, so it is a new submission."
BROUGHT = "collected from files that a learning platform gave"
TOO_MANY = "{count:,} more requests were left out."


class Asking:
    """What students ask about one lesson.

    Parameters
    ----------
    root : path
        The course folder.
    lesson : str
    released : path
        The lesson as students got it.
    ignore : list of str
        File names and patterns to leave out.
    """

    def __init__(self, root: str | Path, lesson: str, released: str | Path, ignore: list[str]):
        self._root, self._lesson, self._ignore = root, lesson, list(ignore)
        about = {}
        if Path(released).is_file():
            cells = released_lesson(str(released)).cells
            about = {grade_id(cell): cell.metadata.get("nbgrader", {}) for cell in cells}
        graded = {name: one for name, one in about.items() if name and one.get("grade")}
        self._known, self._texts = set(graded), {name for name, one in graded.items() if one.get("solution")}

    def sift(
        self,
        items: list[HandIn],
        since: int,
        place: Path,
        copied: Callable[[HandIn], AbstractContextManager[Path]],
    ) -> tuple[list[HandIn], list[str]]:
        """Write down what is asked in the newest hand-ins, and leave out those that only ask.

        Parameters
        ----------
        items : list of HandIn
            One student's, which may be taken.
        since : int
            What was changed later (nanoseconds since 1970) is new.
        place : Path
            What was collected before, if there is something.
        copied : callable
            Copies a hand-in to a folder that goes away afterwards.

        Returns
        -------
        list of HandIn
            Those that count.
        list of str
            Sentences for the instructor.
        """
        new = sorted((item for item in items if item.changed > since), key=lambda item: -item.changed)
        kept, says = list(items), []
        for count, item in enumerate(new, start=1):
            older = new[count] if count < len(new) else None
            try:
                with copied(item) as folder:
                    requests, more = requests_in(folder, self._lesson, item.student, self._known)
                    work = self._work(folder)
                if not requests:
                    break
                if older is None:
                    same = place.is_dir() and work == self._work(place)
                else:
                    with copied(older) as folder:
                        same = work == self._work(folder)
            except RefusedError:  # whoever takes it says so
                break
            says += self._note(requests, more, same, BROUGHT if item.brought else "")
            if not same:
                break
            kept.remove(item)
        return kept, says

    def look_at(self, student: str, place: Path) -> None:
        """Write down what is asked in a notebook that lies in ``submitted/``, collected or not."""
        requests, more = requests_in(place, self._lesson, student, self._known)
        self._log(requests, more, f"put into {place.relative_to(self._root)}")

    def _work(self, folder: Path) -> str:
        return work_print(folder, self._lesson, self._ignore, self._texts)

    def _note(self, requests: list[Request], more: int, same: bool, came: str) -> list[str]:
        new, more = self._log(requests, more, came)
        if not new:
            return []
        which = ", ".join(dict.fromkeys(request.question for request in new))
        says = [(ONLY_ASKS if same else ALSO_NEW).format(which=which)]
        return says + ([TOO_MANY.format(count=more)] if more else [])

    def _log(self, requests: list[Request], more: int, came: str) -> tuple[list[Request], int]:
        """Write down what is new of one student; return it, and how many were left out."""
        student = requests[0].student if requests else ""
        before = {request.id for request in requests_of(self._root, self._lesson, student)}
        fresh = [replace(request, came=came) for request in requests if request.id not in before]
        room = max(0, MANY - len(before))  # nobody can flood the list by handing in again and again
        return log_requests(self._root, self._lesson, fresh[:room]), more + len(fresh[room:])


def asking(course, lesson: str) -> Asking:
    """Return what notices the requests about a lesson.

    Parameters
    ----------
    course : nbgrader.coursedir.CourseDirectory
    lesson : str
    """
    released = Path(course.format_path(course.release_directory, ".", lesson), f"{lesson}.ipynb")
    return Asking(course.root, lesson, released, course.ignore)


def asked_past_collect(app, lesson: str) -> None:
    """Write down what is asked in ``submitted/``: files from a learning platform come past `collect`."""
    noticed = asking(app.coursedir, lesson)
    for student, fault in put_there(app, lesson).items():
        if not fault:
            noticed.look_at(student, folder(app, "submitted", student, lesson))
