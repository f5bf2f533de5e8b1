import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlmkit import lmer
from mlmkit.plots import POOLING_COLORS, alt_text, plot_shrinkage_path

mpl.use("Agg")

MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def sample(seattle):
    """Between 4 and 36 sales of each zip code."""
    groups = seattle.groupby("zipcode", observed=True)
    return pd.concat([rows.head(4 * place) for place, (_, rows) in enumerate(groups, start=1)])


@pytest.fixture(scope="module")
def fit(sample):
    return lmer(MODEL, sample)


@pytest.fixture
def ax(fit):
    return plot_shrinkage_path(fit)


def named(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return line


def test_every_path_runs_from_complete_to_no_pooling(ax, sample):
    means = sample.groupby("zipcode", observed=True)["price"].mean()
    spread = np.ptp(means)
    for line, mean in zip(ax.lines[:9], means, strict=True):
        assert line.get_ydata()[0] == pytest.approx(sample["price"].mean(), abs=0.02 * spread)
        assert line.get_ydata()[-1] == pytest.approx(mean, abs=0.02 * spread)


def test_diamonds_are_the_estimates_of_the_fit_at_its_standard_deviation(ax, fit):
    diamonds = named(ax, "estimated by lmer")
    np.testing.assert_allclose(diamonds.get_xdata(), fit.varcorr["zipcode"].sd["(Intercept)"])
    np.testing.assert_allclose(diamonds.get_ydata(), fit.coef["zipcode"]["(Intercept)"])
    assert mpl.colors.to_hex(diamonds.get_color()).upper() == POOLING_COLORS["partial"]


def test_the_centre_moves_from_the_mean_of_houses_to_the_mean_of_means(ax, sample):
    centre = named(ax, "centre").get_ydata()
    means = sample.groupby("zipcode", observed=True)["price"].mean()
    assert centre[0] == pytest.approx(sample["price"].mean(), rel=0.005)
    assert centre[-1] == pytest.approx(means.mean(), rel=0.005)


def test_the_estimate_lies_inside_the_plot_even_when_groups_are_large(seattle):
    fit = lmer(MODEL, seattle)
    low, high = plot_shrinkage_path(fit).get_xlim()
    assert 2 * low < fit.varcorr["zipcode"].sd["(Intercept)"] < high / 2


def test_every_group_is_named_and_no_name_lies_on_another(ax):
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 9
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_names_stand_in_the_order_of_the_paths_ends(ax, sample):
    means = sample.groupby("zipcode", observed=True)["price"].mean().sort_values()
    heights = {text.get_text(): text.xy[1] for text in ax.texts}
    assert sorted(heights, key=heights.get) == list(means.index)


def test_axes_have_titles_with_units(ax):
    assert ax.get_xlabel() == "Standard deviation between groups (US dollars, log scale)"
    assert ax.get_ylabel() == "Estimated mean price (US dollars)"


def test_an_outcome_without_known_unit_is_labelled_too(seattle):
    ax = plot_shrinkage_path(lmer("bedrooms ~ (1 | zipcode)", seattle))
    assert "(units of the outcome, log scale)" in ax.get_xlabel()


def test_it_says_in_words_what_the_paths_do(ax):
    text = alt_text(ax)
    assert "A line for each of the 9 groups of zipcode" in text
    assert "the first is 98148, the last 98010" in text
    assert "591,000 dollars" in text


def test_a_model_with_predictors_is_refused_with_a_sentence(seattle):
    with pytest.raises(ValueError, match="plot_shrinkage_path shows group means"):
        plot_shrinkage_path(lmer("price ~ scale_sqft + (1 | zipcode)", seattle))


def test_a_singular_fit_has_paths_but_no_mark():
    alike = pd.DataFrame(
        {"g": list("abcd") * 5, "y": [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0] * 2 + [3.0] * 4}
    )
    ax = plot_shrinkage_path(lmer("y ~ (1 | g)", alike))
    assert "estimated by lmer" not in [line.get_label() for line in ax.lines]
    assert alt_text(ax).endswith("The estimated standard deviation is 0 or nearly so, left of the plot.")
