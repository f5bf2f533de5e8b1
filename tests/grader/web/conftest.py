"""The folder that `make web` writes, made once for all tests here, and a server for it."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from grader.web.tab_folder import make_web, why_not


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """`make test-web` has built it; without that it is built here, in a minute."""
    if built := os.environ.get("MLMKIT_WEB"):
        return Path(built)
    if why := why_not():
        pytest.skip(why)
    return make_web(tmp_path_factory.mktemp("web") / "web").page.parent


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def address(folder):
    """The address of a server of nothing but files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()
