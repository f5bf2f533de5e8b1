"""What lesson 11 says in words and numbers is so; its questions accept every correct way."""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.bank import l11_bad_sample as bank
from mlmkit import homes_for, lmer, load_king_county, no_pooling, stan_glmer, zipcodes_for

pytestmark = pytest.mark.long(26)

LESSON = "11_bad_sample"
R = json.loads((Path(__file__).parents[1] / "reference" / "mrp.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lesson(cells):
    """The names that the lesson's functions and first fits have, without its figures."""
    wanted = (
        "EDGES =",
        "def bad_sample",
        "def cells_of",
        "def typical_error",
        "def poststratify",
        "def dear_sample",
    )
    names = {"pd": pd, "np": np, "lmer": lmer, "load_king_county": load_king_county}
    for cell in cells:
        if cell.cell_type != "code":
            continue
        if any(line in cell.source for line in wanted):
            exec("\n".join(_definitions(cell.source)), names)
    names["county"] = names["with_size_class"](load_king_county())
    names["sample"] = names["bad_sample"](names["county"], names["COUNTY_STEPS"])
    names["cells"] = names["cells_of"](names["county"])
    names["truth"] = names["county"].groupby("zipcode", observed=True)["price"].mean()
    return names


def _definitions(source):
    """Keep the functions and the constants of a cell."""
    for block in re.split(r"\n(?=\S)", source):
        if re.match(r"(def|[A-Z_]+ =)", block):
            yield block


@pytest.fixture(scope="module")
def mrp(lesson):
    """The lesson's two estimates, dollars and logs."""
    cells, post = lesson["cells"], lesson["poststratify"]
    fit = lmer("price ~ size_class + (1 | zipcode)", lesson["sample"])
    logs = lmer("log_price ~ size_class + (1 | zipcode)", lesson["sample"])
    predicted = logs.predict(cells, new_levels="zero")
    return {
        "fit": fit,
        "logs": logs,
        "dollars": post(fit.predict(cells, new_levels="zero"), cells),
        "by logs": post(np.exp(predicted + logs.sigma**2 / 2), cells),
        "naive": post(np.exp(predicted), cells),
    }


# The text -------------------------------------------------------------------------------------------


def test_r_gives_the_same_estimates(lesson, mrp):
    assert len(lesson["sample"]) == R["sales"]
    assert lesson["sample"]["price"].mean() == pytest.approx(R["raw"])
    assert mrp["fit"].fixef.to_numpy() == pytest.approx(list(R["fixef"].values()), rel=1e-5)
    assert mrp["fit"].varcorr["zipcode"].sd.iloc[0] == pytest.approx(R["sd_zipcode"], rel=1e-5)
    assert mrp["logs"].sigma == pytest.approx(R["log_sigma"], rel=1e-5)
    for name, key in {"dollars": "dollars", "by logs": "logs"}.items():
        assert dict(mrp[name]) == pytest.approx(R[key], rel=1e-5)


def test_numbers_of_the_county_in_the_prose(flat, lesson):
    county, sample, truth = lesson["county"], lesson["sample"], lesson["truth"]
    raw, true = sample["price"].mean(), county["price"].mean()
    weighted = (
        county["size_class"].value_counts(normalize=True) * sample.groupby("size_class")["price"].mean()
    ).sum()
    assert weighted == pytest.approx(R["weighted"])
    facts = {
        "The mean price of these 387 sales": len(sample) == 387,
        "the true mean, 540,088 dollars": round(true) == 540_088,
        "too high by more than a third": raw / true - 1 > 1 / 3,
        "its standard error says 31,000": round(sample["price"].sem(), -3) == 31_000,
        "from about 303,000 dollars to 14,000": round(raw - true, -3) == 303_000
        and round(true - weighted, -3) == 14_000,
        "less than half of the standard error": true - weighted < sample["price"].sem() / 2,
    }
    assert [text for text, so in facts.items() if text not in flat or not so] == []
    counts = sample["zipcode"].value_counts()
    assert "has 362 sales in the county, and the sample knows three" in flat
    assert ((county["zipcode"] == "98001").sum(), counts["98001"], counts["98002"]) == (362, 3, 1)
    assert (counts == 0).sum() == 2 and len(truth) == 70


def test_weights_take_a_third_off_the_typical_error(flat, lesson):
    county, sample = lesson["county"], lesson["sample"]
    ratio = county["size_class"].value_counts(normalize=True) / sample["size_class"].value_counts(
        normalize=True
    )
    weight = sample["size_class"].map(ratio).astype(float)
    sums = (
        sample.assign(w=weight, wy=weight * sample["price"])
        .groupby("zipcode", observed=True)[["w", "wy"]]
        .sum()
    )
    raw = _rmse(sample.groupby("zipcode", observed=True)["price"].mean() - lesson["truth"])
    weighted = _rmse(sums["wy"] / sums["w"] - lesson["truth"])
    assert "about 309,000 dollars" in flat and round(raw, -3) == 309_000
    assert "Weights took away a third of it" in flat and 0.28 < 1 - weighted / raw < 0.36


def _rmse(errors):
    return float(np.sqrt((errors**2).mean()))


def test_statements_about_the_fits(flat, lesson, mrp):
    sampled = lesson["sample"]["zipcode"].unique()
    off = {name: (mrp[name] - lesson["truth"])[sampled] for name in ("dollars", "by logs", "naive")}
    assert "327,312 dollars" in flat and round(mrp["fit"].varcorr["zipcode"].sd.iloc[0]) == 327_312
    assert round(mrp["fit"].fixef.iloc[-1], -5) == 800_000
    assert "The better model takes a third off the error" in flat
    assert 0.3 < 1 - _rmse(off["by logs"]) / _rmse(off["dollars"]) < 0.37
    assert "by another 23,000 dollars on average" in flat
    assert round((off["by logs"] - off["naive"]).mean(), -3) == 23_000
    assert "about 5,000 dollars" in flat and 4_000 < off["dollars"].mean() < 5_500
    assert f"{mrp['logs'].sigma:.2f}" == "0.29" and f"{np.exp(1.13):.1f}" == "3.1"
    assert f"{mrp['logs'].fixef.iloc[-1]:.2f}" == "1.13"
    assert f"{np.exp(13):,.0f}" == "442,413" and "442,413" in flat
    # 98002, the example that goes wrong: the raw mean is nearer, and logs are nearer than dollars.
    raw, true = (
        lesson["sample"].groupby("zipcode", observed=True)["price"].mean()["98002"],
        lesson["truth"]["98002"],
    )
    assert abs(raw - true) < abs(mrp["by logs"]["98002"] - true) < abs(mrp["dollars"]["98002"] - true)


def test_mrp_beats_the_other_poolings_in_other_samples_too(flat, lesson):
    county, cells, post = lesson["county"], lesson["cells"], lesson["poststratify"]
    keep = 1 / county["size_class"].map(lesson["COUNTY_STEPS"]).astype(float)
    random = np.random.default_rng(4)
    better = 0
    for _ in range(6):
        listed = county[random.random(len(county)) < keep]
        here = cells[cells["zipcode"].isin(listed["zipcode"].unique())]
        one = {
            f: post(f("price ~ size_class + (1 | zipcode)", listed).predict(here), here)
            for f in (lmer, no_pooling)
        }
        error = {f: _rmse(estimate - lesson["truth"]) for f, estimate in one.items()}
        better += error[lmer] < error[no_pooling]
    assert better >= 5  # of 150 samples, 98 %
    of_none = no_pooling("price ~ size_class + (1 | zipcode)", lesson["sample"])
    here = cells[cells["zipcode"].isin(lesson["sample"]["zipcode"].unique())]
    below = post(of_none.predict(here), here)
    assert "a mean price below zero" in flat and (below < 0).sum() == 1
    only = lesson["sample"].set_index("zipcode").loc[[below.idxmin()]]
    assert set(only["size_class"]) == {"very large", "small"} and len(only) == 2


def test_where_it_fails(flat, lesson):
    county, sample, cells = lesson["county"], lesson["sample"], lesson["cells"]
    true = county["price"].mean()
    dear = lesson["dear_sample"](county, lesson["COUNTY_STEPS"])
    assert lesson["county_mean_by_mrp"](dear, cells) - true > 100_000
    assert abs(lesson["county_mean_by_mrp"](sample, cells) - true) < 15_000
    assert "almost 50,000 dollars too high" in flat


def test_the_intervals_hold_the_truth_about_as_often_as_they_say(lesson):
    cells, truth = lesson["cells"], lesson["truth"]
    fit = stan_glmer("log_price ~ size_class + (1 | zipcode)", lesson["sample"], seed=1)
    linear = fit.posterior_linpred(cells, new_levels="marginal", seed=2).to_numpy()
    prices = np.exp(linear + fit.draws[["sigma"]].to_numpy() ** 2 / 2)
    houses = cells["houses"].to_numpy().reshape(70, 4)
    means = (prices.reshape(-1, 70, 4) * houses).sum(axis=2) / houses.sum(axis=1)
    low, high = np.quantile(means, [0.05, 0.95], axis=0)
    held = (low < truth.to_numpy()) & (truth.to_numpy() < high)
    assert 58 <= held.sum() <= 68
    unsampled = (lesson["sample"]["zipcode"].value_counts()[truth.index] == 0).to_numpy()
    assert held[unsampled].all()
    assert (high / low)[unsampled].min() > (high / low)[~unsampled].max(), "the lesson calls them the widest"


# The questions --------------------------------------------------------------------------------------


def sorted_homes(student):
    """A student's population, in the order of the agency's list."""
    return bank.with_size_class(homes_for(student)).sort_values("zipcode", kind="stable")


def test_the_bank_takes_the_same_samples_as_the_lesson(lesson):
    for student in STUDENTS:
        own = lesson["with_size_class"](homes_for(student)).sort_values("zipcode", kind="stable")
        pd.testing.assert_frame_equal(own, sorted_homes(student))
        pd.testing.assert_frame_equal(bank.bad_sample(own), lesson["bad_sample"](own, bank.STEPS))
        pd.testing.assert_frame_equal(bank.dear_sample(own), lesson["dear_sample"](own, bank.STEPS))
    assert lesson["COUNTY_STEPS"] == bank.COUNTY_STEPS


def test_every_students_sample_has_each_zip_code_and_each_class():
    """The student m9 has a zip code with 57 sales that a list in another order leaves out."""
    for student in ("m9", *(f"student{n}" for n in range(25))):
        sample = bank.bad_sample(sorted_homes(student))
        assert sample["zipcode"].value_counts().min() >= 1
        assert sample["size_class"].value_counts().min() >= 9


def by_statsmodels(sample, outcome):
    """Predict by statsmodels, in hundred thousands: a function of zip code and class, and the residual sd."""
    import statsmodels.formula.api as smf

    unit = 1e5 if outcome == "price" else 1.0
    rows = sample.assign(y=sample[outcome] / unit, zipcode=sample["zipcode"].astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns about its own search
        fit = smf.mixedlm("y ~ size_class", rows, groups=rows["zipcode"]).fit(reml=True)
    of_class = {name: fit.fe_params.get(f"size_class[T.{name}]", 0.0) for name in bank.CLASSES}

    def predict(zipcode, size_class):
        effect = fit.random_effects[zipcode].iloc[0] if zipcode in fit.random_effects else 0.0
        return unit * (fit.fe_params["Intercept"] + of_class[size_class] + effect)

    return predict, unit * fit.scale**0.5


def averaged(predict, homes):
    """Average a prediction over the houses of each zip code: poststratification, one house at a time."""
    each = [predict(z, c) for z, c in zip(homes["zipcode"].astype(str), homes["size_class"], strict=True)]
    return pd.Series(each).groupby(homes["zipcode"].astype(str).to_numpy()).mean()


@pytest.mark.parametrize("student", STUDENTS)
def test_statsmodels_gives_right_answers_too(student):
    homes = sorted_homes(student)
    sample, first = bank.bad_sample(homes), zipcodes_for(student)[0]
    dollars, _ = by_statsmodels(sample, "price")
    logs, sigma = by_statsmodels(sample, "log_price")
    rest, _ = by_statsmodels(sample[sample["zipcode"] != first], "price")
    mrp = averaged(dollars, homes)
    truth = homes.groupby("zipcode", observed=True)["price"].mean()
    raw = sample.groupby("zipcode", observed=True)["price"].mean()
    right = {
        "l11-mrp": mrp,
        "l11-errors": {"mrp": _rmse(mrp - truth), "raw": _rmse(raw - truth)},
        "l11-mrp-log": averaged(lambda z, c: np.exp(logs(z, c) + sigma**2 / 2), homes),
        "l11-unseen": averaged(rest, homes)[first],
        "l11-shares": pd.crosstab(homes["size_class"], homes["zipcode"], normalize="columns"),
    }
    for id, answer in right.items():
        assert judged(id, answer, student).status == "right", id
    naive = averaged(lambda z, c: np.exp(logs(z, c)), homes)
    assert judged("l11-mrp-log", naive, student).mistake == "exp of the mean log for the mean"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_draws_are_right_whatever_the_seed_and_a_single_house_is_not_a_mean(seed):
    homes = sorted_homes("ada")
    fit = stan_glmer("log_price ~ size_class + (1 | zipcode)", bank.bad_sample(homes), draws=5000, seed=seed)
    cells = homes.groupby(["zipcode", "size_class"], observed=False).size().rename("houses").reset_index()
    share = cells["houses"].to_numpy() / len(homes)
    logs, sigma = fit.posterior_linpred(cells).to_numpy(), fit.draws[["sigma"]].to_numpy()
    assert judged("l11-draws", np.exp(logs + sigma**2 / 2) @ share, "ada").status == "right"
    houses = np.exp(fit.posterior_predict(cells, seed=seed).to_numpy()) @ share
    assert judged("l11-draws", houses, "ada").mistake == "houses for mean prices"
    assert judged("l11-draws", np.exp(logs) @ share, "ada").mistake == "exp of the mean log for the mean"
