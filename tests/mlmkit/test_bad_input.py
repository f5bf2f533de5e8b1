"""Bad data and bad arguments: one clear sentence each, nothing passes silently."""

import numpy as np
import pandas as pd
import pytest

from mlmkit import complete_pooling, display, fixef, lmer, no_pooling


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    g = np.repeat(list("abcde"), 6)
    x = rng.normal(size=30)
    return pd.DataFrame({"y": x + rng.normal(size=30), "x": x, "z": rng.normal(size=30), "g": g})


@pytest.mark.parametrize(
    ("formula", "change", "says"),
    [
        ("y ~ w + (1 | g)", {}, "no column 'w'. Its columns are: y, x, z, g."),
        ("w ~ x + (1 | g)", {}, "no column 'w'"),
        ("y ~ x + (1 | h)", {}, "no column 'h'"),
        ("y ~ x + (1 + w | g)", {}, "no column 'w'"),
        ("y ~ log(w) + (1 | g)", {}, "no column 'w'"),
        ("y ~ x", {}, "no random-effects term"),
        ("y ~ x + (1 | g)", {"g": "a"}, "'g' has only one level ('a')"),
        ("y ~ z + (1 | g)", {"z": "a"}, "'z' has only one level"),
        ("y ~ x + (1 | g)", {"y": 3.0}, "same value (3) in all 30 rows"),
        ("y ~ x + (1 | g)", {"x": np.nan}, "Every row has a missing value"),
        ("y ~ x + (1 | g)", {"x": np.inf}, "30 infinite values"),
        ("log(y) ~ x + (1 | g)", {"y": np.arange(30.0)}, "infinite or undefined"),
        ("y ~ x + (1 | g)", {"y": "text"}, "is not a number"),
        ("y ~ x + (1 | g)", {"g": np.arange(30)}, "a group of its own"),
        ("y ~ x + (x + z | g)", {"g": np.arange(30) // 2}, "45 random effects for 30 rows"),
        ("y ~ x + (1 | g) + (1 | g)", {}, "varies twice"),
    ],
)
def test_one_sentence_each(frame, formula, change, says):
    with pytest.raises(ValueError, match=r".") as caught:
        lmer(formula, frame.assign(**change))
    assert says in str(caught.value)


def test_the_place_of_an_unknown_column_is_shown(frame):
    with pytest.raises(ValueError, match=r".") as caught:
        lmer("y ~ x + bedrooms + (1 | g)", frame)
    assert str(caught.value).endswith("    y ~ x + bedrooms + (1 | g)\n            ^")


def test_empty_data_and_no_data(frame):
    with pytest.raises(ValueError, match="no rows"):
        lmer("y ~ x + (1 | g)", frame.head(0))
    with pytest.raises(TypeError, match="must be a pandas DataFrame, not dict"):
        lmer("y ~ x + (1 | g)", {"y": [1]})


def test_missing_values_are_dropped_and_counted(frame):
    holes = frame.copy()
    holes.loc[[1, 2], "x"] = np.nan
    holes.loc[2, "g"] = None
    holes.loc[9, "z"] = np.nan  # not in the model
    fit = lmer("y ~ x + (1 | g)", holes)
    assert fit.nobs == 28
    assert fit.messages == ["2 of 30 rows were dropped because of missing values: x (2), g (1)."]
    assert fit.fixef.equals(lmer("y ~ x + (1 | g)", frame.drop([1, 2])).fixef)
    assert list(fit.fitted.index) == [i for i in range(30) if i not in (1, 2)]
    with pytest.raises(ValueError, match="2 of 30 rows have missing values: x \\(2\\), g \\(1\\)"):
        lmer("y ~ x + (1 | g)", holes, na_action="raise")
    with pytest.raises(ValueError, match="Valid choices: 'drop', 'exclude', 'raise'"):
        lmer("y ~ x + (1 | g)", holes, na_action="omit")


def test_dependent_predictors_are_dropped_and_named(frame):
    twice = frame.assign(v=2 * frame["x"] - frame["z"] + 4, k=1.0)
    fit = lmer("y ~ x + z + v + k + (1 | g)", twice)
    assert list(fit.fixef.index) == ["(Intercept)", "x", "z"]
    assert fit.messages[0].startswith("v, k were dropped: they are combinations of the other predictors")
    base = lmer("y ~ x + z + (1 | g)", frame)
    assert np.allclose(fit.fixef, base.fixef, rtol=1e-9)
    assert np.allclose(fit.predict(twice), base.fitted)
    text = lmer("y ~ x + factor(g) + (1 | g)", frame)
    assert text.converged


def test_nearly_dependent_predictors_are_kept(frame):
    close = frame.assign(v=frame["x"] + 1e-4 * frame["z"])
    fit = lmer("y ~ x + v + (1 | g)", close)
    base = lmer("y ~ x + z + (1 | g)", frame)
    assert list(fit.fixef.index) == ["(Intercept)", "x", "v"]
    assert np.allclose(fit.fitted, base.fitted, atol=1e-6)


def test_weights_must_be_positive_and_fit_the_rows(frame):
    with pytest.raises(ValueError, match="positive, finite"):
        lmer("y ~ x + (1 | g)", frame, weights=np.zeros(30))
    with pytest.raises(ValueError, match="one value for each"):
        lmer("y ~ x + (1 | g)", frame, weights=[1.0, 2.0])


def test_unknown_names_list_the_valid_ones(frame):
    fit = lmer("y ~ x + (1 | g)", frame)
    with pytest.raises(KeyError, match="It has: g"):
        fit.ranef["h"]
    with pytest.raises(KeyError, match="It has: g"):
        fit.varcorr["h"]
    with pytest.raises(ValueError, match="doesn't vary between the groups of g"):
        fit.shrinkage(term="x")
    with pytest.raises(TypeError, match="not on list"):
        fixef([1, 2])
    with pytest.raises(TypeError, match="not int"):
        display(3)


def test_new_rows_need_the_columns_and_known_groups(frame):
    fit = lmer("y ~ x + (1 | g)", frame)
    with pytest.raises(ValueError, match="newdata lacks the column x"):
        fit.predict(pd.DataFrame({"g": ["a"]}))
    with pytest.raises(ValueError, match="not seen these groups of g: q"):
        fit.predict(pd.DataFrame({"g": ["a", "q"], "x": [0.0, 1.0]}))
    with pytest.raises(ValueError, match="'error', 'zero', 'marginal'"):
        fit.predict(frame, new_levels="population")
    with pytest.raises(ValueError, match="'mean', 'outcome'"):
        fit.predict_draws(frame, kind="both")
    with pytest.raises(ValueError, match="at least 1"):
        fit.sim(0)


def test_pooling_refuses_what_it_cannot_mean(frame):
    with pytest.raises(ValueError, match="needs to know the groups"):
        no_pooling("y ~ x", frame)
    with pytest.raises(ValueError, match="no column 'h'"):
        no_pooling("y ~ x", frame, group="h")
    with pytest.raises(ValueError, match="not both"):
        no_pooling("y ~ x + (1 | g)", frame, group="g")
    assert complete_pooling("y ~ x", frame).nobs == 30
