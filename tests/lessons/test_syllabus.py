"""The syllabus tells of each lesson what the lesson itself says: minutes, points, and who grades them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYLLABUS = (ROOT / "course" / "syllabus.md").read_text(encoding="utf-8")
LESSONS = sorted((ROOT / "solutions").glob("*.md"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_syllabus_tells_the_minutes_and_points_of_a_lesson(path):
    lesson = path.read_text(encoding="utf-8")
    minutes = re.search(r"About (\d+) minutes", lesson)[1]
    graded = sum(map(int, re.findall(r"^\| .+ \(graded\) \| (\d+) \|$", lesson, re.MULTILINE)))
    by_program = sum(map(int, re.findall(r"tags: \[check, points=(\d+)\]", lesson)))
    by_hand = sum(map(int, re.findall(r'"points=(\d+)"', lesson)))
    row = f"| {int(path.stem[:2])} | {minutes} | {graded} | {by_program + by_hand} | {by_hand} |"
    assert row in SYLLABUS


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_minutes_of_the_sections_add_up(path):
    lesson = path.read_text(encoding="utf-8")
    sections = re.findall(r"^\| [^|]+ \| (\d+) \|$", lesson, re.MULTILINE)
    assert sum(map(int, sections)) == int(re.search(r"About (\d+) minutes", lesson)[1])


def test_a_lesson_is_called_ready_exactly_when_it_exists():
    rows = re.findall(r"^\| (\d+) \| .* \| (\*\*ready\*\*|planned) \|$", SYLLABUS, re.MULTILINE)
    ready = {int(number) for number, status in rows if status != "planned"}
    assert ready == {int(path.stem[:2]) for path in LESSONS} and len(rows) == 11


def test_the_guide_shows_the_lecture_beside_sections_that_exist():
    guide = (ROOT / "course" / "instructor-guide.md").read_text(encoding="utf-8")
    part = guide.partition("## The lecture beside the lessons")[2].partition("\n## ")[0]
    cited = re.findall(r"\b(\d\d): ([^;|]+?)(?= *[;|])", part)
    headings = {
        (path.stem[:2], heading)
        for path in LESSONS
        for heading in re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(cited) >= 24
    assert set(cited) <= headings
