"""A lesson in Firefox and in WebKit: an answer is typed, a fit is right, pictures are drawn, work is kept."""

import time

import pytest
from other_browsers import ENTER, SHIFT, Firefox, WebKit, opened

pytestmark = pytest.mark.slow  # each takes one to two minutes
CELL = ".jp-CodeCell .cm-content"
THERE = "document.querySelectorAll('.jp-CodeCell').length > 40"
MARK = """[...document.querySelectorAll('.jp-CodeCell')]
    .find((cell) => cell.textContent.includes('ready_error = ...')).id = 'answered'"""
RIGHT = "document.querySelector('.jp-Notebook').textContent.includes('l01-ready-error: Right.')"
READY = "!document.querySelector('#mlmkit-progress')"
FIT = "document.querySelector('.jp-Notebook').textContent.includes('713204.24')"
PICTURE = "document.querySelector('.jp-OutputArea img[alt]')?.naturalWidth > 300"
SAVED = 25  # seconds; a notebook is saved every five, while cells run less often


@pytest.mark.parametrize("kind", [Firefox, WebKit])
def test_a_lesson_works_and_is_kept(address, kind):
    if kind.program() is None:
        pytest.skip(f"{kind.__name__} is not installed (apt-get install firefox-esr webkit2gtk-driver xvfb)")
    lesson = f"{address}notebooks/index.html?path=01_pooling.ipynb"
    with opened(kind) as browser:
        browser.open(lesson)
        browser.wait(THERE)
        browser.wait(READY)
        browser.click(CELL)
        browser.press(SHIFT, ENTER)
        browser.value(MARK)
        browser.write("#answered .cm-content", 'ready_error = "b"')
        for _ in range(90):  # from cell to cell, as a student does
            browser.press(SHIFT, ENTER)
            if browser.value(f"{FIT} && {PICTURE}"):
                break
        browser.wait(FIT)
        browser.wait(RIGHT)
        browser.wait(PICTURE)
        time.sleep(SAVED)
        browser.open(lesson)
        browser.wait(f"document.querySelector('.jp-Notebook') && {FIT} && {RIGHT}")
        browser.wait(PICTURE)
