"""anova, profile and bootstrap intervals against R's."""

import numpy as np
import pytest
from from_r import data_for

from mlmkit import anova, bootstrap, complete_pooling, confint, glmer, lmer, profile
from mlmkit.inference.profile import Parameter

# lme4 1.1-31: confint(fit) and anova(fit0, fit); lme4 interpolates its profiles, hence the tolerances
SLEEP = {
    "sd__(Intercept)|Subject": (14.38141816, 37.71599532),
    "cor__(Intercept).Days|Subject": (-0.48150076, 0.68498627),
    "sd__Days|Subject": (3.80116405, 8.75338075),
    "sigma": (22.89826688, 28.85799651),
    "(Intercept)": (237.68069551, 265.12951468),
    "Days": (7.35865328, 13.57591875),
}
CBPP = {
    "sd__(Intercept)|herd": (0.3460732, 1.09997465),
    "(Intercept)": (-1.9012120, -0.94775401),
    "period2": (-1.6167833, -0.40776307),
    "period3": (-1.8010244, -0.51153607),
    "period4": (-2.5007506, -0.80075532),
}


@pytest.fixture(scope="module")
def sleep():
    return lmer("Reaction ~ Days + (Days | Subject)", data_for("sleepstudy"))


@pytest.fixture(scope="module")
def cbpp():
    return glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data_for("cbpp"))


def test_profiles_of_a_linear_model(sleep):
    table = confint(sleep)
    assert set(table.index) == set(SLEEP)
    for name, limits in SLEEP.items():
        assert np.allclose(table.loc[name, ["low", "high"]].astype(float), limits, rtol=1e-4)
    assert sleep.confint(level=0.5).loc["Days", "low"] > table.loc["Days", "low"]


def test_profiles_of_a_generalised_model(cbpp):
    table = confint(cbpp)
    assert list(table.index) == list(CBPP)
    assert np.allclose(table[["low", "high"]], list(CBPP.values()), rtol=2e-4)


def test_profiles_of_fixed_effects_in_crossed_models():
    table = confint(lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data_for("Penicillin")))
    assert np.allclose(
        table.loc["(Intercept)", ["low", "high"]].astype(float), [21.26662738, 24.67781762], rtol=1e-5
    )


def test_an_interval_may_end_at_zero():
    rng = np.random.default_rng(3)
    import pandas as pd

    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 5), "y": rng.normal(size=40)})
    table = confint(lmer("y ~ (1 | g)", frame))
    assert table.loc["sd__(Intercept)|g", "low"] == 0
    assert table.loc["sd__(Intercept)|g", "high"] > 0


def test_a_profile_passes_through_the_limits(sleep):
    table = profile(sleep, "Days", points=9, reach=1.959964)
    assert table["value"].iloc[0] == pytest.approx(SLEEP["Days"][0], rel=1e-4)
    assert table["zeta"].iloc[-1] == pytest.approx(1.96, abs=1e-3)
    with pytest.raises(ValueError, match="It has: sd__"):
        sleep.profile("days")


def test_anova_refits_by_maximum_likelihood(sleep):
    small = lmer("Reaction ~ Days + (1 | Subject)", data_for("sleepstudy"))
    table = anova(sleep, small)
    assert table["npar"].tolist() == [4, 6]
    assert np.allclose(table["aic"], [1802.07864, 1763.93934], atol=1e-4)
    assert np.allclose(table["bic"], [1814.85047, 1783.09709], atol=1e-4)
    last = table.iloc[1]
    assert (last["chisq"], last["df"]) == (pytest.approx(42.1393, abs=1e-4), 2)
    assert last["p_value"] == pytest.approx(7.0724e-10, rel=1e-3)
    pooled = complete_pooling("Reaction ~ Days", data_for("sleepstudy"))
    assert anova(pooled, small)["df"].iloc[1] == 1


def test_anova_refuses_what_cannot_be_compared(sleep, cbpp):
    data = data_for("sleepstudy")
    with pytest.raises(ValueError, match="different rows"):
        anova(sleep, lmer("Reaction ~ (1 | Subject)", data.head(100)))
    with pytest.raises(ValueError, match="anova needs fits"):
        anova()
    with pytest.raises(TypeError, match="not on int"):
        anova(sleep, 3)
    ml = lmer("Reaction ~ Days + (1 | Subject)", data, REML=False)
    with pytest.raises(ValueError, match="Some fits are REML"):
        anova(sleep, ml, refit=False)
    with pytest.raises(ValueError, match="different fixed effects"):
        anova(sleep, lmer("Reaction ~ (Days | Subject)", data), refit=False)


def test_other_intervals(sleep):
    wald = confint(sleep, method="wald")
    assert wald.loc["Days", "high"] == pytest.approx(sleep.fixef["Days"] + 1.959964 * sleep.se_fixef["Days"])
    boot = confint(sleep, level=0.8, method="boot", n_sims=100, seed=1)
    assert (boot["low"] < boot["high"]).all() and boot.loc["sigma", "low"] < 25.6 < boot.loc["sigma", "high"]
    with pytest.raises(ValueError, match="'profile', 'wald', 't', 'boot'"):
        confint(sleep, method="bayes")
    with pytest.raises(ValueError, match="between 0 and 1"):
        confint(sleep, level=95)


def test_the_bootstrap_spreads_like_the_standard_errors(sleep, cbpp):
    draws = bootstrap(sleep, n_sims=300, seed=2)
    assert draws["Days"].std() == pytest.approx(sleep.se_fixef["Days"], rel=0.15)
    assert draws["Days"].mean() == pytest.approx(
        sleep.fixef["Days"], abs=4 * sleep.se_fixef["Days"] / np.sqrt(300)
    )
    one = bootstrap(cbpp, lambda fit: fit.fixef["period2"], n_sims=40, seed=2)
    assert one.shape == (40, 1) and one.attrs["failed"] == 0
    assert one.equals(bootstrap(cbpp, lambda fit: fit.fixef["period2"], n_sims=40, seed=2))


def test_parameters_by_name(sleep, cbpp, monkeypatch):
    whole, fixed = confint(sleep), ["(Intercept)", "Days"]
    profiled = []
    limit = Parameter.limit
    monkeypatch.setattr(
        Parameter, "limit", lambda self, *rest: profiled.append(self.name) or limit(self, *rest)
    )
    assert confint(sleep, "sigma").equals(whole.loc[["sigma"]])
    assert profiled == ["sigma", "sigma"]  # the two sides, and nothing else
    profiled.clear()
    assert confint(sleep, "beta_").equals(whole.loc[fixed]) and set(profiled) == set(fixed)
    assert sleep.confint("theta_").equals(whole.drop(fixed))
    assert sleep.confint(["Days", "sigma", "beta_"]).equals(whole.loc[["sigma", *fixed]])
    assert list(confint(cbpp, "theta_", method="boot", n_sims=5, seed=1).index) == ["sd__(Intercept)|herd"]
    assert list(confint(sleep, "Days", method="wald").index) == ["Days"]
    pooled = complete_pooling("Reaction ~ Days + (1 | Subject)", data_for("sleepstudy"))
    assert confint(pooled, "Days").equals(confint(pooled).loc[["Days"]])


def test_a_wrong_name_is_told_the_right_ones(sleep):
    pooled = complete_pooling("Reaction ~ Days + (1 | Subject)", data_for("sleepstudy"))
    with pytest.raises(
        ValueError, match=r"no parameter 'day'\. Valid names: sd__.*, sigma, .*, Days, 'beta_', 'theta_'"
    ):
        confint(sleep, ["Days", "day"])
    with pytest.raises(ValueError, match="fixed effects only; 'profile' and 'boot' have all"):
        confint(sleep, "sigma", method="wald")
    with pytest.raises(
        ValueError, match=r"no parameter 'theta_'\. Valid names: \(Intercept\), Days, 'beta_'\."
    ):
        confint(pooled, "theta_")
    with pytest.raises(ValueError, match="parm is empty"):
        confint(sleep, [])
    for fit in (sleep, pooled):  # until now the level came second
        with pytest.raises(ValueError, match=r"takes names of parameters: .*level=0\.9"):
            confint(fit, 0.9)
