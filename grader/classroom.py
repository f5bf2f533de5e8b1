"""A whole class, step by step: release, collect, grade, feedback.

One student is one task, so one bad notebook never stops another. What nbgrader logs goes to
``.nbgrader.log`` in the course folder; the screen shows one progress bar.
"""

from __future__ import annotations

import json
import logging
import shutil
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from nbgrader.auth import Authenticator
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment, ExchangeSubmit
from nbgrader.utils import capture_log

from grader.course import (
    LOG,
    CourseError,
    folder,
    open_course,
    read_json,
    require_release,
    students_with,
    write_atomically,
)
from grader.preflight import diagnose


@dataclass(frozen=True)
class Outcome:
    """What became of one student's task.

    Attributes
    ----------
    student : str
    status : {"done", "unreadable", "failed"}
        ``unreadable``: the submitted file is at fault. ``failed``: the grader is.
    message : str
        For the instructor; empty when all went well.
    seconds : float
        Wall time.
    """

    student: str
    status: str
    message: str = ""
    seconds: float = 0.0


def release(lesson: str, *, root: str | Path = ".") -> None:
    """Make the students' version of `lesson` from ``source/`` and put it into the exchange.

    Raises
    ------
    CourseError
        If there is no source, or a step fails.
    """
    app = open_course(root)
    source = folder(app, "source", ".", lesson)
    if not list(source.glob("*.ipynb")):
        raise CourseError(
            f"There is no source of the lesson {lesson!r}: neither solutions/{lesson}.md "
            f"nor a notebook in {source}."
        )
    with _asked_for(app, lesson):
        _run(GenerateAssignment(coursedir=app.coursedir, parent=app, force=True))
        _run(_exchange(ExchangeReleaseAssignment, app, force=True))


def submit(lesson: str, student: str, work: str | Path, *, root: str | Path = ".") -> None:
    """Hand in ``work/LESSON`` for `student`, as JupyterLab's nbgrader menu does."""
    app = open_course(root)
    with _asked_for(app, lesson, student):
        _run(_exchange(ExchangeSubmit, app, assignment_dir=str(work)))


def collect(lesson: str, *, root: str | Path = ".") -> list[str]:
    """Fetch what students handed in; a newer submission replaces an older one.

    Returns
    -------
    list of str
        All students with a submission of `lesson`.
    """
    app = open_course(root)
    with _asked_for(app, lesson):
        _run(_exchange(ExchangeCollect, app, update=True))
    return students_with(app, "submitted", lesson)


def grade(
    lesson: str,
    *,
    root: str | Path = ".",
    workers: int = 2,
    scheduler: str | None = None,
    students: list[str] | None = None,
    client=None,
) -> list[Outcome]:
    """Run and judge every submission of `lesson`.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    root : path
        The course folder.
    workers : int
        Processes that grade at the same time on this machine.
    scheduler : str, optional
        Address of a dask scheduler, such as ``tcp://host:8786``, whose workers grade instead. They have
        to see the course folder under the same path, and to have this package installed.
    students : list of str, optional
        Only these; default: all who have handed in.
    client : dask.distributed.Client, optional
        A connection to a cluster that is there already.

    Returns
    -------
    list of Outcome
        One per student, in the order of `students`. They are kept for the class report.

    Raises
    ------
    CourseError
        If the lesson was not released, nobody has handed in, or there is no scheduler at the address.
    """
    app = open_course(root)
    require_release(app, lesson)
    students = students or students_with(app, "submitted", lesson)
    if not students:
        raise CourseError(
            f"Nobody has handed in {lesson!r} yet: {folder(app, 'submitted', '*', lesson)} is empty. "
            f"First run: python -m grader collect {lesson}"
        )
    task = partial(grade_student, lesson, str(Path(root).resolve()))
    with _cluster(workers, scheduler, client) as crew:
        outcomes = _for_each(students, task, crew, "Grading ")
    for outcome in outcomes:
        if outcome.status == "failed":  # half a run must not look like a graded submission
            shutil.rmtree(folder(app, "autograded", outcome.student, lesson), ignore_errors=True)
    _keep(app, lesson, outcomes)
    return outcomes


def feedback(
    lesson: str, *, root: str | Path = ".", workers: int = 2, scheduler: str | None = None, client=None
) -> list[Outcome]:
    """Write the feedback page of every student whose submission of `lesson` is graded.

    The parameters are those of `grade`.
    """
    app = open_course(root)
    students = students_with(app, "autograded", lesson)
    if not students:
        raise CourseError(f"Nothing is graded of {lesson!r}. First run: python -m grader grade {lesson}")
    task = partial(write_feedback, lesson, str(Path(root).resolve()))
    with _cluster(workers, scheduler, client) as crew:
        return _for_each(students, task, crew, "Feedback")


def grade_student(lesson: str, root: str, student: str) -> Outcome:
    """Grade one submission; whatever goes wrong with it is an `Outcome`, not an exception."""
    app = open_course(root)
    outcome = _convert(Autograde, app, lesson, student)
    if outcome.status == "done":
        return outcome
    reason = diagnose(folder(app, "submitted", student, lesson), lesson)
    return Outcome(student, "unreadable", reason, outcome.seconds) if reason else outcome


def write_feedback(lesson: str, root: str, student: str) -> Outcome:
    """Write one student's feedback page."""
    return _convert(GenerateFeedback, open_course(root), lesson, student)


def warm_up() -> None:
    """Import what grading needs, so that a process is ready before its first submission."""
    import grader.plugins.feedback
    import grader.plugins.trusted_checks  # noqa: F401


def outcomes_of(app, lesson: str) -> dict[str, Outcome]:
    """Return what became of each student when `lesson` was graded last."""
    kept = read_json(_outcomes_file(app, lesson))
    return {student: Outcome(**entries) for student, entries in kept.items()}


def _convert(converter_class, app, lesson: str, student: str) -> Outcome:
    started = monotonic()
    with _asked_for(app, lesson, student), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about nbgrader's own code; nothing for an instructor's screen
        result = capture_log(converter_class(coursedir=app.coursedir, parent=app, force=True))
    seconds = monotonic() - started
    if result["success"]:
        return Outcome(student, "done", "", seconds)
    last = result["error"].strip().splitlines()[-1]
    says = f"The grader failed on this submission ({last}). {LOG} in the course folder has the details."
    return Outcome(student, "failed", says, seconds)


def _exchange(exchange_class, app, **traits):
    return exchange_class(
        coursedir=app.coursedir, authenticator=Authenticator(parent=app), parent=app, **traits
    )


def _run(step) -> None:
    """Run one step of nbgrader; a failure becomes a sentence, the details are in the log."""
    try:
        step.start()
    except Exception as error:
        step.log.error(traceback.format_exc())
        raise CourseError(f"{type(step).__name__} failed: {error} ({LOG} has the details.)") from error


@contextmanager
def _asked_for(app, lesson: str, student: str = "*") -> Iterator[None]:
    """Point nbgrader's course directory at one lesson and student."""
    app.coursedir.assignment_id, app.coursedir.student_id = lesson, student
    yield
    app.coursedir.assignment_id, app.coursedir.student_id = "", "*"


@contextmanager
def _cluster(workers: int, scheduler: str | None = None, client=None) -> Iterator:
    """Give `client`, or connect to `scheduler`, or start `workers` processes on this machine."""
    if client is not None:
        yield client
    elif scheduler is not None:
        with connect(scheduler) as crew:
            yield crew
    else:
        with local_cluster(workers) as crew:
            yield crew


def connect(scheduler: str):
    """Connect to a dask scheduler that is there already."""
    from distributed import Client

    try:
        return Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"There is no dask scheduler at {scheduler!r} ({type(error).__name__}). "
            "Start one with `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`."
        ) from error


@contextmanager
def local_cluster(workers: int) -> Iterator:
    """Start `workers` grading processes on this machine, and stop them at the end."""
    import dask
    from distributed import Client, LocalCluster

    settings = {
        # One submission per process: whoever kills the process takes nobody else along, and is
        # tried once more at most.
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.allowed-failures": 1,
    }
    with dask.config.set(settings):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",  # any free port: two classes may be graded at the same time
            silence_logs=logging.CRITICAL,
        )
        with cluster, Client(cluster) as crew:
            yield crew


def _for_each(students: list[str], task: Callable[[str], Outcome], crew, title: str) -> list[Outcome]:
    """Run `task` for each student and show who is done."""
    from distributed import as_completed
    from tqdm import tqdm

    futures = {crew.submit(task, student, pure=False): student for student in students}
    outcomes = {}
    with tqdm(total=len(students), desc=title, unit="student") as bar:
        for future in as_completed(list(futures)):
            student = futures.pop(future)
            outcomes[student] = _result(future, student)
            # Let go of it: a result that is lost with its process would be computed a second time.
            future.release()
            bar.set_postfix_str(student, refresh=False)
            bar.update()
    return [outcomes[student] for student in students]


def _result(future, student: str) -> Outcome:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        says = "The grading process was killed while this notebook ran, twice. Look at its code first."
    except Exception as error:  # not even the course could be opened
        says = f"The grading process failed: {type(error).__name__}: {error}"
    return Outcome(student, "failed", says)


def _outcomes_file(app, lesson: str) -> Path:
    return Path(app.coursedir.root) / ".cache" / f"{lesson}.outcomes.json"


def _keep(app, lesson: str, outcomes: list[Outcome]) -> None:
    """Remember the outcomes; those of students who were not graded this time stay."""
    path = _outcomes_file(app, lesson)
    kept = read_json(path) | {outcome.student: asdict(outcome) for outcome in outcomes}
    write_atomically(path, json.dumps(kept, indent=1))
