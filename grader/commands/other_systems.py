"""What is said before anything else: on other systems than Linux, and by a Python without the packages."""

from __future__ import annotations

import sys
from importlib.util import find_spec

# They run students' code, or share files between processes.
ON_LINUX = {"collect", "demo", "feedback", "grade", "release-feedback"}
WINDOWS = "win32"  # has none of the locks and processes that these commands use
# Some of what the environment has; not all, since each look takes a moment.
PACKAGES = ("pandas", "scipy", "nbgrader", "jupytext", "distributed")


def other_system(command: str, platform: str) -> str:
    """Say that a command wants Linux; an empty string on Linux, and where the system makes no difference.

    Parameters
    ----------
    command : str
        Such as ``grade``.
    platform : str
        As in `sys.platform`.

    Examples
    --------
    >>> other_system("grade", "linux"), other_system("lessons", "darwin")
    ('', '')
    >>> print(other_system("grade", "darwin").partition(".")[0])
    grade wants Linux, and this is darwin, where it was not tried
    """
    if command not in ON_LINUX or platform == "linux":
        return ""
    where = "where it can't run" if platform == WINDOWS else "where it was not tried"
    return (
        f"{command} wants Linux, and this is {platform}, {where}. Use a Linux machine, WSL on Windows, or a "
        "container (the file Containerfile says how). mlmkit and the lessons run everywhere."
    )


def other_python() -> str:
    """Say that this Python lacks the packages, as where no environment is active; else an empty string.

    Examples
    --------
    >>> other_python()
    ''
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if not missing:
        return ""
    return (
        f"This Python, {sys.executable}, has no {', '.join(missing)}. Write .venv/bin/python -m grader … in "
        "the folder of the repository, or activate its environment first: source .venv/bin/activate. Where "
        "there is no .venv yet, make demo makes it. With conda: conda activate mlmkit."
    )
