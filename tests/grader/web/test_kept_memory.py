"""The next start wakes Python from the memory that the browser kept."""

import time

import pytest
from chromium import Tab
from playwright.sync_api import Error
from tab_of_python import Python

from grader.web.tab_folder import MEMORY

pytestmark = [pytest.mark.long(60), pytest.mark.needs_chromium]

KEPT = """async (content) => {
  const cache = await caches.open("mlmkit-python");
  const found = (await cache.keys()).find((one) => one.url.includes("memory.bin"));
  if (!found) return 0;
  const size = (await (await cache.match(found)).arrayBuffer()).byteLength;
  if (content) await cache.put(found, new Response(content));
  return size;
}"""
LOADED = {"seaborn", "mlmkit.bayes.stan"}
CELL = "import random, numpy\nprint('x' in globals(), random.random(), numpy.random.rand())\nx = 1"


def kept(tab, seconds=120):
    """Wait until Python's memory is kept; return its size in bytes."""
    for _ in range(seconds):
        if size := tab.page.evaluate(KEPT):
            return size
        time.sleep(1)
    raise AssertionError("the memory was not kept")


def test_python_is_woken_from_its_kept_memory_as_it_was_before_the_first_cell(address):
    with Tab() as tab:
        said = []
        for visit in range(3):
            python = Python(tab, address)
            # All that is loaded ahead is kept, and what is kept is loaded.
            if visit:
                reply, shown = python.run(f"import sys; sorted({LOADED} - set(sys.modules))")
                assert reply == {"status": "ok"} and shown[-1][1]["data"]["text/plain"] == "[]"
            else:
                size = kept(tab)
                assert 0.9 * MEMORY < size <= MEMORY
            _, shown = python.run(CELL)
            said.append(shown[0][1]["text"].split())
        assert [there for there, *_ in said] == ["False"] * 3
        assert len({number for _, *numbers in said for number in numbers}) == 6
        tab.page.evaluate(KEPT, "no memory at all")
        with pytest.raises(Error, match=r"Python did not start\. Reload the page\."):
            Python(tab, address)
        assert Python(tab, address).run("6 * 7")[0] == {"status": "ok"}
