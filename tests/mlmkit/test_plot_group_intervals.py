import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlmkit import lmer
from mlmkit.plots import POOLING_COLORS, alt_text, plot_group_intervals

mpl.use("Agg")


@pytest.fixture(scope="module")
def lmer1(seattle):
    return lmer("price ~ (1 | zipcode)", seattle)


def around(fit, half):
    means = fit.coef["zipcode"]["(Intercept)"]
    return pd.DataFrame({"lower": means - half, "upper": means + half})


def intervals_drawn(ax):
    """The ends of the intervals of each set, in the order in which the sets were drawn."""
    return [
        np.array([segment[:, 0] for segment in bars.get_segments()])
        for container in ax.containers
        for bars in container[2]
    ]


def test_every_observation_and_every_interval_is_in_its_row(seattle, lmer1):
    ends = around(lmer1, 50_000.0)
    ax = plot_group_intervals(seattle, ends)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(ends.index)
    np.testing.assert_allclose(intervals_drawn(ax)[0], ends.to_numpy())
    rows = seattle.groupby("zipcode", observed=True)["price"]
    for place, (dots, (_, prices)) in enumerate(zip(ax.collections, rows, strict=False)):
        np.testing.assert_allclose(dots.get_offsets()[:, 0], prices)
        assert np.abs(dots.get_offsets()[:, 1] - place).max() < 0.3


def test_the_first_group_is_at_the_top_and_partial_pooling_has_its_colour(seattle, lmer1):
    ax = plot_group_intervals(seattle, around(lmer1, 1.0))
    bottom, top = ax.get_ylim()
    assert bottom > 8 > 0 > top
    assert mpl.colors.to_hex(ax.containers[0][0].get_color()).upper() == POOLING_COLORS["partial"]


def test_dots_are_moved_the_same_way_each_time_and_the_readers_random_numbers_stay(seattle, lmer1):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    drawn = [plot_group_intervals(seattle, around(lmer1, 1.0)).collections[3].get_offsets() for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    assert np.random.random() == expected


def test_intervals_lie_over_the_dots(seattle, lmer1):
    ax = plot_group_intervals(seattle, around(lmer1, 1.0))
    assert ax.collections[0].get_zorder() < ax.containers[0][0].get_zorder()


def test_a_limit_hides_observations_and_says_how_many(seattle, lmer1):
    ax = plot_group_intervals(seattle, around(lmer1, 1.0), limit=3_000_000)
    shown = sum(len(dots.get_offsets()) for dots in ax.collections[:9])
    assert len(seattle) - shown == (seattle["price"] > 3_000_000).sum() == 9
    assert ax.get_title(loc="right") == "9 observations above $3M not shown"
    assert alt_text(ax).endswith("9 observations above 3,000,000 dollars not shown.")
    assert ax.get_xlim()[1] == 3_000_000


def test_without_a_limit_nothing_is_hidden_and_nothing_is_said(seattle, lmer1):
    ax = plot_group_intervals(seattle, around(lmer1, 1.0))
    assert "not shown" not in alt_text(ax) + ax.get_title(loc="right")


def test_two_intervals_have_a_legend_and_the_order_of_the_first(seattle, lmer1):
    narrow, wide = around(lmer1, 50_000.0), around(lmer1, 900_000.0).iloc[::-1]
    ax = plot_group_intervals(seattle, narrow, wide=wide, labels=("mean", "new house"))
    drawn = intervals_drawn(ax)
    np.testing.assert_allclose(drawn[0], wide.loc[narrow.index].to_numpy())
    np.testing.assert_allclose(drawn[1], narrow.to_numpy())
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"mean", "new house"}


def test_the_description_names_the_lowest_and_the_highest_interval(seattle, lmer1):
    text = alt_text(plot_group_intervals(seattle, around(lmer1, 50_000.0)))
    assert "The 869 observations of price as dots, a row for each of the 9 groups of zipcode" in text
    assert "from 204,000 dollars to 304,000 dollars in 98032" in text
    assert "from 2,094,000 dollars to 2,194,000 dollars in 98039" in text
    assert "between 100,000 dollars and 100,000 dollars wide" in text


def test_groups_that_differ_are_named(seattle, lmer1):
    ends = around(lmer1, 1.0)
    with pytest.raises(ValueError, match="The rows of intervals and the groups of the data must be the same"):
        plot_group_intervals(seattle, ends.iloc[1:])
    with pytest.raises(ValueError, match="The rows of wide and the groups"):
        plot_group_intervals(seattle, ends, wide=ends.rename({"98010": "98199"}))


def test_wrong_columns_are_named(seattle, lmer1):
    with pytest.raises(ValueError, match="intervals needs a data frame with the columns lower and upper"):
        plot_group_intervals(seattle, around(lmer1, 1.0).rename(columns={"lower": "low"}))
    with pytest.raises(ValueError, match="There is no column 'cost' in the data"):
        plot_group_intervals(seattle, around(lmer1, 1.0), y="cost")
