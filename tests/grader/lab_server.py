"""A small repository and `make lab` in it: JupyterLab with nbgrader, for tests that press its buttons."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from grader.course.repository import ROOT

START = """
import sys
from pathlib import Path
from grader.course.lab import open_lab
open_lab(Path(sys.argv[1]), sys.argv[2:])
"""
SETTINGS = ["--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=secret"]


def make_repository(root):
    """Make a repository with the lessons and the course's configuration."""
    shutil.copytree(ROOT / "lessons", root / "lessons", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / ".gitignore", root)
    (root / "course").mkdir()
    shutil.copy(ROOT / "course" / "nbgrader_config.py", root / "course")


@contextmanager
def running(repository, home):
    """Start the lab; gives what asks it: path, and JSON or a form to send; the answer from JSON.

    ``ask.address`` is where it is, ``ask.opens`` what it opens first.
    """
    log = home / "log"
    places = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", START, repository, *SETTINGS],
            stdout=file,
            stderr=file,
            env={**os.environ, **places},
        )
    try:
        end = time.monotonic() + 400
        while not (found := re.search(r"(http://(?:localhost|127)\S*?:\d+)(/\S*)\?token", log.read_text())):
            assert server.poll() is None and time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.1)

        def ask(path, data=None, **form):
            body = urlencode(form).encode() if form else data and json.dumps(data).encode()
            method = "PUT" if data else "POST" if form else "GET"
            request = Request(found[1] + path, body, {"Authorization": "token secret"}, method=method)
            with urlopen(request, timeout=120) as answer:
                return json.load(answer)

        ask.opens, ask.address = found[2], found[1]
        yield ask
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:  # its kernels are gone, but it waits for an idle thread of AnyIO's
            server.kill()
            server.wait()
