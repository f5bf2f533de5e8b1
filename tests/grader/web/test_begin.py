"""Python begins once, while JupyterLite builds the notebook; a lost request is sent once more."""

import pytest
from chromium import Tab
from notebook_page import SAID, WATCH, Notebook

pytestmark = [pytest.mark.long(30), pytest.mark.needs_chromium]
FIRST, CELL = "import pandas as pd", "print(6 * 7)"
WORKER = "/python/worker.js"


def answer(notebook):
    """Run a cell of the lesson; return what it shows."""
    notebook.write(FIRST, CELL)
    return notebook.run(CELL).strip()


def test_python_begins_before_the_lesson_is_asked_for_and_once(address, server):
    server.asked.clear()
    with Tab() as tab:
        assert answer(Notebook(tab, address, "01_pooling")) == "42"
        workers = [worker.url for worker in tab.page.workers if WORKER in worker.url]
    order = list(server.asked)
    assert order.index("/python/about.json") < order.index(WORKER) < order.index("/files/01_pooling.ipynb")
    assert len(workers) == 1
    assert [server.asked[f"/python/{name}"] for name in ("about.json", "worker.js", "python.wasm.gz")] == [
        1
    ] * 3


@pytest.mark.parametrize("file", ["about.json", "worker.js"])
def test_a_request_that_is_lost_is_tried_once_more(address, file):
    with Tab() as tab:
        # The first request alone is lost.
        tab.page.context.route(f"**/python/{file}*", lambda route: route.abort(), times=1)
        tab.page.add_init_script(WATCH)
        assert answer(Notebook(tab, address, "01_pooling")) == "42"
        assert "Starting Python" in tab.value(SAID) and "did not start" not in tab.value(SAID)
        assert tab.page.locator("#mlmkit-progress").count() == 0


@pytest.mark.parametrize(
    ("file", "says"),
    [("about.json", "Python could not be loaded. Reload the page"), ("worker.js", "Python did not start.")],
)
def test_where_it_is_lost_again_a_sentence_says_so(address, file, says):
    with Tab() as tab:
        tab.page.context.route(f"**/python/{file}*", lambda route: route.abort())
        tab.page.goto(f"{address}notebooks/index.html?path=01_pooling.ipynb")
        tab.page.locator("#mlmkit-progress", has_text=says).wait_for()
