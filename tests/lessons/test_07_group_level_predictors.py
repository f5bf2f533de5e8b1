"""What lesson 7 says in words and numbers is so; its questions accept every correct way."""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.bank.l07_group_level_predictors import book, county, own_sales, rest_of_county, small_sample
from grader.course.repository import ROOT
from grader.judge import references
from mlmkit import complete_pooling, homes_for, lmer, load_radon, zipcodes_for

LESSON = "07_group_level_predictors"
SIZE, LINE = "price ~ size + (1 | zipcode)", "price ~ size + miles + (1 | zipcode)"
MODELS = {
    "size": SIZE,
    "line": LINE,
    "slopes": "price ~ within + mean_size + (1 | zipcode)",
    "group_mean": "price ~ within + (1 | zipcode)",
    "held": "price ~ within * miles + (1 | zipcode)",
    "varying": "price ~ within * miles + (1 + within | zipcode)",
    "crossed": "price ~ size + (1 | zipcode) + (1 | grade)",
}
SOIL = {
    "without": "log_radon ~ floor + (1 | county)",
    "with": "log_radon ~ floor + log_uranium + (1 | county)",
    "by_soil": "log_radon ~ floor * log_uranium + (1 + floor | county)",
    "floors": "log_radon ~ floor_within + floor_mean + (1 | county)",
}


@pytest.fixture(scope="module")
def lme4():
    """Figures of lme4 and of R's lm: tests/reference/group_level.R."""
    return json.loads((ROOT / "tests" / "reference" / "group_level.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def radon():
    rows = book(load_radon())
    mean = rows.groupby("county", observed=True)["floor"].transform("mean")
    return rows.assign(floor_mean=mean, floor_within=rows["floor"] - mean)


@pytest.fixture(scope="module")
def soil(radon):
    return {name: lmer(formula, radon) for name, formula in SOIL.items()}


@pytest.fixture(scope="module")
def sales():
    return {name: lmer(formula, county()) for name, formula in MODELS.items()}


def sd(fit, group="zipcode", term="(Intercept)"):
    return fit.varcorr[group].sd[term]


def sds(fit):
    """Name the standard deviations as the script in R does."""
    between = {
        f"{g} {term}": fit.varcorr[g].sd[term] for g in fit.varcorr for term in fit.varcorr[g].sd.index
    }
    return {**between, "Residual ": fit.sigma}


# Against R --------------------------------------------------------------------------------------------


def compare(fit, wanted):
    assert fit.fixef.to_dict() == pytest.approx(wanted["fixef"], rel=1e-5)
    assert fit.se_fixef.to_dict() == pytest.approx(wanted["se"], rel=1e-4)
    assert sds(fit) == pytest.approx(wanted["sd"], rel=1e-4)
    assert fit.criterion == pytest.approx(wanted["reml"], abs=1e-4)
    assert fit.deviance == pytest.approx(wanted["deviance"], abs=1e-4)


@pytest.mark.parametrize("name", SOIL)
def test_the_radon_models_are_lme4s(soil, lme4, name):
    compare(soil[name], lme4["radon"][name])


@pytest.mark.parametrize("name", MODELS)
def test_the_countys_models_are_lme4s_and_so_are_a_students(sales, lme4, name):
    compare(sales[name], lme4["county"][name])
    homes = homes_for("ada")
    compare(lmer(MODELS[name], rest_of_county(homes)), lme4["rest"][name])
    if name in lme4["few"]:
        compare(lmer(MODELS[name], small_sample(homes)), lme4["few"][name])


def test_r_was_given_the_zip_codes_of_ada():
    text = (ROOT / "tests" / "reference" / "group_level_ada.txt").read_text(encoding="utf-8")
    assert text.split() == zipcodes_for("ada")


def test_answers_from_r_are_right(lme4):
    rest, few = lme4["rest"], lme4["few"]
    before, after = (few[name]["sd"]["zipcode (Intercept)"] for name in ("size", "line"))
    product = "within:miles"
    answers = {
        "l07-miles": few["line"]["fixef"]["miles"],
        "l07-se-ratio": rest["line"]["se"]["miles"] / lme4["ordinary_miles_se"],
        "l07-explained": 1 - after**2 / before**2,
        "l07-levels": lme4["few_levels"],
        "l07-two-slopes": [rest["slopes"]["fixef"][name] for name in ("within", "mean_size")],
        "l07-centres": [rest[name]["sd"]["zipcode (Intercept)"] for name in ("size", "group_mean")],
        "l07-cross-se": [rest[name]["se"][product] for name in ("held", "varying")],
        "l07-crossed": [
            rest["crossed"]["sd"][name] for name in ("zipcode (Intercept)", "grade (Intercept)", "Residual ")
        ],
    }
    for id, answer in answers.items():
        assert judged(id, answer, "ada").status == "right", id


# The book, and the text -------------------------------------------------------------------------------


def test_the_books_figures_come_out(flat, soil):
    """Gelman and Hill (2007), sections 12.3 to 12.6 and 13.1."""
    printed = {
        "without": ["1.46 (0.05)", "−0.69 (0.07)"],
        "with": ["1.47 (0.04)", "−0.67 (0.07)", "0.72 (0.09)"],
        "by_soil": ["1.47 (0.04)", "−0.67 (0.08)", "0.81 (0.09)", "−0.42 (0.23)"],
    }
    for name, wanted in printed.items():
        fit = soil[name]
        found = [f"{b:.2f} ({se:.2f})" for b, se in zip(fit.fixef, fit.se_fixef, strict=True)]
        assert [text.replace("-", "−") for text in found] == wanted
        if name != "without":
            assert all(text in flat for text in wanted)
    deviations = {name: [f"{value:.2f}" for value in sds(fit).values()] for name, fit in soil.items()}
    assert deviations["without"] == ["0.33", "0.76"]
    assert deviations["with"] == ["0.16", "0.76"]
    assert deviations["by_soil"] == ["0.12", "0.31", "0.75"]


def test_statements_about_radon_are_true(flat, radon, soil, lme4):
    without, with_u = soil["without"], soil["with"]
    ks = [fit.sigma**2 / sd(fit, "county") ** 2 for fit in (without, with_u)]
    assert [f"{k:.2f}" for k in ks] == ["5.30", "23.52"]
    assert "the other counties are worth 5.30 houses. With it, the line is worth 23.52 houses" in flat
    counties = radon.groupby("county", observed=True)
    uranium, houses = counties["log_uranium"].first(), counties.size()
    assert (counties["log_uranium"].nunique() == 1).all()
    assert (houses["STLOUIS"], houses["LACQUIPARLE"], houses["KOOCHICHING"]) == (116, 2, 7)
    moved = (radon["log_radon"] - with_u.fixef["floor"] * radon["floor"]).groupby(
        radon["county"], observed=True
    )
    own = moved.mean()["KOOCHICHING"]
    line = with_u.fixef["(Intercept)"] + with_u.fixef["log_uranium"] * uranium["KOOCHICHING"]
    weight = 7 / (7 + ks[1])
    shown = [f"{line:.3f}", f"{weight:.3f}", f"{weight * own + (1 - weight) * line:.3f}"]
    assert shown == ["0.831", "0.229", "0.821"]
    assert f"{lme4['radon']['levels']['KOOCHICHING']:.3f}" == "0.821"
    assert f"{without.coef['county'].loc['KOOCHICHING', '(Intercept)']:.3f}" == "1.087"
    assert r"0.229 \times 0.789 + 0.771 \times 0.831 = 0.821" in flat
    assert f"{lme4['radon']['two_steps']:.2f}" == "0.36"
    assert "The slope on the estimates is 0.36" in flat
    assert with_u.fixef["log_uranium"] / 2 == pytest.approx(lme4["radon"]["two_steps"], rel=0.02)
    errors = [lme4["radon"]["ordinary_se"]["log_uranium"], with_u.se_fixef["log_uranium"]]
    assert [f"{error:.3f}" for error in errors] == ["0.070", "0.092"]
    assert with_u.fixef["log_uranium"] / errors[1] == pytest.approx(7.85, abs=0.05)
    icc = with_u.icc()["county"]
    assert f"{icc:.3f}" == "0.041"
    assert round(116 / (1 + 115 * icc)) == 20
    assert 1.1 ** with_u.fixef["log_uranium"] == pytest.approx(1.07, abs=0.005)


def test_statements_about_the_county_are_true(flat, sales):
    before, after = sd(sales["size"]), sd(sales["line"])
    assert "from about 228,000 to 180,000 dollars" in flat
    assert (round(before, -3), round(after, -3)) == (228_000, 180_000)
    assert round(sales["line"].fixef["miles"], -3) == -20_000
    ordinary = complete_pooling("price ~ size + miles", county()).se_fixef["miles"]
    assert "thirteen times better" in flat
    assert round(sales["line"].se_fixef["miles"] / ordinary) == 13
    slopes = sales["slopes"].fixef
    assert (round(slopes["within"], -3), round(slopes["mean_size"], -3)) == (252_000, 531_000)
    assert "279,000" in flat
    assert round(slopes["mean_size"] - slopes["within"], -3) == 279_000
    assert "301,000 dollars" in flat
    assert round(sd(sales["group_mean"]), -3) == 301_000
    held, varying = sales["held"], sales["varying"]
    errors = held.se_fixef["within:miles"], varying.se_fixef["within:miles"]
    assert round(errors[1] / errors[0]) == 7
    assert "11,000 dollars, with a standard error of 231" in flat
    assert (round(held.fixef["within:miles"], -3), round(errors[0])) == (-11_000, 231)
    assert "by about 93,000 dollars" in flat
    assert round(sd(varying, term="within"), -3) == 93_000
    assert held.deviance - varying.deviance > 3_000
    near = varying.coef["zipcode"]["within"] + varying.fixef["within:miles"] * places()["miles"]
    near = near[places()["miles"].between(4, 6)]
    assert "from 115,000 to 630,000 dollars" in flat
    assert (round(near.min(), -3), round(near.max(), -3)) == (115_000, 630_000)
    assert round(varying.fixef["within"] + 5 * varying.fixef["within:miles"], -4) == 290_000
    assert county()["zipcode"].value_counts().agg(["min", "max"]).tolist() == [50, 602]
    grades = county()["grade"].value_counts()
    assert (grades[1], grades[3]) == (1, 3)


def places():
    return county().groupby("zipcode", observed=True)[["miles", "mean_size"]].first()


def test_a_leak_finds_what_is_not_there(cells):
    (cell,) = [cell.source for cell in cells if "shuffled = " in cell.source]
    ratios = []
    for seed in (1, 7, 30):
        names = {"county": county(), "lmer": lmer, "pd": pd}
        exec(cell.replace("random_state=7", f"random_state={seed}"), names)
        table = names["table"]
        assert table["leaky"]["slope"] == pytest.approx(1, abs=1e-6)
        assert table["leaky"]["slope / error"] > 6
        ratios.append(abs(table["honest"]["slope / error"]))
    assert max(ratios) < 3


def test_the_one_slope_is_a_mixture_that_depends_on_the_sample(sales):
    two = county().groupby("zipcode", observed=True).head(2)
    one, both = (lmer(MODELS[name], two).fixef for name in ("size", "slopes"))
    assert both["within"] + 20_000 < one["size"] < both["mean_size"] - 20_000
    assert sales["size"].fixef["size"] == pytest.approx(sales["slopes"].fixef["within"], rel=1e-3)


def test_no_number_in_the_prose_is_left_without_a_test(flat):
    of_the_fits = {"252,000", "531,000", "280,000", "279,000", "228,000", "180,000", "301,000"}
    of_the_plot_and_the_rubric = {"115,000", "630,000", "290,000", "130,000", "195,000"}
    assert set(re.findall(r"(?<![\d,])\d{3},\d{3}", flat)) <= of_the_fits | of_the_plot_and_the_rubric


# The questions ----------------------------------------------------------------------------------------


def test_the_bank_makes_the_columns_of_the_lesson(cells):
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    making = next(source for source in sources if 'county["miles"]' in source)
    splitting = next(source for source in sources if "def sales_in" in source)
    names = {"np": np, "pd": pd, "STUDENT": "grace", "zipcodes_for": zipcodes_for, "homes_for": homes_for}
    exec("from mlmkit import load_king_county\n" + making + "\n" + splitting, names)
    homes, columns = homes_for("grace"), ["price", "zipcode", "size", "miles", "mean_size", "within", "grade"]
    for name, part in {"rest": rest_of_county, "few": small_sample, "mine": own_sales}.items():
        made, wanted = names[name][columns], part(homes)[columns]
        pd.testing.assert_frame_equal(made, wanted, rtol=1e-12)
    soil = next(source for source in sources if "load_radon()" in source and "clip" in source)
    exec("from mlmkit import load_radon\n" + soil, names)
    pd.testing.assert_frame_equal(names["radon"], book(load_radon()))


@pytest.mark.parametrize("student", STUDENTS)
def test_predict_and_statsmodels_give_right_answers_too(student):
    import statsmodels.formula.api as smf

    homes = homes_for(student)
    rest, few, mine = rest_of_county(homes), small_sample(homes), own_sales(homes)
    fit, few_fit = lmer(LINE, rest), lmer(LINE, few)

    def houses(part):
        x = part.groupby("zipcode", observed=True)["miles"].first()
        return pd.DataFrame({"zipcode": x.index, "size": 0.0, "miles": x.to_numpy()})

    new = houses(mine)
    predicted = fit.predict(new, new_levels="zero").set_axis(new["zipcode"].astype(str))
    at = houses(few)
    levels = few_fit.predict(at).set_axis(at["zipcode"].astype(str))
    by_ols = smf.ols("price ~ size + miles", rest).fit()
    answers = {
        "l07-new": predicted,
        "l07-levels": levels.iloc[::-1],
        "l07-se-ratio": fit.se_fixef["miles"] / by_ols.bse["miles"],
    }
    sales = few.assign(price=few["price"] / 1e6, zipcode=few["zipcode"].astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        mixed = smf.mixedlm("price ~ size + miles", sales, groups="zipcode").fit()
    answers["l07-miles"] = 1e6 * mixed.fe_params["miles"]
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


def test_a_student_who_forgets_the_line_is_told_so():
    homes = homes_for("emmy")
    fit = lmer(LINE, small_sample(homes))
    verdict = judged("l07-levels", fit.coef["zipcode"]["(Intercept)"], "emmy")
    assert (verdict.mistake, verdict.score) == ("line left out", 1)
    plain = lmer(SIZE, small_sample(homes)).coef["zipcode"]["(Intercept)"]
    x = small_sample(homes).groupby("zipcode", observed=True)["miles"].first()
    verdict = judged("l07-miles", float(np.polyfit(x, plain, 1)[0]), "emmy")
    assert verdict.mistake == "estimates used as data"


def test_no_students_fit_is_singular_or_at_an_edge():
    for n in range(15):
        homes = homes_for(f"student{n}")
        assert not lmer(LINE, small_sample(homes)).is_singular
        varying = lmer(MODELS["varying"], rest_of_county(homes))
        assert not varying.is_singular
        assert varying.varcorr["zipcode"].corr.iloc[0, 1] < 0.95


def test_the_line_helps_most_students_to_predict_their_zip_codes():
    better = 0
    for n in range(12):
        homes = homes_for(f"student{n}")
        rest, mine = rest_of_county(homes), own_sales(homes)
        truth = lmer(SIZE, mine).coef["zipcode"]["(Intercept)"]
        with_line = references.expected("l07-new", f"student{n}").value
        common = lmer(SIZE, rest).fixef["(Intercept)"]
        better += ((with_line - truth) ** 2).mean() < ((common - truth) ** 2).mean()
    assert better >= 9
