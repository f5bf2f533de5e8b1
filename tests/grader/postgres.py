"""A throw-away PostgreSQL server on a socket in a temporary folder, as an ordinary user."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from glob import glob
from pathlib import Path


def tools():
    """Return the folder with PostgreSQL's programs, or None."""
    found = [Path(name).parent for name in sorted(glob("/usr/lib/postgresql/*/bin/initdb"))]
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).resolve().parent if on_path else None


def missing():
    """Say why there can be no server; None when there can."""
    if tools() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    try:
        pwd.getpwnam("nobody"), grp.getgrnam("nogroup")
    except KeyError:
        return "PostgreSQL does not run as root, and there is no user nobody in a group nogroup"
    return None


class Server:
    """The server, and how to reach it."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        self.as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        if self.as_user:
            shutil.chown(folder, "nobody", "nogroup")

    def url(self, database):
        """Return the address of a new, empty database, for nbgrader."""
        self.run("createdb", "-h", self.folder, "-U", "grader", database)
        return f"postgresql+psycopg2://grader@/{database}?host={self.folder}"

    def start(self):
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def run(self, tool, *arguments):
        command = [tools() / tool, *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.as_user
        )


@contextmanager
def server():
    """Start a server, and remove it with all its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has 107 bytes
    try:
        there = Server(folder)
        there.run("initdb", "-D", there.data, "-U", "grader", "-A", "trust", "--no-sync")
        there.start()
        yield there
        there.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
