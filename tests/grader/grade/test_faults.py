"""The list of faults, through the real way: afterwards the gradebook is the one of an undisturbed run.

Other faults have their files: `test_resume.py` (Ctrl-C, all processes killed), `test_databases.py`
(PostgreSQL away, two graders, files that may not grow), `test_broken.py` (what students hand in).
"""

import os
import random
import sqlite3
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import psutil
import pytest
import small_lesson
from class_of_four import (
    copy_class,
    finish,
    grade_serially,
    grade_the_rest,
    make_class,
    results,
    slow_down,
    start,
)
from nbgrader.api import Gradebook
from small_lesson import LESSON

from grader import classroom
from grader.__main__ import main
from grader.course.course_folder import open_course
from grader.grade.outcomes import outcomes_of
from grader.grade.saved_marks import auto_marks

pytestmark = [
    pytest.mark.long(85),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course in which four have handed in and nothing is graded; tests copy it."""
    small_lesson.register()
    root = tmp_path_factory.mktemp("released")
    make_class(root)
    return root


@pytest.fixture(scope="module")
def serial(released, tmp_path_factory):
    """What a serial run gives."""
    root = tmp_path_factory.mktemp("serial")
    copy_class(released, root)
    grade_serially(root)
    return results(root)


@pytest.fixture
def course(tmp_path, released):
    copy_class(released, tmp_path)
    return tmp_path


def submitted(root, student):
    return root / "submitted" / student / LESSON / f"{LESSON}.ipynb"


# Processes that are killed


def in_jail(process):
    return "/run/inside.py" in process.cmdline()


def is_kernel(process):
    """A kernel is the child of its keeper; both have the command of the process that they are forks of."""
    return in_jail(process) and in_jail(process.parent()) and "bwrap" in process.parent().parent().name()


VICTIMS = {
    "scheduler": lambda process: "class_of_four.py" in " ".join(process.cmdline()),
    "worker": lambda process: "spawn_main" in " ".join(process.cmdline()),
    "janitor": lambda process: any("spool=$1" in part for part in process.cmdline()),
    "keeper": lambda process: any(map(is_kernel, process.children())),
    "kernel": is_kernel,
}


def family(process):
    """List a process and all that it started; it may have ended."""
    with suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def matches(kind, process):
    with suppress(psutil.Error, AttributeError):  # ended, or its parent has
        return VICTIMS[kind](process)
    return False


def kill_one(kind, run, seen, seconds=60):
    """Kill the first process of a kind that is found, and tell if there was one; `seen` gets who is there."""
    end = time.monotonic() + seconds
    while run.is_running() and run.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
        there = family(run)
        seen.update(there)
        for process in there:
            if matches(kind, process):
                with suppress(psutil.Error):
                    process.kill()
                    return True
        time.sleep(0.02)
    return False


@contextmanager
def nothing_is_left():
    """Give a folder for temporary files and a set for processes; all of them have to be gone in the end."""
    seen = set()
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as place:  # short: sockets lie in it
        yield place, seen
        _, alive = psutil.wait_procs(seen, timeout=20)
        assert [process.cmdline() for process in alive] == []
        owners = {str(process.pid) for process in seen}
        left = [path for path in Path("/tmp").glob("mlm-*") if owners & set(path.name.split("-"))]
        assert [*left, *Path(place).glob("mlm-*"), *Path(place).glob("grader-*")] == []


@pytest.mark.needs_bwrap
@pytest.mark.parametrize(
    ("kind", "kills"),
    [("kernel", 1), *(pytest.param(kind, 4, marks=pytest.mark.slow) for kind in VICTIMS)],
)
def test_whatever_is_killed_the_marks_are_the_same_and_nothing_is_left(
    tmp_path, released, serial, kind, kills
):
    moments = random.Random(kind)
    for number in range(kills):
        root = tmp_path / str(number)
        copy_class(released, root)
        for student in ("ana", "chen"):
            slow_down(submitted(root, student), 2)
        with nothing_is_left() as (place, seen):
            run = start(root, "2", TMPDIR=place)
            assert run.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0, 3))
            assert kill_one(kind, psutil.Process(run.pid), seen)
            run.communicate(timeout=300)
            finish(root, TMPDIR=place)
        assert results(root) == serial


# Disks, databases, clocks


@pytest.mark.slow
def test_a_gradebook_that_is_locked_for_forty_seconds_costs_nothing(course, serial):
    run = start(course, "2")
    assert run.stdout.readline() == "ready\n"
    with sqlite3.connect(course / "gradebook.db", isolation_level=None, timeout=60) as gradebook:
        gradebook.execute("BEGIN EXCLUSIVE")
        time.sleep(40)
        gradebook.execute("ROLLBACK")
    gradebook.close()
    assert "done ana ben chen dora" in run.communicate(timeout=300)[0]
    assert results(course) == serial


@contextmanager
def disk(folder, size):
    """Mount an empty disk of some megabytes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@needs_root
def test_a_disk_that_is_full_stops_the_class_with_a_sentence(tmp_path, released, serial, crew):
    root = tmp_path / "small"
    with disk(root, 8):
        copy_class(released, root)
        stuffing = root / "stuffing"
        with suppress(OSError), stuffing.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        run = start(root, "1")
        said, errors = run.communicate(timeout=120)
        assert "full. Make room for more files." in said, errors
        assert "Traceback" not in said + errors
        stuffing.unlink()
        assert grade_the_rest(root, crew) == ["ana", "ben", "chen", "dora"]
        assert results(root) == serial


@needs_root
def test_a_course_that_can_only_be_read_stops_the_class_with_a_sentence(
    tmp_path, released, serial, crew, capsys
):
    root = tmp_path / "closed"
    with disk(root, 8):
        copy_class(released, root)
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        for command in ("grade", "feedback", "report"):
            assert main([command, LESSON, "--course", str(root)]) == 1
        said = capsys.readouterr().err
        assert "can only be read" in said
        assert "Traceback" not in said
        subprocess.run(["mount", "-o", "remount,rw", root], check=True)
        grade_the_rest(root, crew)
        assert results(root) == serial


JUMPS = """
import time
def jumping(now=time.time, steady=time.monotonic):
    return now() + (3600, -3600, 0)[int(steady()) % 3]
time.time = jumping
time.time_ns = lambda: int(jumping() * 1e9)
"""


@pytest.mark.slow
def test_a_clock_that_jumps_by_an_hour_changes_nothing(course, serial, tmp_path_factory):
    """Forth and back, every second, in all of the grader's processes: what Python's `time` tells them."""
    place = tmp_path_factory.mktemp("jumps")
    (place / "sitecustomize.py").write_text(JUMPS)
    path = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    assert finish(course, PYTHONPATH=path).split()[2:] == ["ana", "ben", "chen", "dora"]
    assert results(course) == serial
    assert finish(course).split()[2:] == []  # nobody again


# What lies in submitted/


@pytest.fixture(scope="module")
def odd(released, crew, tmp_path_factory):
    """A class with names, links and files that nobody should have; and what became of each."""
    root = tmp_path_factory.mktemp("odd")
    copy_class(released, root)
    place = root / "submitted"
    for name in ("a[b]c", "new\nline", "=cmd", "..x", "x" * 200, os.fsdecode(b"\xff\xfe")):
        small_lesson.hand_in(root, name, small_lesson.lesson())
    for name in ("link", "link-to-nothing"):
        (place / name).symlink_to(place / "ana" if name == "link" else "/nothing")
    for depth in ("lesson", "notebook", "deep"):
        (place / f"link-{depth}").mkdir()
    (place / "link-lesson" / LESSON).symlink_to(place / "ana" / LESSON)
    (place / "link-notebook" / LESSON).mkdir()
    (place / "link-notebook" / LESSON / f"{LESSON}.ipynb").symlink_to(submitted(root, "ana"))
    (place / "link-deep" / LESSON / "a" / "b").mkdir(parents=True)
    (place / "link-deep" / LESSON / "a" / "b" / "c").symlink_to(root)
    (place / "file").mkdir()
    (place / "file" / LESSON).write_text("my answers")
    (place / "large" / LESSON).mkdir(parents=True)
    with submitted(root, "large").open("wb") as file:
        file.truncate(200_000_000)
    outcomes = classroom.grade(LESSON, root=root, client=crew)
    return root, {outcome.student: outcome for outcome in outcomes}


@pytest.mark.parametrize(
    ("student", "status", "says"),
    [
        *((name, "refused", "A user name has at most 64 letters") for name in ("a[b]c", "new\nline", "=cmd")),
        *((name, "refused", "Give the folder in submitted/ such a name.") for name in ("..x", "x" * 200)),
        (os.fsdecode(b"\xff\xfe"), "refused", "A user name has at most 64 letters"),
        ("link", "refused", "submitted/link is a link. Put the files themselves there."),
        ("link-to-nothing", "refused", "is a link."),
        ("link-lesson", "refused", f"submitted/link-lesson/{LESSON} is a link."),
        ("link-notebook", "unreadable", "Links are not followed: hand in the files themselves."),
        ("link-deep", "unreadable", "Links are not followed"),
        ("file", "refused", f"submitted/file/{LESSON} is a file. It has to be a folder"),
        ("large", "unreadable", "has 200 MB, and the limit is 50 MB."),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_nobody_can_grade_gets_a_sentence(odd, student, status, says):
    outcome = odd[1][student]
    assert (outcome.status, says in outcome.message) == (status, True), outcome.message


def test_what_nobody_can_grade_costs_nobody_else_a_point(odd, serial):
    root, outcomes = odd
    marks = auto_marks(open_course(root), LESSON)
    assert {student: marks[student] for student in serial[0]} == serial[0]
    refused = {student for student, outcome in outcomes.items() if outcome.status == "refused"}
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        assert not refused & {student.id for student in gradebook.students}
    assert not refused & set(outcomes_of(open_course(root), LESSON))
    assert not (root / "autograded" / "link-notebook" / LESSON / "a").exists()


def test_the_command_says_what_was_refused_and_grades_the_rest(odd, capsys):
    root, _ = odd
    assert main(["grade", LESSON, "--course", str(root), "--student", "link", "--student", "a[b]c"]) == 0
    said = capsys.readouterr().out
    assert "'a[b]c': A user name has at most" in said
    assert "link: submitted/link is a link." in said
    nbformat.write(small_lesson.lesson(), root / "submitted" / "file.ipynb")  # no folder, nobody's
    assert main(["report", LESSON, "--course", str(root)]) == 0
