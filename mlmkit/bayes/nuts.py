"""Draw by the No-U-Turn sampler of nutpie, from the compiled density of ``kernel``."""

import os
import sys
from pathlib import Path

import numpy as np

from mlmkit.bayes.draws import PosteriorDraws
from mlmkit.bayes.extra import needs

QUIET = "MLMKIT_QUIET"  # set to anything: no progress bars, whatever runs
WARM_UP = 600  # nutpie adapts quickly
KEPT = ("diverging", "energy", "logp", "depth", "n_steps", "step_size", "mean_tree_accept")  # for ArviZ
TARGET = 0.95  # of steps to accept, as rstanarm (adapt_delta): small steps, few divergences


def draw_by_nuts(model, draws, chains, seed, progress=None):
    """Draw from any model.

    Parameters
    ----------
    model : BayesModel
        The model.
    draws, chains : int
        Draws kept from each chain, and number of chains.
    seed : int or None
        Makes the draws repeatable.
    progress : bool or None
        Whether to show what is happening; None decides by whether somebody watches.

    Returns
    -------
    PosteriorDraws
        In the data's units.
    """
    show = watched() if progress is None else progress
    if show and "nutpie" not in sys.modules:
        wait = "loading" if lie_ready() else "loading and compiling (once, about 10 seconds)"
        print(f"NUTS: {wait} ...", flush=True)
    with needs("NUTS", "PyMC and nutpie"):
        import nutpie

        from mlmkit.bayes.problem import make_problem, unpack

    problem = make_problem(model)
    tree = nutpie.sample(
        _sampler(problem),
        draws=draws,
        tune=WARM_UP,
        chains=chains,
        cores=min(chains, os.cpu_count() or 1),
        seed=int(np.random.default_rng(seed).integers(2**31)),
        save_warmup=False,
        progress_bar=show,
        target_accept=TARGET,
        adaptation="low_rank",
    )
    u = tree["posterior"]["u"].to_numpy().reshape(-1, problem.size)
    report = {
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "steps": float(tree["sample_stats"]["n_steps"].mean()),
        "sample_stats": {
            name: tree["sample_stats"][name].to_numpy() for name in KEPT if name in tree["sample_stats"]
        },
    }
    return PosteriorDraws("nuts", chains, *unpack(problem, u), report)


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
