"""Check the bank of questions on the data of many students.

A mistake earns its sentence only where it can be told from the right answer, and from the mistakes
before it. On one student's data two numbers may happen to agree; where that happens often, the
question needs another tolerance or another mistake.
"""

from collections import Counter
from dataclasses import dataclass, field

from tqdm import tqdm

from grader import references
from grader.bank import BankError, questions

MANY = 0.2  # of the students: above this share, a hidden mistake is a fault of the question


@dataclass
class Findings:
    """What was found about one question.

    Attributes
    ----------
    question : str
        Id.
    students : int
        On how many students' data it was looked at.
    like_right : Counter
        Name of a mistake to the number of students for whom it can't be told from the right answer.
    like_other : Counter
        Pair of names, "later = earlier", to the number of students for whom the earlier one hides the later.
    misjudged : list of str
        Sentences: a right answer not taken for right, or a mistake not recognised.
    errors : list of str
        Sentences from the question's own function.
    mistakes : list of str
        Names of its mistakes.
    """

    question: str
    students: int = 0
    like_right: Counter = field(default_factory=Counter)
    like_other: Counter = field(default_factory=Counter)
    misjudged: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    mistakes: list = field(default_factory=list)

    @property
    def is_fine(self):
        """True without errors, and when no mistake is hidden for more than `MANY` of the students."""
        hidden = [*self.like_right.values(), *self.like_other.values()]
        return not self.errors and not self.misjudged and all(n <= MANY * self.students for n in hidden)


def check_bank(students=20, lesson=None, *, progress=True):
    """Look at every question on the data of many students.

    Parameters
    ----------
    students : int or list of str
        How many students to make up, or their names.
    lesson : str, optional
        Such as ``01_pooling``. Default: all.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of Findings
        One per question. Practice questions are looked at once: their data are the same for everybody.
    """
    names = [f"student{n:02d}" for n in range(students)] if isinstance(students, int) else list(students)
    if not names:
        raise ValueError("At least one student is needed to check the bank.")
    found = {id: Findings(id) for id in questions(lesson)}
    for name in tqdm(names, desc="checking the bank", unit="student", disable=not progress):
        for id, question in questions(lesson).items():
            if "homes" in question.needs or name == names[0]:
                _look(found[id], question, name)
    return list(found.values())


def _look(findings, question, student):
    """Add what one student's data tell about one question."""
    findings.students += 1
    try:
        kind = references.expected(question, student)
        usable = kind.usable_mistakes
        findings.mistakes = findings.mistakes or [mistake.name for mistake in kind.mistakes]
        for mistake in kind.mistakes:
            if not any(mistake is known for known in usable):  # == would compare Series
                findings.like_right[mistake.name] += 1
        for place, later in enumerate(usable):
            for earlier in usable[:place]:
                if not kind.told_apart(later.value, earlier.value):
                    findings.like_other[f"{later.name} = {earlier.name}"] += 1
                    break
        findings.misjudged += _misjudged(kind, student)
    except (BankError, ValueError, TypeError) as error:
        findings.errors.append(f"{student}: {error}")


def _misjudged(kind, student):
    """Hand in the right answer and every mistake, and compare the verdicts with what they should be."""
    problems = []
    right = kind.grade(kind.answer_with(kind.value))
    if right.status != "right":
        problems.append(f"{student}: the right answer is judged {right.status}. {right.says}")
    for mistake in kind.usable_mistakes:
        outcome = kind.grade(kind.answer_with(mistake.value))
        if outcome.status != "mistake":
            problems.append(f'{student}: the mistake "{mistake.name}" is judged {outcome.status}.')
    return problems


def table(all_findings):
    """Write the findings as a table for a terminal."""
    lines = [f"{'question':<28}{'students':>9}{'mistakes':>9}  findings"]
    for found in all_findings:
        notes = _notes(found) or ["all mistakes can be told apart"]
        lines.append(f"{found.question:<28}{found.students:>9}{len(found.mistakes):>9}  {notes[0]}")
        lines += [" " * 48 + note for note in notes[1:]]
    return "\n".join(lines)


def _notes(found):
    share = f"of {found.students}"
    notes = [f"{name}: like the right answer for {n} {share}" for name, n in found.like_right.items()]
    notes += [f"{pair}: the same for {n} {share}" for pair, n in found.like_other.items()]
    for kind, sentences in (("fails", found.errors), ("misjudges", found.misjudged)):
        if sentences:
            notes.append(f"{kind} {len(sentences)} times; first, {sentences[0]}")
    return notes


def main(students=20, lesson=None):
    """Check the bank and print a table.

    Returns
    -------
    int
        Exit code: 0 when every question is fine, else 1.
    """
    all_findings = check_bank(students, lesson)
    print(table(all_findings))
    bad = [found.question for found in all_findings if not found.is_fine]
    if not all_findings:
        print(f"There is no question{f' for lesson {lesson}' if lesson else ''}.")
        return 1
    if bad:
        print(f"\n{len(bad)} of {len(all_findings)} questions need work: {', '.join(bad)}.")
        return 1
    print(f"\nAll {len(all_findings)} questions are fine.")
    return 0
