"""A figure's description must reach the reader of the notebook and of the page made from it."""

import base64

import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook

DESCRIBED = """
import matplotlib.pyplot as plt
from mlmkit import set_alt_text
_, ax = plt.subplots(figsize=(2, 2))
ax.plot([0, 1])
set_alt_text(ax, 'From "0" to 1 & not < 0.')
"""
# As seaborn leaves its grids: laid out once, and never again. The title of the axis stands outside.
OUTSIDE = (
    DESCRIBED
    + """
ax.figure.tight_layout()
ax.set_ylabel("outside", labelpad=60)
"""
)
COUNTED = """
drawn = []
_, ax = plt.subplots(figsize=(2, 2), layout="constrained")
ax.figure.canvas.mpl_connect("draw_event", drawn.append)
set_alt_text(ax, "Nothing.")
"""
PANELS = """
import pandas as pd
from mlmkit import plot_scatter_by_group
homes = pd.DataFrame({"zipcode": ["a", "b"] * 3, "sqft_living": range(6), "price": range(6)})
"""
# Each way to draw on a plot that was laid out already; the first is none.
ADDED = {
    "none": "pass",
    "title": "panels[0].set_title('A title of far too many words for the place that it has above its panel')",
    "legend": "panels[1].legend(['points'], loc='upper left', bbox_to_anchor=(1.1, 1))",
    "text": "panels[1].figure.text(1.2, 0.5, 'beside all panels')",
}
ON_PANELS = """
drawn = []
panels = plot_scatter_by_group(homes)
panels[0].figure.canvas.mpl_connect("draw_event", drawn.append)
{}
"""
# On a machine so busy that two looks at the clock are five seconds apart.
BUSY = """
import itertools, types, matplotlib.legend
matplotlib.legend.time = types.SimpleNamespace(perf_counter=itertools.count(0, 5).__next__)
_, ax = plt.subplots(figsize=(2, 2))
ax.plot([0, 1], label="line")
ax.legend()
set_alt_text(ax, "A line.")
"""
PLAIN = "_, ax = plt.subplots(figsize=(2, 2))\nax.plot([1, 0]);"


@pytest.fixture(scope="module")
def notebook():
    return run()


@pytest.fixture(scope="module")
def light():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLMKIT_QUIET", "1")
        return run()


def run():
    made = new_notebook(
        cells=[
            new_code_cell(source)
            for source in (DESCRIBED, PLAIN, OUTSIDE, BUSY, COUNTED, "print(len(drawn))")
        ]
    )
    return executed(made)


def executed(made):
    NotebookClient(made, kernel_name="python3").execute()
    return made


def picture(cell):
    (output,) = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    return output


def test_a_busy_machine_is_no_reason_to_warn(notebook, light):
    for cell in (notebook.cells[3], light.cells[3]):
        assert picture(cell).metadata["image/png"]["alt"] == "A line."
        assert not [one for one in cell.outputs if one.get("name") == "stderr"]


def test_the_output_carries_the_description_as_html_and_in_its_metadata(notebook):
    output = picture(notebook.cells[0])
    assert output.metadata["image/png"]["alt"] == 'From "0" to 1 & not < 0.'
    image = BeautifulSoup(output.data["text/html"], "html.parser").img
    assert image["alt"] == 'From "0" to 1 & not < 0.'
    assert image["src"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("place", [0, 2])
def test_where_nobody_watches_the_picture_is_lighter_and_as_large(notebook, light, place):
    usual, output = picture(notebook.cells[place]), picture(light.cells[place])
    assert output.metadata["image/png"]["alt"] == usual.metadata["image/png"]["alt"]
    assert pixels(output)[0] == output.metadata["image/png"]["width"]
    assert pixels(usual)[0] // 2 == pytest.approx(pixels(output)[0], abs=1)
    assert not [one for one in light.cells[place].outputs if one.get("name") == "stderr"]


def test_no_picture_is_drawn_for_nobody(notebook, light):
    # matplotlib lays it out, and then draws it; where nobody watches, both at once.
    assert [made.cells[-1].outputs[0].text for made in (notebook, light)] == ["2\n", "1\n"]


def test_panels_are_drawn_once_while_nothing_is_added(monkeypatch):
    monkeypatch.setenv("MLMKIT_QUIET", "1")
    sources = [PANELS]
    for added in ADDED.values():
        sources += [ON_PANELS.format(added), "print(len(drawn))"]
    made = executed(new_notebook(cells=[new_code_cell(source) for source in sources]))
    counts = [int(cell.outputs[0].text) for cell in made.cells[2::2]]
    assert counts == [1, 2, 2, 2]
    widths = [pixels(picture(cell))[0] for cell in made.cells[1::2]]
    assert min(widths[1:]) > widths[0]  # there is room for what stands outside


def pixels(output):
    png = base64.b64decode(output.data["image/png"])
    return [int.from_bytes(png[start : start + 4]) for start in (16, 20)]


def test_a_page_made_from_the_notebook_shows_one_picture_with_the_description(notebook):
    page = BeautifulSoup(HTMLExporter().from_notebook_node(notebook)[0], "html.parser")
    first, second, *_ = page.select(".jp-OutputArea-output img")
    assert first["alt"] == 'From "0" to 1 & not < 0.'
    assert second["alt"] == "No description has been provided for this image"


def test_a_figure_without_description_is_shown_as_always(notebook):
    output = picture(notebook.cells[1])
    assert "text/html" not in output.data
    assert "alt" not in output.metadata.get("image/png", {})


def test_nothing_is_written_to_stderr(notebook):
    assert not [o for cell in notebook.cells for o in cell.outputs if o.get("name") == "stderr"]
