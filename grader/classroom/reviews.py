"""A review after some lessons: questions of the bank again, on fresh data, chosen by what was got wrong.

Nothing of it is graded, and its notebook answers at once, as practice does. The questions are those that
stand alone and have another answer on other data. The data are nine zip codes of which none is the student's
own, so the answers may lie beside the notebook: they are not the graded ones.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.author.build import KEY_ENDING
from grader.author.tagged_lesson import checked_question, source_notebook
from grader.bank import get, questions
from grader.course.course_folder import CourseError, open_course
from grader.course.files import write_atomically
from grader.course.repository import ROOT
from grader.judge import references
from grader.marks.gradebook import read_class
from mlmkit import zipcodes_for
from mlmkit.answers.kinds import to_key

MANY = 10  # questions of a review: one of each lesson where nothing was lost
START = """import numpy as np
import pandas as pd

from mlmkit import check, decov, glmer, homes_for, lmer, load_king_county, loo, no_pooling, sim, stan_glmer

homes = homes_for({name!r})
print(f"{{len(homes):,}} sales in the zip codes {{', '.join(homes['zipcode'].cat.categories)}}")"""
HEAD = """# Review: {which}

{many} questions of {these} again, on **nine zip codes that are not yours**. Where a question says "your
zip codes", it means these. The questions were chosen by what cost {whose} points. Nothing is graded: each
answer is judged at once, as often as you like, and a wrong one is told where to read again. Replace the three
dots, and run both cells."""


@dataclass(frozen=True)
class Part:
    """What a review may ask of a lesson.

    Attributes
    ----------
    asks : tuple of str
        Ids of questions whose text is understood without those before it.
    given : str
        Code that makes what their texts speak of.
    """

    asks: tuple[str, ...]
    given: str = ""


PARTS = {
    "01_pooling": Part(
        ("l01-sd-within", "l01-fixef", "l01-interval", "l01-ranef", "l01-few-sales"),
        'my_fit = lmer("price ~ (1 | zipcode)", homes)',
    ),
    "02_shrinkage": Part(
        ("l02-weights", "l02-sd-zipcode", "l02-sales-needed", "l02-icc", "l02-limits", "l02-reml-ml"),
        "# small: the first 4 sales of the first zip code, 8 of the second, ..., 36 of the ninth\n"
        'groups = homes.groupby("zipcode", observed=True)\n'
        "small = pd.concat([rows.head(4 * place) for place, (_, rows) in enumerate(groups, start=1)])\n"
        'fit, small_fit = lmer("price ~ (1 | zipcode)", homes), lmer("price ~ (1 | zipcode)", small)',
    ),
    "03_uncertainty": Part(
        (
            "l03-more-zip-codes",
            "l03-effect-intervals",
            "l03-totals",
            "l03-ratio",
            "l03-four-sds",
            "l03-new-house",
        ),
        'my_fit = lmer("price ~ (1 | zipcode)", homes)',
    ),
    "04_varying_slopes": Part(("l04-slope", "l04-correlations", "l04-sd-3000")),
    "05_bayesian_fits": Part(
        ("l05-prior-scale", "l05-sd-draws", "l05-coef", "l05-prior-pull"),
        'my_stan = stan_glmer("price ~ (1 | zipcode)", homes, draws=5000, seed=1)',
    ),
    "06_bayesian_comparison": Part(
        ("l06-prior-below", "l06-dearest", "l06-prior-ratio"),
        "# few: twenty sales of each zip code\n"
        'few = homes.groupby("zipcode", observed=True).head(20)\n'
        'few = few.assign(log_price=np.log(few["price"]))',
    ),
    "07_group_level_predictors": Part(
        ("l07-two-slopes", "l07-crossed"),
        "# rest: the county without these nine zip codes\n"
        "rest = load_king_county()\n"
        'rest = rest[~rest["zipcode"].isin(homes["zipcode"].cat.categories)]\n'
        'rest = rest.assign(zipcode=rest["zipcode"].cat.remove_unused_categories())\n'
        'rest["size"] = rest["sqft_living"] / 1000 - 2  # 0 is a house of 2,000 square feet\n'
        'rest["mean_size"] = rest.groupby("zipcode", observed=True)["size"].transform("mean")\n'
        'rest["within"] = rest["size"] - rest["mean_size"]',
    ),
    "08_hierarchical_glms": Part(
        ("l08-odds", "l08-odds-ratio"),
        "def with_dear(sales):\n"
        '    """Mark the most expensive 15 percent of these sales, and add the living area."""\n'
        '    dear = (sales["price"] > sales["price"].quantile(0.85)).astype(int)\n'
        '    return sales.assign(dear=dear, area=(sales["sqft_living"] - 2000) / 1000)\n\n\n'
        "homes = with_dear(homes)",
    ),
    "09_simulation": Part(
        ("l09-t-interval",), 'ten = homes.groupby("zipcode", observed=True).head(10)  # ten sales of each'
    ),
    "10_capstone": Part(
        ("l10-needed", "l10-inside"),
        "# my_pilot: the first 5 sales of the first zip code, 10 of the second, ..., 45 of the ninth\n"
        'logs = homes.assign(log_price=np.log(homes["price"]))\n'
        'logs["log_size"] = np.log(logs["sqft_living"] / 2000)  # 0 is a house of 2,000 square feet\n'
        'groups = logs.groupby("zipcode", observed=True)\n'
        "my_pilot = pd.concat([rows.head(5 * place) for place, (_, rows) in enumerate(groups, start=1)])\n"
        "my_rest = logs.drop(my_pilot.index)\n"
        'my_fit = lmer("log_price ~ log_size + (1 | zipcode)", my_pilot)',
    ),
}


def review(lesson, root, student=None, as_class=False):
    """Write a review for one student, or for everybody in the gradebook.

    Parameters
    ----------
    lesson : str
        The last lesson that it is about, such as ``05_bayesian_fits``.
    root : path
        The course folder.
    student : str, optional
        Only this one. Default: everybody.
    as_class : bool
        Ask everybody what the class as a whole got wrong, not what each student did.

    Returns
    -------
    list of Path
        The notebooks: ``review/NAME/review_05/review_05.ipynb``, each with its key beside it.

    Raises
    ------
    CourseError
        If there is no such lesson or student, or nobody has a mark.
    """
    last = _number(lesson)
    lost = points_lost(open_course(root), [name for name in PARTS if name <= lesson])
    if not lost:
        raise CourseError(f"No lesson up to {lesson} is graded yet, so nothing tells what to review.")
    if student is not None and student not in lost:
        raise CourseError(f"The gradebook has no student {student!r}. It has: {', '.join(sorted(lost))}.")
    written = []
    for name in [student] if student else sorted(lost):
        shares = _mean_of(list(lost.values())) if as_class else lost[name]
        notebook, key = made(name, choose(shares, lesson), last, "the class" if as_class else "you")
        folder = Path(root) / "review" / name / f"review_{last}"
        write_atomically(folder / f"review_{last}{KEY_ENDING}", json.dumps(key, ensure_ascii=False) + "\n")
        text = nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
        written.append(write_atomically(folder / f"review_{last}.ipynb", text))
    return written


def points_lost(app, lessons):
    """Tell which share of each question's points a student lost; all of it where nothing was handed in.

    Returns
    -------
    dict
        Student to question id to a number from 0 to 1. Questions of lessons without marks are left out.
    """
    lost = {}
    for lesson in lessons:
        try:
            group = read_class(app, lesson)
        except CourseError:  # not released
            continue
        if not group.graded:
            continue
        for one in group.submissions:
            if one.status in ("graded", "unreadable", "absent"):
                of_student = lost.setdefault(one.student, {})
                for asked in group.questions:
                    if asked.id not in one.waiting:
                        mark = one.marks.get(asked.id) or 0.0
                        of_student[asked.id] = 1 - min(mark / asked.max_points, 1) if asked.max_points else 0
    return lost


def choose(lost, lesson):
    """Choose questions of the lessons up to this one: what lost most itself, and in its topic.

    Parameters
    ----------
    lost : dict
        Question id to the share of its points that was lost.
    lesson : str

    Returns
    -------
    list of str
        At most ten ids, in the order of the lessons; spread over them where nothing was lost.
    """
    bank, topics = questions(), {}
    for id, share in lost.items():
        if id in bank:
            topics.setdefault(bank[id].topic, []).append(share)
    rows = []
    for part in (part for name, part in PARTS.items() if name <= lesson):
        for place, id in enumerate(part.asks):
            of_topic = topics.get(bank[id].topic, [0.0])
            rows.append((-lost.get(id, 0.0) - sum(of_topic) / len(of_topic), place, len(rows), id))
    return [id for *_, place, id in sorted(sorted(rows)[:MANY], key=lambda row: row[2])]


def data_name(student):
    """Name the review's data: the first name whose nine zip codes are all others than the student's own."""
    own, number = set(zipcodes_for(student)), 1
    while own & set(zipcodes_for(f"review {number} of {student}")):
        number += 1
    return f"review {number} of {student}"


def made(student, asked, last, whose="you"):
    """Make the notebook and its key.

    Parameters
    ----------
    student : str
    asked : list of str
        Ids of the bank, as `choose` gives them.
    last : str
        Number of the last lesson, such as ``"05"``.
    whose : str
        Whose points decided.

    Returns
    -------
    NotebookNode, dict
    """
    name = data_name(student)
    key = {"lesson": f"review_{last}", "graded": {}, "practice": {}, "predict": {}, "by_hand": {}}
    which = "lesson 1" if int(last) == 1 else f"lessons 1 to {int(last)}"
    these = "this lesson" if int(last) == 1 else "these lessons"
    cells = [
        new_markdown_cell(HEAD.format(which=which, these=these, many=len(asked), whose=whose)),
        new_code_cell(START.format(name=name)),
    ]
    lesson = None
    for number, id in enumerate(asked, start=1):
        question = get(id)
        if question.lesson != lesson:
            lesson = question.lesson
            cells.append(new_markdown_cell(f"## From lesson {int(lesson[:2])}"))
            cells += [new_code_cell(PARTS[lesson].given)] if PARTS[lesson].given else []
        text, variable = asked_in(lesson, id)
        cells += [
            new_markdown_cell(f"**Review {number}.** {text}"),
            new_code_cell(f"{variable} = ..."),
            new_code_cell(f'check("review-{id}", {variable})'),
        ]
        answer = to_key(references.expected(question, name))
        key["practice"][f"review-{id}"] = {
            "answer": answer,
            "revisit": question.revisit,
            "idea": question.idea,
        }
    for number, cell in enumerate(cells):
        cell["id"] = f"review-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel}), key


def asked_in(lesson, id):
    """Find a question's text in its lesson, without number and points, and the name of its answer."""
    cells = source_notebook(ROOT / "solutions" / f"{lesson}.md").cells
    place = next(place for place, cell in enumerate(cells) if checked_question(cell) == id)
    text = next(cell.source for cell in reversed(cells[:place]) if cell.cell_type == "markdown")
    _, _, text = re.split(r"\*\*Question \d+\*\* \((\d+) points?\)\. ", text, maxsplit=1)
    return text, re.search(r", (\w+)\)", cells[place].source)[1]


def _number(lesson):
    if lesson not in {question.lesson for question in questions().values()}:
        raise CourseError(f"There is no lesson {lesson!r}. Name the last lesson, such as 05_bayesian_fits.")
    return lesson[:2]


def _mean_of(students):
    ids = {id for lost in students for id in lost}
    shares = {id: [lost[id] for lost in students if id in lost] for id in ids}
    return {id: sum(values) / len(values) for id, values in shares.items()}
