import matplotlib as mpl
import numpy as np
import pytest

from mlmkit import criterion_at, lmer
from mlmkit.plots import alt_text, plot_valley

mpl.use("Agg")

VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
STOP = (249_091.87, 193_697.02)


@pytest.fixture(scope="module")
def fit(seattle):
    return lmer(VARYING, seattle)


def test_the_star_is_the_fit_and_marks_are_the_stops(fit):
    ax = plot_valley(fit, {"elsewhere": STOP})
    places = {line.get_label(): (line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines}
    np.testing.assert_allclose(places["the lowest point"], fit.varcorr["zipcode"].sd)
    assert places["elsewhere"] == STOP
    left, right = ax.get_xlim()
    assert left < STOP[0] < right


def test_a_line_joins_places_where_the_criterion_is_as_high_as_the_line_says(fit):
    corr = fit.varcorr["zipcode"].corr.iloc[0, 1]
    lines = plot_valley(fit).collections[-1]
    outline = lines.get_paths()[list(lines.levels).index(2)].vertices
    heights = [criterion_at(fit, place, corr) - fit.criterion for place in outline[::15]]
    assert len(heights) > 3
    np.testing.assert_allclose(heights, 2, atol=0.2)


def test_words_and_axes_say_where_the_places_are(fit):
    ax = plot_valley(fit, {"elsewhere": STOP})
    assert ax.get_ylabel() == "Standard deviation of the slopes of scale_sqft"
    assert "The lowest point has the standard deviations 288,000 dollars and 221,000 dollars." in alt_text(ax)
    assert "elsewhere stopped at 249,000 dollars and 194,000 dollars." in alt_text(ax)


def test_a_model_without_a_varying_slope_has_no_such_map(seattle):
    for formula in ("price ~ (1 | zipcode)", "price ~ scale_sqft + (1 + scale_sqft || zipcode)"):
        with pytest.raises(ValueError, match="intercept and one slope that vary together"):
            plot_valley(lmer(formula, seattle))
