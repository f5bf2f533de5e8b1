"""A browser without a window, for tests: what becomes of a page in it, and how it looks."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program():
    """Return the browser's path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def missing():
    """Say why there is no browser; None when there is one."""
    return None if program() else "Chromium is not installed (apt-get install chromium)"


def run(page, *options, milliseconds=4000):
    """Open a file in a new browser that nobody has used before."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [program(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        command += [f"--user-data-dir={profile}", "--no-first-run", "--disable-background-networking"]
        command += [f"--virtual-time-budget={milliseconds}", *options, Path(page).resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def document(page):
    """Return the document as the browser has it in the end, after all scripts."""
    return run(page, "--dump-dom")[0]


def document_and_console(page):
    """Return the document in the end, and what the browser complained about."""
    return run(page, "--dump-dom", "--enable-logging=stderr", "--v=0")


def picture(page, path, width=1100, height=1600):
    """Take a picture of a page."""
    run(page, f"--screenshot={path}", f"--window-size={width},{height}", "--hide-scrollbars")


class Tab:
    """A browser that a test looks through and types into, by Chrome's DevTools protocol over two pipes.

    Use it as a context: ``with Tab(390, 844) as tab: tab.open(address)``.
    """

    def __init__(self, width=1400, height=900, mobile=False):
        self._size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._count, self._rest = 0, b""

    def __enter__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        # The browser reads from descriptor 3 and writes to 4; where these are now must be neither.
        given = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
        pipes = ["bash", "-c", 'exec "$@" 3<&{} 4>&{}'.format(*given), "bash"]
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--remote-debugging-pipe", "--disable-background-networking", "--hide-scrollbars"]
        self._browser = subprocess.Popen(
            [*pipes, program(), *options, f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=given,
            stderr=subprocess.DEVNULL,
        )
        for end in (theirs_in, theirs_out, *given):
            os.close(end)
        self._session = None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self("Page.enable")
        self("Emulation.setDeviceMetricsOverride", **self._size)
        return self

    def __exit__(self, *error):
        self._browser.terminate()
        self._browser.wait(timeout=30)
        os.close(self._out)
        os.close(self._in)
        self._profile.cleanup()

    def __call__(self, method, **parameters):
        """Send a command of the protocol; return its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._count:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _read(self):
        while b"\0" not in self._rest:
            assert select.select([self._in], [], [], 120)[0], "The browser says nothing."
            more = os.read(self._in, 1 << 20)
            assert more, "The browser has gone."
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def open(self, address):
        """Open a file or an address, and wait until it is loaded."""
        address = address if "://" in str(address) else Path(address).resolve().as_uri()
        self("Page.navigate", url=address)
        self.wait("location.href != 'about:blank' && document.readyState == 'complete'")

    def value(self, code):
        """Run code of the test in the page, also where the page itself may run none; return its value."""
        done = self("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, code, seconds=60):
        """Wait until code gives something true; return it."""
        end = time.monotonic() + seconds
        while not (found := self.value(code)):
            assert time.monotonic() < end, f"It did not happen within {seconds} s: {code}"
            time.sleep(0.1)
        return found

    def press(self, key, code=0):
        """Press a key: ``press("Tab", 9)``, ``press("Enter", 13)``."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            about = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            self("Input.dispatchKeyEvent", **about, **(text if kind == "keyDown" else {}))

    def picture(self, path, whole=True):
        """Take a picture of the whole page, or of what is seen of it."""
        size, more = self("Page.getLayoutMetrics")["cssContentSize"], {}
        if whole:
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16_000), "scale": 1}
            more = {"captureBeyondViewport": True, "clip": clip}
        Path(path).write_bytes(base64.b64decode(self("Page.captureScreenshot", **more)["data"]))
