"""Draws are judged by their Monte Carlo error: right ones pass whatever the seed, others don't."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmkit.answers.draws.packing import MAX_DRAWS, packed
from mlmkit.answers.draws.summary import PROBABILITIES, DrawsAnswer, effective_size, summarise
from mlmkit.answers.kinds import (
    BadAnswerError,
    Draws,
    Mistake,
    Number,
    TableAnswer,
    decode,
    encode,
    from_key,
    to_key,
    verdict,
)

WITHIN, BETWEEN, SE, MEAN = 460.0, 580.0, 190.0, 710.0  # thousand dollars, about the lecture's
NEW_HOUSE_SD = math.sqrt(WITHIN**2 + BETWEEN**2 + SE**2)
Z = 1.959963985
NEW_HOUSE = Draws(
    mean=MEAN,
    sd=NEW_HOUSE_SD,
    quantiles={0.025: MEAN - Z * NEW_HOUSE_SD, 0.5: MEAN, 0.975: MEAN + Z * NEW_HOUSE_SD},
    unit="thousand dollars",
    mistakes=[
        Mistake({"sd": math.hypot(BETWEEN, SE)}, says="Houses differ within a zip code.", name="no residual"),
        Mistake({"sd": math.hypot(WITHIN, SE)}, says="Zip codes differ too.", name="no group sd"),
        Mistake({"sd": SE}, says="This is how well the mean is known.", name="se for sd"),
        Mistake({"mean": 0.0}, says="Add the mean.", name="no mean"),
    ],
)
ZIPCODES = pd.Index(["98010", "98014", "98024"], name="zipcode")
MEANS, SDS = pd.Series([400.0, 500.0, 650.0], ZIPCODES), pd.Series([10.0, 20.0, 5.0], ZIPCODES)
BY_ZIPCODE = Draws(
    mean=MEANS,
    sd=SDS,
    mistakes=[
        Mistake({"mean": MEANS - 510}, says="These are ranef.", name="ranef for coef"),
        Mistake(
            pd.DataFrame({"mean": MEANS, "sd": SDS * 3}), says="Three times.", name="too wide", credit=0.5
        ),
    ],
)


def grade(kind, answer):
    return kind.grade(decode(json.loads(json.dumps(encode(answer)))))


def draws(sd=NEW_HOUSE_SD, mean=MEAN, count=1000, seed=1):
    return np.random.default_rng(seed).normal(mean, sd, count)


def frame(means=MEANS, sds=SDS, count=1000, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(means, sds, (count, len(means))), columns=means.index)


def autocorrelated(share, count, seed=1):
    noise = np.random.default_rng(seed).normal(size=count) * math.sqrt(1 - share**2)
    chain = np.empty(count)
    chain[0] = noise[0]
    for step in range(1, count):
        chain[step] = share * chain[step - 1] + noise[step]
    return chain


# ------------------------------------------------------------------ right draws are right


@pytest.mark.parametrize(
    "answer",
    [
        draws(),
        draws().tolist(),
        pd.Series(draws()),
        pd.Series(draws(), index=np.arange(1000)[::-1]),
        pd.Series(draws(), index=pd.MultiIndex.from_product([range(4), range(250)])),
        pd.DataFrame({"price": draws()}),
        draws().reshape(-1, 1),
        draws().astype(np.float32),
        draws(count=200_000),
        SimpleNamespace(dims=("chain", "draw"), __array__=None),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_draws_in_any_wrapping_are_right(answer):
    if isinstance(answer, SimpleNamespace):
        xarray = pytest.importorskip("xarray")
        answer = xarray.DataArray(draws().reshape(4, 250), dims=("chain", "draw"))
    outcome = grade(NEW_HOUSE, answer)
    assert outcome.status == "right", outcome.says


def test_draws_by_group_are_right_in_any_order_of_columns():
    assert grade(BY_ZIPCODE, frame()).status == "right"
    assert grade(BY_ZIPCODE, frame().iloc[:, ::-1]).status == "right"
    assert grade(BY_ZIPCODE, frame().set_axis([98010, 98014, 98024], axis=1)).status == "right"
    assert grade(BY_ZIPCODE, frame().set_axis(["98014", "98010", "98024"], axis=1)).status == "wrong"


def test_no_seed_makes_right_draws_wrong():
    assert {grade(NEW_HOUSE, draws(seed=seed)).status for seed in range(300)} == {"right"}


@pytest.mark.slow
@pytest.mark.parametrize("count", [1000, 4000])
def test_hardly_a_seed_in_thousands_makes_right_draws_wrong(count):
    rng = np.random.default_rng(3)
    wrong = sum(
        NEW_HOUSE.grade(DrawsAnswer({"": summarise(rng.normal(MEAN, NEW_HOUSE_SD, count))})).status != "right"
        for _ in range(5000)
    )
    assert wrong <= 3


SKEWED = {
    "gamma": lambda rng, count: rng.gamma(2, size=count),
    "lognormal": lambda rng, count: np.exp(0.5 * rng.normal(size=count)),
    "counts": lambda rng, count: rng.poisson(3, size=count).astype(float),
}


@pytest.mark.parametrize("name", SKEWED)
def test_skewed_and_discrete_draws_are_judged_against_a_sample(name):
    rng = np.random.default_rng(5)
    kind = Draws.like(SKEWED[name](rng, 20_000))
    assert all(grade(kind, SKEWED[name](rng, 1000)).status == "right" for _ in range(100))
    normal = rng.normal(kind.value["mean"].iloc[0], kind.value["sd"].iloc[0], 4000)
    outcome = grade(kind, normal)
    assert outcome.status == "wrong"
    assert "shape does not" in outcome.says


def test_a_sample_by_group_gives_the_groups():
    kind = Draws.like(frame(count=10_000, seed=9))
    assert kind.group == "zipcode" and kind.shape()["labels"] == list(ZIPCODES)
    assert grade(kind, frame()).status == "right"
    assert grade(kind, frame(SDS, SDS)).status == "wrong"


def test_a_small_reference_sample_widens_the_tolerance():
    off = draws()
    off += MEAN + 0.15 * NEW_HOUSE_SD - off.mean()
    exact = Draws(mean=MEAN, sd=NEW_HOUSE_SD)
    simulated = Draws(mean=MEAN, sd=NEW_HOUSE_SD, size=1000)
    assert grade(exact, off).status == "wrong" and grade(simulated, off).status == "right"


def test_a_chain_is_judged_by_its_effective_size():
    wide = [autocorrelated(0.8, 4000, seed) for seed in range(50)]
    kind = Draws(mean=0.0, sd=1.0, at_least=1000)
    assert {grade(kind, chain).status for chain in wide} == {"right"}
    outcome = grade(kind, autocorrelated(0.99, 4000))
    assert outcome.status == "invalid" and "independent ones" in outcome.says


def test_missing_draws_are_noticed_even_where_mean_and_spread_fit():
    kept = Mistake({"mean": 2.03, "sd": 0.97, "lowest": 0.0}, says="None is negative.", name="thrown away")
    kind, rng = Draws(mean=2.0, sd=1.0, at_least=4000, mistakes=[kept]), np.random.default_rng(4)
    right = rng.normal(2.0, 1.0, size=5000)
    assert grade(kind, right).status == "right" and kind.usable_mistakes == [kept]
    assert grade(kind, right[right >= 0]).mistake == "thrown away"
    assert grade(kind, rng.uniform(3.0, 4.0, size=5000)).status == "wrong"
    assert not Draws(mean=9.0, sd=1.0, mistakes=[kept.__class__({"lowest": 0.0}, says="x")]).usable_mistakes


def test_chains_that_disagree_are_refused_although_they_are_worth_enough():
    rng = np.random.default_rng(8)
    kind = Draws(mean=0.0, sd=1.0, at_least=4000)
    chains = rng.normal(size=(4, 10_000))
    assert grade(kind, chains.ravel()).status == "right"
    chains[3] *= 1.5  # the mean is right, the spread is not that of the others
    chains[2] += 0.3
    outcome = grade(kind, chains.ravel())
    assert outcome.status == "invalid" and "R-hat is 1.0" in outcome.says


def test_independent_draws_are_not_refused_for_their_r_hat():
    kind, rng = Draws(mean=0.0, sd=1.0, at_least=1000), np.random.default_rng(9)
    for count in (1000, 1999, 2000, 4000):
        assert all(grade(kind, rng.normal(size=count)).status == "right" for _ in range(50))


# ------------------------------------------------------------------ wrong draws are named


@pytest.mark.parametrize("mistake", NEW_HOUSE.mistakes, ids=lambda mistake: mistake.name)
@pytest.mark.parametrize("seed", range(5))
def test_each_mistake_about_a_new_house_is_named(mistake, seed):
    shown = {"mean": MEAN, "sd": NEW_HOUSE_SD, **mistake.value}
    outcome = grade(NEW_HOUSE, draws(**shown, seed=seed))
    assert (outcome.status, outcome.mistake) == ("mistake", mistake.name)


def test_mistakes_by_group_are_named():
    assert grade(BY_ZIPCODE, frame(MEANS - 510)).mistake == "ranef for coef"
    wide = grade(BY_ZIPCODE, frame(sds=SDS * 3))
    assert (wide.mistake, wide.credit) == ("too wide", 0.5)


def test_a_mistake_may_be_a_sample():
    kind = Draws(mean=0.0, sd=1.0, mistakes=[Mistake(draws(2.0, 1.0, 5000), says="Other draws.")])
    assert grade(kind, draws(2.0, 1.0, seed=8)).says == "Other draws."


def test_a_mistake_near_the_right_answer_is_left_out():
    near = [Mistake({"sd": NEW_HOUSE_SD * ratio}, says=f"{ratio}") for ratio in (1.05, 1.15, 1.25, math.nan)]
    assert [m.says for m in Draws(mean=MEAN, sd=NEW_HOUSE_SD, mistakes=near).usable_mistakes] == ["1.25"]
    many = Draws(mean=MEAN, sd=NEW_HOUSE_SD, at_least=20_000, mistakes=near)
    assert [m.says for m in many.usable_mistakes] == ["1.15", "1.25"]


def test_the_nearest_of_two_similar_mistakes_is_named():
    mistakes = [Mistake({"sd": sd}, says=f"It is {sd}.") for sd in (0.5, 0.55)]
    kind = Draws(mean=0.0, sd=1.0, quantiles={0.025: -Z, 0.975: Z}, mistakes=mistakes)
    named = [grade(kind, draws(0.55, 0.0, seed=seed)).says for seed in range(40)]
    assert named.count("It is 0.55.") > 30


def test_an_sd_that_leaves_out_what_is_small_is_no_mistake():
    without_se = Mistake({"sd": math.hypot(WITHIN, BETWEEN)}, says="Without the se.")
    quantiles = {p: MEAN + z * NEW_HOUSE_SD for p, z in {0.025: -Z, 0.5: 0.0, 0.975: Z}.items()}
    assert not Draws(mean=MEAN, sd=NEW_HOUSE_SD, quantiles=quantiles, mistakes=[without_se]).usable_mistakes


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (None, "missing", "not answered"),
        (MEAN, "invalid", "at least 1,000 simulation draws of one quantity (in thousand dollars)"),
        (MEAN, "invalid", "Don't summarise them: hand in the draws themselves."),
        ({"mean": MEAN, "sd": NEW_HOUSE_SD}, "invalid", "Don't summarise"),
        (draws(count=150), "invalid", "has 150 draws. At least 1,000 are needed"),
        (draws(count=999), "invalid", "has 999 draws"),
        ([], "invalid", "has 0 draws"),
        (np.append(draws(), [np.nan, np.inf]), "invalid", "Of your 1,002 draws, 2 are NaN or infinite."),
        (np.sort(draws()), "invalid", "Are they sorted?"),
        (frame(), "invalid", "a data frame with 1,000 rows and three columns"),
        ("draws", "invalid", 'the text "draws"'),
        (np.full(1000, MEAN), "wrong", "the same number"),
        (draws(mean=MEAN + 400), "wrong", "Their mean is too high."),
        (draws(mean=MEAN - 400), "wrong", "Their mean is too low."),
        (draws(sd=2 * NEW_HOUSE_SD), "wrong", "They spread too much"),
        (draws(sd=0.5 * NEW_HOUSE_SD), "wrong", "They spread too little"),
    ],
)
def test_draws_that_are_not_right_say_why(answer, status, says):
    outcome = grade(NEW_HOUSE, answer)
    assert outcome.status == status and says in outcome.says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (draws(), "a data frame with a column per zipcode (three columns) and at least 1,000 rows"),
        (frame().drop(columns="98014"), "missing: 98014"),
        (frame().iloc[:150], "150 draws for 98010"),
        (frame().replace({"98014": frame()["98014"].iloc[3]}, math.nan), "for 98014, 1 are NaN"),
        (MEANS, "three numbers with labels"),
    ],
)
def test_draws_by_group_of_another_form_say_what_is_wrong(answer, says):
    outcome = grade(BY_ZIPCODE, answer)
    assert outcome.status == "invalid" and says in outcome.says


def test_wrong_groups_are_named():
    outcome = grade(BY_ZIPCODE, frame(MEANS.add([0, 40, 0])))
    assert outcome.status == "wrong" and "Their mean is too high for 98014." in outcome.says


def test_draws_for_a_number_say_what_was_asked_for():
    outcome = grade(Number(1.0), draws())
    assert outcome.says == "This question asks for one number. Your answer is 1,000 numbers."


# ------------------------------------------------------------------ what travels


def test_a_summary_travels_and_not_the_draws():
    wide = frame(pd.Series(0.0, [str(98000 + n) for n in range(9)]), 1.0, count=20_000)
    assert len(json.dumps(encode(wide))) < 12_000


def test_what_cannot_travel_says_why():
    with pytest.raises(BadAnswerError, match="1,000,001 values"):
        encode(np.zeros(MAX_DRAWS + 1))
    with pytest.raises(BadAnswerError, match="column a appears more than once"):
        encode(pd.DataFrame(np.zeros((300, 2)), columns=["a", "a"]))
    with pytest.raises(BadAnswerError, match="201 columns"):
        encode(pd.DataFrame(np.zeros((300, 201))))


def test_long_columns_of_text_and_small_tables_are_no_draws():
    assert isinstance(decode(encode(["a"] * 500)), list)
    assert isinstance(decode(encode(pd.DataFrame({"a": ["x"] * 500, "b": 1.0}))), TableAnswer)
    assert isinstance(decode(encode(frame().iloc[:5])), TableAnswer)
    assert isinstance(decode(encode([True] * 500)), list)


def test_the_effective_size_is_that_of_theory():
    sizes = [effective_size(autocorrelated(0.6, 4000, seed)) for seed in range(30)]
    assert np.mean(sizes) == pytest.approx(4000 * 0.4 / 1.6, rel=0.05)
    assert effective_size(np.random.default_rng(2).normal(size=4000) * 1e200) > 3000
    assert effective_size(np.full(100, 3.0)) == 100


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=400))
@settings(deadline=None)
def test_what_is_summarised_arrives_or_says_why(values):
    arrives = decode(json.loads(json.dumps({"draws": {"": packed(summarise(values))}})))
    summary = arrives.columns[""]
    assert summary.count == len(values) and summary.quantiles[0] == min(values)
    assert 0 < summary.ess <= len(values)


PAYLOAD = encode(draws())["draws"]
numbers = st.floats() | st.integers() | st.none() | st.booleans() | st.text(max_size=3)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_hostile_draws_give_a_verdict_and_never_an_error(data):
    damaged = list(PAYLOAD[""])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(numbers)
    content = data.draw(st.sampled_from([{"": damaged}, {"98010": damaged, "b": [1]}, damaged, {}, {"": {}}]))
    for kind in (NEW_HOUSE, BY_ZIPCODE):
        result = verdict(kind, {"draws": content}, max_points=2)
        assert result.message and 0 <= result.score <= 2


def test_a_forged_small_size_buys_no_wide_tolerance():
    forged = list(PAYLOAD[""])
    forged[2] += 0.5 * NEW_HOUSE_SD  # mean
    for size in (1e-300, 1.0, 249.0, 250.0, 1000.0):
        forged[4] = size
        assert verdict(NEW_HOUSE, {"draws": {"": forged}}, max_points=2).score == 0


# ------------------------------------------------------------------ the kind itself


@pytest.mark.parametrize("kind", [NEW_HOUSE, BY_ZIPCODE, Draws.like(draws(count=5000)), Draws.like(frame())])
def test_draws_survive_their_key(kind):
    again = from_key(json.loads(json.dumps(to_key(kind))))
    assert to_key(again) == to_key(kind)
    assert again.grade(kind.answer_with(kind.value)).status == "right"
    for mistake in kind.usable_mistakes:
        assert again.grade(kind.answer_with(mistake.value)).mistake == mistake.name


def test_quantiles_alone_can_be_judged():
    kind = Draws(
        quantiles={0.05: -1.645, 0.5: 0.0, 0.95: 1.645},
        mistakes=[Mistake({"quantiles": {0.5: 1.0}}, says="x y")],
    )
    assert grade(kind, draws(1.0, 0.0)).status == "right"
    assert "Look at their quantiles 5%, 95%." in grade(kind, draws(2.0, 0.0)).says
    assert [mistake.name for mistake in kind.usable_mistakes] == ["x y"]
    heavy = np.random.default_rng(1).standard_cauchy(4000)
    assert grade(Draws(quantiles={0.25: -1.0, 0.5: 0.0, 0.75: 1.0}), heavy).status == "right"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mean": 1.0}, "mean and an sd, or quantiles"),
        ({}, "mean and an sd, or quantiles"),
        ({"mean": 1.0, "sd": -1.0}, "negative"),
        ({"mean": math.nan, "sd": 1.0}, "not finite"),
        ({"mean": 1.0, "sd": 1.0, "at_least": 10}, "at_least"),
        ({"mean": 1.0, "sd": 1.0, "quantiles": {2.5: 0.0}}, "between 0 and 1"),
        ({"mean": MEANS, "sd": SDS.iloc[:2]}, "other labels"),
        ({"mean": "a", "sd": 1.0}, "a number, or a Series"),
        ({"mean": 1.0, "sd": 1.0, "group": "zipcode"}, "a mean per zipcode"),
    ],
)
def test_an_impossible_question_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        Draws(**options)


def test_a_mistake_about_other_groups_is_the_authors_error():
    with pytest.raises(ValueError, match="labels"):
        Draws(mean=MEANS, sd=SDS, mistakes=[Mistake({"mean": pd.Series({"a": 1.0})}, says="x y")])


def test_the_grid_of_probabilities_is_symmetric_and_holds_the_judged_ones():
    assert np.allclose(np.array(PROBABILITIES) + np.array(PROBABILITIES)[::-1], 1)
    assert {0.0, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 1.0} <= set(PROBABILITIES)
