"""Written answers: rubric, marks from a file, two graders, texts that are nearly alike."""

import json
import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from grader.author.build import lesson_names
from grader.author.tagged_lesson import role_of, source_notebook
from grader.bank import questions
from grader.course.course_folder import CourseError
from grader.course.repository import ROOT
from grader.marks.agreement import kappa
from grader.marks.alike import alike
from grader.marks.hand_marks import FORMAT, MarksFile, comment_text, compare, read_marks
from grader.marks.rubric import Item, Rubric, read_rubric
from grader.marks.written_answers import WrittenAnswer, WrittenQuestion, codes_of, print_of_text

LESSON = "01_pooling"
RUBRIC = Rubric(
    (Item(1.0, "Mean", "of houses"), Item(2.0, "Number", ""), Item(-1.0, "Jargon", "")), ("Well.",)
)


def question(*texts, **more):
    answers = [
        WrittenAnswer(f"student-{place}", "", f"CODE{place}", text, print_of_text(text), **more)
        for place, text in enumerate(texts)
    ]
    return WrittenQuestion("l01-report", 3.0, RUBRIC, answers)


def entry(place=0, text="One.", **other):
    mark = {"question": "l01-report", "code": f"CODE{place}", "print": print_of_text(text)}
    return {**mark, "points": 2.5, "items": ["Number"], "comment": "Good.", **other}


@pytest.fixture
def read(tmp_path):
    """Read entries as a file of the page."""

    def run(*entries, asked=None, **other):
        path = tmp_path / "written.json"
        content = {"format": FORMAT, "lesson": LESSON, "grader": "gerda", "marks": list(entries), **other}
        path.write_text(json.dumps(content))
        return read_marks(path, LESSON, [asked or question("One.", "Two.")])

    return run


@pytest.mark.parametrize("lesson", lesson_names())
def test_the_rubric_of_every_lesson_adds_up_to_the_points(lesson):
    notebook = source_notebook(ROOT / "solutions" / f"{lesson}.md", questions(lesson))
    (cell,) = (cell for cell in notebook.cells if role_of(cell) == "manual")
    rubric = read_rubric(cell.source)
    assert sum(max(item.points, 0) for item in rubric.items) == cell.metadata.nbgrader["points"]
    assert rubric.rest.startswith("**Rubric.**")
    assert all(item.text and not item.title.endswith(".") for item in rubric.items)
    assert lesson != "10_capstone" or len(rubric.comments) == 11


def test_points_lie_between_nothing_and_all():
    assert RUBRIC.points(["Mean", "Number"], 3) == 3
    assert RUBRIC.points(["Jargon"], 3) == 0
    assert RUBRIC.points(["Mean", "Number", "Jargon"], 3) == 2
    assert RUBRIC.points(["Mean", "Number"], 2.5) == 2.5


def test_titles_are_told_apart_and_a_cell_without_a_rubric_has_none():
    assert [item.title for item in read_rubric("- [1] Same\n- [1] Same").items] == ["Same", "Same (2)"]
    assert read_rubric("Any text.\n\n1. A list") == Rubric()


def test_a_good_entry_is_taken(read):
    (mark,) = read(entry()).marks
    assert (mark.student, mark.points, mark.items, mark.comment) == ("student-0", 2.5, ("Number",), "Good.")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (entry(question="l99-x"), "no such question"),
        (entry(code="CODE7"), "No answer that a person reads has this code"),
        (entry(points=3.01), "from 0 to 3"),
        (entry(points=-0.5), "from 0 to 3"),
        (entry(points=math.nan), "from 0 to 3"),
        (entry(points=True), "from 0 to 3"),
        (entry(points="2"), "from 0 to 3"),
        (entry(points=None), "from 0 to 3"),
        (entry(text="Another text."), "has changed since the page was written"),
        (entry(items=["Unknown"]), "The rubric has changed"),
        (entry(items="Number"), "The rubric has changed"),
        (entry(items=[["Number"]]), "The rubric has changed"),
        (entry(comment="x" * 5001), "at most 5,000"),
        (entry(comment=7), "at most 5,000"),
        (7, "no such question"),
    ],
)
def test_a_bad_entry_is_named_and_costs_no_other(read, bad, says):
    done = read(bad, entry(1, "Two."))
    assert [mark.code for mark in done.marks] == ["CODE1"]
    assert says in done.refused[0]


def test_an_entry_that_is_there_twice_counts_for_nothing(read):
    done = read(entry(), entry(points=1))
    assert (done.marks, len(done.refused)) == ([], 2)


def test_something_newer_that_was_handed_in_makes_a_mark_stale(read):
    assert "Something newer was handed in" in read(entry(), asked=question("One.", stale=True)).refused[0]


def test_another_lesson_or_another_file_is_refused(read, tmp_path):
    with pytest.raises(CourseError, match="of the lesson '02_x', not of '01_pooling'"):
        read(lesson="02_x")
    with pytest.raises(CourseError, match="no file of marks"):
        read(format="other")
    for text in ("", "7", '{"marks": 7}', "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(CourseError, match=r"bad\.json"):
            read_marks(tmp_path / "bad.json", LESSON, [])
    with pytest.raises(CourseError, match=r"no\.json can't be read"):
        read_marks(tmp_path / "no.json", LESSON, [])


def test_the_student_reads_the_comment_and_the_rubrics_titles(read):
    (mark,) = read(entry(items=["Number", "Jargon"])).marks
    assert comment_text(mark, question()) == "Good.\n\n✘ Mean (0 of 1)\n✔ Number (2 of 2)\n✘ Jargon (−1)"
    (mark,) = read(entry(comment=" ", items=["Mean"])).marks
    assert comment_text(mark, question()) == "✔ Mean (1 of 1)\n✘ Number (0 of 2)"


def test_control_characters_of_a_comment_are_left_out(read):
    (mark,) = read(entry(comment="a\x1b[2J\u202eb\nc")).marks
    assert mark.comment == "a[2Jb\nc"


def by_the_book(one, other):
    """Kappa from Cohen (1968): one minus observed over expected squared differences."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    return 1 - np.mean((one - other) ** 2) / np.mean((one[:, None] - other[None, :]) ** 2)


@pytest.mark.parametrize("most", [1, 3, 10])
def test_kappa_is_the_one_of_the_book(most):
    random = np.random.default_rng(most)
    grid = np.arange(0, most + 0.25, 0.25)
    one = random.choice(grid, 60)
    other = np.clip(one + random.choice([-0.5, 0, 0, 0.5, 1], 60), 0, most)
    found = kappa(list(one), list(other), most)
    assert found == pytest.approx(by_the_book(one, other), abs=1e-12)
    table = np.zeros((len(grid), len(grid)))
    np.add.at(table, ((one * 4).astype(int), (other * 4).astype(int)), 1)
    assert found == pytest.approx(cohens_kappa(table, wt="fc", return_results=False), abs=1e-12)


def test_kappa_where_points_are_far_apart_in_value_but_not_in_rank():
    """Of 0, 1 and 10 points, 1 and 10 are further apart than 0 and 1: weights are points, not ranks."""
    one, other = [0, 1, 10, 10], [0, 1, 10, 1]
    assert kappa(one, other, 10) == pytest.approx(by_the_book(one, other))


def test_kappa_of_equals_and_of_nothing():
    assert kappa([1, 2], [1, 2], 3) == 1
    assert kappa([1, 1], [1, 1], 3) is None
    assert kappa([], [], 3) is None


def two_graders(*points):
    """Two graders' files with these pairs of points; None where one of them did not mark."""
    asked = question(*[f"Text {place}." for place in range(len(points))])
    files = []
    for side, grader in enumerate(("gerda", "hugo")):
        content = [
            entry(place, f"Text {place}.", points=pair[side], comment=grader)
            for place, pair in enumerate(points)
            if pair[side] is not None
        ]
        files.append((grader, content))
    return asked, files


AGREED = {"CODE0": (1, "gerda"), "CODE2": (2, "hugo"), "CODE3": (3, "gerda")}


@pytest.mark.parametrize(
    ("take", "settled"),
    [("", {}), ("first", {"CODE1": (2, "gerda")}), ("second", {"CODE1": (0.5, "hugo")})],
)
def test_where_two_graders_differ_nothing_is_written_unless_one_of_them_counts(tmp_path, take, settled):
    asked, files = two_graders((1, 1), (2, 0.5), (None, 2), (3, None))
    read = []
    for grader, content in files:
        path = tmp_path / f"{grader}.json"
        path.write_text(json.dumps({"format": FORMAT, "lesson": LESSON, "grader": grader, "marks": content}))
        read.append(read_marks(path, LESSON, [asked]))
    found = compare(*read, [asked], take)
    assert {mark.code: (mark.points, mark.comment) for mark in found.marks} == AGREED | settled
    assert found.differ == ["CODE1, l01-report: gerda 2, hugo 0.5"]
    assert found.both == 2
    (_, what, points), *items = found.kappas
    assert (what, points) == ("points", pytest.approx(by_the_book([1, 2], [1, 0.5])))
    assert [(name, value) for _, name, value in items] == [("Mean", None), ("Number", None), ("Jargon", None)]


def test_graders_who_marked_nothing_together_have_no_kappa():
    found = compare(MarksFile("a", [], []), MarksFile("b", [], []), [question("One.")])
    assert (found.both, found.kappas, found.differ, found.marks) == (0, [], [], [])


HONEST = [  # five ways to say the same
    "The intercept averages over the zip codes, not over the houses, so a zip code with three sales "
    "counts as much as one with three hundred. I would report the plain mean of all houses, 577,000 "
    "dollars.",
    "Please don't send it! It tells what a typical zip code's mean is. The newspaper wants houses, so "
    "take all sales and average them: 553,934 dollars here. Use the intercept for questions about zip "
    "codes.",
    "Fixed intercept = estimate of the mean of the zip code means. Number to send: the complete pooling "
    "mean, which weighs every house the same. The fixed intercept answers what to expect in a new zip "
    "code.",
    "What the model calls the intercept is an average in which every zip code has one vote. Houses "
    "don't vote. The readers buy houses, and for them the mean of the 1,204 prices is the number.",
    "Each zip code contributes its own level, and the intercept is the centre of these levels. For a "
    "question on houses I prefer the median because a few villas on the lake pull the mean up.",
]


def test_honest_answers_to_one_question_are_not_alike():
    assert alike(HONEST) == []


def test_copies_with_other_words_in_places_are_alike():
    changed = HONEST[0].replace("plain mean", "simple mean").replace("577,000", "491,768").upper()
    longer = HONEST[0] + " That is all."
    assert alike([*HONEST, changed, longer]) == [[0, 5, 6]]


def test_short_or_empty_texts_are_alike_by_necessity_and_left_out():
    assert alike(["The mean.", "The mean.", "", ""]) == []
    assert alike([]) == []


def test_texts_of_anything_can_be_compared():
    assert alike(["\x00" * 100, "👩‍👩‍👧" * 40, "。" * 100, " " * 100]) == []


def test_codes_differ_between_lessons_and_never_between_two_students():
    students = [f"student-{number}" for number in range(3000)]
    codes = codes_of(students, LESSON)
    assert len(set(codes.values())) == 3000
    assert codes_of(students, "02_shrinkage")["student-1"] != codes["student-1"]
