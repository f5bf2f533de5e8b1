"""Whatever stands in a formula: columns that can be made again for some of the rows, or a sentence."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmkit import FormulaError, lmer
from mlmkit.frame.columns import make_columns
from mlmkit.frame.functions import FUNCTIONS

RNG = np.random.default_rng(0)
DATA = pd.DataFrame(
    {
        "x": RNG.normal(size=40),
        "z": RNG.uniform(1, 5, 40),
        "f": RNG.choice(list("abc"), 40),
        "b": RNG.random(40) > 0.5,
        "o": pd.Categorical(RNG.choice(list("pqr"), 40), ordered=True),
        "k": RNG.integers(0, 4, 40),
        "g": np.repeat(range(8), 5),
        "y": RNG.normal(size=40),
    }
)
leaves = st.sampled_from(
    [
        "x",
        "z",
        "f",
        "b",
        "o",
        "k",
        "`x`",
        "1",
        "0",
        "-1.5",
        "2",
        "'a'",
        "TRUE",
        "NA",
        "pi",
        "NULL",
        "c(1, 2, 3)",
    ]
)
options = st.sampled_from(
    [
        "",
        ", 2",
        ", degree = 2",
        ", df = 4",
        ", knots = 3",
        ", ref = 'a'",
        ", breaks = 3",
        ", x",
        ", levels = c('a', 'b')",
    ]
)
operators = st.sampled_from(["+", "-", "*", "/", "^", ">", "<=", "==", "!=", "&", "|", "%in%", "%%", "%/%"])


def _larger(expressions):
    calls = st.tuples(st.sampled_from(sorted(FUNCTIONS)), expressions, options).map(
        lambda parts: f"{parts[0]}({parts[1]}{parts[2]})"
    )
    pairs = st.tuples(expressions, operators, expressions).map(" ".join)
    signed = st.tuples(st.sampled_from("-!"), expressions).map("".join)
    return calls | pairs | signed | expressions.map(lambda inner: f"({inner})")


expressions = st.recursive(leaves, _larger, max_leaves=4)
atoms = expressions.map(lambda inner: f"I({inner})") | expressions
formulas = st.tuples(atoms, st.sampled_from([" + ", " * ", ":", " / ", " - "]), atoms).map("".join) | atoms


@settings(deadline=None)
@given(formulas)
def test_columns_are_the_same_for_some_of_the_rows(text):
    try:
        columns = make_columns(text, DATA, "y ~ " + text)
    except FormulaError as refused:
        assert str(refused).split("\n")[0].endswith((".", "?"))
        return
    whole = np.array(columns.arrays).reshape(-1, 40)
    again = np.array(columns.again(DATA.iloc[5:25])).reshape(-1, 20)
    np.testing.assert_allclose(again, whole[:, 5:25], rtol=1e-9, atol=1e-9)
    assert len(columns.names) == len(columns.keys) == len(columns.labels) == len(columns.arrays)


@settings(deadline=None, max_examples=60)
@given(formulas)
def test_a_fit_or_a_sentence(text):
    try:
        fit = lmer(f"y ~ {text} + (1 | g)", DATA)
    except (FormulaError, ValueError) as refused:
        assert str(refused).split("\n")[0].endswith((".", "?"))
        return
    assert np.isfinite(fit.criterion)
    np.testing.assert_allclose(fit.predict(DATA), fit.fitted, rtol=1e-7, atol=1e-7)
