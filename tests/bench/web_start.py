"""Seconds from opening lesson 01 in a browser's tab to its first fit: the first time, and later.

    python -m tests.bench.web_start dist/web                  five rounds
    python -m tests.bench.web_start OLD NEW --rounds 10       two folders of `make web`, in turn

A round is a new browser: a first visit, in which the student runs the fit as soon as there is a cell (cold);
one in which the student just reads, so that Python's memory is kept with all modules in it; and a third one,
with the fit at once (warm). Beside the seconds: the machine's load before the visit.
"""

import argparse
import functools
import os
import statistics
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "grader"))
from chromium import Tab

FIT = """from mlmkit import display, lmer, load_seattle
display(lmer("price ~ (1 | zipcode)", load_seattle()))
print("the fit of this", "{}", "visit")"""
SHOWN = "the fit of this {} visit"  # what an earlier visit had shown is saved, and there again
READS = 25  # seconds: meanwhile all modules are loaded, and Python's memory is kept
SAVES = 6  # seconds in which the notebook is saved


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_):
        """Say nothing."""


def lesson(tab, address):
    """Open the lesson."""
    tab.page.goto(f"{address}notebooks/index.html?path=01_pooling.ipynb", wait_until="commit")


def leave(tab, after):
    """Leave the page after so many seconds, and wait until the machine has calmed down."""
    time.sleep(after)
    tab.page.goto("about:blank")
    time.sleep(2)


def visit(tab, address, kind):
    """Open the lesson and fit; return the seconds to the first cell and to the print-out, and the load."""
    load, start = os.getloadavg()[0], time.perf_counter()
    lesson(tab, address)
    editor = tab.page.locator(".jp-CodeCell .cm-content").first
    editor.click()
    page = time.perf_counter() - start
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.insert_text(FIT.format(kind))
    tab.page.keyboard.press("Shift+Enter")
    tab.page.locator(".jp-OutputArea", has_text=SHOWN.format(kind)).first.wait_for()
    return page, time.perf_counter() - start, load


def measure(folder):
    """Visit three times with one new browser; return what `visit` returns, cold and warm."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, Tab() as tab:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        cold = visit(tab, address, "cold")
        leave(tab, SAVES)
        lesson(tab, address)
        leave(tab, READS)
        warm = visit(tab, address, "warm")
        server.shutdown()
    return {"cold": cold, "warm": warm}


def main():
    """Measure the folders in turn, and print each visit and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = {}
    for _ in range(options.rounds):
        for folder in options.folders:
            for kind, (page, fit, load) in measure(folder).items():
                found.setdefault((folder, kind), []).append(fit)
                print(f"{folder} {kind}: page {page:.2f} s, fit {fit:.2f} s (load {load:.2f})", flush=True)
    for (folder, kind), times in found.items():
        each = f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"
        print(f"{folder} {kind}: {each}, {len(times)} visits")


if __name__ == "__main__":
    main()
