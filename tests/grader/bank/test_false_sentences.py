"""Answers that were told something false, or judged wrongly, each as a student typed it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from grader.author.simulate import handed_in
from grader.author.students.work import Work
from grader.judge.references import homes, seattle
from mlmkit import plot_caterpillar, stan_glmer

G, ONE = "zipcode", "(Intercept)"
STUDENTS = ["ada", "grace", "emmy", "bob"]
SIGMA = "Sigma[zipcode:(Intercept),(Intercept)]"


@pytest.fixture(scope="module", params=STUDENTS)
def student(request):
    return request.param


@pytest.fixture(scope="module")
def work(student):
    return Work(homes(student), seed=len(student))


@pytest.fixture(scope="module")
def lecture():
    return Work(seattle())


@pytest.fixture(scope="module")
def posterior(work):
    return stan_glmer("price ~ (1 | zipcode)", work.homes, draws=5000, seed=77)


def ends(draws, low=0.025, high=0.975):
    return {"lower": np.quantile(draws, low), "upper": np.quantile(draws, high)}


# "Close", where nothing was rounded ---------------------------------------------------------------------


def unrounded(work):
    """Yield answers near the right one that nobody rounded: question, answer."""
    small, few = work.uneven, work.ten
    draws = work.fit.sim(4000, seed=8).coef[G][ONE]
    ratio = draws[work.coef.idxmax()] / draws[work.coef.idxmin()]
    varying = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
    lines = [work.lmer(varying), work.lmer("price ~ sqft_living + (1 + sqft_living | zipcode)")]
    spread = [fit.coef[G].corr().iloc[0, 1] for fit in lines]
    yield "l04-correlations", dict(zip(["mean size", "0 square feet"], spread, strict=True))
    yield "l03-ratio", ends(ratio, 0.05, 0.95)
    yield "l01-ranef", work.ml.ranef[G][ONE]
    weight = small.sizes / (small.sizes + (small.ml.sigma / small.ml.varcorr[G].sd[ONE]) ** 2)
    yield "l02-weights", weight
    yield "l02-centre", small.ml.fixef[ONE]
    weight = 10 / (10 + (few.within / few.between) ** 2)
    yield "l01-few-sales", weight * few.means + (1 - weight) * few.price.median()
    size = (work.homes["sqft_living"] - 3000) / 1000
    yield "l04-sd-3000", work.lmer("price ~ size + (1 + size || zipcode)", size=size).varcorr[G].sd[ONE]


def test_rounding_is_not_said_where_nothing_was_rounded(work, student):
    for question, answer in unrounded(work):
        says = handed_in(question, student, answer).message
        assert "round" not in says, (question, says)


def test_a_rounded_answer_is_told_so(work, student):
    weights = work.uneven.sizes / (work.uneven.sizes + (work.uneven.within / work.uneven.between) ** 2)
    verdict = handed_in("l02-weights", student, weights.round(2))
    assert verdict.score == 0 and "rounded" in verdict.message


# Mistakes that no student could reach ------------------------------------------------------------------


def test_mistakes_on_another_scale_are_reached_from_own_draws(work, student, posterior):
    draws = work.fit.sim(4000, seed=9).coef[G][ONE]
    difference = draws[work.coef.idxmax()] - draws[work.coef.idxmin()]
    assert handed_in("l03-ratio", student, ends(difference)).mistake == "difference for ratio"
    variance, sds = posterior.draws[SIGMA], np.sqrt(posterior.draws[SIGMA])
    for question, answer, name in [
        ("l05-group-sd", variance.mean(), "variance for standard deviation"),
        ("l05-interval", ends(variance, 0.05, 0.95), "variance for standard deviation"),
        ("l05-interval", ends(posterior.draws["sigma"], 0.05, 0.95), "residual for group standard deviation"),
    ]:
        verdict = handed_in(question, student, answer)
        assert name in verdict.mistake.split(" or "), (question, verdict.message)
    median = handed_in("l05-group-sd", student, sds.median())
    assert (median.mistake, median.score) == ("median for the root of the mean variance", 0.5)


def test_shares_as_counts_and_percent_are_reached(work, student, lecture):
    draws = lecture.fit.sim(1000, seed=10).coef[G][ONE]
    count = (draws["98102"] > draws["98109"]).sum()
    assert handed_in("l03-practice-probability", student, count).mistake == "count for share"
    from mlmkit import load_king_county

    county = load_king_county()
    others = county.loc[~county[G].isin(work.homes[G].unique()), "price"]
    sd = np.hypot(np.hypot(work.between, work.within), work.se)
    percent = 100 * np.mean(np.abs(others - work.mu) < 2 * sd)
    assert handed_in("l03-held", student, percent).mistake == "percent for count"


# Wrong, and judged right -------------------------------------------------------------------------------


def wrong_answers(work, lecture, posterior):
    """Yield what earned full marks, or half for nothing: question, answer, credit that it deserves."""
    from mlmkit import load_king_county

    yield "l05-practice-median-sd", lecture.between, 0
    yield "l05-practice-median-sd", 584_667, 0
    yield "l05-practice-prior", 2.5 * lecture.price.mean(), 0
    yield "l01-sd-zipcode", work.coef.std(), 0.5
    yield "l01-sd-zipcode", work.ranef.std(ddof=0), 0.5
    yield "l05-coef", work.means * 0, 0
    county = load_king_county()["price"]
    sd = np.hypot(work.between, work.within)
    yield "l03-held", np.sum(np.abs(county - work.mu) < 2 * sd), 0.5
    ax = Figure().subplots()
    ax.scatter(work.coef, list(work.coef.index))
    ax.set(xlabel="mean price (dollars)", ylabel="zip code")
    yield "l03-figure", ax, 0.5
    rng = np.random.default_rng(6)
    houses = rng.normal(rng.normal(work.mu, work.between, 10_000), work.within)
    for changed in (np.maximum(houses, 0), np.abs(houses), houses[houses > 0]):
        yield "l03-house-draws", changed, 0


def test_what_was_wrong_and_right_is_wrong(work, student, lecture, posterior):
    for question, answer, credit in wrong_answers(work, lecture, posterior):
        verdict = handed_in(question, student, answer)
        assert verdict.score == credit, (question, verdict.message)


# Accused of what was not done --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer", "never", "says"),
    [
        ("l01-practice-formula", "price ~ grade", "coefficient of its own", "ordinary predictor"),
        ("l01-formula", "sqft_living ~ zipcode", "ordinary predictor", "coefficient of its own"),
        (
            "l04-practice-formula",
            "price ~ bedrooms + (1 | zipcode) + (0 + bedrooms | zipcode)",
            "The double bar",
            "set to 0",
        ),
        (
            "l04-formula",
            "price ~ scale_sqft + (1 | zipcode) + (0 + scale_sqft | zipcode)",
            "The double bar",
            "set to 0",
        ),
    ],
)
def test_a_formula_is_told_what_it_says(question, answer, never, says):
    message = handed_in(question, "ada", answer).message
    assert never not in message and says in message


def test_the_spread_of_nine_means_is_not_the_small_sample(work, student):
    for spread in (np.std(work.means), work.means.std(), np.std(work.means.tolist())):
        verdict = handed_in("l02-sd-zipcode", student, spread)
        assert (verdict.mistake, verdict.score) == ("spread of the plain means", 0.5)


def test_the_error_of_the_mean_is_not_a_sum_of_squares(lecture):
    assert handed_in("l03-practice-se-total", "ada", lecture.se).mistake == "fixed effect alone"
    both = np.hypot(lecture.se, lecture.fit.se_ranef[G][ONE]["98148"])
    assert handed_in("l03-practice-se-total", "ada", both).mistake == "squares of dependent errors added"


@pytest.mark.parametrize("upright", [True, False])
def test_bars_with_error_bars_are_a_figure_with_intervals(work, student, upright):
    se = 2 * work.fit.se_coef[G][ONE]
    ax = Figure().subplots()
    if upright:
        ax.bar(list(work.coef.index), work.coef, yerr=se)
        ax.set(xlabel="zip code", ylabel="mean price (dollars)")
    else:
        ax.barh(list(work.coef.index), work.coef, xerr=se)
        ax.set(ylabel="zip code", xlabel="mean price (dollars)")
    assert handed_in("l03-figure", student, ax).status == "right"
    assert (
        handed_in(
            "l03-figure", student, plot_caterpillar(work.fit, what="coef", ax=Figure().subplots())
        ).score
        == 1
    )


def test_one_number_is_not_the_same_number_twice(work):
    """One number where two are asked for is half of an answer, and no claim about the other half."""
    answer = work.lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)").varcorr[G].corr.iloc[0, 1]
    assert handed_in("l04-correlations", "ada", answer).status == "invalid"
    assert handed_in("l01-group-means", "ada", pd.Series(homes("ada")["price"]).mean()).mistake
