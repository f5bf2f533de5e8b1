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
# Whether the kept memory holds a text, however Python may hold it.
HOLDS = """async (text) => {
  const cache = await caches.open("mlmkit-python");
  const found = (await cache.keys()).find((one) => one.url.includes("memory.bin"));
  const bytes = new Uint8Array(await (await cache.match(found)).arrayBuffer());
  const letters = [...text].map((one) => one.charCodeAt(0));
  const within = (part) => {
    for (let at = bytes.indexOf(part[0]); at >= 0; at = bytes.indexOf(part[0], at + 1))
      if (part.every((one, place) => bytes[at + place] === one)) return true;
    return false;
  };
  const widths = [Uint8Array, Uint16Array, Uint32Array];
  return widths.some((wide) => within(new Uint8Array(wide.from(letters).buffer)));
}"""
LOADED = {"seaborn", "mlmkit.bayes.stan"}
CELL = "import random, numpy\nprint('x' in globals(), random.random(), numpy.random.rand())\nx = 1"

FILE, TYPED, NAME = "file-9f2c71e5", "typed-3b8d40aa", "name-c6157d9e"


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


def wait_until_all_is_loaded(python):
    """Wait for the last module that is loaded ahead, and for what might be kept then."""
    for _ in range(120):
        _, shown = python.run("import sys; 'rehearsal' in sys.modules")
        if shown[-1][1]["data"]["text/plain"] == "True":
            return time.sleep(5)
        time.sleep(1)
    raise AssertionError("the modules were not loaded ahead")


def test_the_kept_memory_holds_nothing_of_the_student(address):
    with Tab() as tab:
        # Once as soon as Python runs, before all is loaded, and once woken from what was kept then.
        for _ in range(2):
            python = Python(tab, address)
            python.ask("complete", f"{TYPED} = homes.ass", 10)
            _, shown = python.run(f"STUDENT = '{NAME}'; open('mine').read(), STUDENT", mine=FILE)
            assert shown[-1][1]["data"]["text/plain"] == f"('{FILE}', '{NAME}')"
            wait_until_all_is_loaded(python)
            assert kept(tab)
            assert tab.page.evaluate(HOLDS, "why_left_out")  # what is there is found
            assert [text for text in (FILE, TYPED, NAME) if tab.page.evaluate(HOLDS, text)] == []
