"""The way in: whatever lies in the exchange, each gets his own hand-in, and nobody ends the collection."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
import small_lesson
from nbgrader.apps.api import NbGraderAPI
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import open_course, open_gradebook
from grader.intake import owners
from grader.marks.gradebook import read_class

pytestmark = [
    pytest.mark.long(30),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand in as another account")
SOMEBODY, ANOTHER, THIRD, NOBODY = 12345, 12346, 12347, 65534  # the first three have no account
ESCAPE = "\x1b[2J"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course with a released lesson and an exchange that other accounts can reach."""
    root = tmp_path_factory.mktemp("course")
    small_lesson.make_course(root)
    classroom.release(LESSON, root=root)
    return root


@pytest.fixture
def course(released):
    # Not in pytest's folder: each new run of pytest closes that to other accounts.
    with TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        yield copy_of(released, Path(place) / "course")


def copy_of(released, copy):
    shutil.copytree(released, copy)
    config = copy / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(released), str(copy)))
    inbound(copy).chmod(0o733)
    copy.chmod(0o711)
    return copy


def inbound(root):
    return root / "exchange" / "multilevel" / "inbound"


def hand_in(root, student, *, uid=None, at=None, random="abcdefghijkl", notebook=None):
    """Put a folder into the exchange as nbgrader's ``submit`` does; `uid` owns it. Return the folder."""
    at = at or datetime.now(UTC)
    place = inbound(root) / f"{student}+{LESSON}+{at:%Y-%m-%d %H:%M:%S.%f} UTC+{random}"
    place.mkdir()
    nbformat.write(notebook or small_lesson.lesson(), place / f"{LESSON}.ipynb")
    (place / "timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S.%f} UTC")
    if uid is not None:
        own(place, uid)
    return place


def own(place, uid):
    for path in (place, *place.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def collected(root):
    """Collect; return what became of each student."""
    return {arrival.student: arrival for arrival in classroom.collect(LESSON, root=root).arrivals}


def submitted(root, student):
    """Name the files that arrived."""
    place = root / "submitted" / student / LESSON
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


GOOD = [f"{LESSON}.ipynb", "submission_secret.txt", "timestamp.txt"]

# --- nothing but ordinary files


def folder_link(place, root):
    (place / "grader").symlink_to(small_lesson.REPOSITORY / "grader")


def file_link(place, root):
    (place / "notes.txt").symlink_to(root / "gradebook.db")


def deep_link(place, root):
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "b" / "source").symlink_to(root / "source")


def dangling_link(place, root):
    (place / "gone").symlink_to("/nonexistent/file")


def hard_link(place, root):
    os.link(root / "gradebook.db", place / "mine.db")


def fifo(place, root):
    os.mkfifo(place / "pipe")


def unix_socket(place, root):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(place / "sock"))  # the whole path is too long for a socket's name


def notebook_link(place, root):
    (place / f"{LESSON}.ipynb").unlink()
    (place / f"{LESSON}.ipynb").symlink_to(root / "source" / LESSON / f"{LESSON}.ipynb")


def time_link(place, root):
    (place / "timestamp.txt").unlink()
    (place / "timestamp.txt").symlink_to(root / "gradebook.db")


def sparse(place, root):
    with (place / "big.ipynb").open("wb") as file:
        file.truncate(200_000_000)


def many_files(place, root):
    for number in range(1001):
        (place / f"{number}.txt").touch()


def many_bytes(place, root):
    for number in range(3):
        with (place / f"{number}.bin").open("wb") as file:
            file.truncate(40_000_000)


def deep(place, root):
    place.joinpath(*["d"] * 12).mkdir(parents=True)


def time_folder(place, root):
    (place / "timestamp.txt").unlink()
    (place / "timestamp.txt").mkdir()


def secret_folder(place, root):
    (place / "submission_secret.txt").mkdir()


def control_characters(place, root):
    (place / f"a{ESCAPE}b.txt").touch()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (folder_link, "'grader' is a symbolic link"),
        (file_link, "'notes.txt' is a symbolic link"),
        (deep_link, "'a/b/source' is a symbolic link"),
        (dangling_link, "'gone' is a symbolic link"),
        (hard_link, "'mine.db' is a hard link"),
        (fifo, "'pipe' is a named pipe"),
        (unix_socket, "'sock' is a socket"),
        (notebook_link, f"'{LESSON}.ipynb' is a symbolic link"),
        (time_link, "'timestamp.txt' is a symbolic link"),
        (sparse, "'big.ipynb' is too large: 200 MB. A file may have 100 MB."),
        (many_files, "more than 1,000 files"),
        (many_bytes, "together its files may have 100 MB"),
        (deep, "more than 10 folders inside each other"),
        (time_folder, "'timestamp.txt' is a folder"),
        (secret_folder, "'submission_secret.txt' is a folder"),
        (control_characters, r"'a\x1b[2Jb.txt' has characters that are no text"),
    ],
)
def test_what_is_no_ordinary_file_is_refused_and_the_class_is_collected(course, monkeypatch, spoil, says):
    place = hand_in(course, "mallory")
    monkeypatch.chdir(place)
    spoil(place, course)
    for student in ("ana", "zoe"):  # before and after, by name
        hand_in(course, student)
    found = collected(course)
    assert {student: arrival.status for student, arrival in found.items()} == {
        "ana": "collected",
        "mallory": "refused",
        "zoe": "collected",
    }
    assert says in found["mallory"].message
    assert not (course / "submitted" / "mallory").exists()
    assert submitted(course, "ana") == submitted(course, "zoe") == GOOD
    assert not list((course / ".cache" / "intake" / LESSON).glob("*.new"))


def test_the_folder_itself_may_not_be_a_link_or_a_file(course):
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    (inbound(course) / f"mallory+{LESSON}+{at}+r").symlink_to(course / "source" / LESSON)
    (inbound(course) / f"max+{LESSON}+{at}+r").touch()
    hand_in(course, "ana")
    found = collected(course)
    assert [found[name].status for name in ("ana", "mallory", "max")] == ["collected", "refused", "refused"]


def test_archives_are_files_and_ignored_names_stay_outside(course):
    place = hand_in(course, "ana")
    (place / "data").mkdir()
    shutil.make_archive(str(place / "data" / "work"), "zip", course / "source")
    shutil.make_archive(str(place / "data" / "work"), "tar", course / "source")
    (place / ".ipynb_checkpoints").symlink_to("/etc")  # is not even looked at
    (place / "Screenshot at 10.00\u202fAM.png").touch()
    assert collected(course)["ana"].status == "collected"
    assert submitted(course, "ana") == sorted(
        [*GOOD, "Screenshot at 10.00\u202fAM.png", "data", "data/work.tar", "data/work.zip"]
    )


def test_a_file_that_is_swapped_for_a_link_between_look_and_copy_is_refused(course, monkeypatch):
    from grader.intake import safe_copy

    place = hand_in(course, "mallory")
    (place / "notes.txt").write_text("mine")
    look = safe_copy._look

    def look_and_swap(name, path, folder):
        about = look(name, path, folder)
        if name == "notes.txt":
            os.unlink(name, dir_fd=folder)
            os.symlink(course / "gradebook.db", name, dir_fd=folder)
        return about

    copy = safe_copy.copy_folder

    def copy_swapped(*arguments):
        monkeypatch.setattr(safe_copy, "_look", look_and_swap)
        return copy(*arguments)

    monkeypatch.setattr("grader.intake.collect.copy_folder", copy_swapped)
    assert collected(course)["mallory"].status == "refused"
    assert not (course / "submitted" / "mallory").exists()


# --- names


@pytest.mark.parametrize(
    "name",
    [
        "a[b]c",
        "new\nline",
        f"esc{ESCAPE}",
        '=HYPERLINK("x")',
        "+cmd",
        "-rf",
        "..",
        ".hidden",
        "x" * 65,
        "a b",
        "",
        "\udcff",
    ],
)
def test_a_name_that_means_something_elsewhere_is_refused(course, capsys, name):
    hand_in(course, name)
    hand_in(course, "anna.maria-2_x@example.org")
    assert main(["collect", LESSON, "--course", str(course)]) == 0
    said = capsys.readouterr().out
    assert "A user name has at most 64 letters, digits" in said
    assert "1 collected; 1 refused." in said
    assert f"1 submissions of {LESSON}: anna.maria-2_x@example.org" in said
    assert repr(name) in said  # escaped
    assert ESCAPE not in said
    assert os.listdir(course / "submitted") == ["anna.maria-2_x@example.org"]


@pytest.mark.parametrize("rest", ["not a time+y", "2026-99-99 00:00:00 UTC+y", "", "1+2+3+4"])
def test_a_folder_whose_name_holds_no_time_costs_nobody_else_anything(course, rest):
    (inbound(course) / f"mallory+{LESSON}+{rest}").mkdir()
    hand_in(course, "ana")
    found = collected(course)
    assert found["ana"].status == "collected"
    assert [arrival.status for student, arrival in found.items() if student != "ana"] == ["refused"]


def test_names_with_a_plus_and_times_of_zones_without_a_name_are_read(course):
    place = hand_in(course, "ana+maria")
    hour = datetime.now(UTC) + timedelta(hours=4)
    place.rename(inbound(course) / f"ana+maria+{LESSON}+{hour:%Y-%m-%d %H:%M:%S.%f} +04+abcdefghijkl")
    arrival = collected(course)["ana+maria"]
    assert (arrival.status, arrival.message) == ("collected", "")


# --- time


def backdate(place, days):
    """Do what a student can: claim another time, in the name, in the file and in the files' times."""
    old = datetime.now(UTC) - timedelta(days=days)
    (place / "timestamp.txt").write_text(f"{old:%Y-%m-%d %H:%M:%S.%f} UTC")
    for path in (*place.iterdir(), place):
        os.utime(path, (old.timestamp(), old.timestamp()))
    return place


def test_the_file_systems_time_counts_where_a_student_claims_another(course):
    early = datetime.now(UTC) - timedelta(days=3)
    backdate(hand_in(course, "ana", at=early), 3)
    hand_in(course, "ben")
    with open_gradebook(open_course(course)) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate=datetime.now() - timedelta(days=1))
    found = collected(course)
    assert "and that counts" in found["ana"].message
    assert found["ben"].message == ""
    written = (course / "submitted" / "ana" / LESSON / "timestamp.txt").read_text()
    age = datetime.now(UTC).replace(tzinfo=None) - datetime.strptime(written, "%Y-%m-%d %H:%M:%S.%f UTC")
    assert age < timedelta(minutes=1)


def test_an_honest_time_is_kept_to_the_microsecond(course):
    at = datetime.now(UTC) - timedelta(seconds=5)
    hand_in(course, "ana", at=at)
    assert collected(course)["ana"].message == ""
    written = (course / "submitted" / "ana" / LESSON / "timestamp.txt").read_text()
    assert written == f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"


def test_a_file_changed_after_the_hand_in_is_a_new_hand_in(course):
    """The folder belongs to the student, so writing into a file there changes no time of the folder."""
    place = hand_in(course, "ana")
    assert collected(course)["ana"].status == "collected"
    assert collected(course)["ana"].status == "already there"
    nbformat.write(small_lesson.lesson(first="two = 7.0"), place / f"{LESSON}.ipynb")
    assert collected(course)["ana"].status == "updated"
    assert "7.0" in (course / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb").read_text()


def test_an_exchange_that_was_moved_makes_nobody_late_who_was_collected_before(course):
    place = hand_in(course, "ana")
    assert collected(course)["ana"].status == "collected"
    written = (course / "submitted" / "ana" / LESSON / "timestamp.txt").read_text()
    time.sleep(0.05)
    shutil.copytree(place, place.with_name("copy"))
    shutil.rmtree(place)
    place.with_name("copy").rename(place)  # all its files are new ones
    found = collected(course)["ana"]
    assert (found.status, found.message) == ("already there", "")
    assert (course / "submitted" / "ana" / LESSON / "timestamp.txt").read_text() == written


def test_newer_replaces_older_whatever_its_claim(course):
    hand_in(course, "ana", random="first")
    assert collected(course)["ana"].status == "collected"
    early = datetime.now(UTC) - timedelta(days=3)
    hand_in(course, "ana", at=early, random="second", notebook=small_lesson.lesson(first="two = 7.0"))
    found = collected(course)["ana"]
    assert found.status == "updated"
    assert "and that counts" in found.message


def test_the_newest_that_can_be_taken_is_taken(course):
    hand_in(course, "ana", random="good")
    fifo(hand_in(course, "ana", random="bad"), course)
    found = collected(course)["ana"]
    assert found.status == "collected"
    assert "'pipe' is a named pipe" in found.message
    assert submitted(course, "ana") == GOOD


def test_what_the_instructor_put_there_by_hand_stays_until_something_newer_comes(course):
    hand_in(course, "ana", at=datetime.now(UTC) - timedelta(seconds=20))
    time.sleep(0.05)
    small_lesson.hand_in(course, "ana", small_lesson.lesson(first="two = 7.0"))
    assert collected(course)["ana"].status == "already there"
    assert submitted(course, "ana") == [f"{LESSON}.ipynb"]
    time.sleep(0.05)
    hand_in(course, "ana", random="newer")
    assert collected(course)["ana"].status == "updated"


def test_a_submission_that_nbgrader_had_collected_is_not_new(course):
    at = datetime.now(UTC) - timedelta(seconds=3)
    place = hand_in(course, "ana", at=at)
    shutil.copytree(place, course / "submitted" / "ana" / LESSON)
    assert collected(course)["ana"].status == "already there"


def test_the_last_one_before_the_due_date_can_be_asked_for(course):
    hand_in(course, "ana", random="early")
    hand_in(course, "ben", random="late")
    time.sleep(0.05)
    with open_gradebook(open_course(course)) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate=datetime.now(UTC).replace(tzinfo=None))
    time.sleep(0.05)
    hand_in(course, "ana", random="late", notebook=small_lesson.lesson(first="two = 7.0"))
    tools = Path(sys.executable).parent
    command = [tools / "nbgrader", "collect", LESSON, "--course-dir", course, "--before-duedate"]
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    subprocess.run(
        [*command, "--student", "ana"], cwd=course, env=environment, check=True, capture_output=True
    )
    assert os.listdir(course / "submitted") == ["ana"]
    assert "7.0" not in (course / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb").read_text()


def test_other_instructors_can_write_where_the_course_is_shared(course):
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("\nc.CourseDirectory.groupshared = True\n")
    (hand_in(course, "ana") / "data").mkdir()
    collected(course)
    place = course / "submitted" / "ana" / LESSON
    assert oct(place.joinpath("data").stat().st_mode & 0o7777) == "0o2775"
    assert oct(place.joinpath("timestamp.txt").stat().st_mode & 0o777) == "0o664"


# --- owners


@needs_root
def test_another_accounts_folder_in_a_classmates_name_is_refused(course):
    hand_in(course, "ana", uid=SOMEBODY, random="own")
    hand_in(course, "ben", uid=ANOTHER, random="own")
    hand_in(course, "ana", uid=ANOTHER, random="false", notebook=small_lesson.lesson(first="two = 7.0"))
    found = collected(course)
    assert [found[name].status for name in ("ana", "ben")] == ["collected", "collected"]
    assert (
        "belongs to an account without a name (uid 12346), but earlier ones of 'ana'" in found["ana"].message
    )
    assert "7.0" not in (course / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb").read_text()


@needs_root
def test_who_was_accepted_before_is_known_in_the_next_lesson_also_without_an_own_folder(course):
    hand_in(course, "ana", uid=SOMEBODY)
    hand_in(course, "ben", uid=ANOTHER)
    collected(course)
    for place in inbound(course).iterdir():
        shutil.rmtree(place)
    hand_in(course, "ana", uid=THIRD, random="false")
    found = collected(course)["ana"]
    assert found.status == "refused"
    assert "was left as it is" in found.message


@needs_root
def test_an_account_must_own_the_folder_in_its_name(course):
    hand_in(course, "nobody", uid=SOMEBODY, random="false")
    hand_in(course, "ben", uid=ANOTHER)
    found = collected(course)["nobody"]
    assert found.status == "refused"
    assert "uid 12345), not to the account 'nobody'." in found.message
    hand_in(course, "nobody", uid=NOBODY, random="own")
    assert collected(course)["nobody"].status == "collected"


@needs_root
def test_an_account_that_is_another_student_is_refused_though_it_came_first(course):
    hand_in(course, "ana", uid=NOBODY, random="false")
    hand_in(course, "nobody", uid=NOBODY, random="own")
    found = collected(course)
    assert [found[name].status for name in ("ana", "nobody")] == ["refused", "collected"]
    assert "the account 'nobody' (uid 65534), and that is another student" in found["ana"].message
    hand_in(course, "ana", uid=SOMEBODY, random="own")
    assert collected(course)["ana"].status == "collected"


@needs_root
def test_a_file_of_another_account_inside_is_refused(course):
    place = hand_in(course, "ana", uid=SOMEBODY)
    (place / "planted.txt").touch()
    assert "'planted.txt' belongs to uid 0" in collected(course)["ana"].message


@needs_root
def test_one_account_for_all_is_accepted_and_said(course):
    for student in ("ana", "ben", "chen"):
        hand_in(course, student, uid=SOMEBODY)
    result = classroom.collect(LESSON, root=course)
    assert [arrival.status for arrival in result.arrivals] == ["collected"] * 3
    assert result.notes == [
        "3 submissions belong to one account for many students (uid 12345): who handed in can't be checked."
    ]


def test_folders_of_the_account_that_collects_are_accepted_and_said(course):
    hand_in(course, "ana")
    result = classroom.collect(LESSON, root=course)
    assert result.arrivals[0].status == "collected"
    assert "1 submission belongs to root or the account that collects" in result.notes[0]


@needs_root
def test_the_check_of_owners_can_be_switched_off(course):
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("\n    c.ExchangeCollect.check_owner = False\n".replace("    ", ""))
    hand_in(course, "nobody", uid=SOMEBODY)
    hand_in(course, "ben", uid=ANOTHER)
    result = classroom.collect(LESSON, root=course)
    assert [arrival.status for arrival in result.arrivals] == ["collected"] * 2
    assert result.notes == []


@needs_root
def test_what_was_taken_wrongly_is_replaced_by_the_students_own_though_that_is_older(course):
    config = course / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(f"{before}\nc.ExchangeCollect.check_owner = False\n")
    hand_in(course, "ana", uid=SOMEBODY, random="own")
    hand_in(course, "ben", uid=ANOTHER, random="own")
    time.sleep(0.05)
    hand_in(course, "ana", uid=ANOTHER, random="false", notebook=small_lesson.lesson(first="two = 7.0"))
    assert collected(course)["ana"].status == "collected"
    config.write_text(before)
    assert collected(course)["ana"].status == "updated"
    assert "7.0" not in (course / "submitted" / "ana" / LESSON / f"{LESSON}.ipynb").read_text()


def test_first_come_is_by_the_file_systems_order_and_one_account_is_one_student(monkeypatch):
    monkeypatch.setattr(owners, "uid_of", {"pam": 7}.get)
    monkeypatch.setattr(owners, "name_of", {7: "pam"}.get)
    monkeypatch.setattr(owners, "is_trusted", lambda uid: uid == 0)
    claims = [("ana", 1), ("ben", 2), ("ben", 1), ("ana", 2), ("chen", 2), ("dan", 9), ("eva", 7), ("pam", 7)]
    found = owners.Owners(claims, {"dan": 3})
    good = [claim for claim in claims if not found.fault(*claim)]
    assert good == [("ana", 1), ("ben", 2), ("pam", 7)]


# --- the whole way


AS_A_STUDENT = """
import os, sys
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeSubmit
uid, home, names = sys.argv[1:]
exec(names)
os.setgroups([]); os.setgid(int(uid)); os.setuid(int(uid))  # after the imports, which others may not read
os.chdir(home)
course = CourseDirectory(course_id="multilevel", student_id=STUDENT, assignment_id=LESSON)
step = ExchangeSubmit(coursedir=course, authenticator=Authenticator(), root=ROOT, cache=home + "/cache")
step.start()
os.chdir(step.inbound_path + "/" + step.assignment_filename)
exec(AFTERWARDS)
"""


def submit_as(uid, course, student, home, afterwards=""):
    """Hand in as another account, with nbgrader's own ``submit``; `afterwards` runs in the exchange."""
    work = home / LESSON
    work.mkdir(parents=True)
    nbformat.write(small_lesson.lesson(), work / f"{LESSON}.ipynb")
    own(home, uid)
    home.chmod(0o700)
    names = f"STUDENT, LESSON, ROOT, AFTERWARDS = {(student, LESSON, str(course / 'exchange'), afterwards)!r}"
    command = [sys.executable, "-c", AS_A_STUDENT, str(uid), str(home), names]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@needs_root
def test_a_hand_in_of_another_account_through_nbgrader_and_the_command_line(course, capsys):
    tools = Path(sys.executable).parent
    link = f"os.symlink({str(small_lesson.REPOSITORY / 'grader')!r}, 'grader')"
    for uid, student, afterwards in (
        (SOMEBODY, "ana", ""),
        (ANOTHER, "mallory", link),
        (NOBODY, "nobody", ""),
    ):
        done = submit_as(uid, course, student, course.parent / f"home-{student}", afterwards)
        assert done.returncode == 0, done.stderr[-2000:]
    command = [tools / "nbgrader", "collect", LESSON, "--course-dir", course]
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "mallory: refused. Refused what was handed in" in done.stderr
    assert sorted(os.listdir(course / "submitted")) == ["ana", "nobody"]
    assert submitted(course, "ana") == GOOD
    secret = inbound(course) / next(name for name in os.listdir(inbound(course)) if name.startswith("ana+"))
    copied = course / "submitted" / "ana" / LESSON / "submission_secret.txt"
    assert copied.read_text() == (secret / "submission_secret.txt").read_text()
    assert main(["collect", LESSON, "--course", str(course)]) == 0
    assert "2 already there; 1 refused." in capsys.readouterr().out


def test_the_formgraders_button_takes_the_same_way(course):
    hand_in(course, "ana")
    folder_link(hand_in(course, "mallory"), course)
    app = open_course(course)
    result = NbGraderAPI(coursedir=app.coursedir, parent=app).collect(LESSON)
    assert result["success"], result
    assert "'grader' is a symbolic link" in result["log"]
    assert os.listdir(course / "submitted") == ["ana"]


def test_the_class_list_says_what_was_refused(course):
    with open_gradebook(open_course(course)) as gradebook:
        gradebook.update_or_create_student("mallory")
    folder_link(hand_in(course, "mallory"), course)
    collected(course)
    (row,) = read_class(open_course(course), LESSON).submissions
    assert (row.student, row.status) == ("mallory", "absent")
    assert "'grader' is a symbolic link" in row.note


KILLED = """
import os, sys, time
from grader import classroom
from grader.intake import safe_copy
copy = safe_copy._copy_file
def slowly(entry, target):
    copy(entry, target)
    print("copied", flush=True)
    time.sleep(60)
safe_copy._copy_file = slowly
classroom.collect(sys.argv[1], root=sys.argv[2])
"""


@pytest.mark.parametrize("there", [False, True])
def test_a_collector_that_is_killed_leaves_no_half_of_a_submission(course, there):
    if there:
        hand_in(course, "ana", random="first")
        collected(course)
    place = hand_in(course, "ana", random="second", notebook=small_lesson.lesson(first="two = 7.0"))
    (place / "data.csv").write_text("x")
    before = submitted(course, "ana")
    command = [sys.executable, "-c", KILLED, LESSON, str(course)]
    environment = {**os.environ, "PYTHONPATH": str(small_lesson.REPOSITORY)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as run:
        assert run.stdout.readline() == b"copied\n"
        run.send_signal(signal.SIGKILL)
    assert submitted(course, "ana") == before
    assert collected(course)["ana"].status == ("updated" if there else "collected")
    assert submitted(course, "ana") == sorted([*GOOD, "data.csv"])
    assert list((course / ".cache" / "intake" / LESSON).iterdir()) == [
        course / ".cache" / "intake" / LESSON / "ana.json"
    ]


def test_killed_between_the_two_renames_the_older_one_comes_back(course):
    hand_in(course, "ana")
    collected(course)
    (course / "submitted" / "ana" / LESSON).rename(course / ".cache" / "intake" / LESSON / "ana.before")
    assert collected(course)["ana"].status == "already there"
    assert submitted(course, "ana") == GOOD


def test_a_full_disk_stops_with_a_sentence_and_nothing_is_half_there(course, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    hand_in(course, "ana")
    monkeypatch.setattr("grader.intake.collect.copy_folder", full)
    assert main(["collect", LESSON, "--course", str(course)]) == 1
    assert "The disk is full" in capsys.readouterr().err
    assert submitted(course, "ana") == []


def test_a_fault_of_the_collector_costs_one_student(course, monkeypatch):
    from grader.intake import collect

    copy = collect.copy_folder

    def faulty(folder, target, limits):
        if target.name.startswith("ana"):
            raise ZeroDivisionError("a fault")
        return copy(folder, target, limits)

    monkeypatch.setattr(collect, "copy_folder", faulty)
    hand_in(course, "ana")
    hand_in(course, "ben")
    found = collected(course)
    assert [found[name].status for name in ("ana", "ben")] == ["failed", "collected"]
    assert "ZeroDivisionError" in found["ana"].message
