"""Stop: whenever it is pressed, the cell ends, says so, and what it had written is there."""

import json

import pytest
from chromium import Tab
from notebook_page import Notebook

pytestmark = [pytest.mark.long(40), pytest.mark.needs_chromium]
FIRST, SECOND, THIRD = "import pandas as pd", "seattle = load_seattle()", 'seattle["zipcode"].value_counts'
BEFORE = "The cell was stopped before it began."
# The list of files, which a cell is given before it begins, comes when the test wants.
HOLD = """() => {
  const contents = jupyterapp.serviceManager.contents, usual = contents.get.bind(contents);
  const released = new Promise((resolve) => (window.release = resolve));
  contents.get = async (path, ...more) => {
    if (path === "") await released;
    return usual(path, ...more);
  };
}"""


def exposed(folder):
    """JupyterLite's settings, but the page's own objects can be reached from a test."""
    settings = json.loads((folder / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True
    return json.dumps(settings)


def test_stop_is_heard_before_a_cell_has_its_files(address, folder):
    with Tab() as tab:
        tab.page.context.route(
            f"{address}jupyter-lite.json", lambda route: route.fulfill(body=exposed(folder))
        )
        notebook = Notebook(tab, address, "01_pooling")
        notebook.write(SECOND, "x = 7")
        notebook.write(THIRD, "print(x)")
        notebook.write(FIRST, "x = 6")
        notebook.run("x = 6")
        tab.page.evaluate(HOLD)
        notebook.start("x = 7")
        tab.wait(
            "[...document.querySelectorAll('.jp-InputPrompt')].some((one) => one.textContent === '[*]:')"
        )
        notebook.stop()
        tab.page.get_by_text(BEFORE).first.wait_for()
        tab.page.evaluate("release()")
        assert notebook.run("print(x)").strip() == "6"


WRITE = """from pathlib import Path
Path("kept.txt").write_text("first of all")
Path("many.txt").write_text("0")
count = 0
print("it has", "begun", flush=True)
while True:
    count += 1
    Path("many.txt").write_text(str(count))"""
READ = 'print(open("kept.txt").read(), int(open("many.txt").read()) > 1)'


def test_what_a_cell_had_written_when_it_was_stopped_is_there(address):
    with Tab() as tab:
        notebook = Notebook(tab, address, "01_pooling")
        notebook.write(SECOND, READ)
        notebook.cell("print(open").locator(".jp-OutputArea", has_text="FileNotFoundError").wait_for()
        notebook.write(FIRST, WRITE)
        notebook.cell("count += 1").locator(".jp-OutputArea", has_text="it has begun").wait_for()
        tab.page.wait_for_timeout(
            3000
        )  # milliseconds: a file that is written all the time is kept once a second
        notebook.stop()
        tab.page.get_by_text("The cell was stopped. Python has been started anew").first.wait_for()
        assert notebook.run("print(open").strip() == "first of all True"
