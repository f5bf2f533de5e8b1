"""Compile what grading a first lesson loads, once: ``python -m grader.demo.compile_modules``.

A kernel in a sandbox may not write beside the libraries: it would compile each time what is not compiled.
"""

import importlib
from multiprocessing import get_context

from grader.sandbox.provisioner import SandboxProvisioner
from mlmkit.compile_kernels import compile_fits

OF_GRADER = (
    "grader.classroom",
    "grader.demo.running",
    "distributed",
    "nbgrader.apps",
    "nbgrader.converters",
    "nbgrader.preprocessors",
    "sqlalchemy.dialects.sqlite",
)


def compile_modules() -> None:
    """Import what the grader and its kernels use, and so have Python compile it; compile the fits' kernels.

    Raises
    ------
    SystemExit
        If the fits' kernels could not be compiled; their process has said why.
    """
    fits = get_context("spawn").Process(target=compile_fits)
    fits.start()
    for name in (*OF_GRADER, *SandboxProvisioner.modules.default()):
        importlib.import_module(name.partition(":")[0])
    fits.join()
    if fits.exitcode:
        raise SystemExit("The kernels of the fits could not be compiled: see above.")


if __name__ == "__main__":
    compile_modules()
