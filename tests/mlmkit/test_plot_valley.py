import matplotlib as mpl
import numpy as np
import pytest

from mlmkit import criterion_at, lmer
from mlmkit.plots import alt_text, plot_valley
from mlmkit.plots.valley_plot import _lowest

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


def test_heights_are_lowest_over_the_correlation(fit):
    corr = fit.varcorr["zipcode"].corr.iloc[0, 1]
    height = _lowest(fit, {"(Intercept)": STOP[0], "scale_sqft": STOP[1]}, corr)
    by_grid = min(criterion_at(fit, STOP, r) for r in np.linspace(0.9, 0.999, 400)) - fit.criterion
    assert height == pytest.approx(by_grid, abs=0.01)
    assert _lowest(fit, fit.varcorr["zipcode"].sd, corr) == pytest.approx(0, abs=1e-3)


def test_words_and_axes_say_where_the_places_are(fit):
    ax = plot_valley(fit, {"elsewhere": STOP})
    assert ax.get_ylabel() == "Standard deviation of the slopes of scale_sqft"
    assert "The lowest point has the standard deviations 288,000 dollars and 221,000 dollars." in alt_text(ax)
    assert "elsewhere stopped at 249,000 dollars and 194,000 dollars." in alt_text(ax)


def test_a_model_without_a_varying_slope_has_no_such_map(seattle):
    for formula in ("price ~ (1 | zipcode)", "price ~ scale_sqft + (1 + scale_sqft || zipcode)"):
        with pytest.raises(ValueError, match="intercept and one slope that vary together"):
            plot_valley(lmer(formula, seattle))
