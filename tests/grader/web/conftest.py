"""The folder that `make web` writes, made once for all tests here, and a server for it."""

import functools
import os
import threading
from collections import Counter
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

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


class Server(ThreadingHTTPServer):
    """Serves nothing but files, and counts which."""

    def __init__(self, folder):
        self.asked = Counter()
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))


class Handler(SimpleHTTPRequestHandler):
    """Counts in place of writing to the screen."""

    def log_message(self, *_):
        """Count this request."""
        self.server.asked[urlsplit(self.path).path] += 1


@pytest.fixture(scope="session")
def server(folder):
    """A server of the folder."""
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address(server):
    """The address of the front page."""
    return f"http://127.0.0.1:{server.server_port}/"
