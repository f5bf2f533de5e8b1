"""What is said on other systems than Linux, before anything else."""

from __future__ import annotations

# They run students' code, or share files between processes.
ON_LINUX = {"collect", "demo", "feedback", "grade", "release-feedback"}
WINDOWS = "win32"  # has none of the locks and processes that these commands use


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
