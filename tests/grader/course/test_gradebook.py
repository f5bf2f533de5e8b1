"""A gradebook that is opened again: with the same engine, but nothing of the time before is kept."""

import os

import pytest
import small_lesson

from grader.course.course_folder import open_course, open_gradebook


@pytest.fixture
def app(tmp_path):
    small_lesson.make_course(tmp_path)
    return open_course(tmp_path)


def students(app):
    with open_gradebook(app) as gradebook:
        return [student.id for student in gradebook.students]


def test_queries_are_written_once_for_all_who_open_it(app):
    with open_gradebook(app) as first:
        engine = first.engine
    with open_gradebook(app) as second:
        assert second.engine is engine


def test_no_connection_is_left_when_it_is_closed(app):
    with open_gradebook(app) as gradebook:
        gradebook.add_student("ana")
    assert gradebook.engine.pool.checkedin() == gradebook.engine.pool.checkedout() == 0


def test_two_that_are_open_at_once_do_not_close_each_other(app):
    with open_gradebook(app) as first:
        first.add_student("ana")
        assert students(app) == ["ana"]
        first.add_student("ben")
    assert students(app) == ["ana", "ben"]


def test_a_gradebook_that_was_deleted_is_made_anew(app):
    with open_gradebook(app) as gradebook:
        gradebook.add_student("ana")
    os.unlink(gradebook.engine.url.database)
    assert students(app) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_that_is_split_off_has_connections_of_its_own(app):
    with open_gradebook(app) as gradebook:
        engine = gradebook.engine
        child = os.fork()
        if not child:
            with open_gradebook(app) as own:
                os._exit(own.engine is engine)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
