"""Draw by the No-U-Turn sampler of nutpie, from the compiled density of ``kernel`` or from the PyMC model."""

import os
import sys
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np

from mlmkit.bayes.draws import PosteriorDraws
from mlmkit.bayes.extra import needs
from mlmkit.bayes.options import count, true_or_false

QUIET = "MLMKIT_QUIET"  # set to anything: no progress bars, whatever runs
WARM_UP = 600  # nutpie adapts quickly
TARGET = 0.95  # of steps to accept, as rstanarm (adapt_delta): small steps, few divergences


@dataclass(frozen=True)
class NutsOptions:
    """How NUTS runs.

    Attributes
    ----------
    tune : int
        Warm-up draws of each chain, which are not kept.
    target_accept : float
        Share of steps to accept: larger means smaller steps and fewer divergences (R: ``adapt_delta``).
    cores : int or None
        Chains that run at the same time; None: as many as there are cores.
    progress : bool or None
        Whether to show what is happening; None decides by whether somebody watches.
    """

    tune: int = WARM_UP
    target_accept: float = TARGET
    cores: int | None = None
    progress: bool | None = None

    def __post_init__(self):
        count("tune", self.tune)
        true_or_false("progress", self.progress, also=[None])
        if self.cores is not None:
            count("cores", self.cores)
        value = self.target_accept
        if isinstance(value, bool) or not isinstance(value, Real) or not 0.5 <= value < 1:
            raise ValueError(
                f"target_accept is {value!r}. It is a share from 0.5 up to (not including) 1. Usual are 0.8 "
                "to 0.99; 0.99 makes smaller steps, and fewer divergences."
            )


def draw_by_nuts(model, draws, chains, seed, options):
    """Draw from any model.

    Parameters
    ----------
    model : BayesModel
        The model.
    draws, chains : int
        Draws kept from each chain, and number of chains.
    seed : int or None
        Makes the draws repeatable.
    options : NutsOptions
        How to run.

    Returns
    -------
    PosteriorDraws
        In the data's units.
    """
    show = watched() if options.progress is None else options.progress

    def say(what):
        if show:
            print(f"NUTS: {what} ...", flush=True)

    cores = min(chains, options.cores or os.cpu_count() or 1)
    settings = {
        "draws": draws,
        "tune": options.tune,
        "cores": cores,
        "seed": int(np.random.default_rng(seed).integers(2**31)),
        "save_warmup": False,
        "progress_bar": show,
        "target_accept": options.target_accept,
        "adaptation": "low_rank",
    }
    if model.has_compiled_density:
        return _by_compiled_density(model, chains, say, settings)
    from mlmkit.bayes.nuts_pymc import draw_with_pymc

    return draw_with_pymc(model, chains, say, settings)


def _by_compiled_density(model, chains, say, settings):
    if "nutpie" not in sys.modules:
        say("loading" if lie_ready() else "loading and compiling (once, about 10 seconds)")
    with needs("NUTS", "PyMC and nutpie"):
        import nutpie

        from mlmkit.bayes.nuts_pymc import sampler_report
        from mlmkit.bayes.problem import make_problem, unpack

    problem = make_problem(model)
    # The density is called from Python, so two chains at a time would wait for each other.
    tree = nutpie.sample(_sampler(problem), chains=chains, **(settings | {"cores": 1}))
    u = tree["posterior"]["u"].to_numpy().reshape(-1, problem.size)
    return PosteriorDraws("nuts", chains, *unpack(problem, u), sampler_report(tree))


def watched():
    """Tell whether somebody watches: a terminal or a notebook, and not a notebook that is being graded."""
    if os.environ.get(QUIET):
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return True
    return sys.stderr is not None and sys.stderr.isatty()


def _sampler(problem):
    """Hand the density to nutpie, which calls it from one thread a chain."""
    from nutpie.compiled_pyfunc import from_pyfunc

    return from_pyfunc(
        problem.size,
        make_logp_fn=lambda: problem.density,
        make_expand_fn=lambda *_: lambda u: {"u": u},
        expanded_dtypes=[np.dtype("float64")],
        expanded_shapes=[(problem.size,)],
        expanded_names=["u"],
        make_initial_point_fn=problem.start,
    )


def lie_ready():
    """Tell whether the density was compiled from the present source."""
    source = Path(__file__).with_name("kernel.py")
    kept = [path.stat().st_mtime for path in (source.parent / "__pycache__").glob("kernel.log_density*.nbi")]
    return bool(kept) and max(kept) > source.stat().st_mtime
