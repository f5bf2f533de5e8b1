"""Feedback pages as files: of any name, in one step, never endless."""

import resource
import subprocess
import sys
import time

import nbformat
import pytest
import small_lesson
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import open_course
from grader.grade.cluster import local_cluster
from grader.pages import give_feedback
from grader.pages.give_feedback import limited, page_path, sorry_page, write_feedback
from grader.pages.safe_html import clean_html, markdown2html
from grader.pages.tame import LONGEST_OUTPUT, MOST_OUTPUTS, tame_cell, tame_output

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]


def seconds(work, text):
    """Processor time, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work(text)
        times.append(time.process_time() - start)
    return min(times)


UNITS = [
    "<script ",
    "<script>",
    "</script ",
    "<div>",
    "<b>",
    "<b><p>",
    "<a x ",
    "<p a=1 ",
    "<!--",
    "&#1",
    "<",
    "<b x=1>",
]


@pytest.mark.long(10)
@pytest.mark.parametrize("unit", UNITS)
def test_the_time_of_cleaning_grows_with_the_length_and_not_its_square(unit):
    size = 8_000 // len(unit)
    one, four = (seconds(clean_html, unit * size * times) for times in (1, 4))
    assert four < 9 * one + 0.02, (one, four)  # the square would be 16


def test_what_would_take_too_long_is_shown_as_text_with_a_sentence():
    assert "Tags nested too deeply to be shown." in clean_html("<div>" * 1_000)
    assert "A tag with too many attributes." in clean_html("<p " + "a " * 1_000 + ">")
    assert "Too long for this page." in clean_html("x" * 1_000_000)
    assert "characters are shown." in markdown2html({}, "word " * 10_000)
    assert clean_html("<div>" * 20 + "x" + "</div>" * 20).startswith("<div><div>")


def test_no_number_of_a_character_is_too_long():
    assert "1111" in clean_html("&#" + "1" * 5_000 + ";") + clean_html(f'<a title="&#{"1" * 5_000};">x</a>')
    assert clean_html("&#65;&#x42;") == "&#65;&#x42;"


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": "x" * 3_000_000},
        {"output_type": "error", "ename": "E", "evalue": "x" * 3_000_000, "traceback": ["x" * 3_000_000] * 3},
        {"output_type": "display_data", "data": {"text/plain": "x" * 3_000_000}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": "x" * 3_000_000}, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": "A" * 30_000_000}, "metadata": {}},
        {"output_type": "display_data", "data": float("nan"), "metadata": float("nan")},
        {"output_type": "unknown", "data": None},
    ],
)
def test_outputs_are_cut_with_a_sentence_and_whatever_they_are_they_are_valid(output):
    nb = nbformat.v4.new_notebook()
    nb.cells = [tame_cell(nbformat.from_dict({"cell_type": "code", "source": "x", "outputs": [output] * 99}))]
    nbformat.validate(nb)
    assert len(nb.cells[0].outputs) == MOST_OUTPUTS + 1
    text = str(tame_output(nbformat.from_dict(output)))
    assert len(text) < 2 * LONGEST_OUTPUT
    assert ("oo long for this page" in text) == ("xxx" in str(output))


def test_a_process_that_works_too_long_on_a_page_is_ended():
    code = "from grader.pages.give_feedback import limited\nwith limited(1):\n    while True: pass"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode < 0
    with pytest.raises(MemoryError), limited(memory=1 << 28):
        bytearray(1 << 30)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


NAMES = ["a[b]c", "plain", "quote'\"s", "sp ace"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    small_lesson.register()
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    for student in NAMES:
        small_lesson.hand_in(root, student, small_lesson.lesson())
        assert classroom.grade_student(LESSON, str(root), student).status == "done"
    return root


@pytest.mark.long(20)
@pytest.mark.parametrize("student", NAMES)
def test_a_student_of_any_name_gets_a_page(course, student):
    assert write_feedback(LESSON, str(course), student).status == "done"
    page = page_path(open_course(course), LESSON, student)
    assert "5 of 5 points" in page.read_text()
    assert [path.name for path in page.parent.iterdir()] == [page.name]  # no draft is left


@pytest.mark.long(20)
def test_a_page_that_fails_leaves_the_one_before_whole(course, monkeypatch):
    assert write_feedback(LESSON, str(course), "plain").status == "done"
    page = page_path(open_course(course), LESSON, "plain")
    before = page.read_text()
    monkeypatch.setattr(give_feedback.OneFeedback, "exporter_class", None)
    assert write_feedback(LESSON, str(course), "plain").status == "failed"
    assert page.read_text() == before


def is_killed(lesson, root, student):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.long(30)
def test_a_page_that_cannot_be_drawn_says_so(course, monkeypatch):
    monkeypatch.setattr(give_feedback, "write_feedback", is_killed)
    monkeypatch.setattr(give_feedback, "students_with", lambda *_: ["plain"])
    with local_cluster(1) as client:
        (outcome,) = classroom.feedback(LESSON, root=course, client=client)
    assert outcome.status == "failed"
    page = page_path(open_course(course), LESSON, "plain").read_text()
    assert page == sorry_page(LESSON, "plain")
    assert "could not be shown as a page" in page
