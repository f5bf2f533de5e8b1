"""From a data frame of any origin to the right model, or to a sentence: never silently to a wrong one."""

import datetime

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from mlmkit import FormulaError, complete_pooling, glmer, lmer, load_king_county, no_pooling, stan_lmer


@pytest.fixture
def rows():
    """120 rows, 12 groups, with a column of every kind."""
    rng = np.random.default_rng(3)
    made = pd.DataFrame({"g": np.repeat(np.arange(12), 10), "x": rng.normal(size=120).round(3)})
    made["c"] = np.where(rng.random(120) > 0.5, "1", "2")
    made["c2"] = rng.normal(size=120).round(3)
    made["k"] = rng.integers(0, 4, 120)
    made["b"] = rng.random(120) > 0.4
    made["t"] = rng.choice(["lo", "mid", "hi"], 120)
    made["e"] = rng.uniform(1, 3, 120).round(2)
    own = rng.normal(size=12)[made["g"]]
    made["y"] = (
        2 * made["c2"] + 0.3 * (made["c"] == "2") + 0.5 * made["x"] + own + rng.normal(size=120)
    ).round(3)
    return made


# Columns with one printed name


def test_a_factor_and_a_column_with_one_name_are_two(rows):
    fit = lmer("y ~ c + c2 + (1 | g)", rows)
    other = lmer("y ~ cc + c2 + (1 | g)", rows.rename(columns={"c": "cc"}))
    assert list(fit.fixef.index) == ["(Intercept)", "c[2]", "c2"]
    assert_allclose(fit.fixef, other.fixef, rtol=1e-10)
    assert fit.messages == ["Two columns would be named 'c2', as in R. One of them is named 'c[2]' here."]


def test_the_column_that_is_named_is_the_one_that_varies(rows):
    fit = lmer("y ~ c2 + (1 + c | g)", rows)
    other = lmer("y ~ c2 + (1 + cc | g)", rows.rename(columns={"c": "cc"}))
    assert fit.varcorr["g"].sd.index.tolist() == ["(Intercept)", "c[2]"]
    assert_allclose(fit.criterion, other.criterion, rtol=1e-12)
    assert_allclose(fit.coef["g"]["c2"], fit.fixef["c2"])  # it doesn't vary


def test_levels_that_look_alike_stay_apart(rows):
    rows["v"] = np.tile(["2", "2.0", "1"], 40)
    fit = lmer("y ~ v + (1 | g)", rows)
    assert list(fit.fixef.index) == ["(Intercept)", "v2", "v2.0"]


def test_two_columns_that_no_name_tells_apart_are_refused(rows):
    rows["x:k"] = rows["x"] + 1
    with pytest.raises(FormulaError, match="Two different columns of the model are named 'x:k'"):
        lmer("y ~ x:k + `x:k` + (1 | g)", rows)


@pytest.mark.parametrize(
    "name", ["Intercept", "1", "0", "größe", "a b", "IQ.verb", "T", "pi2", "np", "price ($)"]
)
def test_columns_of_any_name(rows, name):
    fit = lmer(f"y ~ `{name}` + (1 | g)", rows.rename(columns={"x": name}))
    assert_allclose(fit.fixef[name], lmer("y ~ x + (1 | g)", rows).fixef["x"], rtol=1e-10)
    assert_allclose(fit.predict(rows.rename(columns={"x": name})), fit.fitted)


@pytest.mark.parametrize("name", ["my factor", "a:b", "log(x)", "1", "größe"])
def test_factors_of_any_name(rows, name):
    plain, data = lmer("y ~ t * x + (t | g)", rows), rows.rename(columns={"t": name})
    fit = lmer(f"y ~ `{name}` * x + (`{name}` | g)", data)
    assert list(fit.fixef.index) == [
        each.replace("t", name) if each[0] == "t" else each.replace(":t", f":{name}")
        for each in plain.fixef.index
    ]
    assert_allclose(fit.predict(data.head(7)), plain.fitted.head(7), rtol=1e-8)
    split = lmer(f"y ~ x + (`{name}` || g)", data)
    assert_allclose(split.criterion, lmer("y ~ x + (t || g)", rows).criterion, rtol=1e-10)


def test_unicode_and_dots_without_backticks(rows):
    data = rows.rename(columns={"x": "größe", "c2": "IQ.verb", "g": "klasse.Nr"})
    fit = lmer("y ~ log(größe + 9) * IQ.verb + (1 | klasse.Nr)", data)
    assert list(fit.fixef.index) == ["(Intercept)", "log(größe + 9)", "IQ.verb", "log(größe + 9):IQ.verb"]


# New rows


@pytest.mark.parametrize("formula", ["y ~ t + (1 | g)", "y ~ x * t + (1 | g)", "y ~ x + (0 + t | g)"])
def test_an_unseen_level_of_a_predictor_is_an_error(rows, formula):
    fit = lmer(formula, rows)
    new = rows.head(3).assign(t=["lo", "huge", "hi"])
    for ask in (fit.predict, fit.predict_draws):
        with pytest.raises(
            ValueError, match=r"a level of 't' that the fit has not seen: 'huge'.*'hi', 'lo', 'mid'"
        ):
            ask(new)


def test_a_missing_predictor_or_group_gives_a_missing_prediction(rows):
    fit = lmer("y ~ t + x + b + (1 | g)", rows)
    new = rows.head(5).astype({"g": object}).copy()
    new["b"] = new["b"].astype("boolean")
    new.loc[0, "t"], new.loc[1, "x"], new.loc[2, "g"], new.loc[3, "b"] = None, np.nan, None, pd.NA
    assert fit.predict(new).isna().tolist() == [True, True, True, True, False]
    draws = fit.predict_draws(new, 20, kind="outcome", seed=1)
    assert draws.isna().all().tolist() == [True, True, True, True, False]
    assert fit.predict(new, new_levels="marginal").isna().tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("as_fitted", [int, float, str, "category", "Int64", "string"])
@pytest.mark.parametrize("as_new", [int, float, str, "category", "Int64", "string[pyarrow]"])
def test_group_labels_are_the_same_group_whatever_their_type(rows, as_fitted, as_new):
    whole = rows.assign(zip=98000 + rows["g"])
    fit = lmer("y ~ x + (1 | zip)", whole.assign(zip=_cast(whole["zip"], as_fitted)))
    new = whole.assign(zip=_cast(whole["zip"], as_new))
    expected = lmer("y ~ x + (1 | g)", rows).fitted
    if {as_fitted, as_new} & {float} and as_fitted in (str, "string"):
        assert list(fit.ranef["zip"].index) == [str(98000 + k) for k in range(12)]
    assert_allclose(fit.predict(new), expected, rtol=1e-9)


def _cast(column, kind):
    return column.astype(str).astype("string[pyarrow]") if kind == "string[pyarrow]" else column.astype(kind)


def test_combined_groups_are_matched_whatever_their_type(rows):
    fit = lmer("y ~ x + (1 | g:k)", rows.astype({"k": float}))
    assert "3:1" in fit.ranef["g:k"].index
    assert_allclose(fit.predict(rows.astype({"k": str, "g": float})), fit.fitted)


def test_without_random_effects_no_group_is_needed(rows):
    fit = lmer("y ~ x + (1 + t | g)", rows)
    assert_allclose(fit.predict(rows[["x"]], random=False), fit.predict(random=False))


# The fit has its own data


@pytest.mark.parametrize("column", ["y", "x", "g", "c", "w"])
def test_a_later_edit_of_the_data_changes_nothing(rows, column):
    data = rows.astype({"c": "category", "g": "category"}).assign(w=1.0)
    fit = lmer("y ~ x + c + (1 | g)", data, weights="w")
    twin = lmer("y ~ x + c + (1 | g)", rows.assign(w=1.0), weights="w")
    data.loc[:, column] = data[column].iloc[::-1].to_numpy() if column in "gc" else 7.0
    assert not data[column].equals(rows.assign(w=1.0)[column])
    assert_allclose(fit.residuals, twin.residuals, atol=1e-10)
    assert_allclose(fit.simulate(1, seed=1), twin.simulate(1, seed=1), atol=1e-10)


# Types of columns


def test_integers_do_not_overflow():
    homes = load_king_county()
    fit = lmer("price ~ I(yr_built^6) + (1 | zipcode)", homes)
    floats = lmer("price ~ I(yr_built^6) + (1 | zipcode)", homes.astype({"yr_built": float}))
    assert fit.fixef.iloc[1] > 0
    assert_allclose(fit.fixef, floats.fixef, rtol=1e-12)


FORMULA = "y ~ t + x + k + b + (1 + x | g)"
WAYS = {
    "convert_dtypes": lambda rows: rows.convert_dtypes(),
    "pyarrow": lambda rows: rows.convert_dtypes(dtype_backend="pyarrow"),
    "string": lambda rows: rows.astype({"t": "string", "c": "string", "g": "Int64", "b": "boolean"}),
    "object": lambda rows: rows.astype({"t": object, "b": object}),
    "category": lambda rows: rows.astype({"t": "category", "g": "category", "b": "category"}),
    "small": lambda rows: rows.astype({"k": "int8", "x": "float64", "g": "uint8"}),
    "arrow dictionary": lambda rows: _arrow_dictionary(rows),
    "polars": lambda rows: pytest.importorskip("polars").from_pandas(rows),
    "arrow table": lambda rows: pytest.importorskip("pyarrow").Table.from_pandas(rows),
}


def _arrow_dictionary(rows):
    arrow = pytest.importorskip("pyarrow")
    return rows.assign(t=rows["t"].astype(pd.ArrowDtype(arrow.dictionary(arrow.int32(), arrow.string()))))


@pytest.mark.parametrize("way", WAYS)
def test_a_data_frame_of_any_types_gives_the_same_fit(rows, way):
    plain, data = lmer(FORMULA, rows), WAYS[way](rows)
    fit = lmer(FORMULA, data)
    assert list(fit.fixef.index) == ["(Intercept)", "tlo", "tmid", "x", "k", "bTRUE"]
    assert_allclose(fit.fixef, plain.fixef, rtol=1e-9)
    assert_allclose(fit.predict(data), plain.fitted, rtol=1e-9)
    assert_allclose(fit.predict_draws(data, 5, seed=1), plain.predict_draws(rows, 5, seed=1), rtol=1e-9)
    assert_allclose(complete_pooling(FORMULA, data).fixef, complete_pooling(FORMULA, rows).fixef, rtol=1e-9)
    yes = glmer("b ~ x + t + (1 | g)", data)
    assert_allclose(yes.fixef, glmer("b ~ x + t + (1 | g)", rows).fixef, rtol=1e-7)


@pytest.mark.parametrize("way", ["convert_dtypes", "pyarrow", "polars"])
def test_missing_values_of_any_types_are_dropped(rows, way):
    for name in ("t", "x", "k", "b", "g"):
        rows[name] = rows[name].astype(object)
        rows.loc[rows.index[3 + len(name) * ord(name[0]) % 100], name] = None
    rows = rows.convert_dtypes()
    data = rows if way == "convert_dtypes" else WAYS[way](rows)
    fit = lmer(FORMULA, data)
    plain = rows.dropna().astype({"t": str, "x": float, "k": int, "b": bool, "g": int})
    assert fit.nobs == len(plain) == 115
    assert_allclose(fit.fixef, lmer(FORMULA, plain).fixef, rtol=1e-9)
    assert "5 of 120 rows were dropped" in fit.messages[0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pd.date_range("2014-05-02", periods=120), "holds dates or times. A model needs numbers: count days"),
        (pd.to_timedelta(np.arange(120), "D"), "holds dates or times"),
        (pd.period_range("2014-05", periods=120, freq="M"), "holds dates or times"),
        ([datetime.date(2014, 5, 2)] * 60 + [datetime.date(2014, 5, 3)] * 60, "Python objects of type date"),
        (np.arange(120) * 1j, "holds complex numbers"),
        (pd.Series([1.5, "2"] * 60, dtype=object), r"Python objects of type float and str.*pd\.to_numeric"),
        (pd.Series([1.5, 2.5] * 60, dtype=object), r"Python objects of type float.*pd\.to_numeric"),
    ],
)
def test_columns_that_are_no_predictor(rows, values, says):
    rows["v"] = values
    for formula in ("y ~ v + (1 | g)", "v ~ x + (1 | g)", "y ~ x + (v | g)"):
        with pytest.raises((FormulaError, TypeError), match=says):
            lmer(formula, rows)


def test_dates_may_be_groups(rows):
    days = pd.Timestamp("2014-05-02") + pd.to_timedelta(rows["g"], "D")
    fit = lmer("y ~ x + (1 | day)", rows.assign(day=days))
    assert_allclose(fit.fixef, lmer("y ~ x + (1 | g)", rows).fixef, rtol=1e-9)
    assert_allclose(fit.predict(rows.assign(day=days)), fit.fitted)


def test_groups_whose_labels_run_together_are_refused(rows):
    data = rows.assign(p=np.where(rows["g"] < 6, "a:b", "a"), q=np.where(rows["g"] < 6, "c", "b:c"))
    with pytest.raises(FormulaError, match="Two different groups of 'p:q' have the label 'a:b:c'"):
        lmer("y ~ x + (1 | p:q)", data)
    mixed = rows.assign(g=[1, "1"] * 60)
    with pytest.raises(FormulaError, match=r"one level|have the label '1'"):
        lmer("y ~ x + (1 | g)", mixed)


# Weights and offsets


def test_weights_and_offsets_as_a_series_go_by_index(rows):
    rows = rows.set_index(pd.Index([f"r{k}" for k in range(120)]))
    given = {"weights": "e", "offset": "c2"}
    expected = lmer("y ~ x + (1 | g)", rows, **given)
    shuffled = rows.sample(frac=1, random_state=1)
    found = lmer("y ~ x + (1 | g)", rows, weights=shuffled["e"], offset=shuffled["c2"])
    assert_allclose(found.fixef, expected.fixef, rtol=1e-12)
    more = lmer("y ~ x + (1 | g)", rows.iloc[:100], weights=shuffled["e"])
    assert_allclose(more.fixef, lmer("y ~ x + (1 | g)", rows.iloc[:100], weights="e").fixef, rtol=1e-12)
    with pytest.raises(ValueError, match="without a value for 20 of 120 rows, the first is 'r100'"):
        lmer("y ~ x + (1 | g)", rows, weights=rows["e"].iloc[:100])
    with pytest.raises(TypeError, match="weights must be a column's name or numbers"):
        lmer("y ~ x + (1 | g)", rows, weights=rows["t"])


def test_an_offset_is_part_of_predictions(rows):
    for fit in (
        lmer("y ~ x + (1 | g)", rows, offset="e"),
        lmer("y ~ x + offset(e) + (1 | g)", rows),
    ):
        assert_allclose(fit.predict(rows), fit.fitted, rtol=1e-10)
        assert_allclose(fit.predict(rows.assign(e=rows["e"] + 7)), fit.fitted + 7, rtol=1e-10)
        draws = fit.predict_draws(rows.assign(e=rows["e"] + 7), 10, seed=2)
        assert_allclose(draws, fit.predict_draws(n_sims=10, seed=2) + 7, rtol=1e-10)
        with pytest.raises(ValueError, match="lacks the column e"):
            fit.predict(rows.drop(columns="e"))
    fit = lmer("y ~ x + (1 | g)", rows, offset=rows["e"].to_numpy())
    for ask in (fit.predict, fit.predict_draws):
        with pytest.raises(ValueError, match="offset that was given as numbers"):
            ask(rows)


def test_an_offset_remembers_the_rows_of_the_fit(rows):
    fit = lmer("y ~ x + offset(scale(e)) + (1 | g)", rows)
    assert_allclose(fit.predict(rows.head(10)), fit.fitted.head(10), rtol=1e-10)


def test_new_outcomes_have_the_weights_of_the_new_rows(rows):
    fit = lmer("y ~ x + (1 | g)", rows, weights="e")
    heavy = rows.assign(e=1e12)
    mean = fit.predict_draws(heavy, 50, seed=1)
    assert np.abs(fit.predict_draws(heavy, 50, kind="outcome", seed=1) - mean).max().max() < 1e-4
    light = rows.head(4).assign(e=1e-2)
    spread = fit.predict_draws(light, 4000, kind="outcome", seed=1).std()
    assert_allclose(spread, 10 * fit.sigma, rtol=0.1)
    with pytest.raises(ValueError, match="newdata lacks the column e, the weights"):
        fit.predict_draws(rows.drop(columns="e"), 5, kind="outcome")
    unnamed = lmer("y ~ x + (1 | g)", rows, weights=rows["e"])
    with pytest.raises(ValueError, match="weights that were given as numbers"):
        unnamed.predict_draws(rows, 5, kind="outcome")
    assert fit.predict_draws(rows.drop(columns="e"), 5).shape == (5, 120)  # a mean needs no weights


def test_trials_of_new_rows():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(np.arange(20), 5), "n": 10})
    data["s"] = rng.binomial(10, 0.3, 100)
    data["f"] = 10 - data["s"]
    fit = glmer("cbind(s, f) ~ 1 + (1 | g)", data)
    many = data.assign(s=100_000, f=0)
    assert fit.predict_draws(many, 200, kind="outcome", seed=1).nunique().min() > 150
    assert set(np.unique(fit.predict_draws(data[["g"]], 50, kind="outcome", seed=1))) == {0.0, 1.0}


# Rows that were dropped


def test_exclude_pads_what_drop_leaves_out(rows):
    rows.loc[[4, 50], "x"] = np.nan
    dropped = lmer("y ~ x + (1 | g)", rows)
    fit = lmer("y ~ x + (1 | g)", rows, na_action="exclude")
    for values in (fit.fitted, fit.residuals, fit.resid("pearson"), fit.predict(), fit.predict(random=False)):
        assert values.index.equals(rows.index) and values.isna().sum() == 2 and values.isna()[[4, 50]].all()
    assert_allclose(fit.fitted.dropna(), dropped.fitted)
    assert dropped.fitted.index.tolist() == [k for k in range(120) if k not in (4, 50)]
    assert len(fit.augment()) == 118
    fit.r2(), fit.icc(), fit.tidy(), fit.simulate(2, seed=1)


def test_refit_takes_an_outcome_for_all_rows_or_for_those_used(rows):
    rows.loc[[4, 50], "x"] = np.nan
    fit = lmer("y ~ x + (1 | g)", rows)
    other = rows["y"] * 3 + 1
    expected = lmer("y ~ x + (1 | g)", rows.assign(y=other)).fixef
    for y in (
        other,
        other.to_numpy(),
        other.drop([4, 50]),
        other.drop([4, 50]).to_numpy(),
        other.sample(frac=1),
    ):
        assert_allclose(fit.refit(y).fixef, expected, rtol=1e-9)
    with pytest.raises(ValueError, match="120 rows, of which the fit uses 118"):
        fit.refit(other.head(60))
    with pytest.raises(ValueError, match="missing or infinite in 1 of the 118 rows"):
        fit.refit(other.where(rows.index != 7))


# The dot, contrasts, functions


def test_the_dot_stands_for_all_other_columns(rows):
    fit = lmer("y ~ . + (1 | g)", rows[["y", "x", "t", "g"]])
    assert list(fit.fixef.index) == ["(Intercept)", "x", "tlo", "tmid", "g"]
    assert "'.' stands for (x + t + g)." in fit.messages
    assert list(lmer("log(y + 9) ~ . - g + (1 | g)", rows[["y", "x", "g"]]).fixef.index) == [
        "(Intercept)",
        "x",
    ]
    assert "x:tlo" in lmer("y ~ .^2 + (1 | g)", rows[["y", "x", "t", "g"]]).fixef.index


def test_ordered_categories_have_polynomials_and_say_so(rows):
    rows["t"] = pd.Categorical(rows["t"], ["lo", "mid", "hi"], ordered=True)
    fit = lmer("y ~ t + (1 | g)", rows)
    assert list(fit.fixef.index) == ["(Intercept)", "t.L", "t.Q"]
    assert "polynomial contrasts" in fit.messages[0] and "contrasts={'t': 'treatment'}" in fit.messages[0]
    chosen = lmer("y ~ t + (1 | g)", rows, contrasts={"t": "treatment"})
    assert list(chosen.fixef.index) == ["(Intercept)", "tmid", "thi"] and chosen.messages == []
    assert_allclose(chosen.fitted, fit.fitted, atol=1e-6)
    summed = lmer("y ~ t + (1 | g)", rows, contrasts={"t": "contr.sum"})
    assert list(summed.fixef.index) == ["(Intercept)", "t1", "t2"]
    assert_allclose(summed.predict(rows), fit.predict(rows), atol=1e-6)


@pytest.mark.parametrize(
    ("contrasts", "says"),
    [
        ({"x": "sum"}, "contrasts names 'x', which is no factor of the formula"),
        ({"c": "sum"}, "contrasts names 'c'"),
        ({"t": "sums"}, "'sums' is no contrast. Valid choices: treatment, sum, helmert, poly"),
        ("sum", "contrasts is a dict such as"),
    ],
)
def test_contrasts_that_are_not_possible(rows, contrasts, says):
    with pytest.raises((ValueError, TypeError), match=says):
        lmer("y ~ t + x + (1 | g)", rows, contrasts=contrasts)


def test_contrasts_everywhere(rows):
    chosen = {"contrasts": {"t": "sum"}}
    names = ["(Intercept)", "t1", "t2"]
    assert list(complete_pooling("y ~ t + (1 | g)", rows, **chosen).fixef.index) == names
    assert list(no_pooling("y ~ t + (1 | g)", rows, **chosen).fixef.index) == names[1:]
    assert list(glmer("b ~ t + (1 | g)", rows, **chosen).fixef.index) == names
    assert list(stan_lmer("y ~ t + (1 | g)", rows, draws=50, seed=1, **chosen).fixef.index) == names


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("y ~ rcs(x, 4) + (1 | g)", "'rcs' is a function that formulas here don't have"),
        ("y ~ factr(k) + (1 | g)", "Did you mean factor?"),
        ("y ~ x.mean() + (1 | g)", r"calls functions as R does, such as mean\(x\)"),
        ("y ~ log(xx) + (1 | g)", "The data has no column 'xx'"),
        ("y ~ log(t) + (1 | g)", "log needs numbers, and got a factor with the levels hi, lo, mid"),
        ("y ~ I(t * 2) + (1 | g)", "needs numbers, and got a factor"),
        ("y ~ x > 0 + (1 | g)", "Put a comparison in brackets"),
        ("y ~ 2 * x + (1 | g)", "The number 2 can't be a term"),
        ("y ~ 'x' + (1 | g)", "is text; a column's name stands without quotes"),
        (
            "y ~ poly(x, degre=2) + (1 | g)",
            "'poly' can't be called like this: got an unexpected keyword argument",
        ),
        ("y ~ x$z + (1 | g)", r"'\$' can't stand here"),
        ("y ~ I(x[1]) + (1 | g)", r"'\[' inside an expression isn't offered"),
        ("y ~ cut(x, c(-1, 0, 1)) + (1 | g)", "gives no level in"),
        ("y ~ relevel(t, ref='no') + (1 | g)", "the levels are hi, lo, mid"),
        ("y ~ cut(x, c(-9, 9)) + (1 | g)", "has only one level"),
        ("y ~ x % z + (1 | g)", "'%' has no meaning"),
        ("y ~ bs(x, df=1) + (1 | g)", "A spline with df=1 isn't possible"),
        ("poly(y, 2) ~ x + (1 | g)", "gives 2 columns where one is needed"),
        ("t ~ x + (1 | g)", "is not a number"),
    ],
)
def test_what_a_formula_cannot_say(rows, formula, says):
    with pytest.raises(FormulaError, match=says):
        lmer(formula, rows)


@pytest.mark.parametrize("thing", [None, 3, {"y": [1.0]}, np.zeros((3, 2)), "data.csv"])
def test_what_is_no_data_frame(thing):
    with pytest.raises(TypeError, match=r"data must be a pandas DataFrame, not"):
        lmer("y ~ x + (1 | g)", thing)
    with pytest.raises(TypeError, match=r"newdata must be a pandas DataFrame, not|prediction"):
        lmer("price ~ (1 | zipcode)", __import__("mlmkit").load_seattle()).predict(
            thing if thing is not None else 3
        )


# Prediction as in lme4


def test_partial_group_effects(rows):
    fit = lmer("y ~ x + (1 + x | g) + (1 | k)", rows)
    whole, none = fit.predict(), fit.predict(random=False)
    only_g, only_k = fit.predict(re_form="~ (1 + x | g)"), fit.predict(re_form="(1|k)")
    assert_allclose(only_g + only_k - none, whole)
    assert_allclose(only_k - none, fit.ranef["k"]["(Intercept)"].loc[rows["k"]].to_numpy(), atol=1e-12)
    slopes = fit.predict(re_form="~ (0 + x | g)") - none
    assert_allclose(slopes, fit.ranef["g"]["x"].loc[rows["g"]].to_numpy() * rows["x"], atol=1e-12)
    assert_allclose(fit.predict(rows.drop(columns="k"), re_form="~(x|g)"), only_g)
    for text in ("NA", "~0", "~ 0"):
        assert_allclose(fit.predict(re_form=text), none)
    with pytest.raises(
        ValueError, match=r"re_form names the groups 'h'. The model's grouping factors are: g, k"
    ):
        fit.predict(re_form="~ (1 | h)")
    with pytest.raises(
        ValueError, match="re_form lets 'x' vary between the groups of k; in the model these do: 1"
    ):
        fit.predict(re_form="~ (x | k)")
    with pytest.raises(ValueError, match="Give either random=False"):
        fit.predict(random=False, re_form="~ (1 | g)")
    with pytest.raises(ValueError, match="must hold random-effects terms only"):
        fit.predict(re_form="~ x")


def test_predictions_on_the_scale_of_the_link(rows):
    fit = glmer("b ~ x + (1 | g)", rows)
    log_odds = fit.predict(rows, scale="link")
    assert_allclose(1 / (1 + np.exp(-log_odds)), fit.predict(rows))
    with pytest.raises(ValueError, match=r"scale is 'logit'. Valid choices: 'response', 'link'"):
        fit.predict(rows, scale="logit")


def test_new_outcomes_of_new_rows(rows):
    fit = lmer("y ~ x + (1 | g)", rows)
    new = pd.DataFrame({"x": np.zeros(4000), "g": np.repeat(np.arange(1000, 2000), 4)})
    drawn = fit.simulate(1, seed=1, newdata=new)[0]
    total = np.hypot(fit.sigma, fit.varcorr["g"].sd.iloc[0])
    assert abs(drawn.std() / total - 1) < 0.1
    between = drawn.groupby(new["g"]).mean().std()
    assert abs(between / np.hypot(fit.sigma / 2, fit.varcorr["g"].sd.iloc[0]) - 1) < 0.1
    assert_allclose(fit.simulate(2, seed=3, newdata=rows), fit.simulate(2, seed=3))
