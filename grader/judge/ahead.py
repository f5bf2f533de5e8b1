"""Expected answers before anybody waits for them: computed when a lesson is released or collected.

Grading finds them on disk (`grader.judge.reference_cache`). What is there already is not computed again, so a
run that was stopped goes on with the rest, and one with nothing to do takes 0.01 s a student.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial

from grader.bank import BankError, questions
from grader.course.screen import every
from grader.judge import reference_cache, references
from grader.judge.depends import lesson_modules

ENOUGH = 4  # students, for whom a further process is worth its start of two to three seconds


def is_possible(lesson: str) -> bool:
    """Tell whether the bank knows a lesson, and answers can be kept on disk.

    >>> is_possible("99_nothing")
    False
    """
    place = reference_cache.folder() if lesson_modules(lesson) else None
    if place is None:
        return False
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def waiting(lesson: str, students: list[str]) -> dict[str, list[str]]:
    """List what is not computed yet: question ids by student.

    Parameters
    ----------
    lesson : str
    students : list of str

    Returns
    -------
    dict
        Without students for whom everything is there.
    """
    asked = [question for question in questions(lesson).values() if references.is_personal(question)]
    left = {
        student: [question.id for question in asked if not references.is_kept(question, student)]
        for student in students
    }
    return {student: ids for student, ids in left.items() if ids}


def compute(left: dict[str, list[str]], *, workers: int | None = None, title: str = "Answers ") -> list[str]:
    """Compute what `waiting` has listed, and keep it on disk.

    Parameters
    ----------
    left : dict
    workers : int, optional
        Processes at the same time. Default: one per core, and fewer for few students.
    title : str
        Stands before the progress bar.

    Returns
    -------
    list of str
        A sentence for each answer that could not be computed; the others are there all the same.
    """
    from tqdm import tqdm

    workers = min(workers or os.cpu_count() or 1, len(left) // ENOUGH)
    failures = []
    with tqdm(total=len(left), desc=title, unit="student") as bar, every(2.0, bar.refresh):
        for said in _one_by_one(left) if workers < 2 else _together(left, workers):
            failures += said
            bar.update()
    return failures


def _one_by_one(left: dict[str, list[str]]) -> Iterator[list[str]]:
    for student, ids in left.items():
        yield _one_student(student, ids)


def _together(left: dict[str, list[str]], workers: int) -> Iterator[list[str]]:
    with _crew(workers) as crew:
        tasks = {crew.submit(_one_student, student, ids): student for student, ids in left.items()}
        for done in as_completed(tasks):
            try:
                yield done.result()
            except BrokenProcessPool:
                yield [f"A process was killed before it had what is right for {tasks[done]}: grading has to."]


@contextmanager
def _crew(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes that leave Ctrl-C to this one; when it comes, nothing new is begun."""
    deaf = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    crew = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=deaf)
    try:
        yield crew
    finally:
        crew.shutdown(cancel_futures=True)


def _one_student(student: str, ids: list[str]) -> list[str]:
    """Compute these answers for one student; a failure is a sentence."""
    failures = []
    for id in ids:
        try:
            references.kept(id, student)
        except BankError as error:
            failures.append(f"{error} If that is so when you grade, its marks wait for a person.")
    references.forget()  # of hundreds of students, posteriors would fill the memory
    return failures
