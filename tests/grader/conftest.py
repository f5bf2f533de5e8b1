"""Lets the tests share ``small_lesson``, ``hostile`` and ``broken``, also in the grading processes."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

for folder in (HERE, HERE / "hub", HERE / "web", HERE.parent / "packaging", HERE.parent / "submissions"):
    sys.path.insert(0, str(folder))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skip what needs a program that is not here; the last line of a run counts these tests."""
    if item.get_closest_marker("needs_bwrap"):
        from grader.sandbox.jail import why_not

        if why := why_not():
            pytest.skip(f"There is no sandbox here: {why}.")
    if item.get_closest_marker("needs_postgres"):
        import postgres

        if why := postgres.missing():
            pytest.skip(f"{why}.")
    if item.get_closest_marker("needs_chromium"):
        import chromium

        if why := chromium.missing():
            pytest.skip(f"{why}.")
