"""Fake data, new outcomes and power: do they have the parameters that were asked for?"""

import numpy as np
import pandas as pd
import pytest
from from_r import data_for

from mlmkit import glmer, lmer, power, refit, simulate_data


def rows(groups=200, size=20, seed=0):
    g = np.repeat(np.arange(groups), size)
    return pd.DataFrame(
        {"g": g, "h": np.tile(np.arange(size), groups), "x": np.random.default_rng(seed).normal(size=len(g))}
    )


def test_fake_data_have_their_parameters():
    made = simulate_data(
        "y ~ x + (1 + x | g)",
        rows(),
        fixef={"(Intercept)": 5, "x": -1},
        sd={"g": [2.0, 0.5]},
        corr=0.6,
        sigma=1.5,
        seed=1,
    )
    fit = lmer("y ~ x + (1 + x | g)", made)
    assert np.allclose(fit.fixef, [5, -1], atol=4 * fit.se_fixef)
    assert np.allclose(fit.varcorr["g"].sd, [2.0, 0.5], rtol=0.2)
    assert fit.varcorr["g"].corr.iloc[0, 1] == pytest.approx(0.6, abs=0.2)
    assert fit.sigma == pytest.approx(1.5, rel=0.05)
    true = made.attrs["ranef"]["g"]
    assert np.corrcoef(true["(Intercept)"], fit.ranef["g"]["(Intercept)"])[0, 1] > 0.9


def test_fake_data_of_other_families_and_crossed_groups():
    made = simulate_data(
        "n ~ x + (1 | g) + (1 | h)",
        rows(60),
        fixef=[0.5, 0.3],
        sd={"g": 0.4, "h": 0.3},
        family="poisson",
        seed=2,
    )
    fit = glmer("n ~ x + (1 | g) + (1 | h)", made, family="poisson")
    assert np.allclose(fit.fixef, [0.5, 0.3], atol=4 * fit.se_fixef)
    yes = simulate_data("y ~ (1 | g)", rows(), fixef=[-1], sd=0.8, family="binomial", seed=3)
    assert set(yes["y"]) == {0, 1}
    assert glmer("y ~ (1 | g)", yes).fixef.item() == pytest.approx(-1, abs=0.3)


def test_seeds_repeat():
    call = {"fixef": [1], "sd": 1, "sigma": 1}
    first = simulate_data("y ~ (1 | g)", rows(5), seed=9, **call)
    assert first["y"].equals(simulate_data("y ~ (1 | g)", rows(5), seed=9, **call)["y"])
    assert not first["y"].equals(simulate_data("y ~ (1 | g)", rows(5), seed=8, **call)["y"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fixef": [1, 2, 3]}, "fixef has 3 values; the model needs 2: (Intercept), x."),
        ({"fixef": {"x": 1}}, "fixef names x; the model has (Intercept), x."),
        ({"sd": {"h": 1}}, "sd names h; the model has g."),
        ({"sd": -1}, "numbers of at least 0"),
        ({"sigma": None}, "residual standard deviation above 0"),
        ({"family": "gamma"}, "Valid choices: 'gaussian', 'binomial', 'poisson'"),
        ({"formula": "log(y) ~ x + (1 | g)"}, "plain name"),
        ({"formula": "y ~ x + (1 + x | g)", "sd": [1, 1], "corr": 1.5}, "is impossible"),
        ({"formula": "y ~ x + (1 | g) + (1 | h)"}, "give sd as a dict by"),
    ],
)
def test_impossible_parameters_are_refused(change, says):
    call = {"formula": "y ~ x + (1 | g)", "fixef": [1, 2], "sd": 1, "sigma": 1} | change
    with pytest.raises(ValueError, match=r".") as caught:
        simulate_data(call.pop("formula"), rows(20), **call)
    assert says in str(caught.value)


def test_new_outcomes_have_the_covariance_of_the_fit(sleepstudy):
    fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    drawn = fit.simulate(4000, seed=1)
    sd = np.sqrt(fit.varcorr["Subject"].cov.iloc[0, 0] + fit.sigma**2)
    first_days = sleepstudy["Days"] == 0
    assert drawn.loc[first_days].std(axis=1).mean() == pytest.approx(sd, rel=0.02)
    assert np.allclose(drawn.mean(axis=1), fit.predict(random=False), atol=5 * 60 / np.sqrt(4000))
    successes = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data_for("cbpp")).simulate(
        5, seed=1
    )
    assert (successes.le(data_for("cbpp")["size"], axis=0) & successes.ge(0)).all(axis=None)


def test_refit_to_the_same_outcome_is_the_same_fit(sleepstudy):
    fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, REML=False)
    again = refit(fit, sleepstudy["Reaction"])
    assert again.fixef.equals(fit.fixef) and not again.reml
    with pytest.raises(ValueError, match="the data has 180 rows"):
        refit(fit, [1.0, 2.0])


def test_power_grows_with_the_effect_and_is_alpha_without_one():
    small = rows(15, 8)
    call = {"sd": 1.0, "sigma": 1.0, "n_sims": 150}
    none = power("y ~ x + (1 | g)", small, "x", fixef=[0, 0], seed=1, **call)
    large = power("y ~ x + (1 | g)", small, "x", fixef=[0, 0.5], seed=1, **call)
    assert none["power"] < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)
    assert large["power"] > 0.95 and large["coverage"] > 0.85
    assert large["mean"] == pytest.approx(0.5, abs=0.05)
    assert large["mean_se"] == pytest.approx(large["sd"], rel=0.25)
    binary = power(
        "y ~ x + (1 | g)", small, "x", fixef=[0, 1.5], sd=0.5, family="binomial", n_sims=20, seed=1
    )
    assert binary["power"] > 0.8
    with pytest.raises(ValueError, match="no fixed effect 'z'"):
        power("y ~ x + (1 | g)", small, "z", fixef=[0, 0], **call)
    with pytest.raises(ValueError, match="alpha is 5"):
        power("y ~ x + (1 | g)", small, "x", fixef=[0, 0], alpha=5, **call)


def treated(groups, size):
    """Half of the groups are treated, all of their rows."""
    plan = rows(groups, size)
    return plan.assign(treated=(plan["g"] % 2).astype(float))


def test_power_by_t_is_that_of_the_t_test_of_the_group_means():
    """Balanced groups, treated or not: two samples of group means, as R's power.t.test has them.

    power.t.test(n = 4, delta = 2, sd = sqrt(1 + 1 / 5), strict = TRUE): power = 0.5802036.
    """
    found = power(
        "y ~ treated + (1 | g)",
        treated(8, 5),
        "treated",
        fixef=[0, 2],
        sd=1,
        sigma=1,
        n_sims=600,
        method="t",
        seed=3,
    )
    assert found["power"] == pytest.approx(0.5802036, abs=4 * found["mcse"])


def test_few_groups_make_false_alarms_by_wald_and_none_too_many_by_t():
    call = {"fixef": [0, 0], "sd": 1, "sigma": 0.3, "n_sims": 600, "seed": 4}
    by = {
        m: power("y ~ treated + (1 | g)", treated(6, 5), "treated", method=m, **call) for m in ("wald", "t")
    }
    # Of the normal quantile with four degrees of freedom: P(|t_4| > 1.96) = 0.1216.
    assert by["wald"]["power"] == pytest.approx(0.1216, abs=4 * by["wald"]["mcse"])
    assert by["t"]["power"] == pytest.approx(0.05, abs=4 * 0.0089)
    assert by["t"]["coverage"] == pytest.approx(1 - by["t"]["power"])


@pytest.mark.parametrize(("method", "family"), [("z", "gaussian"), ("t", "poisson")])
def test_power_says_which_methods_there_are(method, family):
    with pytest.raises(ValueError, match="Valid choices for this family: 'wald'"):
        power(
            "y ~ x + (1 | g)",
            rows(5),
            "x",
            fixef=[0, 1],
            sd=1,
            sigma=1 if family == "gaussian" else None,
            family=family,
            method=method,
        )
