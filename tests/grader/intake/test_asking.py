"""Requests for a second look: noticed once, nobody becomes late by asking, nothing in them is trusted."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
import small_lesson
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.intake import request_log
from grader.intake.regrade_requests import MANY, requests_in, without_requests, work_print
from grader.intake.request_log import Request, log_answer, log_requests, requests_of
from mlmkit.answers.regrade import LONGEST, REQUEST

pytestmark = [pytest.mark.long(15), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

KNOWN = {"t00-two", "t00-four", "t00-broken"}
WHY = "Two is right."


def asks(question="t00-two", why=WHY, source=None):
    """A cell in which a student asks."""
    cell = new_code_cell(source or f'from mlmkit import regrade\nregrade({question!r}, "why")')
    cell.outputs = [new_output("display_data", data={REQUEST: {"question": question, "why": why}})]
    return cell


def lesson(*more, **answers):
    notebook = small_lesson.lesson(**answers)
    notebook.cells += more
    return notebook


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    return root


@pytest.fixture
def course(released, tmp_path):
    copy = tmp_path / "course"
    shutil.copytree(released, copy)
    config = copy / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(released), str(copy)))
    return copy


def hand_in(root, name, notebook, at=None, **files):
    """Put a notebook into the exchange; return the time in it."""
    time.sleep(0.02)  # so that the file system sees which one is newer
    at = at or datetime.now(UTC)
    place = (
        root / "exchange" / "multilevel" / "inbound" / f"ana+{LESSON}+{at:%Y-%m-%d %H:%M:%S.%f} UTC+{name}"
    )
    place.mkdir()
    nbformat.write(notebook, place / f"{LESSON}.ipynb")
    (place / "timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S.%f} UTC")
    (place / "submission_secret.txt").write_text(name)
    for other, text in files.items():
        (place / other).write_text(text)
    return at


def collected(root):
    (arrival,) = classroom.collect(LESSON, root=root).arrivals
    return arrival


def kept(root):
    """The time and the notebook that lie in submitted/."""
    place = root / "submitted" / "ana" / LESSON
    return (place / "timestamp.txt").read_text(), (place / f"{LESSON}.ipynb").read_text()


def test_who_only_asks_keeps_the_hand_in_and_its_time(course):
    hand_in(course, "first", lesson())
    collected(course)
    before = kept(course)
    hand_in(course, "second", lesson(asks(), new_code_cell("")))
    found = collected(course)
    assert (found.status, kept(course)) == ("already there", before)
    assert found.message.startswith("Asks for another look at t00-two. Nothing else has changed")
    (request,) = requests_of(course, LESSON)
    assert (request.student, request.question, request.why) == ("ana", "t00-two", WHY)
    assert (collected(course).message, len(requests_of(course, LESSON))) == ("", 1)  # each once
    hand_in(course, "third", lesson(asks(), asks("t00-four", "Four, too.")))
    assert "t00-four." in collected(course).message
    assert (kept(course), len(requests_of(course, LESSON))) == (before, 2)


def test_who_changes_an_answer_has_a_new_hand_in_with_its_time(course):
    hand_in(course, "first", lesson(first="two = 1.0"))
    collected(course)
    at = hand_in(course, "second", lesson(asks(), first="two = 2.0"))
    found = collected(course)
    assert found.status == "updated"
    assert found.message == (
        "Asks for another look at t00-two. The answers have changed too, so it is a new submission."
    )
    assert kept(course)[0] == f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"
    assert len(requests_of(course, LESSON)) == 1


def test_of_several_new_ones_the_last_that_does_more_than_ask_counts(course):
    hand_in(course, "first", lesson(first="two = 1.0"))
    collected(course)
    at = hand_in(course, "second", lesson(first="two = 2.0"))
    hand_in(course, "third", lesson(asks(), first="two = 2.0"))
    hand_in(course, "fourth", lesson(asks(), asks("t00-four"), first="two = 2.0"))
    assert collected(course).status == "updated"
    assert kept(course)[0] == f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"
    assert {request.question for request in requests_of(course, LESSON)} == {"t00-two", "t00-four"}


def test_nobody_can_flood_the_list_by_handing_in_again_and_again(course):
    hand_in(course, "first", lesson())
    messages = [collected(course).message]
    for turn in range(3):
        hand_in(course, f"turn{turn}", lesson(*(asks(why=f"{turn} {number}") for number in range(30))))
        messages.append(collected(course).message)
    assert ["10 more requests were left out." in says for says in messages] == [False, False, True, False]
    assert messages[-1] == ""
    assert len(requests_of(course, LESSON)) == MANY


def test_the_instructor_is_told_what_to_run(course, capsys):
    hand_in(course, "first", lesson(asks()))
    assert main(["collect", LESSON, "--course", str(course)]) == 0
    said = capsys.readouterr().out
    assert f"Open requests for another look: 1. See: python -m grader requests {LESSON}" in said


def test_the_earlier_hand_in_stays_when_it_has_left_the_exchange(course):
    hand_in(course, "first", lesson())
    collected(course)
    before = kept(course)
    shutil.rmtree(next((course / "exchange" / "multilevel" / "inbound").iterdir()))
    hand_in(course, "second", lesson(asks()))
    assert collected(course).status == "already there"
    assert kept(course) == before


def test_a_first_hand_in_may_ask_too(course):
    hand_in(course, "first", lesson(asks()))
    assert collected(course).status == "collected"
    again = collected(course)  # nothing is new
    assert (again.status, again.message) == ("already there", "")
    assert len(requests_of(course, LESSON)) == 1


def test_a_clock_that_is_wrong_is_still_said(course):
    hand_in(course, "first", lesson())
    collected(course)
    hand_in(course, "second", lesson(asks()), at=datetime.now(UTC) - timedelta(days=2))
    assert "Asks for another look" in collected(course).message


def test_what_was_put_there_by_hand_is_seen_once_and_said_to_come_from_there(course, capsys):
    """From a learning platform: under another file name, too; not of whom `grade` would refuse."""
    hand_in(course, "first", lesson(asks()))
    collected(course)
    small_lesson.hand_in(course, "ben", lesson(asks("t00-four", "By mail.")))
    small_lesson.hand_in(course, "chen", lesson(asks(why="Renamed.")))
    place = course / "submitted" / "chen" / LESSON
    (place / f"{LESSON}.ipynb").rename(place / "chen_late_4711.ipynb")
    brought = course / "brought" / "emil"
    brought.mkdir(parents=True)
    nbformat.write(lesson(asks("t00-broken", "By Moodle.")), brought / f"{LESSON}.ipynb")
    classroom.collect_files(LESSON, brought.parent, root=course)
    (course / "submitted" / "dora").symlink_to(course / "submitted" / "ben")
    for _ in range(2):
        assert main(["requests", LESSON, "--course", str(course)]) == 0
        said = capsys.readouterr().out
        assert "4 open, 0 answered." in said
        for student, came in {
            "ana": "handed in through the exchange",
            "ben": f"put into submitted/ben/{LESSON}",
            "chen": f"put into submitted/chen/{LESSON}",
            "emil": "collected from files that a learning platform gave",
        }.items():
            assert came in said.partition(f"\n{student},"[student == "ana" :])[2].split("\n\n")[0], said
    assert len(requests_of(course, LESSON)) == 4


def test_grading_sees_what_was_put_there_and_tells_of_it(course, capsys):
    small_lesson.register()
    small_lesson.hand_in(course, "ben", lesson(asks()))
    assert main(["grade", LESSON, "--course", str(course), "--workers", "1"]) == 0
    assert f"Open requests for another look: 1. See: python -m grader requests {LESSON}" in (
        capsys.readouterr().out
    )


def work(tmp_path, notebook, texts=frozenset(), **files):
    place = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    place.mkdir()
    nbformat.write(notebook, place / f"{LESSON}.ipynb")
    for other, text in files.items():
        (place / other).write_text(text)
    return work_print(place, LESSON, [], set(texts))


def test_what_a_mark_depends_on_is_work_and_nothing_else(tmp_path):
    same = work(tmp_path, lesson())
    shown = lesson()
    shown.cells[3].outputs = [new_output("stream", text="x")]
    assert work(tmp_path, shown) == same  # the grader runs it anew
    assert work(tmp_path, lesson(new_markdown_cell("Please!"), asks(), new_code_cell(" "))) == same
    inside = lesson()
    inside.cells[3].source += '\nregrade("t00-two", why="x")'
    assert work(tmp_path, inside) == same
    others = [
        lesson(first="two = 2"),
        lesson(new_code_cell("two = 3")),
        lesson(asks(source='regrade("t00-two", exec("two = 3"))')),
        lesson(asks(source='regrade("t00-two", "x"); two = 3')),
        lesson(asks(source="from mlmkit import regrade as check")),
        lesson(check_first='check("t00-two", 3)'),
    ]
    assert len({same, *(work(tmp_path, other) for other in others)}) == 1 + len(others)
    assert work(tmp_path, lesson(), helper="x = 1") != same
    swapped = lesson()
    swapped.cells[2:6] = swapped.cells[4:6] + swapped.cells[2:4]
    assert work(tmp_path, swapped) != same


def test_a_remark_counts_where_a_written_answer_has_lost_its_cell(tmp_path):
    found = {work(tmp_path, lesson(new_markdown_cell(text)), {"t00-text"}) for text in ("a", "b")}
    assert len(found) == 2


def test_of_a_file_that_is_no_notebook_every_byte_counts(tmp_path):
    found = set()
    for text in ("one", "two"):
        (tmp_path / f"{LESSON}.ipynb").write_text(text)
        found.add(work_print(tmp_path, LESSON, [], set()))
    assert len(found) == 2


def test_code_that_can_not_be_read_stays_whole():
    assert without_requests('regrade("a", "b"\nx = (') == 'regrade("a", "b"\nx = ('


def read(tmp_path, *cells):
    (tmp_path / f"{LESSON}.ipynb").write_text(json.dumps(lesson(*cells)))
    return requests_in(tmp_path, LESSON, "ana", KNOWN)


def test_requests_that_nobody_can_have_made_count_for_nothing(tmp_path):
    forged = asks("l99-other")
    for payload in ("text", ["t00-two", WHY], {"question": ["t00-two"], "why": WHY}, {"question": "t00-two"}):
        forged.outputs.append(new_output("display_data", data={REQUEST: payload}))
    forged.outputs.append(new_output("display_data", data={REQUEST: {"question": "t00-two", "why": 7}}))
    assert read(tmp_path, forged) == ([], 0)
    (tmp_path / f"{LESSON}.ipynb").write_text('{"cells": [7, {"outputs": 7}, {"outputs": [7, {"data": 7}]}]}')
    assert requests_in(tmp_path, LESSON, "ana", KNOWN) == ([], 0)
    (tmp_path / f"{LESSON}.ipynb").unlink()
    assert requests_in(tmp_path, LESSON, "ana", KNOWN) == ([], 0)


def test_ten_thousand_requests_and_a_megabyte_have_an_end(tmp_path):
    many = asks()
    many.outputs = [
        new_output("display_data", data={REQUEST: {"question": "t00-two", "why": f"{number}"}})
        for number in range(10_000)
    ]
    found, more = read(tmp_path, many, many)
    assert (len(found), more) == (MANY, 10_000 - MANY)
    ((long,), _) = read(tmp_path, asks(why="x" * 1_000_000))
    assert len(long.why) == LONGEST


def test_control_characters_do_not_reach_a_screen(tmp_path):
    ((request,), _) = read(tmp_path, asks(why="a\x1b[2Jb\u202ec\x00d\ne\ud800"))
    assert request.why == "a [2Jb c d\ne?"


def test_the_log_keeps_each_request_once_and_the_open_ones_come_first(tmp_path):
    one, other = Request("ana", "t00-two", "Why?"), Request("ben", "t00-two", "Why?")
    assert log_requests(tmp_path, LESSON, [one, one, other]) == [one, other]
    assert log_requests(tmp_path, LESSON, [one]) == []
    log_answer(tmp_path, LESSON, [one], "Because.", 1.5)
    first, second = requests_of(tmp_path, LESSON)
    assert (first.student, first.is_open) == ("ben", True)
    assert (second.answer, second.points, second.is_open) == ("Because.", 1.5, False)
    assert requests_of(tmp_path, LESSON, "ana") == [second]
    assert requests_of(tmp_path, "99_other") == []


def test_a_line_that_was_cut_off_costs_no_other(tmp_path):
    log_requests(tmp_path, LESSON, [Request("ana", "t00-two", "Why?")])
    path = tmp_path / "requests" / f"{LESSON}.jsonl"
    with path.open("a") as log:
        log.write('{"event": "asked", "student": "b')
    log_requests(tmp_path, LESSON, [Request("chen", "t00-two", "Why?")])
    assert [request.student for request in requests_of(tmp_path, LESSON)] == ["ana", "chen"]


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    log_requests(tmp_path, LESSON, [Request("ana", "t00-two", "Why?")])
    path = tmp_path / "requests" / f"{LESSON}.jsonl"
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(request_log.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        log_requests(tmp_path, LESSON, [Request("ben", "t00-two", "Why?")])
    assert path.read_bytes() == before


def test_lines_are_only_added(tmp_path):
    log_requests(tmp_path, LESSON, [Request("ana", "t00-two", "Why?")])
    path = tmp_path / "requests" / f"{LESSON}.jsonl"
    before = path.read_bytes()
    log_answer(tmp_path, LESSON, requests_of(tmp_path, LESSON), "No.", None)
    assert path.read_bytes().startswith(before)
    assert all(json.loads(line) for line in path.read_text().splitlines())
    assert os.listdir(path.parent).count(path.name) == 1
