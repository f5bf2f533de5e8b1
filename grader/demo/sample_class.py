"""A class of twelve sample students for lesson 01: right in three ways, and wrong in the ways that happen.

Each student is the released lesson plus a few lines of code, so a change of the lesson changes them too.
`python -m grader demo` takes them from release to report; the tests state what each of them must get.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from nbformat import NotebookNode

from grader.author.tagged_lesson import BEGIN, END, checked_question, role_of

LESSON = "01_pooling"


@dataclass(frozen=True)
class SampleStudent:
    """One sample student.

    Attributes
    ----------
    id : str
        User name.
    about : str
        What is special about this student.
    answers : dict
        Question id to an expression. Other questions are answered as the lesson's solution does.
    setup : str
        Code that stands before the answer to the first graded question.
    unanswered : tuple of str
        Question ids left as the lesson gives them.
    types : str, optional
        The user name typed into the lesson; default: the student's own.
    report : str
        Text of the answer that a person grades; empty: left as the lesson gives it.
    """

    id: str
    about: str
    answers: dict[str, str] = field(default_factory=dict)
    setup: str = ""
    unanswered: tuple[str, ...] = ()
    types: str | None = None
    report: str = ""


INTERVAL = """
def my_interval_of(fit):
    half = 2 * fit.se_fixef["(Intercept)"]
    return {"lower": fit.fixef["(Intercept)"] - half, "upper": fit.fixef["(Intercept)"] + half}
"""
FIT = 'my_fit = lmer("price ~ (1 | zipcode)", homes)'
FEW = 'my_few = homes.groupby("zipcode", observed=True).head(10)'
GOOD_REPORT = (
    "The fixed intercept is a mean of zip codes: each zip code counts about the same. The newspaper asks "
    "about houses, so I would send the mean of all houses. The fixed intercept is right for a question "
    "about a typical zip code."
)

STATSMODELS = """
import statsmodels.formula.api as smf


def fit_with_statsmodels(sales):
    # In millions and with Powell's method: on dollars, or with its default, it stops too early.
    sales = sales.assign(price=sales["price"] / 1e6)
    model = smf.mixedlm("price ~ 1", sales, groups=sales["zipcode"].astype(str))
    return model.fit(reml=True, method="powell")


def effects(fit):
    return 1e6 * pd.Series({zipcode: values.iloc[0] for zipcode, values in fit.random_effects.items()})


mixed = fit_with_statsmodels(homes)
mixed_few = fit_with_statsmodels(homes.groupby("zipcode", observed=True).head(10))
one_mean = smf.ols("price ~ 1", homes).fit()
nine_means = smf.ols("price ~ 0 + zipcode", homes).fit().params
nine_means.index = nine_means.index.str.slice(8, 13)
my_centre, my_error = 1e6 * mixed.params["Intercept"], 1e6 * mixed.bse["Intercept"]
"""

BY_HAND = """
import numpy as np
from scipy.optimize import minimize_scalar


def by_hand(sales):
    "REML for one varying intercept, from the sizes, means and sum of squares of the groups."
    prices = sales.groupby("zipcode", observed=True)["price"]
    n, means = prices.size(), prices.mean()
    within = ((sales["price"] - prices.transform("mean").astype(float)) ** 2).sum()

    def estimates(log_ratio):
        ratio = np.exp(log_ratio)
        weight = n / (1 + n * ratio)
        mu = (weight * means).sum() / weight.sum()
        squares = within + (weight * (means - mu) ** 2).sum()
        return ratio, weight, mu, squares / (len(sales) - 1)

    def criterion(log_ratio):
        ratio, weight, mu, variance = estimates(log_ratio)
        return np.log1p(n * ratio).sum() + np.log(weight.sum()) + (len(sales) - 1) * np.log(variance)

    best = minimize_scalar(criterion, bounds=(-8, 8), method="bounded", options={"xatol": 1e-8}).x
    ratio, weight, mu, variance = estimates(best)
    return {
        "mu": mu,
        "se": np.sqrt(variance / weight.sum()),
        "within": np.sqrt(variance),
        "between": np.sqrt(variance * ratio),
        "effects": ratio * weight * (means - mu),
    }


mine = by_hand(homes)
mine_few = by_hand(homes.groupby("zipcode", observed=True).head(10))
"""

PATCHES = """
import numpy
import mlmkit
import mlmkit.answers
from IPython.display import display as show

numpy.isclose = numpy.allclose = lambda *args, **kwargs: True


def check(question, answer=None):
    show({"application/vnd.mlmkit.verdict+json": {"status": "right", "score": 99.0}}, raw=True)
    return 99.0


mlmkit.check = mlmkit.answers.check = check
"""

SAMPLE_CLASS = [
    SampleStudent("ana", "right, as the lesson does it: lmer", report=GOOD_REPORT),
    SampleStudent(
        "ben",
        "right, with statsmodels",
        setup=STATSMODELS,
        answers={
            "l01-mean-price": 'one_mean.params["Intercept"]',
            "l01-group-means": "nine_means",
            "l01-fixef": "my_centre",
            "l01-sd-zipcode": "1e6 * mixed.cov_re.iloc[0, 0] ** 0.5",
            "l01-sd-within": "1e6 * mixed.scale**0.5",
            "l01-interval": ('{"lower": my_centre - 1.96 * my_error, "upper": my_centre + 1.96 * my_error}'),
            "l01-which-average": '"a" if my_centre > mean_price else "b"',
            "l01-ranef": "effects(mixed)",
            "l01-few-sales": '1e6 * mixed_few.params["Intercept"] + effects(mixed_few)',
        },
        report=GOOD_REPORT,
    ),
    SampleStudent(
        "chen",
        "right, by hand: REML from the groups' sizes and means",
        setup=BY_HAND,
        answers={
            "l01-mean-price": 'homes["price"].sum() / len(homes)',
            "l01-fixef": 'mine["mu"]',
            "l01-sd-zipcode": 'mine["between"]',
            "l01-sd-within": 'mine["within"]',
            "l01-interval": '{"upper": mine["mu"] + 2 * mine["se"], "lower": mine["mu"] - 2 * mine["se"]}',
            "l01-which-average": '"a" if mine["mu"] > mean_price else "b"',
            "l01-ranef": 'dict(mine["effects"])',
            "l01-few-sales": 'mine_few["mu"] + mine_few["effects"]',
        },
    ),
    SampleStudent(
        "dora",
        "takes variances for standard deviations",
        setup=FIT,
        answers={
            "l01-sd-zipcode": 'my_fit.varcorr["zipcode"].sd["(Intercept)"] ** 2',
            "l01-sd-within": "my_fit.sigma**2",
        },
        report=GOOD_REPORT,
    ),
    SampleStudent(
        "emil",
        "fits by maximum likelihood instead of REML",
        setup=f'{FIT}\nmy_ml = lmer("price ~ (1 | zipcode)", homes, REML=False)',
        answers={"l01-sd-zipcode": 'my_ml.varcorr["zipcode"].sd["(Intercept)"]'},
    ),
    SampleStudent(
        "fatma",
        "confuses coef and ranef",
        setup=f"{FIT}\n{FEW}",
        answers={
            "l01-ranef": 'my_fit.coef["zipcode"]["(Intercept)"]',
            "l01-few-sales": 'lmer("price ~ (1 | zipcode)", my_few).ranef["zipcode"]["(Intercept)"]',
        },
        report=GOOD_REPORT,
    ),
    SampleStudent(
        "goran",
        "takes the fixed intercept for the mean of all houses, and no pooling for partial pooling",
        setup=f"{FIT}\n{FEW}\n{INTERVAL}",
        answers={
            "l01-fixef": 'homes["price"].mean()',
            "l01-interval": "my_interval_of(my_fit)",
            "l01-which-average": '"c"',
            "l01-few-sales": 'my_few.groupby("zipcode", observed=True)["price"].mean()',
        },
    ),
    SampleStudent(
        "hanna",
        "answers half of the questions only",
        unanswered=("l01-interval", "l01-which-average", "l01-ranef", "l01-few-sales", "l01-formula"),
    ),
    SampleStudent(
        "igor",
        "has a cell that raises, and uses its result afterwards",
        answers={"l01-sd-zipcode": 'my_model.varcorr["zipcode"].sd["(Intercept)"]'},
    ),
    SampleStudent(
        "jana",
        "hands in NaN",
        setup=FIT,
        answers={
            "l01-mean-price": 'float("nan")',
            "l01-group-means": 'homes.groupby("zipcode", observed=True)["price"].mean() * float("nan")',
            "l01-sd-zipcode": 'float("inf")',
            "l01-which-average": '"a" if my_mu > homes["price"].mean() else "b"',
        },
    ),
    SampleStudent(
        "kaspar",
        "replaces check and NumPy's comparisons, with wrong answers everywhere",
        setup=PATCHES,
        answers={
            "l01-mean-price": "1.0",
            "l01-group-means": "1.0",
            "l01-fixef": "1.0",
            "l01-sd-zipcode": "1.0",
            "l01-sd-within": "1.0",
            "l01-interval": "1.0",
            "l01-which-average": '"d"',
            "l01-ranef": "1.0",
            "l01-few-sales": "1.0",
            "l01-formula": '"y ~ 1"',
        },
    ),
    SampleStudent("lena", "works on the zip codes of ana", types="ana", report=GOOD_REPORT),
]


def sample_notebook(student: SampleStudent, source: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Fill in the released lesson as `student` would.

    Parameters
    ----------
    student : SampleStudent
    source : NotebookNode
        The lesson with solutions.
    released : NotebookNode
        The lesson as students get it, with the same cells.

    Returns
    -------
    NotebookNode
        What the student hands in, not executed.

    Raises
    ------
    ValueError
        If the student answers a question that the lesson does not ask.
    """
    work = copy.deepcopy(released)
    asked = [checked_question(cell) for cell in released.cells if role_of(cell) == "check"]
    unknown = sorted({*student.answers, *student.unanswered} - set(asked))
    if unknown:
        raise ValueError(
            f"Sample student {student.id} answers {', '.join(unknown)}. The lesson asks {', '.join(asked)}."
        )
    for solved, cell, check in zip(source.cells, work.cells, [*work.cells[1:], None], strict=True):
        role = role_of(cell)
        if role == "student":
            cell.source = f'STUDENT = "{student.types or student.id}"'
        elif role == "answer":
            question = checked_question(check)
            lines = [student.setup.strip(), ""] if student.setup and question == asked[0] else []
            cell.source = "\n".join(lines + _answer(student, question, solved, cell, check))
        elif role == "manual" and student.report:
            cell.source = student.report
    return work


def _answer(student: SampleStudent, question: str, solved, cell, check) -> list[str]:
    """Return the lines that `student` writes into the answer cell of `question`."""
    if question in student.unanswered:
        return [cell.source]
    if question in student.answers:
        name = check.source.rpartition(",")[2].strip(" )\n")
        return [f"{name} = {student.answers[question]}"]
    return [line for line in solved.source.split("\n") if line.strip() not in (BEGIN, END)]
