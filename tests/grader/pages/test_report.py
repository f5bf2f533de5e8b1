"""The class report's numbers, and that its page holds what it should. Records written here, no grading."""

import re
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages.report import (
    correlation,
    histogram,
    mistakes_by_name,
    question_row,
    render,
    summary,
    topic_rows,
)
from mlmkit.answers.kinds import Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))

import chromium

QUESTIONS = [
    GradedQuestion("q-a", 2.0, "pooling", "01: Pooling", "The mean"),
    GradedQuestion("q-b", 4.0, "variance components", "01: Read the print-out", "The sd"),
    GradedQuestion("q-report", 4.0, "graded by hand", "", ""),
]


def verdict(question, score, max_points, mistake=None):
    status = "mistake" if mistake else "right" if score == max_points else "wrong"
    return Verdict(status, score, max_points, f"Told about {mistake}.", mistake, question)


def graded(student, a, b, mistakes=(None, None), waiting=False):
    marks = {"q-a": a, "q-b": b, "q-report": 0.0}
    verdicts = {"q-a": verdict("q-a", a, 2.0, mistakes[0]), "q-b": verdict("q-b", b, 4.0, mistakes[1])}
    return Submission(
        student,
        "",
        "graded",
        score=a + b,
        possible=6.0 if waiting else 10.0,
        marks=marks,
        verdicts=verdicts,
        waiting=["q-report"] if waiting else [],
    )


def a_class(*submissions):
    return Class("01_pooling", "Pooling & more", QUESTIONS, list(submissions))


@pytest.fixture
def group():
    return a_class(
        graded("ana", 2.0, 4.0),
        graded("ben", 1.0, 2.0, ("variance for sd", "variance for sd"), waiting=True),
        graded("chen", 0.0, 0.0, (None, "ML for REML")),
        graded("dora", 1.0, 4.0, ("variance for sd", None)),
        Submission("emil", "", "absent", "Nothing was handed in."),
    )


def rows_of(group):
    return [question_row(question, group.graded) for question in group.questions]


def test_share_and_discrimination_are_those_of_numpy(group):
    row = rows_of(group)[0]
    assert row.share == pytest.approx(np.mean([2, 1, 0, 1]) / 2)
    assert row.discrimination == pytest.approx(np.corrcoef([2, 1, 0, 1], [4, 2, 0, 4])[0, 1])
    assert row.counts == {"right": 1, "mistake": 2, "wrong": 1}


def test_a_question_that_waits_for_a_person_has_no_share_yet(group):
    row = rows_of(group)[2]
    assert (row.share, row.discrimination, row.waiting) == (None, None, 1)


def test_the_most_frequent_mistake_comes_first_with_who_made_it(group):
    (row,) = rows_of(group)[0].mistakes
    assert (row.name, row.students) == ("variance for sd", ["ben", "dora"])


def test_mistakes_are_counted_over_the_lesson(group):
    assert mistakes_by_name(rows_of(group)) == [
        ("variance for sd", 3, ["q-a", "q-b"]),
        ("ML for REML", 1, ["q-b"]),
    ]


def test_topics_are_sorted_from_hard_to_easy_and_what_waits_comes_last(group):
    topics = topic_rows(rows_of(group))
    assert [row.topic for row in topics] == ["pooling", "variance components", "graded by hand"]
    assert topics[0].share == 0.5
    assert topics[1].revisit == ["01: Read the print-out"]


def test_the_summary_says_what_an_instructor_wants_to_know(group):
    assert " ".join(summary(group, rows_of(group))) == (
        "4 of 5 students in the gradebook have a graded submission. "
        "They earned 40 % of their points on average (median 50 %). "
        "The hardest question is q-a: 50 % of its points were earned. "
        "The most frequent named mistake is “variance for sd” (3 answers). "
        "1 answer waits for a person to grade: open the formgrader."
    )


@given(st.lists(st.floats(0, 10), max_size=40))
def test_every_score_is_in_exactly_one_class_of_the_histogram(scores):
    group = a_class(*(graded(f"s{place}", score, 0.0) for place, score in enumerate(scores) if score <= 2))
    bars = histogram(group)
    assert sum(bar["count"] for bar in bars) == len(group.graded)
    assert all(0 <= bar["height"] <= 1 for bar in bars)


@pytest.mark.parametrize(("share", "bar"), [(0.0, 0), (0.1, 1), (0.3, 3), (0.99, 9), (1.0, 9), (1.2, 9)])
def test_a_score_on_the_border_belongs_to_the_class_above(share, bar):
    item = Submission("ana", "", "graded", score=10 * share, possible=10.0)
    assert [place for place, entry in enumerate(histogram(a_class(item))) if entry["count"]] == [bar]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=20))
def test_correlation_is_pearsons_or_none(pairs):
    one, other = map(list, zip(*pairs, strict=True))
    found = correlation(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-9)


def test_two_students_are_too_few_for_a_correlation():
    assert correlation([0, 1], [0, 1]) is None


@pytest.fixture
def page(group, tmp_path):
    return render(group, tmp_path)


def test_the_page_needs_nothing_from_outside(page):
    assert not re.search(r"https?:|<script|<link|@import|url\(", page)


def test_the_page_can_be_read_without_seeing_it(page):
    assert page.count("<caption>") == page.count("<table>")
    assert 'role="img" aria-label="Histogram of scores.' in page
    assert '<html lang="en">' in page
    headings = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_names_from_outside_are_text_and_not_markup(tmp_path):
    hostile = graded("<script>x</script>", 1.0, 2.0, ("<b>bold</b>", None))
    html = render(a_class(hostile), tmp_path)
    assert "<script>" not in html
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


def test_a_class_without_submissions_has_a_report_too(tmp_path):
    html = render(a_class(Submission("emil", "", "absent", "Nothing was handed in.")), tmp_path)
    assert "There is no graded submission yet." in html
    assert "Nothing was handed in." in html


def test_a_class_without_students_has_a_report_too(tmp_path):
    assert "0 of 0 students" in render(a_class(), tmp_path)


@pytest.mark.needs_chromium
@pytest.mark.long(10)
def test_it_is_no_wider_than_a_phone(group, tmp_path):
    long = GradedQuestion(
        "q-with-a-long-name-of-its-own", 2.0, "variance components", "", "How " + "far " * 30
    )
    group.questions.append(long)
    (tmp_path / "report.html").write_text(render(group, tmp_path), encoding="utf-8")
    for width in (320, 390, 768):
        with chromium.Tab(width, 844, mobile=width < 700) as tab:
            tab.open(tmp_path / "report.html")
            assert tab.value("document.documentElement.scrollWidth") == tab.value("innerWidth") == width
