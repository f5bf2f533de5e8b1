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
