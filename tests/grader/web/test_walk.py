"""A student's way through lesson 01 in a browser's tab: from the link to the mark."""

import json
import re
import subprocess
import sys
import time

import pytest
from chromium import Tab
from notebook_page import SAID, WATCH, Notebook

from grader.author.build import lesson_names
from grader.course.repository import ROOT
from grader.web.tab_folder import NOTEBOOK

pytestmark = [pytest.mark.long(190), pytest.mark.needs_chromium]
LESSON = "01_pooling"
PRACTICE = "l01-practice-complete"
GRADED = {"l01-mean-price": 'mean_price = homes["price"].mean()'}

BESIDE_PYTHON = """performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/python/"))
    .reduce((sum, { transferSize }) => sum + transferSize, 0)"""


@pytest.fixture(scope="module")
def downloaded(address, server, tmp_path_factory):
    """Walk through the lesson; return the file that is handed in, and what was seen on the way."""
    seen, file = {}, tmp_path_factory.mktemp("tab") / f"{LESSON}.ipynb"
    server.asked.clear()
    with Tab() as tab:
        tab.open(address)
        seen["front"] = tab.page.inner_text("main")
        seen["links"] = tab.value("[...document.querySelectorAll('ol a')].map((one) => one.href)")
        seen["violations"] = tab.violations()
        tab.page.add_init_script(WATCH)
        notebook = Notebook(tab, address, LESSON)
        notebook.write('STUDENT = ""', 'STUDENT = "ana"')
        notebook.run_all()
        seen["loading"] = tab.value(SAID)
        seen["notebook"] = tab.value(BESIDE_PYTHON)
        seen["lecture"] = "713204.24 195580.93" in tab.value("document.body.textContent")
        notebook.write("practice_complete = ...", 'practice_complete = seattle["sqft_living"].median()')
        seen["wrong"] = notebook.run(f'check("{PRACTICE}"')
        notebook.write("practice_complete = seattle", 'practice_complete = seattle["sqft_living"].mean()')
        seen["right"] = notebook.run(f'check("{PRACTICE}"')
        for question, code in GRADED.items():
            notebook.write(f"{code.partition(' ')[0]} = ...", code)
            seen[question] = notebook.run(f'check("{question}"')
        seen["stopped"] = stopped(notebook)
        tab.wait("!document.title.startsWith('*')")
        time.sleep(7)  # it saves by itself every five seconds
        notebook = Notebook(tab, address, LESSON)  # the same browser, as if another day
        seen["kept"] = notebook.cell("practice_complete = ").text_content()
        tab.page.get_by_text("Download to hand in").click()
        seen["dialog"] = tab.page.locator(".jp-Dialog").inner_text()
        with tab.page.expect_download() as caught:
            tab.page.get_by_role("button", name="Download anyway").click()
        caught.value.save_as(file)
        seen["name"] = caught.value.suggested_filename
    seen["asked"] = server.asked.copy()
    return file, seen


def stopped(notebook):
    """Start a cell that never ends, stop it, and look whether Python is there again."""
    page = notebook.page
    notebook.write("check_all()", "while True: pass")
    time.sleep(1)
    notebook.stop()
    page.wait_for_selector("text=The cell was stopped")
    notebook.write("while True: pass", "print(6 * 7)")
    return notebook.run("print(6 * 7)")


def test_the_front_page_says_what_will_be_loaded(downloaded, folder):
    _, seen = downloaded
    about = json.loads((folder / "python" / "about.json").read_text())
    megabytes = (sum(sent for sent, _ in about["files"].values()) + NOTEBOOK) / 1e6
    assert f"{megabytes:.0f} MB" in seen["front"] and megabytes < 60
    assert 0.9 * NOTEBOOK < seen["notebook"] < NOTEBOOK
    assert [re.search(r"path=(.*)\.ipynb", link)[1] for link in seen["links"]] == lesson_names()
    assert seen["violations"] == []
    assert re.search(r"Loading Python: \d+ % of \d+ MB.*,Starting Python", seen["loading"])


def test_python_is_loaded_once(downloaded):
    _, seen = downloaded  # though it was started three times: at first, after the stop, after the reload
    assert [seen["asked"][f"/python/{name}.gz"] for name in ("python.wasm", "library.bin")] == [1, 1]


def test_the_lesson_shows_the_numbers_of_the_lecture(downloaded):
    assert downloaded[1]["lecture"]


def test_a_practice_question_names_the_mistake(downloaded):
    _, seen = downloaded
    assert "This is the median living area. The model estimates the mean." in seen["wrong"]
    assert f"{PRACTICE}: Right." in seen["right"]


def test_a_cell_is_stopped_and_python_is_there_again(downloaded):
    assert downloaded[1]["stopped"].strip() == "42"


def test_work_is_kept(downloaded):
    assert 'seattle["sqft_living"].mean()' in downloaded[1]["kept"]


def test_what_is_missing_is_said_before_the_download(downloaded):
    _, seen = downloaded
    assert seen["name"] == f"{LESSON}.ipynb"
    assert "l01-group-means" in seen["dialog"] and "user name" not in seen["dialog"]
    assert not [question for question in GRADED if question in seen["dialog"]]


def test_the_file_is_graded(downloaded, tmp_path):
    file, _ = downloaded
    course = tmp_path / "course"
    course.mkdir()
    config = (ROOT / "course" / "nbgrader_config.py").read_text()
    (course / "nbgrader_config.py").write_text(config)
    grader = [sys.executable, "-W", "ignore", "-m", "grader"]
    subprocess.run([*grader, "release", LESSON, "--course", course], check=True, capture_output=True)
    place = course / "submitted" / "ana" / LESSON
    place.mkdir(parents=True)
    (place / f"{LESSON}.ipynb").write_bytes(file.read_bytes())
    done = subprocess.run(
        [*grader, "grade", LESSON, "--course", course], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert points(course) == dict.fromkeys(GRADED, 1.0)


def points(course):
    """Read from the gradebook which questions of the student got which share of their points."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        submission = book.find_submission(LESSON, "ana")
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        return {grade.name: grade.score / grade.max_score for grade in grades if grade.score}
