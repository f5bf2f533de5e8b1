"""NUTS on the PyMC model: what is compiled once, and whether the draws are those of the model asked for."""

import numpy as np
import pandas as pd
import pytest

from mlmkit import cauchy, complete_pooling, decov, flat, normal, stan_glm, stan_glmer, stan_lmer, student_t
from mlmkit.bayes.model import build_model
from mlmkit.bayes.nuts_pymc import structure

GIVEN = dict.fromkeys(["prior", "prior_intercept", "prior_aux", "prior_covariance"])


def rows(seed=1, n=300, groups=12):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": rng.permutation(np.arange(n) % groups).astype(str), "x": rng.normal(size=n)})
    return data.assign(
        y=data["x"] + rng.normal(size=n),
        yes=rng.binomial(1, 1 / (1 + np.exp(-data["x"]))),
        k=rng.poisson(np.exp(0.3 * data["x"])),
    )


def kind(formula="k ~ x + (1 | g)", family="poisson", data=None, bars=True, **priors):
    data = rows() if data is None else data
    return structure(build_model(formula, data, family, GIVEN | priors, function="stan_glmer", bars=bars))


def test_other_numbers_are_no_other_structure():
    first = kind(prior_covariance=normal(0, 2))
    assert first == kind(data=rows(seed=5, n=80), prior_covariance=normal(0, 3), prior=normal(1, 4))


@pytest.mark.parametrize(
    "other",
    [
        {"family": "binomial", "formula": "yes ~ x + (1 | g)"},
        {"formula": "k ~ x + (1 + x | g)"},
        {"formula": "k ~ 0 + x + (1 | g)"},
        {"formula": "k ~ x + I(x**2) + (1 | g)"},
        {"formula": "k ~ x + offset(x) + (1 | g)"},
        {"formula": "k ~ x", "bars": False, "prior_covariance": None},
        {"data": rows(groups=11)},
        {"prior_covariance": student_t(3, 0, 2)},
        {"prior_covariance": student_t(4, 0, 2)},
        {"prior_covariance": decov()},
        {"prior_covariance": decov(scale=2)},
        {"prior": student_t(3)},
        {"prior_intercept": flat()},
    ],
)
def test_whatever_is_compiled_in_makes_another_structure(other):
    assert kind(**({"prior_covariance": normal(0, 2)} | other)) != kind(prior_covariance=normal(0, 2))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target_accept": 1.5}, "from 0.5 up to"),
        ({"target_accept": "high"}, "from 0.5 up to"),
        ({"tune": 0}, "tune is 0"),
        ({"cores": -1}, "cores is -1"),
    ],
)
def test_wrong_options_are_told_before_anything_is_drawn(options, says):
    with pytest.raises(ValueError, match=says):
        stan_lmer("y ~ x + (1 | g)", rows(), **options)


@pytest.mark.slow
def test_a_compiled_model_serves_other_data_and_priors(capsys):
    options = {"family": "poisson", "prior": flat(), "prior_intercept": flat(), "draws": 500}
    for k, seed in enumerate((1, 2)):
        data = rows(seed, n=300 - 100 * k)
        fit = stan_glm("k ~ x", data, **options, seed=1, progress=True)
        likelihood = complete_pooling("k ~ x", data, family="poisson")
        error = likelihood.se_fixef
        assert ((fit.fixef - likelihood.fixef).abs() < 0.25 * error).all()
        assert fit.se_fixef.to_numpy() == pytest.approx(error.to_numpy(), rel=0.15)
    assert capsys.readouterr().out.count("compiling") == 1


@pytest.mark.slow
def test_both_samplers_draw_the_same_posterior():
    """A Gaussian model with a half-Cauchy group sd: exact draws beside NUTS on the PyMC model."""
    exact, nuts = (
        stan_lmer(
            "y ~ x + (1 | g)", rows(), prior_covariance=cauchy(0, 1), method=method, draws=2_000, seed=1
        )
        for method in ("exact", "nuts")
    )
    assert (exact.method, nuts.method) == ("exact", "nuts")
    for name in exact.draws:
        ess = nuts.diagnostics().table.at[name, "n_eff"]
        error = exact.draws[name].std() * np.sqrt(1 / ess + 1 / 6_000)
        assert abs(exact.draws[name].mean() - nuts.draws[name].mean()) < 4.5 * error, name


@pytest.mark.slow
def test_a_half_t_prior_of_a_binomial_model_pulls():
    tight, wide = (
        stan_glmer(
            "yes ~ x + (1 | g)",
            rows(),
            family="binomial",
            prior_covariance=normal(0, scale),
            draws=500,
            seed=1,
        )
        for scale in (0.01, 2)
    )
    assert tight.varcorr["g"].sd.iloc[0] < 0.02 < wide.varcorr["g"].sd.iloc[0]
