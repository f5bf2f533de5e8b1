"""Draw by the No-U-Turn sampler: PyMC writes the model, nutpie samples it."""

import os
import sys

import numpy as np

from mlmkit.bayes.draws import PosteriorDraws
from mlmkit.bayes.pymc_model import choose_form, inputs, predictor_means, pymc_model, yes_or_no

QUIET = "MLMKIT_QUIET"  # set to anything: no progress bars, whatever runs
WARM_UP = 1_000
TARGET = 0.95  # rstanarm's adapt_delta: small steps, few divergences
_compiled = {}


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
    import nutpie

    show = watched() if progress is None else progress
    sampler = _sampler(model, show)
    tree = nutpie.sample(
        sampler,
        draws=draws,
        tune=max(WARM_UP, draws),
        chains=chains,
        cores=min(chains, os.cpu_count() or 1),
        seed=_seed(seed),
        save_warmup=False,
        progress_bar=show,
        target_accept=TARGET,
    )
    return _unpack(model, tree, chains)


def watched():
    """Tell whether somebody watches: a terminal or a notebook, and not a notebook that is being graded."""
    if os.environ.get(QUIET):
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return True
    return sys.stderr is not None and sys.stderr.isatty()


def _seed(seed):
    return int(np.random.default_rng(seed).integers(2**31))


def _sampler(model, show):
    """Compile the model, or take one of the same structure from before and give it the new data."""
    import nutpie

    key = _structure(model)
    if key not in _compiled:
        if show:
            print("Compiling the model (once for each structure of model, about 10 seconds) ...", flush=True)
        keep = ["intercept"] * model.has_intercept + ["slopes"] * bool(model.slopes)
        keep += ["sigma"] * model.family.has_sigma
        for factor in model.design.factors:
            keep += [f"b_{factor.label}", f"Sigma_{factor.label}"]
        _compiled[key] = nutpie.compile_pymc_model(pymc_model(model), var_names=keep)
    return _compiled[key].with_data(**inputs(model))


def _structure(model):
    """List what the compiled code depends on; the rest is data and prior scales."""
    design, priors = model.design, model.priors
    factors = tuple(
        (
            factor.label,
            len(factor.levels),
            tuple((term.label, tuple(term.columns.names)) for term in factor.terms),
        )
        for factor in design.factors
    )
    at_zero = priors.aux is not None and priors.aux.location == 0
    fixed = [(prior.family, prior.df) if prior else None for prior in (priors.intercept, priors.aux)]
    return (
        model.family.name,
        choose_form(model, "auto"),
        tuple(design.fixed.names),
        factors,
        tuple(fixed),
        at_zero,
        tuple((prior.family, prior.df) for prior in priors.coefs),
        priors.covariance,
        design.offset is None,
        yes_or_no(model),
    )


def _unpack(model, tree, chains):
    """Turn nutpie's tree into draws of the parameters that we report."""
    posterior = tree["posterior"]

    def values(name):
        array = posterior[name].to_numpy()
        return array.reshape(-1, *array.shape[2:])

    beta = (
        values("slopes")
        if model.slopes
        else np.empty((posterior.sizes["chain"] * posterior.sizes["draw"], 0))
    )
    if model.has_intercept:
        intercept = values("intercept") - beta @ predictor_means(model)
        beta = np.column_stack([intercept, beta])
        order = ["(Intercept)", *model.slopes]
        beta = beta[:, [order.index(name) for name in model.design.fixed.names]]
    labels = [factor.label for factor in model.design.factors]
    stats = tree["sample_stats"]
    report = {"divergences": int(stats["diverging"].sum())}
    return PosteriorDraws(
        "nuts",
        chains,
        beta,
        [values(f"b_{label}") for label in labels],
        values("sigma") if model.family.has_sigma else None,
        [values(f"Sigma_{label}") for label in labels],
        report,
    )
