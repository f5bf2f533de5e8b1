"""The tables of syllabus and guide are made from the lessons and the bank; the notes beside them are kept."""

import re

import pytest

from grader.author import course_tables
from grader.author.build import lesson_names
from grader.author.course_tables import GUIDE, SYLLABUS, facts, guide, syllabus
from grader.author.lesson_error import LessonError
from grader.bank import questions
from grader.judge.references import expected


@pytest.fixture
def text():
    return GUIDE.read_text(encoding="utf-8")


def test_the_pages_say_what_the_lessons_and_the_bank_say(text):
    again = "The tables are not what the lessons and the bank say. Run `make lessons`."
    assert guide(text) == text, again
    assert syllabus(SYLLABUS.read_text(encoding="utf-8")) == SYLLABUS.read_text(encoding="utf-8"), again


def test_each_graded_question_has_its_row_with_points_and_topic(text):
    for lesson in lesson_names():
        known = questions(lesson)
        for number, (id, points) in enumerate(facts(lesson).points.items(), start=1):
            topic = known[id].topic if id in known else ""
            assert f"| {number} `{id}` | {points} | {topic} | " in text


def test_the_guide_calls_mistakes_by_their_names_in_the_class_report(text):
    ids = [id for lesson in lesson_names() for id in questions(lesson)]  # other tests have added questions
    names = {mistake.name for id in ids for mistake in expected(id, "alice").mistakes}
    paragraphs = re.findall(r"\*\*In the report\.\*\* (.*?)\n\n", text, re.DOTALL)
    called = re.findall(r'"([^"]+)"', " ".join(" ".join(paragraphs).split()))
    assert len(called) >= 12
    assert {name.lower() for name in called} - {name.lower() for name in names} == set()


def test_a_table_that_was_changed_by_hand_is_made_anew_and_notes_are_kept(text):
    row = next(line for line in text.split("\n") if "`l01-fixef`" in line)
    note = re.split(r" \| ", row)[-1].removesuffix(" |")
    assert "nearly the same number" in note
    assert guide(text.replace(row, row.replace("| 2 |", "| 9 |", 1))) == text
    assert f"| {note}, too |" in guide(text.replace(note, f"{note}, too"))
    assert r"`(1 + x \|\| g)`, or no mean slope |" in guide(text)
    without = guide(text.replace(row + "\n", ""))
    assert f"{row.removesuffix(f'{note} |')} |" in without, "a question that is new to the table has no note"


def test_a_note_on_a_question_that_is_gone_is_not_lost_in_silence(text):
    with pytest.raises(LessonError, match=r"note on l01-gone, which lesson 01_pooling doesn't ask"):
        guide(text.replace("`l01-fixef`", "`l01-gone`"))


def test_two_comments_are_place_enough_for_a_table(text):
    begin, end = "<!-- questions of 02_shrinkage -->", "<!-- end -->"
    table = text[text.index(begin) : text.index(end, text.index(begin))]
    assert "`l02-" in table
    without_notes = guide(text.replace(table, f"{begin}\n"))
    assert guide(without_notes) == without_notes and without_notes.count("`l02-") == text.count("`l02-")


def test_a_lesson_without_minutes_and_a_question_without_docstring_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(course_tables, "ROOT", tmp_path)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "12_new.md").write_text("---\n---\n\n# New\n")
    with pytest.raises(LessonError, match=r"12_new\.md doesn't say how long it takes"):
        facts("12_new")
    monkeypatch.setattr(questions("02_shrinkage")["l02-icc"].function, "__doc__", None)
    with pytest.raises(LessonError, match="The function of l02-icc in the bank has no docstring"):
        course_tables.asked(questions("02_shrinkage")["l02-icc"])


def test_a_lesson_without_its_place_in_the_guide_is_named(text):
    with pytest.raises(LessonError, match=r"two lines where .*: <!-- questions of 02_shrinkage -->"):
        guide(text.replace("questions of 02_shrinkage", "questions of 2"))
    with pytest.raises(LessonError, match="points of all lessons"):
        syllabus("No table.")
