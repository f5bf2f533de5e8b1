"""Variances that the data can't tell apart: said in words, and only there. lme4's criterion is the judge."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE, data_for

from mlmkit import glmer, lmer
from mlmkit.engine.theta import pattern
from mlmkit.inference.flat_lines import flat_lines

FROM_R = json.loads((REFERENCE / "unidentified.json").read_text())
APART = "The data can't tell the variances of "
SAID = {
    "dummies": "The data say nothing about the variance of (Intercept) in Subject: the fixed effects",
    "same_groups": APART + "(Intercept) in Subject and of (Intercept) in again apart: "
    "only their sum is known. Subject and again form the same groups.",
    "nested_same": APART + "(Intercept) in sex:Subject and of (Intercept) in Subject "
    "apart: only their sum is known. sex:Subject and Subject form the same groups.",
    "factor_bars": APART + "(Intercept) in Subject and of halfa and halfb in Subject.1 "
    "and their correlation apart: only combinations of them are known.",
    "one_effect_each": "The data say nothing about the correlation of sexF and sexM in Subject: no group",
    "two_values": APART
    + "(Intercept) and z in Subject and their correlation apart: only combinations of them are known.",
}
UNKNOWN = ("The data can't tell", "The data say nothing")


def unknown(fit):
    return [message for message in fit.messages if message.startswith(UNKNOWN)]


@pytest.fixture(scope="module")
def sleep():
    """Make the columns of unidentified.R."""
    frame = data_for("sleepstudy").copy()
    number = frame["Subject"].astype("category").cat.codes + 1
    frame["again"] = "s" + frame["Subject"]
    frame["third"] = np.array(list("abc"))[frame["Days"] % 3]
    frame["half"] = np.where(frame["Days"] < 5, "a", "b")
    frame["sex"] = np.where(number % 2 == 0, "F", "M")
    frame["z"], frame["many"] = (frame["sex"] == "F") + 2.0, number / 10
    return frame


@pytest.mark.parametrize("reml", ["REML", "ML"])
@pytest.mark.parametrize("name", FROM_R)
def test_a_sentence_where_lme4_s_criterion_is_flat_and_nowhere_else(sleep, name, reml):
    figures = FROM_R[name][reml]
    flat = figures["there"] == pytest.approx(figures["elsewhere"], abs=1e-7)
    assert flat == (name in SAID and (name, reml) != ("dummies", "ML"))
    fit = lmer(FROM_R[name]["formula"], sleep, REML=reml == "REML")
    assert fit.converged
    assert fit.criterion <= figures["lowest"] + 1e-6
    messages = unknown(fit)
    assert len(messages) == flat
    assert not flat or messages[0].startswith(SAID[name])


@pytest.mark.parametrize("name", SAID)
def test_the_ends_of_a_line_fit_equally_well(sleep, name):
    """What a line says changes, changes; the criterion, by lmer's own function, doesn't."""
    fit = lmer(FROM_R[name]["formula"], sleep)
    (line,), middle = flat_lines(fit.solution)
    theta = np.concatenate(
        [lam[pattern(factor.terms)] for lam, factor in zip(middle, fit.design.factors, strict=True)]
    )
    assert fit.solution.problem(theta)[0] == pytest.approx(fit.solution.optimum.value, abs=1e-8)
    if name in ("same_groups", "nested_same"):
        one, other = (change.item() for _, change in line)
        assert one == pytest.approx(-other, rel=1e-5)
        assert abs(one) == pytest.approx(sum(fit.varcorr[t].cov.iloc[0, 0] for t in fit.varcorr), rel=1e-5)
    if name == "two_values":  # sd at z = 2 and at z = 3 is known: s + 4c + 4v and s + 6c + 9v
        ((_, change),) = line
        assert change[0, 0] / change[1, 1] == pytest.approx(6, rel=1e-5)
        assert change[0, 1] / change[1, 1] == pytest.approx(-2.5, rel=1e-5)


@pytest.mark.parametrize("fit", ["ML", "glmer"])
def test_zero_because_of_the_fixed_effects_is_not_zero_by_chance(sleep, fit):
    """By maximum likelihood the criterion isn't flat: zero is the estimate, though groups aren't alike."""
    formula = "Reaction ~ Days + factor(Subject) + (1 | Subject)"
    if fit == "ML":
        found = lmer(formula, sleep, REML=False)
    else:
        found = glmer(formula, sleep.assign(Reaction=(sleep["Reaction"] / 30).round()), family="poisson")
    assert found.is_singular and found.converged
    (message,) = found.messages
    assert message.startswith(
        "The standard deviation of (Intercept) between the groups of Subject is estimated as zero because the"
    )
    slopes = lmer("Reaction ~ Days * factor(Subject) + (1 + Days | Subject)", sleep, REML=False)
    assert (
        "standard deviations of (Intercept) and Days between the groups of Subject are" in slopes.messages[0]
    )
    (both,) = unknown(lmer("Reaction ~ Days * factor(Subject) + (1 + Days | Subject)", sleep))
    assert both.startswith(
        "The data say nothing about the variances of (Intercept) and Days in Subject: the fixed"
    )


def test_an_ordinary_zero_keeps_its_sentence(sleep):
    fit = lmer("Reaction ~ Days + (1 | Subject) + (1 | third)", sleep)
    (message,) = fit.messages
    assert message.startswith(
        "The fit is singular: the standard deviation of (Intercept) between the groups of third"
    )


def test_a_zero_that_is_one_of_many_equal_fits_is_not_called_singular(sleep):
    """All of the variance may stand in one of two equal factors: that the other has none means nothing."""
    from dataclasses import replace

    from mlmkit.inference.messages import fit_messages

    fit = lmer("Reaction ~ Days + (1 | Subject) + (1 | again)", sleep)
    found = fit.solution
    edge = np.array([np.linalg.norm(found.optimum.theta), 0.0])
    value, gradient = found.problem(edge)
    assert value == pytest.approx(found.optimum.value, abs=1e-9)
    at_edge = replace(found.optimum, theta=edge, gradient=gradient)
    messages = fit_messages(type(found)(found.design, found.scaled, found.problem, at_edge), True)
    (message,) = messages
    assert message.startswith(SAID["same_groups"])


def test_singular_along_the_whole_line_says_both():
    """Intercepts and slopes of two equal factors, with a slope that doesn't vary: both sentences are true."""
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(20), 10)
    frame = pd.DataFrame({"g": g, "h": 100 - g, "x": rng.normal(size=200)})
    noise = rng.normal(size=200)
    frame["y"] = rng.normal(size=20)[g] + noise
    fit = lmer("y ~ x + (1 + x | g) + (1 + x | h)", frame)
    singular = [message for message in fit.messages if message.startswith("The fit is singular")]
    assert fit.is_singular
    (message,) = unknown(fit)
    assert "(Intercept) and x in g and of (Intercept) and x in h and their correlations" in message
    assert len(singular) == 2


@pytest.mark.parametrize("name", [name for name in SAID if name != "dummies"])
def test_generalised_models_say_it_too(sleep, name):
    rng = np.random.default_rng(3)
    number = sleep["Subject"].astype("category").cat.codes
    spread = rng.normal(size=18)[number] + 0.8 * rng.normal(size=(18, 2))[number, sleep["Days"] // 5]
    counts = sleep.assign(n=rng.poisson(np.exp(1.5 + spread)))
    fit = glmer(FROM_R[name]["formula"].replace("Reaction", "n"), counts, family="poisson")
    assert fit.converged
    (message,) = unknown(fit)
    assert message.startswith(SAID[name])


def test_the_sentence_leaves_a_zero_elsewhere_alone():
    """Two groups, one of them a single row, can't show how intercepts and slopes vary; h isn't involved."""
    frame = pd.DataFrame(
        {"g": [0] * 7 + [1], "h": [0, 1, 2, 0, 1, 2, 0, 1], "x": [1.4, -0.3, 0.8, 2, -1, 0.1, 0.5, 3]}
    )
    frame["y"] = 1 + frame["x"] + 9 * frame["g"] + [0.3, -0.2, 0.5, -0.9, 1.2, -0.4, -0.5, 0.0]
    fit = lmer("y ~ x + (1 + x | g) + (1 | h)", frame)
    (message,) = unknown(fit)
    assert message.startswith(
        "The data can't tell the variances of (Intercept) and x in g and their correlation apart"
    )
    assert any("between the groups of h is estimated as zero" in text for text in fit.messages)


def test_three_levels_leave_three_correlations_open(sleep):
    frame = sleep.assign(kind=np.array(list("abc"))[sleep["Subject"].astype("category").cat.codes % 3])
    (message,) = unknown(lmer("Reaction ~ Days + (0 + kind | Subject)", frame))
    for pair in ("kinda and kindb", "kinda and kindc", "kindb and kindc"):
        assert pair in message
    assert "to leave them out of the model" in message


@pytest.mark.parametrize(
    "model",
    [
        "sleepstudy: Reaction ~ Days + (Days | Subject)",
        "sleepstudy: Reaction ~ Days + (Days || Subject)",
        "Penicillin: diameter ~ 1 + (1 | plate) + (1 | sample)",
        "Pastes: strength ~ 1 + (1 | batch / cask)",
        "seattle: price ~ scale_sqft + (1 + scale_sqft | zipcode)",
        "kc: price ~ sqft_living + (1 + sqft_living | zipcode)",
    ],
)
def test_nothing_is_said_about_sound_models(model):
    data, formula = model.split(": ")
    for reml in (True, False):
        assert not unknown(lmer(formula, data_for(data), REML=reml))


def test_sound_models_cost_nothing(sleep):
    """The curvature at the optimum is known already, and tells; no further evaluation is needed."""
    fit = lmer("Reaction ~ Days + (1 | Subject) + (1 + Days | again)", sleep)
    sound = lmer("Reaction ~ 1 + (1 | Subject) + (1 | Days)", sleep)
    before = sound.solution.problem.evaluations
    assert not unknown(sound)
    assert sound.solution.problem.evaluations == before
    assert unknown(fit)


def test_large_crossed_factors_say_it_too(sleep, monkeypatch):
    """There the search doesn't measure the curvature at the optimum; a sentence can't rest on a guess."""
    from mlmkit.engine import crossed

    monkeypatch.setattr(crossed, "EXPENSIVE", 0)
    fit = lmer(FROM_R["same_groups"]["formula"], sleep)
    assert fit.solution.optimum.rough
    (message,) = unknown(fit)
    assert message.startswith(SAID["same_groups"])
    assert not unknown(lmer("Reaction ~ 1 + (1 | Subject) + (1 | Days)", sleep))
