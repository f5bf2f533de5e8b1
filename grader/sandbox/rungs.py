"""The ways to keep a kernel apart, strongest first: which of them this machine has, and what to say if none.

One list for everybody: the setting ``c.SandboxProvisioner.isolation`` names rungs of it, the notebook notes
the one that was taken, and the class report prints it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from grader.course.course_folder import CourseError
from grader.sandbox.bare import why_not_closed
from grader.sandbox.guest import why_no_guest
from grader.sandbox.jail import BUILDERS, JailError, why_not

LANDLOCK, GUEST = "Landlock", "guest"
NONE = "none"  # under limits only
# Each with a function that says why it can't be had here, or None. It tries once in a process. Its argument
# are the modules for Bayesian fits that the notebook needs.
RUNGS: dict[str, Callable[..., str | None]] = {
    **{builder: lambda heavy=(), builder=builder: why_not(builder) for builder in BUILDERS},
    LANDLOCK: lambda heavy=(): why_not_closed(),
    GUEST: why_no_guest,
    NONE: lambda heavy=(): None,
}
ISOLATED = [name for name in RUNGS if name != NONE]
ELSEWHERE = "Grade on a Linux machine, or in a Linux container (Docker or Podman, with this folder in it)."
INSTALL = (
    f"Install bubblewrap (on Debian and Ubuntu: apt install bubblewrap). If that is no help: {ELSEWHERE}"
)
ANYWAY = (
    "To run it all the same, though it can then read and change whatever you can: python -m grader grade "
    'LESSON --without-sandbox, or "none" as the last word of c.SandboxProvisioner.isolation in '
    "nbgrader_config.py."
)


class NotIsolatedError(JailError, CourseError):
    """None of the rungs that the settings allow can be had here. Its text says why, and what to do."""


def choose(allowed: Sequence[str], heavy: Sequence[str] = ()) -> tuple[str, str]:
    """Take the strongest rung that works.

    Parameters
    ----------
    allowed : sequence of str
        Names of `RUNGS`, in any order.
    heavy : sequence of str
        Modules for Bayesian fits that the notebook mentions.

    Returns
    -------
    rung, why : str
        Its name, and why there is no stronger one; empty for the strongest.

    Raises
    ------
    NotIsolatedError
        If none works.
    """
    reasons = []
    for name, reason_against in RUNGS.items():
        reason = reason_against(heavy) if name in allowed else f"the settings leave {name} out"
        if reason is None:
            return name, "; ".join(reasons)
        if name != NONE:
            reasons.append(reason)
    raise NotIsolatedError(refusal(reasons))


def refusal(reasons: list[str]) -> str:
    """Write why nothing is graded, and what to do."""
    system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform)
    if system:
        why, what = f"there is no way on {system}", ELSEWHERE
    else:
        why, what = "; ".join(reasons), INSTALL
    return f"No code of students was run, because nothing would keep it apart here: {why}. {what} {ANYWAY}"
