"""`collect --from`: what Canvas, Moodle and Classroom 50 hand out, and whose each file is."""

import json
import os
import shutil
import stat
import time
import zipfile

import nbformat
import pytest
import small_lesson
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import CourseError, open_course
from grader.intake.class_list import import_class

pytestmark = [pytest.mark.long(18), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

CLASS = """Student,ID,SIS User ID,SIS Login ID,Section
"Jones, Mary",4711,s1,mjones,A
"Núñez, José-María",4712,s2,jnunez,A
"Li, Wei",4713,s3,wli,A
"Li, Wei",4714,s4,wli2,A
"""
FILE = f"{LESSON}.ipynb"


@pytest.fixture(scope="module")
def text():
    return nbformat.writes(small_lesson.lesson())


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    (root / "canvas.csv").write_text(CLASS)
    import_class(open_course(root), root / "canvas.csv")
    return root


@pytest.fixture
def course(released):
    """The course, with nothing handed in."""
    shutil.rmtree(released / "submitted", ignore_errors=True)
    shutil.rmtree(released / ".cache" / "intake", ignore_errors=True)
    return released


def archive(path, files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def folders(place, files):
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    return place


def arrived(course):
    """What lies in submitted/: names of files by student."""
    return {
        place.name: sorted(path.name for path in (place / LESSON).iterdir())
        for place in sorted((course / "submitted").glob("*"))
    }


def collect(course, path):
    arrivals, notes = classroom.collect_files(LESSON, path, root=course)
    return {arrival.student: arrival for arrival in arrivals}, notes


THERE = [FILE, "submission_secret.txt"]


def test_canvas(course, tmp_path, text):
    zipped = archive(
        tmp_path / "submissions.zip",
        {
            f"jonesmary_4711_98765_{FILE}": text,
            f"nunezjosemaria_LATE_4712_98766_{LESSON}-1.ipynb": text,
            f"liwei_4714_98767_{FILE}": text,
            f"doejohn_9999_98768_{FILE}": text,
            f"anon_98769_{FILE}": text,
        },
    )
    got, notes = collect(course, zipped)
    assert arrived(course) == {
        "jnunez": THERE,
        "mjones": THERE,
        "wli2": THERE,
    }  # the number tells two namesakes apart
    assert got["jnunez"].message == "Canvas marks it as late."
    assert "nobody in the class list is Canvas's 'anon'" in notes[0]
    assert "nobody in the class list is Canvas's 'doejohn'" in notes[1]
    assert "3 of these have no time of submission" in notes[-1]


def test_moodle_in_folders_and_without(course, tmp_path, text):
    one = archive(
        tmp_path / "a.zip",
        {
            f"Mary Jones_5_assignsubmission_file_/{FILE}": text,
            "José-María Núñez_6_assignsubmission_file/x.ipynb": text,
        },
    )
    collect(course, one)
    assert arrived(course) == {"jnunez": ["submission_secret.txt", "x.ipynb"], "mjones": THERE}
    again = archive(tmp_path / "b.zip", {f"Mary Jones_5_assignsubmission_file_{FILE}": text})
    got, _ = collect(course, again)
    assert got["mjones"].status == "already there"


def test_feedback_goes_back_in_moodles_own_folders(course, tmp_path, text):
    folder = "Mary Jones_5_assignsubmission_file_"
    collect(course, archive(tmp_path / "a.zip", {f"{folder}/{FILE}": text, f"wli/{FILE}": text}))
    for student in ("mjones", "wli"):
        folders(course / "feedback", {f"{student}/{LESSON}/{LESSON}.html": "<p>Well done.</p>"})
    with zipfile.ZipFile(classroom.feedback_archive(LESSON, root=course)) as packed:
        assert packed.namelist() == [f"{folder}/{LESSON}.html", f"wli/{LESSON}.html"]


def test_two_of_one_name_are_not_guessed(course, tmp_path, text):
    zipped = archive(
        tmp_path / "a.zip", {f"Wei Li_5_assignsubmission_file_/{FILE}": text, f"mjones/{FILE}": text}
    )
    got, notes = collect(course, zipped)
    assert list(got) == ["mjones"]
    assert "Moodle's 'Wei Li' may be wli or wli2" in notes[0]


def test_the_same_student_twice_is_left_to_the_instructor(course, tmp_path, text):
    place = folders(
        tmp_path / "all",
        {f"mjones/{FILE}": text, f"Mary Jones_5_assignsubmission_file_/{FILE}": text, f"wli/{FILE}": text},
    )
    got, notes = collect(course, place)
    assert list(got) == ["wli"]
    assert "are the same student" in notes[0] and "are the same student" in notes[1]


def test_classroom_50(course, tmp_path, text):
    record = {
        "schema": "classroom50/result/v1",
        "owner": "mjones",
        "datetime": "2026-10-01T12:00:00+02:00",
        "score": 1,
    }
    place = folders(
        tmp_path / "stats-01-pooling_submissions",
        {
            f"stats-01-mjones/lessons/{FILE}": text,
            "stats-01-mjones/lessons/01_other.ipynb": "{}",
            "stats-01-mjones/result.json": json.dumps(record),
            "stats-01-mjones/.git/HEAD": "ref",
            "stats-01-wli/result.json": json.dumps({**record, "owner": "wli"}),  # accepted, nothing handed in
            "scores.csv": "a,b",
        },
    )
    got, notes = collect(course, place)
    assert arrived(course) == {"mjones": [*THERE, "timestamp.txt"]}
    assert got["mjones"].handed_in == "2026-10-01 10:00:00 UTC"
    assert notes == ["stats-01-wli: there is no notebook in it."]


def test_a_folder_in_an_archive_of_its_own_and_what_macos_adds(course, tmp_path, text):
    files = {f"hand-ins/mjones/{FILE}": text, "__MACOSX/hand-ins/x": "", "hand-ins/.DS_Store": ""}
    collect(course, archive(tmp_path / "a.zip", files))
    assert arrived(course) == {"mjones": THERE}


def test_newer_replaces_older_from_wherever_it_comes(course, tmp_path, text):
    changed = text.replace("two = ", "two = 1 + ") if "two = " in text else text.replace("\n}", " \n}")
    first = archive(tmp_path / "a.zip", {f"jonesmary_4711_1_{FILE}": text})
    second = archive(tmp_path / "b.zip", {f"jonesmary_4711_2_{FILE}": changed})
    assert collect(course, first)[0]["mjones"].status == "collected"
    assert collect(course, first)[0]["mjones"].status == "already there"
    assert collect(course, second)[0]["mjones"].status == "updated"
    assert (course / "submitted" / "mjones" / LESSON / FILE).read_text() == changed


def test_no_class_list_no_guess(course, tmp_path, text):
    listed = (course / "class.csv").rename(course / "class.away")
    try:
        with_name = archive(tmp_path / "a.zip", {f"jonesmary_4711_1_{FILE}": text, "ada.ipynb": text})
        got, notes = collect(course, with_name)
        assert list(got) == ["ada"]
        assert "python -m grader class import" in notes[0]
    finally:
        listed.rename(course / "class.csv")


@pytest.mark.parametrize("name", ["../../mjones/x.ipynb", "/etc/mjones/x.ipynb"])
def test_no_archive_writes_outside(course, tmp_path, text, name):
    zipped = archive(tmp_path / "a.zip", {f"mjones/{FILE}": text, name: "{}"})
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    collect(course, zipped)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert not list((course / ".cache").glob("x.ipynb"))


def test_links_in_an_archive_are_not_followed(course, tmp_path, text):
    link = zipfile.ZipInfo("mjones/key.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(link, str(course / "source" / LESSON / FILE))
        packed.writestr(f"mjones/{FILE}", text)
    collect(course, tmp_path / "a.zip")
    assert arrived(course) == {"mjones": THERE}


def test_links_in_a_folder_are_not_followed(course, tmp_path, text):
    place = folders(tmp_path / "all", {f"mjones/{FILE}": text, "wli/readme.txt": ""})
    (place / "wli" / FILE).symlink_to(course / "source" / LESSON / FILE)
    (place / "jnunez").symlink_to(course / "source" / LESSON)
    assert list(collect(course, place)[0]) == ["mjones"]


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_archive_is_a_sentence(course, tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(CourseError, match=r"a\.zip can't be unpacked"):
        collect(course, tmp_path / "a.zip")


def test_an_archive_that_unpacks_to_a_disk_full_is_refused(course, tmp_path, monkeypatch):
    monkeypatch.setattr("grader.intake.platform_files.MOST", 1_000)
    zipped = archive(tmp_path / "a.zip", {f"mjones/{FILE}": " " * 2_000})
    with pytest.raises(CourseError, match="more than"):
        collect(course, zipped)


def test_a_notebook_without_a_name_is_nobodys(course, tmp_path, text):
    (course / "class.csv").rename(course / "class.away")
    try:
        place = folders(tmp_path / "all", {FILE: text, "ada.ipynb": text})
        got, notes = collect(course, place)
        assert list(got) == ["ada"]
        assert notes[0].startswith(f"{FILE}: whose is it?")
    finally:
        (course / "class.away").rename(course / "class.csv")


def test_names_that_can_be_no_files_are_a_sentence(course, tmp_path, text):
    zipped = archive(tmp_path / "a.zip", {f"mjones/{FILE}": text, f"wli/{'x' * 300}.ipynb": text})
    with pytest.raises(CourseError, match=r"a\.zip can't be unpacked"):
        collect(course, zipped)


def test_what_a_killed_run_left_goes_away(course, tmp_path, text):
    intake = course / ".cache" / "intake"
    for name, age in (("unpacked-old", 2 * 3600), ("unpacked-now", 0)):
        (intake / name).mkdir(parents=True)
        os.utime(intake / name, (time.time() - age,) * 2)
    collect(course, archive(tmp_path / "a.zip", {f"mjones/{FILE}": text}))
    assert [path.name for path in intake.glob("unpacked-*")] == ["unpacked-now"]
    (intake / "unpacked-now").rmdir()


def test_nothing_there_is_a_sentence(course, tmp_path):
    with pytest.raises(CourseError, match="There is no"):
        collect(course, tmp_path / "none.zip")
    with pytest.raises(CourseError, match="nothing that looks like hand-ins"):
        collect(course, archive(tmp_path / "a.zip", {"readme.txt": "hello"}))


def test_the_command_says_all_this(course, tmp_path, text, capsys):
    zipped = archive(tmp_path / "a.zip", {f"jonesmary_LATE_4711_1_{FILE}": text, f"doejohn_9_1_{FILE}": text})
    main(["collect", LESSON, "--course", str(course), "--from", str(zipped)])
    said = capsys.readouterr().out
    assert "mjones: Canvas marks it as late." in said
    assert "doejohn_9: nobody in the class list is Canvas's 'doejohn'." in said
    assert "1 collected." in said
    assert not list((course / ".cache" / "intake").glob("unpacked-*"))
