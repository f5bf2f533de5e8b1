import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlmkit import lmer, load_radon
from mlmkit.plots import alt_text, plot_group_line

mpl.use("Agg")

LEVELS = "log_radon ~ floor + log_uranium + (1 | county)"
SLOPES = "log_radon ~ floor * log_uranium + (1 + floor | county)"


@pytest.fixture(scope="module")
def radon():
    return load_radon()


@pytest.fixture(scope="module")
def fit(radon):
    return lmer(LEVELS, radon)


def drawn(ax):
    """Take the points of the groups and the ends of the line."""
    points = ax.containers[0].lines[0].get_data()
    (line,) = [line for line in ax.lines if line.get_label() == "group-level line"]
    return np.array(points, dtype=float), np.array(line.get_data(), dtype=float)


def test_points_are_the_predictions_of_each_group_where_other_predictors_are_zero(fit, radon):
    soil = radon.groupby("county", observed=True)["log_uranium"].first()
    (x, y), line = drawn(plot_group_line(fit, "log_uranium"))
    np.testing.assert_allclose(x, soil)
    at = pd.DataFrame({"county": soil.index, "floor": 0, "log_uranium": soil.to_numpy()})
    np.testing.assert_allclose(y, fit.predict(at))
    np.testing.assert_allclose(line[1], fit.fixef["(Intercept)"] + fit.fixef["log_uranium"] * line[0])


def test_slopes_lie_around_the_line_of_the_cross_level_interaction(radon):
    fit = lmer(SLOPES, radon)
    soil = radon.groupby("county", observed=True)["log_uranium"].first()
    ax = plot_group_line(fit, "log_uranium", term="floor")
    (_, y), line = drawn(ax)
    both = [
        fit.predict(pd.DataFrame({"county": soil.index, "floor": on, "log_uranium": soil.to_numpy()}))
        for on in (0, 1)
    ]
    np.testing.assert_allclose(y, both[1] - both[0])
    np.testing.assert_allclose(line[1], fit.fixef["floor"] + fit.fixef["floor:log_uranium"] * line[0])
    assert ax.get_ylabel() == "Slope of floor in each county (log picocuries per litre)"


def test_rings_are_joined_to_the_estimates(fit, radon):
    own = radon.groupby("county", observed=True)["log_radon"].mean()
    ax = plot_group_line(fit, "log_uranium", none=own.sample(frac=1, random_state=1))
    (rings,) = [line for line in ax.lines if line.get_label() == "own rows alone"]
    np.testing.assert_allclose(rings.get_ydata(), own)
    assert "Rings show" in alt_text(ax)


def test_it_says_what_it_shows(fit):
    ax = plot_group_line(fit, "log_uranium")
    assert ax.get_xlabel() == "Uranium in the soil (log parts per million)"
    assert "intercept of each of the 85 groups of county against log_uranium" in alt_text(ax)
    assert f"changes by {fit.fixef['log_uranium']:.3g} per unit" in alt_text(ax)
    other = mpl.pyplot.subplots()[1]
    assert plot_group_line(fit, "log_uranium", group="county", ax=other) is other


def test_a_predictor_that_is_none_of_the_groups_is_refused(fit):
    with pytest.raises(ValueError, match=r"'floor' differs within county AITKIN.*the group's mean"):
        plot_group_line(fit, "floor")
    with pytest.raises(ValueError, match=r"no predictor 'uranium'. Its predictors: floor, log_uranium"):
        plot_group_line(fit, "uranium")
    with pytest.raises(ValueError, match="'floor' is not in this table"):
        plot_group_line(fit, "log_uranium", term="floor")
