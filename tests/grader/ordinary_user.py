"""Python as another user than root, who has nothing of root's: for tests of what such a grader can do."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

USER = 1500
SHOW = """
set -e
if [ -n "$1" ]; then  # this Python lies in a folder that is closed to others: show it, and nothing else
  mount --bind "$2" "$3"; mount -t tmpfs -o mode=755 tmpfs "$1"; mkdir -p "$2"; mount --bind "$3" "$2"
fi
shift 3
exec "$@"
"""
BECOME = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
# In a user namespace one may forbid further ones; there this user stays who it is, and may do nothing more.
FORBID = """
echo 0 > /proc/sys/user/max_user_namespaces
exec setpriv --ambient-caps -all --inh-caps -all --bounding-set -all "$@"
"""
WITHOUT_NAMESPACES = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", FORBID, "sh"]


@contextmanager
def room_for(*before):
    """Yield a function that runs Python as `before` says, with a home of its own, and that home."""
    python = Path(os.path.realpath(sys.executable)).parents[1]
    closed = next((str(place) for place in python.parents[::-1] if not place.stat().st_mode & 1), "")
    home, spare = (Path(tempfile.mkdtemp(prefix="mlmkit-user-", dir="/tmp")) for _ in range(2))
    os.chown(home, USER, USER)
    show = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SHOW, "sh", closed, python, spare]

    def run(*arguments):
        return subprocess.run(
            list(map(str, [*show, *before, sys.executable, "-W", "ignore", *arguments])),
            cwd="/",
            env={**os.environ, "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        yield run, home
    finally:
        shutil.rmtree(home)
        spare.rmdir()
