"""A machine with a hub: accounts, folders and a JupyterHub as course/hub/README.md describes them.

Only the students' Python is shorter: it looks for packages where this one has them.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from distributions import build, copy_repository
from ordinary_user import SHOW

INSTRUCTORS, STUDENTS = "mlm-teachers", ("mlm-ana", "mlm-ben")
TEACHERS = TEACHER, SECOND = "mlm-teach", "mlm-second"
PASSWORD = "as long as the term"
SPARE = Path(tempfile.gettempdir()) / "mlmkit-hub-python"  # where this Python is shown from
HERE = Path(sys.executable).parent  # bin/ of this Python's environment
PROGRAMS = ("jupyterhub-singleuser", "jupyter", "jupyter-lab", "nbgrader")


def missing():
    """Say why there can't be such a machine here; None where it can."""
    if os.geteuid() != 0:
        return "A hub needs root"
    programs = ("useradd", "chpasswd", "setpriv", "unshare")
    if gone := [name for name in programs if not shutil.which(name)]:
        return f"A hub needs {', '.join(gone)}"
    if any(not place.stat().st_mode & 1 for place in HERE.parents):
        return "This repository lies in a folder that is closed to other accounts"
    return None


class Machine:
    """The folders of the hub, and ways to do something in an account."""

    def __init__(self, place):
        self.place, self.repository = place, place / "course"
        self.exchange, self.students = place / "exchange", place / "students"
        self.address = None

    def home(self, user):
        """Return where an account lives."""
        return Path(pwd.getpwnam(user).pw_dir)

    def run(self, user, *command, **options):
        """Run a command in an account, in its home; return what became of it."""
        account = pwd.getpwnam(user)
        become = ["setpriv", f"--reuid={user}", f"--regid={account.pw_gid}", "--init-groups"]
        return subprocess.run(
            [*in_the_open(), *become, *map(str, command)],
            cwd="/",
            env={"HOME": account.pw_dir, "USER": user, "PATH": f"{HERE}:/usr/bin:/bin"} | options,
            capture_output=True,
            text=True,
            check=False,
        )

    def teach(self, *arguments, by=TEACHER):
        """Run an instructor's command as in a terminal of the hub; it must work."""
        python = self.repository / ".venv" / "bin" / "python"
        terminal = ["sh", "-c", 'umask 007; exec "$@"', "sh"]  # as jupyterhub_config.py starts it
        command = [*terminal, python, "-W", "ignore", "-m", "grader", *arguments]
        done = self.run(by, *command, PYTHONPATH=str(self.repository))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def in_the_open():
    """Begin a command so that other accounts can run this Python, wherever it lies."""
    python = Path(os.path.realpath(sys.executable)).parents[1]
    closed = next((str(place) for place in python.parents[::-1] if not place.stat().st_mode & 1), "")
    SPARE.mkdir(exist_ok=True)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", SHOW, "sh", closed, python, SPARE]


@contextmanager
def machine():
    """Make the accounts and folders, run set-up, start the hub; take all of it away afterwards."""
    place = Path(tempfile.mkdtemp(prefix="mlmkit-hub-", dir="/tmp"))
    place.chmod(0o755)
    made = Machine(place)
    try:
        _accounts(place)
        copy_repository(made.repository)
        shutil.chown(made.repository, TEACHER)
        for path in made.repository.rglob("*"):
            shutil.chown(path, TEACHER)
        (made.repository / ".venv").symlink_to(HERE.parent)
        _python(made.students, build("wheel", _copy(place), place))
        os.chmod(made.students, 0o755)
        made.told = set_up(made)
        with _hub(made):
            yield made
    finally:
        _forget_accounts()
        shutil.rmtree(place)
        SPARE.rmdir()


def _copy(place):
    """Copy the repository to build from: building leaves files beside the sources."""
    return copy_repository(place / "sources")


def _forget_accounts():
    for user in (*TEACHERS, *STUDENTS):
        subprocess.run(["pkill", "-9", "-u", user], capture_output=True, check=False)
        subprocess.run(["userdel", user], capture_output=True, check=False)
    subprocess.run(["groupdel", INSTRUCTORS], capture_output=True, check=False)


def _accounts(place):
    _forget_accounts()  # a run that was killed left them
    subprocess.run(["groupadd", INSTRUCTORS], check=True)
    for user in (*TEACHERS, *STUDENTS):
        home = place / "homes" / user
        home.parent.mkdir(exist_ok=True)
        more = ["--groups", INSTRUCTORS] if user in TEACHERS else []
        command = ["useradd", "--create-home", "--home-dir", str(home), "--shell", "/bin/bash", *more, user]
        subprocess.run(command, check=True)
        home.chmod(0o755)  # as many machines make them: what is inside must be closed by itself
    lines = "".join(f"{user}:{PASSWORD}\n" for user in (*TEACHERS, *STUDENTS))
    subprocess.run(["chpasswd"], input=lines, text=True, check=True)


def _python(folder, wheel):
    """Make an environment that finds its packages where this Python has them, without its editable ones."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "more.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    command = [
        HERE / "uv",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python",
        folder / "bin" / "python",
    ]
    subprocess.run([*command, wheel], check=True)
    shutil.copytree(HERE.parent / "etc", folder / "etc", dirs_exist_ok=True)
    if not (folder / "share").exists():
        (folder / "share").symlink_to(HERE.parent / "share")
    for name in PROGRAMS:
        text = (HERE / name).read_text().split("\n", 1)[1]
        (folder / "bin" / name).write_text(f"#!{folder / 'bin' / 'python'}\n{text}")
        (folder / "bin" / name).chmod(0o755)


def set_up(made):
    """Run the script of the course; return what it says."""
    done = subprocess.run(
        [made.repository / "course" / "hub" / "set-up"],
        env={**os.environ, "PLACE": str(made.place), "GROUP": INSTRUCTORS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _hub(made):
    """Start JupyterHub with the course's configuration, on ports of this machine that are free."""
    ports = [_free_port() for _ in range(3)]
    text = (made.repository / "course" / "hub" / "jupyterhub_config.py").read_text()
    for theirs, ours in [("/srv/multilevel", str(made.place)), ("multilevel-instructors", INSTRUCTORS)]:
        assert theirs in text
        text = text.replace(theirs, ours)
    text += f"""
c.JupyterHub.port = {ports[0]}
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
"""
    room = made.place / "hub"
    room.mkdir(mode=0o700)
    (room / "config.py").write_text(text)
    with (room / "log").open("w") as log:
        server = subprocess.Popen(
            [*in_the_open(), sys.executable, "-W", "ignore", "-m", "jupyterhub", "--config", "config.py"],
            cwd=room,
            env={**os.environ, "PATH": f"{HERE}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
        )
    made.address, end = f"http://127.0.0.1:{ports[0]}", time.monotonic() + 120
    try:
        while not _answers(f"{made.address}/hub/login"):
            assert server.poll() is None and time.monotonic() < end, (room / "log").read_text()[-3000:]
            time.sleep(0.2)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _answers(address):
    try:
        with urlopen(address, timeout=10):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False
