"""What a cell prints is seen while it runs, and a cell that prints much is not slowed down by it."""

import pytest
from chromium import Tab
from notebook_page import Notebook
from tab_of_python import Python

pytestmark = [pytest.mark.long(25), pytest.mark.needs_chromium]
FIRST = "import pandas as pd"
LONG = """from time import monotonic
print("fitting the first model")
print("fitting the second model")
end = monotonic() + {seconds}
while monotonic() < end:
    pass"""
MANY = """for number in range(30_000):
    print(number)"""


def test_lines_are_seen_while_the_cell_runs(address):
    with Tab() as tab:
        notebook = Notebook(tab, address, "01_pooling")
        notebook.write(FIRST, LONG.format(seconds=600))
        notebook.cell("monotonic").locator(".jp-OutputArea", has_text="fitting the second model").wait_for()
        assert notebook.cell("monotonic").locator(".jp-InputPrompt").text_content() == "[*]:"


def test_many_lines_come_in_few_messages(address):
    with Tab() as tab:
        _, shown = Python(tab, address).run(MANY)
        texts = [content["text"] for kind, content in shown if kind == "stream"]
        assert "".join(texts) == "".join(f"{number}\n" for number in range(30_000))
        assert len(texts) < 300


def test_what_is_printed_and_warned_keeps_its_order(address):
    with Tab() as tab:
        _, shown = Python(tab, address).run('import sys; print("a"); print("b", file=sys.stderr); print("c")')
        assert [content["text"] for _, content in shown] == ["a\n", "b\n", "c\n"]
