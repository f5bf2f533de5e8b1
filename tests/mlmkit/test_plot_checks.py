"""Plots that check a fit: profile, residuals, scale-location, QQ, binned residuals."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from from_r import data_for

from mlmkit import (
    complete_pooling,
    confint,
    glmer,
    lmer,
    plot_binned_residuals,
    plot_profile,
    plot_qq,
    plot_residuals,
    plot_scale_location,
)
from mlmkit.plots import alt_text
from mlmkit.plots.bins import binned, bins_of

mpl.use("Agg")


@pytest.fixture(scope="module")
def sleep():
    return lmer("Reaction ~ Days + (Days | Subject)", data_for("sleepstudy"))


@pytest.fixture(scope="module")
def expensive(seattle):
    return glmer("price > 500000 ~ scale_sqft + (1 | zipcode)", seattle)


def line(ax, label):
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def test_the_profile_crosses_the_normal_quantiles_at_the_interval(sleep):
    name = "sd__Days|Subject"
    ax = plot_profile(sleep, name)
    limits = confint(sleep).loc[name]
    x, zeta = line(ax, "profile")
    assert np.interp([-1.96, 1.96], zeta, x) == pytest.approx(limits[["low", "high"]].tolist(), rel=2e-3)
    assert line(ax, "estimate")[0] == pytest.approx(limits["estimate"])
    assert "interval runs from 3.801 to 8.753. The curve bends" in alt_text(ax)
    assert "nearly straight" in alt_text(plot_profile(sleep, "Days", points=9))


def test_a_profile_at_the_edge_says_where_it_ends():
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 5), "y": np.random.default_rng(3).normal(size=40)})
    ax = plot_profile(lmer("y ~ (1 | g)", frame), "sd__(Intercept)|g", points=7)
    assert "interval runs from 0 to" in alt_text(ax) and "to the right only" in alt_text(ax)
    with pytest.raises(ValueError, match="no parameter 'days'"):
        plot_profile(lmer("y ~ (1 | g)", frame), "days")
    with pytest.raises(ValueError, match="between 0 and 1"):
        plot_profile(lmer("y ~ (1 | g)", frame), "sigma", level=95)


def test_residual_plots_show_every_row(sleep, expensive):
    ax = plot_residuals(sleep)
    np.testing.assert_allclose(
        ax.collections[0].get_offsets(), np.column_stack([sleep.fitted, sleep.residuals])
    )
    assert alt_text(ax).startswith("180 residuals of Reaction against fitted values")
    size = plot_scale_location(sleep).collections[0].get_offsets()[:, 1]
    np.testing.assert_allclose(size**2, np.abs(sleep.residuals) / sleep.sigma)
    assert plot_residuals(complete_pooling("Reaction ~ Days", data_for("sleepstudy"))).get_xlabel()
    for plot in (plot_residuals, plot_scale_location, plot_qq):
        with pytest.raises(ValueError, match="use plot_binned_residuals"):
            plot(expensive)


def test_a_growing_spread_is_said():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat(np.arange(10), 40), "x": rng.uniform(1, 10, 400)})
    frame["y"] = frame["x"] + rng.normal(size=400) * frame["x"]
    assert "the average rises" in alt_text(plot_scale_location(lmer("y ~ x + (1 | g)", frame)))
    weighted = lmer("y ~ x + (1 | g)", frame, weights=1 / frame["x"] ** 2)
    assert "the average stays level" in alt_text(plot_scale_location(weighted))


def test_weights_count_in_pearson_residuals_and_in_the_plot_of_their_size():
    """A row of weight w has the variance sigma² / w: its Pearson residual is sqrt(w) times the plain one."""
    data = data_for("sleepstudy")
    weights = np.random.default_rng(2).uniform(0.2, 3, len(data))
    fit = lmer("Reaction ~ Days + (1 | Subject)", data, weights=weights)
    intercepts = data["Subject"].map(fit.coef["Subject"]["(Intercept)"]).astype(float)
    plain = data["Reaction"] - intercepts - fit.fixef["Days"] * data["Days"]
    np.testing.assert_allclose(fit.augment()["residual"], plain, atol=1e-8)
    np.testing.assert_allclose(fit.resid("pearson"), np.sqrt(weights) * plain, atol=1e-8)
    np.testing.assert_allclose(fit.resid("deviance", scaled=True), np.sqrt(weights) * plain / fit.sigma)
    drawn = plot_scale_location(fit).collections[0].get_offsets()[:, 1]
    np.testing.assert_allclose(drawn**2, np.sqrt(weights) * np.abs(plain) / fit.sigma)


def test_normal_residuals_stay_in_their_band_and_others_do_not(sleep):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": np.repeat(np.arange(20), 30)})
    frame["y"] = rng.normal(size=20)[frame["g"]] + rng.normal(size=600)
    frame["heavy"] = rng.normal(size=20)[frame["g"]] + rng.standard_t(2, size=600)
    outside = int(alt_text(plot_qq(lmer("y ~ (1 | g)", frame))).split("distribution. ")[1].split()[0])
    assert outside < 60
    assert "upper end lies above the band" in alt_text(plot_qq(lmer("heavy ~ (1 | g)", frame)))
    ax = plot_qq(sleep, what="ranef", term="Days")
    assert line(ax, "a group of Subject")[1] == pytest.approx(np.sort(sleep.ranef["Subject"]["Days"]))
    assert ax.get_ylabel() == "Random effect on Days"
    with pytest.raises(ValueError, match='"residuals" or "ranef"'):
        plot_qq(sleep, what="coef")


def test_bins_are_those_of_arm(expensive):
    """``binned.resids(fitted(fit), resid(fit, type = "response"))`` of arm 1.13: rows 1, 15 and 29."""
    ax = plot_binned_residuals(expensive)
    x, averages = line(ax, "average of a bin")
    assert len(x) == 29
    assert x[[0, 14, 28]] == pytest.approx([0.000143151, 0.362998569, 0.999977876], rel=5e-3)
    assert averages[[0, 14]] == pytest.approx([-0.000143151, -0.062998569], rel=5e-3)
    assert ax.lines[2].get_ydata()[[0, 14]] == pytest.approx([1.5354721e-05, 0.16963437], rel=5e-3)
    assert "in 29 bins of the fitted probability" in alt_text(ax)
    assert len(line(plot_binned_residuals(expensive, x="scale_sqft", bins=7), "average of a bin")[0]) == 7
    with pytest.raises(ValueError, match="'price' is not in this table"):
        plot_binned_residuals(expensive, x="price")
    with pytest.raises(ValueError, match="bins is 0"):
        plot_binned_residuals(expensive, bins=0)


def test_bins_keep_equal_values_together():
    x, y, error = binned([1, 2, 2, 2, 3, 4], [1, 2, 3, 4, 5, 6], 3)
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0, 3.5], [1.0, 3.0, 5.5])
    assert np.isnan(error[0]) and error[1] == pytest.approx(1 / np.sqrt(3))
    assert binned(np.ones(5), np.arange(5.0), 3)[1].tolist() == [2.0]
    assert [bins_of(n) for n in (10, 11, 99, 100, 400)] == [5, 10, 10, 10, 20]


@pytest.mark.parametrize("kind", ["response", "pearson", "deviance"])
def test_residuals_are_those_of_r(kind):
    """Against lme4 1.1-31: ``head(resid(fit, type = kind), 3)`` of its cbpp model."""
    fit = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data_for("cbpp"))
    assert fit.resid(kind).head(3).tolist() == pytest.approx(R_RESIDUALS[kind], rel=1e-3)
    with pytest.raises(ValueError, match="'response', 'pearson', 'deviance'"):
        fit.resid("working")


R_RESIDUALS = {
    "response": [-0.165307581, 0.108226630, 0.318458889],
    "pearson": [-1.33956557, 1.07479697, 2.87908806],
    "deviance": [-1.437707824, 0.988471952, 2.356688258],
}
