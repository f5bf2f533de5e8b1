"""Python begins while JupyterLite's page is still being loaded, once, and a failure then is no failure."""

import pytest
from chromium import Tab
from notebook_page import SAID, WATCH, Notebook

pytestmark = [pytest.mark.long(30), pytest.mark.needs_chromium]
FIRST, CELL = "import pandas as pd", "print(6 * 7)"
WORKER, EXTENSION = "/python/worker.js", "/extensions/mlmkit-tab/static/remoteEntry.js"


def answer(notebook):
    """Run a cell of the lesson; return what it shows."""
    notebook.write(FIRST, CELL)
    return notebook.run(CELL).strip()


def test_python_begins_before_the_notebook_is_there_and_once(address, server):
    server.asked.clear()
    with Tab() as tab:
        assert answer(Notebook(tab, address, "01_pooling")) == "42"
        workers = [worker.url for worker in tab.page.workers if WORKER in worker.url]
    order = list(server.asked)
    assert order.index("/python/about.json") < order.index(WORKER) < order.index(EXTENSION)
    assert len(workers) == 1
    assert [server.asked[f"/python/{name}"] for name in ("about.json", "worker.js", "python.wasm.gz")] == [
        1
    ] * 3


@pytest.mark.parametrize("file", ["about.json", "worker.js"])
def test_where_the_early_start_fails_the_usual_one_follows(address, file):
    with Tab() as tab:
        # The first request alone is lost.
        tab.page.context.route(f"**/python/{file}*", lambda route: route.abort(), times=1)
        tab.page.add_init_script(WATCH)
        assert answer(Notebook(tab, address, "01_pooling")) == "42"
        assert "Starting Python" in tab.value(SAID) and "did not start" not in tab.value(SAID)
        assert tab.page.locator("#mlmkit-progress").count() == 0


def test_where_the_usual_start_fails_too_a_sentence_says_so(address):
    with Tab() as tab:
        tab.page.context.route("**/python/worker.js*", lambda route: route.abort())
        Notebook(tab, address, "01_pooling")
        tab.page.locator("#mlmkit-progress", has_text="Python did not start.").wait_for()
