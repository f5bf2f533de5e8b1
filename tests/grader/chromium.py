"""A browser without a window, for tests: what becomes of a page in it, and how it looks."""

import shutil
import subprocess
import tempfile
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
