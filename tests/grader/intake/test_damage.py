"""Randomly damaged submissions: none stops the grader, and each has an entry in the gradebook."""

import json

import nbformat
import pytest
from broken import GOOD, LESSON, good, make_course, register
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator

from grader import classroom
from grader.course.course_folder import open_course
from grader.grade.saved_marks import auto_marks
from grader.intake.preflight import read_submission
from grader.intake.repair import grade_id, repair
from grader.marks.gradebook import read_class

pytestmark = [pytest.mark.long(15), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

PLACES = st.integers(0, 40)
SOURCES = st.sampled_from(
    ["", "two = 1", "check(", 'check("t20-two", two)', "\x00", "𝒙\ud800", "if", 'check("l09-x", 1)']
)
DAMAGE = st.one_of(
    st.tuples(st.just("shuffle"), st.randoms(use_true_random=False)),
    st.tuples(st.just("duplicate"), PLACES, PLACES),
    st.tuples(st.just("delete"), PLACES),
    st.tuples(st.just("strip"), PLACES),
    st.tuples(st.just("edit"), PLACES, SOURCES),
    st.tuples(st.just("split"), PLACES),
    st.tuples(st.just("merge"), PLACES),
    st.tuples(st.just("kind"), PLACES, st.sampled_from(["code", "markdown", "raw", "chart", None])),
    st.tuples(st.just("swap ids"), PLACES, PLACES),
    st.tuples(st.just("set"), PLACES, st.sampled_from(["metadata", "source", "id", "cell_type"]), st.none()),
    st.tuples(
        st.just("nbgrader"), PLACES, st.sampled_from(["yes", {}, {"grade": True}, {"grade_id": "t20-two"}])
    ),
)
BYTES = st.one_of(
    st.tuples(st.just("keep")),
    st.tuples(st.just("truncate"), st.floats(0, 1)),
    st.tuples(st.just("overwrite"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("encode"), st.sampled_from(["utf-16", "utf-16-be", "latin-1", "utf-8-sig", "utf-32"])),
)


def damage_cells(cells, how):
    """Damage a list of cells (plain dicts) in place."""
    kind, *details = how
    if not cells:
        return
    if kind == "shuffle":
        details[0].shuffle(cells)
        return
    place = details[0] % len(cells)
    cell = cells[place]
    if kind == "duplicate":
        cells.insert(details[1] % (len(cells) + 1), json.loads(json.dumps(cell)))
    elif kind == "delete":
        del cells[place]
    elif kind == "strip":
        cell["metadata"] = {}
    elif kind == "edit":
        cell["source"] = details[1]
    elif kind in ("split", "merge") and isinstance(cell["source"], list | str):
        source = "".join(cell["source"])
        if kind == "split":
            other = json.loads(json.dumps(cell)) | {"source": source[len(source) // 2 :]}
            cell["source"] = source[: len(source) // 2]
            cells.insert(place + 1, other)
        elif place + 1 < len(cells):
            cell["source"] = f"{source}\n{''.join(cells.pop(place + 1)['source'] or '')}"
    elif kind == "kind":
        cell["cell_type"] = details[1]
    elif kind == "swap ids":
        other = cells[details[1] % len(cells)]
        cell["metadata"], other["metadata"] = other["metadata"], cell["metadata"]
    elif kind == "set":
        cell[details[1]] = details[2]
    elif kind == "nbgrader":
        cell["metadata"] = {"nbgrader": details[1]}


def damaged(damages, raw_damage):
    """Return the bytes of the good submission after all this."""
    data = json.loads(nbformat.writes(good()))
    for how in damages:
        damage_cells(data["cells"], how)
    text = json.dumps(data, ensure_ascii=raw_damage[0] != "encode")
    raw = text.encode("utf-8", "replace")
    kind, *details = raw_damage
    if kind == "truncate":
        return raw[: int(details[0] * len(raw))]
    if kind == "overwrite":
        place = int(details[0] * len(raw))
        return raw[:place] + details[1] + raw[place + len(details[1]) :]
    if kind == "encode":
        return text.encode(details[0], "replace")
    return raw


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose notebooks are not run: kernels are not what is tested here."""
    register()
    root = tmp_path_factory.mktemp("damage")
    make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.Autograde.autograde_preprocessors.remove("grader.sandbox.execute.SturdyExecute")\n')
    classroom.release(LESSON, root=root)
    place = root / "submitted" / "ana" / LESSON
    place.mkdir(parents=True)
    return root


@pytest.fixture(scope="module")
def released(course):
    return nbformat.read(course / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)


def hand_in(root, raw):
    (root / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb").write_bytes(raw)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=st.lists(DAMAGE, max_size=8), raw_damage=BYTES)
@example(damages=[("delete", 0)] * 12, raw_damage=("keep",))
@example(damages=[("nbgrader", 4, {"grade_id": "t20-two"})], raw_damage=("keep",))
def test_what_can_be_read_is_mended_to_what_nbgrader_accepts(course, released, damages, raw_damage):
    hand_in(course, damaged(damages, raw_damage))
    known = {grade_id(cell) for cell in released.cells} - {None}
    reading = read_submission(course / "submitted" / "ana" / LESSON, LESSON, known, [])
    assert (reading.notebook is None) == (reading.fault is not None)
    if reading.notebook is None:
        return
    nb = reading.notebook
    notices = repair(nb, released, "ana")
    assert all(says.endswith((".", "place.")) for says in notices)
    nbformat.validate(nb)
    MetadataValidator().validate_nb(nb)
    ids = [grade_id(cell) for cell in nb.cells if grade_id(cell)]
    assert len(ids) == len(set(ids))
    assert set(GOOD) <= set(ids)
    nbformat.writes(nb).encode("utf-8")
    again = nbformat.reads(nbformat.writes(nb), as_version=4)
    assert repair(again, released, "ana") == []  # mended once, there is nothing left to mend


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=st.lists(DAMAGE, max_size=8), raw_damage=BYTES)
def test_each_has_an_entry_in_the_gradebook_and_a_feedback_page(course, damages, raw_damage):
    hand_in(course, damaged(damages, raw_damage))
    outcome = classroom.grade_student(LESSON, str(course), "ana")
    assert outcome.status in ("done", "unreadable"), outcome.message
    app = open_course(course)
    assert auto_marks(app, LESSON, "ana")["ana"].keys() == GOOD.keys()
    (found,) = read_class(app, LESSON).submissions
    assert found.score is not None
    assert outcome.status == "done" or (found.score, found.note) == (0, outcome.message)
    assert classroom.write_feedback(LESSON, str(course), "ana").status == "done"
