"""Where bubblewrap is missing: what a hostile kernel reaches on the next rungs, of root and of others."""

import ast
import ctypes
import json
import os
from pathlib import Path

import hostile
import pytest
import under_attack
from hostile import ATTACKS, HONEST, LESSON, QUESTIONS
from ordinary_user import BECOME, WITHOUT_NAMESPACES, room_for

from grader import classroom
from grader.course.course_folder import open_course
from grader.marks.gradebook import read_class
from grader.pages.report import isolation
from grader.sandbox import bare, inside, landlock
from grader.sandbox.rungs import RUNGS
from grader.sandbox.system_calls import program

pytestmark = [
    pytest.mark.long(130),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
NOTHING = {"honest": "fine", "did": "[]", "changed": False, "heard": [], "left": [], "sleepers": 0}
slow = pytest.mark.slow


def require(rung):
    if why := RUNGS[rung]():
        pytest.skip(f"{rung}: {why}")


@pytest.mark.parametrize(
    ("rung", "kind", "processes"),
    [
        ("namespaces", "warm", "own"),
        pytest.param("namespaces", "cold", "own", marks=slow),
        pytest.param("Landlock", "warm", "own", marks=slow),
        ("Landlock", "warm", "common"),
        ("Landlock", "cold", "common"),
    ],
)
def test_a_hostile_kernel_reaches_nothing(rung, kind, processes, monkeypatch):
    require(rung)
    if processes == "common":
        monkeypatch.setattr(bare, "has_own_processes", lambda: False)
    found = under_attack.attack(rung, kind == "warm")
    how = found.pop("how")
    assert (how["rung"], how["kind"]) == (rung, kind)
    assert found == NOTHING


USERS = {"user": BECOME, "user without namespaces": [*BECOME, *WITHOUT_NAMESPACES], "nobody's": []}


@pytest.mark.skipif(os.getuid() != 0, reason="Only root can become another user.")
@pytest.mark.parametrize(
    ("user", "rung", "kind"),
    [
        ("user", "namespaces", "warm"),
        pytest.param("user", "namespaces", "cold", marks=slow),
        pytest.param("user", "Landlock", "warm", marks=slow),
        ("user without namespaces", "Landlock", "warm"),
        pytest.param("user without namespaces", "Landlock", "cold", marks=slow),
        # Root, where everybody may run this Python: the kernel is of a random user.
        pytest.param("nobody's", "Landlock", "warm", marks=slow),
    ],
)
def test_an_ordinary_user_is_as_safe(user, rung, kind):
    with room_for(*USERS[user]) as (python, _):
        able = python("-c", f"from grader.sandbox.rungs import RUNGS; print(RUNGS[{rung!r}]())")
        if able.stdout.strip() != "None":
            pytest.skip(f"{rung}: {able.stdout} {able.stderr[-300:]}")
        done = python(under_attack.__file__, rung, kind, "own")
    found = json.loads(done.stdout or f'{{"error": {json.dumps(done.stderr[-1000:])}}}')
    assert {**found, "how": None} == {**NOTHING, "how": None}


@pytest.mark.skipif(os.getuid() != 0, reason="Only root can become another user.")
def test_where_namespaces_are_forbidden_landlock_is_taken():
    require("Landlock")
    ask = "from grader.sandbox.rungs import ISOLATED, choose; print(*choose(ISOLATED), sep=': ')"
    with room_for(*BECOME, *WITHOUT_NAMESPACES) as (python, _):
        said = python("-c", ask)
    assert said.stdout.startswith("Landlock: "), said.stderr
    assert "bubblewrap" in said.stdout and "namespaces do not work here" in said.stdout


CORE = [
    "reads-the-source",
    "imports-the-bank",
    "looks-through-proc",
    "listens-to-other-kernels",
    "kills-the-grader",
    "asks-a-friend",
    "overwrites-classmates",
    "deletes-the-course",
    "links-to-the-source",
]


@pytest.mark.parametrize("rung", ["namespaces", pytest.param("Landlock")])
def test_attacks_on_a_class_earn_nothing_and_cost_nobody_anything(rung, tmp_path):
    require(rung)
    hostile.register()
    hostile.make_course(tmp_path, settings=f"\nc.SandboxProvisioner.isolation = [{rung!r}]\n")
    classroom.release(LESSON, root=tmp_path)
    hostile.hand_in_honest(tmp_path)
    for name in CORE:
        hostile.hand_in(tmp_path, ATTACKS[name])
    with classroom.local_cluster(2) as client:
        client.register_plugin(hostile.Bank())
        classroom.grade(LESSON, root=tmp_path, client=client)
    graded = read_class(open_course(tmp_path), LESSON).submissions
    wanted = {name: ATTACKS[name].marks for name in CORE} | {name: HONEST[name][1] for name in HONEST}
    marks = {item.student: tuple(item.marks.get(question) for question in QUESTIONS) for item in graded}
    assert marks == wanted
    assert isolation(graded) == f"The code of the students was isolated by {rung}."


def in_child(work):
    """Do `work` in a process of its own; return what it wrote."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writes, repr(work()).encode())
        except BaseException as error:
            os.write(writes, repr(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(0)
    os.close(writes)
    os.waitpid(child, 0)
    with open(reads, "rb") as pipe:
        return ast.literal_eval(pipe.read().decode())


def fails(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return type(error).__name__
    return None


@pytest.mark.parametrize("version", range(1, 8))
def test_every_version_of_landlock_closes_files_with_the_filter_beside_it(version, tmp_path, monkeypatch):
    require("Landlock")
    if landlock.version() < version:
        pytest.skip(f"This Linux has version {landlock.version()}.")
    monkeypatch.setattr(inside, "LIBC", ctypes.CDLL(None, use_errno=True), raising=False)
    read, write, closed, part = (tmp_path / name for name in ("read", "write", "closed", "read/without"))
    for folder in (read, write, closed, part):
        folder.mkdir()
        (folder / "file").write_text("text")

    def tries():
        inside.deny_calls(program(beside_landlock=True).hex())
        landlock.enter([str(read)], [str(write)], str(part), version)
        os.chmod(closed / "file", 0)
        return [
            fails(open, read / "file"),
            fails(open, read / "file", "a"),
            fails(os.open, read / "file", os.O_RDONLY | os.O_TRUNC),
            fails(open, part / "file"),
            fails(os.listdir, part),
            fails(open, write / "file", "w"),
            fails(os.rename, write / "file", write / "other"),
            fails(open, closed / "file"),
            fails(os.truncate, closed / "file", 0),
            fails(os.link, closed / "file", write / "link") is None,
            fails(os.listdir, closed),
        ]

    denied = "PermissionError"
    assert in_child(tries) == [
        None, denied, denied, denied, None, None, None, denied, denied, False, denied,
    ]  # fmt: skip
    assert (closed / "file").read_text() == (read / "file").read_text() == "text"
    assert os.stat(closed / "file").st_mode & 0o777 == 0o644


def test_a_closed_room_is_removed_with_folders_that_nobody_may_enter(tmp_path):
    deep = tmp_path / "room" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    (tmp_path / "outside").mkdir(mode=0o500)
    (tmp_path / "room" / "link").symlink_to(tmp_path / "outside")
    deep.chmod(0)
    bare._remove(tmp_path / "room")
    assert not Path(tmp_path / "room").exists()
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o500
