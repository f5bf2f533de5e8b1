"""The class report and the gradebook in a browser: three widths, keyboard, axe-core, sorting, paper."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.marks.course_marks import course_marks
from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages.asked import Asked
from grader.pages.course_gradebook import render_gradebook
from grader.pages.report import findings, render
from mlmkit.answers.kinds import Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))

import chromium

NAMES = ("ana", "ben", "chen", "dora", "emil", "fay", "gil")
pytestmark = [pytest.mark.needs_chromium, pytest.mark.long(25)]


def a_class():
    """Seven students and twelve questions, one of them long, and one student who handed in nothing."""
    questions = [
        GradedQuestion(
            f"q-with-a-long-name-{n}", 2.0, "variance components", "01: Pooling", "How " + "far " * 9
        )
        for n in range(12)
    ]
    students = []
    for place, name in enumerate(NAMES):
        marks = {one.id: float((n * 7 + place * 5) % 11 < 3 + place) for n, one in enumerate(questions)}
        verdicts = {
            id: Verdict("right", 2.0, 2.0, "Right.", None, id)
            if mark
            else Verdict("mistake", 0.0, 2.0, "The variance. " * 5, "variance for standard deviation", id)
            for id, mark in marks.items()
        }
        marks = {id: 2 * mark for id, mark in marks.items()}
        score = sum(marks.values())
        students.append(Submission(name, "", "graded", "", score, 24.0, marks, verdicts))
    students.append(Submission("zoe", "Zoe " + "Long" * 12, "absent", "Nothing was handed in."))
    return Class("01_pooling", "Lesson 1: Pooling", questions, students)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    group = a_class()
    asked = {
        one.id: Asked(str(n), "How $\\sigma_{y}$?\n\n" + "x" * 90) for n, one in enumerate(group.questions, 1)
    }
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(group, findings(group, asked), path.parent), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """Eleven lessons, so that the table is wider than any window."""
    lessons = [replace(a_class(), lesson=f"{n:02d}_lesson", title=f"Lesson {n}") for n in range(1, 12)]
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.html"
    course = course_marks(lessons, lambda lesson, student: lesson < "09")
    path.write_text(render_gradebook(course, path.parent), encoding="utf-8")
    return path


@pytest.mark.parametrize("which", ["page", "gradebook"])
def test_nothing_is_wider_than_the_window_and_axe_finds_nothing(which, request):
    with chromium.Tab(390, 844, mobile=True) as tab:
        tab.open(request.getfixturevalue(which))
        for width in (320, 390, 768, 1400):
            tab.page.set_viewport_size({"width": width, "height": 844})
            assert tab.value("document.documentElement.scrollWidth") == tab.value("innerWidth") == width
            wider = "part.getBoundingClientRect().right > innerWidth + 1 && !part.closest('.scroll')"
            parts = f"[...document.querySelectorAll('main *')].filter(part => {wider})"
            assert tab.value(f"{parts}.map(part => part.outerHTML)") == []
            if width in (390, 1400):
                assert tab.violations() == []


COLUMN = "[...document.querySelectorAll('#{table} tbody tr')].map(row => row.cells[{place}].innerText)"


def test_tables_are_sorted_by_a_click_and_by_the_keyboard(page):
    with chromium.Tab(1400, 900) as tab:
        tab.open(page)
        names = COLUMN.format(table="students", place=0)
        shares = COLUMN.format(table="students", place=2)
        button = "document.querySelectorAll('#students thead button')[2]"
        before = tab.value(names)
        tab.value(f"{button}.click()")
        percents = tab.value(shares)
        assert percents[-1] == "–"
        numbers = [int(text.split()[0]) for text in percents[:-1]]
        assert numbers == sorted(numbers)
        assert len(set(numbers)) > 3
        assert tab.value(f"{button}.closest('th').getAttribute('aria-sort')") == "ascending"
        tab.value(f"{button}.focus()")
        tab.press("Enter")
        tab.wait(f"{button}.closest('th').getAttribute('aria-sort') == 'descending'")
        percents = tab.value(shares)
        assert percents[-1] == "–"
        assert [int(text.split()[0]) for text in percents[:-1]] == sorted(numbers, reverse=True)
        assert sorted(tab.value(names)) == sorted(before)
        tab.value("document.querySelectorAll('#questions thead button')[0].click()")
        order = tab.value(COLUMN.format(table="questions", place=0))
        assert order == [f"Question {n}" for n in range(1, 13)]  # by number: 2 before 10


def test_the_keyboard_reaches_links_headings_and_wide_tables(page):
    with chromium.Tab(390, 844, mobile=True) as tab:
        tab.open(page)
        reached = set()
        for _ in range(40):
            tab.press("Tab")
            what = "matches('thead button') ? 'button' : one.className || one.tagName"
            reached.add(tab.value(f"((one) => one.{what})(document.activeElement)"))
        assert {"A", "scroll", "button"} <= reached
        tab.value("document.querySelector('.steps a').click()")
        assert tab.value("document.querySelector(':target') !== null")


def test_only_our_script_runs(page, tmp_path):
    """A script that got into the page is stopped by the page's own policy; the sorting is not."""
    text = page.read_text(encoding="utf-8")
    hostile = tmp_path / "hostile.html"
    evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    hostile.write_text(text.replace("<footer>", f"{evil}<footer>"), encoding="utf-8")
    with chromium.Tab(1400, 900) as tab:
        tab.open(hostile)
        assert tab.value("document.title").startswith("Class report")
        assert tab.value("document.querySelectorAll('thead button').length") > 10


def test_without_script_the_page_is_complete(page, tmp_path):
    plain = tmp_path / "plain.html"
    text = page.read_text(encoding="utf-8")
    plain.write_text(text[: text.index("<script>")], encoding="utf-8")
    with chromium.Tab(1400, 900) as tab:
        tab.open(plain)
        without = tab.value("document.querySelector('main').innerText")
        assert tab.value("document.querySelectorAll('button').length") == 0
        tab.open(page)
        assert tab.value("document.querySelector('main').innerText").split() == without.split()


def test_paper_shows_all_of_it(page):
    with chromium.Tab(794, 1123) as tab:
        tab.open(page)
        tab.page.emulate_media(media="print")
        assert tab.value("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert tab.value("[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= 794)")
