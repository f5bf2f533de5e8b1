"""A lesson on a JupyterHub in a real browser: an instructor and two students, each with an account."""

import grp
import shutil
import stat

import chromium
import hub_machine
import nbformat
import pytest
from hub_machine import INSTRUCTORS, PASSWORD, SECOND, TEACHER

LESSON, (ANA, BEN) = "01_pooling", hub_machine.STUDENTS
pytestmark = [
    pytest.mark.long(200),
    pytest.mark.skipif(hub_machine.missing() is not None, reason=str(hub_machine.missing())),
]


@pytest.fixture(scope="module")
def machine():
    with hub_machine.machine() as made:
        made.teach("release", LESSON)
        yield made


@pytest.fixture
def lab(machine):
    """Log in as somebody, by the hub's page; give the page of JupyterLab."""
    with chromium.Tab() as tab:

        def log_in(user):
            tab.open(f"{machine.address}/hub/login")
            tab.page.fill("#username_input", user)
            tab.page.fill("#password_input", PASSWORD)
            tab.page.click("#login_submit")
            tab.page.wait_for_url(f"**/user/{user}/lab**", timeout=300_000)
            tab.page.get_by_role("menuitem", name="Nbgrader").wait_for()
            return tab.page

        yield log_in


def refused(machine, user, *command):
    """Tell whether an account may not do something, for want of permission."""
    done = machine.run(user, *command)
    return done.returncode != 0 and "ermission denied" in done.stderr


def test_students_see_nothing_of_the_instructors_and_of_each_other(machine):
    course = machine.repository
    for closed in (course, course / "solutions", course / "grader" / "bank", course / "course"):
        assert refused(machine, ANA, "ls", closed), closed
    assert refused(machine, ANA, "cat", course / "course" / "gradebook.db")
    assert refused(machine, ANA, "ls", machine.exchange / "multilevel" / "inbound")
    moved = machine.run(ANA, "mv", machine.exchange / "multilevel", machine.exchange / "mine")
    assert "not permitted" in moved.stderr
    python = machine.students / "bin" / "python"
    assert "No module named 'grader'" in machine.run(ANA, python, "-c", "import mlmkit, grader").stderr
    assert refused(machine, ANA, "touch", machine.students / "bin" / "x")
    assert refused(machine, ANA, "touch", machine.students / "etc" / "jupyter" / "nbgrader_config.py")
    assert machine.run(TEACHER, "ls", course / "solutions").returncode == 0


def test_set_up_can_be_run_again(machine):
    again = hub_machine.set_up(machine)
    assert again == machine.told and again.endswith("jupyterhub_config.py\n")
    assert (machine.repository / "course" / "exchange").is_symlink()


@pytest.mark.needs_chromium
def test_from_fetching_to_the_feedback(machine, lab, tmp_path):
    page = lab(ANA)
    assert page.request.get(f"{machine.address}/user/{ANA}/formgrader").status == 404
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").wait_for()
    shown = page.locator(".lm-Menu .lm-Menu-itemLabel").all_inner_texts()
    assert [text for text in shown if text] == ["Assignment List"]
    page.get_by_role("menuitem", name="Assignment List").click()
    page.get_by_role("button", name="Fetch", exact=True).first.click()
    page.get_by_role("button", name="Submit", exact=True).wait_for()
    fetched = machine.home(ANA) / LESSON / f"{LESSON}.ipynb"
    assert 'STUDENT = "mlm-ana"' in {cell.source for cell in nbformat.read(fetched, 4).cells}
    assert refused(machine, BEN, "cat", fetched) and refused(machine, BEN, "ls", fetched.parent)

    # The extension that comes with the students' mlmkit: another name than the login is told first.
    solved(machine, fetched, typed=BEN)
    page.get_by_role("button", name="Submit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(f'STUDENT is "{BEN}", but you are logged in as "{ANA}".').wait_for()
    dialog.get_by_role("button", name="Ok").click()
    solved(machine, fetched)
    page.get_by_role("button", name="Submit", exact=True).click()
    submitted = page.locator("#submitted_assignments_list")
    submitted.get_by_text("of 10 answers recorded.").wait_for()
    submitted.get_by_text(LESSON).first.wait_for()
    told = machine.teach("collect", LESSON)
    assert "1 submissions of 01_pooling: mlm-ana" in told
    told = machine.teach("grade", LESSON, "--workers", "1")
    assert "1 of 1 graded." in told
    machine.teach("feedback", LESSON, "--workers", "1")
    assert "1 of 1 feedback pages released." in machine.teach("release-feedback", LESSON)

    page.get_by_title("Refresh assignments list").click()
    page.get_by_role("button", name="Fetch Feedback").click()
    page.get_by_text("(view feedback)").first.click()  # leads to the folder, in the list at the left
    page.locator(".jp-DirListing-item", has_text=f"{LESSON}.html").dblclick()
    shown = page.frame_locator(".jp-HTMLViewer iframe")
    shown.get_by_text("17 of 17 points so far").wait_for()  # the written answer waits for a person
    page.screenshot(path=tmp_path / "feedback.png")
    one_goes_on_for_the_other(machine)
    (written,) = (machine.home(ANA) / LESSON / "feedback").glob(f"*/{LESSON}.html")
    assert refused(machine, BEN, "cat", written)


def one_goes_on_for_the_other(machine):
    """All that one instructor did can be done again by another one, who did none of it."""
    machine.teach("release", LESSON, by=SECOND)
    machine.teach("release", "02_shrinkage", by=SECOND)
    machine.teach("release", "02_shrinkage", by=TEACHER)
    assert "1 already there" in machine.teach("collect", LESSON, by=SECOND)
    assert "1 of 1 graded." in machine.teach("grade", LESSON, "--force", "--workers", "1", by=SECOND)
    machine.teach("feedback", LESSON, "--workers", "1", by=SECOND)
    assert "1 of 1 feedback pages released." in machine.teach("release-feedback", LESSON, by=SECOND)
    machine.teach("report", LESSON, by=SECOND)
    assert refused(machine, ANA, "ls", machine.exchange / "multilevel" / "inbound")
    for place in ("outbound", f"outbound/{LESSON}", "feedback"):
        assert refused(machine, ANA, "touch", machine.exchange / "multilevel" / place / "x"), place


def solved(machine, fetched, typed=ANA):
    """Write the student's right answers into the fetched lesson."""
    source = machine.repository / "course" / "source" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(source, 4)
    for cell in notebook.cells:
        if cell.source == 'STUDENT = ""':
            cell.source = f'STUDENT = "{typed}"'
    nbformat.write(notebook, fetched)
    shutil.chown(fetched, ANA)


@pytest.mark.needs_chromium
def test_the_instructor_opens_the_formgrader(machine, lab):
    page = lab(TEACHER)
    answer = page.request.get(f"{machine.address}/user/{TEACHER}/formgrader/api/assignments")
    assert LESSON in [one["name"] for one in answer.json()]
    # What one instructor writes, another one can change, and nobody else can read.
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "_xsrf")
    written = page.request.put(
        f"{machine.address}/user/{TEACHER}/api/contents/course/note.txt",
        data={"type": "file", "format": "text", "content": "x"},
        headers={"X-XSRFToken": token},
    )
    assert written.status == 201, written.text()
    about = (machine.repository / "course" / "note.txt").stat()
    assert (stat.S_IMODE(about.st_mode), grp.getgrgid(about.st_gid).gr_name) == (0o660, INSTRUCTORS)
