"""Outcomes that leave coefficients unbounded: found, said in words, with what to try."""

import numpy as np
import pandas as pd
import pytest

from mlmkit import glmer


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(12), 15)
    frame = pd.DataFrame({"g": g, "x": rng.normal(size=180), "t": np.tile([0, 1, 0], 60)})
    frame["u"] = rng.normal(size=12)[g]
    frame["y"] = rng.binomial(1, 1 / (1 + np.exp(-frame["x"] - frame["u"])))
    frame["n"] = rng.poisson(2, 180)
    return frame


CASES = {
    "complete": ("y ~ x + (1 | g)", lambda d: d["x"] > 0, "coefficient of x runs away"),
    "complete, slopes": ("y ~ x + (x | g)", lambda d: d["x"] > 0, "coefficient of x runs away"),
    "complete, crossed": ("y ~ x + (1 | g) + (1 | t)", lambda d: d["x"] > 0, "coefficient of x runs away"),
    "one level": (
        "y ~ x + t + (1 | g)", lambda d: d["y"].where(d["t"] == 0, 1),
        "coefficient of t runs away to infinity. In all 60 rows with t = 1 the outcome is 1.",
    ),
    "within groups": ("y ~ x + (1 | g)", lambda d: d["x"] > d["u"], "without error within groups"),
    "all of a group": ("y ~ x + (1 | g)", lambda d: d["g"] % 2, "In 12 of 12 groups every outcome"),
    "one group only": ("y ~ 1 + (1 | g)", lambda d: d["g"] == 3, "In 12 of 12 groups every outcome"),
    "as many dummies as groups": ("y ~ C(g) + (1 | g)", lambda d: d["y"].where(d["g"] > 0, 1), "run away"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_separation_is_said_in_words(frame, case):
    formula, outcome, words = CASES[case]
    fit = glmer(formula, frame.assign(y=outcome(frame).astype(int)))
    assert not fit.converged
    (first, *_) = [message for message in fit.messages if "runs away" in message or "run away" in message]
    assert words in first and "stan_glmer" in first
    assert not any("singular" in message for message in fit.messages)
    assert np.isfinite(fit.se_fixef).all()


def test_counts_that_are_always_zero_somewhere(frame):
    zero = frame.assign(n=frame["n"].where(frame["t"] == 0, 0))
    (message,) = glmer("n ~ t + (1 | g)", zero, family="poisson").messages
    assert "In all 60 rows with t = 1 the outcome is 0." in message
    one = frame.assign(n=(np.arange(180) == 3).astype(int))
    assert any(
        "all counts together are 1" in m for m in glmer("n ~ x + (1 | g)", one, family="poisson").messages
    )
    empty_groups = glmer("n ~ 1 + (1 | g)", frame.assign(n=frame["n"] * (frame["g"] % 2)), family="poisson")
    assert empty_groups.converged and not empty_groups.messages


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ 0 + x + (1 | g)"])
def test_an_outcome_of_zeros_has_nothing_to_explain(frame, family, formula):
    with pytest.raises(ValueError, match=r"is 0 in all 180 rows\. There is nothing to explain"):
        glmer(formula, frame.assign(y=0), family=family)


def test_ordinary_fits_do_not_cry_wolf(frame):
    for formula in ("y ~ x + t + (1 | g)", "y ~ I(x * 1e9 + 1e12) + (1 | g)"):
        fit = glmer(formula, frame)
        assert fit.converged and not fit.messages
