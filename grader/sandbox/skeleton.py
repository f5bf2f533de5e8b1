"""What lies in every student's home before the first cell: caches that libraries would make there.

They are made once on a machine, in a jail, by code of ours; each submission gets a copy. Without them
matplotlib looks for fonts in every new process, the first sampling of a submission compiles for
25 seconds of processor time instead of 10, and some 550 small fits are followed by 40 seconds of compiling.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mlmkit
from grader.sandbox import inside

FONTS, BAYES, KERNELS = "fonts", "bayes", "kernels"
CODE = {
    FONTS: "import matplotlib.font_manager",
    BAYES: """
import matplotlib.font_manager
from mlmkit import load_seattle, stan_glmer, stan_lmer
homes = load_seattle()
few = {"method": "nuts", "draws": 20, "chains": 1, "seed": 1}
stan_lmer("price ~ scale_sqft + (1 | zipcode)", homes, **few)
""",
    KERNELS: "from mlmkit.compile_kernels import load_fits; load_fits()",
}
COMPILED = {".nbi", ".nbc"}  # numba's index of a function's compiled forms, and one form
PACKAGES = ("matplotlib", "numba", "numpy", "nutpie", "pymc", "pytensor", "mlmkit")


def folder() -> Path:
    """Return where the skeletons of this environment lie: in the cache folder of the user who grades."""
    name = _name()
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlmkit" / name
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:  # a user without a home: caches for this run only
        place = Path(tempfile.gettempdir()) / f"mlmkit-{os.getuid()}-{name}"
        place.mkdir(mode=0o700, exist_ok=True)
    return place


def kernels() -> str:
    """Name the skeleton with the compiled kernels of mlmkit as it is now: numba goes by path and time."""
    folder = Path(mlmkit.__file__).parent / "engine"
    prints = [
        (str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("compiled*.py")
    ]
    return f"{KERNELS}-{hashlib.sha256(repr(sorted(prints)).encode()).hexdigest()[:12]}"


def is_there(name: str) -> bool:
    """Tell whether a skeleton is made."""
    return (folder() / name).is_dir()


def prepare(name: str, command: list[str] | None = None) -> None:
    """Make a skeleton, where it is not there yet.

    Parameters
    ----------
    name : str
        "fonts", "bayes", or what `kernels` says.
    command : list of str, optional
        Of who builds a jail, without a home. Default: no jail; the code is ours.
    """
    done = folder() / name
    if is_there(name):
        return
    with open(folder() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several graders start at the same time
        if done.is_dir():
            return
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder()))
        _take_along(draft)
        run = [sys.executable, "-c", CODE[name.partition("-")[0]]]
        caches = {"HOME": str(draft), "NUMBA_CACHE_DIR": f"{draft}/.cache/numba"}
        if command is not None:
            run = [*command, "--bind", str(draft), inside.HOME, "--dev", "/dev", "--", *run]
        # A cache that can't be made costs time, not marks.
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                run,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=600,
                env={**os.environ, **caches},
            )
        draft.chmod(0o755)
        draft.rename(done)
        for old in folder().glob("draft-*"):
            shutil.rmtree(old, ignore_errors=True)


def _take_along(draft: Path) -> None:
    """Copy what numba has compiled beside mlmkit's modules, so that it need not compile that again.

    numba looks into ``NUMBA_CACHE_DIR`` for a folder that is named after the modules' own; it takes no file
    that does not fit these modules, this processor and itself.
    """
    for place in Path(mlmkit.__file__).parent.glob("*/__pycache__"):
        compiled = [path for path in place.iterdir() if path.suffix in COMPILED]
        modules = str(place.parent)
        folder = f"{place.parent.name}_{hashlib.sha1(modules.encode(), usedforsecurity=False).hexdigest()}"
        for path in compiled:
            target = draft / ".cache" / "numba" / folder / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # another process renews it in this moment
                shutil.copy2(path, target)


@cache
def _name() -> str:
    versions = [sys.version, sys.prefix, *map(_version, PACKAGES)]
    return f"sandbox-{hashlib.sha256(repr(versions).encode()).hexdigest()[:12]}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
