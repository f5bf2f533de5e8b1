"""A browser without a window, for tests: what becomes of a page in it, and how it looks."""

import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

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
    """A browser that a test looks through and types into; `page` is Playwright's own, for all else.

    Use it as a context: ``with Tab(390, 844) as tab: tab.open(address)``.
    """

    def __init__(self, width=1400, height=900, mobile=False):
        self._size = {"viewport": {"width": width, "height": height}, "is_mobile": mobile}

    def __enter__(self):
        self._playwright = sync_playwright().start()
        options = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
        self._browser = self._playwright.chromium.launch(
            executable_path=program(), chromium_sandbox=False, args=options
        )
        self.page = self._browser.new_context(**self._size).new_page()
        self.page.set_default_timeout(120_000)  # milliseconds: two cores may be busy
        return self

    def __exit__(self, *error):
        self._browser.close()
        self._playwright.stop()

    def open(self, address):
        """Open a file or an address, and wait until it is loaded."""
        self.page.goto(address if "://" in str(address) else Path(address).resolve().as_uri())

    def value(self, code):
        """Run code of the test in the page, also where the page itself may run none; return its value."""
        return self.page.evaluate(code)

    def wait(self, code, seconds=60):
        """Wait until code gives something true, also where the page itself may run none; return it."""
        # wait_for_function ends at a page's Content-Security-Policy when its first look was too early.
        end = time.monotonic() + seconds
        while not (found := self._value_between_pages(code)):
            if time.monotonic() > end:
                raise AssertionError(f"In {seconds} s this gave nothing true: {code}")
            self.page.wait_for_timeout(20)  # milliseconds
        return found

    def _value_between_pages(self, code):
        """Return a code's value; None while one page goes and the next one comes."""
        try:
            return self.page.evaluate(code)
        except Error as error:
            if "context was destroyed" in str(error):
                return None
            raise

    def violations(self):
        """Name what axe-core, the accessibility checker, finds: rules, and the first place of each."""
        folder = importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]
        self.value(f"{(Path(folder) / 'axe.min.js').read_text(encoding='utf-8')}; 1")
        return self.value("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")

    def press(self, key):
        """Press a key: ``press("Tab")``, ``press("Enter")``."""
        self.page.keyboard.press(key)

    def picture(self, path, whole=True):
        """Take a picture of the whole page, or of what is seen of it."""
        self.page.screenshot(path=path, full_page=whole)
