"""NUTS on the PyMC model itself, for what the compiled density doesn't know; the compiled model is kept."""

import numpy as np

from mlmkit.bayes.draws import SIZE, PosteriorDraws
from mlmkit.bayes.extra import needs
from mlmkit.bayes.form import choose_forms
from mlmkit.bayes.pymc_model import inputs, pymc_model, yes_or_no
from mlmkit.frame.columns import INTERCEPT

# Structure of a model -> compiled: a fit of other data with the same structure needs no compiler.
KEPT: dict[str, object] = {}
MOST = 4
FOR_ARVIZ = ("diverging", "energy", "logp", "depth", "n_steps", "step_size", "mean_tree_accept")


def draw_with_pymc(model, chains, say, settings):
    """Draw from the PyMC model by nutpie.

    Parameters
    ----------
    model : BayesModel
        The model.
    chains : int
        Number of chains.
    say : callable
        Takes a sentence about what is being waited for.
    settings : dict
        Further arguments of ``nutpie.sample``.

    Returns
    -------
    PosteriorDraws
        In the data's units.
    """
    with needs("NUTS", "PyMC and nutpie"):
        import nutpie

    key = structure(model)
    if key not in KEPT:
        say("compiling this kind of model (about 10 seconds; the next fit of the same kind is quick)")
        while len(KEPT) >= MOST:
            KEPT.pop(next(iter(KEPT)))
        KEPT[key] = nutpie.compile_pymc_model(pymc_model(model))
    tree = nutpie.sample(KEPT[key].with_data(**inputs(model)), chains=chains, **settings)
    return _unpacked(model, tree, chains)


def structure(model):
    """Describe all of a model that is compiled in: everything but the numbers that ``inputs`` hands over."""
    design, priors = model.design, model.priors
    fixed = [
        prior and (prior.family, prior.df) for prior in (priors.intercept, *priors.coefs[:1], priors.aux)
    ]
    factors = [(f.label, len(f.levels), [(t.label, t.size) for t in f.terms]) for f in design.factors]
    between = priors.covariance
    if hasattr(between, "prior"):
        between = (
            between.prior.family,
            between.prior.df,
            between.prior.location == 0,
            between.regularization,
        )
    at_zero = priors.aux and priors.aux.location == 0
    parts = model.family.name, yes_or_no(model), len(model.slopes), fixed, at_zero, factors, between
    return repr((*parts, choose_forms(model, "auto"), sorted(inputs(model))))


def _unpacked(model, tree, chains):
    """Turn nutpie's draws into the model's own parameters."""
    posterior, design = tree["posterior"], model.design

    def values(name, shape=()):
        if name not in posterior:
            return None
        found = posterior[name].to_numpy()
        return found.reshape(-1, *found.shape[2:])

    slopes, centre = values("slopes"), values("intercept")
    size = chains * posterior.sizes["draw"]
    names = list(design.fixed.names)
    beta = np.zeros((size, len(names)))
    if slopes is not None:
        beta[:, [names.index(name) for name in model.slopes]] = slopes
    if centre is not None:
        shift = 0.0 if slopes is None else slopes @ model.predictor_means
        beta[:, names.index(INTERCEPT)] = centre - shift
    effects = [values(f"b_{factor.label}") for factor in design.factors]
    covariance = [values(f"Sigma_{factor.label}") for factor in design.factors]
    sigma = np.ones(size) if model.sigma_known else values("sigma")
    report = sampler_report(tree)
    return PosteriorDraws("nuts", chains, beta, effects, sigma, covariance, report, sizes=values(SIZE))


def sampler_report(tree):
    """Collect what NUTS says about itself."""
    stats = tree["sample_stats"]
    return {
        "divergences": int(stats["diverging"].sum()),
        "steps": float(stats["n_steps"].mean()),
        "sample_stats": {name: stats[name].to_numpy() for name in FOR_ARVIZ if name in stats},
    }
