"""The class report: its rows, what it says first, what its page holds. Records written here, no grading."""

import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_markdown_cell

from grader.marks.gradebook import Class, GradedQuestion, Submission
from grader.pages import options_chosen
from grader.pages.answers_file import COLUMNS, answer_records, answers_csv, answers_json
from grader.pages.asked import Asked
from grader.pages.drawings import histogram, scatter
from grader.pages.first_things import first_things
from grader.pages.item_statistics import right_answers
from grader.pages.lesson_text import sections_in
from grader.pages.question_rows import mistakes_by_name, topic_rows
from grader.pages.report import findings, render, summary
from mlmkit.answers.kinds import Choice, Mistake, Verdict

ASKED = {
    "q-a": Asked("1", "How large is the **mean**?\n\nGive $\\mu$ in dollars."),
    "q-b": Asked("3", "Which sentence is right?\n\n- **a)** This one,\n  or so.\n- **b)** That <one>."),
    "q-report": Asked("4", "Write a *letter*."),
}
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


def test_what_to_read_again_is_a_link_to_the_lesson_on_the_page_and_no_link_is_dead(group, tmp_path):
    says = verdict("q-b", 0.0, 4.0, "sd")
    read = f"{says.message} Read again: {QUESTIONS[1].revisit}."
    group.submissions[0].verdicts["q-b"] = replace(says, message=read)
    cells = [new_markdown_cell("## Read the print-out"), new_markdown_cell("It has <b>lines</b>, $x$.")]
    found = findings(group, ASKED)
    sections = sections_in(cells, [question.revisit for question in QUESTIONS])
    page = BeautifulSoup(render(group, found, tmp_path, sections=sections), "html.parser")
    links = [link for link in page.select("a[href^='#']") if link["href"].startswith("#section")]
    assert {link.text for link in links} == {"01: Read the print-out"}
    assert len(links) == 3  # the question, the mistake, the topic
    steps = first_things(group, found.rows)
    assert [step.revisit for step in steps if "To read again" in step.says] == ["01: Pooling"]
    assert not [link for link in page.select("a[href^='#']") if not page.find(id=link["href"][1:])]
    (section,) = page.select("details.lesson")
    assert section.summary.text == "Read the print-out" and "It has lines" in section.text
    assert "explained in 01: Pooling." in page.select_one("#q-q-a").text  # no such section: text
    plain = render(group, found, tmp_path)
    assert "section-" not in plain and "lesson-title" not in plain


def rows_of(group):
    return findings(group, ASKED).rows


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
    found = mistakes_by_name(rows_of(group))
    assert [(name, count, [row.name for row in rows]) for name, count, rows in found] == [
        ("variance for sd", 3, ["Question 1", "Question 3"]),
        ("ML for REML", 1, ["Question 3"]),
    ]


def test_topics_are_sorted_from_hard_to_easy_and_what_waits_comes_last(group):
    topics = topic_rows(rows_of(group))
    assert [row.topic for row in topics] == ["pooling", "variance components", "graded by hand"]
    assert topics[0].share == 0.5
    assert topics[1].revisit == ["01: Read the print-out"]


def test_the_summary_says_how_the_class_did(group):
    assert " ".join(summary(group)) == (
        "4 of 5 students in the gradebook have a graded submission. "
        "They earned 40 % of their points on average (median 50 %)."
    )


def test_questions_have_the_numbers_and_the_wording_of_the_lesson(group, page):
    assert [row.name for row in rows_of(group)] == ["Question 1", "Question 3", "Question 4"]
    assert "<p>How large is the <strong>mean</strong>?</p>" in page
    assert "<math" in page
    assert ASKED["q-b"].options == {"a": "This one, or so.", "b": "That <one>."}
    assert Asked("1", "One.\nTwo? " + "Three " * 60).short == "One."
    assert len(Asked("1", "word " * 60).short) <= 90


def test_which_answers_count_and_which_are_right(group):
    """Half credit is not right; nobody counts who handed in nothing, nor what was not run or waits."""
    group.submissions[2].verdicts["q-a"] = Verdict("not_run", 0, 2, "The kernel was lost.", None, "q-a")
    group.submissions[3].verdicts["q-b"] = Verdict("ungraded", 0, 4, "The grader failed.", None, "q-b")
    assert right_answers(group) == [
        ("ana", "q-a", 1),
        ("ana", "q-b", 1),
        ("ben", "q-a", 0),
        ("ben", "q-b", 0),
        ("chen", "q-b", 0),
        ("dora", "q-a", 0),
    ]


def steps_of(group, requests=()):
    return [
        (step.title, [link.text for link in step.about], step.says)
        for step in first_things(group, rows_of(group), requests)
    ]


def test_what_to_do_first(group):
    group.submissions[2].verdicts["q-a"] = Verdict("not_run", 0, 2, "The kernel was lost.", None, "q-a")
    group.submissions[1].verdicts["q-b"] = Verdict("other_data", 0, 2, "Whose?", None, "q-b")
    group.submissions.append(Submission("fay", "", "failed", "The grader failed."))
    group.submissions.append(Submission("gil", "", "not_graded", "Handed in, not graded yet."))
    group.submissions.append(Submission("hal", "", "not_graded", "Handed in, not graded yet."))
    found = steps_of(group, [("dora", "q-b"), ("nobody", "q-a")])
    assert [(title, about) for title, about, _ in found] == [
        ("Not graded", ["fay"]),
        ("Not graded", ["gil", "hal"]),
        ("Asked for another look", ["dora"]),
        ("Waiting for you", ["Question 4"]),
        ("Lost kernel", ["chen"]),
        ("Another name's data", ["ben"]),
        ("Nothing handed in", ["emil"]),
        ("Got wrong most", ["Question 1"]),
        ("Mistake made most", ["Question 1"]),
    ]
    assert found[1][2] == "Handed in, not graded yet."


def test_the_question_got_wrong_most_comes_with_its_mistake_and_its_section(group):
    *_, hardest, most = steps_of(group)
    assert most == ("Mistake made most", ["Question 1", "Question 3"], "“variance for sd”: 3 answers.")
    assert hardest == (
        "Got wrong most",
        ["Question 1"],
        "3 of 4 answers are not right. Made most: “variance for sd” (2 students). "
        "To read again: 01: Pooling.",
    )


def test_far_below_is_under_half_of_the_median(group):
    titles = {title: about for title, about, _ in steps_of(group)}
    assert titles["Far below the others"] == ["chen"]
    assert "Far below the others" not in {title for title, *_ in steps_of(a_class(*group.submissions[:2]))}


def test_a_long_list_of_names_is_cut(group):
    group.submissions.extend(Submission(f"s{n}", "", "absent", "Nothing.") for n in range(30))
    about = next(about for title, about, _ in steps_of(group) if title == "Nothing handed in")
    assert (about[0], about[-1], len(about)) == ("emil", "and 19 more", 13)


def test_each_step_leads_to_a_place_on_the_page(group, page):
    for step in first_things(group, rows_of(group)):
        for link in step.about:
            assert f'<a href="#{link.place}">' in page
            assert page.count(f'id="{link.place}"') == 1


def test_nothing_to_do_says_so(tmp_path):
    group = a_class()
    assert "Nothing waits for you." in render(group, findings(group, ASKED), tmp_path)


ONE_OF = Choice(
    "b",
    options="abc",
    mistakes=[Mistake("a", says="No.", name="n"), Mistake("c", says="Nor this.", name="n")],
)


@pytest.mark.parametrize(
    ("verdict", "letter"),
    [
        (Verdict("right", 1, 1, "Right."), "b"),
        (Verdict("mistake", 0, 1, "Nor this. Read again: 01: X.", "n"), "c"),
        (Verdict("mistake", 0, 1, "An older sentence.", "n"), "a"),
        (Verdict("mistake", 0, 1, "No.", "gone"), ""),
        (Verdict("wrong", 0, 1, '"d" is not the right option.'), ""),
    ],
)
def test_a_verdict_tells_the_option(verdict, letter):
    assert options_chosen.letter_of(verdict, ONE_OF) == letter


@pytest.mark.parametrize("letter", "abc")
def test_each_option_comes_back_from_its_own_verdict(letter):
    outcome = ONE_OF.grade(letter)
    verdict = Verdict(outcome.status, outcome.credit, 1, outcome.says, outcome.mistake)
    assert options_chosen.letter_of(verdict, ONE_OF) == letter


def chooser(student, letter, share):
    outcome = ONE_OF.grade(letter)
    verdict = Verdict(outcome.status, outcome.credit, 1, outcome.says, outcome.mistake)
    return Submission(student, "", "graded", score=share, possible=1.0, verdicts={"t-choice": verdict})


@pytest.fixture
def choice(monkeypatch):
    monkeypatch.setattr(options_chosen, "questions", lambda: {"t-choice"})
    monkeypatch.setattr(options_chosen, "kept", lambda question, student: ONE_OF)


def test_options_are_counted_among_the_thirds(choice):
    graded = [chooser(f"s{n}", letter, n / 10) for n, letter in enumerate("aacbbb")]
    graded.append(Submission("blank", "", "graded", score=0, possible=1))
    found = options_chosen.options_chosen("t-choice", graded, {"a": "A", "b": "B", "c": "C", "d": "D"})
    assert [(row.letter, row.count, row.upper, row.lower, row.right, row.hits) for row in found.rows] == [
        ("a", 2, 0, 2, 0, 0),
        ("b", 3, 2, 0, 6, 3),
        ("c", 1, 0, 0, 0, 0),
        ("d", 0, 0, 0, 0, 0),
    ]
    assert (found.answers, found.upper, found.lower) == (6, 2, 2)


def test_ties_belong_to_a_third_and_nobody_to_both(choice):
    shares = [0.2, 0.2, 0.2, 0.5, 0.5, 0.9, 0.9]
    graded = [chooser(f"s{n}", "b", share) for n, share in enumerate(shares)]
    upper, lower = options_chosen.thirds(graded)
    assert (upper, lower) == ({"s5", "s6"}, {"s0", "s1", "s2"})
    assert options_chosen.thirds([chooser(f"s{n}", "b", 0.5) for n in range(9)]) == (None, None)
    assert options_chosen.thirds(graded[:5]) == (None, None)


def test_a_question_without_options_in_its_text_is_not_computed(monkeypatch):
    monkeypatch.setattr(options_chosen, "kept", None)
    assert options_chosen.options_chosen("l01-mean-price", [chooser("ana", "b", 1)], {}) is None


def test_the_page_marks_the_right_option(choice, tmp_path):
    graded = [chooser(f"s{n}", letter, n / 10) for n, letter in enumerate("aacbbb")]
    question = GradedQuestion("t-choice", 1.0, "choices", "", "Which")
    group = Class("01_pooling", "Pooling", [question], graded)
    asked = {"t-choice": Asked("7", "Which?\n\n- **a)** First.\n- **b)** Second.")}
    html = render(group, findings(group, asked), tmp_path)
    rows = re.findall(r"<tr><th scope=\"row\" class=\"says option\">.*?</tr>", html, re.DOTALL)
    assert ["is-right" in row for row in rows] == [False, True, False]
    assert html.count("Second.") == 1  # in the table, and not again in the wording


def test_the_answers_as_csv_and_json(group):
    group.submissions.append(Submission("=cmd()", "", "not_graded", "Not yet."))
    rows = rows_of(group)
    records = answer_records(group, rows)
    table = list(csv.DictReader(io.StringIO(answers_csv(records), newline="")))
    assert tuple(table[0]) == COLUMNS == tuple(records[0])
    assert len(table) == len(group.submissions) * len(rows)
    assert table[3] == {
        "student": "ben", "question": "q-a", "number": "1", "points": "1", "max": "2",
        "verdict": "mistake", "mistake": "variance for sd",
    }  # fmt: skip
    assert (table[2]["verdict"], table[5]["verdict"], table[5]["points"]) == ("by_hand", "waiting", "")
    assert (table[12]["verdict"], table[12]["points"]) == ("absent", "")
    assert table[-1]["student"] == "'=cmd()"
    whole = json.loads(answers_json(group, rows, records))
    assert whole["answers"] == records
    assert whole["questions"][0]["right_counted"] == 0.25
    assert whole["questions"][0]["wording"].startswith("How large")


def test_a_name_that_is_no_text_stops_no_file(group, tmp_path):
    group.submissions.append(Submission("b\udcff", "", "absent", "Nothing was handed in."))
    rows = rows_of(group)
    records = answer_records(group, rows)
    for text in (answers_csv(records), answers_json(group, rows, records), rendered(group, tmp_path)):
        text.encode("utf-8")


def test_points_of_the_drawing_lie_where_the_axes_say(group):
    drawing = scatter(rows_of(group))
    (first, second) = sorted(drawing.points, key=lambda point: point.name)
    at_zero, at_hundred = drawing.ticks_x[0][0], drawing.ticks_x[-1][0]
    row = rows_of(group)[0]
    assert (first.x - at_zero) / (at_hundred - at_zero) == pytest.approx(row.right.share)
    zero, one = (next(y for y, text in drawing.ticks_y if text == mark) for mark in ("0.0", "1.0"))
    assert (first.y - zero) / (one - zero) == pytest.approx(row.discrimination)
    assert first.low < first.x < first.high
    assert second.place == "q-q-b"
    assert "Question 1: 25 % right, discrimination" in drawing.words


def test_a_negative_discrimination_lies_below_the_axis_of_zero():
    opposed = a_class(graded("ana", 2.0, 0.0), graded("ben", 0.0, 4.0), graded("chen", 1.0, 1.0))
    row = rows_of(opposed)[0]
    drawing = scatter([row])
    zero, one = (next(y for y, text in drawing.ticks_y if text == mark) for mark in ("0.0", "1.0"))
    (point,) = drawing.points
    assert row.discrimination < -0.8
    assert (point.y - zero) / (one - zero) == pytest.approx(row.discrimination)
    assert drawing.ticks_y[0][1] == "−1.0"
    assert point.y <= drawing.ticks_y[0][0]


def test_labels_of_the_drawing_do_not_lie_on_each_other():
    rng = np.random.default_rng(1)
    students = [graded(f"s{n}", *rng.choice([0.0, 1.0, 2.0], 2)) for n in range(20)]
    rows = rows_of(a_class(*students))[:1] * 12
    points = scatter(rows).points
    gaps = [
        abs(one.label_x - other.label_x) + abs(one.label_y - other.label_y)
        for place, one in enumerate(points)
        for other in points[:place]
    ]
    assert sum(gap > 6 for gap in gaps) > 0.8 * len(gaps)


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


def rendered(group, place):
    return render(group, findings(group, ASKED), place)


@pytest.fixture
def page(group, tmp_path):
    return rendered(group, tmp_path)


def test_the_page_needs_nothing_from_outside(page):
    assert not re.search(r"https?:|<link|@import|url\(", page.replace("http://www.w3.org/1998/Math", ""))
    assert page.count("<script") == 1
    assert re.search(r"script-src &#39;sha256-[^;]*&#39;\"", page)


def test_the_page_can_be_read_without_seeing_it(page):
    assert page.count("<caption>") == page.count("<table")
    assert 'role="img" aria-label="Histogram of scores.' in page
    assert '<html lang="en">' in page
    headings = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_names_from_outside_are_text_and_not_markup(tmp_path):
    hostile = graded("<script>x</script>", 1.0, 2.0, ("<b>bold</b>", None))
    html = rendered(a_class(hostile), tmp_path)
    assert "<script>x" not in html
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


def test_a_class_without_submissions_has_a_report_too(tmp_path):
    html = rendered(a_class(Submission("emil", "", "absent", "Nothing was handed in.")), tmp_path)
    assert "There is no graded submission yet." in html
    assert "Nothing was handed in." in html


def test_a_class_without_students_has_a_report_too(tmp_path):
    assert "0 of 0 students" in rendered(a_class(), tmp_path)
