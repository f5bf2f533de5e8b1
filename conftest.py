"""What all tests and all examples in docstrings share."""

import os
import sys

import pytest

os.environ.setdefault("MLMKIT_REFERENCES", "")  # tests look at the bank, not at what an earlier run kept


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn: matplotlib keeps figures open, and warns after the twentieth."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
