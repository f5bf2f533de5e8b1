"""Lesson 8: its numbers are those of R; its questions accept what R gives, and know what they may not."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged
from scipy.special import expit, logit

from grader.bank.l08_hierarchical_glms import DAYS, few, monthly, with_dear
from mlmkit import complete_pooling, glmer, homes_for, load_seattle, no_pooling, stan_glmer

LESSON = "08_hierarchical_glms"
R = json.loads((Path(__file__).parents[1] / "reference" / "lesson08.json").read_text())
COUNTS = "sales ~ busy + offset(np.log(days)) + (1 | zipcode)"


@pytest.fixture(scope="module")
def sales():
    seattle = load_seattle()
    million = (seattle["price"] > 1_000_000).astype(int)
    return seattle.assign(
        million=million,
        half_million=(seattle["price"] > 500_000).astype(int),
        area=(seattle["sqft_living"] - 2000) / 1000,
    )


@pytest.fixture(scope="module")
def plain(sales):
    return glmer("million ~ (1 | zipcode)", sales)


@pytest.fixture(scope="module")
def by_area(sales):
    return glmer("million ~ area + (1 | zipcode)", sales)


@pytest.fixture(scope="module")
def counted(seattle):
    return monthly(seattle)


def sd_of(fit, group="zipcode"):
    return fit.varcorr[group].sd["(Intercept)"]


def dispersion(cells, fit, parameters):
    return ((cells["sales"] - fit.fitted) ** 2 / fit.fitted).sum() / (len(cells) - parameters)


# Against R ------------------------------------------------------------------------------------------


def agrees(fit, figures, rel=1e-3):
    """Compare a fit with figures of lme4, at a tight setting of its optimiser."""
    assert fit.loglik == pytest.approx(figures["loglik"], abs=1e-3)
    assert np.allclose(fit.fixef, list(figures["fixef"].values()), rtol=rel)
    assert np.allclose(fit.se_fixef, list(figures["se"].values()), rtol=1e-2)
    for group, sd in figures["sd"].items():
        assert sd_of(fit, group) == pytest.approx(sd, rel=rel)
    coef = fit.coef["zipcode"]["(Intercept)"]
    assert np.allclose(coef, [figures["zipcode"][name] for name in coef.index], rtol=2e-3)


def test_the_binomial_fits_are_those_of_lme4(plain, by_area):
    agrees(plain, R["binomial"]["plain"])
    agrees(by_area, R["binomial"]["area"])


def test_the_count_fits_are_those_of_lme4(counted):
    table = counted.assign(cell=np.arange(len(counted)).astype(str))
    poisson = glmer(COUNTS, table, family="poisson")
    agrees(poisson, R["counts"]["poisson"])
    agrees(glmer(f"{COUNTS} + (1 | month)", table, family="poisson"), R["counts"]["month"])
    agrees(glmer(f"{COUNTS} + (1 | cell)", table, family="poisson"), R["counts"]["cell"], rel=2e-3)
    negative = glmer(COUNTS, table, family="negative_binomial")
    agrees(negative, R["counts"]["nb"])
    assert negative.size == pytest.approx(R["counts"]["size"], rel=1e-3)
    assert dispersion(counted, poisson, 3) == pytest.approx(R["counts"]["pearson"], rel=1e-4)
    assert (counted["sales"] == 0).sum() == R["counts"]["zeros"] == 6


def test_averages_over_new_zip_codes_are_integrals(by_area):
    new = pd.DataFrame({"area": [0.0, 1.0], "zipcode": "new"})
    assert np.allclose(by_area.predict(new, new_levels="marginal"), R["population"], rtol=1e-3)


def test_no_pooling_agrees_with_glm_where_there_is_an_estimate(sales):
    none = no_pooling("million ~ (1 | zipcode)", sales, family="binomial").coef["zipcode"]["(Intercept)"]
    for zipcode, ours in none.items():
        theirs = R["no_pooling"]["coef"][f"zipcode{zipcode}"]
        if theirs > -15:
            assert ours == pytest.approx(theirs, abs=1e-6)
    runaways = [name for name, log_odds in none.items() if log_odds < -15]
    assert runaways == ["98010", "98032", "98148"]


@pytest.mark.slow
def test_the_posterior_is_that_of_rstanarm(sales):
    draws = stan_glmer("million ~ (1 | zipcode)", sales, family="binomial", draws=2500, seed=3).draws
    sd = np.sqrt(draws["Sigma[zipcode:(Intercept),(Intercept)]"])
    # Some four standard errors of a quantile of a few thousand effective draws.
    assert sd.median() == pytest.approx(R["rstanarm"]["sd"]["50%"], abs=0.07)
    for zipcode, theirs in R["rstanarm"]["log_odds"].items():
        ours = draws["(Intercept)"] + draws[f"b[(Intercept) zipcode:{zipcode}]"]
        spread = theirs["95%"] - theirs["5%"]
        for name, at in {"5%": 0.05, "50%": 0.5, "95%": 0.95}.items():
            assert ours.quantile(at) == pytest.approx(theirs[name], abs=0.06 * spread), (zipcode, name)


# The text -------------------------------------------------------------------------------------------


def test_numbers_about_a_yes_or_no(flat, sales, plain, by_area):
    shares = sales.groupby("zipcode", observed=True)["million"].agg(["sum", "size"])
    assert shares.loc[["98024", "98109", "98039"]].to_numpy().tolist() == [[8, 81], [27, 109], [44, 50]]
    assert f"{27 / 82 / (8 / 73):.1f}" == "3.0"
    assert (f"{44 / 6 / (27 / 82):.0f}", f"{44 / 50 / (27 / 109):.1f}") == ("22", "3.6")
    mu, sd = plain.fixef["(Intercept)"], sd_of(plain)
    typical, share = expit(mu), sales["million"].mean()
    facts = {
        f"`(Intercept)` −{-mu:.2f}": "`(Intercept)` −3.45",
        f"`zipcode` {sd:.2f}": "`zipcode` 3.00",
        f"cost more than a million is {share:.3f}": "cost more than a million is 0.124",
        f"of the model it is {typical:.3f}": "of the model it is 0.031",
        f"The coefficient {by_area.fixef['area']:.2f} is": "The coefficient 2.97 is",
        f"multiply the odds by {np.exp(by_area.fixef['area']):.1f}": "multiply the odds by 19.5",
    }
    for computed, stands in facts.items():
        assert computed == stands
        assert stands in flat
    coef = expit(plain.coef["zipcode"]["(Intercept)"])
    assert coef["98024"] < 8 / 81 < share
    assert f"−{-logit(coef['98148']):.2f}, a probability of {coef['98148']:.3f}" in flat
    assert coef["98032"] < coef["98010"] < coef["98148"]


def test_numbers_about_the_first_fifteen_sales(flat, sales):
    first = sales.groupby("zipcode", observed=True).head(15)
    yes = first.groupby("zipcode", observed=True)["million"].sum()
    p = expit(glmer("million ~ (1 | zipcode)", first).coef["zipcode"]["(Intercept)"])
    assert "Now four zip codes have none" in flat and (yes == 0).sum() == 4
    assert yes["98014"] == 0 and f"Partial pooling says {p['98014']:.3f}" in flat
    assert 24 / 105 < p["98102"] < yes["98102"] / 15


def test_numbers_about_places(flat, sales, by_area):
    slope, coef = by_area.fixef["area"], by_area.coef["zipcode"]["(Intercept)"]
    new = pd.DataFrame({"area": [0.0, 1.0], "zipcode": "new"})
    typical, anywhere = (by_area.predict(new, new_levels=how) for how in ("zero", "marginal"))
    unknown = expit(sales["zipcode"].map(coef).astype(float) + slope).mean()
    rows = [expit(coef["98102"] + slope), typical[1], anywhere[1], unknown]
    assert [f"{p:.3f}" for p in rows] == ["0.615", "0.013", "0.205", "0.228"]
    for p in rows:
        assert f"| {p:.3f} |" in flat
    assert "Fifteen times as likely" in flat and round(anywhere[1] / typical[1]) == 15
    ratio = np.exp(np.diff(logit(anywhere))[0])
    assert f"The *population* odds ratio, {ratio:.1f}," in flat
    rises = [f"{expit(coef[name] + slope * x):.2f}" for name in ("98039", "98102") for x in (0, 1)]
    assert "from 0.55 to 0.96 in 98039, from 0.08 to 0.61 in 98102" in flat
    assert rises == ["0.55", "0.96", "0.08", "0.61"]
    assert expit(coef["98010"] + slope) < 1e-4
    half_way = (2000 - 1000 * coef / slope)[["98039", "98102", "98024", "98010"]]
    assert np.allclose(half_way, [1930, 2840, 4350, 6140], atol=15)


def test_binned_residuals_miss_what_they_are_not_sorted_by(flat, sales):
    complete = complete_pooling("half_million ~ area + (1 | zipcode)", sales, family="binomial")
    by_zipcode = (sales["half_million"] - complete.fitted).groupby(sales["zipcode"], observed=True).mean()
    assert "go from −0.35 to 0.43" in flat
    assert [f"{x:.2f}" for x in (by_zipcode.min(), by_zipcode.max())] == ["-0.35", "0.43"]


def test_numbers_about_counts(flat, counted):
    poisson = glmer(COUNTS, counted, family="poisson")
    month = glmer(f"{COUNTS} + (1 | month)", counted, family="poisson")
    assert f"{np.exp(poisson.fixef['busy']):.2f} times as many houses" in flat
    assert f"{dispersion(counted, poisson, 3):.2f} instead of 1" in flat
    assert f"{dispersion(counted, month, 4):.1f}" == "1.1"
    ses = f"from {poisson.se_fixef['busy']:.3f} to {month.se_fixef['busy']:.3f}"
    assert ses in flat and "more than doubles" in flat
    assert abs(month.fixef["busy"]) < 2 * month.se_fixef["busy"]
    fewer = counted["sales"] > 0
    dropped = glmer(COUNTS, counted[fewer], family="poisson")
    gain = dropped.coef["zipcode"]["(Intercept)"] - poisson.coef["zipcode"]["(Intercept)"]
    assert gain.max() == gain["98039"], "dropping zeros raises rates most in a small zip code"


def test_an_ordinal_outcome_step_by_step(flat, sales):
    slopes = {k: glmer(f"condition > {k} ~ area + (1 | zipcode)", sales) for k in (3, 4)}
    said = "−0.10 and 0.16 with standard errors of 0.07 and 0.11"
    assert said in flat
    found = [f"{fit.fixef['area']:.2f} {fit.se_fixef['area']:.2f}" for fit in slopes.values()]
    assert found == ["-0.10 0.07", "0.16 0.11"]


# The questions --------------------------------------------------------------------------------------


def functions_of(cells, *starts):
    """Run the lesson's code cells that define something."""
    names = {"pd": pd, "np": np}
    for start in starts:
        (source,) = [cell.source for cell in cells if start in cell.source and cell.cell_type == "code"]
        exec(source[source.index(start) :].partition("\n\n\n")[0], names)
    return names


def test_the_bank_prepares_data_as_the_lesson_does(cells):
    names = functions_of(cells, "DAYS = {", "def monthly", "def with_dear")
    assert names["DAYS"] == DAYS
    for student in STUDENTS:
        homes = homes_for(student)
        ours, theirs = monthly(homes), names["monthly"](homes)
        columns = ["zipcode", "month", "sales", "days", "busy"]
        pd.testing.assert_frame_equal(
            ours[columns].astype({"zipcode": str}),
            theirs[columns].astype({"zipcode": str}),
            check_dtype=False,
        )
        dear = names["with_dear"](homes)
        pd.testing.assert_frame_equal(with_dear(homes), dear[["zipcode", "dear", "area", "price"]])
        some = names["with_dear"](dear.groupby("zipcode", observed=True).head(15))
        pd.testing.assert_frame_equal(few(homes), some[["zipcode", "dear", "area", "price"]])


def test_each_student_meets_separation_and_a_fit_that_pools():
    singular = []
    for n in range(40):
        sales = few(homes_for(f"student{n}"))
        shares = sales.groupby("zipcode", observed=True)["dear"].mean()
        assert shares.min() == 0
        singular.append(sd_of(glmer("dear ~ (1 | zipcode)", sales)) < 0.1)
    assert sum(singular) <= 1


LME4 = """
suppressMessages(library(lme4))
for (who in commandArgs(TRUE)) {
  homes <- read.csv(paste0(who, "_homes.csv"), colClasses = c(zipcode = "character"))
  few <- read.csv(paste0(who, "_few.csv"), colClasses = c(zipcode = "character"))
  cells <- read.csv(paste0(who, "_cells.csv"), colClasses = c(zipcode = "character"))
  plain <- glmer(dear ~ (1 | zipcode), homes, binomial)
  small <- glmer(dear ~ (1 | zipcode), few, binomial)
  area <- glmer(dear ~ area + (1 | zipcode), homes, binomial)
  counts <- glmer(sales ~ busy + offset(log(days)) + (1 | zipcode), cells, poisson)
  months <- update(counts, . ~ . + (1 | month))
  nb <- suppressWarnings(glmer.nb(sales ~ busy + offset(log(days)) + (1 | zipcode), cells))
  b <- fixef(months)[["busy"]]; se <- sqrt(vcov(months)[2, 2])
  a <- coef(area)$zipcode[, 1]; slope <- fixef(area)[[2]]
  sd <- sqrt(VarCorr(area)$zipcode[1]); shares <- table(homes$zipcode)
  start <- fixef(area)[[1]]
  over <- function(x) integrate(function(u) plogis(start + slope * x + sd * u) * dnorm(u), -9, 9)$value
  odds <- function(p) p / (1 - p)
  named <- function(fit, f) as.list(setNames(f(coef(fit)$zipcode[, 1]), rownames(coef(fit)$zipcode)))
  cat(jsonlite::toJSON(auto_unbox = TRUE, digits = 12, list(
    "l08-odds" = named(plain, exp), "l08-few-probabilities" = named(small, plogis),
    "l08-odds-ratio" = exp(0.3 * slope),
    "l08-house" = list(typical = plogis(start + slope), new = over(1),
                       unknown = weighted.mean(plogis(a + slope), shares)),
    "l08-population" = list(conditional = exp(slope), population = odds(over(1)) / odds(over(0))),
    "l08-rates" = named(counts, function(x) 30 * exp(x)),
    "l08-dispersion" = sum(residuals(counts, type = "pearson")^2) / df.residual(counts),
    "l08-variance" = 20 + 400 / getME(nb, "glmer.nb.theta"),
    "l08-busy" = list(estimate = exp(b), lower = exp(b - 1.96 * se), upper = exp(b + 1.96 * se)))), "\\n")
}
"""


@pytest.mark.slow
def test_lme4_as_it_comes_gives_right_answers(tmp_path):
    if not shutil.which("Rscript"):
        pytest.skip("needs R with lme4")
    for student in STUDENTS:
        homes = homes_for(student)
        for name, table in {"homes": with_dear(homes), "few": few(homes), "cells": monthly(homes)}.items():
            table.to_csv(tmp_path / f"{student}_{name}.csv", index=False)
    (tmp_path / "fit.R").write_text(LME4)
    run = subprocess.run(
        ["Rscript", "fit.R", *STUDENTS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package" in run.stderr:
        pytest.skip("needs R with lme4")
    for student, line in zip(STUDENTS, run.stdout.strip().splitlines(), strict=True):
        for id, answer in json.loads(line).items():
            verdict = judged(id, answer, student)
            assert verdict.status == "right", (id, student, verdict.message)


@pytest.mark.parametrize("student", STUDENTS)
def test_statsmodels_gives_what_it_can_and_complete_pooling_is_named(student):
    import statsmodels.formula.api as smf
    from statsmodels.genmod.families import Binomial

    sales = with_dear(homes_for(student))
    fit = smf.glm("dear ~ area", sales, family=Binomial()).fit()
    odds_ratio = judged("l08-odds-ratio", np.exp(0.3 * fit.params["area"]), student)
    assert "complete pooling for partial pooling" in odds_ratio.mistake
    shares = sales.groupby("zipcode", observed=True)["dear"].mean()
    if shares.max() < 1:
        assert judged("l08-odds", shares / (1 - shares), student).mistake == "no pooling for partial pooling"


@pytest.mark.parametrize("student", STUDENTS)
def test_drawing_many_new_zip_codes_is_a_right_way_too(student):
    fit = glmer("dear ~ area + (1 | zipcode)", with_dear(homes_for(student)))
    rng = np.random.default_rng(3)
    effects = rng.normal(0, sd_of(fit), 200_000)
    step = fit.fixef["area"]
    drawn = [expit(fit.fixef["(Intercept)"] + step * x + effects).mean() for x in (0, 1)]
    population = np.exp(np.diff(logit(drawn))[0])
    answer = {"conditional": np.exp(step), "population": population}
    assert judged("l08-population", answer, student).status == "right"
    assert judged("l08-population", {**answer, "population": np.exp(step)}, student).mistake.startswith(
        "conditional for population"
    )
