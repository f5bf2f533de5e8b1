"""A course folder is opened as nbgrader opens it."""

import subprocess

import small_lesson
from nbgrader import dbutil

from grader.course.course_folder import open_course, open_gradebook


def test_a_new_gradebook_is_up_to_date_for_nbgraders_own_program(tmp_path):
    small_lesson.make_course(tmp_path)
    app = open_course(tmp_path)
    with open_gradebook(app):
        pass
    dbutil.write_alembic_ini(tmp_path / "alembic.ini", app.coursedir.db_url)
    command = ["alembic", "-c", tmp_path / "alembic.ini", "current"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(" (head)\n"), done.stdout + done.stderr
