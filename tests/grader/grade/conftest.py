"""Grading processes for the tests here."""

import pytest
import small_lesson

from grader import classroom


@pytest.fixture(scope="module")
def crew():
    """Two grading processes for all tests of a module, which do nothing to them."""
    small_lesson.register()
    with classroom.local_cluster(2) as client:
        client.register_plugin(small_lesson.Bank())
        yield client
