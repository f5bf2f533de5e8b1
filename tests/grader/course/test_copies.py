"""Where one works on the lessons: copies that git does not see, and that no update overwrites."""

import pytest

from grader.course.copies import RECORD, copy_lessons


@pytest.fixture
def lessons(tmp_path):
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "01_a.ipynb").write_text("first version")
    (folder / "01_a.practice.json").write_text("first key")
    return folder


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != RECORD}


def test_a_lesson_and_its_key_are_copied_once(lessons, work):
    assert copy_lessons(lessons, work) == [
        f"Copied 01_a.ipynb to {work / '01_a.ipynb'}.",
        f"Copied 01_a.practice.json to {work / '01_a.practice.json'}.",
    ]
    assert files(work) == files(lessons)
    assert copy_lessons(lessons, work) == []


def test_a_new_version_replaces_a_copy_that_nobody_changed(lessons, work):
    copy_lessons(lessons, work)
    (lessons / "01_a.ipynb").write_text("second version")
    assert copy_lessons(lessons, work) == [f"Copied 01_a.ipynb to {work / '01_a.ipynb'}."]
    assert files(work) == files(lessons)


def test_what_somebody_changed_stays_and_the_new_version_goes_beside_it(lessons, work):
    copy_lessons(lessons, work)
    mine, new, newer = (work / f"01_a.{middle}ipynb" for middle in ("", "new.", "new.new."))
    mine.write_text("my answers")
    assert copy_lessons(lessons, work) == []
    (lessons / "01_a.ipynb").write_text("second version")
    assert copy_lessons(lessons, work) == [
        f"You changed {mine}, so it stays as it is. Copied 01_a.ipynb to {new}."
    ]
    assert (mine.read_text(), new.read_text()) == ("my answers", "second version")
    assert copy_lessons(lessons, work) == []
    new.write_text("my answers to the second version")
    (lessons / "01_a.ipynb").write_text("third version")
    assert len(copy_lessons(lessons, work)) == 1
    assert (mine.read_text(), new.read_text()) == ("my answers", "my answers to the second version")
    assert newer.read_text() == "third version"


def test_a_file_that_was_there_before_any_copy_is_not_ours(lessons, work):
    work.mkdir()
    (work / "01_a.ipynb").write_text("my own")
    copy_lessons(lessons, work)
    assert (work / "01_a.ipynb").read_text() == "my own"
    assert (work / "01_a.new.ipynb").read_text() == "first version"


def test_what_was_deleted_comes_back(lessons, work):
    copy_lessons(lessons, work)
    (work / "01_a.ipynb").unlink()
    copy_lessons(lessons, work)
    assert files(work) == files(lessons)
