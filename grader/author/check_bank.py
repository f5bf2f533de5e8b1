"""Check the bank of questions on the data of many students: what can be told apart, and is it fair to all.

A mistake earns its sentence only where it can be told from the right answer. On one student's data two
numbers may happen to agree; where that happens often, the question needs another tolerance or another
mistake. `grader.author.bank_table` writes what is found as a table. What is looked at here are the bank's own
values; `grader.author.simulate` hands in what students compute.
"""

import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from functools import partial

from tqdm import tqdm

from grader.author.bank_table import table
from grader.bank import BankError, questions, reference_fits
from grader.judge import references
from mlmkit.data import SOURCES

MANY = 0.2  # of the students: above this share, a hidden mistake is a fault of the question
POOR = 0.05  # of the students: above this share, too few named mistakes are a fault of the question
ONE_LETTER = 0.9  # of the students: above this share with the same letter, guessing pays


@dataclass
class Findings:
    """What was found about one question.

    Attributes
    ----------
    question : str
        Id.
    students : int
        On how many students' data it was looked at.
    mistakes : list of str
        Names of its mistakes.
    like_right : Counter
        Name of a mistake to the number of students for whom it can't be told from the right answer.
    by_digits : Counter
        Name of a mistake to the number of students for whom only its digits tell it from the right answer:
        one who computes it with another program, or from draws, is told that it is right.
    like_other : Counter
        Pair of names, "later = earlier", to the number of students for whom the two have the same value.
    named : Counter
        Name of a mistake to the number of students who read its sentence if they make it.
    nearest : list of float
        For each student, how far the nearest mistake lies from the right answer, in tolerances.
    left : list of int
        For each student, how many of the mistakes get their own sentence.
    letters : Counter
        Of a choice that depends on the data: which letter is right for how many students.
    misjudged : list of str
        Sentences: a right answer not taken for right, or a mistake not recognised.
    errors : list of str
        Sentences from the question's own function.
    """

    question: str
    students: int = 0
    mistakes: list = field(default_factory=list)
    like_right: Counter = field(default_factory=Counter)
    by_digits: Counter = field(default_factory=Counter)
    like_other: Counter = field(default_factory=Counter)
    named: Counter = field(default_factory=Counter)
    nearest: list = field(default_factory=list)
    left: list = field(default_factory=list)
    letters: Counter = field(default_factory=Counter)
    misjudged: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    def add(self, other):
        """Add what was found on other students' data."""
        for item in fields(self):
            if item.name == "mistakes":
                self.mistakes = self.mistakes or other.mistakes
            elif item.name != "question":
                setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    @property
    def faults(self):
        """List what is wrong with the question, in sentences; empty when it is fine."""
        hidden = self.like_right + self.like_other
        says = [
            f"{name} is hidden for more than {MANY:.0%}" for name, n in hidden.items() if self._many(n, MANY)
        ]
        never = [] if self.errors else [name for name in self.mistakes if not self.named[name]]
        says += [f"nobody can be told: {name}" for name in never]
        poor = sum(2 * left < len(set(self.mistakes)) for left in self.left)
        if self._many(poor, POOR):
            says.append(f"fewer than half of the mistakes have a sentence for {poor} students")
        if self.letters and self.students >= 20 and self._many(max(self.letters.values()), ONE_LETTER):
            says.append(f"one letter is right for more than {ONE_LETTER:.0%}")
        for kind, sentences in (("fails", self.errors), ("misjudges", self.misjudged)):
            says += [f"{kind} {len(sentences)} times; first, {sentences[0]}"] if sentences else []
        return says

    def _many(self, count, share):
        return count > share * self.students

    @property
    def is_fine(self):
        """True when nothing was found that the question should be changed for."""
        return not self.faults


@dataclass
class Report:
    """What was found about all questions, and how many of the reference fits are singular."""

    findings: list
    fits: Counter
    singular: Counter


def check_bank(students=20, lesson=None, *, workers=1, progress=True):
    """Look at every question on the data of many students.

    Parameters
    ----------
    students : int or list of str
        How many students to make up, or their names.
    lesson : str, optional
        Such as ``01_pooling``. Default: all.
    workers : int
        Processes that share the students among them; 1 for this process alone.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Report
        With a `Findings` per question. Practice questions are looked at once: their data are the same for
        everybody.
    """
    names = [f"student{n:02d}" for n in range(students)] if isinstance(students, int) else list(students)
    if not names:
        raise ValueError("At least one student is needed to check the bank.")
    found = {id: Findings(id) for id in questions(lesson)}
    report = Report(list(found.values()), Counter(), Counter())
    tasks = [(name, name == names[0]) for name in names]
    with _crew(workers) as map_tasks:
        parts = map_tasks(partial(_one_student, lesson), tasks)
        for part in tqdm(parts, "checking the bank", len(names), unit="student", disable=not progress):
            for one in part.findings:
                found[one.question].add(one)
            report.fits += part.fits
            report.singular += part.singular
    return report


class _crew:  # noqa: N801 (used as a function, in a with statement)
    """Give a function like `map`, which works in `workers` processes."""

    def __init__(self, workers):
        self.pool = None
        if workers > 1:
            self.pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))

    def __enter__(self):
        return self.pool.map if self.pool else map

    def __exit__(self, *_):
        if self.pool:
            self.pool.shutdown(cancel_futures=True)


def _one_student(lesson, task):
    """Look at all questions on one student's data."""
    student, with_practice = task
    references.forget()
    asked = [q for q in questions(lesson).values() if q.own or with_practice]
    findings = [_look(question, student) for question in asked]
    fits, singular = Counter(), Counter()
    for source in sorted({q.own for q in asked if q.own}):
        data, about = references.own(source, student), SOURCES[source]
        for formula, rows, bad in reference_fits.fits_on(data, about.group):
            name = f"{formula} on {f'all {about.rows}' if rows == len(data) else 'a sample'}"
            fits[name] += 1
            singular[name] += bad
    return Report(findings, fits, singular)


def _look(question, student):
    """Say what one student's data tell about one question."""
    found = Findings(question.id, students=1)
    try:
        kind = references.expected(question, student)
        found.mistakes = [mistake.name for mistake in kind.mistakes]
        usable = kind.usable_mistakes
        for mistake in kind.mistakes:
            if not any(mistake is known for known in usable):  # == would compare Series
                found.like_right[mistake.name] += 1
            elif not kind.apart_by_tolerance(mistake):
                found.by_digits[mistake.name] += 1
        for place, later in enumerate(usable):
            for earlier in usable[:place]:  # two of one name say the same
                if earlier.name != later.name and kind.hides(earlier, later):
                    found.like_other[f"{later.name} = {earlier.name}"] += 1
                    break
        _hand_in(found, kind, student)
        gaps = [kind.apart(mistake) for mistake in usable if kind.apart_by_tolerance(mistake)]
        found.nearest += [min(gaps)] if gaps else []
        if kind.shape()["kind"] == "choice" and question.needs:
            found.letters[kind.value] += 1
    except (BankError, ValueError, TypeError) as error:
        found.errors.append(f"{student}: {error}")
    return found


def _hand_in(found, kind, student):
    """Hand in the right answer and every mistake, and compare the verdicts with what they should be."""
    right = kind.grade(kind.answer_with(kind.value))
    if right.status != "right":
        found.misjudged.append(f"{student}: the right answer is judged {right.status}. {right.says}")
    names = set()
    for mistake in kind.usable_mistakes:
        outcome = kind.grade(kind.answer_with(mistake.value))
        if outcome.status != "mistake":
            found.misjudged.append(f'{student}: the mistake "{mistake.name}" is judged {outcome.status}.')
        elif outcome.mistake == mistake.name:
            names.add(mistake.name)
    found.named.update(names)
    found.left.append(len(names))


def main(students=20, lesson=None, workers=None):
    """Check the bank and print a table.

    Returns
    -------
    int
        Exit code: 0 when every question is fine, else 1.
    """
    report = check_bank(students, lesson, workers=workers or os.cpu_count() or 1)
    if not report.findings:
        print(f"There is no question{f' for lesson {lesson}' if lesson else ''}.")
        return 1
    print(table(report))
    bad = [found.question for found in report.findings if not found.is_fine]
    if bad:
        print(f"\n{len(bad)} of {len(report.findings)} questions need work: {', '.join(bad)}.")
        return 1
    print(f"\nAll {len(report.findings)} questions are fine.")
    return 0
