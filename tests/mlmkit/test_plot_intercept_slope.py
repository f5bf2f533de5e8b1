import matplotlib as mpl
import numpy as np
import pytest
from scipy.stats import chi2

from mlmkit import lmer, no_pooling
from mlmkit.plots import alt_text, plot_intercept_slope
from mlmkit.plots.lines import slope_in_words, slope_title

mpl.use("Agg")

VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"


@pytest.fixture(scope="module")
def fit(seattle):
    return lmer(VARYING, seattle)


def marks(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return np.column_stack(line.get_data()).astype(float)


def test_each_group_is_a_point(fit, seattle):
    none = no_pooling(VARYING, seattle)
    ax = plot_intercept_slope(fit, none=none)
    np.testing.assert_allclose(marks(ax, "partial pooling"), fit.coef["zipcode"])
    np.testing.assert_allclose(marks(ax, "no pooling"), none.coef["zipcode"][["(Intercept)", "scale_sqft"]])
    np.testing.assert_allclose(marks(ax, "fixed effects")[0], fit.fixef)


def test_the_ellipse_holds_95_in_100_of_the_fitted_distribution(fit):
    (ellipse,) = plot_intercept_slope(fit).patches
    outline = ellipse.get_xy() - fit.fixef.to_numpy()
    inverse = np.linalg.inv(fit.varcorr["zipcode"].cov.to_numpy())
    distances = np.einsum("ia,ab,ib->i", outline, inverse, outline)
    np.testing.assert_allclose(distances, chi2(2).ppf(0.95), rtol=1e-6)


def test_a_singular_fit_has_a_line_for_an_ellipse(seattle):
    few = lmer(VARYING, seattle.groupby("zipcode", observed=True).head(10))
    ax = plot_intercept_slope(few)
    outline = ax.patches[0].get_xy()
    assert abs(np.corrcoef(outline.T)[0, 1]) == pytest.approx(1)
    names = [text for text in ax.texts if text.get_text().startswith("98")]
    assert {text.get_ha() for text in names} == {"left", "right"}
    assert "correlation 1.00" in alt_text(ax)


def test_axes_have_units(fit):
    ax = plot_intercept_slope(fit)
    assert ax.get_xlabel() == "Intercept: expected price where scale_sqft = 0 (US dollars)"
    assert ax.get_ylabel() == "Slope (US dollars per standard deviation of living area)"
    ax.figure.canvas.draw()
    assert "$400k" in [tick.get_text() for tick in ax.get_xticklabels()]


def test_words_tell_the_ends_and_the_correlation(fit):
    text = alt_text(plot_intercept_slope(fit))
    assert "from 98032, intercept 282,000 dollars and slope 87,000 dollars" in text
    assert "to 98039, intercept 1,110,000 dollars and slope 717,000 dollars" in text
    assert "correlation 0.99" in text


def test_a_negative_correlation_is_written_with_a_minus(seattle):
    raw = lmer("price ~ sqft_living + (1 + sqft_living | zipcode)", seattle)
    ax = plot_intercept_slope(raw)
    assert "correlation −0.95" in alt_text(ax)
    assert "US dollars per square foot" in ax.get_ylabel()


@pytest.mark.parametrize("varies", ["1", "0 + scale_sqft"])
def test_intercept_and_slope_must_both_vary(seattle, varies):
    with pytest.raises(ValueError, match="both vary"):
        plot_intercept_slope(lmer(f"price ~ scale_sqft + ({varies} | zipcode)", seattle))


def test_a_double_bar_gives_an_upright_ellipse(seattle):
    ax = plot_intercept_slope(lmer("price ~ scale_sqft + (1 + scale_sqft || zipcode)", seattle))
    assert "correlation 0.00" in alt_text(ax)
    assert np.corrcoef(ax.patches[0].get_xy()[:-1].T)[0, 1] == pytest.approx(0, abs=0.02)


def test_slopes_have_units_in_words():
    assert slope_in_words(286.6, "price") == "287 dollars"
    assert slope_in_words(-0.256, "weight") == "−0.256"
    assert slope_title("weight", "age") == "Slope (weight per unit of age)"
