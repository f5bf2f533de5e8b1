"""The filter of system calls, step by step and in force; and what a kernel learns of another one's words."""

import ast
import ctypes
import errno
import os
import re
import struct
from pathlib import Path

import pytest
from one_kernel import isolation, printed, run

from grader.sandbox import inside, system_calls
from grader.sandbox.rungs import RUNGS

COLUMNS = {"x86_64": 0, "aarch64": 1}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
kernels = [
    pytest.mark.long(40),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
ROOMS = [
    pytest.param({"warm": True}, id="warm", marks=pytest.mark.needs_bwrap),
    pytest.param({"warm": False}, id="cold", marks=pytest.mark.needs_bwrap),
    pytest.param({"isolation": ["none"]}, id="bare"),
    pytest.param({"isolation": ["none"], "warm": False}, id="bare and cold"),
    pytest.param({"isolation": ["Landlock"]}, id="Landlock"),
    pytest.param({"isolation": ["namespaces"], "warm": False}, id="namespaces and cold"),
]


def answer(machine, number, *arguments, architecture=None, beside_landlock=False):
    """Go through the filter as Linux does, with one call; return what it says."""
    architecture = architecture or system_calls.MACHINES[machine][1]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *(list(arguments) + [0] * 6)[:6])
    steps, place, held = system_calls.program(machine, beside_landlock=beside_landlock), 0, 0
    while True:
        code, yes, no, value = struct.unpack_from("=HBBI", steps, 8 * place)
        place += 1
        if code == 0x06:
            return value
        if code == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            held &= value
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            place += yes if met else no


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_list_is_denied_and_everything_else_allowed(machine):
    column = COLUMNS[machine]
    denied = {numbers[column] for numbers in system_calls.DENIED.values()}
    clone3 = system_calls.UNKNOWN["clone3"][column]
    for number in range(500):
        expected = EPERM if number in denied else ENOSYS if number == clone3 else ALLOW
        assert answer(machine, number) == expected, number


@pytest.mark.parametrize("machine", COLUMNS)
def test_arguments_decide_about_some_calls(machine):
    clone, ioctl, socket = ((56, 16, 41), (220, 29, 198))[COLUMNS[machine]]
    assert answer(machine, clone, os.CLONE_NEWUSER) == answer(machine, clone, os.CLONE_NEWNET) == EPERM
    assert answer(machine, clone, 0x3D0F00) == ALLOW  # a thread of glibc
    assert answer(machine, ioctl, 0, 0x5412) == EPERM
    assert answer(machine, ioctl, 0, 0x5401) == ALLOW
    assert [answer(machine, socket, family) for family in (1, 2, 10)] == [ALLOW] * 3
    assert answer(machine, socket, 40) == EPERM


@pytest.mark.parametrize("machine", COLUMNS)
def test_beside_landlock_more_is_denied(machine):
    column, beside = COLUMNS[machine], {"beside_landlock": True}
    for calls, expected in (
        (system_calls.DENIED | system_calls.UNREACHED, EPERM),
        (system_calls.UNTOUCHED, 0x50000),
        (system_calls.UNKNOWN | system_calls.UNASKED, ENOSYS),
    ):
        for name, numbers in calls.items():
            if numbers[column] != system_calls.NONE:
                assert answer(machine, numbers[column], **beside) == expected, name
    openat, socket, pair, limits = ((257, 41, 53, 302), (56, 198, 199, 261))[column]
    assert [answer(machine, openat, 0, 0, flags, **beside) for flags in (0, 0x241, 0x80200)] == [
        ALLOW,
        ALLOW,
        EPERM,
    ]
    stream, datagram, raw, packets, closing = 1, 2, 3, 5, 0x80001
    for number in (socket, pair):
        assert [answer(machine, number, 1, kind, **beside) for kind in (stream, packets, closing)] == [
            ALLOW
        ] * 3
        assert [answer(machine, number, 1, kind, **beside) for kind in (datagram, raw)] == [EPERM] * 2
    denied = 0x50000 | errno.EOPNOTSUPP
    assert {answer(machine, socket, family, stream, **beside) for family in (2, 10, 16)} == {denied}
    assert answer(machine, limits, 0, **beside) == ALLOW
    assert answer(machine, limits, 77, **beside) == EPERM
    assert answer(machine, 64, **beside) == ALLOW if machine == "aarch64" else True  # write
    assert answer(machine, openat, 0, 0, 0x80200) == answer(machine, limits, 77) == ALLOW  # in a jail


def test_programs_of_another_kind_may_call_nothing():
    assert answer("x86_64", 1, architecture=0x40000003) == EPERM  # 32 bits
    assert answer("x86_64", 0x40000001) == EPERM  # x32
    assert answer("aarch64", 64, architecture=0x40000028) == EPERM


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_numbers_are_those_of_linux(machine):
    if not HEADERS[machine].exists():
        pytest.skip("There are no headers of Linux here.")
    numbers = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text()))
    ours = system_calls.DENIED | system_calls.UNKNOWN
    for name, pair in ours.items():
        assert pair[COLUMNS[machine]] == int(numbers[name]), name
    for name, pair in (system_calls.UNREACHED | system_calls.UNTOUCHED | system_calls.UNASKED).items():
        known = numbers.get(name)  # some are younger than the headers; some exist on one machine only
        if known is not None or pair[COLUMNS[machine]] < 452:
            assert pair[COLUMNS[machine]] == int(known or system_calls.NONE), name
    for name, (pair, *_) in (system_calls.WITH_FLAGS | system_calls.WITH_VALUES).items():
        assert pair[COLUMNS[machine]] == int(numbers[name]), name


CALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    failed = libc.syscall(number, *map(ctypes.c_long, arguments)) == -1
    return failed and errno.errorcode[ctypes.get_errno()]
print({name: call(number, *ARGUMENTS.get(name, [-1] * 5)) for name, number in NUMBERS.items()})
wanted = ('Seccomp:', 'NoNewPrivs:')
print([line.split()[1] for line in open('/proc/self/status') if line.startswith(wanted)])
"""
# Which would succeed, or fail in another way, without the filter.
ARGUMENTS = {"keyctl": [0, -3, 0, 0, 0], "ptrace": [0] * 4, "personality": [0xFFFFFFFF], "unshare": [0]}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.skipif(os.uname().machine not in COLUMNS, reason="No filter for this machine.")
class TestInAKernel:
    """Real kernels, in each kind of room."""

    pytestmark = kernels

    @pytest.fixture(autouse=True)
    def rung(self, room):
        for rung in room.get("isolation", []):
            if why := RUNGS[rung]():
                pytest.skip(why)

    def test_denied_calls_are_not_permitted(self, room, tmp_path):
        column = COLUMNS[os.uname().machine]
        numbers = {name: pair[column] for name, pair in system_calls.DENIED.items()}
        source = f"NUMBERS, ARGUMENTS = {numbers}, {ARGUMENTS}{CALLS}"
        (cell,) = run(source, folder=tmp_path, **room).cells
        calls, status = printed(cell).splitlines()
        assert ast.literal_eval(calls) == dict.fromkeys(numbers, "EPERM")
        assert ast.literal_eval(status) == ["1", "2"]

    def test_an_honest_notebook_runs(self, room, tmp_path):
        notebook = run(*HONEST, folder=tmp_path, **room)
        closed = room.get("isolation") == ["Landlock"]
        for cell in notebook.cells:
            if closed and cell.source.startswith(IN_A_JAIL_ONLY):
                continue
            errors = [output.get("evalue") for output in cell.outputs if output.output_type == "error"]
            assert not errors, cell.source
            assert printed(cell).endswith("fine"), cell.source

    def test_what_a_kernel_writes_past_jupyter_is_not_to_be_read(self, room, tmp_path):
        tells = f"{FINDS}\nprint(os.fstat(words).st_size, os.write(words, b'a secret of this student'))"
        looks = f"{FINDS}{LOOKS}"
        begins, wrote = map(int, printed(run(tells, folder=tmp_path, **room).cells[0]).split())
        assert wrote == 24
        first, second = printed(run(looks, folder=tmp_path, **room).cells[0]).splitlines()
        assert first == "Bad file descriptor"
        size, after = map(int, second.split())
        assert after == size + 1  # appended, not written over what was there
        assert size == begins  # another kernel's words are not in it


# ipykernel puts a pipe in the place of handle 2, and keeps what was there.
FINDS = """
import os, stat
handles = [int(name) for name in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + name)]
(words,) = {os.fstat(number).st_ino: number for number in handles
    if 'mlm-words' in os.readlink(f'/proc/self/fd/{number}')}.values()
"""
LOOKS = """
try:
    print(os.pread(words, 100, 0))
except OSError as error:
    print(error.strerror)
size = os.fstat(words).st_size
os.lseek(words, 0, 0), os.write(words, b'x')
print(size, os.fstat(words).st_size)
"""
# Terminals, shared memory and networks of the machine, which a jail has of its own.
IN_A_JAIL_ONLY = ("!ls", "import multiprocessing", "import socket")
HONEST = [
    "import numpy as np; np.linalg.svd(np.ones((50, 50))); print('fine')",
    "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv('a.csv'); pd.read_csv('a.csv'); print('fine')",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.savefig('a.png'); plt.show(); print('fine')",
    "import numba; print(numba.njit(lambda x: x + 1)(1), 'fine')",
    "import subprocess; subprocess.run(['ls'], check=True, capture_output=True); print('fine')",
    "!ls > /dev/null\nprint('fine')",
    "import multiprocessing as m\n"
    "with m.get_context('fork').Pool(2) as pool: pool.map(abs, [1, 2])\n"
    "print('fine')",
    "import threading; t = threading.Thread(target=print); t.start(); t.join(); print('fine')",
    "import asyncio; await asyncio.sleep(0.01); print('fine')",
    "import socket; socket.socket().close(); socket.socketpair(); print('fine')",
    "import sqlite3, tempfile; sqlite3.connect(':memory:').execute('select 1'); print('fine')",
    "import shutil\n"
    "r = shutil.which('Rscript')\n"
    "said = subprocess.run([r, '-e', 'cat(1 + 1)'], capture_output=True, text=True).stdout if r else '2'\n"
    "print('fine' if said == '2' else said)",
]


@pytest.mark.needs_bwrap
@pytest.mark.slow
@pytest.mark.long(60)
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient")
def test_sampling_needs_no_denied_call(tmp_path):
    source = (
        "from mlmkit import load_seattle, stan_lmer\n"
        "few = {'method': 'nuts', 'draws': 20, 'chains': 2, 'seed': 1}\n"
        "stan_lmer('price ~ (1 | zipcode)', load_seattle(), **few); print('fine')"
    )
    notebook = run("import pymc; print('fine')", source, folder=tmp_path)
    assert isolation(notebook)["kind"] == "warm"
    assert [printed(cell)[-4:] for cell in notebook.cells] == ["fine", "fine"]


def keyrings():
    """Return the number of this process's session keyring, or None where Linux has none."""
    number = inside.KEYCTL.get(os.uname().machine)
    found = ctypes.CDLL(None).syscall(number, 0, -3, 0, 0, 0) if number else -1
    return found if found > 0 else None


def test_a_kernel_has_keys_of_its_own(monkeypatch):
    monkeypatch.setattr(inside, "LIBC", ctypes.CDLL(None, use_errno=True), raising=False)
    ours = keyrings()
    if ours is None:
        pytest.skip("This machine has no keyrings.")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        inside.deny_calls("")  # without the filter, which denies the question
        os.write(writes, str(keyrings()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reads, 20).decode()
    os.close(reads), os.close(writes)
    assert theirs not in ("None", str(ours))
