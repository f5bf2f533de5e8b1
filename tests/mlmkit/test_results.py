"""The result object: print-outs, tables, predictions, draws."""

import numpy as np
import pandas as pd
import pytest

import mlmkit
from mlmkit import display, lmer, sigma_hat, sim

SLOPES = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def slopes(seattle):
    return lmer(SLOPES, seattle, REML=False)


@pytest.fixture(scope="module")
def intercepts(seattle):
    return lmer("price ~ (1 | zipcode)", seattle)


def test_display_has_the_lectures_layout(slopes, intercepts, capsys):
    display(slopes)
    assert capsys.readouterr().out == (
        "lmer(formula = price ~ scale_sqft + (1 + scale_sqft | zipcode),\n"
        f"    data = {slopes.design.data_name}, REML = FALSE)\n"
        "            coef.est  coef.se\n"
        "(Intercept) 606247.99  90724.51\n"
        "scale_sqft  330602.94  69905.24\n"
        "\n"
        "Error terms:\n"
        " Groups   Name        Std.Dev.  Corr\n"
        " zipcode  (Intercept) 271258.13\n"
        "          scale_sqft  208122.12 0.99\n"
        " Residual             196377.49\n"
        "---\n"
        "number of obs: 869, groups: zipcode, 9\n"
        "AIC = 23716.8, DIC = 23704.8\n"
        "deviance = 23704.8\n"
    )
    assert " coef.est   coef.se\n713204.24 195580.93\n" in repr(intercepts)
    assert repr(slopes).startswith("lmer(formula")


def test_html_escapes_what_students_name(seattle):
    fit = lmer("price ~ `<b>x` + (1 | zipcode)", seattle.rename(columns={"scale_sqft": "<b>x"}))
    assert "<b>" not in fit._repr_html_() and "&lt;b&gt;x" in fit._repr_html_()


def test_functions_are_the_attributes(slopes):
    assert mlmkit.fixef(slopes) is slopes.fixef
    assert mlmkit.ranef(slopes) is slopes.ranef
    assert mlmkit.coef(slopes) is slopes.coef
    assert mlmkit.sigma(slopes) == slopes.sigma
    assert mlmkit.VarCorr(slopes) is slopes.varcorr
    assert mlmkit.se_fixef(slopes) is slopes.se_fixef
    assert mlmkit.se_ranef(slopes) is slopes.se_ranef
    assert mlmkit.se_coef(slopes) is slopes.se_coef
    assert mlmkit.ngrps(slopes) == {"zipcode": 9}
    assert mlmkit.predict(slopes).equals(slopes.fitted)


def test_sigma_hat_and_varcorr(slopes, sleepstudy):
    assert sigma_hat(slopes)["data"] == slopes.sigma
    assert sigma_hat(slopes)["zipcode"].equals(slopes.varcorr["zipcode"].sd)
    split = lmer("Reaction ~ Days + (Days || Subject)", sleepstudy)
    assert list(split.varcorr) == ["Subject", "Subject.1"]
    assert list(sigma_hat(split)["Subject"].index) == ["(Intercept)", "Days"]
    table = slopes.varcorr.frame()
    assert table["sd_or_corr"].tolist()[-1] == slopes.sigma
    assert table.loc[2, "sd_or_corr"] == slopes.varcorr["zipcode"].corr.iloc[0, 1]


def test_coef_adds_fixed_and_random(slopes, seattle):
    total = slopes.fixef + slopes.ranef["zipcode"]
    assert np.allclose(slopes.coef["zipcode"], total)
    only_random = lmer("price ~ 1 + (0 + scale_sqft | zipcode)", seattle)
    assert list(only_random.coef["zipcode"].columns) == ["scale_sqft", "(Intercept)"]
    assert only_random.coef["zipcode"]["scale_sqft"].equals(only_random.ranef["zipcode"]["scale_sqft"])


def test_predictions_of_old_rows_and_new_groups(slopes, seattle):
    assert np.allclose(slopes.predict(seattle), slopes.fitted)
    new = pd.DataFrame({"zipcode": ["98010", "98999"], "scale_sqft": [0.5, 0.5]})
    typical = slopes.fixef["(Intercept)"] + 0.5 * slopes.fixef["scale_sqft"]
    for mode in ("zero", "marginal"):
        own, other = slopes.predict(new, new_levels=mode)
        assert other == pytest.approx(typical)
        expected = slopes.coef["zipcode"].loc["98010"]
        assert own == pytest.approx(expected["(Intercept)"] + 0.5 * expected["scale_sqft"])
    assert slopes.predict(new, random=False).tolist() == pytest.approx([typical] * 2)
    gap = slopes.predict(pd.DataFrame({"zipcode": ["98010"], "scale_sqft": [np.nan]}))
    assert gap.isna().all()


def test_draws_have_the_joint_covariance(slopes, seattle):
    """Against the dense posterior covariance of (beta, b) given theta and sigma."""
    n, groups = len(seattle), 9
    X = np.column_stack([np.ones(n), seattle["scale_sqft"]])
    codes = seattle["zipcode"].cat.codes.to_numpy()
    Z = np.zeros((n, 2 * groups))
    Z[np.arange(n), 2 * codes], Z[np.arange(n), 2 * codes + 1] = 1.0, seattle["scale_sqft"]
    D = np.kron(np.eye(groups), slopes.varcorr["zipcode"].cov / slopes.sigma**2)
    precision = np.block([[X.T @ X, X.T @ Z], [Z.T @ X, Z.T @ Z + np.linalg.inv(D)]])
    draws = sim(slopes, n_sims=20_000, seed=4)
    spread = (draws.sigma**2).mean()
    exact = np.linalg.inv(precision) * spread
    together = np.hstack([draws.fixef, draws.effects[0].reshape(20_000, -1)])
    found = np.cov(together.T)
    scale = np.sqrt(np.diagonal(exact))
    assert np.abs(found / np.outer(scale, scale) - exact / np.outer(scale, scale)).max() < 0.05
    center = np.append(slopes.fixef, slopes.ranef["zipcode"])
    assert np.abs((together.mean(axis=0) - center) / scale).max() < 5 / np.sqrt(20_000)
    total = draws.coef["zipcode"]
    assert np.allclose(total.std().to_numpy(), slopes.se_coef["zipcode"].to_numpy().T.ravel(), rtol=0.03)


def test_sigma_is_drawn_from_its_scaled_inverse_chi_squared(intercepts):
    from scipy import stats

    draws = intercepts.sim(4000, seed=2).sigma
    rss = intercepts.sigma**2 * (869 - 1)
    law = stats.invgamma((869 - 1) / 2, scale=rss / 2)
    assert stats.kstest(draws**2, law.cdf).pvalue > 1e-3


def test_sigma_of_a_small_fit_is_drawn_with_n_minus_p_degrees_of_freedom():
    """12 rows and 4 fixed effects: with 12 for 8 degrees of freedom the mean of sigma² would be 40 % less.

    The allowance is four Monte Carlo standard errors: of a mean sd / sqrt(N), of a quantile
    sqrt(p (1 - p) / N) over the density there.
    """
    from scipy import stats

    rng, n, p, size = np.random.default_rng(8), 12, 4, 20_000
    data = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    data["g"] = np.repeat(list("uvw"), 4)
    data["y"] = data["a"] + 2 * rng.normal(size=n)
    fit = lmer("y ~ a + b + c + (1 | g)", data)
    drawn = fit.sim(size, seed=1).sigma ** 2
    law = stats.invgamma((n - p) / 2, scale=fit.sigma**2 * (n - p) / 2)  # scaled inverse chi-squared
    assert abs(drawn.mean() - law.mean()) < 4 * law.std() / np.sqrt(size)
    for share in (0.1, 0.5, 0.9):
        exact = law.ppf(share)
        error = np.sqrt(share * (1 - share) / size) / law.pdf(exact)
        assert abs(drawn.quantile(share) - exact) < 4 * error


def test_draws_repeat_with_a_seed(intercepts):
    first, second = intercepts.sim(10, seed=3), intercepts.sim(10, seed=3)
    assert first.fixef.equals(second.fixef) and first.coef["zipcode"].equals(second.coef["zipcode"])
    assert not first.fixef.equals(intercepts.sim(10, seed=4).fixef)
    assert len(first) == 10 and "zipcode" in repr(first)


def test_a_new_zipcode_spreads_like_the_groups(intercepts):
    new = pd.DataFrame({"zipcode": ["new", "new", "other"]})
    mean = intercepts.predict_draws(new, 8000, new_levels="marginal", seed=1)
    sd = intercepts.varcorr["zipcode"].sd["(Intercept)"]
    expected = np.hypot(sd, intercepts.se_fixef["(Intercept)"])
    assert np.allclose(mean.std(), expected, rtol=0.03)
    assert (mean[0] == mean[1]).all()  # the same new group
    assert abs(np.corrcoef(mean[0], mean[2])[0, 1]) < 0.2
    outcome = intercepts.predict_draws(new, 8000, new_levels="marginal", kind="outcome", seed=1)
    assert np.allclose(outcome.std(), np.hypot(expected, intercepts.sigma), rtol=0.03)
    zero = intercepts.predict_draws(new, 8000, new_levels="zero", seed=1)
    assert np.allclose(zero.std(), intercepts.se_fixef["(Intercept)"], rtol=0.03)


def test_tables(slopes, seattle):
    tidy = slopes.tidy()
    assert list(tidy.columns) == ["term", "estimate", "std_error", "conf_low", "conf_high", "group", "level"]
    assert len(tidy) == 2 + 4 + 18
    first = tidy.iloc[0]
    assert first["conf_high"] - first["conf_low"] == pytest.approx(
        2 * 1.959964 * first["std_error"], rel=1e-6
    )
    assert slopes.glance().loc[0, "AIC"] == slopes.aic
    rows = slopes.augment()
    assert np.allclose(rows["fitted"] + rows["residual"], seattle["price"])
    assert rows["zipcode"].tolist() == seattle["zipcode"].tolist()
    with pytest.raises(ValueError, match="between 0 and 1"):
        slopes.tidy(95)


def test_icc_and_r2(intercepts, slopes):
    sd = intercepts.varcorr["zipcode"].sd["(Intercept)"]
    assert intercepts.icc()["zipcode"] == pytest.approx(sd**2 / (sd**2 + intercepts.sigma**2))
    assert intercepts.r2()["marginal"] == pytest.approx(0)
    assert intercepts.r2()["conditional"] == pytest.approx(intercepts.icc()["zipcode"])
    r2 = slopes.r2()
    assert 0 < r2["marginal"] < r2["conditional"] < 1


def test_r2_is_nakagawa_and_schielzeths(seattle, slopes):
    """From the fixed predictions and the variances, as they write it; with slopes, as Johnson (2014)."""
    fit = lmer("price ~ scale_sqft + (1 | zipcode)", seattle)
    fixed = np.var(fit.fixef["(Intercept)"] + fit.fixef["scale_sqft"] * seattle["scale_sqft"], ddof=1)
    between = fit.varcorr["zipcode"].sd["(Intercept)"] ** 2
    total = fixed + between + fit.sigma**2
    assert fit.r2()["marginal"] == pytest.approx(fixed / total, rel=1e-9)
    assert fit.r2()["conditional"] == pytest.approx((fixed + between) / total, rel=1e-9)

    x, cov = seattle["scale_sqft"], slopes.varcorr["zipcode"].cov.to_numpy()
    fixed = np.var(slopes.fixef["scale_sqft"] * x, ddof=1)
    between = np.mean(cov[0, 0] + 2 * x * cov[0, 1] + x**2 * cov[1, 1])
    expected = (fixed + between) / (fixed + between + slopes.sigma**2)
    assert slopes.r2()["conditional"] == pytest.approx(expected, rel=1e-9)


def test_refit_by_maximum_likelihood_is_the_ml_fit(seattle):
    reml = lmer(SLOPES, seattle)
    ml = lmer(SLOPES, seattle, REML=False)
    assert np.allclose(reml.refit_ml().fixef, ml.fixef, rtol=1e-8)
    assert reml.deviance == pytest.approx(ml.deviance, rel=1e-12)
