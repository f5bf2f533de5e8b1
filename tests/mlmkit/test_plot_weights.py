import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlmkit import lmer, load_radon
from mlmkit.plots import alt_text, plot_weights

mpl.use("Agg")

MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def fit(seattle):
    return lmer(MODEL, seattle)


def test_marks_are_the_fits_weights_at_the_group_sizes(fit):
    marks = plot_weights(fit).lines[1]
    table = fit.shrinkage()
    np.testing.assert_array_equal(marks.get_xdata(), table["n"])
    np.testing.assert_allclose(marks.get_ydata(), table["weight"])


def test_the_curve_goes_through_zero_and_one_half_at_the_ratio_of_the_variances(fit):
    curve = plot_weights(fit).lines[0]
    half = fit.sigma**2 / fit.varcorr["zipcode"].sd["(Intercept)"] ** 2
    x, y = curve.get_data()
    assert (x[0], y[0]) == (0, 0)
    np.testing.assert_allclose(y, x / (x + half))
    assert x[-1] > fit.shrinkage()["n"].max()


def test_every_group_is_named_and_no_name_lies_on_another(fit):
    ax = plot_weights(fit)
    ax.figure.canvas.draw()
    assert sorted(text.get_text() for text in ax.texts) == sorted(fit.shrinkage().index)
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_names_that_would_lie_far_from_their_marks_are_left_out():
    ax = plot_weights(lmer("log_radon ~ (1 | county)", load_radon()))
    assert (len(ax.texts), len(ax.lines[1].get_xdata())) == (0, 85)


def test_axes_say_what_they_show(fit):
    ax = plot_weights(fit)
    assert ax.get_xlabel() == "Number of observations in the group"
    assert ax.get_ylabel() == "Weight of the group's own mean"
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] >= 1


def test_it_draws_where_it_is_told_to(fit):
    ax = mpl.pyplot.subplots()[1]
    assert plot_weights(fit, group="zipcode", ax=ax) is ax


def test_it_says_in_words_which_groups_lie_at_the_ends(fit):
    text = alt_text(plot_weights(fit))
    assert "98039 with 50 observations and weight 0.99" in text
    assert "98032 with 125" in text
    assert "one half at 0.62 observations" in text


def test_models_that_it_cannot_show_are_refused_with_a_sentence(seattle):
    with pytest.raises(ValueError, match="plot_weights shows group means, so the model has no predictors"):
        plot_weights(lmer("price ~ scale_sqft + (1 | zipcode)", seattle))
    with pytest.raises(ValueError, match=r"no grouping factor 'grade'\. It has: zipcode"):
        plot_weights(lmer(MODEL, seattle), group="grade")


def test_no_variance_between_groups_is_refused_with_a_sentence():
    alike = pd.DataFrame(
        {"g": list("abcd") * 5, "y": [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0] * 2 + [3.0] * 4}
    )
    fit = lmer("y ~ (1 | g)", alike)
    assert fit.is_singular
    with pytest.raises(ValueError, match="no variance between the groups"):
        plot_weights(fit)
