import matplotlib as mpl
import numpy as np
import pytest

from mlmkit import complete_pooling, lmer, no_pooling
from mlmkit.plots import POOLING_COLORS, alt_text, plot_lines_by_group

mpl.use("Agg")

VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def few(seattle):
    return seattle.groupby("zipcode", observed=True).head(5)


@pytest.fixture(scope="module")
def fits(few):
    return [fit(VARYING, few) for fit in (lmer, no_pooling, complete_pooling)]


def slope(line):
    x, y = (np.asarray(data, dtype=float) for data in line.get_data())
    return (y[-1] - y[0]) / (x[-1] - x[0])


def test_each_panel_has_its_groups_sales_and_three_lines(fits, few):
    panels = plot_lines_by_group(*fits)
    partial, none, complete = fits
    for ax, (name, rows) in zip(panels, few.groupby("zipcode", observed=True), strict=True):
        assert ax.get_title() == f"{name}  (n = 5)"
        np.testing.assert_allclose(ax.collections[0].get_offsets(), rows[["scale_sqft", "price"]])
        lines = {line.get_label(): line for line in ax.lines}
        assert slope(lines["partial pooling"]) == pytest.approx(
            partial.coef["zipcode"].loc[name, "scale_sqft"]
        )
        assert slope(lines["no pooling"]) == pytest.approx(none.coef["zipcode"].loc[name, "scale_sqft"])
        assert slope(lines["complete pooling"]) == pytest.approx(complete.fixef["scale_sqft"])
        assert lines["no pooling"].get_color() == POOLING_COLORS["none"]


def test_complete_pooling_may_be_left_out(fits):
    panels = plot_lines_by_group(*fits[:2])
    assert {line.get_label() for line in panels[0].lines} == {"partial pooling", "no pooling"}


def test_panels_share_scales_and_titles(fits):
    panels = plot_lines_by_group(*fits)
    assert len({ax.get_ylim() for ax in panels}) == 1
    figure = panels[0].figure
    assert figure.get_supxlabel() == "Living area (standard deviations from the mean)"
    assert figure.get_supylabel() == "Price (US dollars)"


def test_places_without_a_group_are_empty(fits, few):
    seven = few[few["zipcode"].isin(few["zipcode"].cat.categories[:7])]
    panels = plot_lines_by_group(lmer(VARYING, seven), no_pooling(VARYING, seven))
    assert len(panels) == len(panels[0].figure.axes) == 7
    assert panels[4].xaxis.get_tick_params()["labelbottom"]


def test_words_tell_the_slopes(fits):
    text = alt_text(plot_lines_by_group(*fits)[0].figure)
    own, pooled = (fit.coef["zipcode"]["scale_sqft"] for fit in (fits[1], fits[0]))
    assert f"from {round(own.min(), -3):,.0f} dollars to {round(own.max(), -3):,.0f} dollars without" in text
    assert f"The lines differ most in {(own - pooled).abs().idxmax()}" in text
