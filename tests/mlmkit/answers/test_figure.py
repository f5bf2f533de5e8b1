"""A figure is judged by what is drawn and by its labels, whoever's function drew it."""

import json
import re

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmkit.answers.figure.answer import MAX_POINTS
from mlmkit.answers.kinds import (
    BadAnswerError,
    Figure,
    FigureAnswer,
    Mistake,
    decode,
    encode,
    from_key,
    to_key,
    verdict,
)

N = [5, 20, 80, 320]
MEAN = [410_000.0, 530_000.0, 640_000.0, 820_000.0]
POOLED = [500_000.0, 560_000.0, 645_000.0, 819_000.0]
ZIPCODES = ["98010", "98014", "98024", "98115"]
HOMES = pd.DataFrame({"n": N, "mean": MEAN, "zipcode": pd.Categorical(ZIPCODES)})
POINTS = Figure(
    x=N,
    y=MEAN,
    xlabel=("sales", "n"),
    ylabel=("price", "mean"),
    mistakes=[
        Mistake({"y": POOLED}, says="These are partially pooled.", credit=0.25, name="partial pooling")
    ],
)
BARS = Figure(x=ZIPCODES, y=MEAN, mark="bars", xlabel=("zip code", "zipcode"), ylabel=("price", "mean"))


def grade(kind, answer):
    return kind.grade(decode(json.loads(json.dumps(encode(answer)))))


def labelled(ax, x="number of sales", y="mean price (dollars)"):
    ax.set(xlabel=x, ylabel=y)
    return ax


def axes(**options):
    return plt.subplots(**options)[1]


# ------------------------------------------------------------------ points, whoever drew them


def scatter():
    ax = axes()
    ax.scatter(N[::-1], MEAN[::-1])
    return labelled(ax)


def plot_markers():
    ax = axes()
    ax.plot(N, MEAN, "o")
    return labelled(ax)


def errorbar():
    ax = axes()
    ax.errorbar(N, MEAN, yerr=[9e4, 5e4, 3e4, 1e4], fmt="o")
    return labelled(ax)


def one_call_per_group():
    ax = axes()
    for n, mean, name in zip(N, MEAN, ZIPCODES, strict=True):
        ax.scatter(n, mean, label=name)
    ax.legend()
    return labelled(ax)


def with_a_reference_line_and_raw_data():
    ax = axes()
    rng = np.random.default_rng(1)
    ax.scatter(rng.choice(N, 5000), rng.normal(6e5, 3e5, 5000), alpha=0.1)
    ax.axhline(6e5)
    ax.plot([0, 320], [6e5, 6e5])
    ax.scatter(N, MEAN)
    ax.scatter(N, POOLED)
    return labelled(ax)


def log_axis():
    ax = scatter()
    ax.set_xscale("log")
    return ax


def a_figure():
    return scatter().figure


def what_scatter_returned():
    return labelled(axes()).scatter(N, MEAN)


def what_plot_returned():
    return labelled(axes()).plot(N, MEAN, "s")


def second_of_two_panels():
    _, panels = plt.subplots(1, 2)
    panels[0].scatter(N, POOLED)
    panels[1].scatter(N, MEAN)
    labelled(panels[1])
    return panels


def shared_labels():
    figure, panels = plt.subplots(1, 2, sharex=True, sharey=True)
    panels[1].scatter(N, MEAN)
    panels[0].set_ylabel("mean price")
    figure.supxlabel("sales in the zip code")
    return figure


def pandas_scatter():
    return HOMES.plot.scatter("n", "mean")


def pandas_plot():
    return labelled(HOMES.plot(x="n", y="mean", marker="o", linestyle=""))


def seaborn_scatterplot():
    import seaborn as sns

    return sns.scatterplot(HOMES, x="n", y="mean", hue="zipcode")


def seaborn_regplot():
    import seaborn as sns

    return sns.regplot(HOMES, x="n", y="mean", ci=None)


def seaborn_relplot():
    import seaborn as sns

    return sns.relplot(HOMES, x="n", y="mean")


def in_thousands():
    ax = axes()
    ax.scatter(N, [mean / 1000 for mean in MEAN])
    return labelled(ax, y="mean price, thousand dollars")


def in_millions():
    ax = axes()
    ax.scatter(N, [mean / 1e6 for mean in MEAN])
    return labelled(ax, y="mean price (M $)")


SCATTERS = [
    scatter,
    plot_markers,
    errorbar,
    one_call_per_group,
    with_a_reference_line_and_raw_data,
    log_axis,
    a_figure,
    what_scatter_returned,
    what_plot_returned,
    second_of_two_panels,
    shared_labels,
    pandas_scatter,
    pandas_plot,
    seaborn_scatterplot,
    seaborn_regplot,
    seaborn_relplot,
    in_thousands,
    in_millions,
]


@pytest.mark.parametrize("draw", SCATTERS)
def test_the_points_are_found_whoever_drew_them(draw):
    outcome = grade(POINTS, draw())
    assert outcome.status == "right", outcome.says


# ------------------------------------------------------------------ bars and categories


def bars():
    ax = axes()
    ax.bar(ZIPCODES, MEAN)
    return labelled(ax, "zip code")


def lying_bars():
    ax = axes()
    ax.barh(ZIPCODES, MEAN)
    return labelled(ax, "price", "zip code")


def bars_with_tick_labels():
    ax = axes()
    ax.bar([0, 10, 20, 30], MEAN, width=5)
    ax.set_xticks([0, 10, 20, 30], [f"{z}\n({n} sales)" for z, n in zip(ZIPCODES, N, strict=True)])
    return labelled(ax, "zip code")


def pandas_bars():
    return labelled(HOMES.set_index("zipcode")["mean"].plot.bar(), "zip code")


def pandas_lying_bars():
    ax = HOMES.plot.barh(x="zipcode", y="mean")
    return labelled(ax, "mean", "zipcode")


def seaborn_bars():
    import seaborn as sns

    return sns.barplot(HOMES, x="zipcode", y="mean", order=ZIPCODES[::-1])


def what_bar_returned():
    return labelled(axes(), "zip code").bar(ZIPCODES, MEAN)


@pytest.mark.parametrize(
    "draw",
    [
        bars,
        lying_bars,
        bars_with_tick_labels,
        pandas_bars,
        pandas_lying_bars,
        seaborn_bars,
        what_bar_returned,
    ],
)
def test_bars_are_found_by_the_labels_under_them(draw):
    outcome = grade(BARS, draw())
    assert outcome.status == "right", outcome.says


@pytest.mark.parametrize("name", ["stripplot", "pointplot"])
def test_points_at_categories_are_found_although_they_are_jittered(name):
    import seaborn as sns

    kind = Figure(x=ZIPCODES, y=MEAN, xlabel="zipcode", ylabel="mean")
    assert grade(kind, getattr(sns, name)(HOMES, x="zipcode", y="mean")).status == "right"
    swapped = HOMES.assign(zipcode=pd.Categorical(ZIPCODES[::-1]))
    assert grade(kind, getattr(sns, name)(swapped, x="zipcode", y="mean", ax=axes())).status == "wrong"


def test_a_zip_code_drawn_as_a_number_is_that_zip_code():
    ax = axes()
    ax.scatter([int(zipcode) for zipcode in ZIPCODES], MEAN)
    assert grade(Figure(x=ZIPCODES, y=MEAN), ax).status == "right"


def test_bars_of_other_heights_are_wrong_and_the_message_counts():
    ax = axes()
    ax.bar(ZIPCODES, [*MEAN[:3], 1.0])
    assert "Of the 4 expected bars, 3 are in this figure" in grade(BARS, ax).says


# ------------------------------------------------------------------ lines


def test_a_line_is_followed_between_its_vertices():
    x = np.array([1.0, 10.0, 100.0])
    kind = Figure(x=x, y=x / (x + 5), mark="lines", rel=2e-3)
    grid = np.linspace(0.5, 200, 400)
    ax = axes()
    ax.plot(grid, grid / (grid + 5))
    assert grade(kind, ax).status == "right"
    for wrong in (grid / (grid + 6), np.sqrt(grid / (grid + 5))):
        other = axes()
        other.plot(grid, wrong)
        assert grade(kind, other).status == "wrong"
    short = axes()
    short.plot(grid[:100], (grid / (grid + 5))[:100])
    assert grade(kind, short).status == "wrong"


def test_each_group_needs_a_line_of_its_own():
    kind = Figure(
        x=[0, 1, 0, 1],
        y=[0, 1, 1, 0],
        group=["a", "a", "b", "b"],
        mark="lines",
        xlabel="size",
        ylabel="price",
    )
    right, wrong = labelled(axes(), "size", "price"), axes()
    right.plot([-1, 2], [-1, 2])
    right.plot([2, -1], [-1, 2])
    wrong.plot([0, 1], [0, 0])
    wrong.plot([0, 1], [1, 1])
    assert grade(kind, right).status == "right"
    assert grade(kind, wrong).status == "wrong"
    assert grade(from_key(json.loads(json.dumps(to_key(kind)))), right).status == "right"


def test_segments_of_hlines_are_lines():
    ax = axes()
    ax.hlines([1.0, 2.0], [0, 0], [3, 4])
    assert grade(Figure(x=[0, 4], y=[2, 2], mark="lines"), ax).status == "right"


def test_a_line_across_the_axes_is_not_data():
    ax = axes()
    ax.axhline(2.0)
    assert grade(Figure(x=[0, 1], y=[2, 2], mark="lines"), ax).status == "invalid"


# ------------------------------------------------------------------ what is wrong, and what it costs


@pytest.mark.parametrize(
    ("x", "y", "credit", "says"),
    [
        ("", "price", 0.75, 'The x axis has no label: say what it shows ("sales" or "n"). This costs 25 %'),
        ("", "", 0.5, "The y axis has no label"),
        ("N", "Mean PRICE", 1.0, "Right."),
        (
            "price in dollars",
            "price",
            0.75,
            'The label of the x axis, "price in dollars", should name "sales"',
        ),
    ],
)
def test_what_is_missing_on_an_axis_is_named_and_costs_a_stated_share(x, y, credit, says):
    outcome = grade(POINTS, labelled(scatter(), x, y))
    assert outcome.credit == credit and says in outcome.says
    assert outcome.status == ("right" if credit == 1 else "mistake")


def test_thousands_need_to_be_said():
    ax = axes()
    ax.scatter(N, [mean / 1000 for mean in MEAN])
    outcome = grade(POINTS, labelled(ax))
    assert (outcome.credit, outcome.mistake) == (0.75, "unit missing")
    assert "The y axis is in thousands, and its label doesn't say so." in outcome.says


def test_scale_and_legend_are_judged_where_asked_for():
    kind = Figure(x=N, y=MEAN, xscale="log", legend=["no pooling"], labels_cost=0.4)
    outcome = grade(kind, scatter())
    assert outcome.credit == pytest.approx(0.6) and "not on a log scale" in outcome.says
    ax = log_axis()
    ax.scatter(N, POOLED, label="No pooling")
    ax.legend()
    assert grade(kind, ax).status == "right"


def test_a_known_mistake_in_the_data_is_named():
    ax = axes()
    ax.scatter(N, POOLED)
    outcome = grade(POINTS, labelled(ax))
    assert (outcome.status, outcome.credit, outcome.mistake) == ("mistake", 0.25, "partial pooling")


def test_the_right_series_beside_the_mistaken_one_is_right():
    ax = scatter()
    ax.scatter(N, POOLED)
    assert grade(POINTS, ax).status == "right"


def test_exchanged_axes_and_other_marks_get_half_and_a_sentence():
    ax = axes()
    ax.scatter(MEAN, N)
    assert grade(POINTS, ax).mistake == "axes exchanged"
    line = axes()
    line.plot(N, MEAN)
    outcome = grade(POINTS, line)
    assert outcome.mistake == "lines for points" and outcome.credit == 0.5
    assert grade(Figure(x=N, y=MEAN, mark="any"), line).status == "right"
    assert grade(Figure(x=N, y=MEAN, either_way=True), ax).status == "right"


def test_labels_of_exchanged_axes_are_judged_on_the_axes_where_they_are():
    ax = axes()
    ax.scatter(MEAN, ZIPCODES)
    ax.set_xlabel("mean price")
    outcome = grade(Figure(x=ZIPCODES, y=MEAN, xlabel="zip", ylabel="price", either_way=True), ax)
    assert "The y axis has no label" in outcome.says and outcome.credit == 0.75


def test_a_cloud_of_guesses_is_not_an_answer():
    ax = axes()
    guesses = np.linspace(3e5, 9e5, 400)
    ax.scatter(np.repeat(N, 400), np.tile(guesses, 4))
    assert grade(Figure(x=N, y=MEAN, rel=0.01), labelled(ax)).status == "wrong"


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (None, "missing", "not answered"),
        (
            3.0,
            "invalid",
            'asks for a figure: hand in the axes, as in check("…", ax). Your answer is a single',
        ),
        (MEAN, "invalid", "a list of four values"),
    ],
)
def test_what_is_no_figure_says_what_is_asked_for(answer, status, says):
    outcome = grade(POINTS, answer)
    assert outcome.status == status and says in outcome.says


def test_an_empty_figure_and_other_objects_say_what_to_hand_in():
    assert "The figure is empty" in grade(POINTS, axes()).says
    assert "The figure is empty" in grade(POINTS, plt.figure()).says
    with pytest.raises(BadAnswerError, match=r"type module.*or a figure"):
        encode(plt)
    with pytest.raises(BadAnswerError, match="16 panels"):
        encode(plt.subplots(4, 4)[0])


def test_points_without_a_value_are_left_out_and_large_clouds_thinned():
    ax = axes()
    ax.scatter([1.0, np.nan, 3.0], [1.0, 2.0, np.inf])
    ax.scatter(np.arange(50_000), np.zeros(50_000))
    small, large = decode(encode(ax)).axes[0].marks
    assert small.x == (1.0,) and len(large.x) == MAX_POINTS
    assert len(json.dumps(encode(ax))) < 60_000


# ------------------------------------------------------------------ the kind itself


def test_a_figure_survives_its_key():
    for kind in (POINTS, BARS):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert to_key(again) == to_key(kind)
        assert again.grade(kind.answer_with(kind.value)).status == "right"
        for mistake in kind.mistakes:
            assert again.grade(kind.answer_with(mistake.value)).mistake == mistake.name


def test_mistakes_that_cannot_be_told_from_the_right_data_are_left_out():
    near = [mean * 1.001 for mean in MEAN]
    kind = Figure(
        x=N,
        y=MEAN,
        mistakes=[
            Mistake({"y": near}, says="Near."),
            Mistake({"y": [np.nan] * 4}, says="None."),
            Mistake({"x": MEAN, "y": N}, says="Exchanged."),
        ],
    )
    assert [mistake.says for mistake in kind.usable_mistakes] == ["Exchanged."]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"y": MEAN[:2]}, "as many x as y.*4 and 2"),
        ({"mark": "pie"}, "Choose from points, lines, bars, any"),
        ({"rel": 0}, "positive"),
        ({"y": [np.nan] * 4}, "not finite"),
        ({"labels_cost": 1.0}, "labels_cost"),
        ({"mistakes": [Mistake({"y": [1.0]}, says="x y")]}, "as many x as y"),
    ],
)
def test_an_impossible_question_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        Figure(**{"x": N, "y": MEAN, **options})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_hostile_figure_gives_a_verdict_and_never_an_error(data):
    payload = POINTS_PAYLOAD
    for _ in range(data.draw(st.integers(1, 3))):
        payload = _damaged(payload, data)
    result = verdict(POINTS, {"figure": payload}, max_points=2)
    assert result.message and 0 <= result.score <= 2
    assert re.search(r"\w", result.message)


def _damaged(value, data):
    """Replace one part of a JSON value, somewhere inside, by anything."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _damaged(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], _damaged(value[place], data), *value[place + 1 :]]
    return data.draw(anything)


POINTS_PAYLOAD = encode(scatter())["figure"]


def test_what_arrives_is_what_was_drawn():
    answer = decode(encode(scatter()))
    assert isinstance(answer, FigureAnswer)
    (panel,) = answer.axes
    assert (panel.xlabel, panel.ylabel, panel.xscale) == ("number of sales", "mean price (dollars)", "linear")
    assert panel.flipped().flipped() == panel and panel.flipped().xlabel == panel.ylabel
