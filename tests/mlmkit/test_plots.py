import ast
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from mlmkit import complete_pooling, lmer, no_pooling, plots
from mlmkit.plots import (
    POOLING_COLORS,
    alt_text,
    plot_caterpillar,
    plot_poolings,
    plot_scatter_by_group,
    plot_shrinkage,
    set_alt_text,
)
from mlmkit.plots.style import axis_title, in_words, money

mpl.use("Agg")

MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def lmer1(seattle):
    return lmer(MODEL, seattle)


@pytest.fixture(scope="module")
def few(seattle):
    return lmer(MODEL, seattle.groupby("zipcode", observed=True).head(5))


@pytest.fixture
def poolings(seattle, lmer1):
    return plot_poolings(complete_pooling(MODEL, seattle), no_pooling(MODEL, seattle), lmer1)


def tick_texts(axis):
    axis.get_figure(root=True).canvas.draw()
    return [tick.get_text() for tick in axis.get_ticklabels()]


def points(line):
    return np.asarray(line.get_xdata(), dtype=float)


def rgb(color):
    return mpl.colors.to_hex(color).upper()


def interval_ends(ax):
    """The left and right ends of the horizontal intervals, in the order in which they were drawn."""
    (bars,) = [bars for container in ax.containers for bars in container[2]]
    segments = np.array(bars.get_segments())
    return segments[:, 0, 0], segments[:, 1, 0]


# Scatter --------------------------------------------------------------------------------------------


def test_scatter_has_a_panel_per_group_with_every_sale_and_the_group_mean(seattle):
    panels = plot_scatter_by_group(seattle)
    sales = seattle.groupby("zipcode", observed=True)
    assert len(panels) == 9
    for ax, (name, rows) in zip(panels, sales, strict=True):
        assert ax.get_title() == f"{name}  (n = {len(rows)})"
        (dots,) = ax.collections
        np.testing.assert_allclose(dots.get_offsets(), rows[["sqft_living", "price"]])
        assert ax.lines[0].get_ydata()[0] == pytest.approx(rows["price"].mean())
        assert rgb(ax.lines[0].get_color()) == POOLING_COLORS["none"]


def test_scatter_panels_share_their_scales(seattle):
    panels = plot_scatter_by_group(seattle)
    assert len({ax.get_xlim() for ax in panels}) == len({ax.get_ylim() for ax in panels}) == 1


def test_scatter_axes_have_titles_with_units_and_readable_ticks(seattle):
    panels = plot_scatter_by_group(seattle)
    assert panels[6].get_xlabel() == "Living area (square feet)"
    assert panels[6].get_ylabel() == "Price (US dollars)"
    assert "$2M" in tick_texts(panels[6].yaxis)
    assert "5,000" in tick_texts(panels[6].xaxis)


def test_scatter_ticks_do_not_overlap(seattle):
    panels = plot_scatter_by_group(seattle)
    panels[0].figure.canvas.draw()
    boxes = [label.get_window_extent() for label in panels[6].get_xticklabels() if label.get_text()]
    inside = [box for box in boxes if box.x1 > panels[6].bbox.x0 and box.x0 < panels[6].bbox.x1]
    assert all(left.x1 < right.x0 for left, right in pairwise(inside))
    assert len(inside) >= 3


def test_scatter_panels_above_an_empty_place_keep_their_horizontal_axis(seattle):
    five = seattle[seattle["zipcode"].isin(["98010", "98014", "98024", "98032", "98039"])]
    panels = plot_scatter_by_group(five, columns=3)
    assert len(panels) == len(panels[0].figure.axes) == 5
    assert [bool(ax.get_xlabel()) for ax in panels] == [False, False, True, True, True]
    assert "8,000" in tick_texts(panels[2].xaxis)
    assert panels[2].get_xticklabels()[1].get_visible()


def test_scatter_panels_are_laid_out_once_when_all_is_in_place(seattle, monkeypatch):
    layouts = []
    monkeypatch.setattr(Figure, "tight_layout", lambda figure: layouts.append(figure.axes[0].get_title()))
    plot_scatter_by_group(seattle)
    assert layouts == [f"98010  (n = {(seattle['zipcode'] == '98010').sum()})"]


def test_scatter_says_in_words_what_the_data_show(seattle):
    text = alt_text(plot_scatter_by_group(seattle)[0].figure)
    assert "9 scatter plots of price against sqft_living" in text
    assert "50 to 125 points" in text
    assert "from 251,000 dollars in 98032 to 2,161,000 dollars in 98039" in text
    assert "In 9 of the 9 panels price rises with sqft_living" in text


def test_scatter_describes_other_data_in_other_words(seattle):
    cheap = seattle.assign(price=seattle["price"].mask(seattle["zipcode"] == "98039", 1e5))
    text = alt_text(plot_scatter_by_group(cheap)[0].figure)
    assert "from 100,000 dollars in 98039 to 902,000 dollars in 98102" in text
    assert "In 8 of the 9 panels" in text


def test_scatter_names_the_columns_when_one_is_missing(seattle):
    with pytest.raises(ValueError, match=r"no column 'size' in the data. The columns are: zipcode, .*price"):
        plot_scatter_by_group(seattle, x="size")
    with pytest.raises(ValueError, match="no rows"):
        plot_scatter_by_group(seattle.head(0))


# Poolings -------------------------------------------------------------------------------------------


def test_poolings_show_the_three_estimates_in_their_colours(poolings, seattle, lmer1):
    complete, none, partial = poolings
    assert [ax.get_title() for ax in poolings] == ["Complete pooling", "No pooling", "Partial pooling"]
    line = next(line for line in complete.lines if rgb(line.get_color()) == POOLING_COLORS["complete"])
    assert points(line)[0] == pytest.approx(seattle["price"].mean())
    means = seattle.groupby("zipcode", observed=True)["price"].mean()
    np.testing.assert_allclose(points(none.lines[0]), means)
    assert rgb(none.lines[0].get_color()) == POOLING_COLORS["none"]
    np.testing.assert_allclose(points(partial.lines[0]), lmer1.coef["zipcode"]["(Intercept)"])
    assert rgb(partial.lines[0].get_color()) == POOLING_COLORS["partial"]


def test_poolings_intervals_reach_two_standard_errors(poolings, seattle):
    left, right = interval_ends(poolings[1])
    sizes = seattle["zipcode"].value_counts(sort=False).to_numpy()
    sigma = no_pooling(MODEL, seattle).sigma
    np.testing.assert_allclose(right - left, 4 * sigma / np.sqrt(sizes))


def test_poolings_axes_have_titles_and_units(poolings):
    assert poolings[0].get_xlabel() == "Mean price (US dollars)"
    assert poolings[0].get_ylabel() == "Zip code"
    assert tick_texts(poolings[0].yaxis)[:2] == ["98010", "98014"]


def test_poolings_say_in_words_what_they_show(poolings):
    text = alt_text(poolings[0].figure)
    assert "Complete pooling: one line for all, at 633,000 dollars." in text
    assert "No pooling: 9 marks, from 251,000 dollars in 98032 to 2,161,000 dollars in 98039." in text
    assert "The largest difference from no pooling is 18,000 dollars, in 98039." in text


def test_poolings_refuse_a_model_with_predictors(seattle):
    fit = lmer("price ~ scale_sqft + (1 | zipcode)", seattle)
    for plot in (lambda: plot_poolings(None, None, fit), lambda: plot_shrinkage(fit)):
        with pytest.raises(ValueError, match="no predictors"):
            plot()


# Shrinkage ------------------------------------------------------------------------------------------


def test_shrinkage_moves_every_group_towards_the_fixed_intercept(few):
    ax = plot_shrinkage(few)
    centre, none, partial = [line for line in ax.lines if not line.get_label().startswith("_")]
    middle = points(centre)[0]
    assert middle == pytest.approx(few.fixef["(Intercept)"])
    moved = (points(partial) - middle) / (points(none) - middle)
    assert ((moved > 0) & (moved < 1)).all()
    assert np.ptp(moved) < 1e-9  # five sales in each zip code: the same fraction for all
    assert rgb(none.get_color()) == POOLING_COLORS["none"]
    assert rgb(partial.get_color()) == POOLING_COLORS["partial"]


def test_shrinkage_names_groups_with_their_sizes_in_order_of_their_means(few):
    ax = plot_shrinkage(few)
    labels = tick_texts(ax.yaxis)
    assert labels[0] == "98032  (n = 5)"
    assert labels[-1] == "98039  (n = 5)"
    assert ax.get_xlabel() == "Mean price (US dollars)"


def test_shrinkage_says_in_words_what_it_shows(few):
    text = alt_text(plot_shrinkage(few))
    assert "The longest is in 98039, from 2,135,000 dollars to 1,907,000 dollars" in text


# Caterpillar ----------------------------------------------------------------------------------------


def test_caterpillar_shows_the_lectures_intervals_in_order(lmer1):
    ax = plot_caterpillar(lmer1)
    assert tick_texts(ax.yaxis)[0] == "98032"
    left, right = interval_ends(ax)
    assert (np.diff(points(ax.containers[0][0])) > 0).all()
    np.testing.assert_allclose([left[0], right[0]], [-541866, -377381], atol=1)
    np.testing.assert_allclose([left[-1], right[-1]], [1300763, 1559876], atol=1)
    assert points(ax.lines[0])[0] == 0
    assert ax.get_xlabel() == "Random effect on price (US dollars)"


def test_caterpillar_of_coefficients_is_centred_at_the_fixed_effect(lmer1):
    ax = plot_caterpillar(lmer1, what="coef", reach=1)
    assert points(ax.lines[0])[0] == pytest.approx(lmer1.fixef["(Intercept)"])
    left, right = interval_ends(ax)
    np.testing.assert_allclose(
        (right - left) / 2, lmer1.se_coef["zipcode"]["(Intercept)"].loc[tick_texts(ax.yaxis)]
    )


def test_caterpillar_shows_slopes_too(seattle):
    fit = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle)
    assert "slope of scale_sqft" in plot_caterpillar(fit, term="scale_sqft").get_xlabel()


def test_caterpillar_counts_the_intervals_that_leave_the_middle(lmer1, few):
    assert "9 of the 9 intervals do not touch 0" in alt_text(plot_caterpillar(lmer1))
    effects = few.ranef["zipcode"]["(Intercept)"].abs()
    apart = int((effects > 2 * few.se_ranef["zipcode"]["(Intercept)"]).sum())
    assert 0 < apart < 9
    assert f"{apart} of the 9 intervals do not touch 0" in alt_text(plot_caterpillar(few))


def test_caterpillar_lists_the_choices_when_asked_for_what_is_not_there(lmer1):
    with pytest.raises(ValueError, match='Choose "ranef" or "coef"'):
        plot_caterpillar(lmer1, what="fixef")
    with pytest.raises(ValueError, match=r"'slope' is not in this table .* It has: \(Intercept\)"):
        plot_caterpillar(lmer1, term="slope")
    with pytest.raises(ValueError, match=r"no grouping factor 'county'\. It has: zipcode"):
        plot_caterpillar(lmer1, group="county")


def test_plots_draw_into_axes_that_are_given(lmer1, few):
    _, (left, right) = mpl.pyplot.subplots(1, 2)
    assert plot_caterpillar(lmer1, ax=left) is left
    assert plot_shrinkage(few, ax=right) is right
    assert alt_text(left.figure) == f"{alt_text(left)} {alt_text(right)}"


# What all plots share -------------------------------------------------------------------------------


def test_the_poolings_have_three_colours_that_differ_in_lightness():
    def lightness(color):
        return mpl.colors.rgb_to_hsv(mpl.colors.to_rgb(color))[2]

    assert len({round(lightness(color), 2) for color in POOLING_COLORS.values()}) == 3


@given(st.floats(-1e9, 1e9))
def test_money_reads_back_as_about_the_same_amount(amount):
    text = money(amount)
    unit = {"k": 1e3, "M": 1e6}.get(text[-1], 1)
    read = float(text.replace("−", "-").replace("$", "").rstrip("kM")) * unit
    assert read == pytest.approx(amount, rel=0.006, abs=0.51)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"),
        (999, "$999"),
        (999.7, "$1k"),
        (1_450, "$1.45k"),
        (999_400, "$999k"),
        (999_600, "$1M"),
        (-2.5e6, "−$2.5M"),
    ],
)
def test_money_changes_its_unit_at_the_right_place(amount, text):
    assert money(amount) == text


def test_columns_without_a_known_unit_keep_their_name():
    assert axis_title("weight") == "weight"
    assert axis_title("weight", "Mean") == "Mean weight"
    assert in_words(1234.5, "weight") == "1.23e+03"


def test_an_empty_description_is_refused():
    _, ax = mpl.pyplot.subplots()
    with pytest.raises(ValueError, match="Say in a sentence"):
        set_alt_text(ax, "  ")
    assert alt_text(ax) == alt_text(ax.figure) == ""


def test_a_second_description_replaces_the_first():
    _, ax = mpl.pyplot.subplots()
    set_alt_text(ax, "First.")
    set_alt_text(ax, "Second,\n  in two lines.")
    assert alt_text(ax.figure) == "Second, in two lines."


def test_each_plot_has_a_file_of_its_own_that_is_named_after_it():
    files = {path.stem: ast.parse(path.read_text()) for path in Path(plots.__file__).parent.glob("*.py")}
    drawn = {
        name: [part.name for part in tree.body if getattr(part, "name", "").startswith("plot_")]
        for name, tree in files.items()
    }
    assert {name: found for name, found in drawn.items() if found} == {
        f"{name.removeprefix('plot_')}_plot": [name] for name in plots.__all__ if name.startswith("plot_")
    }
    assert not set(files) & set(plots.__all__), "a file would hide the function of the same name"


@pytest.mark.parametrize("group", ["zipcode", "number"])
def test_scatter_takes_rows_with_equal_labels_and_groups_that_are_numbers(seattle, group):
    twice = pd.concat([seattle, seattle]).query("zipcode != '98010'")  # its category stays, without rows
    panels = plot_scatter_by_group(twice.assign(number=twice["zipcode"].astype(int)), group=group)
    assert len(panels) == 8
    assert panels[0].get_title() == "98014  (n = 248)"
    assert len(panels[0].collections[0].get_offsets()) == 248


def test_a_plot_changes_no_setting_of_the_readers_own_plots(seattle):
    before = mpl.rcParams.copy()
    plot_scatter_by_group(seattle)
    assert mpl.rcParams == before


def test_seaborn_is_imported_by_the_functions_that_use_it():
    heavy = {"seaborn", "mlmkit.plots.facets"}  # facets.py is itself imported late
    for path in set(Path(plots.__file__).parent.glob("*.py")) - {Path(plots.__file__).parent / "facets.py"}:
        first = ast.parse(path.read_text()).body
        named = {name.name for part in first if isinstance(part, ast.Import) for name in part.names}
        named |= {part.module for part in first if isinstance(part, ast.ImportFrom)}
        assert not named & heavy, path.name
