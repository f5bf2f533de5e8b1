"""What lesson 1 says in words and numbers is so; its questions accept every correct way."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.judge import references
from mlmkit import homes_for, lmer

LESSON = "01_pooling"
MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def lmer1(seattle):
    return lmer(MODEL, seattle)


def group_means(sales):
    return sales.groupby("zipcode", observed=True)["price"].mean()


# The text -------------------------------------------------------------------------------------------


def test_numbers_in_the_prose_are_those_of_the_fits(prose, seattle, lmer1):
    price = seattle["price"]
    centre, se = lmer1.fixef["(Intercept)"], lmer1.se_fixef["(Intercept)"]
    facts = {
        "632,591": price.mean(),
        "713,204": centre,
        "195,581": se,
        "584,667": lmer1.varcorr["zipcode"].sd["(Intercept)"],
        "322,042": centre - 2 * se,
        "1,104,366": centre + 2 * se,
        "−287,750": lmer1.ranef["zipcode"].loc["98010", "(Intercept)"],
        "425,454": lmer1.coef["zipcode"].loc["98010", "(Intercept)"],
    }
    for text, value in facts.items():
        assert text in prose, text
        assert f"{value:,.0f}".replace("-", "−") == text
    assert price.mean() + 80_000 == pytest.approx(centre, abs=1_000)
    invented = re.search(r"## Where do you start\?\n.+?\n## ", prose, re.DOTALL)[
        0
    ]  # the quiz has its own test
    unchecked = set(re.findall(r"−?\d{3},\d{3}", prose.replace(invented, ""))) - set(facts)
    assert not unchecked - {"104,366"}, "a number in the prose that no test looks at"


def test_counts_in_the_prose_are_those_of_the_data(prose, seattle):
    sizes = seattle["zipcode"].value_counts()
    assert "You have 57 sales from there, and 812 sales from eight other zip codes" in prose
    assert (sizes["98148"], len(seattle) - sizes["98148"]) == (57, 812)
    assert "There are 125 sales in 98032, and only 50 in 98039." in prose
    assert (sizes["98032"], sizes["98039"]) == (125, 50) == (sizes.max(), sizes.min())


def test_statements_about_the_data_are_true(prose, seattle):
    assert "no house there was sold for that much" in " ".join(prose.split())
    assert seattle.loc[seattle["zipcode"] == "98148", "price"].max() < seattle["price"].mean()
    assert group_means(seattle).idxmax() == seattle["zipcode"].value_counts().idxmin() == "98039"


def test_the_quiz_before_the_lesson_is_right(prose):
    """Each right option, computed; and what it says about where to read is about its own questions."""
    quiz = re.search(r"## Where do you start\?\n.+?\n## ", prose, re.DOTALL)[0]
    options = [dict(re.findall(r"- \*\*(\w)\)\*\* (.+)", part)) for part in quiz.split("**Ready ")[1:]]
    names = ["error", "interval", "slope", "mean", "pandas"]
    right = [references.expected(f"l01-ready-{name}", "ada").value for name in names]
    assert options[0][right[0]] == f"{200_000 / 100**0.5:,.0f} dollars."
    assert options[1][right[1]] == f"From {50 - 2 * 10} to {50 + 2 * 10}."
    assert options[2][right[2]] == f"By {200 * 500:,} dollars."
    assert options[3][right[3]] == f"{(10 * 400_000 + 90 * 200_000) // 100:,} dollars."
    sales = pd.DataFrame({"zipcode": ["a", "a", "b"], "price": [1.0, 3.0, 4.0]})
    assert list(eval(options[4][right[4]].strip("`"), {"sales": sales})) == [2.0, 4.0]
    assert re.findall(r"Ready (\d)(?: or (\d))?.* \| ", quiz.split("| missed |")[1]) == [
        ("1", "2"),
        ("3", ""),
        ("4", ""),
        ("5", ""),
    ]


def test_partial_pooling_wins_the_comparison_of_the_lesson_by_a_few_percent(cells, seattle):
    (simulation,) = [cell.source for cell in cells if "for draw in range(200)" in cell.source]
    names = {"seattle": seattle, "lmer": lmer, "all_sales": group_means(seattle), "pd": __import__("pandas")}
    exec(simulation.replace("range(200)", "range(60)"), names)
    error = names["pd"].DataFrame(names["errors"]).mean()
    assert error["partial pooling"] < error["no pooling"] < error["complete pooling"] / 2
    assert 0.01 < 1 - error["partial pooling"] / error["no pooling"] < 0.06


def test_the_guesses_come_out_as_the_text_says(flat, seattle, lmer1):
    assert "It is higher by 80,000 dollars." in flat
    assert lmer1.fixef["(Intercept)"] > seattle["price"].mean()
    few = lmer(MODEL, seattle.groupby("zipcode", observed=True).head(5)).shrinkage()
    assert "So 98039 moves farthest." in flat
    assert (few["partial_pooling"] - few["no_pooling"]).abs().idxmax() == "98039"


def test_a_practice_sample_of_four_sales_is_not_singular(seattle):
    assert not lmer(MODEL, seattle.groupby("zipcode", observed=True).head(4)).is_singular


# The questions --------------------------------------------------------------------------------------


def by_statsmodels(homes):
    """The answers of a student who uses statsmodels."""
    import statsmodels.formula.api as smf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        fit = smf.mixedlm("price ~ 1", homes, groups=homes["zipcode"]).fit(reml=True)
    effects = {name: effect.iloc[0] for name, effect in fit.random_effects.items()}
    return fit.fe_params.iloc[0], fit.bse_fe.iloc[0], fit.cov_re.iloc[0, 0] ** 0.5, fit.scale**0.5, effects


def by_hand(homes):
    """The answers of a student who knows the variances from lmer and works out the rest."""
    fit = lmer(MODEL, homes)
    between, within = fit.varcorr["zipcode"].sd.iloc[0], fit.sigma
    n, mean = homes["zipcode"].value_counts(sort=False), group_means(homes)
    weight = 1 / (between**2 + within**2 / n)
    centre, se = (weight * mean).sum() / weight.sum(), weight.sum() ** -0.5
    shrink = between**2 * weight
    return centre, se, between, within, shrink * (mean - centre)


@pytest.mark.parametrize("way", [by_statsmodels, by_hand])
@pytest.mark.parametrize("student", STUDENTS)
def test_other_ways_to_the_answers_are_right_too(way, student):
    centre, se, between, within, effects = way(homes_for(student))
    answers = {
        "l01-fixef": centre,
        "l01-interval": {"lower": centre - 1.96 * se, "upper": centre + 1.96 * se},
        "l01-sd-zipcode": between,
        "l01-sd-within": within,
        "l01-ranef": effects,
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


def test_statsmodels_is_believed_where_it_stops_early():
    """On this student's sales it says that it converged, 1.2 % away."""
    student = "simulated107"
    centre, se, between, _, effects = by_statsmodels(homes_for(student))
    ours = lmer(MODEL, homes_for(student)).varcorr["zipcode"].sd["(Intercept)"]
    assert abs(between / ours - 1) > 0.01
    assert judged("l01-sd-zipcode", between, student).status == "right"
    assert judged("l01-sd-zipcode", 1.02 * ours, student).status != "right"
    answer = {"lower": centre - 1.96 * se, "upper": centre + 1.96 * se}
    assert judged("l01-interval", answer, student).status == "right"
    assert judged("l01-ranef", effects, student).status == "right"
    unpulled = group_means(homes_for(student)) - centre
    assert judged("l01-ranef", unpulled, student).mistake == "no pooling for partial pooling"


@pytest.mark.parametrize("way", [by_statsmodels, by_hand])
def test_other_ways_to_the_small_samples_estimates_are_right_too(way):
    few = homes_for("ada").groupby("zipcode", observed=True).head(10)
    centre, _, _, _, effects = way(few)
    estimates = {str(name): centre + effect for name, effect in dict(effects).items()}
    assert judged("l01-few-sales", estimates, "ada").status == "right"


def test_which_average_is_higher_depends_on_the_students_zip_codes():
    letters = {references.expected("l01-which-average", f"student{n}").value for n in range(12)}
    assert letters == {"a", "b"}


def test_no_students_small_sample_is_singular():
    for n in range(25):
        few = homes_for(f"student{n}").groupby("zipcode", observed=True).head(10)
        fit = lmer(MODEL, few)
        assert not fit.is_singular
        assert np.isfinite(fit.sigma)
