"""A lesson that is fetched on a hub: the name stands in it, nobody else looks in, and what is typed stays."""

import stat

import nbformat
import pytest
import small_lesson
from nbformat.v4 import new_code_cell
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import get_username

from grader import classroom
from grader.course.course_folder import open_course
from mlmkit.answers.fetching import FetchWithName

pytestmark = [
    pytest.mark.long(10),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


@pytest.fixture
def fetched(tmp_path):
    """Fetch a lesson whose first cell is this; return the folder."""

    def fetch(source):
        course, home = tmp_path / "course", tmp_path / "home"
        course.mkdir()
        home.mkdir()
        small_lesson.make_course(course)
        place = course / "source" / small_lesson.LESSON / f"{small_lesson.LESSON}.ipynb"
        notebook = nbformat.read(place, as_version=4)
        notebook.cells.insert(0, new_code_cell(source))
        nbformat.write(notebook, place)
        classroom.release(small_lesson.LESSON, root=course)
        config = open_course(course).config
        config.Exchange.assignment_dir = str(home)
        config.CourseDirectory.assignment_id = small_lesson.LESSON
        parts = {"coursedir": CourseDirectory(config=config), "authenticator": Authenticator(config=config)}
        FetchWithName(config=config, **parts).start()
        return home / small_lesson.LESSON

    return fetch


@pytest.mark.parametrize("source", ['STUDENT = ""', 'STUDENT = ""\n'])
def test_the_name_of_who_fetched_stands_in_the_lesson(fetched, tmp_path, source):
    folder, name = fetched(source), f"{small_lesson.LESSON}.ipynb"
    released = nbformat.read(tmp_path / "course" / "release" / small_lesson.LESSON / name, as_version=4)
    notebook = nbformat.read(folder / name, as_version=4)
    assert notebook.cells[0].source == f'STUDENT = "{get_username()}"'
    assert notebook.cells[1:] == released.cells[1:] and notebook.metadata == released.metadata
    assert [path.name for path in folder.iterdir()] == [f"{small_lesson.LESSON}.ipynb"]  # no draft is left
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_lesson_without_such_a_cell_is_as_released(fetched, tmp_path):
    folder = fetched('STUDENT = "everybody"')
    name = f"{small_lesson.LESSON}.ipynb"
    released = tmp_path / "course" / "release" / small_lesson.LESSON / name
    assert (folder / name).read_bytes() == released.read_bytes()
