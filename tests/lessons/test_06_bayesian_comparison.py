"""What lesson 6 says in words and numbers is so, also by R's loo; its questions accept every correct way."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal, norm

from grader.bank.l06_bayesian_comparison import SCHOOLS, _few, _school_effects
from mlmkit import decov, homes_for, kfold, load_radon, loo, radon_for, stan_glm, stan_glmer

pytestmark = pytest.mark.long(50)

LESSON = "06_bayesian_comparison"
R = json.loads((Path(__file__).parents[1] / "reference" / "comparison.json").read_text())
STAN = json.loads((Path(__file__).parents[1] / "reference" / "eight_schools.json").read_text())
RADON = {
    "partial": "log_radon ~ floor + (1 | county)",
    "varying": "log_radon ~ floor + (1 + floor | county)",
}
SEATTLE = {
    "logs": "log_price ~ (1 | zipcode)",
    "size": "log_price ~ scale_sqft + (1 | zipcode)",
    "slopes": "log_price ~ scale_sqft + (1 + scale_sqft | zipcode)",
}


@pytest.fixture(scope="module")
def radon():
    return load_radon()


@pytest.fixture(scope="module")
def radon_loo(radon):
    found = {name: loo(stan_glmer(formula, radon, seed=1)) for name, formula in RADON.items()}
    return found | {"complete": loo(stan_glm("log_radon ~ floor", radon, seed=1))}


@pytest.fixture(scope="module")
def logs(seattle):
    return seattle.assign(log_price=np.log(seattle["price"]))


@pytest.fixture(scope="module")
def price_fit(seattle):
    return stan_glmer("price ~ (1 | zipcode)", seattle, seed=1)


@pytest.fixture(scope="module")
def log_loo(logs):
    return {name: loo(stan_glmer(formula, logs, seed=1)) for name, formula in SEATTLE.items()}


def held_at(radon, ratio):
    prior = decov(shape=1e4, scale=ratio / 1e4)
    return stan_glmer(RADON["partial"], radon, prior_covariance=prior, draws=250, seed=1)


def paired(one, two):
    d = one.by_row - two.by_row
    return d.sum(), len(d) ** 0.5 * d.std()


# Beside R's loo ---------------------------------------------------------------------------------------


def test_the_radon_models_have_the_elpd_of_rs_loo(radon_loo):
    for name, found in radon_loo.items():
        # R weights 1,000 draws that hold the group effects, with Pareto k up to 0.83: its error is larger.
        assert found.elpd == pytest.approx(R["radon"][name]["elpd"], abs=1.5), name
        assert found.se == pytest.approx(R["radon"][name]["se"], rel=0.02), name


def test_the_lectures_models_have_the_elpd_of_rs_loo(log_loo):
    for name, found in log_loo.items():
        assert found.elpd == pytest.approx(R["seattle"][name]["elpd"], abs=1.5), name
        assert found.se == pytest.approx(R["seattle"][name]["se"], rel=0.02), name


@pytest.mark.parametrize("other", ["varying", "complete"])
def test_differences_and_their_errors_are_those_of_rs_loo_compare(radon_loo, other):
    difference, error = paired(radon_loo["partial"], radon_loo[other])
    theirs = R["radon"][f"partial_{other}"]
    assert difference == pytest.approx(theirs["difference"], abs=1.5)
    assert error == pytest.approx(theirs["se"], rel=0.12)


def test_practice_5_is_rs_se_diff(log_loo):
    _, error = paired(log_loo["slopes"], log_loo["size"])
    assert error == pytest.approx(R["seattle"]["slopes_size"]["se"], rel=0.12)


def test_the_stacking_weight_is_rs_and_stands_in_the_text(flat, radon_loo):
    one, two = (radon_loo[name].by_row.to_numpy() for name in ("partial", "varying"))
    mixed = minimize_scalar(
        lambda w: -np.logaddexp(np.log(w) + one, np.log1p(-w) + two).sum(),
        bounds=(0.001, 0.999),
        method="bounded",
    )
    assert mixed.x == pytest.approx(0.79, abs=0.03)
    assert "A weight of 0.79" in flat
    assert mixed.x == pytest.approx(R["radon"]["stacking"], abs=0.2)  # a flat top: 1.3 elpd decide it


def test_the_eight_schools_are_those_of_stan():
    effects, theirs = _school_effects(), STAN["figures"]
    assert SCHOOLS["effect"] == STAN["data"]["y"]
    assert SCHOOLS["se"] == STAN["data"]["se"]
    for place in range(8):
        of_school = theirs[f"theta[{place + 1}]"]
        assert effects[:, place].mean() == pytest.approx(of_school["mean"], abs=0.06 * of_school["sd"])
        assert effects[:, place].std() == pytest.approx(of_school["sd"], rel=0.06)


# The text ---------------------------------------------------------------------------------------------


def test_numbers_of_the_radon_section_are_those_of_the_cells(flat, radon, radon_loo):
    sizes = radon["county"].value_counts()
    assert "Half of the counties have five houses or fewer" in flat
    assert (sizes <= 5).mean() > 0.5 > (sizes <= 4).mean()
    difference, error = paired(radon_loo["partial"], radon_loo["varying"])
    assert "an elpd that is 1.3 lower, with a standard error of 2.2" in flat
    assert (round(difference, 1), round(error, 1)) == (1.3, 2.2)
    assert "by about 50 over complete pooling and by about 30 over no pooling" in flat
    best, widest = radon_loo["partial"].elpd, loo(held_at(radon, 10)).elpd
    assert 45 < best - radon_loo["complete"].elpd < 57
    assert 27 < best - widest < 37


@pytest.mark.slow  # 85 fits for each place
@pytest.mark.parametrize(("place", "ratio"), list(enumerate([0.003, 0.1, 0.3, 0.5, 1, 3, 10])))
def test_the_stored_line_of_new_counties_is_right(flat, radon, place, ratio):
    stored = re.search(r'line\["a new county"\] = \[([^\]]+)\]', cells_text())[1]
    found = kfold(held_at(radon, ratio), by="county", k=10)
    assert found.elpd == pytest.approx(float(stored.split(",")[place]), abs=0.6)


def cells_text():
    return (Path(__file__).parents[2] / "solutions" / f"{LESSON}.md").read_text(encoding="utf-8")


def test_a_new_county_has_the_density_of_the_normal_formula():
    """The stored line rests on kfold by group; here one county by hand, from draws without it."""
    some = radon_for("ada")
    some = some[some["county"].isin(some["county"].value_counts().index[3:11])]
    some = some.assign(county=some["county"].cat.remove_unused_categories())
    name = some["county"].value_counts().index[0]
    out = some["county"] == name
    rest = some[~out].assign(county=some.loc[~out, "county"].cat.remove_unused_categories())
    draws = held_at(rest, 0.5).draws
    rows = some[out]
    x, same, own = rows["floor"].to_numpy(), np.ones((len(rows), len(rows))), np.eye(len(rows))
    variance = draws["Sigma[county:(Intercept),(Intercept)]"]
    parts = zip(draws["(Intercept)"], draws["floor"], variance, draws["sigma"], strict=True)
    logs = [
        multivariate_normal.logpdf(rows["log_radon"], a + b * x, v * same + s**2 * own)
        for a, b, v, s in parts
    ]
    by_hand = np.logaddexp.reduce(logs) - np.log(len(logs))
    found = kfold(held_at(some, 0.5), by="county").by_group
    assert found[name] == pytest.approx(by_hand, abs=0.3)


def test_the_table_of_checks_says_what_the_text_says(flat, seattle, price_fit, logs):
    code, price = seattle["zipcode"].cat.codes.to_numpy(), seattle["price"].to_numpy()

    def of_zips(prices, of):
        return [of(prices[code == j]) for j in range(9)]

    def tail(fit, of, back=lambda y: y):
        invented = back(fit.posterior_predict(draws=400, seed=1).to_numpy())
        return np.mean([of(one) >= of(price) for one in invented])

    def spread(y):
        return np.std(of_zips(y, np.mean), ddof=1)

    def ratio(y):
        return max(of_zips(y, np.std)) / min(of_zips(y, np.std))

    complete = stan_glm("price ~ 1", seattle, seed=1)
    log_fit = stan_glmer(SEATTLE["logs"], logs, seed=1)
    assert tail(complete, spread) == 0
    assert 0.3 < tail(price_fit, spread) < 0.65
    assert max(tail(fit, np.max) for fit in (complete, price_fit)) == 0
    assert tail(log_fit, np.max, np.exp) > 0.01
    assert max(tail(complete, ratio), tail(price_fit, ratio), tail(log_fit, ratio, np.exp)) < 0.01
    assert "the largest standard deviation within a zip code is 18 times the smallest one" in flat
    assert round(ratio(price)) == 18


def test_the_difficult_houses_are_as_told(flat, price_fit):
    honest, weights = loo(price_fit), loo(price_fit, refit=False)
    assert len(honest.refitted) == 2
    worst = honest.pareto_k.idxmax()
    assert "about $-136$ instead of $-140$" in flat
    assert weights.by_row[worst] == pytest.approx(-136, abs=1.5)
    assert honest.by_row[worst] == pytest.approx(-140, abs=1)
    assert honest.by_row.median() == pytest.approx(-14, abs=0.1)


def test_a_refit_is_the_integral_over_the_posterior_without_the_house(seattle):
    """The dearest of 180 houses, from 20,000 draws that have not seen it."""
    few = _few(homes_for("grace"))
    row = few["price"].idxmax()
    fit = stan_glmer("price ~ scale_sqft + (1 | zipcode)", few, seed=1)
    without = stan_glmer("price ~ scale_sqft + (1 | zipcode)", few.drop(row), draws=25_000, seed=1)
    mean = without.posterior_epred(few.loc[[row]]).to_numpy()[:, 0]
    density = norm.logpdf(few["price"][row], mean, without.draws["sigma"].to_numpy())
    assert loo(fit).by_row[row] == pytest.approx(np.logaddexp.reduce(density) - np.log(len(density)), abs=1.0)


def test_the_change_of_scale_is_told_right(flat, price_fit, logs, log_loo):
    on_price = log_loo["logs"].elpd - logs["log_price"].sum()
    assert "$-11,899$ against $-12,594$" in flat
    assert on_price == pytest.approx(-11_899, abs=0.6)
    assert loo(price_fit).elpd == pytest.approx(-12_594, abs=1)


# The questions ----------------------------------------------------------------------------------------


def pair(difference, se):
    return {"difference": difference, "se": se}


@pytest.mark.parametrize("student", STUDENTS)
def test_right_answers_are_right_by_other_ways(student):
    few = _few(homes_for(student))
    plain, size = (stan_glmer(SEATTLE[name], few, seed=77) for name in ("logs", "size"))
    d = (loo(size).by_row - loo(plain).by_row).to_numpy()
    zips = [kfold(fit, by="zipcode", seed=4).by_group for fit in (plain, size)]
    gain = (zips[1] - zips[0]).to_numpy()
    given = {
        "l06-diff": pair(d.sum(), (len(d) * d.var(ddof=1)) ** 0.5),
        "l06-new-zip": zips[0].to_dict(),
        "l06-zip-diff": [gain.mean(), gain.std(ddof=1) / 3],
        "l06-scale": (loo(size).by_row - few["log_price"]).sum(),
    }
    for question, answer in given.items():
        assert judged(question, answer, student).message == "Right.", question


@pytest.mark.parametrize("student", STUDENTS)
def test_errors_get_their_names(student):
    few = _few(homes_for(student))
    plain = stan_glmer(SEATTLE["logs"], few, seed=78)
    rows = loo(plain).by_row.groupby(few["zipcode"], observed=True).sum()
    found = judged("l06-new-zip", rows, student)
    assert (found.status, found.mistake) == ("mistake", "rows left out to predict a new group")
    size = loo(stan_glmer(SEATTLE["size"], few, seed=78))
    d = size.by_row - loo(plain).by_row
    found = judged("l06-diff", pair(d.sum(), np.hypot(size.se, loo(plain).se)), student)
    assert found.mistake == "errors of paired sums added"
    assert 0 < found.score < 2


def test_the_lessons_data_for_students_are_those_of_the_bank():
    homes = homes_for("ada")
    few = homes.groupby("zipcode", observed=True).head(20)
    pd.testing.assert_frame_equal(_few(homes).drop(columns="log_price"), few)
