"""One kernel that tries everything against its grader, and what came of it. Also a script for another user.

python under_attack.py RUNG warm|cold own|common
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from grader.sandbox import bare
from grader.sandbox.jail import readable
from grader.sandbox.rungs import ISOLATED

SECRET = "a password of the gradebook"
# The kernel prints the names of what it could do. A signal of the number 0 asks only whether it may be sent.
ATTEMPTS = """
import ctypes, os, resource, signal, socket, subprocess
done = []
def attempt(name, what):
    try:
        if what() not in (False, b"", "") and name: done.append(name)
    except Exception as error:
        pass
def connect(kind, address, type=socket.SOCK_STREAM):
    with socket.socket(kind, type) as line:
        line.settimeout(2)
        line.connect(address)
def send(kind, address):
    with socket.socket(kind, socket.SOCK_DGRAM) as line:
        line.sendmsg([b"hello"], [], 0, address)
def send_from_a_pair(address):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"hello", address)
libc = ctypes.CDLL(None, use_errno=True)
def shared_memory():
    return libc.shmat(libc.shmget(KEY, 100, 0), None, 0) != -1

attempt("read a solution", lambda: open(COURSE + "/solution.txt").read())
attempt("read through a link", lambda: open("link.txt").read())
attempt("list the course", lambda: os.listdir(COURSE))
attempt("read another submission", lambda: open(OTHER + "/answer.txt").read())
attempt("write the gradebook", lambda: open(COURSE + "/gradebook.db", "a").write("x"))
attempt("empty the gradebook", lambda: os.truncate(COURSE + "/gradebook.db", 0))
attempt("empty what it reads", lambda: os.open(LIBRARY, os.O_RDONLY | os.O_TRUNC))
attempt("remove the gradebook", lambda: os.remove(COURSE + "/gradebook.db") is None)
attempt("move the gradebook", lambda: os.rename(COURSE + "/gradebook.db", "mine") is None)
attempt("link the gradebook", lambda: os.link(COURSE + "/gradebook.db", "mine") is None)
for change in (lambda: os.chmod(COURSE, 0), lambda: os.utime(COURSE + "/gradebook.db", (1, 1)),
               lambda: os.setxattr(COURSE + "/gradebook.db", "user.x", b"x")):
    attempt("", lambda: change() or False)  # whether it changed something is looked at from outside
attempt("see the grader", lambda: os.kill(GRADER, 0) is None)
attempt("kill a process", lambda: os.kill(VICTIM, signal.SIGKILL) is None)
attempt("limit a process", lambda: resource.prlimit(VICTIM, resource.RLIMIT_CPU, (1, 1)))
attempt("read the grader's environment", lambda: open(f"/proc/{GRADER}/environ").read())
attempt("read the grader's memory", lambda: open(f"/proc/{GRADER}/maps").read())
attempt("find the grader's folder", lambda: os.readlink(f"/proc/{GRADER}/cwd"))
attempt("read the grader's command", lambda: open(f"/proc/{GRADER}/cmdline").read())
attempt("know the password", lambda: SECRET in str(os.environ) + open("/proc/self/environ").read())
attempt("connect by TCP", lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)) is None)
attempt("", lambda: send(socket.AF_INET, ("127.0.0.1", UDP)))  # who has a network of its own may
attempt("connect to an abstract socket", lambda: connect(socket.AF_UNIX, "\\0" + NAME) is None)
attempt("connect to a socket", lambda: connect(socket.AF_UNIX, PUBLIC + "/stream") is None)
attempt("send to a socket", lambda: send(socket.AF_UNIX, PUBLIC + "/datagram") is None)
attempt("send from a pair", lambda: send_from_a_pair(PUBLIC + "/datagram") is None)
attempt("share memory", shared_memory)
attempt("ask for the terminal", lambda: open("/dev/tty"))
for place in ("/tmp", "/dev/shm", "/var/tmp", LIBRARIES, COURSE, PUBLIC):
    attempt("", lambda: open(f"{place}/left-{NUMBER}", "w") and False)
for _ in range(2):
    subprocess.Popen(["sleep", NUMBER], start_new_session=True)
subprocess.run(["sh", "-c", f"sleep {NUMBER} &"])
os.makedirs("a/b"); os.mkdir("a/closed", 0)
print(done)
"""
HONEST = """
import os, tempfile, subprocess
import numpy, pandas, matplotlib.pyplot as plt, mlmkit
assert open("given.txt").read() == "given"
open("new.txt", "w").write("x"); os.rename("new.txt", "other.txt"); os.remove("other.txt")
with tempfile.NamedTemporaryFile("w") as file: file.write("x")
plt.plot([1, 2]); plt.savefig("figure.png"); plt.close()
import shutil; shutil.copy2("given.txt", "copy.txt")
assert subprocess.run(["ls"], capture_output=True, text=True, check=True).stdout
mlmkit.lmer("price ~ (1 | zipcode)", mlmkit.load_seattle())
print("fine")
"""


def attack(rung, warm):
    """Let one kernel on this rung try everything; return what it did, and what is different since."""
    from one_kernel import isolation, printed, run

    if rung not in ISOLATED:
        raise ValueError("This would do all of it: never without something that keeps it apart.")

    number = str(30_000_000 + os.getpid() * 8 + 2 * len(rung) + warm)
    libc = ctypes.CDLL(None)
    with ExitStack() as stack:
        course, other, work, public, libraries = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlmtest-"))) for _ in range(5)
        )
        (course / "solution.txt").write_text("42")
        (course / "gradebook.db").write_text("marks")
        (other / "answer.txt").write_text("42")
        (work / "given.txt").write_text("given")
        (work / "link.txt").symlink_to(course / "solution.txt")
        # Stands for what a closed room may read. Never a real library: an attack may succeed.
        library = libraries / "library.py"
        library.write_text("code")
        stack.enter_context(mock.patch.object(bare, "readable", lambda: [*readable(), str(libraries)]))
        places = {"TCP": ("127.0.0.1", 0), "UDP": ("127.0.0.1", 0)}
        places |= {"abstract": "\0" + number, "stream": f"{public}/stream", "datagram": f"{public}/datagram"}
        lines = {}
        for name, place in places.items():
            family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
            kind = socket.SOCK_DGRAM if name in ("UDP", "datagram") else socket.SOCK_STREAM
            lines[name] = stack.enter_context(socket.socket(family, kind))
            lines[name].bind(place)
            lines[name].setblocking(False)
            if kind == socket.SOCK_STREAM:
                lines[name].listen()
        memory = libc.shmget(int(number), 100, 0o1600)
        victim = subprocess.Popen(["sleep", "600"])
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        about = {
            "COURSE": str(course), "OTHER": str(other), "PUBLIC": str(public), "SECRET": SECRET,
            "GRADER": os.getpid(), "VICTIM": victim.pid, "NAME": number, "NUMBER": number, "KEY": int(number),
            "PORT": lines["TCP"].getsockname()[1], "UDP": lines["UDP"].getsockname()[1],
            "LIBRARY": str(library), "LIBRARIES": str(libraries),
        }  # fmt: skip
        given = "\n".join(f"{name} = {value!r}" for name, value in about.items())
        os.environ["SECRET"] = SECRET
        before = state([course, other, public, libraries], victim)
        try:
            notebook = run(
                f"{given}\n{HONEST}",
                f"{given}\n{ATTEMPTS}",
                folder=work,
                isolation=[rung],
                warm=warm,
                modules=["ipykernel.kernelapp"],  # a new user would compile the others for a minute
            )
        finally:
            del os.environ["SECRET"]
            libc.shmctl(memory, 0, None)  # IPC_RMID
        heard = [name for name, line in lines.items() if heard_of(line)]
        after = state([course, other, public, libraries], victim)
        left = [str(path) for folder in ("/tmp", "/dev/shm", "/var/tmp", libraries, course)
                for path in Path(folder).glob(f"left-{number}")]  # fmt: skip
        left += [str(path) for path in Path("/tmp").glob(f"mlm-{os.getpid()}-*/home")]
        left += sorted(path.name for path in work.iterdir() if path.name not in ("given.txt", "link.txt"))
        # A keeper has a moment to bury what it killed.
        return {
            "how": isolation(notebook),
            "honest": printed(notebook.cells[0]) or [o.get("evalue") for o in notebook.cells[0].outputs],
            "did": printed(notebook.cells[1]) or [o.get("evalue") for o in notebook.cells[1].outputs],
            "changed": before != after,
            "heard": heard,
            "left": left,
            "sleepers": sleepers(number),
        }


def state(places, victim):
    """Describe files and a process, as somebody sees them whom they belong to."""
    files = [path for place in places for path in (place, *place.glob("*"))]
    stats = {str(path): os.stat(path) for path in files}
    texts = {name: Path(name).read_bytes() for name in stats if Path(name).is_file()}
    limits = Path(f"/proc/{victim.pid}/limits").read_text() if victim.poll() is None else "gone"
    return texts, {name: (s.st_mode, s.st_mtime_ns, s.st_ino) for name, s in stats.items()}, limits


def heard_of(line):
    """Tell whether somebody has connected to a socket, or sent something."""
    try:
        line.recv(10) if line.type == socket.SOCK_DGRAM else line.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def sleepers(number, seconds=3):
    """Count the processes that sleep for this number of seconds; wait a moment for them to end."""
    end = time.monotonic() + seconds
    while True:
        found = 0
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found += path.read_bytes() == f"sleep\0{number}\0".encode()
            except OSError:
                continue
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.05)


if __name__ == "__main__":
    here = Path(__file__).parent
    sys.path[:0] = [str(here)]
    from grader.sandbox import skeleton

    skeleton.CODE[skeleton.KERNELS] = ""  # a new user would compile for a minute
    if sys.argv[3] == "common":
        bare.has_own_processes = lambda: False
    signal.alarm(300)
    print(json.dumps(attack(sys.argv[1], sys.argv[2] == "warm")))
