"""Files beside the notebook: cells read what was uploaded, and what cells write can be downloaded."""

import pytest
from chromium import Tab
from notebook_page import Notebook

pytestmark = [pytest.mark.long(40), pytest.mark.needs_chromium]

TEXT, BYTES = "zip,Straße\n98010,1\n98014,2\n", bytes(range(256))
# The third as Excel writes it, and many others.
UPLOADED = {
    "mine.csv": TEXT.encode(),
    "raw.bin": BYTES,
    "excel.csv": TEXT.encode("latin-1"),
    "old.csv": b"1",
    "gone.csv": b"2",
}
READ = """import pandas as pd
raw = open("raw.bin", "rb").read()
print(pd.read_csv("mine.csv").columns[1], len(raw), raw[-1])
print(pd.read_csv("excel.csv", encoding="latin-1").columns[1].upper())"""
WRITE = """pd.read_csv("mine.csv").assign(double=[2, 4]).to_csv("out.csv", index=False)
open("raw.bin", "r+b").write(b"more")
open("out.bin", "wb").write(bytes(range(255, -1, -1)))"""
CHANGE = """import os
if os.path.exists("gone.csv"):
    os.remove("gone.csv")
    os.remove("01_pooling.practice.json")
    os.rename("old.csv", "renamed.csv")
    open("empty.csv", "w").close()
open("01_pooling.ipynb", "w").write("{}")"""
FIRST, SECOND, THIRD = "import pandas as pd", "seattle = load_seattle()", 'seattle["zipcode"].value_counts'


def listed(tab):
    """The files that the file list shows."""
    return set(tab.page.locator(".jp-DirListing-itemText").all_inner_texts())


def downloaded(tab, name):
    """A file as the list's menu gives it."""
    tab.page.locator(".jp-DirListing-item", has_text=name).click(button="right")
    with tab.page.expect_download() as caught:
        tab.page.locator(".lm-Menu-itemLabel", has_text="Download").first.click()
    return caught.value.path().read_bytes()


def delete(page, address, name):
    """Delete a file in the list, in a tab of its own."""
    page.goto(f"{address}tree/index.html")
    item = page.locator(".jp-DirListing-item", has_text=name)
    item.click()
    page.keyboard.press("Delete")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    item.wait_for(state="detached")
    page.close()


@pytest.fixture(scope="module")
def seen(address, tmp_path_factory):
    """What a student sees who uploads files, reads them, writes others, and starts Python anew."""
    found, folder = {}, tmp_path_factory.mktemp("files")
    for name, content in UPLOADED.items():
        (folder / name).write_bytes(content)
    with Tab() as tab:
        tab.open(f"{address}tree/index.html")
        with tab.page.expect_file_chooser() as chosen:
            tab.page.locator("jp-button, button", has_text="Upload").first.click()
        chosen.value.set_files([folder / name for name in UPLOADED])
        for name in UPLOADED:
            tab.page.locator(".jp-DirListing-item", has_text=name).wait_for()
        notebook = Notebook(tab, address, "01_pooling")
        notebook.write(FIRST, READ)
        notebook.write(SECOND, WRITE)
        notebook.write(THIRD, "from pathlib import Path\nprint(sorted(Path().glob('[a-z]*.*')))")
        found["read"] = notebook.run("len(raw)")
        found["written"] = notebook.run("assign(double")
        found["there"] = notebook.run("glob(")
        notebook.restart()
        found["anew"] = notebook.run("glob(")
        delete(tab.page.context.new_page(), address, "excel.csv")
        found["after"] = notebook.run("glob(")
        notebook.write("assign(double", CHANGE)
        found["notebook"] = notebook.run("os.rename")
        notebook.restart()
        found["changed"] = notebook.run("glob(")
        tab.open(f"{address}tree/index.html")
        tab.page.locator(".jp-DirListing-item", has_text="out.csv").wait_for()
        found["list"] = listed(tab)
        found |= {name: downloaded(tab, name) for name in ("out.csv", "out.bin", "raw.bin")}
        tab.picture(folder / "list.png", whole=False)
        again = Notebook(tab, address, "01_pooling")
        found["lesson"] = again.cell("os.rename").locator(".cm-content").text_content()
    return found


def test_cells_read_what_was_uploaded(seen):
    assert "Straße 256 255" in seen["read"]
    assert "STRASSE" in seen["read"]


def test_what_cells_write_is_in_the_list_and_can_be_downloaded(seen):
    assert {"out.csv", "out.bin"} <= seen["list"]
    assert seen["out.csv"].decode() == "zip,Straße,double\n98010,1,2\n98014,2,4\n"
    assert seen["out.bin"] == BYTES[::-1]


def test_a_file_that_a_cell_has_changed_is_kept_as_it_is_now(seen):
    assert seen["raw.bin"] == b"more" + BYTES[4:]


def test_python_that_begins_anew_finds_them_all(seen):
    for name in (*UPLOADED, "out.csv", "out.bin"):
        assert name in seen["there"]
        assert name in seen["anew"]


def test_a_file_that_was_deleted_in_the_list_is_gone(seen):
    assert "mine.csv" in seen["after"]
    assert "excel.csv" not in seen["after"]


def test_what_a_cell_deletes_or_renames_stays_so(seen):
    for names in (seen["changed"], seen["list"]):
        assert all(name in names for name in ("renamed.csv", "empty.csv", "mine.csv"))
        assert not any(name in names for name in ("gone.csv", "old.csv"))


def test_what_a_cell_deletes_of_the_course_is_still_in_the_list(seen):
    assert "01_pooling.practice.json" in seen["list"]


def test_a_cell_cannot_write_over_the_lesson(seen):
    assert "Cells can't write notebooks here: 01_pooling.ipynb will be gone" in seen["notebook"]
    assert "os.rename" in seen["lesson"]  # what was typed is still there
