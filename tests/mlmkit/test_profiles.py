"""Profile likelihoods of every kind of parameter, against points of lme4's profiles."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE, data_for

from mlmkit import confint, glmer, lmer, profile
from mlmkit.inference.held import HeldVariances
from mlmkit.inference.profile import parameters

# lme4 minimises over the other parameters to about 1e-3 in zeta, and its own optimum is a little high
ZETA = 4e-3
MODELS = {
    "sleepstudy": "Reaction ~ Days + (Days | Subject)",
    "Penicillin": "diameter ~ 1 + (1 | plate) + (1 | sample)",
    "Pastes": "strength ~ 1 + (1 | batch / cask)",
    "three_columns": "y ~ x + (x + z | g)",
    "crossed_slopes": "y ~ x + (x | g) + (1 | h)",
    "uncorrelated": "y ~ x + (x || g)",
    "binomial_slopes": "cbind(succ, fail) ~ x + (x | g)",
    "poisson_crossed": "cnt ~ x + (1 | g) + (1 | h)",
}


def fit_of(name):
    own = name in ("sleepstudy", "Penicillin", "Pastes")
    data = data_for(name) if own else pd.read_csv(REFERENCE / "simulated.csv")
    if name.startswith(("binomial", "poisson")):
        return glmer(MODELS[name], data, family=name.partition("_")[0])
    return lmer(MODELS[name], data)


def our_name(name):
    """Turn lme4's ``cor_x.(Intercept)|g`` into ``cor__(Intercept).x|g``."""
    kind = re.fullmatch(r"cor_(.+?)\.(.+)\|(.+)", name)
    if kind:
        return f"cor__{kind[2]}.{kind[1]}|{kind[3]}"
    return name.replace("sd_", "sd__", 1) if name.startswith("sd_") else name


@pytest.mark.parametrize("name", MODELS)
def test_zeta_is_that_of_lme4(name):
    best, found = parameters(fit_of(name))
    ours = {parameter.name: parameter for parameter in found}
    if name == "uncorrelated":
        ours["sd__x|g"] = ours.pop("sd__x|g.1")
    theirs = json.loads((REFERENCE / "profiles.json").read_text())[name]
    assert {our_name(key) for key in theirs} == set(ours)
    for key, points in theirs.items():
        parameter = ours[our_name(key)]
        for value, zeta in zip(points["value"], points["zeta"], strict=True):
            rise = parameter.deviance(value) - best
            assert rise > -1e-7
            assert np.sign(value - parameter.estimate) * np.sqrt(rise) == pytest.approx(zeta, abs=ZETA), key


def test_weights_count():
    """Against a fit with an offset: lme4's profiles of fixed effects leave the weights out."""
    data = pd.read_csv(REFERENCE / "simulated.csv")
    fit = lmer("y ~ x + (1 | g)", data, REML=False, weights="w")
    slope = {parameter.name: parameter for parameter in parameters(fit)[1]}["x"]
    held = lmer("y ~ 1 + (1 | g)", data, REML=False, weights="w", offset=0.5 * data["x"])
    assert slope.deviance(0.5) - fit.solution.optimum.value == pytest.approx(
        held.criterion - fit.criterion, abs=1e-7
    )


HELD = {
    "three_columns": [("sigma",), ("g", 0), ("g", 2), ("g", 0, 1), ("g", 1, 2)],
    "crossed_slopes": [("sigma",), ("g", 1), ("h", 0), ("g", 0, 1)],
    "binomial_slopes": [("g", 0), ("g", 0, 1)],
}


@pytest.mark.parametrize(("name", "held"), [(name, held) for name in HELD for held in HELD[name]])
def test_gradients_with_something_held_are_exact(name, held):
    fit = fit_of(name)
    surface = HeldVariances(fit.refit_ml() if hasattr(fit, "refit_ml") else fit, held)
    rng = np.random.default_rng(1)
    free = np.abs(surface.start()) + 0.1 * rng.random(len(surface.start()))
    value = -0.4 if len(held) == 3 else 0.7
    _, gradient = surface._deviance(value, free)
    steps = 1e-6 * np.eye(len(free))
    numeric = [
        (surface._deviance(value, free + s)[0] - surface._deviance(value, free - s)[0]) / 2e-6 for s in steps
    ]
    assert np.allclose(gradient, numeric, atol=2e-4, rtol=1e-4)


def test_units_do_not_move_intervals():
    data = data_for("sleepstudy")
    far = data.assign(Days=data["Days"] * 1e-6 + 3, Reaction=data["Reaction"] * 1e4)
    near, table = confint(lmer(MODELS["sleepstudy"], data)), confint(lmer(MODELS["sleepstudy"], far))
    for name, factor in {"sd__Days|Subject": 1e10, "sigma": 1e4, "Days": 1e10}.items():
        assert np.allclose(table.loc[name], near.loc[name] * factor, rtol=1e-4), name


def test_a_singular_fit_has_intervals_too():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 6), "x": np.tile(np.arange(6.0), 8)})
    frame["y"] = frame["x"] + rng.normal(size=48)
    fit = lmer("y ~ x + (x | g)", frame)
    table = confint(fit)
    assert fit.is_singular
    assert table.loc["sd__x|g", "low"] == 0 < table.loc["sd__x|g", "high"]
    assert table.loc["cor__(Intercept).x|g", ["low", "high"]].tolist() == [-1, 1]


def test_a_profile_is_monotone_and_passes_through_zero():
    table = profile(fit_of("three_columns"), "cor__(Intercept).z|g", points=11)
    assert (np.diff(table["zeta"]) > 0).all() and table["value"].between(-1, 1).all()
    assert table["zeta"].min() < 0 < table["zeta"].max()
