import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlmkit.plots import alt_text, plot_predictions

mpl.use("Agg")


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {"mean": rng.normal(700_000, 200_000, 4000), "house": rng.normal(700_000, 700_000, 4000)}
    )


def bars(ax, row):
    """The bars that stand on this row, left to right: (left, right, height, colour)."""
    found = [
        (
            bar.get_x(),
            bar.get_x() + bar.get_width(),
            -bar.get_height(),
            mpl.colors.to_hex(bar.get_facecolor()),
        )
        for container in ax.containers
        for bar in container
        if bar.get_y() == row
    ]
    return sorted(found)


def test_each_row_is_the_histogram_of_its_draws_on_one_scale(draws):
    ax = plot_predictions(draws)
    for row, name in enumerate(draws):
        edges = [left for left, *_ in bars(ax, row)] + [bars(ax, row)[-1][1]]
        counts, _ = np.histogram(draws[name], edges)
        heights = np.array([height for _, _, height, _ in bars(ax, row)])
        np.testing.assert_allclose(heights, 0.85 * counts / counts.max())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["mean", "house"]


def test_the_line_reaches_from_quantile_to_quantile_and_the_mark_is_the_median(draws):
    ax = plot_predictions(draws)
    for row, name in enumerate(draws):
        line, mark = ax.lines[2 * row : 2 * row + 2]
        np.testing.assert_allclose(line.get_xdata(), draws[name].quantile([0.025, 0.975]))
        np.testing.assert_allclose(mark.get_xdata(), draws[name].median())


def test_what_is_impossible_has_another_colour_up_to_the_limit_exactly(draws):
    ax = plot_predictions(draws, impossible_below=0)
    for row in (0, 1):
        below = {colour for _, right, height, colour in bars(ax, row) if right <= 1 and height > 0}
        above = {colour for left, _, height, colour in bars(ax, row) if left >= -1 and height > 0}
        assert len(above) == 1
        assert not above & below
    assert any(abs(left) < 1e-6 for left, *_ in bars(ax, 1))


def test_the_share_below_the_limit_is_written_beside_each_row(draws):
    ax = plot_predictions(draws, impossible_below=0)
    share = (draws["house"] < 0).mean()
    assert [text.get_text() for text in ax.texts] == [
        f"{100 * (draws['mean'] < 0).mean():.3f} % below 0",
        f"{100 * share:.0f} % below 0",
    ]
    assert f"{100 * share:.0f} % of them below 0" in alt_text(ax)


def test_a_share_of_nothing_is_called_none():
    ax = plot_predictions({"a": [1.0, 2.0, 3.0], "b": [-1.0, 2.0, 3.0]}, impossible_below=0)
    assert [text.get_text() for text in ax.texts] == ["none below 0", "33 % below 0"]


def test_without_negative_draws_no_share_is_written():
    ax = plot_predictions({"a": [1.0, 2.0, 3.0]}, impossible_below=0)
    assert not ax.texts
    assert ", none of them below 0." in alt_text(ax)


@pytest.mark.parametrize("form", [np.array, list, pd.Series])
def test_one_column_of_numbers_makes_one_row(form):
    ax = plot_predictions(form([1.0, 2.0, 3.0]))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["price"]
    assert alt_text(ax).startswith("A histogram of draws of price.")


def test_equal_draws_can_be_drawn():
    plot_predictions({"a": [5.0, 5.0], "b": [5.0, 5.0]}).figure.canvas.draw()


def test_the_description_gives_median_and_interval_of_each_row(draws):
    text = alt_text(plot_predictions(draws))
    low, middle, high = (round(value, -3) for value in draws["mean"].quantile([0.025, 0.5, 0.975]))
    assert text.startswith("2 histograms, one above the other, of draws of price.")
    wanted = f"mean: median {middle:,.0f} dollars, 95 % of the draws from {low:,.0f} dollars to {high:,.0f}"
    assert wanted in text


def test_bad_draws_are_refused_by_name():
    with pytest.raises(ValueError, match="no draws to plot"):
        plot_predictions({})
    with pytest.raises(ValueError, match="no draws to plot"):
        plot_predictions({"a": []})
    with pytest.raises(ValueError, match="Some draws of 'b' are missing or infinite"):
        plot_predictions({"a": [1.0, 2.0], "b": [1.0, np.nan]})
