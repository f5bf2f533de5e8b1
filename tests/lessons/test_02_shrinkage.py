"""What lesson 2 says in words and numbers is so; its questions accept every correct way."""

import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.bank.l02_shrinkage import SALES, small_sample
from grader.judge import references
from mlmkit import homes_for, lmer, load_radon, plot_weights, zipcodes_for

LESSON = "02_shrinkage"
MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def lmer1(seattle):
    return lmer(MODEL, seattle)


@pytest.fixture(scope="module")
def radon_fit():
    return lmer("log_radon ~ (1 | county)", load_radon())


def sds(fit):
    return fit.varcorr["zipcode"].sd["(Intercept)"], fit.sigma


def own_means(sales):
    return sales.groupby("zipcode", observed=True)["price"].mean()


def sizes_of(sales):
    return sales["zipcode"].value_counts(sort=False)


# The text -------------------------------------------------------------------------------------------


def test_numbers_in_the_prose_are_those_of_the_fits(flat, seattle, lmer1):
    between, within = sds(lmer1)
    estimates, means = lmer1.coef["zipcode"]["(Intercept)"], own_means(seattle)
    facts = {
        "584,667": f"{between:,.0f}",
        "460,891": f"{within:,.0f}",
        "713,204": f"{lmer1.fixef['(Intercept)']:,.0f}",
        "284,909": f"{means['98148']:,.0f}",
        "289,527": f"{np.floor(estimates['98148']):,.0f}",
        "253,581.2": f"{estimates['98032']:,.1f}",
        "2,143,523.7": f"{estimates['98039']:,.1f}",
        "289,527.5": f"{estimates['98148']:,.1f}",
        "289,535": f"{0.9892 * 284_909 + 0.0108 * 713_204:,.0f}",
        "287,750": f"{-lmer1.ranef['zipcode'].loc['98010', '(Intercept)']:,.0f}",
    }
    for text, value in facts.items():
        assert text in flat
        assert value == text
    assert round(estimates["98148"], 1) == pytest.approx(289_527.5)
    known = {*facts, "2,143,523", "500,000", "600,000", "900,000", "300,000", "360,000"}
    assert set(re.findall(r"(?<![\d,])\d{3},\d{3}(?:\.\d)?", flat)) <= known, "a number that no test looks at"


def test_the_worked_example_is_right_to_its_last_digit(flat, lmer1):
    between, within = 584_667, 460_891
    own, others = 57 / within**2, 1 / between**2
    assert f"{own * 1e10:.3f}" == "2.683"
    assert f"{others * 1e10:.3f}" == "0.029"
    assert f"{own / (own + others):.4f}" == "0.9892" == f"{lmer1.shrinkage()['weight']['98148']:.4f}"
    assert r"2.683 \times 10^{-10}" in flat
    assert r"w = \frac{2.683}{2.683 + 0.029} = 0.9892" in flat


def test_statements_about_the_lectures_data_are_true(flat, seattle, lmer1):
    between, within = sds(lmer1)
    assert "the other zip codes are worth 0.62 sales" in flat
    assert f"{within**2 / between**2:.2f}" == "0.62"
    assert "About 62 percent of the variance" in flat
    assert round(100 * lmer1.icc()["zipcode"]) == 62
    table = lmer1.shrinkage()
    moved = (table["partial_pooling"] - table["no_pooling"]).abs()
    assert moved.idxmax() == table["weight"].idxmin() == "98039"
    assert "by almost 18,000 dollars" in flat
    assert 17_500 < moved["98039"] < 18_000
    assert moved["98039"] < 0.01 * table["no_pooling"]["98039"]
    sizes = sizes_of(seattle)
    assert sizes.idxmax() == "98032"
    assert (sizes["98148"], sizes["98024"]) == (57, 81)
    assert (sizes.min(), sizes.max()) == (50, 125)
    assert own_means(seattle).std() > between


def test_the_lectures_formula_is_nearly_the_fit(flat, seattle, lmer1):
    weight = lmer1.shrinkage()["weight"]
    lecture = weight * own_means(seattle) + (1 - weight) * seattle["price"].mean()
    gap = (lecture - lmer1.coef["zipcode"]["(Intercept)"]).abs()
    assert "The differences are less than a thousand dollars" in flat
    assert 200 < gap.min() < gap[["98032", "98039", "98148"]].max() < 1_000
    assert lmer1.coef["zipcode"]["(Intercept)"].mean() == pytest.approx(lmer1.fixef["(Intercept)"])


def test_the_lectures_formula_is_exact_for_groups_of_the_same_size(seattle):
    five = seattle.groupby("zipcode", observed=True).head(5)
    assert five["price"].mean() == pytest.approx(lmer(MODEL, five).fixef["(Intercept)"])


def test_the_lectures_formula_is_exact_in_both_limits(flat, seattle):
    assert "So when is the lecture's formula exactly right? In both limits" in flat
    sizes, means, houses = sizes_of(seattle), own_means(seattle), seattle["price"].mean()
    for between, estimates in ((1e-3, houses), (1e12, means)):
        weight = right(sizes, between, 460_000)
        v = 1 / (between**2 + 460_000**2 / sizes)
        centre = (v * means).sum() / v.sum()
        for pulled_towards in (centre, houses):
            np.testing.assert_allclose(weight * means + (1 - weight) * pulled_towards, estimates, rtol=1e-6)


def test_small_counties_stand_at_both_ends_of_the_list(flat, radon_fit):
    table = radon_fit.shrinkage().sort_values("no_pooling")
    assert "All of them, at both ends" in flat
    assert (table["n"].head(10) < 10).all() and (table["n"].tail(10) < 10).all()
    assert "63 of the 85 counties have fewer than ten" in flat
    assert ((table["n"] < 10).sum(), len(table), table["n"].median()) == (63, 85, 5)
    assert "Three counties in four" in expected_says("l02-practice-extremes", "c")
    assert 0.7 < 63 / 85 < 0.8


def expected_says(id, letter):
    return next(m.says for m in references.expected(id, "ada").mistakes if m.value == letter)


def test_statements_about_the_counties_are_true(flat, radon_fit):
    table = radon_fit.shrinkage()
    between, within = radon_fit.varcorr["county"].sd["(Intercept)"], radon_fit.sigma
    assert [f"{number:.2f}" for number in (between, within, within**2 / between**2)] == [
        "0.30",
        "0.77",
        "6.62",
    ]
    assert "are worth 6.62 houses" in flat and "0.30) than houses" in flat
    assert "In the radon data it is 0.13" in flat and f"{radon_fit.icc()['county']:.2f}" == "0.13"
    few, many = table[table["n"] <= 5]["no_pooling"], table[table["n"] >= 50]["no_pooling"]
    assert "they spread from 0.5 to 2.6" in flat and (round(few.min(), 1), round(few.max(), 1)) == (0.5, 2.6)
    assert "between 0.8 and 1.4" in flat and 0.8 < many.min() < many.max() < 1.4
    first = table.loc["LACQUIPARLE"]
    assert (table["no_pooling"].idxmax(), first["n"]) == ("LACQUIPARLE", 2) and first["weight"] < 0.25
    before = table[table["partial_pooling"] > first["partial_pooling"]]
    assert "eight counties with more houses come before it" in flat
    assert len(before) == 8 and (before["n"] > 2).all()


def test_nobody_knows_which_county_is_really_the_highest(radon_fit):
    top = radon_fit.shrinkage()["partial_pooling"].sort_values(ascending=False).head(6)
    assert top.index[0] == "BLUEEARTH"
    assert top.iloc[0] - top.iloc[-1] < radon_fit.se_coef["county"].loc[top.index, "(Intercept)"].min()


def test_the_lectures_formula_would_lower_every_county(flat, radon_fit):
    houses, centre = load_radon()["log_radon"].mean(), radon_fit.fixef["(Intercept)"]
    plain = radon_fit.shrinkage()["no_pooling"].mean()
    assert "towards 1.26 instead of 1.35" in flat
    assert (f"{houses:.2f}", f"{centre:.2f}") == ("1.26", "1.35") and houses < centre < plain
    own = radon_fit.shrinkage()["no_pooling"]
    assert "STLOUIS and ANOKA, have little radon" in flat and (own[["STLOUIS", "ANOKA"]] < 0.9).all()


def test_statements_about_reml_and_ml_are_true(flat, seattle, lmer1):
    ml = lmer(MODEL, seattle, REML=False)
    ratio = sds(ml)[0] / sds(lmer1)[0]
    assert "ML is about 6 percent smaller" in flat
    assert round(100 * (1 - ratio)) == 6
    assert f"{(8 / 9) ** 0.5:.3f}" == "0.943"
    assert sds(ml)[1] == pytest.approx(sds(lmer1)[1], rel=1e-5)
    numbers = [lmer1.criterion + 6, ml.criterion, 2 * ml.criterion - lmer1.criterion]
    assert "25155.1, 25175.2 and 25201.4" in flat
    assert [f"{number:.1f}" for number in numbers] == ["25155.1", "25175.2", "25201.4"]


def test_the_simulation_shows_the_bias_of_ml_and_none_of_reml(cells, seattle):
    (simulation,) = [cell.source for cell in cells if "for repeat in range(400)" in cell.source]
    names = {"seattle": seattle, "lmer": lmer, "np": np, "pd": pd}
    exec(simulation.replace("range(400)", "range(150)"), names)
    average = pd.DataFrame(names["estimates"]).mean() / 500_000**2
    assert average["ML"] / average["REML"] == pytest.approx(8 / 9, abs=0.005)
    assert average["REML"] == pytest.approx(1, abs=3 * (2 / 8 / 150) ** 0.5)


# The questions --------------------------------------------------------------------------------------


def by_statsmodels(sales):
    """Mean, standard deviations and effects of a student who uses statsmodels."""
    import statsmodels.formula.api as smf

    sales = sales.assign(price=sales["price"] / 1e6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        fit = smf.mixedlm("price ~ 1", sales, groups=sales["zipcode"].astype(str)).fit(reml=True)
        ml = smf.mixedlm("price ~ 1", sales, groups=sales["zipcode"].astype(str)).fit(reml=False)
    effects = {name: 1e6 * effect.iloc[0] for name, effect in fit.random_effects.items()}
    reml_sds, ml_sds = ((1e6 * f.cov_re.iloc[0, 0] ** 0.5, 1e6 * f.scale**0.5) for f in (fit, ml))
    return 1e6 * fit.fe_params.iloc[0], reml_sds, ml_sds, effects


@pytest.mark.parametrize("student", STUDENTS)
def test_statsmodels_gives_right_answers_too(student):
    homes = homes_for(student)
    small = small_sample(homes)
    _, (between, within), ml, _ = by_statsmodels(homes)
    centre, (small_between, small_within), _, effects = by_statsmodels(small)
    answers = {
        "l02-weights": sizes_of(small) / (sizes_of(small) + small_within**2 / small_between**2),
        "l02-estimates": {name: centre + effect for name, effect in effects.items()},
        "l02-sd-zipcode": between,
        "l02-icc": between**2 / (between**2 + within**2),
        "l02-sales-needed": 19 * within**2 / between**2,
        "l02-centre": centre,
        "l02-reml-ml": pd.DataFrame({"ML": ml, "REML": (between, within)}, index=["zipcode", "Residual"]),
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


@pytest.mark.parametrize("student", STUDENTS)
def test_the_fits_own_tables_are_right_answers_too(student):
    homes = homes_for(student)
    table = lmer(MODEL, small_sample(homes)).shrinkage()
    answers = {
        "l02-weights": table["weight"].iloc[::-1],  # labels matter, their order doesn't
        "l02-estimates": dict(table["partial_pooling"]),
        "l02-icc": lmer(MODEL, homes).icc()["zipcode"],
        "l02-centre": table["partial_pooling"].mean(),
        "l02-limits": table.rename(columns={"complete_pooling": "zero", "no_pooling": "infinity"})[
            ["infinity", "zero"]
        ],
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


def curve(homes, weight, draw="plot", labels=True):
    """Draw the figure of the last question; `weight` gets sales and the two standard deviations."""
    _, ax = plt.subplots()
    n = np.array(SALES)
    getattr(ax, draw)(n, weight(n, *sds(lmer(MODEL, homes))))
    if labels:
        ax.set(xlabel="Number of sales", ylabel="Weight")
    return ax


def right(n, between, within):
    return n / (n + within**2 / between**2)


@pytest.mark.parametrize("student", STUDENTS)
def test_the_figure_is_read_from_what_is_drawn(student):
    homes = homes_for(student)
    plt.close("all")
    assert judged("l02-curve", curve(homes, right), student).status == "right"
    assert judged("l02-curve", plot_weights(lmer(MODEL, homes)), student).status == "right"
    bare = judged("l02-curve", curve(homes, right, labels=False), student)
    assert 0 < bare.score < 2
    assert "no label" in bare.message
    points = judged("l02-curve", curve(homes, right, draw="scatter"), student)
    assert (points.mistake, points.score) == ("points for lines", 1)
    wrong = {
        "standard deviations for variances": lambda n, between, within: n / (n + within / between),
        "weight of the centre": lambda n, between, within: 1 - right(n, between, within),
        "standard deviations exchanged": lambda n, between, within: right(n, within, between),
    }
    known = {mistake.name for mistake in references.expected("l02-curve", student).usable_mistakes}
    for name in wrong.keys() & known:
        assert judged("l02-curve", curve(homes, wrong[name]), student).mistake == name
    plt.close("all")


def test_which_way_the_lectures_formula_lies_depends_on_the_students_zip_codes():
    letters = {references.expected("l02-direction", f"student{n}").value for n in range(12)}
    assert letters == {"a", "b"}


def test_the_bank_takes_the_same_sample_as_the_lesson(cells):
    (cell,) = [cell.source for cell in cells if "def uneven_sample" in cell.source]
    names = {"pd": pd}
    exec(cell[cell.index("def uneven_sample") :].partition("name = ")[0], names)
    for student in STUDENTS:
        homes = homes_for(student)
        pd.testing.assert_frame_equal(small_sample(homes), names["uneven_sample"](homes))


def test_the_sample_takes_the_zip_codes_in_the_order_in_which_the_lesson_names_them():
    sizes = sizes_of(small_sample(homes_for("ada")))
    assert list(sizes.index) == zipcodes_for("ada")
    assert sizes.tolist() == list(range(4, 37, 4))


def test_no_students_sample_is_singular():
    for n in range(25):
        assert not lmer(MODEL, small_sample(homes_for(f"student{n}"))).is_singular
