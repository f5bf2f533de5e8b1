"""What lesson 10 says in words and numbers is so; its questions accept every correct way."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.bank import l10_capstone as bank
from grader.bank.reference_fits import posterior
from grader.judge import references
from mlmkit import complete_pooling, homes_for, lmer, no_pooling, simulate_data, stan_glmer

pytestmark = pytest.mark.long(40)

LESSON = "10_capstone"
MODEL = "log_price ~ log_size + (1 | zipcode)"
R = json.loads((Path(__file__).parents[1] / "reference" / "capstone.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lecture(seattle):
    """All sales, the pilot, and the rest."""
    everything = bank.with_logs(seattle)
    pilot = bank.pilot_of(everything)
    return everything, pilot, everything.drop(pilot.index)


@pytest.fixture(scope="module")
def fit(lecture):
    return lmer(MODEL, lecture[1])


@pytest.fixture(scope="module")
def ranks(lecture):
    """Draws of the levels, and their ranks."""
    levels = draws_of(posterior(MODEL, lecture[1]))
    return levels, levels.rank(axis=1)


def draws_of(fit):
    names = list(fit.ranef["zipcode"].index)
    effects = fit.draws[[f"b[(Intercept) zipcode:{name}]" for name in names]].to_numpy()
    return pd.DataFrame(effects + fit.draws[["(Intercept)"]].to_numpy(), columns=names)


# The text -------------------------------------------------------------------------------------------


def test_the_bank_takes_the_same_pilot_as_the_lesson(cells, seattle):
    (cell,) = [cell.source for cell in cells if "def pilot_of" in cell.source]
    names = {"pd": pd, "np": np}
    exec(cell.partition("everything = ")[0], names)
    for sales in (seattle, *map(homes_for, STUDENTS)):
        own = names["with_logs"](sales)
        pd.testing.assert_frame_equal(own, bank.with_logs(sales))
        pd.testing.assert_frame_equal(names["pilot_of"](own), bank.pilot_of(own))
        assert bank.pilot_of(own)["zipcode"].value_counts(sort=False).tolist() == list(range(5, 46, 5))


def test_r_finds_the_same_levels_and_errors(lecture, fit):
    _, pilot, rest = lecture
    assert (len(pilot), len(rest)) == (R["pilot"], R["rest"])
    assert dict(np.exp(fit.coef["zipcode"]["(Intercept)"])) == pytest.approx(R["prices"], rel=1e-5)
    assert fit.sigma == pytest.approx(R["sigma"], rel=1e-5)
    assert fit.varcorr["zipcode"].sd.iloc[0] == pytest.approx(R["sd_zipcode"], rel=1e-5)
    assert fit.fixef["log_size"] == pytest.approx(R["slope"], rel=1e-5)
    off = rest["log_price"] - fit.predict(rest)
    assert (off.abs() < 2 * fit.sigma).mean() == pytest.approx(R["inside"])
    for name, method in {"complete": complete_pooling, "no": no_pooling, "partial": lmer}.items():
        missed = rest["log_price"] - np.asarray(method(MODEL, pilot).predict(rest))
        assert (missed**2).mean() ** 0.5 == pytest.approx(R["rmse"][name], rel=1e-5)


def test_rstanarm_finds_the_same_ranks(ranks):
    levels, of_draws = ranks
    assert dict(of_draws.mean()) == pytest.approx(R["mean_rank"], abs=0.025)
    assert dict((of_draws == 1).mean()) == pytest.approx(R["cheapest"], abs=0.006)
    assert (levels["98010"] < levels["98148"]).mean() == pytest.approx(R["pair"], abs=0.02)


def test_numbers_in_the_prose_are_those_of_the_fits(flat, lecture, fit):
    _, pilot, rest = lecture
    levels, off = fit.coef["zipcode"]["(Intercept)"], rest["log_price"] - fit.predict(rest)
    by = off.groupby(rest["zipcode"], observed=True)
    size = pilot.groupby("zipcode", observed=True)["sqft_living"].mean()
    facts = {
        "the other 644 sales": len(rest) == 644,
        "larger by a fifth than those in 98070": 1.18 < size["98024"] / size["98070"] < 1.25,
        "`log_size` 0.80": round(fit.fixef["log_size"], 2) == 0.80,
        "between zip codes is 0.48, the residual one 0.28": round(fit.sigma, 2) == 0.28,
        "95.8 percent of the new sales": round((off.abs() < 2 * fit.sigma).mean(), 3) == 0.958,
        "dearer than we thought, by 0.08": round(by.mean()["98010"], 2) == 0.08,
        "0.31 against 0.18": (round(by.std()["98010"], 2), round(by.std()["98039"], 2)) == (0.31, 0.18),
        "the house itself, 0.26": round((off**2).mean() ** 0.5, 2) == 0.26,
        "the estimates differ by about 8 percent": round(np.exp(levels["98010"] - levels["98148"]), 2)
        == 1.08,
        "about 280,000 dollars there": round(np.exp(levels["98032"]), -4) == 280_000,
        "1.32 and 0.76": (round(np.exp(0.28), 2), round(np.exp(-0.28), 2)) == (1.32, 0.76),
    }
    assert [text for text, so in facts.items() if text not in flat or not so] == []
    of_model, of_means = levels.rank(), pilot.groupby("zipcode", observed=True)["price"].mean().rank()
    assert set(of_model.index[of_model != of_means]) >= {"98024", "98070"}
    assert (of_model["98024"], of_means["98024"]) == (5, 6)
    assert fit.se_coef["zipcode"]["(Intercept)"].idxmax() == "98010"
    assert R["rmse"]["complete"] / R["rmse"]["partial"] > 1.8  # "almost twice as large"
    assert {"98032", "98148"} < set(by.std().index[by.std() < 0.21])  # less spread than the model thinks


def test_statements_about_ranks(flat, lecture, ranks):
    levels, of_draws = ranks
    assert "the cheapest with probability 0.97" in flat and round((of_draws == 1).mean()["98032"], 2) == 0.97
    assert (of_draws["98039"] == 9).mean() > 0.999
    assert 0.4 < (levels["98102"] < levels["98109"]).mean() < 0.6
    full = lmer(MODEL, lecture[0]).coef["zipcode"]["(Intercept)"].rank()
    low, high = of_draws.quantile(0.05), of_draws.quantile(0.95)
    assert ((low <= full) & (full <= high)).all()
    of_pilot = lmer(MODEL, lecture[1]).coef["zipcode"]["(Intercept)"].rank()
    assert set(full.index[full != of_pilot]) == {"98102", "98109"}


def test_fake_data_show_that_close_zip_codes_are_hard_to_rank(flat, lecture):
    houses, random, found = lecture[1][["zipcode", "log_size"]], np.random.default_rng(10), {}
    for sd in (0.05, 0.4):
        hits = []
        for _ in range(60):
            fake = simulate_data(MODEL, houses, fixef=[13.0, 0.8], sd=sd, sigma=0.3, seed=random)
            looks = lmer(MODEL, fake).coef["zipcode"]["(Intercept)"]
            hits.append(looks.idxmin() == fake.attrs["ranef"]["zipcode"].iloc[:, 0].idxmin())
        found[sd] = np.mean(hits)
    assert "in a third of the cases" in flat and 0.15 < found[0.05] < 0.55
    assert "in nine of ten" in flat and found[0.4] > 0.75


# The questions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", STUDENTS)
def test_statsmodels_gives_right_answers_too(student):
    import statsmodels.formula.api as smf

    homes = bank.with_logs(homes_for(student))
    pilot = bank.pilot_of(homes).assign(zipcode=lambda rows: rows["zipcode"].astype(str))
    rest = homes.drop(pilot.index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        fit = smf.mixedlm("log_price ~ log_size", pilot, groups=pilot["zipcode"]).fit(reml=True)
    level = pd.Series({z: fit.fe_params["Intercept"] + u.iloc[0] for z, u in fit.random_effects.items()})
    predicted = level[rest["zipcode"].astype(str)].to_numpy() + fit.fe_params["log_size"] * rest["log_size"]
    off, sigma = rest["log_price"] - predicted, fit.scale**0.5
    complete = smf.ols("log_price ~ log_size", pilot).fit().predict(rest)
    separate = smf.ols("log_price ~ log_size + zipcode", pilot).fit().predict(rest)
    answers = {
        "l10-prices": np.exp(level),
        "l10-needed": (sigma / 0.03) ** 2,
        "l10-inside": (off.abs() < 2 * sigma).mean(),
        "l10-errors": {
            "complete": ((rest["log_price"] - complete) ** 2).mean() ** 0.5,
            "no": ((rest["log_price"] - separate) ** 2).mean() ** 0.5,
            "partial": (off**2).mean() ** 0.5,
        },
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).status == "right", id


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_answers_from_draws_are_right_whatever_the_seed(student, seed):
    pilot = bank.pilot_of(bank.with_logs(homes_for(student)))
    levels = draws_of(stan_glmer(MODEL, pilot, draws=5000, seed=seed))
    listed = list(lmer(MODEL, pilot).coef["zipcode"]["(Intercept)"].sort_values().index)
    ranks = levels.rank(axis=1)
    answers = {
        "l10-cheapest": (ranks == 1).mean(),
        "l10-mean-rank": ranks.mean(),
        "l10-pair": (levels[listed[4]] < levels[listed[5]]).mean(),
    }
    for id, answer in answers.items():
        assert judged(id, answer, student).message == "Right.", id
    estimates = lmer(MODEL, pilot).coef["zipcode"]["(Intercept)"].rank()
    assert judged("l10-mean-rank", estimates, student).mistake == "ranks without their uncertainty"
    order = pd.Series(np.argsort(levels.to_numpy(), axis=1).mean(axis=0) + 1, levels.columns)
    assert judged("l10-mean-rank", order, student).mistake == "order for rank"


def test_no_students_pilot_is_singular_and_no_two_zip_codes_in_the_middle_are_tied():
    for n in range(25):
        fit = lmer(MODEL, bank.pilot_of(bank.with_logs(homes_for(f"student{n}"))))
        levels = fit.coef["zipcode"]["(Intercept)"].sort_values()
        assert not fit.is_singular and levels.iloc[5] - levels.iloc[4] > 1e-4


def test_a_certain_order_does_not_hide_every_mistake():
    """Where one zip code is surely the cheapest, other mistakes can still be told."""
    for n in range(6):
        assert len(references.expected("l10-cheapest", f"student{n}").usable_mistakes) >= 3
