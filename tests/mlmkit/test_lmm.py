"""lmer against lme4, at the optimum and at the lecture's print-outs."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from from_r import data_for, reference

from mlmkit import glmer, lmer, no_pooling
from mlmkit.engine import kernels

LINEAR = [name for name, model in reference().items() if model["type"] == "lmer"]


def distance(found, expected):
    """Largest relative difference."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    return np.max(np.abs(found - expected) / np.abs(expected))


@pytest.fixture(scope="module", params=LINEAR)
def pair(request):
    model = reference()[request.param]
    return lmer(model["formula"], data_for(request.param), REML=model["REML"]), model["polished"]


def test_every_number_of_lme4_at_its_optimum(pair):
    fit, polished = pair
    assert fit.converged and not fit.is_singular and fit.messages == []
    assert list(fit.fixef.index) == list(polished["fixef"])
    assert distance(fit.fixef, list(polished["fixef"].values())) < 1e-8
    assert distance(fit.se_fixef, list(polished["se"].values())) < 1e-8
    assert distance(fit.theta, np.atleast_1d(polished["theta"])) < 1e-8
    assert distance(fit.sigma, polished["sigma"]) < 1e-8
    assert distance(fit.loglik, polished["logLik"]) < 1e-10
    assert distance(fit.aic, polished["AIC_display"]) < 1e-10
    assert distance(fit.bic, polished["BIC"]) < 1e-10
    assert distance(fit.deviance, polished["deviance_display"]) < 1e-10
    assert distance(fit.dic, polished["DIC_display"]) < 1e-10


def test_every_group_of_lme4_at_its_optimum(pair):
    fit, polished = pair
    for label, sds in polished["sds"].items():
        assert distance(fit.varcorr[label].sd, list(sds.values())) < 1e-8
        corr = np.atleast_1d(polished["corr"][label])
        found = fit.varcorr[label].corr.to_numpy()
        assert np.allclose(found[np.tril_indices(len(found), -1)], corr, rtol=1e-8)
    for label, expected in polished["ranef"].items():
        assert list(fit.ranef[label].index) == expected["levels"]
        assert list(fit.ranef[label].columns) == list(np.atleast_1d(expected["names"]))
        # effects that are nearly zero are compared with the size of the others
        size = np.abs(expected["values"]).max()
        assert np.abs(fit.ranef[label].to_numpy() - np.array(expected["values"])).max() < 1e-9 * size
        assert distance(fit.se_ranef[label], polished["se_ranef"][label]) < 1e-8
    assert fit.ngrps == {label: len(table) for label, table in fit.ranef.items()}


LECTURE = {  # printed in the lecture: fixed effects, standard errors, standard deviations, AIC, DIC, deviance
    ("price ~ (1 | zipcode)", True): (
        [713204.24],
        [195580.94],
        [584666.88, 460890.53],
        [25155.1, 25201.4, 25175.2],
    ),
    ("price ~ scale_sqft + (1 | zipcode)", True): (
        [682210.16, 403385.07],
        [127976.83, 10167.55],
        [382797.06, 274619.10],
        [24238.4, 24321.6, 24276.0],
    ),
    ("price ~ scale_sqft + (1 + scale_sqft | zipcode)", False): (
        [606247.84, 330602.83],
        [90723.36, 69904.63],
        [271254.68, 208120.29, 196377.48],
        [23716.8, 23704.8, 23704.8],
    ),
}


@pytest.mark.parametrize(("model", "printed"), LECTURE.items())
def test_the_lectures_printout(model, printed, seattle):
    fit = lmer(model[0], seattle, REML=model[1])
    fixef, se, sds, criteria = printed
    assert distance(fit.fixef, fixef) < 2e-5
    assert distance(fit.se_fixef, se) < 2e-5
    assert distance([*fit.varcorr["zipcode"].sd, fit.sigma], sds) < 2e-5
    assert np.allclose([fit.aic, fit.dic, fit.deviance], criteria, atol=0.0501, rtol=0)


def test_the_lectures_tables_by_zipcode(seattle):
    fit = lmer("price ~ (1 | zipcode)", seattle)
    coef = [425454.1, 456901.5, 581647.2, 253581.2, 2143523.7, 488663.0, 900408.3, 879131.8, 289527.5]
    ranef = [-287750.1, -256302.7, -131557.1, -459623.1, 1430319.4, -224541.3, 187204.0, 165927.6, -423676.7]
    low = [-379643, -338874, -233587, -541866, 1300763, -309176, 97512, 77888, -545109]
    high = [-195857, -173731, -29528, -377381, 1559876, -139907, 276896, 253968, -302244]
    effects, errors = fit.ranef["zipcode"]["(Intercept)"], fit.se_ranef["zipcode"]["(Intercept)"]
    assert distance(fit.coef["zipcode"]["(Intercept)"], coef) < 2e-5
    assert distance(effects, ranef) < 2e-5
    assert distance(effects - 2 * errors, low) < 2e-5
    assert distance(effects + 2 * errors, high) < 2e-5
    assert np.round(fit.fixef + 2 * fit.se_fixef).item() == pytest.approx(1104366, rel=2e-5)


SCALINGS = {
    "square feet": (1.0, "sqft_living"),
    "cents": (100.0, "scale_sqft"),
    "millions": (1e-6, "sqft_living"),
}


@pytest.mark.parametrize(("factor", "predictor"), SCALINGS.values(), ids=SCALINGS)
@pytest.mark.parametrize("reml", [True, False])
def test_units_make_no_difference(seattle, factor, predictor, reml):
    base = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle, REML=reml)
    moved = seattle.assign(price=seattle["price"] * factor)
    other = lmer(f"price ~ {predictor} + (1 + {predictor} | zipcode)", moved, REML=reml)
    assert other.converged
    assert distance(other.fitted / factor, base.fitted) < 1e-7
    assert distance(other.sigma / factor, base.sigma) < 1e-9
    assert distance(other.varcorr["zipcode"].corr.shape, base.varcorr["zipcode"].corr.shape) == 0
    ml = [other.deviance - 2 * len(seattle) * np.log(factor), base.deviance]
    assert ml[0] == pytest.approx(ml[1], rel=1e-11)


@pytest.mark.parametrize("factor", [1e9, 1e-9])
def test_a_slope_in_other_units_only_scales_itself(seattle, factor):
    formula = "price ~ x + (1 + x | zipcode)"
    base = lmer(formula, seattle.assign(x=seattle["scale_sqft"]))
    other = lmer(formula, seattle.assign(x=seattle["scale_sqft"] * factor + 5 * factor))
    assert other.converged and not other.is_singular
    assert distance(other.fixef["x"] * factor, base.fixef["x"]) < 1e-8
    assert distance(other.varcorr["zipcode"].sd["x"] * factor, base.varcorr["zipcode"].sd["x"]) < 1e-8
    assert distance(other.fitted, base.fitted) < 1e-7


def test_raw_square_feet_reach_the_optimum_that_lme4_misses(seattle):
    fit = lmer("price ~ sqft_living + (1 + sqft_living | zipcode)", seattle, REML=True)
    assert fit.criterion == pytest.approx(23673.244, abs=6e-4)


def test_group_order_and_row_order_make_no_difference(seattle):
    base = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle)
    mixed = seattle.sample(frac=1, random_state=3).assign(zipcode=lambda d: d["zipcode"].astype(str))
    other = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", mixed)
    assert distance(other.fixef, base.fixef) < 1e-9
    assert distance(other.ranef["zipcode"], base.ranef["zipcode"]) < 1e-7
    assert distance(other.fitted.sort_index(), base.fitted) < 1e-9


def test_weights_are_repeated_rows(sleepstudy):
    rng = np.random.default_rng(1)
    weights = rng.uniform(0.2, 3, len(sleepstudy))
    fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy.assign(w=weights), weights="w")
    same = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, weights=weights)
    scaled = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, weights=weights * 4)
    assert distance(fit.fixef, same.fixef) == 0
    assert distance(scaled.fixef, fit.fixef) < 1e-9
    assert scaled.sigma == pytest.approx(2 * fit.sigma, rel=1e-9)
    assert scaled.loglik == pytest.approx(fit.loglik, rel=1e-10)


def test_offset_is_taken_off_the_outcome(sleepstudy):
    moved = sleepstudy.assign(o=7.0 * sleepstudy["Days"])
    base = lmer("Reaction ~ Days + (1 | Subject)", sleepstudy)
    for fit in (
        lmer("Reaction ~ Days + offset(o) + (1 | Subject)", moved),
        lmer("Reaction ~ Days + (1 | Subject)", moved, offset="o"),
    ):
        assert fit.fixef["Days"] == pytest.approx(base.fixef["Days"] - 7, rel=1e-9)
        assert distance(fit.fitted, base.fitted) < 1e-9


def test_fits_survive_pickling_and_copying(seattle):
    for formula in (
        "price ~ scale_sqft + (1 | zipcode)",
        "price ~ log(sqft_living) + factor(view) + (1 | zipcode)",
    ):
        fit = lmer(formula, seattle)
        for other in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):
            assert other.fixef.equals(fit.fixef)
            assert other.predict(seattle.head(3)).equals(fit.predict(seattle.head(3)))
            assert repr(other) == repr(fit)


def test_compiled_and_numpy_kernels_agree(seattle):
    for formula in (
        "price ~ scale_sqft + (1 | zipcode)",
        "price ~ scale_sqft + (1 + scale_sqft | zipcode)",
        "price ~ scale_sqft + (1 + scale_sqft + lat | zipcode)",
    ):
        with kernels.only(compiled=True):
            fast = lmer(formula, seattle)
            tables, start = (fast.ranef["zipcode"], fast.se_ranef["zipcode"]), fast.solution.problem.start()
        with kernels.only(compiled=False):
            plain = lmer(formula, seattle)
            assert np.allclose(start, plain.solution.problem.start(), rtol=1e-9)
            for table, twin in zip(tables, (plain.ranef["zipcode"], plain.se_ranef["zipcode"]), strict=True):
                assert np.allclose(table, twin, rtol=1e-6)
        assert distance(fast.theta, plain.theta) < 1e-7
        assert fast.criterion == pytest.approx(plain.criterion, rel=1e-12)


def test_kernels_are_found_once_they_are_compiled(seattle):
    with kernels.only(compiled=True):
        lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle)
        glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", seattle)
    kernels.mark_ready()
    folder = Path(kernels.__file__).parent / "__pycache__"
    assert all(list(folder.glob(f"{name}.*.nbi")) for name in kernels.FILES)
    assert kernels.lie_ready()


def test_a_zero_variance_is_found_and_said(seattle):
    rng = np.random.default_rng(5)
    flat = pd.DataFrame({"y": np.tile(rng.normal(size=10), 8), "g": np.repeat(list("abcdefgh"), 10)})
    fit = lmer("y ~ (1 | g)", flat)
    assert fit.converged and fit.is_singular
    assert fit.varcorr["g"].sd["(Intercept)"] == pytest.approx(0, abs=1e-6)
    assert "estimated as zero" in fit.messages[0]
    assert fit.fixef["(Intercept)"] == pytest.approx(flat["y"].mean())
    assert fit.sigma == pytest.approx(flat["y"].std())
    assert not np.isnan(fit.se_ranef["g"].to_numpy()).any()


def best_of_many(fit, tries=30, seed=0):
    """Minimise the same deviance by another optimiser from many places."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    problem, best = fit.solution.problem, np.inf
    for _ in range(tries):
        start = rng.normal(size=len(fit.theta)) * rng.choice([0.1, 1.0, 5.0])
        found = minimize(
            lambda t: problem(t)[0], start, method="Nelder-Mead", options={"maxiter": 2000, "fatol": 1e-9}
        )
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_small_problems_with_degenerate_variances_reach_the_optimum(seed, reml):
    """True variances of zero and correlations of one, few groups: the hard cases."""
    rng = np.random.default_rng(seed)
    groups, size = int(rng.integers(3, 8)), int(rng.integers(3, 9))
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=len(g))
    common = rng.normal(size=groups) * rng.choice([0.0, 0.0, 0.5, 2.0])
    y = 1 + x + common[g] * (1 + rng.choice([0, 0.7]) * x) + rng.normal(size=len(g))
    frame = pd.DataFrame({"y": y, "x": x, "g": g})
    for formula in ("y ~ x + (1 + x | g)", "y ~ x + (x || g)", "y ~ x + (1 | g)"):
        fit = lmer(formula, frame, REML=reml)
        assert fit.converged
        assert fit.solution.optimum.value <= best_of_many(fit, 6, seed) + 1e-6
        assert (fit.theta[[0, -1]] >= 0).all()


def test_single_row_groups_are_fine_and_said(seattle):
    few = pd.concat([seattle[seattle["zipcode"] != "98010"], seattle[seattle["zipcode"] == "98010"].head(1)])
    fit = lmer("price ~ scale_sqft + (1 | zipcode)", few)
    assert fit.converged
    assert "one row only (98010)" in fit.messages[0]
    alone = no_pooling("price ~ scale_sqft + (1 + scale_sqft | zipcode)", few)
    assert alone.coef["zipcode"].loc["98010"].isna().all()
    assert "98010" in alone.messages[-1]
