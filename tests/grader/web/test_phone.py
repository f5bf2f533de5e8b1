"""Lesson 01 on a telephone: a cell, a practice question, and the button that is behind the three dots."""

import json

import pytest
from chromium import Tab
from notebook_page import Notebook

pytestmark = [pytest.mark.long(60), pytest.mark.needs_chromium]
LESSON, PRACTICE = "01_pooling", "l01-practice-complete"
WIDTH = 390


@pytest.fixture(scope="module")
def seen(address, tmp_path_factory):
    """What a student sees who does a little of lesson 01 on a telephone, and the file they get."""
    found, file = {}, tmp_path_factory.mktemp("phone") / "given.ipynb"
    with Tab(WIDTH, 844, mobile=True) as tab:
        tab.open(address)
        found["front"] = tab.value("document.documentElement.scrollWidth")
        tab.open(f"{address}glossary.html")
        found["glossary"] = tab.value("document.documentElement.scrollWidth")
        notebook = Notebook(tab, address, LESSON)
        with tab.page.context.expect_page() as opened:
            tab.page.get_by_role("link", name="glossary").first.click()
        opened.value.wait_for_load_state()
        found["word"] = opened.value.locator("strong", has_text="shrinkage").first.inner_text()
        opened.value.close()
        notebook.write('STUDENT = ""', 'STUDENT = "ana"')
        notebook.run_all()
        cell = notebook.cell("practice_complete = ...")
        found["cell"] = cell.bounding_box()["width"]
        notebook.write("practice_complete = ...", 'practice_complete = seattle["sqft_living"].mean()')
        found["answer"] = notebook.run(f'check("{PRACTICE}"')
        tab.picture(file.with_name("answer.png"), whole=False)
        tab.page.get_by_role("button", name="More commands").click()
        button = tab.page.get_by_text("Download to hand in")
        found["button"] = button.bounding_box()
        tab.picture(file.with_name("dots.png"), whole=False)
        button.click()
        found["dialog"] = tab.page.locator(".jp-Dialog").inner_text()
        found["dialog box"] = tab.page.locator(".jp-Dialog-content").bounding_box()
        tab.picture(file.with_name("dialog.png"), whole=False)
        with tab.page.expect_download() as caught:
            tab.page.get_by_role("button", name="Download anyway").click()
        caught.value.save_as(file)
    return found, json.loads(file.read_text(encoding="utf-8"))


def test_the_pages_are_as_wide_as_the_screen(seen):
    assert seen[0]["front"] == seen[0]["glossary"] == WIDTH
    assert 0.7 * WIDTH < seen[0]["cell"] <= WIDTH


def test_the_glossary_of_a_lesson_opens_as_a_page_beside_it(seen):
    assert "shrinkage" in seen[0]["word"]


def test_a_practice_question_is_answered(seen):
    assert f"{PRACTICE}: Right." in seen[0]["answer"]


def test_the_button_is_behind_the_three_dots(seen):
    button, dialog = seen[0]["button"], seen[0]["dialog box"]
    assert button["x"] >= 0 and button["x"] + button["width"] <= WIDTH
    assert dialog["x"] >= 0 and dialog["x"] + dialog["width"] <= WIDTH
    assert "l01-group-means" in seen[0]["dialog"]


def test_the_file_holds_the_work(seen):
    code = ["".join(cell["source"]) for cell in seen[1]["cells"]]
    assert any('STUDENT = "ana"' in text for text in code)
    assert any('seattle["sqft_living"].mean()' in text for text in code)
