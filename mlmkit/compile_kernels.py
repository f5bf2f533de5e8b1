"""Compile the numerical kernels, once, and keep them on disk: ``python -m mlmkit.compile_kernels``.

numba compiles a function when it is called for the first time, so this calls each of them, on small data.
"""

import warnings
from contextlib import suppress
from multiprocessing import get_context

import numpy as np
import pandas as pd

FORMULAS = ("y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ x + (x + z | g)", "y ~ x + (1 | g) + (1 | h)")


def small_data():
    """Make 200 rows in crossed groups."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": np.repeat(np.arange(20), 10), "h": np.tile(np.arange(10), 20)})
    frame["x"], frame["z"], frame["y"] = rng.normal(size=(3, 200)) + rng.normal(size=20)[frame["g"]]
    return frame


def compile_fits():
    """Compile what `lmer` and `glmer` use."""
    from mlmkit.engine import kernels
    from mlmkit.fits.glmer import glmer
    from mlmkit.fits.lmer import lmer

    kernels.load()
    for formula in FORMULAS:
        fit = lmer(formula, small_data())
        assert np.isfinite(fit.fixef).all()
        assert np.isfinite(fit.deviance)
    for formula in ("y > 0 ~ x + (1 | g)", "y > 0 ~ x + (x | g)"):
        assert np.isfinite(glmer(formula, small_data()).fixef).all()
    compile_sparse_sums()
    kernels.mark_ready()


def compile_sparse_sums():
    """Compile what fits to large crossed data use; small data go another way."""
    from scipy.sparse import eye_array

    from mlmkit.engine import kernels

    if (cross_product := kernels.compiled("cross_product")) is None:
        return
    A, identity = eye_array(4, format="csr"), np.eye(4)
    sums = cross_product(A.indptr, A.indices, A.data, np.ones((4, 1, 1)), 4)
    forms = kernels.compiled("quadratic_forms")(A.indptr, A.indices, A.data, identity, 4, 1)
    assert np.array_equal(sums, identity)
    assert np.array_equal(forms.ravel(), np.ones(4))


def load_fits():
    """Have all kernels of fits in memory, for forks of this process; without a word, and whatever happens."""
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        compile_fits()


def compile_density():
    """Compile the log density that NUTS draws from."""
    from mlmkit.bayes.stan import stan_lmer

    stan_lmer("y ~ (1 | g)", small_data(), method="nuts", draws=4, chains=1, seed=1, progress=False)


def compile_all():
    """Compile everything, in two processes at the same time.

    Raises
    ------
    SystemExit
        If the log density could not be compiled; its process has said why.
    """
    density = get_context("spawn").Process(target=compile_density)
    density.start()
    compile_fits()
    density.join()
    if density.exitcode:
        raise SystemExit("The log density of NUTS could not be compiled: see above.")


if __name__ == "__main__":
    compile_all()
