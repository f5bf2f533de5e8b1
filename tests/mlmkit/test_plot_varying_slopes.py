import matplotlib as mpl
import numpy as np
import pytest

from mlmkit import lmer, no_pooling
from mlmkit.plots import POOLING_COLORS, alt_text, plot_varying_slopes

mpl.use("Agg")

VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def fit(seattle):
    return lmer(VARYING, seattle)


def lines_of(ax, pooling):
    return [
        line for line in ax.lines if mpl.colors.to_hex(line.get_color()).upper() == POOLING_COLORS[pooling]
    ]


def slope_of(line):
    x, y = (np.asarray(data, dtype=float) for data in line.get_data())
    return (y[-1] - y[0]) / (x[-1] - x[0])


def test_each_group_has_its_own_line(fit):
    ax = plot_varying_slopes(fit)
    lines = lines_of(ax, "partial")
    np.testing.assert_allclose([slope_of(line) for line in lines], fit.coef["zipcode"]["scale_sqft"])
    at_zero = [line.get_ydata()[0] - slope_of(line) * line.get_xdata()[0] for line in lines]
    np.testing.assert_allclose(at_zero, fit.coef["zipcode"]["(Intercept)"])


def test_a_line_reaches_over_the_middle_of_its_groups_values(fit, seattle):
    line = lines_of(plot_varying_slopes(fit), "partial")[4]
    sizes = seattle.loc[seattle["zipcode"] == "98039", "scale_sqft"]
    np.testing.assert_allclose(line.get_xdata(), sizes.quantile([0.025, 0.975]))


def test_the_black_line_is_that_of_the_fixed_effects(fit):
    (line,) = [line for line in plot_varying_slopes(fit).lines if line.get_color() == "black"]
    assert slope_of(line) == pytest.approx(fit.fixef["scale_sqft"])


def test_lines_of_a_fixed_slope_are_parallel_and_said_to_be(seattle):
    ax = plot_varying_slopes(lmer("price ~ scale_sqft + (1 | zipcode)", seattle))
    assert np.ptp([slope_of(line) for line in lines_of(ax, "partial")]) < 1e-3
    assert "All lines are parallel: each rises by 403,000 dollars" in alt_text(ax)
    assert "The highest is 98039, the lowest 98032" in alt_text(ax)


def test_lines_of_a_fixed_intercept_meet_at_zero(seattle):
    ax = plot_varying_slopes(lmer("price ~ scale_sqft + (0 + scale_sqft | zipcode)", seattle))
    at_zero = [line.get_ydata()[0] - slope_of(line) * line.get_xdata()[0] for line in lines_of(ax, "partial")]
    assert np.ptp(at_zero) < 1e-3


def test_no_pooling_is_dashed_in_its_own_colour(fit, seattle):
    none = no_pooling(VARYING, seattle)
    lines = lines_of(plot_varying_slopes(fit, none=none), "none")
    np.testing.assert_allclose([slope_of(line) for line in lines], none.coef["zipcode"]["scale_sqft"])
    assert {line.get_linestyle() for line in lines} == {"--"}


def test_names_of_the_groups_stand_apart(fit):
    ax = plot_varying_slopes(fit)
    names = [text for text in ax.texts if text.get_text().startswith("98")]
    assert {text.get_text() for text in names} == set(fit.coef["zipcode"].index)
    heights = sorted(text.xyann[1] for text in names)
    assert np.diff(heights).min() > 0.04 * np.diff(ax.get_ylim())[0]


def test_points_outside_the_view_are_counted(fit, seattle):
    ax = plot_varying_slopes(fit)
    drawn = len(ax.collections[0].get_offsets())
    assert drawn < len(seattle)
    note = f"{len(seattle) - drawn} of 869 points lie outside this view."
    assert note in [text.get_text() for text in ax.texts]
    assert f"{len(seattle) - drawn} points lie outside the view" in alt_text(ax)


def test_it_can_do_without_points(fit):
    ax = plot_varying_slopes(fit, points=False)
    assert not ax.collections
    assert "outside" not in alt_text(ax)


def test_words_and_axes_say_what_is_shown(fit):
    ax = plot_varying_slopes(fit)
    assert ax.get_xlabel() == "Living area (standard deviations from the mean)"
    assert ax.get_ylabel() == "Price (US dollars)"
    assert "The flattest line is 98032, 87,000 dollars" in alt_text(ax)
    assert "the steepest 98039, 717,000 dollars" in alt_text(ax)


def test_it_draws_into_axes_that_are_given(fit):
    _, ax = mpl.pyplot.subplots()
    assert plot_varying_slopes(fit, ax=ax) is ax


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("price ~ (1 | zipcode)", "one predictor"),
        ("price ~ scale_sqft + grade + (1 | zipcode)", r"has: \(Intercept\), scale_sqft, grade"),
    ],
)
def test_models_that_are_not_straight_lines_are_refused(seattle, formula, says):
    with pytest.raises(ValueError, match=says):
        plot_varying_slopes(lmer(formula, seattle))


def test_columns_computed_in_the_formula_can_be_drawn(seattle):
    fit = lmer("log(price) ~ log(sqft_living) + (1 + log(sqft_living) | zipcode)", seattle)
    ax = plot_varying_slopes(fit)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("log(sqft_living)", "log(price)")
    assert (
        f"The flattest line is 98032, {fit.coef['zipcode']['log(sqft_living)'].min():.3g} per unit"
        in alt_text(ax)
    )


def test_an_unknown_grouping_factor_is_refused(fit):
    with pytest.raises(ValueError, match="no grouping factor 'county'"):
        plot_varying_slopes(fit, group="county")
