"""Hand in what students compute, and hold the verdicts against what the answers deserve.

`grader.author.check_bank` hands in the bank's own values; here the answers come from
`grader.author.students`, which never looks into the bank. A sentence about a mistake that was not made is a
**false accusation**; a mistake that no student's answer reaches is **dead**; a wrong answer that is judged
right for some students is unfair to the others. A simulated class then tells how hard the questions are and
how well they tell students apart.
"""

import multiprocessing
import os
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from grader.author.students import RIGHT, UNNAMED, answers_of
from grader.author.students.work import Work
from grader.bank import get
from grader.judge import judge, references
from mlmkit.answers.kinds import BadAnswerError, encode
from mlmkit.data import data_fingerprint

# Shares of the students. By chance two computations give nearly the same number on somebody's data:
FEW = 0.05  # a wrong answer that passes for more than these is a fault of the question
RARE = 0.02  # a sentence about another mistake that is told to more than these is a fault, too


@dataclass
class Tally:
    """What became of the answers to one question.

    Attributes
    ----------
    question : str
        Id.
    tried : Counter
        What an answer deserves to how many such answers were handed in.
    accused, refused, passed, untold : Counter
        A sentence about one answer to how many students it happened: told a mistake that was not made; right
        and not judged right; wrong and judged right; a mistake that was made and not named.
    told : Counter
        Name of a mistake to how many answers it was named for.
    marks : list of tuple
        A student, whether the answer deserves full marks, and whether it got them.
    """

    question: str
    students: int = 0
    tried: Counter = field(default_factory=Counter)
    accused: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    passed: Counter = field(default_factory=Counter)
    untold: Counter = field(default_factory=Counter)
    told: Counter = field(default_factory=Counter)
    marks: list = field(default_factory=list)
    names: set = field(default_factory=set)

    def add(self, other):
        """Add what became of other students' answers."""
        self.students += other.students
        for name in ("tried", "accused", "refused", "passed", "untold", "told", "marks"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.names |= other.names

    def _many(self, count, share):
        """Tell whether something happened to more students than chance explains."""
        return count == self.students or count > max(1, share * self.students)

    @property
    def dead(self):
        """Mistakes of the bank that students made and none was told."""
        made = {name for one in self.tried if RIGHT not in one.split(" or ") for name in one.split(" or ")}
        return sorted(name for name in self.names & made if not self.told[name])

    @property
    def untried(self):
        """Mistakes of the bank that no listed answer makes."""
        return sorted(self.names - {name for one in self.tried for name in one.split(" or ")})

    @property
    def notes(self):
        """What is worth a look, in sentences: coincidences, and mistakes that were not named."""
        said = " ".join(self.faults)
        says = [f"by coincidence accused: {what}, {n} times" for what, n in self.accused.items()]
        says += [f"by coincidence right: {what}, {n} times" for what, n in self.passed.items()]
        says += [f"not told: {what}, {n} of {self.students}" for what, n in self.untold.items()]
        return [one for one in says if one.partition(": ")[2] not in said]

    @property
    def faults(self):
        """What is wrong with the question, in sentences."""
        accused = [(what, n) for what, n in self.accused.items() if self._many(n, RARE)]
        passed = [(what, n) for what, n in self.passed.items() if self._many(n, FEW)]
        says = [f"accused falsely: {what}, {n} times" for what, n in accused]
        says += [f"right and refused: {what}, {n} times" for what, n in self.refused.items()]
        says += [f"wrong and right: {what}, {n} times" for what, n in passed]
        return says + [f"dead: {name}" for name in self.dead]


def simulate(lesson, students=30, *, workers=1, progress=True):
    """Hand in the answers of many students to the questions of one lesson.

    Parameters
    ----------
    lesson : str
        Such as ``01_pooling``.
    students : int
        How many. Practice questions are asked once: their data are the same for everybody.
    workers : int
        Processes that share the students among them; 1 for this process alone.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of Tally
        One for each question that has answers.
    """
    found = {id: Tally(id) for id in answers_of(lesson)}
    tasks = range(students)
    with _pool(workers) as map_tasks:
        parts = map_tasks(partial(one_student, lesson), tasks)
        for part in tqdm(parts, "students", students, unit="student", disable=not progress):
            for tally in part:
                found[tally.question].add(tally)
    return list(found.values())


class _pool:  # noqa: N801 (used as a function, in a with statement)
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


def one_student(lesson, number):
    """Hand in all answers of one student; practice questions are the first student's."""
    references.forget()
    name = f"simulated{number:03d}"
    own, lecture = Work(references.homes(name), number), Work(references.seattle(), number)
    tallies = []
    for id, function in answers_of(lesson).items():
        if get(id).practice and number:
            continue
        work = lecture if get(id).practice else own
        tally = Tally(id, students=1)
        tally.names = {mistake.name for mistake in references.expected(id, name).mistakes}
        for deserves, values in function(work):
            for value in values:
                _judge(tally, name, deserves, value)
        tallies.append(tally)
    return tallies


def _judge(tally, student, deserves, value):
    """Hand in one answer, and note what became of it."""
    tally.tried[deserves] += 1
    # Numbers again, so that the same answer of many students counts as one.
    place = f"answer {tally.tried[deserves]} that deserves {deserves!r}"
    verdict = handed_in(tally.question, student, value)
    named = verdict.mistake.split(" or ") if verdict.mistake else []
    deserved = deserves.split(" or ")
    tally.told.update(named)
    full = verdict.score == verdict.max_points
    tally.marks.append((student, deserves, full))
    if (full and RIGHT in deserved) or set(named) & set(deserved):
        return
    if deserves == RIGHT:
        if not full:
            tally.refused[f"{place} ({verdict.mistake or verdict.message})"] += 1
    elif full:
        tally.passed[place] += 1
    elif named:
        tally.accused[f"{place} ({verdict.mistake})"] += 1
    elif UNNAMED not in deserved:
        tally.untold[place] += 1


def handed_in(id, student, value):
    """Judge a Python object as if it stood in a student's check cell.

    Returns
    -------
    mlmkit.answers.kinds.Verdict
    """
    kind = references.kept(get(id), student)
    try:
        answer = encode(value, kind.shape())
    except BadAnswerError as error:
        answer = {"unreadable": str(error)}
    payload = {"question": id, "answer": answer, "data": data_fingerprint(references.homes(student))}
    return judge(id, payload, student=student, max_points=1)


# ---------------------------------------------------------------- how hard the questions are


def item_statistics(tallies, *, seed=0):
    """Give each question's difficulty and discrimination in a class made up from the answers.

    Students differ in ability. Each answers each question rightly with a probability that grows with the
    ability; else one of the listed wrong answers is taken. Then the marks are what the judge gave.

    Parameters
    ----------
    tallies : list of Tally
        From `simulate`, of graded questions.
    seed : int

    Returns
    -------
    DataFrame
        By question: ``right`` (share of full marks), ``difficulty`` (of the Rasch model, in logits; larger
        is harder) and ``discrimination`` (correlation with the marks of the other questions).

    Notes
    -----
    The Rasch model is a mixed model, ``right ~ 0 + item + (1 | student)`` (Doran et al. 2007, Journal of
    Statistical Software 20(2)), fitted with `mlmkit.glmer`.
    """
    from mlmkit import glmer

    rng = np.random.default_rng(seed)
    students = sorted({student for tally in tallies for student, _, _ in tally.marks})
    ability = dict(zip(students, rng.normal(0.0, 1.0, len(students)), strict=True))
    rows = []
    for tally in tallies:
        easy = rng.normal(0.5, 0.7)
        marks = defaultdict(lambda: ([], []))
        for student, deserves, full in tally.marks:
            marks[student][deserves != RIGHT].append(full)
        for student, (good, bad) in marks.items():
            knows = rng.random() < 1 / (1 + np.exp(-ability[student] - easy))
            full = rng.choice(good if knows else bad)
            rows.append((tally.question, student, float(full)))
    data = pd.DataFrame(rows, columns=["item", "student", "right"])
    wide = data.pivot(index="student", columns="item", values="right")
    varies = [item for item in wide if 0 < wide[item].mean() < 1]
    fit = glmer("right ~ 0 + item + (1 | student)", data[data["item"].isin(varies)], family="binomial")
    difficulty = {
        item: -next(b for name, b in fit.fixef.items() if name.endswith(f"{item}]") or name.endswith(item))
        for item in varies
    }
    rest = {item: wide[item].corr(wide.drop(columns=item).sum(axis=1)) for item in varies}
    return pd.DataFrame(
        {"right": wide.mean(), "difficulty": pd.Series(difficulty), "discrimination": pd.Series(rest)}
    )


def main(lesson, students=30, workers=None):
    """Simulate, and print what was found.

    Returns
    -------
    int
        Exit code: 0 when no question has a fault, else 1.
    """
    tallies = simulate(lesson, students, workers=workers or os.cpu_count() or 1)
    if not tallies:
        print(f"grader/author/students/ has no answers for lesson {lesson}.")
        return 1
    for tally in tallies:
        print(f"{tally.question}: {sum(tally.tried.values()) // max(tally.students, 1)} answers a student")
        for line in tally.faults:
            print(f"  !! {line}")
        for line in tally.notes:
            print(f"  -  {line}")
        if tally.untried:
            print(f"  -  nobody tried: {', '.join(tally.untried)}")
    graded = [tally for tally in tallies if not get(tally.question).practice]
    if students >= 10:
        print(item_statistics(graded).round(2).to_string())
    faulty = [tally.question for tally in tallies if tally.faults]
    print(
        f"{len(faulty)} of {len(tallies)} questions have faults{': ' + ', '.join(faulty) if faulty else ''}."
    )
    return 1 if faulty else 0
