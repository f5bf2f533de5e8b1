"""A lesson in the browser, both sides: the student hands in and reads, the instructor grades by the buttons.

What nbgrader's pages can't do (the rubric beside the text, the export) is done with the commands.
"""

from dataclasses import replace

import chromium
import lab_server
import nbformat
import pytest
from nbgrader.utils import get_username
from playwright.sync_api import expect

from grader import classroom
from grader.__main__ import main
from grader.author.build import write_source
from grader.demo.sample_class import LESSON, SAMPLE_CLASS, sample_notebook

pytestmark = [
    pytest.mark.long(100),
    pytest.mark.needs_chromium,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
ME = get_username()  # of instructor and student: there is one account here
SLOW = 400_000  # milliseconds: a lesson is run in between


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A small repository with lesson 1 released: its course folder."""
    root = tmp_path_factory.mktemp("repository")
    lab_server.make_repository(root)
    write_source(LESSON, root / "course")
    classroom.release(LESSON, root=root / "course")
    return root / "course"


@pytest.fixture
def opened(course, tmp_path):
    """The page of JupyterLab, and what opens one of nbgrader's menus in it."""
    with lab_server.running(course.parent, tmp_path) as lab, chromium.Tab() as tab:
        tab.open(f"{lab.address}/lab?token=secret")

        def menu(name):
            tab.page.get_by_role("menuitem", name="Nbgrader").click()
            tab.page.get_by_role("menuitem", name=name).click()

        yield tab, menu


def type_answers(course):
    """Write into the fetched lesson what a student does who takes variances for standard deviations."""
    source, released = (
        nbformat.read(course / folder / LESSON / f"{LESSON}.ipynb", 4) for folder in ("source", "release")
    )
    dora = next(student for student in SAMPLE_CLASS if student.id == "dora")
    notebook = sample_notebook(replace(dora, id=ME), source, released)
    nbformat.write(notebook, course.parent / "workspace" / "lessons" / LESSON / f"{LESSON}.ipynb")


def test_from_fetching_to_reading_the_mark_of_a_written_answer(course, opened, tmp_path, capsys):
    tab, menu = opened
    page, grader = tab.page, tab.page.frame_locator("iframe").first

    def press(selector, says):
        """Press a button of the formgrader, and read that it worked."""
        grader.locator(selector).first.click()
        grader.locator("#success-modal").get_by_text(says).wait_for(timeout=SLOW)
        grader.locator("#success-modal").get_by_role("button", name="OK").click()
        grader.locator("#success-modal").wait_for(state="detached")

    menu("Assignment List")
    page.get_by_role("button", name="Fetch", exact=True).click()
    page.get_by_role("button", name="Submit", exact=True).wait_for()
    type_answers(course)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.locator("#submitted_assignments_list").get_by_text("UTC").first.wait_for()

    menu("Formgrader")
    press(".collect a", "Successfully collected")
    grader.locator(".num-submissions a").click()
    press(".autograde a", f"Successfully autograded '{LESSON}' for student '{ME}'.")
    row = grader.locator("#main-table tr", has_text=ME)
    expect(row).to_contain_text("needs manual grading", timeout=SLOW)
    expect(row).to_contain_text("15.5 / 20")
    tab.picture(tmp_path / "graded.png")

    # The points of each answer, the grader's sentence and the rubric in the formgrader; marks on our page.
    row.locator(".student-name a").click()
    grader.get_by_role("link", name=LESSON, exact=True).last.click()
    grader.get_by_text("This is the variance").first.wait_for()
    # The page asks for the points when it is there already.
    expect(grader.locator("#l01-sd-zipcode")).to_have_attribute("placeholder", "1", timeout=SLOW)
    rubric = grader.locator("details.beside", has_text="For the grader: rubric")
    assert rubric.locator("li").count() == 3
    rubric.scroll_into_view_if_needed()
    tab.picture(tmp_path / "formgrader.png")
    marks = written_marks(course, page.context, tmp_path)
    assert main(["written", LESSON, "--course", str(course), "--marks", str(marks)]) in (0, None)
    assert "1 mark written into the gradebook." in capsys.readouterr().out

    grader.get_by_role("link", name="Manual Grading").click()
    grader.get_by_role("link", name="Manage Assignments").click()
    press(".generate-feedback a", "Successfully generated feedback")
    press(".release-feedback a", "Successfully released feedback")
    assert main(["export", LESSON, "--course", str(course), "--to", "canvas"]) in (0, None)
    (exported,) = course.glob("exports/*.csv")
    assert "17.5" in exported.read_text()

    menu("Assignment List")
    page.get_by_title("Refresh assignments list").click()
    page.get_by_role("button", name="Fetch Feedback").click()
    page.get_by_text("(view feedback)").first.click()
    page.locator(".jp-DirListing-item", has_text=f"{LESSON}.html").dblclick()
    shown = page.frame_locator(".jp-HTMLViewer iframe")
    shown.get_by_text("17.5 of 20 points").first.wait_for()
    shown.get_by_text("Two of three.").first.wait_for()
    assert shown.get_by_text("This is the variance").count()
    tab.picture(tmp_path / "read.png")


def written_marks(course, browser, folder):
    """Mark the written answer on the page of `grader written`: two parts of the rubric, and a comment."""
    main(["written", LESSON, "--course", str(course)])
    page = browser.new_page()
    page.goto((course / "reports" / f"{LESSON}-written.html").as_uri())
    page.get_by_label("Your name").fill("gerda")
    for place in (0, 1):
        page.locator("article.answer [name=item]").nth(place).check()
    page.locator("article.answer [name=comment]").fill("Two of three.")
    page.locator("#progress").get_by_text("1 of 1 with a mark").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save marks").click()
    page.screenshot(path=folder / "written.png", full_page=True)
    saved.value.save_as(folder / "marks.json")
    page.close()
    return folder / "marks.json"
