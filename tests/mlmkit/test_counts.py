"""Counts of any size, rates far from one, and what counts as a binomial outcome: against R's glmer."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE, data_for

from mlmkit import FormulaError, complete_pooling, glmer

GENERALIZED = json.loads((REFERENCE / "generalized.json").read_text())
COUNTS = GENERALIZED["counts"]


@pytest.mark.parametrize("case", COUNTS)
def test_counts_from_a_few_to_ten_million(case):
    model = COUNTS[case]
    varying = "(x | g)" if case.startswith("slopes") else "(1 | g)"
    fit = glmer(f"y ~ x + offset(away) + {varying}", pd.DataFrame(model["data"]), family="poisson")
    assert fit.converged and not fit.messages
    assert fit.criterion < model["criterion"] + 1e-6
    assert fit.criterion == pytest.approx(model["criterion"], abs=1e-3)
    assert np.allclose(fit.fixef, list(model["fixef"].values()), atol=2e-3)
    assert np.allclose(fit.theta, model["theta"], rtol=2e-3)
    assert np.allclose(fit.se_fixef, model["se"], rtol=1e-3)  # of lme4 2.1; older ones lie up to 5e-3 off
    assert fit.se_fixef["x"] == pytest.approx(model["se"][1], rel=1e-4 if "slopes" in case else 1e-5)


def test_the_unit_of_an_exposure_only_moves_the_intercept():
    data = pd.DataFrame(COUNTS["rare"]["data"])
    fits = [
        glmer("y ~ x + offset(away) + (1 | g)", data.assign(away=data["away"] + by), family="poisson")
        for by in (-30, 0, 30)
    ]
    for fit, by in zip(fits, (-30, 0, 30), strict=True):
        assert fit.converged and not fit.messages
        assert fit.fixef["(Intercept)"] + by == pytest.approx(fits[1].fixef["(Intercept)"], abs=1e-6)
        assert fit.criterion == pytest.approx(fits[1].criterion, abs=1e-9)


def test_group_levels_may_lie_far_from_zero():
    data = pd.DataFrame(COUNTS["counts_1e7"]["data"])
    fit = glmer("y ~ 0 + x + (1 | g)", data, family="poisson")  # all of the level is between groups
    assert fit.converged and not fit.messages
    assert fit.varcorr["g"].sd["(Intercept)"] == pytest.approx(16, abs=0.2)


def test_a_rare_yes_is_no_separation():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.arange(20), "n": 10**8})
    data["y"] = rng.poisson(np.exp(3 + 0.5 * rng.normal(size=20)))
    fit = glmer("cbind(y, n - y) ~ 1 + (1 | g)", data)
    assert fit.converged and fit.fixef["(Intercept)"] == pytest.approx(3 - np.log(1e8), abs=0.5)
    assert not any("Separation" in message for message in fit.messages)


def test_cbind_with_weights_is_refused():
    cbpp = data_for("cbpp")
    with pytest.raises(FormulaError, match=r"cbind.*gives the numbers of trials already"):
        glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, weights="size")


def test_what_the_sentence_about_weights_says_of_r():
    made = GENERALIZED["weights"]
    assert made["weighted"] == pytest.approx(made["multiplied"], abs=1e-8)
    assert made["plain"]["z"] != pytest.approx(made["weighted"]["z"], abs=1e-2)


def test_shares_need_their_numbers_of_trials():
    cbpp = data_for("cbpp").assign(share=lambda d: d["incidence"] / d["size"])
    for fit in (glmer, complete_pooling):
        with pytest.raises(FormulaError, match=r"values between 0 and 1.*cbind\(successes, failures\)"):
            fit("share ~ period + (1 | herd)", cbpp, family="binomial")
    assert glmer("share ~ period + (1 | herd)", cbpp, weights="size").converged


def test_trials_are_whole_numbers():
    cbpp = data_for("cbpp").assign(share=0.0, half=2.5)
    cbpp.loc[0, "share"] = 1.0
    with pytest.raises(ValueError, match="numbers of trials, whole numbers"):
        glmer("share ~ period + (1 | herd)", cbpp, weights="half")


def test_a_new_outcome_holds_whole_numbers():
    fit = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data_for("cbpp"))
    with pytest.raises(ValueError, match="whole numbers"):
        fit.refit(fit.design.y / 2)
