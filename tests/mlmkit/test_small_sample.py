"""Satterthwaite's degrees of freedom, t intervals and F tests, against R's lmerTest."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE, data_for

from mlmkit import anova, complete_pooling, confint, glmer, lmer, stan_glmer

FROM_R = json.loads((REFERENCE / "lmertest.json").read_text())
ON_THE_EDGE = {"sleep_singular", "sleep_one_direction", "cake"}  # there lme4 itself stops early
WITH_TERMS = [name for name in FROM_R if FROM_R[name]["marginal"]["term"]]


def fit_of(name):
    model = FROM_R[name]
    data = data_for(model["data"])
    if model["data"] == "sleepstudy":
        flat = data["Reaction"] - data.groupby("Subject")["Reaction"].transform("mean")
        data = data.assign(flat=flat, w=1.0 + data["Days"])
    weights = None if model["weights"] == "none" else model["weights"]
    return lmer(model["formula"], data, REML=model["reml"], weights=weights)


@pytest.mark.parametrize("name", FROM_R)
def test_t_tests_are_those_of_lmertest(name):
    model, fit = FROM_R[name], fit_of(name)
    table = fit.tidy(ddf="satterthwaite").head(len(model["term"]))
    assert table["term"].tolist() == model["term"]
    rel = 5e-5 if name in ON_THE_EDGE else 2e-6
    assert table["df"].tolist() == pytest.approx(model["df"], rel=rel)
    assert table["statistic"].tolist() == pytest.approx(model["t"], rel=rel)
    assert table["p_value"].tolist() == pytest.approx(model["p"], rel=30 * rel)


@pytest.mark.parametrize("name", WITH_TERMS)
def test_f_tests_are_those_of_lmertest(name):
    model, table = FROM_R[name]["marginal"], anova(fit_of(name))
    assert table.index.tolist() == model["term"]
    rel = 5e-5 if name in ON_THE_EDGE else 2e-6
    names = {"sum_sq": "sumsq", "mean_sq": "meansq", "num_df": "numdf", "den_df": "dendf", "f_value": "f"}
    for ours, theirs in names.items():
        assert table[ours].tolist() == pytest.approx(model[theirs], rel=rel), ours
    assert table["p_value"].tolist() == pytest.approx(model["p"], rel=30 * rel)
    if name != "cake_interaction":  # without interactions type III is the same
        assert table["f_value"].tolist() == pytest.approx(FROM_R[name]["type3"]["f"], rel=rel)
        assert table.attrs["messages"] == [] and "*" not in repr(table)


def test_a_term_inside_an_interaction_is_explained():
    table = anova(fit_of("cake_interaction"))
    (message,) = table.attrs["messages"]
    assert message.startswith("An interaction contains recipe, warm. These are tested where")
    assert repr(table).endswith(message) and message in table._repr_html_()


def test_units_do_not_matter():
    data = data_for("seattle")
    far = data.assign(scale_sqft=1e6 + 1e-3 * data["scale_sqft"], price=1e-9 * data["price"])
    formula = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
    near, moved = anova(lmer(formula, data)), anova(lmer(formula, far))
    assert moved["den_df"].tolist() == pytest.approx(near["den_df"].tolist(), rel=1e-4)


def test_an_effect_that_is_zero_for_one_direction_still_turns():
    # flat has no differences between subjects at the middle day: of the scaled columns, the first varies not
    # at all, and a triangular factor of the covariance could not turn: that gives 19.35, lmerTest 17.40.
    fit = fit_of("sleep_one_direction")
    assert fit.is_singular
    assert fit.tidy(ddf="satterthwaite").loc[0, "df"] == pytest.approx(17.401, abs=2e-3)


def test_t_intervals(sleepstudy):
    fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    table = confint(fit, level=0.9, method="t")
    half = 1.7396067 * fit.se_fixef  # qt(0.95, 17)
    assert table["low"].tolist() == pytest.approx((fit.fixef - half).tolist(), rel=1e-7)
    assert table["high"].tolist() == pytest.approx((fit.fixef + half).tolist(), rel=1e-7)
    tidy = fit.tidy(0.9, ddf="Satterthwaite")
    assert list(tidy.columns) == [
        *("term", "estimate", "std_error", "statistic", "df", "p_value"),
        *("conf_low", "conf_high", "group", "level"),
    ]
    assert tidy["conf_low"].head(2).tolist() == table["low"].tolist()
    assert tidy["df"].notna().sum() == 2
    plain = fit.tidy(0.9)
    assert "df" not in plain and plain.loc[2:].equals(tidy.loc[2:, plain.columns])


def test_other_fits_get_a_sentence(sleepstudy, seattle):
    yes_no = glmer("price > 1e6 ~ (1 | zipcode)", seattle)
    with pytest.raises(
        TypeError, match=r"anova of one fit doesn't work on a fit by glmer: .*anova\(small, large"
    ):
        anova(yes_no)
    with pytest.raises(TypeError, match=r"tidy\(ddf='satterthwaite'\) doesn't work on a fit by glmer"):
        yes_no.tidy(ddf="satterthwaite")
    with pytest.raises(TypeError, match=r'method="t".*doesn\'t work on a fit by glmer'):
        confint(yes_no, method="t")
    with pytest.raises(TypeError, match=r"regression.*fit.statsmodels.summary"):
        anova(complete_pooling("price ~ scale_sqft + (1 | zipcode)", seattle))
    drawn = stan_glmer("price ~ (1 | zipcode)", seattle, draws=50, chains=2, seed=1)
    with pytest.raises(TypeError, match=r"Bayesian fit.*posterior_interval"):
        anova(drawn)
    with pytest.raises(TypeError, match=r"Bayesian fit.*posterior_interval"):
        drawn.tidy(ddf="satterthwaite")
    fit = lmer("Reaction ~ (1 | Subject)", sleepstudy)
    with pytest.raises(ValueError, match="none but the intercept"):
        anova(fit)
    with pytest.raises(ValueError, match="ddf belongs to the F tests of one fit"):
        anova(fit, fit, ddf="satterthwaite")
    for call in (anova, type(fit).tidy):
        with pytest.raises(ValueError, match="Valid choices: 'satterthwaite'"):
            call(fit, ddf="Kenward-Roger")


def test_what_fits_exactly_is_not_tested():
    frame = pd.DataFrame({"g": np.repeat(np.arange(6), 5), "x": np.tile(np.arange(5.0), 6)})
    frame["y"] = 1 + 2 * frame["x"] + np.array([3, 1, 4, 1, 5, 9])[frame["g"]]
    with pytest.raises(ValueError, match="the groups give the outcome 'y' exactly in all 30 rows"):
        lmer("y ~ x + (1 | g)", frame)
    line = frame.assign(y=2.0 * frame["x"])
    with pytest.raises(ValueError, match="goes through every row exactly"):
        anova(complete_pooling("y ~ x + (1 | g)", line), complete_pooling("y ~ (1 | g)", line))
    small = frame.assign(y=1e-9 * (frame["y"] + np.sin(np.arange(30))))  # a small unit isn't an exact fit
    assert anova(lmer("y ~ x + (1 | g)", small), lmer("y ~ (1 | g)", small))["p_value"].notna().sum() == 1


def test_models_with_as_many_parameters_have_no_test(sleepstudy):
    data = sleepstudy.assign(root=np.sqrt(sleepstudy["Days"] + 1))
    one, other = (lmer(f"Reaction ~ {x} + (1 | Subject)", data) for x in ("Days", "root"))
    table = anova(one, other)
    assert table["df"].tolist()[1] == 0 and table["p_value"].isna().all()
    (message,) = table.attrs["messages"]
    assert "have 4 parameters each" in message and repr(table).endswith(message)
    assert table[["aic", "bic"]].notna().all(axis=None)
    bigger = anova(one, lmer("Reaction ~ Days + (Days | Subject)", data))
    assert bigger.attrs["messages"] == [] and "*" not in repr(bigger)


def coverage_of_a_mean(studies, seed):
    """Count how often intervals at 0.95 cover the mean of nine groups; and the Monte Carlo error."""
    rng, groups = np.random.default_rng(seed), np.repeat(np.arange(9), 12)

    def outcome():
        return 10 + rng.standard_normal(9)[groups] + rng.standard_normal(len(groups))

    fit = lmer("y ~ (1 | g)", pd.DataFrame({"g": groups, "y": outcome()}))
    covered = dict.fromkeys(["t", "wald"], 0)
    for _ in range(studies):
        again = fit.refit(outcome())
        for method in covered:
            low, high = confint(again, method=method).loc["(Intercept)", ["low", "high"]]
            covered[method] += low < 10 < high
    return {method: count / studies for method, count in covered.items()}, np.sqrt(0.05 * 0.95 / studies)


def test_t_intervals_cover_where_normal_ones_do_not():
    covered, error = coverage_of_a_mean(700, 1)
    assert abs(covered["t"] - 0.95) < 2.5 * error  # error: 0.008
    assert covered["wald"] < 0.95 - 2.5 * error


@pytest.mark.slow
def test_t_intervals_cover_as_often_as_they_say():
    covered, error = coverage_of_a_mean(20_000, 2)
    assert abs(covered["t"] - 0.95) < 3 * error  # error: 0.0015
    assert covered["wald"] < 0.95 - 15 * error  # 0.912
