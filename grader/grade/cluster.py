"""Processes that grade: one student a task, one bad notebook never stops another."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from grader.course.course_folder import CourseError
from grader.course.screen import every
from grader.grade.outcomes import Outcome

WAIT = 30  # seconds for the first worker of a scheduler: they may be starting at this moment
OPEN = ("tcp://", "ws://", "ucx://")  # dask asks nobody there who they are


class StoppedError(KeyboardInterrupt):
    """Somebody pressed Ctrl-C. Its text says how many students are done; nothing that was done is lost."""


@contextmanager
def crew_of(workers: int, scheduler: str | None = None, client=None) -> Iterator:
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
    """Connect to a dask scheduler that is there already, if it lets in nobody without a certificate.

    dask's settings name the certificates (``distributed.comm.tls`` in its configuration files, or
    ``DASK_DISTRIBUTED__COMM__TLS__…`` in the environment).

    Raises
    ------
    CourseError
        If there is no scheduler, its address is not a private one, the certificates do not fit, or no worker
        has come after half a minute.
    """
    from distributed import Client

    from grader.grade import unix_cluster

    if "://" not in scheduler or scheduler.startswith(OPEN):
        raise CourseError(
            f"The scheduler {scheduler!r} can't be used: everybody who reaches its port can run programs as "
            "you. Use an address that begins with tls://, and certificates: the instructor guide has the "
            "commands, under 'Several graders'."
        )
    private = scheduler.startswith(f"{unix_cluster.SCHEME}://")
    try:
        crew = Client(scheduler, timeout=10) if private else Client(scheduler, timeout=10, security=_tls())
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(
            f"There is no dask scheduler at {scheduler!r}, or the certificates do not fit "
            f"({type(error).__name__}). Start one with `dask scheduler --protocol tls`, and workers with "
            "`dask worker ADDRESS --nthreads 1`; the instructor guide says how, under 'Several graders'."
        ) from error
    try:
        crew.wait_for_workers(1, timeout=WAIT)
    except TimeoutError:
        crew.close()
        raise CourseError(
            f"The dask scheduler at {scheduler!r} has no worker, so nobody would grade. Start some with "
            f"`dask worker {scheduler} --nthreads 1`; the instructor guide says how, under 'Several graders'."
        ) from None
    return crew


def _tls():
    """Take the certificates that dask's settings name."""
    from distributed import Security

    return Security(require_encryption=True)


@contextmanager
def local_cluster(workers: int) -> Iterator:
    """Start `workers` grading processes on this machine, and stop them at the end.

    No other account can talk to them: see `grader.grade.unix_cluster`.
    """
    import dask
    from distributed import Client

    from grader.grade.unix_cluster import unix_cluster

    settings = {
        # One submission per process: whoever kills the process takes nobody else along, and is
        # tried once more at most.
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.allowed-failures": 1,
        # dask looks every 10 ms at what each process does, and every 20 ms whether it is late. Nobody asks
        # it; all this looking took a tenth of the time.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "10s",
    }
    with dask.config.set(settings), unix_cluster(workers) as cluster, Client(cluster) as crew:
        crew.register_plugin(_grading_process())
        yield crew


def _grading_process():
    """Return what a process that grades does at its beginning, and after its first student."""
    from distributed import WorkerPlugin

    class GradingProcess(WorkerPlugin):
        settled = False

        def setup(self, worker):
            # Ctrl-C in a terminal reaches all processes; the one that was started by hand stops the others.
            # A handler, not SIG_IGN: a kernel that this process starts must still hear its interrupts.
            signal.signal(signal.SIGINT, lambda *_: None)

        def transition(self, key, start, finish, **_more):
            if finish == "memory" and not self.settled:
                # Now all libraries are loaded. They stay, so the collector need not look through them again.
                gc.freeze()
                self.settled = True

    return GradingProcess()


def for_each(
    students: list[str], task: Callable[[str], Outcome], crew, title: str, before: int = 0
) -> dict[str, Outcome]:
    """Run `task` for each student, and show who is done and how long the rest will take.

    Parameters
    ----------
    students : list of str
    task : callable
        Takes a student and returns an `Outcome`.
    crew : dask.distributed.Client
    title : str
        Stands before the progress bar.
    before : int
        Students that were done before this run; the bar begins there.

    Returns
    -------
    dict
        Student to `Outcome`.

    Raises
    ------
    StoppedError
        When Ctrl-C is pressed.
    CourseError
        When an outcome says that nothing more can be done (status ``"stop"``): disk full, no database.
    """
    from distributed import as_completed
    from tqdm import tqdm

    futures = {crew.submit(task, student, pure=False): student for student in students}
    total, outcomes = before + len(students), {}
    try:
        with (
            tqdm(total=total, initial=before, desc=title, unit="student") as bar,
            every(2.0, partial(_show, bar, crew)),
        ):
            bar.set_postfix_str("loading libraries, the first take longest")
            for future in as_completed(list(futures)):
                student = futures.pop(future)
                outcomes[student] = outcome = _result(future, student)
                # Let go of it: a result that is lost with its process would be computed a second time.
                future.release()
                if outcome.status == "stop":
                    break
                bar.set_postfix_str(student, refresh=False)
                bar.update()
    except KeyboardInterrupt:
        crew.cancel(list(futures))
        done = before + sum(outcome.status != "failed" for outcome in outcomes.values())
        raise StoppedError(_so_far(done, total)) from None
    crew.cancel(list(futures))
    stop = next((outcome for outcome in outcomes.values() if outcome.status == "stop"), None)
    if stop is not None:
        done = before + sum(outcome.status in ("done", "unreadable") for outcome in outcomes.values())
        raise CourseError(f"{stop.message} {_so_far(done, total)}")
    return outcomes


def _show(bar, crew) -> None:
    """Let the clock go on, since one notebook may run for minutes; and say so where no worker is left."""
    if not crew.scheduler_info()["workers"]:
        bar.set_postfix_str("waits for a worker", refresh=False)
    bar.refresh()


def _so_far(done: int, total: int) -> str:
    return f"{done} of {total} students are done. Run the same command again: it goes on with the rest."


def _result(future, student: str) -> Outcome:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        says = "The grading process was killed while this notebook ran, twice. Look at its code first."
    except Exception as error:  # not even the course could be opened
        says = f"The grading process failed: {type(error).__name__}: {error}"
    return Outcome(student, "failed", says)
