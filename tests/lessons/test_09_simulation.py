"""Lesson 9: what it says in numbers is so, by R and by formulas; errors in simulations get their names."""

import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged
from scipy import stats

from grader.author.simulate import handed_in
from grader.author.students import answers_of
from grader.bank.balanced import OneWay, power_of_arms, ratio_statistic
from grader.bank.l09_simulation import CURVE, WORLD, doubtful_sales
from grader.judge import references
from mlmkit import anova, bootstrap, complete_pooling, homes_for, lmer, power, simulate_data

pytestmark = pytest.mark.long(50)

LESSON = "09_simulation"
MODEL = "price ~ (1 | zipcode)"
R = json.loads((Path(__file__).parents[1] / "reference" / "simulation.json").read_text())


def first(sales, number):
    return sales.groupby("zipcode", observed=True).head(number)


# R ------------------------------------------------------------------------------------------------------


def test_the_edge_is_rs(flat, seattle):
    """RLRsim's exact null distribution of the lesson's example."""
    few, r = first(seattle, 5), R["edge"]
    large = lmer("sqft_living ~ (1 | zipcode)", few, REML=False)
    table = anova(complete_pooling("sqft_living ~ 1", few), large)
    assert table["chisq"].iloc[1] == pytest.approx(r["ratio"], rel=1e-5)
    assert table["p_value"].iloc[1] == pytest.approx(r["p_chisq"], rel=1e-5)
    assert f"the p-value, {r['p_chisq']:.3f}" in flat
    null = OneWay(9, 5, 0.0, 1.0).ratio_statistics()
    assert np.mean(null == 0) == pytest.approx(r["zero"], abs=0.01)
    found = np.quantile(null, [0.75, 0.85, 0.9, 0.95, 0.975])
    assert found == pytest.approx(r["quantiles"], abs=0.06)
    by_draws = np.mean(null >= r["ratio"])
    assert by_draws == pytest.approx(r["p_exact"], abs=0.003)
    assert by_draws == pytest.approx(r["p_f"], abs=0.003), "for groups of one size the F test is exact"
    assert r["p_chisq"] > 3 * r["p_f"], "the lesson says: more than three times too large"
    assert r["p_f"] < 0.05 < r["p_chisq"] / 2


def test_the_bootstrap_is_lme4s(seattle):
    ten, r = first(seattle, 10), R["bootstrap"]
    fit = lmer(MODEL, ten)
    assert fit.icc()["zipcode"] == pytest.approx(r["estimate"]["icc"], rel=1e-4)
    exact = OneWay(9, 10, r["estimate"]["between"], r["estimate"]["within"]).estimates()
    for name, room in (("icc", 0.03), ("between", 0.06 * r["estimate"]["between"])):
        tails = np.quantile(exact[name], [0.025, 0.05, 0.5, 0.95, 0.975])
        assert tails == pytest.approx(r[name], abs=room), name


def test_coverage_is_lme4s(flat):
    r = R["coverage"]
    study = OneWay(9, 10, **WORLD, mean=700_000.0)
    found = study.estimates()
    off = np.abs(found["mean"] - study.mean)
    error = 4 * (0.08 * 0.92 / r["studies"]) ** 0.5
    assert np.mean(off < 2 * found["se"]) == pytest.approx(r["two"], abs=error)
    assert np.mean(off < stats.t.ppf(0.975, 8) * found["se"]) == pytest.approx(r["t"], abs=error)
    assert found["between"].mean() == pytest.approx(r["between_mean"], rel=0.02)
    tails = np.quantile(found["between"], [0.025, 0.05, 0.5, 0.95, 0.975])
    assert tails == pytest.approx(r["between"], rel=0.06)
    assert "2.306 standard errors" in flat and f"{stats.t.ppf(0.975, 8):.3f}" == "2.306"
    assert f"{stats.t.ppf(0.975, 2):.1f}" == "4.3" and "4.3 standard errors to each side" in flat


def test_power_is_rs():
    for one in R["power"]:
        found = power_of_arms(one["groups"], one["size"], **WORLD, difference=one["difference"])
        assert found == pytest.approx(one["power"], abs=1e-6)


def test_power_by_simulation_is_that_of_the_formula():
    rows = pd.DataFrame({"zipcode": np.repeat(np.arange(6), 10)})
    rows["water"] = (rows["zipcode"] % 2).astype(float)
    truth = {"fixef": [7e5, 1.2e6], "sd": WORLD["between"], "sigma": WORLD["within"]}
    found = power("price ~ water + (1 | zipcode)", rows, "water", **truth, n_sims=300, method="t", seed=8)
    assert found["power"] == pytest.approx(R["power"][0]["power"], abs=4 * found["mcse"])


# Exact distributions against fits -----------------------------------------------------------------------


def test_what_the_bank_knows_without_a_fit_is_what_lmer_finds():
    """Each of the estimates follows from the sums of squares, at the edge too."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"g": np.repeat(np.arange(5), 4)})
    edges = 0
    for _ in range(12):
        data = simulate_data("y ~ (1 | g)", rows, fixef=[3.0], sd=0.5, sigma=1.0, seed=rng)
        y = data["y"].to_numpy().reshape(5, 4)
        within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
        between = ((y - y.mean()) ** 2).sum() - within
        study = _Given(5, 4, 1.0, 1.0, sums=(y.mean(), between, within))
        for reml in (True, False):
            fit, by_sums = lmer("y ~ (1 | g)", data, REML=reml), study.estimates(reml)
            edges += fit.is_singular
            assert fit.sigma == pytest.approx(float(by_sums["sigma"]), rel=1e-5)
            assert fit.varcorr["g"].sd["(Intercept)"] == pytest.approx(float(by_sums["between"]), abs=2e-4)
            assert fit.se_fixef["(Intercept)"] == pytest.approx(float(by_sums["se"]), rel=1e-5)
        small = complete_pooling("y ~ 1", data)
        drop = anova(small, lmer("y ~ (1 | g)", data))["chisq"].iloc[1]
        assert float(ratio_statistic(between, within, 5, 20)) == pytest.approx(drop, abs=1e-6)
    assert 0 < edges < 24


class _Given(OneWay):
    """A study whose sums of squares are given."""

    def __init__(self, *numbers, sums):
        super().__init__(*numbers)
        object.__setattr__(self, "sums", tuple(np.asarray(one) for one in sums))

    def squares(self, **_):
        return self.sums


def test_effects_that_are_kept_are_kept():
    kept = np.array([-2.0, 0.0, 1.0, 3.0])
    rng = np.random.default_rng(1)
    y = 5 + kept[:, None] + rng.normal(size=(20_000, 4, 3))
    between = 3 * y.mean(axis=2).var(axis=1) * 4
    mean, by_formula, _ = OneWay(4, 3, 9.0, 1.0, 5.0).squares(kept=kept)
    assert np.quantile(by_formula, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(between, [0.1, 0.5, 0.9]), rel=0.02
    )
    assert mean.mean() == pytest.approx(5 + kept.mean(), abs=0.01)


# The text -----------------------------------------------------------------------------------------------


def test_the_script_for_all_cores_runs_and_covers_as_often_as_the_lesson_says(cells, flat, tmp_path):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    (script,) = [
        code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if code.startswith('"""study.py')
    ]
    (tmp_path / "study.py").write_text(
        script.replace("10_000", "120").replace("chunksize=100", "chunksize=30")
    )
    ran = subprocess.run(
        [sys.executable, "study.py"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300
    )
    assert ran.stderr == ""
    assert float(ran.stdout.split()[-1]) > 0.8
    assert len(pd.read_csv(tmp_path / "studies.csv")) == 120
    stored = float(re.search(r"prints a coverage of (0\.\d+)\.", flat)[1])
    exact = stats.t.cdf(2, 8) - stats.t.cdf(-2, 8)
    assert stored == pytest.approx(exact, abs=3 * (0.08 * 0.92 / 10_000) ** 0.5)


def test_few_groups_cover_as_the_table_of_the_lesson_says(cells):
    """The t distribution leaves out the singular fits; in the lesson's world they are rare enough."""
    for groups in (3, 9):
        study = OneWay(groups, 10, **WORLD)
        found = study.estimates()
        covers = np.mean(np.abs(found["mean"]) < 2 * found["se"])
        assert covers == pytest.approx(stats.t.cdf(2, groups - 1) - stats.t.cdf(-2, groups - 1), abs=0.015)


def test_significant_estimates_exaggerate_as_the_lesson_says(cells):
    (source,) = [cell.source for cell in cells if "mean of the estimates that are significant" in cell.source]
    names = {"np": np, "pd": pd, "t": stats.t, "half_million": 500_000, "between": 5e5, "within": 4.6e5}
    exec(source.replace("\npd.Series(", "\nshown = pd.Series("), names)
    shown = names["shown"]
    assert shown["power"] == pytest.approx(power_of_arms(6, 10, **WORLD, difference=5e5), abs=0.01)
    assert shown["mean of all estimates"] == pytest.approx(500_000, abs=12_000)
    assert shown["mean of the estimates that are significant"] > 1.7 * 500_000


def test_the_bank_chooses_the_column_of_the_lesson(cells):
    (cell,) = [cell.source for cell in cells if "def doubtful_sales" in cell.source]
    names = {"f_oneway": stats.f_oneway}
    exec(cell.partition("my_column, doubtful =")[0], names)
    for student in STUDENTS:
        column, sales = names["doubtful_sales"](homes_for(student))
        by_bank, of_bank = doubtful_sales(homes_for(student))
        assert column == by_bank
        pd.testing.assert_frame_equal(sales, of_bank)


# The questions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", STUDENTS)
def test_mlmkits_own_loops_give_right_answers(student):
    homes = homes_for(student)
    ten = first(homes, 10)
    fit = lmer(MODEL, ten)
    icc = bootstrap(fit, lambda one: one.icc()["zipcode"], n_sims=1000, seed=5)["statistic"]
    answers = {
        "l09-t-interval": fit.confint(method="t").loc["(Intercept)", ["low", "high"]].tolist(),
        "l09-boot-icc": icc,
        "l09-boot-interval": icc.quantile([0.05, 0.95]),
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


def test_statsmodels_interval_is_right_too():
    import warnings

    import statsmodels.formula.api as smf

    ten = first(homes_for("ada"), 10).assign(price=lambda rows: rows["price"] / 1e6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        fit = smf.mixedlm("price ~ 1", ten, groups=ten["zipcode"].astype(str)).fit()
    middle, reach = 1e6 * fit.fe_params.iloc[0], 1e6 * stats.t.ppf(0.975, 8) * fit.bse_fe.iloc[0]
    assert judged("l09-t-interval", [middle - reach, middle + reach], "ada").status == "right"


def test_the_figure_is_read_from_what_is_drawn():
    between, within = 1.0, 1.0
    fit = lmer(MODEL, homes_for("ada"))
    between, within = fit.varcorr["zipcode"].sd["(Intercept)"], fit.sigma
    many = np.array(CURVE)
    plt.close("all")

    def drawn(normal=False, labels=True):
        _, ax = plt.subplots()
        ax.plot(many, [power_of_arms(j, 10, between, within, between, normal=normal) for j in many])
        if labels:
            ax.set(xlabel="Zip codes", ylabel="Power")
        return ax

    assert judged("l09-curve", drawn(), "ada").status == "right"
    assert judged("l09-curve", drawn(normal=True), "ada").mistake == "normal quantile for t"
    assert 0 < judged("l09-curve", drawn(labels=False), "ada").score < 2
    plt.close("all")


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("l09-recovery", "variance for standard deviation"),
        ("l09-recovery", "zip codes not drawn again"),
        ("l09-null", "chi-square at the boundary"),
        ("l09-null", "alternative for null"),
        ("l09-boot-icc", "ratio for share"),
    ],
)
def test_draws_with_a_known_error_get_its_name(id, name, student):
    from grader.author.students.work import Work

    known = {one.name for one in references.expected(id, student).usable_mistakes}
    if name not in known:
        pytest.skip("can't be told from the right answer on this student's data")
    work = Work(homes_for(student), 77)
    for deserves, values in answers_of(LESSON)[id](work):
        if deserves.split(" or ")[0] == name:
            verdict = handed_in(id, student, values[0])
            assert verdict.mistake is not None and name in verdict.mistake.split(" or ")
