"""Widgets in the tab: the sliders of lesson 02, and `interact`; what is handed in holds no trace of them."""

import json
import re

import pytest
from chromium import Tab
from notebook_page import Notebook
from playwright.sync_api import expect

from grader.course.repository import ROOT
from grader.intake.preflight import read_submission
from grader.web.tab_folder import NOTEBOOK
from mlmkit.plots.slider import NOT_LIVE

pytestmark = [pytest.mark.long(110), pytest.mark.needs_chromium]
LESSON, SLIDERS = "02_shrinkage", "shrinkage_slider(lmer_sample)"
FIRST = "import pandas as pd"
WIDTH = 390  # of a telephone
PATIENCE = 60_000  # milliseconds: two cores may be busy
# JupyterLite's service worker stands between, once it works: then the transfer's size is 0.
BESIDE_PYTHON = """performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/python/"))
    .map((one) => one.transferSize || (one.name.includes("jupyterlab-manager") ? one.encodedBodySize : 0))
    .reduce((sum, size) => sum + size, 0)"""
OTHERS = """from ipywidgets import Button, Image, IntSlider, Output, interact
from IPython.display import display
interact(lambda n=3: print("n is", n))
image = Image(value=b"GIF89a", format="gif")
button = Button(description="Work for ever")
def work(_):
    while True: pass
button.on_click(work)
display(image, button)"""


class Sliders:
    """The sliders, as a student uses them."""

    def __init__(self, notebook):
        self.cell = notebook.cell(SLIDERS)
        self.cell.scroll_into_view_if_needed()
        self.words = self.cell.locator(".widget-html p")
        expect(self.words).to_be_visible(timeout=PATIENCE)

    def seen(self):
        """The sentence, and the picture."""
        return self.words.text_content(), self.cell.locator(".widget-html img").get_attribute("src")

    def move(self, which, key):
        """Move a slider by a key; wait for another picture, and return what is seen then."""
        before = self.words.text_content()
        self.cell.locator(".noUi-handle").nth(which).focus()
        self.cell.page.keyboard.press(key)
        expect(self.words).not_to_have_text(before, timeout=PATIENCE)
        return self.seen()

    def back(self, start):
        """Press the button; wait for the sentence of the start, and return what is seen then."""
        self.cell.get_by_role("button", name="Back to the estimates").click()
        expect(self.words).to_have_text(start, timeout=PATIENCE)
        return self.seen()


@pytest.fixture(scope="module")
def moved(address, tmp_path_factory):
    """Run lesson 02, move both sliders, go back, hand in; return what was seen, and the file."""
    seen, file = {}, tmp_path_factory.mktemp("widgets") / f"{LESSON}.ipynb"
    with Tab(WIDTH, 844, mobile=True) as tab:
        notebook = Notebook(tab, address, LESSON)
        notebook.write('STUDENT = ""', 'STUDENT = "ana"')
        notebook.run_all()
        sliders = Sliders(notebook)
        seen["start"] = sliders.seen()
        seen["between"] = sliders.move(0, "PageUp")
        seen["within"] = sliders.move(1, "PageDown")
        seen["box"] = sliders.cell.locator(".widget-html img").bounding_box()
        seen["readout"] = sliders.cell.locator(".widget-readout").first.bounding_box()
        seen["back"] = sliders.back(seen["start"][0])
        seen["loaded"] = tab.value(BESIDE_PYTHON)
        tab.page.get_by_role("button", name="More commands").click()
        tab.page.get_by_text("Download to hand in").click()
        with tab.page.expect_download() as caught:
            tab.page.get_by_role("button", name="Download anyway").click()
        caught.value.save_as(file)
    return seen, file


def weights(seen):
    """Read the smallest and the largest weight."""
    return [float(number) for number in re.search(r"from ([\d.]+) to ([\d.]+)\.", seen[0]).groups()]


def test_the_picture_follows_the_sliders_and_comes_back(moved):
    seen, _ = moved
    assert weights(seen["start"]) < weights(seen["between"]) < weights(seen["within"])
    assert len({seen[state][1] for state in ("start", "between", "within")}) == 3
    assert seen["back"] == seen["start"]


def test_sliders_and_picture_are_as_wide_as_a_telephone(moved):
    for box in (moved[0]["box"], moved[0]["readout"]):
        assert box["x"] >= 0 and box["x"] + box["width"] <= WIDTH


def test_widgets_are_counted_in_what_is_loaded(moved):
    assert 0.9 * NOTEBOOK < moved[0]["loaded"] < NOTEBOOK


def test_the_notebook_holds_a_sentence_and_no_state(moved):
    notebook = json.loads(moved[1].read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]
    (cell,) = (one for one in notebook["cells"] if SLIDERS in "".join(one["source"]))
    (output,) = cell["outputs"]
    assert "".join(output["data"]["text/plain"]) == NOT_LIVE
    assert len(json.dumps(output)) < 1000


def test_the_grader_takes_the_notebook_as_it_is(moved):
    lesson = json.loads((ROOT / "lessons" / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    known = {
        cell["metadata"]["nbgrader"]["grade_id"]
        for cell in lesson["cells"]
        if cell["metadata"].get("nbgrader")
    }
    reading = read_submission(moved[1].parent, LESSON, known, [])
    assert (reading.fault, reading.notices) == (None, ())


def test_other_widgets_work_and_end_with_their_python(address):
    with Tab() as tab:
        notebook = Notebook(tab, address, "01_pooling")
        notebook.write(FIRST, OTHERS)
        cell = notebook.cell("interact(")
        cell.get_by_text("n is 3").wait_for()
        cell.locator(".noUi-handle").focus()
        tab.press("ArrowRight")
        cell.get_by_text("n is 4").wait_for()
        source = cell.locator("img.widget-image").get_attribute("src")
        assert tab.page.evaluate("async (at) => (await fetch(at)).text()", source) == "GIF89a"
        cell.get_by_role("button", name="Work for ever").click()
        tab.page.wait_for_timeout(1000)  # milliseconds
        notebook.stop()
        cell.get_by_text("The cell was stopped").wait_for()
        assert cell.locator(".noUi-handle").count() == 0
        notebook.write("interact(", "IntSlider = 5; print(IntSlider + 1)")
        assert "6" in notebook.run("IntSlider + 1")
