"""Compile the numerical kernels, once, and keep them on disk: ``python -m mlmkit.compile_kernels``.

numba compiles a function when it is called for the first time, so this calls each of them, on small data.
"""

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
    from mlmkit.engine import crossed, kernels
    from mlmkit.fits.glmer import glmer
    from mlmkit.fits.lmer import lmer

    kernels.load()
    crossed.SMALL = 0  # take the way of large data
    for formula in FORMULAS:
        fit = lmer(formula, small_data())
        assert np.isfinite(fit.fixef).all()
        assert np.isfinite(fit.deviance)
    for formula in ("y > 0 ~ x + (1 | g)", "y > 0 ~ x + (x | g)"):
        assert np.isfinite(glmer(formula, small_data()).fixef).all()
    kernels.mark_ready()


def compile_density():
    """Compile the log density that NUTS draws from."""
    from mlmkit.bayes.stan import stan_lmer

    stan_lmer("y ~ (1 | g)", small_data(), method="nuts", draws=4, chains=1, seed=1, progress=False)


if __name__ == "__main__":
    compile_fits()
    compile_density()
