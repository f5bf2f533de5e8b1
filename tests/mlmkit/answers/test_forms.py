"""One right answer in every honest form: recorded as the same answer, and judged the same.

The forms are those that students typed and that were refused. What is ambiguous gets a sentence that asks.
"""

import json
import time
from decimal import Decimal

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmkit import complete_pooling, confint, lmer, load_seattle
from mlmkit.answers.kinds import (
    BadAnswerError,
    ByGroup,
    Choice,
    Draws,
    Figure,
    Formula,
    Number,
    Table,
    decode,
    encode,
)

MEANS = pd.Series({"98010": 423_665.5, "98014": 455_617.1, "98024": 580_526.7}).rename_axis("zipcode")
INTERVAL = {"lower": 200_510.25, "upper": 600_856.44}
TABLE = pd.DataFrame(
    {"REML": [584_667.25, 460_890.5], "ML": [550_000.75, 460_880.5]}, index=["zipcode", "Residual"]
)


def recorded(kind, answer):
    """Return what the student's kernel reads, after the journey."""
    return kind.read(decode(json.loads(json.dumps(encode(answer, kind.shape())))), kind.shape())


def same(kind, answer, right=None):
    """Tell whether an answer is recorded as the right one is, and judged as right."""
    value = recorded(kind, kind.value if right is None else right)
    return recorded(kind, answer) == pytest.approx(value, rel=1e-12) and judged(kind, answer) == "right"


def judged(kind, answer):
    return kind.grade(decode(json.loads(json.dumps(encode(answer, kind.shape()))))).status


def refusal(kind, answer):
    """Return the sentence that a student reads."""
    with pytest.raises(BadAnswerError) as error:
        recorded(kind, answer)
    return str(error.value)


# ------------------------------------------------------------------ one number

X = 600_856.44


@pytest.mark.parametrize(
    "answer",
    [
        "600856.44",
        "600,856.44",
        "600 856.44",
        "600\u202f856.44",
        "600'856.44",
        "600_856.44",
        "$600,856.44",
        " $ 600,856.44 ",
        "+6.0085644e5",
        np.float64(X),
        np.array(X),
        np.array([[X]]),
        Decimal("600856.44"),
        [X],
        (X,),
        {X},
        [[X]],
        [np.array([X])],
        pd.Series([X]),
        pd.Series({"(Intercept)": X}),
        pd.Series({"(Intercept)": X}).reset_index(),
        pd.DataFrame({"a": [X]}),
        {"mean": np.array([X])},
        {"mean": {"price": X}},
    ],
)
def test_one_number_in_any_form(answer):
    assert same(Number(X, unit="dollars"), answer)


@pytest.mark.parametrize("text", ["−12.5", "-12.5", "-1.25E1"])
def test_a_negative_number_as_text(text):
    assert recorded(Number(-12.5), text) == -12.5


@pytest.mark.parametrize("text", ["0,95", "600.856,44", "1,23,456", "12 34", "600,85", "0,123", "1,234 567"])
def test_a_text_that_may_mean_two_numbers_is_asked_about(text):
    says = refusal(Number(X), text)
    assert text in says and "without quotes" in says


def test_a_comma_before_three_digits_is_asked_about_where_it_may_be_a_decimal_point():
    assert "1,234" in refusal(Number(1.234), "1,234")
    assert recorded(Number(1.0, unit="dollars"), "600,856") == recorded(Number(1.0), "$600,856") == 600_856


@pytest.mark.parametrize("text", ["12.5%", "12.5 %", " 12.5 % "])
def test_percent_is_a_share_where_no_unit_is_asked_for_and_else_a_question(text):
    assert same(Number(0.125), text)
    assert same(ByGroup({"a": 0.125, "b": 0.5}), {"a": text, "b": "50%"})
    assert "dollars" in refusal(Number(0.125, unit="dollars"), text)


@pytest.mark.parametrize("text", ["", "about 5", "nan", "١٢", "5 dollars", "%", "$"])
def test_other_text_is_no_number(text):
    assert "text" in refusal(Number(X), text)


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), st.sampled_from([",", " ", "_", "'", "\xa0"]))
def test_every_number_is_read_as_python_writes_it(number, separator):
    text = f"{number:,.2f}".replace(",", separator)
    assert recorded(Number(1.0), text) == number
    assert recorded(Number(1.0), str(number)) == number


# ------------------------------------------------------------------ intervals

PAIR = list(INTERVAL.values())
DRAWS = pd.Series(np.random.default_rng(1).gamma(5, 100_000, 500), name="sd")


@pytest.mark.parametrize(
    "answer",
    [
        tuple(PAIR),
        PAIR,
        np.array(PAIR),
        np.array([PAIR]),
        [PAIR],
        [np.array(PAIR)],
        ["200,510.25", "$600,856.44"],
        pd.Series(PAIR),
        (np.array([PAIR[0]]), np.array([PAIR[1]])),
        {"lower": pd.Series([PAIR[0]], ["Intercept"]), "upper": pd.Series([PAIR[1]], ["Intercept"])},
        pd.DataFrame([PAIR], index=["Intercept"]),
        pd.DataFrame([PAIR], index=["Intercept"]).loc["Intercept"],
        pd.DataFrame([PAIR], index=["Intercept"]).reset_index(),
        pd.DataFrame([PAIR], index=["Intercept"]).T,
        pd.Series(INTERVAL).reset_index(),
        pd.Series(PAIR, [0.025, 0.975]).reset_index(),
        *(
            form(labels)
            for labels in [
                (0.05, 0.95),
                ("5%", "95%"),
                ("2.5 %", "97.5 %"),
                ("Lower", " UPPER "),
                ("low", "high"),
                ("lwr", "upr"),
                ("conf_low", "conf_high"),
                ("[0.025", "0.975]"),
                ("mean_ci_lower", "mean_ci_upper"),
                ("hdi_3%", "hdi_97%"),
                ("eti89_lb", "eti89_ub"),
                ("q5", "q95"),
            ]
            for form in (
                lambda labels: pd.Series(PAIR, labels),
                lambda labels: pd.Series(PAIR, labels).iloc[::-1],
                lambda labels: dict(zip(labels, PAIR, strict=True)),
                lambda labels: pd.DataFrame([PAIR], ["Intercept"], labels),
                lambda labels: pd.DataFrame([PAIR], ["Intercept"], labels).T,
            )
        ),
    ],
)
def test_an_interval_in_any_form(answer):
    assert same(ByGroup(INTERVAL, unit="dollars", group="end"), answer)


def test_the_lessons_own_quantiles_are_an_interval():
    ends = DRAWS.quantile([0.05, 0.95])
    kind = ByGroup(dict(zip(INTERVAL, ends, strict=True)))
    for answer in (
        ends,
        ends.iloc[::-1],
        DRAWS.to_frame().quantile([0.05, 0.95]),
        np.quantile(DRAWS, [0.05, 0.95]),
    ):
        assert same(kind, answer)


def test_an_interval_of_statsmodels_and_of_confint():
    homes = load_seattle()
    fit = smf.ols("price ~ 1", homes).fit()
    kind = ByGroup(dict(zip(INTERVAL, fit.conf_int().loc["Intercept"], strict=True)))
    assert same(kind, fit.conf_int()) and same(kind, fit.conf_int().loc["Intercept"])
    assert same(kind, fit.get_prediction(homes.head(1)).summary_frame()[["mean_ci_lower", "mean_ci_upper"]])
    ours = confint(lmer("price ~ (1 | zipcode)", homes), "(Intercept)", method="t")
    assert "not asked for: estimate" in refusal(kind, ours)


def test_what_may_be_one_of_several_intervals_is_asked_about():
    kind = ByGroup(INTERVAL, group="end")
    two_rows = pd.DataFrame([PAIR, [1.0, 2.0]], ["Intercept", "zipcode Var"])
    assert 'two rows (Intercept, zipcode Var). Which one? For example .loc["Intercept"]' in refusal(
        kind, two_rows
    )
    assert "lower end comes first" in refusal(kind, PAIR[::-1])
    assert "set has no order" in refusal(kind, set(PAIR))
    assert "98010, 98014" in refusal(kind, {"98010": 1.0, "98014": 2.0})
    assert refusal(kind, pd.Series(PAIR, ["5%", "90%"]))  # not the same on both sides
    assert judged(kind, dict(zip(INTERVAL, PAIR[::-1], strict=True))) == "wrong"  # said so: no question


# ------------------------------------------------------------------ numbers by group


@pytest.mark.parametrize(
    "answer",
    [
        MEANS.reset_index(name="price"),
        MEANS.reset_index(name="price")[["price", "zipcode"]],
        MEANS.set_axis([98010, 98014, 98024]).rename_axis("zipcode").reset_index(name="price"),
        MEANS.set_axis([98010.0, 98014.0, 98024.0]),
        MEANS.set_axis(["98010.0", " 98014", "98024 "]),
        MEANS.to_frame("mean").T,
        MEANS.map("{:,.2f}".format),
        {label: [value] for label, value in MEANS.items()},
        {label: np.array(value) for label, value in MEANS.items()},
        {label: Decimal(str(value)) for label, value in MEANS.items()},
        {"price": MEANS},
        {"price": MEANS.to_dict()},
        {"zipcode": list(MEANS.index), "price": MEANS.to_list()},
        [{"zipcode": label, "price": value} for label, value in MEANS.items()],
    ],
)
def test_numbers_by_group_in_any_form(answer):
    assert same(ByGroup(MEANS), answer)


def test_capitals_and_blanks_in_labels_do_not_matter_but_labels_do():
    kind = ByGroup({"mean size": 0.5, "0 square feet": -0.25}, in_order=True)
    assert same(kind, {"Mean  Size ": 0.5, "0 Square Feet": -0.25}) and same(kind, (0.5, -0.25))
    assert "appears more than once" in refusal(kind, {"Mean size": 0.5, "mean size": 0.5})
    assert "missing: mean size" in refusal(kind, {"mean": 0.5, "0 square feet": -0.25})
    assert "set has no order" in refusal(kind, {0.5, -0.25})
    capitals = ByGroup({"a": 1.0, "A": 2.0})  # here capitals do matter
    assert same(capitals, {"A": 2.0, "a": 1.0})
    assert "missing: X A, x a" in refusal(ByGroup({"x a": 1.0, "X A": 2.0}), {"X a": 1.0, "x A": 2.0})
    assert "without labels" in refusal(ByGroup(MEANS), MEANS.to_list())


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize(
    "answer",
    [
        TABLE.T,
        TABLE.iloc[::-1, ::-1],
        TABLE.reset_index(),
        TABLE.reset_index().iloc[::-1, ::-1],
        TABLE.T.reset_index(),
        TABLE.rename_axis("what").reset_index(),
        TABLE.rename(index=str.upper, columns=str.lower),
        TABLE.to_dict(),
        TABLE.T.to_dict(),
        {name: TABLE[name] for name in TABLE},
        {name: TABLE.loc[name] for name in TABLE.index},
        TABLE.reset_index().to_dict("list"),
        TABLE.reset_index().to_dict("records"),
        TABLE.map("{:,.2f}".format),
        TABLE.map("{:,.2f}".format).T.reset_index(),
        TABLE.map(lambda value: np.array([value])),
    ],
)
def test_a_table_in_any_form(answer):
    assert same(Table(TABLE, unit="dollars"), answer)


def test_a_table_on_its_side_with_a_wrong_label_is_told_which():
    wrong = TABLE.rename(index={"Residual": "resid"})
    for answer in (wrong, wrong.T, wrong.reset_index(), wrong.T.to_dict()):
        assert "missing: Residual; not asked for: resid" in refusal(Table(TABLE), answer)


def test_a_table_of_intervals_may_have_quantiles_for_columns():
    kind = Table(pd.DataFrame({"lower": MEANS - 10, "upper": MEANS + 10}), group="zipcode")
    for labels in ((0.025, 0.975), ("2.5 %", "97.5 %"), (0, 1)):
        answer = kind.value.set_axis(labels, axis=1)
        assert same(kind, answer) and same(kind, answer.T) and same(kind, answer.reset_index())
        assert same(kind, answer.T.reset_index())  # its new index, 0 and 1, is not the two ends
        assert same(kind, answer.iloc[:, ::-1].T.reset_index())
        assert same(kind, answer.set_axis([98010, 98014, 98024]).rename_axis("zipcode").reset_index())


def test_a_square_table_is_not_turned_round_where_both_ways_fit():
    square = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["a", "b"])
    assert judged(Table(square), square.T) == "wrong"
    assert judged(Table(square), square) == "right"


# ------------------------------------------------------------------ draws

RNG = np.random.default_rng(2)
SIMS = pd.DataFrame(RNG.normal(MEANS, 1_000.0, (2_000, 3)), columns=MEANS.index)
BY_ZIPCODE = Draws(mean=MEANS, sd=MEANS * 0 + 1_000.0, at_least=1_000)


@pytest.mark.parametrize(
    "answer",
    [
        SIMS.to_numpy(),
        SIMS.to_numpy().T,
        SIMS.T,
        SIMS.set_axis([98010, 98014, 98024], axis=1),
        SIMS.iloc[:, ::-1],
        {name: SIMS[name] for name in SIMS},
        {name: SIMS[name].to_numpy() for name in SIMS},
        {int(name): SIMS[name].to_list() for name in SIMS},
    ],
)
def test_draws_by_group_in_any_form(answer):
    given, right = recorded(BY_ZIPCODE, answer), recorded(BY_ZIPCODE, SIMS)
    assert given == right and judged(BY_ZIPCODE, answer) == "right"


def test_columns_without_labels_are_asked_about_where_the_order_is_not_plain():
    means = MEANS.iloc[::-1]
    kind = Draws(mean=means, sd=means * 0 + 1_000.0, at_least=1_000)
    assert "missing: 98010" in refusal(kind, SIMS.to_numpy()[:, ::-1])
    assert "two columns" in refusal(BY_ZIPCODE, SIMS.to_numpy()[:, :2]) or "missing" in refusal(
        BY_ZIPCODE, SIMS.to_numpy()[:, :2]
    )


# ------------------------------------------------------------------ fits, letters, formulas


@pytest.mark.parametrize("fit", [lmer, complete_pooling])
def test_a_fit_where_a_number_is_asked_for_gets_a_question(fit):
    fitted = fit("price ~ (1 | zipcode)", load_seattle())
    says = refusal(Number(X), fitted)
    assert "Which number of this fit?" in says and says.count("fit.") == 3
    says = refusal(ByGroup(MEANS), fitted)
    assert "Which numbers of this fit?" in says and 'fit.coef["zipcode"]' in says


def test_a_fit_of_statsmodels_gets_the_question_too():
    says = refusal(Number(X), smf.ols("price ~ 1", load_seattle()).fit())
    assert "Which number of this fit?" in says and says.count("fit.") == 3


@pytest.mark.parametrize(
    "answer",
    ["b", "B", " b) ", ["b"], ("b",), np.array("b"), np.array(["b"]), pd.Series(["b"]), {"answer": "b"}],
)
def test_a_letter_in_any_form(answer):
    assert recorded(Choice("b"), answer) == "b"


@pytest.mark.parametrize("wrap", [str, lambda text: [text], lambda text: pd.Series([text]), np.array])
def test_a_formula_in_any_form(wrap):
    assert judged(Formula("price ~ (1 | zipcode)"), wrap("price ~ 1 + (1|zipcode)")) == "right"


# ------------------------------------------------------------------ judged as an instructor would


def test_a_count_may_be_rounded_up_but_not_down():
    kind = Number(27.3, rel=1e-2, unit="sales", round_up=True)
    for answer, right in ((27.3, True), (28, True), (27, False), (29, False), (28.1, False)):
        assert (judged(kind, answer) == "right") == right, answer
    near_a_whole = Number(27.95, rel=1e-2, unit="sales", round_up=True)  # another route gives 28.05
    assert judged(near_a_whole, 28) == judged(near_a_whole, 29) == "right" != judged(near_a_whole, 30)
    assert judged(Number(27.3, rel=1e-2, unit="sales"), 28) != "right"


def curve(x):
    ax = plt.subplots()[1]
    ax.plot(x, 1 - 1 / np.asarray(x))
    plt.close("all")
    return ax


@pytest.mark.parametrize(
    ("x", "right"),
    [
        (np.arange(1, 41), True),
        (np.arange(1, 40), True),  # as range counts
        (np.arange(2, 41), True),
        (np.linspace(1, 40, 500), True),
        (np.arange(2, 40), False),
        (np.arange(1, 39), False),
        (np.arange(1, 31), False),
    ],
)
def test_a_curve_may_end_one_point_early(x, right):
    whole = list(range(1, 41))
    kind = Figure(x=whole, y=[1 - 1 / n for n in whole], mark="lines")
    assert (judged(kind, curve(x)) == "right") == right


def test_few_points_must_all_be_there_and_so_must_those_in_the_middle():
    few = list(range(1, 11))
    assert judged(Figure(x=few, y=[1 - 1 / n for n in few], mark="lines"), curve(few[:-1])) == "wrong"
    whole = list(range(1, 41))
    kind = Figure(x=whole, y=[1 - 1 / n + (n == 20) for n in whole], mark="lines")
    assert judged(kind, curve(whole)) == "wrong"


# ------------------------------------------------------------------ every form, any labels and numbers

labels = st.lists(
    st.text("abcdefgh ", min_size=1, max_size=6).map(lambda text: " ".join(text.split())).filter(bool),
    min_size=2,
    max_size=5,
    unique=True,
)
sizes = st.floats(1.0, 1e9).map(lambda x: round(x, 3))


def forms_of_series(series):
    yield series
    yield series.iloc[::-1]
    yield series.to_dict()
    yield series.to_frame("value")
    yield series.to_frame("value").T
    yield series.rename("value").rename_axis("label").reset_index()
    yield series.map("{:,.9f}".format)
    yield series.rename(index=lambda name: f" {name.upper()} ")
    yield {"value": series}


def forms_of_table(table):
    yield table
    yield table.T
    yield table.iloc[::-1, ::-1]
    yield table.reset_index()
    yield table.T.reset_index()
    yield table.to_dict()
    yield table.T.to_dict()
    yield table.rename(index=str.upper, columns=str.title)
    yield table.map("{:,.9f}".format)


@given(labels, st.data())
@settings(max_examples=60, deadline=None)
def test_every_form_of_numbers_by_group_is_recorded_as_the_same(names, data):
    values = data.draw(st.lists(sizes, min_size=len(names), max_size=len(names)))
    series = pd.Series(values, names)
    for form in forms_of_series(series):
        assert same(ByGroup(series), form)


@given(labels, labels, st.data())
@settings(max_examples=60, deadline=None)
def test_every_form_of_a_table_is_recorded_as_the_same(rows, columns, data):
    columns = [f"{name}." for name in columns]  # else both ways may fit
    values = data.draw(st.lists(sizes, min_size=len(rows) * len(columns), max_size=len(rows) * len(columns)))
    table = pd.DataFrame(np.reshape(values, (len(rows), len(columns))), rows, columns)
    for form in forms_of_table(table):
        assert same(Table(table), form)


# ------------------------------------------------------------------ whatever a student hands in

cells = st.none() | st.booleans() | st.floats() | st.text("a1,.% $", max_size=5) | st.just(np.float64(2))
numbers = st.lists(st.floats(), max_size=3)
tables = st.lists(st.tuples(cells, cells), max_size=3).map(
    lambda rows: pd.DataFrame(rows, dtype=object).reset_index()
)
anything = st.recursive(
    cells | tables | numbers.map(np.array) | numbers.map(pd.Series),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(["a", "A", "lower", 0.05, 0, "98010"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = [Number(X), ByGroup(INTERVAL), ByGroup(MEANS), Table(TABLE), BY_ZIPCODE, Choice("a")]


@given(anything)
@settings(max_examples=200, deadline=None)
def test_whatever_is_handed_in_is_read_or_refused_by_a_sentence(answer):
    for kind in KINDS:
        try:
            arrived = decode(json.loads(json.dumps(encode(answer, kind.shape()))))
            kind.grade(arrived)
            if arrived is not None:
                kind.read(arrived, {**kind.shape(), "labels": []})
        except BadAnswerError as error:
            assert str(error).strip()


names = st.lists(st.text("a1 ", max_size=2), max_size=3)


@given(names, names, st.lists(st.sampled_from(["a", "1", 1.0]), min_size=9, max_size=9))
@settings(max_examples=200, deadline=None)
def test_every_table_that_arrives_is_read_or_refused_by_a_sentence(rows, columns, values):
    values = [values[3 * place :][: len(columns)] for place in range(len(rows))]
    for kind in KINDS:
        kind.grade(decode({"table": {"index": rows, "columns": columns, "values": values}}))


def test_a_hostile_table_of_ten_thousand_labels_costs_no_time():
    many = [f"a{place}" for place in range(10_000)]
    table = decode({"table": {"index": many, "columns": ["x"], "values": [[1.0]] * 10_000}})
    began = time.process_time()
    for kind in KINDS:
        kind.grade(table)
        kind.grade(dict.fromkeys(many, 1.0))
    assert time.process_time() - began < 5
