"""While a class is graded, nobody else can talk to the processes that grade it."""

import contextlib
import os
import socket
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path

import dask
import pytest
import small_lesson
from class_of_four import make_class
from small_lesson import LESSON

from grader import classroom
from grader.course.course_folder import CourseError
from grader.grade.cluster import connect, local_cluster
from grader.sandbox.jail import why_not

pytestmark = [
    pytest.mark.long(40),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
SCRIPT = Path(__file__).parents[1] / "class_of_four.py"
LISTENS = "0A"  # the kernel's code, see proc_pid_net(5)


def tree_of(pid):
    """A process and all that it has started."""
    found, parents = {pid}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has just ended
            continue
        parents[int(path.parent.name)] = int(text.rpartition(")")[2].split()[1])
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def links_of(pid):
    """Where the open files of a process lead; nothing for one that has ended."""
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                yield os.readlink(path)


def network_of(pid):
    """The network in which a process lives: a sandbox has one of its own, which nobody can reach."""
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net")


def open_ports(pid):
    """The ports on which a process or what it has started listens, as the kernel writes them."""
    pids = {one for one in tree_of(pid) if network_of(one) == network_of(os.getpid())}
    inodes = {link[8:-1] for one in pids for link in links_of(one) if link.startswith("socket:[")}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = Path(table).read_text().splitlines()[1:] if Path(table).exists() else []
        found |= {row[1] for row in map(str.split, rows) if row[3] == LISTENS and row[9] in inodes}
    return found


def answer_to_a_browser(port):
    """What a port of 127.0.0.1 says to a request for a web page."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return plain.recv(100)
    return b""


def test_the_look_at_open_ports_sees_one():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert f"0100007F:{server.getsockname()[1]:04X}" in open_ports(os.getpid())


def test_no_port_is_open_while_a_class_is_graded(tmp_path):
    make_class(tmp_path)
    run = subprocess.Popen([sys.executable, str(SCRIPT), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    seen, most = set(), 0
    while run.poll() is None:
        for new in open_ports(run.pid) - seen:
            seen.add(new)
            # Without a sandbox, ipykernel has a pipe of its own here, which asks for a secret.
            assert new.startswith("0100007F:")
            assert b"HTTP" not in answer_to_a_browser(int(new.partition(":")[2], 16))
        most = max(most, len(tree_of(run.pid)))
        time.sleep(0.05)
    assert "done ana ben chen dora" in run.stdout.read()
    run.stdout.close()
    assert most >= 4  # it looked while processes were grading
    assert not seen or why_not()


def test_the_sockets_lie_where_no_other_account_can_go():
    with local_cluster(1) as client:
        path = Path(client.scheduler.address.removeprefix("unix://"))
        mode = path.parent.stat()
        assert stat.S_IMODE(mode.st_mode) == 0o700
        assert mode.st_uid == os.getuid()
        assert stat.S_ISSOCK(path.stat().st_mode)
        with connect(client.scheduler.address) as again:  # the same account may
            assert again.submit(sum, [1, 2]).result() == 3
        if os.getuid() == 0:
            other = subprocess.run(["ls", str(path)], user="nobody", capture_output=True, check=False)
            assert other.returncode
            assert b"ermission denied" in other.stderr
    assert not path.parent.exists()


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "127.0.0.1:8786", "ws://h:1"])
def test_an_open_scheduler_is_refused_with_a_sentence(address):
    with pytest.raises(CourseError, match="everybody who reaches its port can run programs as you"):
        connect(address)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """One authority, and one certificate that it has signed, by the commands of the instructor guide."""
    guide = Path(__file__).parents[3] / "course" / "instructor-guide.md"
    commands = [line for line in guide.read_text().splitlines() if line.startswith("openssl ")]
    assert len(commands) == 1
    place = tmp_path_factory.mktemp("certificates")
    for command in commands:
        made = subprocess.run(["sh", "-c", command], cwd=place, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"openssl: {made.stderr}")
    return place


def test_a_scheduler_with_certificates_grades_and_lets_in_nobody_else(certificates, tmp_path, monkeypatch):
    from distributed import Client, LocalCluster, Security

    key = str(certificates / "dask.pem")
    tls = {
        f"distributed.comm.tls.{role}.{part}": key
        for role in ("client", "scheduler", "worker")
        for part in ("cert", "key")
    }
    tls["distributed.comm.tls.ca-file"] = key
    small_lesson.register()
    make_class(tmp_path, ["ana"])
    with dask.config.set(tls):
        security = Security(require_encryption=True)
        with LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            security=security,
            protocol="tls://",
            dashboard_address="127.0.0.1:0",
        ) as cluster:
            address = cluster.scheduler_address
            with connect(address) as client:
                client.register_plugin(small_lesson.Bank())
            (outcome,) = classroom.grade(LESSON, root=tmp_path, scheduler=address)
            assert outcome.status == "done"
            host, port = address.removeprefix("tls://").split(":")
            for stranger in (address.replace("tls", "tcp"), address):
                with (
                    pytest.raises((OSError, TypeError, ValueError)),
                    dask.config.set(
                        {"distributed.comm.tls.client.cert": None, "distributed.comm.tls.client.key": None}
                    ),
                ):
                    Client(stranger, timeout=1)
            cluster.scale(0)
            monkeypatch.setattr("grader.grade.cluster.WAIT", 0.5)
            with pytest.raises(CourseError, match=f"{address}' has no worker.*`dask worker {address} --nth"):
                connect(address)
            with socket.create_connection((host, int(port)), timeout=2) as plain:
                plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
                with contextlib.suppress(ConnectionError):
                    assert b"HTTP" not in plain.recv(100)
            anonymous = ssl.create_default_context(cafile=key)
            anonymous.check_hostname = False
            with (
                pytest.raises((ssl.SSLError, ConnectionError)),
                socket.create_connection((host, int(port)), timeout=2) as plain,
                anonymous.wrap_socket(plain) as wrapped,
            ):
                wrapped.recv(100)
