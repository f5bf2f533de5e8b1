"""`make lab`: JupyterLab opens in a copy of the lessons, fetches to the same place, and git sees nothing."""

import subprocess
from urllib.parse import quote

import chromium
import lab_server
import nbformat
import pytest
import small_lesson
from nbclient import NotebookClient
from nbgrader.utils import get_username

from grader import classroom
from grader.course.course_folder import open_course
from grader.pages.give_feedback import page_path, sorry_page

pytestmark = [
    pytest.mark.long(70),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
LESSON = "01_pooling"


def git(folder, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A small repository: the lessons, the course's configuration, and a lesson that is released."""
    root = tmp_path_factory.mktemp("repository")
    lab_server.make_repository(root)
    with (root / "course" / "nbgrader_config.py").open("a") as config:  # the lesson needs no other modules
        config.write('c.SandboxProvisioner.modules = ["ipykernel.kernelapp", "ipykernel.zmqshell"]\n')
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "as released")
    source = root / "course" / "source" / small_lesson.LESSON
    source.mkdir(parents=True)
    nbformat.write(small_lesson.lesson(), source / f"{small_lesson.LESSON}.ipynb")
    classroom.release(small_lesson.LESSON, root=root / "course")
    return root


@pytest.fixture(scope="module")
def lab(repository, tmp_path_factory):
    """Ask the running JupyterLab."""
    with lab_server.running(repository, tmp_path_factory.mktemp("lab")) as ask:
        yield ask


def test_it_opens_the_first_lesson_in_the_copy(lab, repository):
    assert lab.opens == f"/lab/tree/workspace/lessons/{LESSON}.ipynb"
    for path in (repository / "lessons").iterdir():
        assert (repository / "workspace" / "lessons" / path.name).read_bytes() == path.read_bytes()


def test_a_lesson_that_is_worked_on_and_saved_leaves_git_clean(lab, repository):
    path = f"/api/contents/workspace/lessons/{LESSON}.ipynb"
    notebook = nbformat.from_dict(lab(path)["content"])
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    cells[0].source += "\nprint('worked on')"
    notebook.cells = cells
    where = {"metadata": {"path": str(repository / "workspace" / "lessons")}}
    NotebookClient(notebook, kernel_name="python3", resources=where).execute()
    lab(path, {"type": "notebook", "content": notebook})
    assert "worked on" in (repository / "workspace" / "lessons" / f"{LESSON}.ipynb").read_text()
    assert git(repository, "status", "--porcelain") == ""


def test_the_assignment_list_fetches_to_where_the_lab_is_open(lab, repository):
    (released,) = lab("/assignments?course_id=multilevel")["value"]
    assert (released["assignment_id"], released["status"]) == (small_lesson.LESSON, "released")
    lab("/assignments/fetch", course_id="multilevel", assignment_id=small_lesson.LESSON)
    (fetched,) = lab("/assignments?course_id=multilevel")["value"]
    assert (fetched["status"], fetched["path"]) == ("fetched", f"workspace/lessons/{small_lesson.LESSON}")
    assert (repository / fetched["path"] / f"{small_lesson.LESSON}.ipynb").is_file()
    assert git(repository, "status", "--porcelain") == ""


def test_the_formgrader_finds_the_course(lab):
    (found,) = lab("/formgrader/api/assignments")
    assert (found["name"], found["status"]) == (small_lesson.LESSON, "released")


def test_the_formgraders_feedback_button_takes_our_way(lab, repository):
    """It writes any name's page in one step, and a page that can't be drawn says so instead of going away."""
    course = repository / "course"
    app = open_course(course)
    small_lesson.register()
    for student in ("ana", "a[b]c"):
        small_lesson.hand_in(course, student, small_lesson.lesson())
        assert classroom.grade_student(small_lesson.LESSON, str(course), student).status == "done"
    press = f"/formgrader/api/assignment/{small_lesson.LESSON}/{{}}/generate_feedback"
    for student in ("ana", "a[b]c"):
        assert lab(press.format(quote(student)), nothing="x")["success"]
        page = page_path(app, small_lesson.LESSON, student)
        assert "5 of 5 points" in page.read_text()
        assert [path.name for path in page.parent.iterdir()] == [page.name]
    graded = course / "autograded" / "ana" / small_lesson.LESSON / f"{small_lesson.LESSON}.ipynb"
    graded.chmod(0o644)
    graded.write_text("{")
    answer = lab(press.format("ana"), nothing="x")
    assert not answer["success"]
    assert "ana: The grader failed on this submission" in answer["error"]
    assert page_path(app, small_lesson.LESSON, "ana").read_text() == sorry_page(small_lesson.LESSON, "ana")


BUTTON = 'document.querySelector(".validate-button")'
DIALOG = 'document.querySelector("#validation-message")'


@pytest.mark.needs_chromium
def test_a_student_presses_validate_and_reads_what_is_recorded(lab, repository):
    """What is seen in the dialog: none of nbgrader's words of cells that failed or of success."""
    folder = repository / "workspace" / "lessons" / "tried"
    folder.mkdir()
    nbformat.write(small_lesson.lesson(first="two = 1.0", second="four = ..."), folder / "tried.ipynb")
    with chromium.Tab() as tab:
        tab.open(f"{lab.address}/lab/tree/{folder.relative_to(repository)}/tried.ipynb?token=secret")
        tab.wait(f'!!{BUTTON} && document.querySelectorAll(".jp-Cell").length > 5', 120)
        tab.value(f"{BUTTON}.click()")
        tab.wait(f"!!{DIALOG}", 120)
        assert tab.value(f"{DIALOG}.innerText").split("\n") == [
            "2 of 3 answers recorded.",
            "1 not answered: t00-four.",
            "Right or wrong comes after grading.",
        ]


@pytest.mark.needs_chromium
def test_a_student_presses_submit_and_reads_what_is_missing(lab, repository, tmp_path):
    """Without a name: a dialog, and nothing is handed in. With blank answers: handed in, and told."""
    name, notebook = "named", nbformat.read(repository / "lessons" / f"{LESSON}.ipynb", 4)
    fetched = repository / "workspace" / "lessons" / name
    for folder in (repository / "course" / "exchange" / "multilevel" / "outbound" / name, fetched):
        folder.mkdir()
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with chromium.Tab() as tab:
        page = tab.page
        tab.open(f"{lab.address}/lab?token=secret")
        page.get_by_role("menuitem", name="Nbgrader").click()
        page.get_by_role("menuitem", name="Assignment List").click()
        row = page.locator("#fetched_assignments_list > .list_item", has_text=name)
        row.get_by_role("button", name="Submit", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("STUDENT is empty, so no answer can be right.").wait_for()
        assert "Assignment not submitted:" in dialog.inner_text()
        assert tab.value('(box => box.scrollWidth <= box.clientWidth)(document.querySelector("pre"))')
        tab.picture(tmp_path / "refused.png", whole=False)
        dialog.get_by_role("button", name="Ok").click()
        for cell in notebook.cells:
            if cell.source == 'STUDENT = ""':
                cell.source = f'STUDENT = "{get_username()}"'
        nbformat.write(notebook, fetched / f"{name}.ipynb")
        row.get_by_role("button", name="Submit", exact=True).click()
        line = page.locator("#submitted_assignments_list").get_by_text("0 of 10 answers recorded.")
        line.wait_for()
        assert "10 not answered: l01-mean-price, " in line.inner_text()
        tab.picture(tmp_path / "said.png", whole=False)
