"""The Bayesian plots: what is drawn, what is said about it, and what bad input is told."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

matplotlib.use("agg")


from mlmkit import (
    lmer,
    load_seattle,
    plot_caterpillar,
    plot_funnel,
    plot_posterior_intervals,
    plot_posterior_lmer,
    plot_predictive_check,
    plot_prior_posterior,
    plot_trace,
    stan_glmer,
    stan_lmer,
)
from mlmkit.plots import alt_text
from mlmkit.plots.density import draw_density

SEATTLE = load_seattle()
INTERCEPTS = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def fit():
    return stan_lmer(INTERCEPTS, SEATTLE, seed=1)


@pytest.fixture(scope="module")
def slopes():
    return stan_lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", SEATTLE, seed=1)


def curve(values, low, high):
    ax = plt.subplots()[1]
    draw_density(ax, values, low, high)
    return ax.lines[0].get_data() if ax.lines else None


def test_a_density_integrates_to_one_and_peaks_where_the_draws_are():
    x, y = curve(np.random.default_rng(1).normal(5, 2, 20_000), -5, 15)
    assert np.trapezoid(y, x) == pytest.approx(1, abs=0.01)
    assert x[y.argmax()] == pytest.approx(5, abs=0.5)
    assert y.max() == pytest.approx(1 / (2 * np.sqrt(2 * np.pi)), rel=0.05)


def test_draws_outside_the_view_count_and_heavy_tails_do_not_flatten_the_middle():
    x, y = curve(np.random.default_rng(2).standard_cauchy(10_000), -4, 4)
    assert (x.min(), x.max()) == (-4, 4)
    assert y.max() == pytest.approx(1 / np.pi, rel=0.15)
    assert curve(np.ones(10), 0, 2) is None


def test_prior_and_posterior(slopes):
    panels = plot_prior_posterior(slopes)
    assert [ax.get_title() for ax in panels] == [
        "(Intercept)",
        "scale_sqft",
        "sigma",
        "sd[zipcode (Intercept)]",
        "sd[zipcode scale_sqft]",
    ]
    prior, posterior = panels[2].get_lines()
    assert posterior.get_xdata()[posterior.get_ydata().argmax()] == pytest.approx(slopes.sigma, rel=0.02)
    assert prior.get_ydata().max() < posterior.get_ydata().max() / 10
    assert "times as wide" in alt_text(panels[0])
    with pytest.raises(ValueError, match="There is no parameter 'tau'"):
        plot_prior_posterior(slopes, "tau")


def test_the_prior_of_a_standard_deviation_does_not_fall_towards_zero_at_the_edge(fit):
    for panel in plot_prior_posterior(fit)[1:]:
        prior = panel.get_lines()[0].get_ydata()
        if panel.get_xlim()[0] == 0:
            assert prior[0] > 0.95 * prior.max()
    at_zero = curve(np.random.default_rng(3).exponential(1, 20_000), 0, 5)[1]
    reflected = plt.subplots()[1]
    draw_density(reflected, np.random.default_rng(3).exponential(1, 20_000), 0, 5, edge=0.0)
    assert at_zero[0] < 0.7 * at_zero.max()
    assert reflected.lines[0].get_ydata()[0] > 0.97 * reflected.lines[0].get_ydata().max()


def test_posterior_beside_lmer(fit):
    frequentist = lmer(INTERCEPTS, SEATTLE)
    ax = plot_posterior_lmer(fit, frequentist)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == list(frequentist.coef["zipcode"]["(Intercept)"].sort_values().index)
    assert "95% intervals, by stan_lmer and by lmer" in alt_text(ax)
    with pytest.raises(ValueError, match="different groups"):
        plot_posterior_lmer(fit, lmer(INTERCEPTS, SEATTLE[SEATTLE["zipcode"] != "98010"]))


def test_posterior_intervals(slopes):
    ax = plot_posterior_intervals(slopes, term="scale_sqft", what="ranef")
    thin = ax.collections[0].get_segments()
    assert len(thin) == 9
    draws = slopes.sim().ranef["zipcode"]["scale_sqft"]
    lowest = draws[draws.median().idxmin()]
    assert thin[0][:, 0] == pytest.approx(np.quantile(lowest, [0.025, 0.975]))
    assert "in order of their medians" in alt_text(ax)
    with pytest.raises(ValueError, match="smaller first"):
        plot_posterior_intervals(slopes, probs=(0.95, 0.5))
    with pytest.raises(ValueError, match="grade"):
        plot_posterior_intervals(slopes, term="grade")
    assert plot_caterpillar(slopes, what="coef", term="scale_sqft").get_yticklabels()


def test_predictive_checks(fit):
    ax = plot_predictive_check(fit, draws=10)
    assert len(ax.get_lines()) == 11
    assert "A posterior predictive check" in alt_text(ax)
    prior = plot_predictive_check(fit.prior_only(500, seed=1), draws=5)
    assert "A prior predictive check" in alt_text(prior)
    top = plot_predictive_check(fit, draws=10, statistic=np.max)
    assert top.get_lines()[0].get_xdata()[0] == SEATTLE["price"].max()
    assert "0% of them reach the observed one" in alt_text(top)
    with pytest.raises(ValueError, match="draws is 0"):
        plot_predictive_check(fit, draws=0)


def test_predictive_checks_of_counts_and_of_yes_or_no():
    options = {"draws": 100, "chains": 1, "seed": 1}
    counts = stan_glmer("bedrooms ~ (1 | zipcode)", SEATTLE, family="poisson", **options)
    ax = plot_predictive_check(counts)
    assert ax.get_ylabel() == "Share of the rows"
    shown = ax.get_lines()[0].get_ydata()
    assert shown.sum() == pytest.approx(1)
    binary = stan_glmer("waterfront ~ (1 | zipcode)", SEATTLE, family="binomial", **options)
    ax = plot_predictive_check(binary)
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "98070"
    share = SEATTLE.loc[SEATTLE["zipcode"] == "98070", "waterfront"].mean()
    assert ax.get_lines()[0].get_xdata()[-1] == pytest.approx(share)
    assert "outside 95% of the replications: none" in alt_text(ax)


def test_axes_of_slopes_have_units(slopes):
    ax = plot_posterior_intervals(slopes, term="scale_sqft", what="ranef")
    assert ax.get_xlabel() == "Group effect on the slope of scale_sqft (US dollars for one unit)"
    assert plot_funnel(slopes, term="scale_sqft")[0].get_xlabel().endswith("(US dollars)")


def test_the_funnel_of_the_prior_is_in_the_centred_form(fit):
    panels = plot_funnel(fit.prior_only(seed=1), level="98010")
    effect, log_sd = np.asarray(panels[0].collections[0].get_offsets()).T
    low = log_sd < np.median(log_sd)
    assert effect[~low].std() > 5 * effect[low].std()
    standard = np.asarray(panels[1].collections[0].get_offsets())[:, 0]
    assert standard.std() == pytest.approx(1, abs=0.1)
    assert "non-centred" in panels[1].get_title()
    with pytest.raises(ValueError, match="There is no group '98199'"):
        plot_funnel(fit, level="98199")


def test_trace_and_ranks(fit):
    grid = plot_trace(fit, ["sigma", "(Intercept)"])
    assert grid.shape == (2, 2)
    drawn = grid[0, 0].get_lines()[1].get_ydata()
    np.testing.assert_array_equal(drawn, fit.draws["sigma"].iloc[1000:2000])
    ranks = grid[0, 1].patches[0].get_data().values
    assert ranks.sum() == 1000
    assert grid[0, 1].get_legend_handles_labels()[1][0] == "block 1"
    assert "largest R-hat is 1.000" in alt_text(grid[0, 0].figure)
    with pytest.raises(ValueError, match="There is no parameter"):
        plot_trace(fit, "nothing")
