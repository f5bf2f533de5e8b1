"""The tests' own browser."""

import pytest
from chromium import Tab

pytestmark = pytest.mark.needs_chromium

STRICT = "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><p>Strict"
LATER = "{ setTimeout(() => document.body.dataset.done = 'yes', 300); }"


def test_a_test_can_wait_on_a_page_that_runs_no_code_from_outside(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(STRICT, encoding="utf-8")
    with Tab() as tab:
        tab.open(page)
        tab.value(LATER)
        assert tab.wait("document.body.dataset.done") == "yes"
        with pytest.raises(AssertionError, match=r"In 0.1 s this gave nothing true: document.body.nothing"):
            tab.wait("document.body.nothing", seconds=0.1)
