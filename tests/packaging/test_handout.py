"""The students' archive: what is in it; and its own page, from an empty folder to a checked answer."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from distributions import ROOT, files_of, repository_files

import mlmkit
from grader.author.handout import make_handout
from grader.course.course_folder import CourseError

WHEEL = f"mlmkit-{mlmkit.__version__}-py3-none-any.whl"
TOP = "hierarchical-models/"
pytestmark = pytest.mark.long(20)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return make_handout(tmp_path_factory.mktemp("handout"))


def test_it_holds_lessons_library_and_a_page_and_nothing_else(archive):
    with zipfile.ZipFile(archive) as packed:
        found = {name.removeprefix(TOP) for name in packed.namelist()}
        assert all(name.startswith(TOP) for name in packed.namelist())
    assert found == {*repository_files("lessons"), WHEEL, "README.md", ".devcontainer/devcontainer.json"}
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]  # no draft is left


def test_the_library_is_that_of_the_repository(archive, tmp_path):
    with zipfile.ZipFile(archive) as packed:
        wheel = Path(packed.extract(TOP + WHEEL, tmp_path))
    code = {name: body for name, body in files_of(wheel).items() if name.startswith("mlmkit/")}
    assert code == {name: (ROOT / name).read_bytes() for name in repository_files("mlmkit")}


def test_its_texts_name_the_wheel_that_is_there(archive):
    with zipfile.ZipFile(archive) as packed:
        page = packed.read(TOP + "README.md").decode()
        container = json.loads(packed.read(TOP + ".devcontainer/devcontainer.json"))
        names = set(packed.namelist())
    assert set(re.findall(r"[\w.-]+\.whl", page)) == {WHEEL}
    assert WHEEL in container["postCreateCommand"]
    assert "WHEEL" not in page + json.dumps(container)
    links = re.findall(r"\]\((.+?)\)", page) + re.findall(r"jupyter lab (\S+)", page)
    assert links
    assert {TOP + link for link in links} <= names


def test_the_same_sources_make_the_same_archive(archive, tmp_path):
    assert make_handout(tmp_path).read_bytes() == archive.read_bytes()


def test_as_a_folder_it_holds_the_same_and_overwrites_nothing(archive, tmp_path):
    made = make_handout(tmp_path / "course", folder=True)
    with zipfile.ZipFile(archive) as packed:
        assert {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()} == {
            name.removeprefix(TOP) for name in packed.namelist()
        }
    with pytest.raises(CourseError, match="holds files already"):
        make_handout(made, folder=True)


@pytest.mark.slow
def test_the_three_lines_lead_to_a_checked_answer(archive, tmp_path):
    """Typed as the page says, in an empty folder; instead of opening a browser, the lesson is run."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    room = tmp_path / TOP
    block = re.search(r"```sh\n(.+?)```", (room / "README.md").read_text(), re.S)[1]
    first, second, third = block.replace("python3", sys.executable, 1).splitlines()
    for line in (first, second):
        run = subprocess.run(["bash", "-c", line], cwd=room, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    lesson = room / third.split()[-1]
    notebook = json.loads(lesson.read_text())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if source.startswith("STUDENT"):
            cell["source"] = 'STUDENT = "ada"'
        elif "answer" in cell["metadata"].get("tags", []) and "my_guess" not in source:
            cell["source"] = re.sub(r"(?m)^(\w+) = \.\.\.$", r"\1 = 1.0", source)
    lesson.write_text(json.dumps(notebook))
    command = third.replace("jupyter lab", "jupyter execute --inplace --allow-errors")
    run = subprocess.run(["bash", "-c", command], cwd=room, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    shown = lesson.read_text()
    assert "713204.24" in shown  # the lecture's first fit
    assert "Hint 1 of 3" in shown  # a practice answer was judged
