"""Predictors and outcomes in any unit give the same fit."""

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE

from mlmkit import glmer, lmer

MODELS = {
    "one factor": ("y ~ x + (x | g)", None),
    "crossed": ("y ~ x + (x | g) + (1 | h)", None),
    "nested": ("y ~ x + (1 | h / g)", None),
    "binomial": ("cbind(succ, fail) ~ x + (x | g)", "binomial"),
    "binomial crossed": ("cbind(succ, fail) ~ x + (x | g) + (1 | h)", "binomial"),
    "counts": ("cnt ~ x + (1 | g)", "poisson"),
}
UNITS = {"tiny": (1e-9, 0.0), "far from zero": (1.0, 1e4), "huge and far": (1e9, 1e11)}


def fit(model, frame):
    formula, family = MODELS[model]
    return glmer(formula, frame, family=family) if family else lmer(formula, frame)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("model", MODELS)
def test_units_change_nothing_but_units(model, unit):
    frame = pd.read_csv(REFERENCE / "simulated.csv")
    factor, shift = UNITS[unit]
    plain, other = fit(model, frame), fit(model, frame.assign(x=frame["x"] * factor + shift))
    assert other.converged and other.is_singular == plain.is_singular
    moved = 0.0 if MODELS[model][1] else 2 * np.log(factor)  # REML depends on the unit, by this constant
    assert other.criterion - moved == pytest.approx(plain.criterion, abs=1e-6)
    assert other.fixef["x"] * factor == pytest.approx(plain.fixef["x"], rel=1e-5)
    assert other.se_fixef["x"] * factor == pytest.approx(plain.se_fixef["x"], rel=1e-4)
    assert np.allclose(other.fitted, plain.fitted, rtol=1e-5)
    if "(x | g)" in MODELS[model][0]:
        assert other.varcorr["g"].sd["x"] * factor == pytest.approx(plain.varcorr["g"].sd["x"], rel=1e-4)


def test_prices_in_cents(seattle):
    dollars, cents = (
        lmer(
            "price ~ sqft_living + (1 + sqft_living | zipcode)", seattle.assign(price=seattle["price"] * unit)
        )
        for unit in (1, 100)
    )
    assert np.allclose(cents.fixef, 100 * dollars.fixef, rtol=1e-8)
    assert np.allclose(cents.theta, dollars.theta, rtol=1e-6)
