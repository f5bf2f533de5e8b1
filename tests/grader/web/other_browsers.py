"""Firefox, and WebKit (the engine of Safari) as WebKitGTK has it: each by the protocol it speaks itself.

Playwright brings its own builds of both, which have to be fetched. These come with Linux.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

from websocket import create_connection

SHIFT, CONTROL, ENTER = "\ue008", "\ue009", "\ue007"
PLACE = """JSON.stringify((() => {{
  const one = document.querySelector({selector!r});
  one.scrollIntoView({{ block: "center" }});
  const {{ x, y }} = one.getBoundingClientRect();
  return {{ x, y }};
}})())"""


class Browser:
    """What both can do. `act` performs actions of WebDriver, `value` evaluates an expression in the page."""

    def click(self, selector):
        """Press the mouse on the upper left corner of an element."""
        self.value(PLACE.format(selector=selector))
        time.sleep(1)  # the notebook moves after it was scrolled
        place = json.loads(self.value(PLACE.format(selector=selector)))
        move = {"type": "pointerMove", "x": int(place["x"]) + 20, "y": int(place["y"]) + 8}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.act({"type": "pointer", "id": "mouse", "actions": [move, *press]})

    def press(self, *keys):
        """Press keys together."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.act({"type": "key", "id": "keys", "actions": down + up})

    def write(self, selector, text):
        """Write an editor's text anew, key by key."""
        self.click(selector)
        self.press(CONTROL, "a")
        for key in text:
            self.press(key)

    def wait(self, expression, seconds=120):
        """Look again until the expression is true."""
        end = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < end, f"{expression} is false after {seconds} s"
            time.sleep(0.5)


class Firefox(Browser):
    """By WebDriver BiDi, over a socket."""

    def __init__(self, profile):
        self.numbers = itertools.count(1)
        command = [self.program(), "--headless", "--no-remote", "--profile", profile]
        command += ["--remote-debugging-port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = next(line for line in self.process.stderr if "WebDriver BiDi listening on" in line)
        self.socket = create_connection(f"{line.split()[-1]}/session", suppress_origin=True, timeout=120)
        self.ask("session.new", capabilities={})
        # Firefox's first page never has the focus, without which JupyterLab takes what is typed for commands.
        self.page = self.ask("browsingContext.create", type="tab")["context"]

    @staticmethod
    def program():
        """Return the program's path, or None."""
        return shutil.which("firefox-esr") or shutil.which("firefox")

    def ask(self, method, **values):
        """Send a command and return its result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": values}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address):
        """Open a page."""
        self.ask("browsingContext.navigate", context=self.page, url=address, wait="none")

    def value(self, expression):
        """Evaluate an expression in the page."""
        target = {"context": self.page}
        found = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=False)
        return found.get("result", {}).get("value")  # while a page is loaded there may be none

    def act(self, *actions):
        """Perform actions."""
        self.ask("input.performActions", context=self.page, actions=list(actions))

    def close(self):
        """End it."""
        self.socket.close()
        self.process.terminate()
        self.process.communicate()


class WebKit(Browser):
    """By WebDriver, over HTTP, on a screen that nobody sees."""

    PORT = 4455

    def __init__(self, profile):
        read, write = os.pipe()
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write)], pass_fds=[write], stderr=subprocess.DEVNULL
        )
        os.close(write)
        with os.fdopen(read) as lines:
            display = lines.readline().strip()
        home = os.environ | {"DISPLAY": f":{display}", "HOME": profile}
        self.process = subprocess.Popen(["WebKitWebDriver", f"--port={self.PORT}"], env=home)
        browser = {"binary": self.program(), "args": ["--automation"]}
        self.session = ""
        asked = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": browser}}}
        for _ in range(20):
            with contextlib.suppress(ConnectionError, OSError):
                self.session = f"/{self.ask('', **asked)['sessionId']}"
                break
            time.sleep(0.5)

    @staticmethod
    def program():
        """Return the program's path, or None."""
        found = Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")
        there = shutil.which("WebKitWebDriver") and shutil.which("Xvfb")
        return next(map(str, found), None) if there else None

    def ask(self, what, **values):
        """Send a command and return its result."""
        address = f"http://127.0.0.1:{self.PORT}/session{self.session}{what}"
        with urlopen(Request(address, json.dumps(values).encode()), timeout=120) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        """Open a page."""
        self.ask("/url", url=address)

    def value(self, expression):
        """Evaluate an expression in the page."""
        return self.ask("/execute/sync", script=f"return {expression}", args=[])

    def act(self, *actions):
        """Perform actions."""
        self.ask("/actions", actions=list(actions))

    def close(self):
        """End it."""
        for process in (self.process, self.screen):
            process.terminate()
            process.wait()


@contextlib.contextmanager
def opened(kind):
    """Give a browser that nobody has used before, and end it."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        browser = kind(profile)
        try:
            yield browser
        finally:
            browser.close()
